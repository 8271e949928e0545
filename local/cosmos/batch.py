"""Transactional batch: up to 100 operations on one partition, all or none.

Written from "Transactional batch operations in Azure Cosmos DB".
"""

from local.cosmos.documents import MAX_DOCUMENT, Operation, OtherPartition, Result, perform
from local.cosmos.protocol import Answer, Call, CosmosError, decode, encode
from local.cosmos.store import Container, Document, Store

MAX_OPERATIONS = 100
_KINDS = ("Create", "Read", "Replace", "Upsert", "Patch", "Delete")


class _OperationFailed(Exception):
    def __init__(self, index: int, error: CosmosError) -> None:
        super().__init__(index)
        self.index = index
        self.error = error


def execute(store: Store, container: Container, partition: str, call: Call) -> Answer:
    if len(call.body) > MAX_DOCUMENT:
        raise CosmosError(413, "a batch holds at most 2 MB")
    given = decode(call.body)
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_OPERATIONS:
        raise CosmosError(400, f"a batch is a list of 1 to {MAX_OPERATIONS} operations")
    operations = [_operation(partition, item) for item in given]
    try:
        with store.transaction():
            outcomes = [_perform(store, container, index, item) for index, item in enumerate(operations)]
    except _OperationFailed as failed:
        outcomes = [Result(424) for _ in operations]
        outcomes[failed.index] = Result(failed.error.status)
        return Answer(207, _results(outcomes))
    return Answer(200, _results(outcomes))


def _operation(partition: str, item: object) -> Operation:
    if not isinstance(item, dict) or item.get("operationType") not in _KINDS:
        raise CosmosError(400, "the batch holds something that is no operation")
    return Operation(
        kind=str(item["operationType"]).lower(),
        partition=partition,
        id=str(item.get("id", "")),
        body=item.get("resourceBody"),
        if_match=_text(item, "ifMatch"),
        if_none_match=_text(item, "ifNoneMatch"),
    )


def _perform(store: Store, container: Container, index: int, operation: Operation) -> Result:
    try:
        return perform(store, container, operation)
    except OtherPartition:
        raise
    except CosmosError as error:
        raise _OperationFailed(index, error) from error


def _results(outcomes: list[Result]) -> bytes:
    return b"[" + b",".join(map(_result, outcomes)) + b"]"


def _result(outcome: Result) -> bytes:
    etag, body = encode(outcome.etag or None), outcome.body or b"null"
    return b'{"statusCode":%d,"requestCharge":1.0,"eTag":%s,"resourceBody":%s}' % (outcome.status, etag, body)


def _text(item: Document, name: str) -> str | None:
    value = item.get(name)
    return None if value is None else str(value)
