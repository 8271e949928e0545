"""A whole world for a test: both servers on free loopback ports, the database made, a clock to turn."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ssl import SSLContext
from typing import Any

import aiohttp
from aiohttp import web

from local.cosmos.account import EMULATOR_KEY
from local.cosmos.faults import Faults as CosmosFaults
from local.cosmos.server import FAULTS as COSMOS_FAULTS
from local.cosmos.server import OPERATIONS, STORE
from local.cosmos.server import create_app as cosmos_app
from local.cosmos.store import Document, Store
from local.database import QUERIES, connection_string, provision
from local.graph.directory import Directory
from local.graph.faults import Faults as GraphFaults
from local.graph.server import CALLS, STATE
from local.graph.server import FAULTS as GRAPH_FAULTS
from local.graph.server import create_app as graph_app
from shared.access import ADMIN_ROLE
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Device, DeviceFacts, Report, device_id
from shared.domain.record import Category, Platform, Status, ThreatRecord
from shared.domain.rule import Assignment, Rule, Rules
from shared.services import Services
from shared.settings import Settings
from shared.waiting import Waiting

START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
TENANT_ID = "55555555-eeee-4fff-8aaa-666666666666"
ENTRA_ID = "11111111-aaaa-4bbb-8ccc-222222222222"
USER_ID = "77777777-bbbb-4ccc-8ddd-888888888888"
EVERYBODY = Assignment(all_users=True)
INTUNE_ID = "33333333-dddd-4eee-8fff-444444444444"
TURNS_OF_A_CONNECTION = 10
"""So often an event loop turns at the most, from a connection that waits to be accepted to its end, where the
other side has closed it already."""


_DATABASE: dict[str, Document] = {}
_CONTAINERS: dict[tuple[str, str], Document] = {}


class Clock:
    """The product's clock, standing still until a test moves it."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **span: float) -> None:
        self.now += timedelta(**span)


class Skipping:
    """A sleep that takes no time: what is slept is added to the clock."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def clock(self) -> float:
        return time.monotonic() + sum(self.slept)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(max(0.0, seconds))
        await asyncio.sleep(0)

    def waiting(self) -> Waiting:
        return Waiting(self.clock, self.sleep)


@dataclass
class World:
    """What a test can reach: the product's services, and both sides of what stands in for the cloud."""

    services: Services
    clock: Clock
    skipping: Skipping
    cosmos_faults: CosmosFaults
    operations: Any
    graph_faults: GraphFaults
    graph_calls: Any
    tenant: Directory
    cosmos_endpoint: str
    graph_endpoint: str
    cosmos: web.Application
    graph: web.Application

    async def another_instance(self) -> Services:
        """Services of a second instance of the app, on the same store and Graph."""
        return Services.of(self.services.settings, self.clock, self.services.waiting)

    async def token(self, *roles: str, **wanted: str) -> str:
        """A bearer token of the tenant with `roles`; `wanted` overrides tenant, audience, app_id or name."""
        settings = self.services.settings
        body = {
            "tenant": settings.admin_tenant,
            "audience": settings.admin_audience,
            "roles": roles,
            **wanted,
        }
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.graph_endpoint}/_sim/token", json=body) as answer,
        ):
            assert answer.status == 200, await answer.text()
            return await answer.text()

    async def admin_headers(self, name: str = "test admin") -> dict[str, str]:
        """What an admin sends who may write."""
        return {"Authorization": f"Bearer {await self.token(ADMIN_ROLE, name=name)}"}

    async def put_device(self, **facts: object) -> Device:
        """A device in Entra, Intune and the mirror."""
        device = a_device(**facts)
        await self.services.store.create(device)
        if device.facts.entra_id:
            self.tenant.put_entra_device({"deviceId": device.facts.entra_id, "extensionAttributes": {}})
        return device

    async def put_rule(
        self, allowed: Level = Level.LOW, platform: Platform = Platform.IOS, **rule: Any
    ) -> None:
        """One rule that reaches every device of a platform."""
        values: dict[str, Any] = {"id": f"rule-{platform}", "name": f"{platform} at most {allowed}"}
        one = Rule(platform=platform, allowed=allowed, **{**values, "assignment": EVERYBODY, **rule})
        found = await self.services.store.read(Rules, "rules")
        rules = (*(found.document.rules if found else ()), one)
        await self.services.store.upsert(Rules(rules=rules, read_at=self.clock()))
        self.services.mirror.forget()

    async def device(self, id_: str = ENTRA_ID) -> Device:
        """The device as it is stored now."""
        found = await self.services.store.read(Device, id_)
        assert found is not None
        return found.document

    def entra_tag(self, id_: str = ENTRA_ID) -> str | None:
        """What Conditional Access sees on the device."""
        entra = self.tenant.entra_device(id_)
        assert entra is not None
        value = entra["extensionAttributes"].get(self.services.settings.attribute)
        return None if value is None else str(value)


def a_device(**facts: Any) -> Device:
    """A device document composed for tests; `facts` override what is invented here."""
    values: dict[str, Any] = {
        "intune_id": INTUNE_ID,
        "entra_id": ENTRA_ID,
        "serial": "SN-TEST-1",
        "user_id": USER_ID,
        "platform": Platform.IOS,
        "name": "test phone",
    }
    whole = DeviceFacts(**{**values, **facts})
    return Device(id=device_id(whole), facts=whole)


def a_threat(
    key: str = "t1",
    *,
    minutes: float = 0,
    severity: Level = Level.HIGH,
    status: Status = Status.OPEN,
    partner: str = "lookout",
    device: str = "agent-1",
    received: datetime | None = None,
    **fields: Any,
) -> Report:
    """A threat's report; `minutes` is its event time after the tests' beginning."""
    at = START + timedelta(minutes=minutes)
    values: dict[str, Any] = {
        "partner": partner,
        "index": 0,
        "report_id": f"{key}:{status}:{minutes}",
        "partner_device_id": device,
        "threat_key": key,
        "category": Category.NETWORK,
        "threat_type": "mitm",
        "severity": severity,
        "status": status,
        "detected_at": at,
        "resolved_at": at if status is Status.RESOLVED else None,
        "mdm_device_id": INTUNE_ID,
    }
    return Report.of(ThreatRecord(**{**values, **fields}), device, received or START)


@asynccontextmanager
async def serving(app: web.Application, tls: SSLContext | None = None) -> AsyncIterator[str]:
    """`app` on a free loopback port; yields its address."""
    runner = web.AppRunner(app, auto_decompress=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        # One that was accepted but is not known yet would be left open: aiohttp closes those it knows.
        for _ in range(TURNS_OF_A_CONNECTION):
            await asyncio.sleep(0)
        await runner.cleanup()


@asynccontextmanager
async def world(clock: Clock | None = None, **settings: Any) -> AsyncIterator[World]:
    """A fresh world; `settings` override those of an enforcing iOS and Android tenant."""
    clock = clock or Clock()
    cosmos = cosmos_app(None, clock=lambda: clock.now.timestamp(), queries=QUERIES)
    graph = graph_app(None, quotas=False)
    async with serving(cosmos) as cosmos_endpoint, serving(graph) as graph_endpoint:
        await _provisioned(cosmos[STORE], cosmos_endpoint)
        cosmos[OPERATIONS].clear()
        before = {name: os.environ.get(name) for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")}
        os.environ |= {"IDENTITY_ENDPOINT": f"{graph_endpoint}/msi/token", "IDENTITY_HEADER": "local"}
        skipping = Skipping()
        whole = _settings(cosmos_endpoint, graph_endpoint, settings)
        services = Services.of(whole, clock, skipping.waiting())
        try:
            yield World(
                services,
                clock,
                skipping,
                cosmos[COSMOS_FAULTS],
                cosmos[OPERATIONS],
                graph[GRAPH_FAULTS],
                graph[CALLS],
                graph[STATE],
                cosmos_endpoint,
                graph_endpoint,
                cosmos,
                graph,
            )
        finally:
            await services.close()
            _restore(before)


async def _provisioned(store: Store, endpoint: str) -> None:
    """Database and containers: made by the SDK in a process's first world, and copied into the others."""
    if not _DATABASE:
        await provision(endpoint, EMULATOR_KEY)
        _DATABASE.update(store.databases)
        _CONTAINERS.update({name: each.properties for name, each in store.containers.items()})
        return
    for id_, properties in _DATABASE.items():
        store.put_database(id_, properties)
    for (database, id_), properties in _CONTAINERS.items():
        store.put_container(database, id_, properties)


def _settings(cosmos_endpoint: str, graph_endpoint: str, override: Mapping[str, Any]) -> Settings:
    values: dict[str, Any] = {
        "mode": Mode.ENFORCE,
        "partners": {Platform.IOS: ("lookout",), Platform.ANDROID: ("zimperium",)},
        "cosmos_connection_string": connection_string(cosmos_endpoint, EMULATOR_KEY),
        "graph_base_url": f"{graph_endpoint}/v1.0",
        "entra_authority": graph_endpoint,
        "admin_tenant": TENANT_ID,
        "admin_audience": "api://mtd-connector",
        "guard_devices": 1000,  # so that none but the guard's own tests meet the mass-change stop
    }
    return Settings(**{**values, **override})


def _restore(before: Mapping[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
