"""The database is the one the code declares: containers, keys, times to live, indexes, leases.

Each check returns its findings.
"""

from collections.abc import Iterator

from shared.containers import CONTAINERS, DATABASE
from tests.infra import code
from tests.infra.snapshots import Environment, Resource, Snapshots

DATABASES = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases"
_NAMED = ("containerName", "leaseContainerName")


def containers(snapshots: Snapshots) -> Iterator[str]:
    """Names, partition keys, times to live and indexes are the code's; so is the database's name."""
    for environment in snapshots:
        if environment.one(DATABASES).at("properties.resource.id") != DATABASE:
            yield f"{environment.name}: the database is not called {DATABASE}"
        made = _containers(environment)
        yield from (f"{environment.name}: no container {name}" for name in sorted(CONTAINERS.keys() - made))
        yield from (
            f"{environment.name}: {name} is not the code's" for name in sorted(made.keys() - CONTAINERS)
        )
        for name in sorted(CONTAINERS.keys() & made.keys()):
            yield from (f"{environment.name}: {name} {finding}" for finding in _container(name, made[name]))


def _containers(environment: Environment) -> dict[str, Resource]:
    return {
        str(each.at("properties.resource.id")): each for each in environment.of(f"{DATABASES}/containers")
    }


def _container(name: str, made: Resource) -> Iterator[str]:
    wanted, resource = CONTAINERS[name], made.at("properties.resource")
    if resource["partitionKey"] != {"paths": [wanted.partition_key], "kind": "Hash", "version": 2}:
        yield f"is partitioned by {resource['partitionKey']}, in the code by {wanted.partition_key}"
    if resource.get("defaultTtl") != wanted.ttl:
        yield f"lives for {resource.get('defaultTtl')}, in the code for {wanted.ttl}"
    policy = resource["indexingPolicy"]
    if (policy["indexingMode"], policy["excludedPaths"]) != ("consistent", [{"path": "/*"}]):
        yield f"is indexed by {policy}"  # time to live needs a consistent index
    indexed = {each["path"] for each in policy["includedPaths"]}
    queried = {f"/{field.replace('.', '/')}/?" for field in code.fields_queried()[name]}
    yield from (f"is queried by {path}, which is not indexed" for path in sorted(queried - indexed))
    yield from (f"indexes {path}, which no query uses" for path in sorted(indexed - queried))


def triggers(snapshots: Snapshots) -> Iterator[str]:
    """What triggers name is there, containers and leases; nobody asks a trigger to create its leases."""
    for environment in snapshots:
        made = _containers(environment)
        for each in code.functions().values():
            asked = {str(each.trigger[key]) for key in _NAMED if key in each.trigger}
            missing = sorted(asked - made.keys())
            yield from (f"{environment.name}: {each.name} finds no container {name}" for name in missing)
            leases = made.get(str(each.trigger.get("leaseContainerName")))
            if leases is not None and leases.at("properties.resource.partitionKey.paths.0") != "/id":
                yield f"{environment.name}: the leases' partition key is not /id"
            if each.trigger.get("createLeaseContainerIfNotExists"):
                yield f"{each.name}: by identity a trigger cannot create its leases"


def kept_ready(snapshots: Snapshots) -> Iterator[str]:
    """Where asked for, instances are kept ready for HTTP and the change feed, by names the platform knows."""
    known = {"http", *(f"function:{name}" for name in code.functions())}
    path = "properties.functionAppConfig.scaleAndConcurrency.alwaysReady"
    for environment in snapshots:
        rows = environment.one("Microsoft.Web/sites").at(path)
        names = {row["name"] for row in rows}
        yield from (f"{environment.name}: there is no group {name} to keep ready" for name in names - known)
        if names != (set() if environment.name == "dev" else {"http", "function:evaluate_risk"}):
            yield f"{environment.name}: kept ready are {sorted(names)}"


CHECKS = (containers, triggers, kept_ready)
