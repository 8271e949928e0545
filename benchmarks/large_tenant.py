"""The sync of a large tenant whose admin opted in to full app inventory: memory, calls, writes, time.

The servers and the sync each have a process of their own. Two runs: the first writes everything, the second
finds nothing changed, though it fetches the whole export again.
"""

import pathlib
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
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

    def count(self, name: str) -> int:
        """What the apps step counted."""
        return next(step.counts.get(name, 0) for step in self.run.steps if step.step == "apps")


@dataclass(frozen=True)
class Tenant:
    """Two runs over one tenant."""

    first: Measured
    second: Measured
    floor: float
    """Seconds of CPU that reading the same takes at least."""


async def measure(devices: int, apps: int, say: Callable[[str], None]) -> Tenant:
    """Both runs, and the floor. Processes and files are gone afterwards, however it ends."""
    async with AsyncExitStack() as exits:
        folder = exits.enter_context(tempfile.TemporaryDirectory(prefix="mtd-bench-"))
        cosmos, counts = await exits.enter_async_context(server("cosmos", folder))
        graph, _ = await exits.enter_async_context(server("graph", folder))
        http = await exits.enter_async_context(aiohttp.ClientSession())
        say(f"putting {devices} devices with {apps} apps each into the simulated tenant")
        await _fill(http, graph, devices, apps)
        measured = []
        for name in ("first", "second"):
            say(f"the {name} run")
            before = await _calls(http, graph)
            await writes(http, counts)
            run, peak, cpu = await _sync(cosmos, graph)
            after, written = await _calls(http, graph), await writes(http, counts)
            calls, refused = (now - then for now, then in zip(after, before, strict=True))
            own = written.pop(OWN, 0)
            measured.append(Measured(run, peak, calls, refused, sum(written.values()), own, cpu))
        say("the floor")
        first, second = measured
        return Tenant(first, second, await floor_of(graph, pathlib.Path(folder)))


async def _fill(http: aiohttp.ClientSession, graph: str, devices: int, apps: int) -> None:
    for batch in tenant.devices(devices):
        await _put(http, graph, "devices", batch)
    for what, documents in tenant.rest(apps):
        await _put(http, graph, what, documents)
    # An export is ready as soon as its file is written, and not before.
    await _put(http, graph, "exports", {"not_started": 0, "in_progress": 0})


async def _put(http: aiohttp.ClientSession, graph: str, what: str, documents: object) -> None:
    async with http.post(f"{graph}/_sim/{what}", json=documents) as answer:
        answer.raise_for_status()


async def _calls(http: aiohttp.ClientSession, graph: str) -> tuple[int, int]:
    async with http.get(f"{graph}/_sim/calls") as answer:
        rows: list[dict[str, Any]] = await answer.json()
    return sum(row["count"] for row in rows), sum(row["refused"] for row in rows)


async def _sync(cosmos: str, graph: str) -> tuple[Run, int, float]:
    """The run, the most memory it had, and its seconds of CPU."""
    command = (sys.executable, "-m", "benchmarks.syncing")
    answer = await answer_of(*command, environment=settings(cosmos, graph))
    return Run.model_validate(answer["run"]), int(answer["peak_bytes"]), float(answer["cpu"])
