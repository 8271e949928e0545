"""Where files are dropped: closed as what the app keeps is, and nothing is deleted there before it was read.

Each check returns its findings.
"""

from collections.abc import Iterator

from infra.snapshot import EVERYTHING_ON
from poll_partners.sources.any_files import DONE, FAILED
from tests.infra.promises.private_network import ENDPOINTS
from tests.infra.promises.wired import STORAGE
from tests.infra.snapshots import FILES, Environment, Resource, Snapshots

POLICIES = f"{STORAGE}/managementPolicies"


def account(snapshots: Snapshots) -> Iterator[str]:
    """It is there where it is asked for; beside a private network it takes named addresses and a private
    way."""
    for environment in snapshots:
        found = [each for each in environment.of(STORAGE) if FILES in each.id]
        if len(found) != (environment.name == EVERYTHING_ON):
            yield f"{environment.name}: {len(found)} accounts for files"
        for each in found:
            yield from _closed(environment, each)


def _closed(environment: Environment, account: Resource) -> Iterator[str]:
    acls = account.at("properties.networkAcls")
    if (acls["defaultAction"], acls["bypass"]) != ("Deny", "None"):
        yield f"{account}: a public address that no rule names meets {acls['defaultAction']}"
    target = "properties.privateLinkServiceConnections.0.properties.privateLinkServiceId"
    if account.id not in [each.at(target) for each in environment.of(ENDPOINTS)]:
        yield f"{account}: no private way leads there"


def life(snapshots: Snapshots) -> Iterator[str]:
    """Only what was read, or could not be, is deleted by age."""
    for environment in snapshots:
        for policy in environment.of(POLICIES):
            rules = policy.at("properties.policy.rules")
            folders = [each["definition"]["filters"]["prefixMatch"] for each in rules]
            if folders != [[f"drop/{DONE}/"], [f"drop/{FAILED}/"]]:
                yield f"{policy}: deletes {folders}"


CHECKS = (account, life)
