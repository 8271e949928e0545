"""An identity endpoint that hangs costs whoever needs a token a bounded wait, and gets a word of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import AioHttpTransport
from azure.identity.aio import DefaultAzureCredential

from shared import identity
from shared.cosmos import Store
from shared.domain.model import Link
from shared.errors import GraphUnavailable, StoreUnavailable
from shared.graph.client import TIMEOUT_SECONDS
from shared.graph.graph import Graph
from shared.identity import MAX_TOKEN_SECONDS, SILENCE_SECONDS, AppIdentity
from shared.settings import Settings
from shared.waiting import Waiting
from tests.world import ENTRA_ID, serving

SCOPE = "https://graph.microsoft.com/.default"


async def _silent(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def _later(_: web.Request) -> web.StreamResponse:
    return web.Response(status=503, headers={"Retry-After": "3600"})


async def _endless(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    while True:
        await answer.write(b" ")
        await asyncio.sleep(0.02)


HANGING = {"silent": _silent, "to be asked in an hour": _later, "answers a byte at a time": _endless}


@pytest.fixture(params=HANGING)
def hanging(request: pytest.FixtureRequest) -> str:
    """In which way the endpoint hangs."""
    return str(request.param)


@pytest.fixture
async def asked(hanging: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[str]]:
    """What the identity endpoint was asked, where a token is waited for no longer than a moment."""
    heard: list[str] = []
    handlers: list[asyncio.Future[web.StreamResponse]] = []

    async def hang(request: web.Request) -> web.StreamResponse:
        heard.append(request.path)
        handlers.append(asyncio.ensure_future(HANGING[hanging](request)))
        return await handlers[-1]

    app = web.Application()
    app.router.add_get("/token", hang)
    monkeypatch.setattr(
        AioHttpTransport, "sleep", staticmethod(asyncio.sleep)
    )  # a wait that is asked for is waited
    monkeypatch.setattr(identity, "MAX_TOKEN_SECONDS", 0.4)
    monkeypatch.setattr(identity, "SILENCE_SECONDS", 0.1)
    async with serving(app) as address:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{address}/token")
        monkeypatch.setenv("IDENTITY_HEADER", "local")
        yield heard
        for handler in handlers:
            handler.cancel()  # or the server waits for it when it ends


async def _store() -> None:
    store = Store(Settings(cosmos_endpoint="https://127.0.0.1:9"))
    try:
        await store.read(Link, "serial:x")
    finally:
        await store.close()


async def _graph() -> None:
    graph = Graph(Settings(graph_base_url="http://127.0.0.1:9/v1.0"), Waiting())
    try:
        await graph.tag(ENTRA_ID)
    finally:
        await graph.close()


@pytest.mark.parametrize(
    ("ask", "error", "said"),
    [
        (_store, StoreUnavailable, "no token for Cosmos DB: check the app's identity"),
        (_graph, GraphUnavailable, "no token for Microsoft Graph: check the app's identity"),
    ],
)
async def test_store_and_graph_are_unavailable_for_want_of_a_token(
    asked: list[str], ask: Callable[[], Awaitable[None]], error: type[Exception], said: str
) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(error, match=said):
            await ask()
    assert asked


async def test_whoever_is_asked_for_a_token_says_how_long_it_was_waited_for(asked: list[str]) -> None:
    async with asyncio.timeout(5), AppIdentity() as one:
        for ask in (one.get_token, one.get_token_info):
            asked.clear()
            with pytest.raises(ClientAuthenticationError):
                await ask(SCOPE)
            assert asked


async def test_an_endpoint_that_says_nothing_is_asked_again(asked: list[str], hanging: str) -> None:
    async with asyncio.timeout(5), AppIdentity() as one:
        with pytest.raises(ClientAuthenticationError):
            await one.get_token(SCOPE)
    assert (len(asked) > 1) == (hanging == "silent")


@pytest.mark.parametrize("name", ["get_token", "get_token_info"])
async def test_what_the_sdk_asks_for_is_passed_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[object] = []

    async def ask(_: object, *scopes: str, **options: object) -> str:
        heard.extend((scopes, options))
        return "a token"

    monkeypatch.setattr(DefaultAzureCredential, name, ask)
    async with AppIdentity() as one:
        assert await getattr(one, name)(SCOPE, options={"enable_cae": True}) == "a token"
    assert heard == [(SCOPE,), {"options": {"enable_cae": True}}]


def test_the_wait_leaves_time_for_a_second_try_and_for_a_call_of_graphs() -> None:
    assert 2 * SILENCE_SECONDS < MAX_TOKEN_SECONDS < TIMEOUT_SECONDS
