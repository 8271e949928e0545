"""A first deployment goes through: what needs another thing waits for it. Checks return their findings."""

from collections.abc import Iterator

from tests.infra.snapshots import Snapshots

DATABASES = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases"


def waits(snapshots: Snapshots) -> Iterator[str]:
    """The app, which starts at once, waits for every private way to what it needs."""
    order = snapshots.files["order"]
    ways = {name for name in order if name.startswith("private-endpoint-")}
    yield from (
        f"the app does not wait for {name}" for name in sorted(ways - set(order["function-app"]["after"]))
    )


CHECKS = (waits,)
