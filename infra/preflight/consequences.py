"""The group of tagged devices, where consequences beyond sign-in are in use (docs/consequences.md).

The policies are not looked at: the Azure CLI's token has no scope for Intune. `infra.consequences show` does,
and the app says at every sync what is wrong with those it reads.
"""

import re
from collections.abc import Iterator

from infra.consequences.templates import membership_rule
from infra.consequences.tenant import group_faults
from infra.preflight.deployment import AzError, Deployment, Obstacle
from infra.preflight.values import GUID
from infra.recorded import recorded


def consequences(deployment: Deployment) -> Iterator[Obstacle]:
    """The group is there, and goes by the attribute the app writes."""
    group = deployment.value("CONSEQUENCES_GROUP")
    remedy = "azd env set CONSEQUENCES_GROUP <object id of the group of tagged devices>, or '' for none"
    if not group:
        return
    if not GUID.fullmatch(group):
        yield Obstacle(f"CONSEQUENCES_GROUP is {group!r}, which is no object id", remedy)
        return
    attribute = deployment.value("TAG_ATTRIBUTE") or recorded("parameters")["tagAttribute"]["defaultValue"]
    if not re.fullmatch(r"[1-9]|1[0-5]", str(attribute)):
        return  # said by the limits
    try:
        found = deployment.az("ad", "group", "show", "--group", group)
    except AzError as error:
        absent = re.search(r"not ?found|not exist", str(error), re.IGNORECASE)
        known = "is not there" if absent else "could not be looked up"
        yield Obstacle(f"the group of tagged devices {group} {known}: {error}", remedy)
        return
    for fault in group_faults(found, membership_rule(int(attribute))):
        yield Obstacle(
            f"the group of tagged devices {group}: {fault}",
            "mend it in Entra: Groups, Dynamic membership rules",
        )
