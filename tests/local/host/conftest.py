"""A started host for a small app, a clock that can be set, a Cosmos DB account to feed from."""

import asyncio
import pathlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.functions as func
import pytest
from aiohttp.test_utils import TestClient, TestServer
from azure.cosmos import PartitionKey
from azure.cosmos.aio import ContainerProxy, CosmosClient

from local.cosmos.account import EMULATOR_KEY
from local.cosmos.faults import Faults
from local.cosmos.server import FAULTS, create_app
from local.host.host import Host

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = NEW_YEAR

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def app() -> func.FunctionApp:
    return func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@dataclass
class Bench:
    """Makes hosts and stops them at the end of the test."""

    clock: Clock
    hosts: list[Host] = field(default_factory=list)
    clients: list[TestClient[Any, Any]] = field(default_factory=list)

    def make(
        self,
        app: func.FunctionApp,
        *,
        settings: Mapping[str, str] | None = None,
        host_json: Mapping[str, Any] | None = None,
        state: pathlib.Path | None = None,
    ) -> Host:
        host = Host(app, settings=settings or {}, host_json=host_json or {}, state=state, clock=self.clock)
        self.hosts.append(host)
        return host

    async def start(self, app: func.FunctionApp, **options: Any) -> Host:
        host = self.make(app, **options)
        await host.start()
        return host

    async def web(self, app: func.FunctionApp, **options: Any) -> TestClient[Any, Any]:
        client: TestClient[Any, Any] = TestClient(TestServer(self.make(app, **options).web))
        await client.start_server()
        self.clients.append(client)
        return client

    async def stop(self) -> None:
        for client in self.clients:
            await client.close()
        for host in self.hosts:
            await host.stop()


@pytest.fixture
async def bench(clock: Clock) -> AsyncIterator[Bench]:
    bench = Bench(clock)
    yield bench
    await bench.stop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in left if "local/host/" in repr(task)]


Until = Callable[[Callable[[], object]], Awaitable[None]]


@pytest.fixture
def until() -> Until:
    """Wait until something is so; fails after ten seconds."""

    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    return wait


@dataclass
class Cosmos:
    """Database `mtd` with `threats` and `leases`."""

    settings: dict[str, str]
    threats: ContainerProxy
    leases: ContainerProxy
    faults: Faults

    async def add(self, *ids: str) -> None:
        for name in ids:
            await self.threats.upsert_item({"id": name, "deviceId": "d"})

    async def lease_ids(self) -> list[str]:
        return [item["id"] async for item in self.leases.read_all_items()]


@pytest.fixture
async def cosmos(bench: Bench) -> AsyncIterator[Cosmos]:
    application = create_app(None)
    async with TestServer(application) as server:
        endpoint = str(server.make_url("/"))
        async with CosmosClient(endpoint, credential=EMULATOR_KEY) as client:
            database = await client.create_database("mtd")
            threats = await database.create_container("threats", PartitionKey("/deviceId"))
            leases = await database.create_container("leases", PartitionKey("/id"))
            settings = {"MTD": f"AccountEndpoint={endpoint};AccountKey={EMULATOR_KEY};"}
            yield Cosmos(settings, threats, leases, application[FAULTS])
            await bench.stop()
