"""A local Azure Cosmos DB for NoSQL: the REST protocol over one SQLite file, for the real azure-cosmos SDK.

Written from the REST API reference (resources, headers, status codes, master key tokens) and the product
documentation of change feed, time to live, partial update and transactional batch, and held against
`acceptance/cosmos_features.py`. Microsoft's .NET client, and so the trigger of the real Functions host, is
answered as well: addresses by `_rid`, plans of queries, the listing of its leases.

Left out: free SQL (see `queries`), plans of ordered queries, batches in HybridRow (.NET's bulk), hierarchical
partition keys, throughput and request units (the charge is a constant), the feed of all versions and deletes,
unique keys, stored procedures, more than one physical partition, session consistency (every read sees every
write), Entra ID tokens, the age limit of a signature, and the key check of `GET /`, so that a client with a
wrong key is refused at its first real request (the service refuses it at once).
"""

import collections
import pathlib
import time
import urllib.parse
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from local.cosmos import batch, feed, resources
from local.cosmos.account import EMULATOR_KEY, check_key, describe
from local.cosmos.documents import MAX_DOCUMENT, Operation, perform
from local.cosmos.faults import Faults
from local.cosmos.protocol import CONNECTION_DROPPED, Answer, Call, CosmosError, decode
from local.cosmos.queries import EVERYTHING, Query, known_by_text, run, run_text
from local.cosmos.query_plan import plan
from local.cosmos.store import Container, Store

Operations = collections.Counter[tuple[str, str]]

STORE = web.AppKey("store", Store)
DOCUMENTS: web.AppKey[Callable[[str, Call], Answer]] = web.AppKey("documents", Callable)  # type: ignore[arg-type]
"""What answers the requests for documents, of a method and what it carries; CosmosError where it refuses."""
OPERATIONS: web.AppKey[Operations] = web.AppKey("operations", collections.Counter)
FAULTS = web.AppKey("faults", Faults)


def create_app(
    path: pathlib.Path | None,
    *,
    key: str = EMULATOR_KEY,
    clock: Callable[[], float] = time.time,
    queries: Mapping[str, Query] | None = None,
) -> web.Application:
    """The server over the SQLite file at `path` (None: in memory), for requests signed with `key`."""
    server = _Server(Store(path, clock), key, known_by_text(queries or {}), collections.Counter(), Faults())
    app = web.Application(client_max_size=4 * MAX_DOCUMENT)
    app[STORE] = server.store
    app[DOCUMENTS] = server.document_request
    app[OPERATIONS] = server.operations
    app[FAULTS] = server.faults
    app.router.add_route("*", "/{path:.*}", server.handle)

    async def close(_app: web.Application) -> None:
        server.store.close()

    app.on_cleanup.append(close)
    return app


@dataclass(frozen=True)
class _Server:
    store: Store
    key: str
    queries: Mapping[str, Query]
    operations: Operations
    faults: Faults

    async def handle(self, request: web.Request) -> web.Response:
        try:
            answer = self._answer(request, await request.read())
        except web.HTTPRequestEntityTooLarge:
            answer = CosmosError(413, "the request is too large").answer()
        except CosmosError as error:
            answer = error.answer()
        if answer.status == CONNECTION_DROPPED and request.transport is not None:
            request.transport.abort()
            return web.Response()
        headers = {
            "x-ms-activity-id": str(uuid.uuid4()),
            "x-ms-request-charge": "1.0",
            "x-ms-session-token": f"0:-1#{self.store.last_place()}",
            **answer.headers,
        }
        kind = "application/json" if answer.body else None
        return web.Response(status=answer.status, body=answer.body, headers=headers, content_type=kind)

    def _answer(self, request: web.Request, body: bytes) -> Answer:
        segments = _segments(request.raw_path)
        if not segments and request.method == "GET":
            return describe(f"{request.scheme}://{request.host}/")
        named = resources.by_name(self.store, segments)
        check_key(self.key, request.method, segments, request.headers, by_rid=named != segments)
        call = Call(named[1::2], request.headers, body)
        shape = "/".join("*" if place % 2 else segment for place, segment in enumerate(named))
        if shape in ("dbs/*/colls/*/docs", "dbs/*/colls/*/docs/*"):
            return self.document_request(request.method, call)
        if shape not in _RESOURCES:
            raise CosmosError(404, f"there is nothing at {shape}")
        method = "QUERY" if call.is_query else request.method
        if method not in _RESOURCES[shape]:
            raise CosmosError(405, f"{shape} has no {method}")
        return _RESOURCES[shape][method](self.store, call)

    def document_request(self, method: str, call: Call) -> Answer:
        kind = _operation_kind(method, call)
        container_id = call.names[1]
        self.operations[container_id, kind] += 1
        fault = self.faults.take(container_id, kind)
        if fault is not None and not fault.after_commit:
            raise fault.error()
        answer = self._perform(kind, resources.container_named(self.store, call), call)
        if fault is not None:
            raise fault.error()
        return answer

    def _perform(self, kind: str, container: Container, call: Call) -> Answer:
        if kind == "feed":
            return feed.changes(self.store, container, call)
        if kind == "query":
            return self._query(container, call)
        if kind == "plan":
            return plan(call)
        partition = call.partition
        if partition is None:
            raise CosmosError(400, "the request names no partition key")
        if kind == "batch":
            return batch.execute(self.store, container, partition, call)
        document_id = call.names[2] if len(call.names) > 2 else ""
        body = decode(call.body) if call.body else None
        match, none_match = call.headers.get("if-match"), call.headers.get("if-none-match")
        with self.store.transaction():
            operation = Operation(kind, partition, document_id, body, match, none_match)
            outcome = perform(self.store, container, operation)
        without_body = kind != "read" and call.headers.get("prefer") == "return=minimal"
        headers = {"etag": outcome.etag} if outcome.etag else {}
        return Answer(outcome.status, b"" if without_body else outcome.body, headers)

    def _query(self, container: Container, call: Call) -> Answer:
        if not call.is_query:
            return run(self.store, container, call, EVERYTHING, {})
        one_partition = call.partition is not None or "x-ms-documentdb-partitionkeyrangeid" in call.headers
        if not one_partition and not call.flag("x-ms-documentdb-query-enablecrosspartition"):
            raise CosmosError(400, "the query spans partitions, which the request does not allow")
        return run_text(self.store, container, call, self.queries)


def _segments(path: str) -> tuple[str, ...]:
    try:
        parts = path.partition("?")[0].split("/")
        return tuple(urllib.parse.unquote(part, errors="strict") for part in parts if part)
    except UnicodeDecodeError:
        raise CosmosError(400, "the path is no UTF-8") from None


def _operation_kind(method: str, call: Call) -> str:
    """What a document request is counted as; reading all documents counts as a query."""
    if len(call.names) > 2:
        kind = {"GET": "read", "PUT": "replace", "PATCH": "patch", "DELETE": "delete"}.get(method)
    elif method == "POST":
        kind = _post_kind(call)
    else:
        kind = None if method != "GET" else "feed" if "a-im" in call.headers else "query"
    if kind is None:
        raise CosmosError(405, f"documents have no {method} here")
    return kind


def _post_kind(call: Call) -> str:
    if call.flag("x-ms-cosmos-is-query-plan-request"):
        return "plan"
    if call.flag("x-ms-cosmos-is-batch-request"):
        return "batch"
    if call.is_query:
        return "query"
    return "upsert" if call.flag("x-ms-documentdb-is-upsert") else "create"


_RESOURCES: dict[str, dict[str, Callable[[Store, Call], Answer]]] = {
    "dbs": {
        "GET": resources.list_databases,
        "QUERY": resources.list_databases,
        "POST": resources.create_database,
    },
    "dbs/*": {"GET": resources.read_database, "DELETE": resources.delete_database},
    "dbs/*/colls": {
        "GET": resources.list_containers,
        "QUERY": resources.list_containers,
        "POST": resources.create_container,
    },
    "dbs/*/colls/*": {
        "GET": resources.read_container,
        "PUT": resources.replace_container,
        "DELETE": resources.delete_container,
    },
    "dbs/*/colls/*/pkranges": {"GET": resources.partition_key_ranges},
}
