"""Who may do what: the identity's roles, and the deployer's. Each check returns its findings."""

import re
from collections.abc import Iterator

from infra.preflight.deployment import INFRA
from infra.snapshot import DEPLOYER, EVERYTHING_ON, inputs
from tests.infra.snapshots import Environment, Resource, Snapshots

ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "3b03c2da-16b3-4a49-8834-0f8130efdd3b": "Log Analytics Data Reader",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "00000000-0000-0000-0000-000000000002": "Cosmos DB Built-in Data Contributor",
}
"""Ids as documented: "Azure built-in roles", and "Use data plane role-based access control" of Cosmos DB."""

GIVEN = {
    ("the identity", "Storage Blob Data Owner", "Microsoft.Storage/storageAccounts"),
    ("the identity", "Monitoring Metrics Publisher", "Microsoft.Insights/components"),
    ("the identity", "Key Vault Secrets User", "Microsoft.KeyVault/vaults"),
    ("the identity", "Cosmos DB Built-in Data Contributor", "Microsoft.DocumentDB/databaseAccounts/dbs/mtd"),
    ("the deployer", "Key Vault Secrets Officer", "Microsoft.KeyVault/vaults"),
}
"""Who has which role over what: these, and no other."""
OVER_FILES = (
    "the identity",
    "Storage Blob Data Contributor",
    "Microsoft.Storage/storageAccounts/blobServices/containers",
)
"""The one more where files are dropped: over their container, and no wider."""
_, _WORKSPACE = inputs(INFRA, EVERYTHING_ON)
OVER_LOGS = ("the identity", "Log Analytics Data Reader", _WORKSPACE["LOGS_WORKSPACE_ID"])
"""The one more where a workspace is named: over that one, and no wider."""

_SCOPE = re.compile(r"(?:group:|/subscriptions/)[^']+?(?=/providers/Microsoft\.Authorization/|')")


def roles(snapshots: Snapshots) -> Iterator[str]:
    """The roles in GIVEN are given in every environment, over what this deployment makes, and no other is."""
    for environment in snapshots:
        given, right = set(_given(environment)), GIVEN | _more(environment)
        yield from (f"{environment.name}: {_said(each)}" for each in sorted(given - right))
        yield from (f"{environment.name}: not {_said(each)}" for each in sorted(right - given))


def _more(environment: Environment) -> set[tuple[str, str, str]]:
    return {OVER_FILES, OVER_LOGS} if environment.name == EVERYTHING_ON else set()


def _said(given: tuple[str, str, str]) -> str:
    return "{} has {} over {}".format(*given)


def _given(environment: Environment) -> Iterator[tuple[str, str, str]]:
    types = {each.id: each.type for each in environment.resources}
    for each in environment.of("Microsoft.Authorization/roleAssignments"):
        scope = _SCOPE.search(each.id)
        yield _who(environment, each), _role(each), types.get(scope[0], scope[0]) if scope else each.id
    for each in environment.of("Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments"):
        account, *below = str(each.at("properties.scope")).partition("/dbs/")
        yield _who(environment, each), _role(each), "".join([types.get(account, account), *below])


def _role(assignment: Resource) -> str:
    id_ = str(assignment.at("properties.roleDefinitionId")).rpartition("/")[2]
    return ROLES.get(id_, id_)


def _who(environment: Environment, assignment: Resource) -> str:
    principal = str(assignment.at("properties.principalId"))
    identity = environment.one("Microsoft.ManagedIdentity/userAssignedIdentities")
    known = {f"[{identity.runtime('principalId')}]": "the identity", DEPLOYER: "the deployer"}
    return known.get(principal, principal)


CHECKS = (roles,)
