"""The sync of a large tenant whose admin opted in to full app inventory: memory, calls, writes, time.

The servers and the sync each have a process of their own. Two runs: the first writes everything, the second
finds nothing changed, though it fetches the whole export again. Where only the second is of interest, what a
first one leaves may be put there at once.
"""

import asyncio
import pathlib
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from benchmarks import tenant
from benchmarks.floor import floor_of
from benchmarks.processes import answer_of, server, settings, writes
from shared.domain.runs import Run

OWN = "settings"
"""The container of the sync's own records: the run, and how far the export is."""


@dataclass(frozen=True)
class Measured:
    """One run of the sync."""

    run: Run
    peak_bytes: int
    calls: int
    """To Graph, refused ones included."""
    refused: int
    writes: int
    """Documents written beside the sync's own records."""
    own_writes: int
    cpu: float
    """Seconds."""

    def count(self, name: str, of: str = "apps") -> int:
        """What a step counted."""
        return next(step.counts.get(name, 0) for step in self.run.steps if step.step == of)


@dataclass(frozen=True)
class Tenant:
    """Two runs over one tenant."""

    first: Measured
    second: Measured
    floor: float
    """Seconds of CPU that reading the same takes at least."""


@dataclass(frozen=True)
class StandIns:
    """Cosmos DB and Graph, each a process, and what they count."""

    folder: pathlib.Path
    cosmos: str
    counts: str
    graph: str
    http: aiohttp.ClientSession

    async def fill(self, devices: int, apps: int) -> None:
        """Put so many devices with so many apps each into the simulated tenant; without apps, nobody opted
        in."""
        for batch in tenant.devices(devices):
            await self.put("devices", batch)
        for what, documents in tenant.rest(apps):
            await self.put(what, documents)
        # An export is ready as soon as its file is written, and not before.
        await self.put("exports", {"not_started": 0, "in_progress": 0})

    async def put(self, what: str, documents: object) -> None:
        """Have the simulator hold something."""
        async with self.http.post(f"{self.graph}/_sim/{what}", json=documents) as answer:
            answer.raise_for_status()

    async def sync(self) -> Measured:
        """One run; RuntimeError where a step of it failed."""
        before = await self._calls()
        await writes(self.http, self.counts)
        answer = await self._answer("benchmarks.syncing")
        run = Run.model_validate(answer["run"])
        failed = [(step.step, step.error) for step in run.steps if step.error]
        if failed:
            raise RuntimeError(f"a run of the sync failed: {failed}")
        after, written = await self._calls(), await writes(self.http, self.counts)
        calls, refused = (now - then for now, then in zip(after, before, strict=True))
        own = written.pop(OWN, 0)
        peak, cpu = int(answer["peak_bytes"]), float(answer["cpu"])
        return Measured(run, peak, calls, refused, sum(written.values()), own, cpu)

    async def seed(self, devices: int, apps: int) -> None:
        """Have the tenant, and the store as a first run over all of it leaves it, which takes that a hundred
        times as long."""
        await self.fill(tenant.KINDS, apps)
        await self.sync()
        storing = self._answer("benchmarks.seeding", str(self.folder), str(devices), str(apps))
        async with asyncio.TaskGroup() as group:
            group.create_task(storing)
            group.create_task(self.fill(devices, apps))

    async def _answer(self, module: str, *arguments: str) -> dict[str, Any]:
        environment = settings(self.cosmos, self.graph)
        return await answer_of(sys.executable, "-m", module, *arguments, environment=environment)

    async def _calls(self) -> tuple[int, int]:
        async with self.http.get(f"{self.graph}/_sim/calls") as answer:
            rows: list[dict[str, Any]] = await answer.json()
        return sum(row["count"] for row in rows), sum(row["refused"] for row in rows)


@asynccontextmanager
async def stand_ins() -> AsyncIterator[StandIns]:
    """Both, empty. Processes and files are gone afterwards, however it ends."""
    async with AsyncExitStack() as exits:
        folder = exits.enter_context(tempfile.TemporaryDirectory(prefix="mtd-bench-"))
        cosmos, counts = await exits.enter_async_context(server("cosmos", folder))
        graph, _ = await exits.enter_async_context(server("graph", folder))
        http = await exits.enter_async_context(aiohttp.ClientSession())
        yield StandIns(pathlib.Path(folder), cosmos, counts, graph, http)


async def measure(devices: int, apps: int, say: Callable[[str], None]) -> Tenant:
    """Both runs, and the floor."""
    async with stand_ins() as there:
        say(f"putting {devices} devices with {apps} apps each into the simulated tenant")
        await there.fill(devices, apps)
        say("the first run")
        first = await there.sync()
        say("the second run")
        second = await there.sync()
        say("the floor")
        return Tenant(first, second, await floor_of(there.graph, there.folder))
