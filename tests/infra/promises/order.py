"""A first deployment goes through: what needs another thing waits for it. Checks return their findings."""

from collections.abc import Iterator

from tests.infra.snapshots import Snapshots

CONTAINERS = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers"
COSMOS_ROLE = "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments"
LATE = ("alerts", "workbook", "graph-permissions", "easy-auth")
"""What asks for something that is not ready when it is made: they wait for the app, which takes minutes."""


def modules(snapshots: Snapshots) -> Iterator[str]:
    """The app, which starts at once, waits for every private way to what it needs; LATE waits for the app."""
    order = snapshots.files["order"]
    ways = {name for name in order if name.startswith("private-endpoint-")}
    needed = {"function-app": ways | {"cosmos", "storage", "key-vault", "identity"}}
    needed |= {name: {"function-app"} for name in LATE}
    for name, wanted in needed.items():
        yield from (f"{name} does not wait for {each}" for each in sorted(wanted - set(order[name]["after"])))


def database(snapshots: Snapshots) -> Iterator[str]:
    """Containers are made one after another, and the identity's role after them."""
    rows = {each["type"]: each for each in snapshots.files["order"]["cosmos"]["resources"]}
    if rows[CONTAINERS]["at once"] != 1:
        yield f"{rows[CONTAINERS]['at once']} containers are made at once"
    if CONTAINERS not in rows[COSMOS_ROLE]["after"]:
        yield "the identity's role does not wait for the containers"


CHECKS = (modules, database)
