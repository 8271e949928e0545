"""The sync of a large tenant whose admin opted in to full app inventory: memory, calls, writes, time.

The servers and the sync each have a process of their own. Two runs: the first writes everything, the second
finds nothing changed, though it fetches the whole export again.
"""

import asyncio
import json
import os
import pathlib
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from benchmarks import tenant
from local.cosmos.account import EMULATOR_KEY
from local.database import connection_string
from shared.domain.runs import Run

ROOT = pathlib.Path(__file__).resolve().parent.parent
WRITES = frozenset({"create", "replace", "upsert", "delete", "patch", "batch"})
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

    def count(self, name: str) -> int:
        """What the apps step counted."""
        return next(step.counts.get(name, 0) for step in self.run.steps if step.step == "apps")


async def measure(devices: int, apps: int, say: Callable[[str], None]) -> list[Measured]:
    """Both runs. Processes and files are gone afterwards, however it ends."""
    async with AsyncExitStack() as exits:
        folder = exits.enter_context(tempfile.TemporaryDirectory(prefix="mtd-bench-"))
        cosmos, counts = await exits.enter_async_context(_server("cosmos", folder))
        graph, _ = await exits.enter_async_context(_server("graph", folder))
        http = await exits.enter_async_context(aiohttp.ClientSession())
        say(f"putting {devices} devices with {apps} apps each into the simulated tenant")
        await _fill(http, graph, devices, apps)
        measured = []
        for name in ("first", "second"):
            say(f"the {name} run")
            before = await _calls(http, graph)
            await _counted(http, counts)
            run, peak = await _sync(cosmos, graph)
            after, written = await _calls(http, graph), await _counted(http, counts)
            calls, refused = (now - then for now, then in zip(after, before, strict=True))
            own = written.pop(OWN, 0)
            measured.append(Measured(run, peak, calls, refused, sum(written.values()), own))
        return measured


@asynccontextmanager
async def _server(kind: str, folder: str) -> AsyncIterator[list[str]]:
    """A stand-in's addresses; it ends when its input closes, which it does with this process too."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.serving", kind, folder, cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await _ended(process)


async def _ended(process: Process, patience: float = 20) -> None:
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        process.kill()
        await process.wait()


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


async def _counted(http: aiohttp.ClientSession, counts: str) -> dict[str, int]:
    """Writes by container since the last time."""
    written: dict[str, int] = {}
    async with http.get(f"{counts}/_count") as answer:
        for container, operation, number in await answer.json():
            if operation in WRITES:
                written[container] = written.get(container, 0) + number
    return written


async def _sync(cosmos: str, graph: str) -> tuple[Run, int]:
    environment = {
        "MODE": "enforce",
        "PARTNERS_IOS": "lookout",
        "PARTNERS_ANDROID": "lookout",
        "CONNECTOR_ID_LOOKOUT": "c0000000-0000-4000-8000-000000000001",
        "APP_SYNC_HOURS": "0",
        "COSMOS": connection_string(cosmos, EMULATOR_KEY),
        "GRAPH_BASE_URL": f"{graph}/v1.0",
        "IDENTITY_ENDPOINT": f"{graph}/msi/token",
        "IDENTITY_HEADER": "local",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.syncing",
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), **environment},
        stdout=PIPE,
    )
    try:
        output, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise RuntimeError(f"the sync ended with {process.returncode}")
    answer = json.loads(output)
    return Run.model_validate(answer["run"]), int(answer["peak_bytes"])
