"""The account's databases, containers and partition key ranges.

Written from "Databases", "Collections", "Get partition key ranges" and "Common request headers" of the REST
API reference. A listing is one page, and a query is for all of them or for the one of an id.
"""

import uuid

from local.cosmos.documents import check_match, valid_id, valid_ttl
from local.cosmos.protocol import Answer, Call, CosmosError, decode_object, encode, listing
from local.cosmos.queries import resource_filter
from local.cosmos.store import Container, Document, Store, container_rid, database_rid

OWNER_NOT_FOUND = 1003
"""Substatus of a 404 where not what is asked for is missing, but the database or container it would be in."""

_INDEXING = {
    "indexingMode": "consistent",
    "automatic": True,
    "includedPaths": [{"path": "/*"}],
    "excludedPaths": [{"path": '/"_etag"/?'}],
}


def by_name(store: Store, segments: tuple[str, ...]) -> tuple[str, ...]:
    """A path with ids where its client gave a database's or a container's `_rid`, as .NET's does."""
    match segments:
        case ("dbs", database, *below) if database not in store.databases:
            named = [id_ for id_, each in store.databases.items() if each["_rid"] == database]
            segments = ("dbs", *named[:1], *below) if named else segments
    match segments:
        case ("dbs", database, "colls", container, *below) if (database, container) not in store.containers:
            ids = [
                id_ for (of, id_), each in store.containers.items() if (of, each.rid) == (database, container)
            ]
            segments = ("dbs", database, "colls", *ids[:1], *below) if ids else segments
    return segments


def list_databases(store: Store, call: Call) -> Answer:
    found = filter(resource_filter(call), store.databases.values())
    return Answer(200, listing("Databases", [encode(database) for database in found], ""))


def create_database(store: Store, call: Call) -> Answer:
    id_ = valid_id(decode_object(call.body).get("id"))
    if id_ in store.databases:
        raise CosmosError(409, "a database with this id exists")
    rid = database_rid()
    properties = {"id": id_, "_colls": "colls/", "_users": "users/"} | _system(store, rid, f"dbs/{rid}/")
    store.put_database(id_, properties)
    return Answer(201, encode(properties))


def read_database(store: Store, call: Call) -> Answer:
    return Answer(200, encode(_database(store, call, is_owner=False)))


def delete_database(store: Store, call: Call) -> Answer:
    _database(store, call, is_owner=False)
    store.delete_database(call.names[0])
    return Answer(204)


def list_containers(store: Store, call: Call) -> Answer:
    database = _database(store, call)
    of_database = [each.properties for name, each in store.containers.items() if name[0] == call.names[0]]
    found = [encode(properties) for properties in filter(resource_filter(call), of_database)]
    return Answer(200, listing("DocumentCollections", found, str(database["_rid"])))


def create_container(store: Store, call: Call) -> Answer:
    database, given = _database(store, call), _given_container(call)
    id_ = valid_id(given.get("id"))
    if (call.names[0], id_) in store.containers:
        raise CosmosError(409, "a container with this id exists")
    rid = container_rid(str(database["_rid"]))
    properties = given | _system(store, rid, f"{database['_self']}colls/{rid}/")
    store.put_container(call.names[0], id_, properties)
    return Answer(201, encode(properties))


def read_container(store: Store, call: Call) -> Answer:
    return Answer(200, encode(container_named(store, call, is_owner=False).properties))


def replace_container(store: Store, call: Call) -> Answer:
    present, given = container_named(store, call, is_owner=False).properties, _given_container(call)
    check_match(call.headers.get("if-match"), present["_etag"])
    if given.get("id") != present["id"] or given["partitionKey"] != present["partitionKey"]:
        raise CosmosError(400, "neither the id nor the partition key of a container can be changed")
    properties = given | _system(store, str(present["_rid"]), str(present["_self"]))
    store.put_container(call.names[0], call.names[1], properties)
    return Answer(200, encode(properties))


def delete_container(store: Store, call: Call) -> Answer:
    present = container_named(store, call, is_owner=False).properties
    check_match(call.headers.get("if-match"), present["_etag"])
    store.delete_container(call.names[0], call.names[1])
    return Answer(204)


def partition_key_ranges(store: Store, call: Call) -> Answer:
    container = container_named(store, call)
    etag = f'"{container.rid}"'
    if call.headers.get("if-none-match") == etag:
        return Answer(304, headers={"etag": etag})
    whole = {"id": "0", "minInclusive": "", "maxExclusive": "FF", "status": "online", "parents": []}
    return Answer(200, listing("PartitionKeyRanges", [encode(whole)], container.rid), {"etag": etag})


def container_named(store: Store, call: Call, *, is_owner: bool = True) -> Container:
    """The container of the request: what is asked for, or its owner.

    Refused where the caller's _rid is of a container deleted since.
    """
    container = store.containers.get(call.names[:2])  # type: ignore[arg-type]
    if container is None:
        _database(store, call)
        raise _missing("container", is_owner)
    if call.headers.get("x-ms-cosmos-intended-collection-rid", container.rid) != container.rid:
        raise CosmosError(400, "the container was created anew", substatus=1024)
    return container


def _database(store: Store, call: Call, *, is_owner: bool = True) -> Document:
    if (database := store.databases.get(call.names[0])) is None:
        raise _missing("database", is_owner)
    return database


def _missing(what: str, is_owner: bool) -> CosmosError:
    return CosmosError(404, f"there is no such {what}", substatus=OWNER_NOT_FOUND if is_owner else None)


def _given_container(call: Call) -> Document:
    given = decode_object(call.body)
    match given.get("partitionKey"):
        case {"paths": [str(path)], **others} if (
            path.startswith("/") and others.get("kind", "Hash") == "Hash"
        ):
            pass
        case _:
            raise CosmosError(400, "this stand-in takes a partition key of one path")
    if (policy := given.get("uniqueKeyPolicy")) and policy != {"uniqueKeys": []}:
        raise CosmosError(400, "this stand-in has no unique keys")
    if given.get("defaultTtl") is not None:
        valid_ttl(given["defaultTtl"])
    return (
        {"indexingPolicy": _INDEXING}
        | given
        | {"partitionKey": {"kind": "Hash", "version": 2, "paths": [path]}}
    )


def _system(store: Store, rid: str, link: str) -> Document:
    return {"_rid": rid, "_self": link, "_etag": f'"{uuid.uuid4()}"', "_ts": int(store.now())}
