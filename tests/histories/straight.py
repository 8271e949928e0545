"""The store and Graph without sockets and SDKs in between: each request goes to its stand-in's own handler.

Thousands of histories cost minutes so, not hours. What is the product's own runs as ever: the store's edits
and errors, Graph's paging, batches and pacing. Left out are the SDKs' own ways of trying again, which the
tests of the rooms run.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request
from azure.cosmos.exceptions import CosmosHttpResponseError
from httpx import create_ssl_context
from kiota_abstractions.api_error import APIError
from stduritemplate import StdUriTemplate

from local.cosmos.protocol import Answer, Call, CosmosError, encode
from local.cosmos.server import DOCUMENTS
from shared.containers import CONTAINERS, DATABASE
from shared.cosmos import Store
from shared.graph.client import GraphClient


@contextmanager
def quick() -> Iterator[None]:
    """What comes out alike each time is worked out once: addresses of requests, and what TLS trusts."""
    known: dict[str, str] = {}
    expand = StdUriTemplate.expand

    def expanded(template: str, values: dict[str, Any]) -> str:
        key = f"{template} {values}"
        return known[key] if key in known else known.setdefault(key, expand(template, values))

    with (
        patch.object(StdUriTemplate, "expand", staticmethod(expanded)),
        patch("httpx._transports.default.create_ssl_context", lambda **_: _TRUST),
        patch("aiohttp.test_utils.mock", SimpleNamespace(Mock=SimpleNamespace)),
    ):
        yield


_TRUST = create_ssl_context()
Requests = Callable[[str, Call], Awaitable[Answer]]
"""What answers the requests of a store, of a method and what it carries; CosmosError where it refuses."""
_PARTITION = "x-ms-documentdb-partitionkey"
_QUERY: Mapping[str, str] = {
    "content-type": "application/query+json",
    "x-ms-documentdb-query-enablecrosspartition": "true",
}


def requests_of(cosmos: web.Application) -> Requests:
    """Those of the local Cosmos server."""

    async def answered(method: str, call: Call) -> Answer:
        return cosmos[DOCUMENTS](method, call)

    return answered


class StraightStore(Store):
    """The store, whose containers are the local Cosmos server's own."""

    requests: Requests

    async def _container(self, name: str) -> Any:
        return _Container(self.requests, name, CONTAINERS[name].partition_key.removeprefix("/"))


class _Container:
    """What the store asks of the SDK's container."""

    def __init__(self, requests: Requests, name: str, key: str) -> None:
        self._requests, self._name, self._key = requests, name, key

    async def create_item(self, body: dict[str, Any]) -> Any:
        return await self._write("POST", body)

    async def upsert_item(self, body: dict[str, Any]) -> Any:
        return await self._write("POST", body, **{"x-ms-documentdb-is-upsert": "true"})

    async def replace_item(
        self, item: str, body: dict[str, Any], *, etag: str, match_condition: object
    ) -> Any:
        return await self._write("PUT", body, item, **{"if-match": etag})

    async def read_item(self, item: str, partition_key: str) -> Any:
        return json.loads((await self._ask("GET", item, **_of(partition_key))).body)

    async def delete_item(self, item: str, partition_key: str, **only: Any) -> None:
        match: dict[str, Any] = {"if-match": only["etag"]} if only else {}
        await self._ask("DELETE", item, **_of(partition_key), **match)

    def query_items(self, query: str, *, parameters: object, **options: Any) -> "_Pages":
        headers: dict[str, Any] = {**_QUERY, "x-ms-max-item-count": str(options.get("max_item_count", -1))}
        if "partition_key" in options:
            headers |= _of(options["partition_key"])
        body = encode({"query": query, "parameters": parameters})
        return _Pages(
            lambda token: self._ask("POST", body=body, **headers, **_from("x-ms-continuation", token))
        )

    def query_items_change_feed(
        self,
        *,
        start_time: str,
        max_item_count: int,
        response_hook: Callable[[Mapping[str, str], object], None],
    ) -> "_Pages":
        headers: dict[str, Any] = {"a-im": "Incremental feed", "x-ms-max-item-count": str(max_item_count)}

        async def page(token: str | None) -> Answer:
            answer = await self._ask("GET", **headers, **_from("if-none-match", token and _place(token)))
            response_hook({"etag": _token(answer.headers["etag"])}, None)
            return answer

        return _Pages(page)

    async def _write(self, method: str, body: dict[str, Any], item: str = "", **headers: str) -> Any:
        answer = await self._ask(method, item, body=encode(body), **_of(body[self._key]), **headers)
        return json.loads(answer.body)

    async def _ask(self, method: str, item: str = "", /, body: bytes = b"", **headers: Any) -> Answer:
        names = (DATABASE, self._name, item) if item else (DATABASE, self._name)
        try:
            return await self._requests(method, Call(names, headers, body))
        except CosmosError as error:
            refused = CosmosHttpResponseError(error.status, error.message)  # type: ignore[no-untyped-call]
            refused.headers = error.headers
            raise refused from error


class _Pages:
    """The pages of a query, from a token on."""

    def __init__(self, page: Callable[[str | None], Awaitable[Answer]]) -> None:
        self._page = page
        self.continuation_token: str | None = None

    def by_page(self, token: str | None = None) -> "_Pages":
        self.continuation_token = token
        return self

    async def __anext__(self) -> AsyncIterator[Any]:
        answer = await self._page(self.continuation_token)
        self.continuation_token = answer.headers.get("x-ms-continuation")
        return _each(json.loads(answer.body)["Documents"] if answer.body else [])

    async def __aiter__(self) -> AsyncIterator[Any]:
        while True:
            async for row in await anext(self):
                yield row
            if self.continuation_token is None:
                return


async def _each(rows: list[Any]) -> AsyncIterator[Any]:
    for row in rows:
        yield row


def _of(partition: str) -> dict[str, Any]:
    return {_PARTITION: json.dumps([partition])}


def _from(header: str, token: str | None) -> dict[str, Any]:
    return {header: token} if token else {}


def _token(etag: str) -> str:
    """A position as the SDK hands it out: a text that is no number."""
    return f"{int(etag.strip(chr(34))):x}A=="


def _place(token: str) -> str:
    return str(int(token.removesuffix("A=="), 16))


class StraightClient(GraphClient):
    """The client of Graph, whose requests the simulator's own handlers answer."""

    graph: web.Application
    authorization: str

    def _sdk(self) -> Any:
        return SimpleNamespace(request_adapter=SimpleNamespace(send_primitive_async=self._answered))

    async def _answered(self, request: Any, kind: str, errors: object) -> bytes:
        headers = {name: ", ".join(values) for name, values in request.headers.get_all().items()}
        path = request.url.removeprefix(self._base.removesuffix("/v1.0"))
        headers |= {"Authorization": self.authorization, "Host": urlsplit(self._base).netloc}
        answer = await _ask(self.graph, request.http_method.value, path, headers, request.content or b"")
        body = answer.body if isinstance(answer.body, bytes) else b""
        if answer.status >= 400:
            error = APIError(answer.reason, answer.status, dict(answer.headers))
            error.additional_data = json.loads(body) if body else {}
            raise error
        return body


async def authorization(graph: web.Application) -> str:
    """A bearer token of the simulator's managed identity."""
    asked = "/msi/token?resource=graph&api-version=2019-08-01"
    answer = await _ask(graph, "GET", asked, {"X-IDENTITY-HEADER": "local"})
    assert isinstance(answer.body, bytes)
    return f"Bearer {json.loads(answer.body)['access_token']}"


async def _ask(
    graph: web.Application, method: str, path: str, headers: Mapping[str, str], content: bytes = b""
) -> web.Response:
    body = StreamReader(SimpleNamespace(_reading_paused=False, resume_reading=_nothing), 2**16)  # type: ignore[arg-type]
    body.feed_data(content)
    body.feed_eof()
    host, _, port = headers.get("Host", "localhost:80").partition(":")
    connection: Any = SimpleNamespace(ssl_context=None, peername=None, sockname=(host, int(port)))
    request = make_mocked_request(
        method,
        path,
        dict(headers),
        payload=body,
        app=graph,
        protocol=connection,
        writer=SimpleNamespace(),
        transport=SimpleNamespace(get_extra_info={"sockname": (host, int(port))}.get),
    )
    answer = await graph._handle(request)
    assert isinstance(answer, web.Response)
    return answer


def _nothing(*_: object, **__: object) -> None:
    """There is no connection whose reading could rest."""
