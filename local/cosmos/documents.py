"""What the service does with one document: create, read, replace, upsert, patch, delete.

Written from "Documents" of the Azure Cosmos DB REST API reference and "Optimistic concurrency control".
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from local.cosmos.patch import SYSTEM_FIELDS, patched
from local.cosmos.protocol import CosmosError, canonical, decode_object, encode
from local.cosmos.store import Container, Document, Store, Stored, document_rid

MAX_DOCUMENT = 2 * 1024 * 1024
MAX_TTL = 2**31 - 1
MAX_ID = 1023

_ID = re.compile(r"[^/\\?#\t\r\n]+")


class OtherPartition(CosmosError):
    """The document is of another partition than the request, which a whole batch is refused for."""


@dataclass(frozen=True)
class Operation:
    """One operation on one document of the partition `partition` (canonical JSON of the key's value)."""

    kind: str
    partition: str
    id: str = ""
    body: object = None
    if_match: str | None = None
    if_none_match: str | None = None


@dataclass(frozen=True)
class Result:
    status: int
    body: bytes = b""
    etag: str = ""


def perform(store: Store, container: Container, operation: Operation) -> Result:
    """Do the operation inside the transaction the caller holds; a refusal is raised."""
    return _PERFORMERS[operation.kind](store, container, operation)


def partition_of(container: Container, document: Document) -> str:
    """The document's partition key value as canonical JSON; `{}` for a document that has none."""
    value: object = document
    for name in container.key_path:
        if not isinstance(value, dict) or name not in value:
            return "{}"
        value = value[name]
    if isinstance(value, dict | list):
        raise CosmosError(400, "a partition key value is a string, a number, a boolean or null")
    return canonical(value)


def check_match(given: str | None, etag: object) -> None:
    """Refuse with 412 where If-Match names another version than the one that is there."""
    if given not in (None, "*", etag):
        raise CosmosError(412, "what is there has another etag")


def valid_id(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value) or len(encode(value)) - 2 > MAX_ID:
        raise CosmosError(400, f"an id is a text of 1 to {MAX_ID} bytes without / \\ ? #")
    return value


def _create(store: Store, container: Container, operation: Operation) -> Result:
    document = _given(operation)
    if store.find(container, operation.partition, valid_id(document.get("id"))):
        raise CosmosError(409, "a document with this id exists in this partition")
    return _write(store, container, operation, document, None)


def _read(store: Store, container: Container, operation: Operation) -> Result:
    stored = _existing(store, container, operation)
    if operation.if_none_match in ("*", stored.etag):
        return Result(304, etag=stored.etag)
    return Result(200, stored.body, stored.etag)


def _replace(store: Store, container: Container, operation: Operation) -> Result:
    document = _given(operation)
    if valid_id(document.get("id")) != operation.id:
        raise CosmosError(400, "the id of the document is not the id it is to replace")
    return _write(store, container, operation, document, _existing(store, container, operation))


def _upsert(store: Store, container: Container, operation: Operation) -> Result:
    document = _given(operation)
    stored = store.find(container, operation.partition, valid_id(document.get("id")))
    if stored is not None:
        _check_match(operation, stored)
    return _write(store, container, operation, document, stored)


def _patch(store: Store, container: Container, operation: Operation) -> Result:
    stored = _existing(store, container, operation)
    document = patched(container, decode_object(stored.body), operation.body)
    return _write(store, container, operation, document, stored)


def _delete(store: Store, container: Container, operation: Operation) -> Result:
    _existing(store, container, operation)
    store.delete(container, operation.partition, operation.id)
    return Result(204)


_PERFORMERS: dict[str, Callable[[Store, Container, Operation], Result]] = {
    "create": _create,
    "read": _read,
    "replace": _replace,
    "upsert": _upsert,
    "patch": _patch,
    "delete": _delete,
}


def _given(operation: Operation) -> Document:
    if not isinstance(operation.body, dict):
        raise CosmosError(400, "a document is a JSON object")
    return operation.body


def _existing(store: Store, container: Container, operation: Operation) -> Stored:
    stored = store.find(container, operation.partition, operation.id)
    if stored is None:
        raise CosmosError(404, "there is no such document in this partition")
    _check_match(operation, stored)
    return stored


def _check_match(operation: Operation, stored: Stored) -> None:
    if operation.kind != "read":
        check_match(operation.if_match, stored.etag)


def _write(
    store: Store, container: Container, operation: Operation, document: Document, previous: Stored | None
) -> Result:
    if partition_of(container, document) != operation.partition:
        raise OtherPartition(400, "the document belongs to another partition", substatus=1001)
    place = store.last_place() + 1
    number = previous.number if previous else place
    rid, etag, ttl = document_rid(container, number), f'"{uuid.uuid4()}"', _ttl(document)
    body = encode(
        {name: value for name, value in document.items() if name not in SYSTEM_FIELDS}
        | {"_rid": rid, "_self": f"{container.properties['_self']}docs/{rid}/", "_etag": etag}
        | {"_attachments": "attachments/", "_ts": store.ts}
    )
    if len(body) > MAX_DOCUMENT:
        raise CosmosError(413, "a document holds at most 2 MB")
    of = (operation.partition, str(document["id"]))
    store.put(container, Stored(place, store.lsn, *of, number, etag, store.ts, ttl, body))
    return Result(200 if previous else 201, body, etag)


def _ttl(document: Document) -> int | None:
    ttl = document.get("ttl")
    return None if ttl is None else valid_ttl(ttl)


def valid_ttl(ttl: object) -> int:
    if isinstance(ttl, bool) or not isinstance(ttl, int) or not (ttl == -1 or 0 < ttl <= MAX_TTL):
        raise CosmosError(400, "a time to live is -1 or a positive number of seconds")
    return ttl
