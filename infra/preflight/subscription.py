"""What region, subscription and directory have to offer, and to whom."""

import fnmatch
import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.preflight.deployment import AzError, Deployment, Obstacle, plain
from infra.preflight.values import GUID
from infra.recorded import app, types

NEEDED = (
    "Microsoft.Resources/subscriptions/resourceGroups/write",
    "Microsoft.Web/sites/write",
    "Microsoft.Authorization/roleAssignments/write",
)
"""What a deployer must be allowed, one action for each kind of thing: groups, resources, roles on them."""
GRAPH_ADMINS = frozenset({"Global Administrator", "Privileged Role Administrator"})


def region(deployment: Deployment) -> Iterator[Obstacle]:
    """The region offers Flex Consumption, over zones where they are asked for, and the app's Python."""
    location, zones = deployment.region, deployment.zones
    if not location:
        return
    asked = ["functionapp", "list-flexconsumption-locations", *(["--zone-redundant=true"] if zones else [])]
    offered = sorted(plain(each["name"]) for each in deployment.az(*asked))
    if location not in offered:
        over = " over availability zones" if zones else ""
        yield Obstacle(
            f"region {location} does not offer Flex Consumption{over}",
            f"azd env set AZURE_LOCATION <one of: {', '.join(offered)}>",
        )
        return
    asked = ["functionapp", "list-flexconsumption-runtimes", "--location", location, "--runtime", "python"]
    versions = {str(each.get("version")) for each in deployment.az(*asked)}
    if _python() not in versions:
        yield Obstacle(
            f"region {location} does not offer Python {_python()} on Flex Consumption",
            f"choose another region; this one has {', '.join(sorted(versions)) or 'none'}",
        )


def _python() -> str:
    return str(app()["properties"]["functionAppConfig"]["runtime"]["version"])


def providers(deployment: Deployment) -> Iterator[Obstacle]:
    """The subscription knows every resource provider the templates use."""
    used = {each.partition("/")[0] for each in types()}
    used |= {"Microsoft.App"}  # the subnet of Flex Consumption is delegated to it
    used -= {"Microsoft.Graph", "Microsoft.Resources", "Microsoft.Authorization"}
    asked = ("provider", "list", "--query", "[?registrationState=='Registered'].namespace")
    registered = {name.lower() for name in deployment.az(*asked)}
    for name in sorted(used):
        if name.lower() not in registered:
            yield Obstacle(
                f"the subscription does not know {name} yet",
                f"az provider register --namespace {name} --wait",
            )


def rights(deployment: Deployment) -> Iterator[Obstacle]:
    """Whoever deploys may create resources and give roles on them, and grant in Graph where that is asked."""
    account = deployment.az("account", "show")
    who = account["user"]["name"]
    path = f"/subscriptions/{account['id']}/providers/Microsoft.Authorization/permissions"
    permissions = deployment.az("rest", "--url", f"{path}?api-version=2022-04-01")["value"]
    missing = [action for action in NEEDED if not any(_allows(each, action) for each in permissions)]
    if missing:
        yield Obstacle(
            f"{who} may not deploy to subscription {account['name']}: it lacks {', '.join(missing)}",
            "the deployer needs Owner, or Contributor and Role Based Access Control Administrator",
        )
    person = account["user"].get("type") == "user"  # of an app, Graph does not say here what it may
    if person and deployment.value("GRANT_GRAPH_PERMISSIONS").lower() == "true":
        url = "https://graph.microsoft.com/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole"
        directory_roles = {each["displayName"] for each in deployment.az("rest", "--url", url)["value"]}
        if not directory_roles & GRAPH_ADMINS:
            yield Obstacle(
                f"{who} may not grant Microsoft Graph permissions",
                "azd env set GRANT_GRAPH_PERMISSIONS false, and let an administrator run "
                "`python -m infra.grant_permissions` afterwards",
            )


def _allows(permission: Mapping[str, Any], action: str) -> bool:
    """Whether one of the caller's roles allows `action`: Azure writes * for any part of a name."""
    granted = any(fnmatch.fnmatchcase(action.lower(), each.lower()) for each in permission["actions"])
    return granted and not any(
        fnmatch.fnmatchcase(action.lower(), each.lower()) for each in permission.get("notActions") or []
    )


def break_glass(deployment: Deployment) -> Iterator[Obstacle]:
    """The group Conditional Access never blocks is there and has members, where it is named."""
    group = deployment.value("BREAK_GLASS_GROUP")
    remedy = "azd env set BREAK_GLASS_GROUP <object id of the group with your emergency accounts>"
    if not group:
        return
    if not GUID.fullmatch(group):
        yield Obstacle(f"BREAK_GLASS_GROUP is {group!r}, which is no object id", remedy)
        return
    try:
        members = deployment.az("ad", "group", "member", "list", "--group", group, "--query", "[].id")
    except AzError as error:
        absent = re.search(r"not ?found|not exist", str(error), re.IGNORECASE)
        known = "is not there" if absent else "could not be looked up"
        yield Obstacle(f"the break-glass group {group} {known}: {error}", remedy)
        return
    if not members:
        yield Obstacle(f"the break-glass group {group} has no members", "add your emergency accounts to it")
