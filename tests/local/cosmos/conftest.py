"""A running local Cosmos server and real asyncio SDK clients for it."""

import base64
import hashlib
import hmac
import json
import pathlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy

from local.cosmos.account import EMULATOR_KEY
from local.cosmos.faults import Faults
from local.cosmos.queries import Query
from local.cosmos.server import FAULTS, OPERATIONS, create_app

NUMBERED = Query(
    where=lambda document, _parameters: "n" in document,
    select=lambda document: document["n"],
    order=lambda document: document["n"],
    descending=True,
)
QUERIES = {
    "SELECT * FROM c WHERE c.n >= @n": Query(where=lambda document, given: document["n"] >= given["@n"]),  # type: ignore[operator]
    "SELECT VALUE c.n FROM c ORDER BY c.n DESC": NUMBERED,
    "SELECT TOP 3 VALUE c.n FROM c ORDER BY c.n DESC": Query(
        NUMBERED.where, NUMBERED.select, NUMBERED.order, descending=True, top=3
    ),
    "SELECT VALUE COUNT(1) FROM c": Query(where=lambda _document, _parameters: True, aggregate=len),
}


@dataclass
class Clock:
    now: float = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Asked:
    """An answer as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Running:
    """A served app, a client of it, and the database and container its tests write to."""

    app: web.Application
    endpoint: str
    client: CosmosClient
    clock: Clock = field(default_factory=Clock)

    @property
    def faults(self) -> Faults:
        return self.app[FAULTS]

    def count(self, operation: str, container: str = "reports") -> int:
        return self.app[OPERATIONS][container, operation]

    @property
    def database(self) -> DatabaseProxy:
        return self.client.get_database_client("mtd")

    async def container(self, id_: str = "reports", default_ttl: int | None = None) -> ContainerProxy:
        await self.client.create_database_if_not_exists("mtd")
        key = PartitionKey("/agent")
        return await self.database.create_container_if_not_exists(id_, key, default_ttl=default_ttl)

    async def raw(
        self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None
    ) -> int:
        """The status of a correctly signed request that the SDK would never send."""
        return (await self.ask(method, path, body, headers)).status

    async def ask(
        self,
        method: str,
        path: str,
        body: str = "",
        headers: Mapping[str, str] | None = None,
        *,
        rid: str | None = None,
    ) -> Asked:
        """What a signed request is answered; `rid`: the last `_rid` of the path, by which .NET signs it."""
        signed = {**_signed(method, path, rid), **(headers or {})}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.endpoint + path, data=body, headers=signed) as response,
        ):
            text = await response.text()
            return Asked(response.status, response.headers, json.loads(text) if text else None)


Serve = Callable[..., AbstractAsyncContextManager[Running]]


@asynccontextmanager
async def running(path: pathlib.Path | None = None, key: str = EMULATOR_KEY) -> AsyncIterator[Running]:
    clock = Clock()
    app = create_app(path, clock=clock, queries=QUERIES)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with CosmosClient(endpoint, key) as client:
            yield Running(app, endpoint, client, clock)
    finally:
        await runner.cleanup()


@pytest.fixture
def serve() -> Serve:
    return running


@pytest.fixture
async def cosmos() -> AsyncIterator[Running]:
    async with running() as server:
        yield server


@pytest.fixture
async def reports(cosmos: Running) -> ContainerProxy:
    return await cosmos.container()


def _signed(method: str, path: str, rid: str | None) -> dict[str, str]:
    segments = [segment for segment in path.split("/") if segment]
    named = len(segments) % 2 == 0
    kind = "" if not segments else segments[-2] if named else segments[-1]
    link = rid.lower() if rid is not None else "/".join(segments if named else segments[:-1])
    date = "thu, 01 jan 2026 00:00:00 gmt"
    text = f"{method.lower()}\n{kind}\n{link}\n{date}\n\n"
    digest = hmac.new(base64.b64decode(EMULATOR_KEY), text.encode(), hashlib.sha256).digest()
    token = f"type%3Dmaster%26ver%3D1.0%26sig%3D{base64.b64encode(digest).decode()}"
    return {"authorization": token.replace("+", "%2B").replace("=", "%3D"), "x-ms-date": date}
