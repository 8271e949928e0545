"""From a report to the tag: many phones report at a steady pace, and some of what they say changes who is let
in. The app, the store, and Graph are processes of their own."""

import asyncio
import pathlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any

import aiohttp

from benchmarks.one_report import SECRET
from benchmarks.processes import answer_of, running, server, settings, writes
from benchmarks.row import Row, figures
from local import sample_tenant
from local.partners import lookout
from local.partners.authentication import signed
from local.partners.message import Message, encoded
from local.ports import free_port
from local.sample_tenant import Phone

BOUND = 300.0
DOOR, FEED = ("ingest_threat",), ("evaluate_risk", "retry_pending_tags", "sync_inventory", "poll_partners")
"""What runs in one process and what in another, as a plan of Flex Consumption parts them."""
PHONES = 2_000
PACE = 100
"""Reports a second."""
SECONDS = 30
EVERY = 20
"""Each report of so many changes what its phone may do."""
POLL_DELAY = 0.5
"""Seconds between two looks at the change feed, on this machine."""
MOST_BEYOND = 1.0
AT_A_TIME = 32
QUIET = 3.0
"""Seconds without a write after which the phones' first reports have been evaluated."""


@dataclass
class _Load:
    """What is sent, and when."""

    http: aiohttp.ClientSession
    reports: str
    store_counts: str
    graph_counts: str
    sent: dict[str, list[float]] = field(default_factory=dict)
    """By Entra's id of the phone, when what changes its tag was sent."""
    refused: int = 0

    async def post(self, message: Message) -> None:
        body = encoded(message)
        async with self.http.post(self.reports, data=body, headers=signed(SECRET, body)) as answer:
            self.refused += answer.status != 202
            await answer.read()

    async def tags(self) -> list[tuple[str, float]]:
        async with self.http.get(f"{self.graph_counts}/_tags") as answer:
            return [(id_, at) for id_, at in await answer.json()]


async def rows() -> AsyncIterator[Row]:
    phones = [Phone.of("bench", str(number), "iOS") for number in range(PHONES)]
    async with AsyncExitStack() as exits:
        folder = exits.enter_context(tempfile.TemporaryDirectory(prefix="mtd-bench-"))
        cosmos, stored = await exits.enter_async_context(server("cosmos", folder))
        graph, counts = await exits.enter_async_context(server("graph", folder))
        http = await exits.enter_async_context(aiohttp.ClientSession())
        await _furnish(http, graph, phones)
        await answer_of(sys.executable, "-m", "benchmarks.syncing", environment=settings(cosmos, graph))
        port = str(free_port())
        for group in (DOOR, FEED):
            environment = _environment(cosmos, graph, port if group is DOOR else str(free_port()))
            disabled = {
                f"AzureWebJobs.{name}.Disabled": "true" for name in (*DOOR, *FEED) if name not in group
            }
            app = running(*_host(f"{folder}/{group[0]}"), environment={**environment, **disabled})
            process = await exits.enter_async_context(app)
            assert process.stdout is not None
            while b"serving until" not in (line := await process.stdout.readline()):
                assert line, "the app did not start"
        load = _Load(http, f"http://127.0.0.1:{port}/api/partners/lookout/reports", stored, counts)
        await _introduce(load, phones)
        took = await _loaded(load, phones)
        for row in await _rows(load, took):
            yield row


async def _furnish(http: aiohttp.ClientSession, graph: str, phones: list[Phone]) -> None:
    async def put(what: str, documents: Any) -> None:
        async with http.post(f"{graph}/_sim/{what}", json=documents) as answer:
            answer.raise_for_status()

    await put("connectors", sample_tenant.connectors())
    await put("compliance-policies", sample_tenant.compliance_policies())
    for first in range(0, len(phones), 500):
        some = phones[first : first + 500]
        await put("devices", [each for phone in some for each in (phone.managed, phone.entra)])


def _host(folder: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "local", "--host", "--data", str(pathlib.Path(folder) / "app"))


def _environment(cosmos: str, graph: str, port: str) -> dict[str, str]:
    ports = {"COSMOS": cosmos, "GRAPH": graph, "VENDORS": f":{free_port()}", "HOST": f":{port}"}
    named = {f"LOCAL_{name}_PORT": address.rpartition(":")[2] for name, address in ports.items()}
    delay = {"FEED_POLL_DELAY_MS": str(int(POLL_DELAY * 1000)), "PYTHONUNBUFFERED": "1"}
    return {**settings(cosmos, graph), **named, **delay}


async def _introduce(load: _Load, phones: list[Phone]) -> None:
    """Every phone reports once, so that its agent is known; and that is evaluated."""
    at, left = datetime.now(UTC) - timedelta(hours=1), iter(phones)

    async def worker() -> None:
        for phone in left:
            await load.post(lookout.check_in(phone, at))

    await asyncio.gather(*(worker() for _ in range(AT_A_TIME)))
    since = time.monotonic()
    while time.monotonic() - since < QUIET:
        await asyncio.sleep(POLL_DELAY)
        if await writes(load.http, load.store_counts):
            since = time.monotonic()


async def _loaded(load: _Load, phones: list[Phone]) -> float:
    """Send at the pace that is wanted; the seconds it took."""
    begun, sending = time.monotonic(), set[asyncio.Task[None]]()
    for number in range(PACE * SECONDS):
        await asyncio.sleep(max(0.0, begun + number / PACE - time.monotonic()))
        lap, place = divmod(number, PHONES)
        phone, now = phones[place], datetime.now(UTC)
        message = lookout.check_in(phone, now)
        if place % EVERY == 0:
            change = lookout.resolution if lap % 2 else lookout.detection
            message = change(phone, "bench", now)
            load.sent.setdefault(phone.entra_id, []).append(time.time())
        task = asyncio.create_task(load.post(message))
        sending.add(task)
        task.add_done_callback(sending.discard)
    await asyncio.gather(*sending)
    return time.monotonic() - begun


async def _rows(load: _Load, took: float) -> list[Row]:
    due = sum(map(len, load.sent.values()))
    waited: list[float] = []
    until = time.monotonic() + 60
    while len(waited) < due and time.monotonic() < until:
        await asyncio.sleep(POLL_DELAY)
        waited = _waited(load.sent, await load.tags())
    pace = PACE * SECONDS / took
    note = f"{PHONES:,} phones, {figures(pace)} reports a second, {len(waited)} of {due} tags written"
    if len(waited) < due or load.refused:
        return [Row("from POST to tag", None, note=f"{note}, {load.refused} reports refused")]
    cuts = quantiles(waited, n=100)
    most = POLL_DELAY + MOST_BEYOND
    return [
        Row("from POST to tag, p50", cuts[49], " s", note=note),
        Row(
            "from POST to tag, p95", cuts[94], " s", most, note=f"the feed is looked at every {POLL_DELAY} s"
        ),
    ]


def _waited(sent: dict[str, list[float]], written: list[tuple[str, float]]) -> list[float]:
    """Seconds from each message that changes a tag to the first write after it."""
    by_phone: dict[str, list[float]] = {}
    for id_, at in written:
        by_phone.setdefault(id_, []).append(at)
    found = []
    for id_, times in sent.items():
        for at in times:
            found += [written_at - at for written_at in by_phone.get(id_, []) if written_at > at][:1]
    return found
