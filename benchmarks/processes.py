"""Processes of a benchmark: stand-ins, the app, or some work whose cost is measured apart. However it ends,
none is left."""

import asyncio
import json
import os
import pathlib
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from benchmarks.one_report import SECRET
from local.cosmos.account import EMULATOR_KEY
from local.database import connection_string

ROOT = pathlib.Path(__file__).resolve().parent.parent

WRITES = frozenset({"create", "replace", "upsert", "delete", "patch", "batch"})
NOWHERE = "http://127.0.0.1:9"


def settings(cosmos: str, graph: str = NOWHERE) -> dict[str, str]:
    """The settings of an app that talks to these stand-ins, with Lookout for every platform."""
    return {
        "MODE": "enforce",
        "PARTNERS_IOS": "lookout",
        "PARTNERS_ANDROID": "lookout",
        "CONNECTOR_ID_LOOKOUT": "c0000000-0000-4000-8000-000000000001",
        "WEBHOOK_SECRETS_LOOKOUT": SECRET,
        "PARTNER_REPORTS_PER_MINUTE": "100000",
        "GUARD_DEVICES": "20000",
        "APP_SYNC_HOURS": "0",
        "COSMOS": connection_string(cosmos, EMULATOR_KEY),
        "GRAPH_BASE_URL": f"{graph}/v1.0",
        "IDENTITY_ENDPOINT": f"{graph}/msi/token",
        "IDENTITY_HEADER": "local",
    }


@asynccontextmanager
async def server(kind: str, folder: str) -> AsyncIterator[list[str]]:
    """A stand-in's addresses: its own, and that of what it counts."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.serving", kind, folder, cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()  # it ends when its input closes, which it does with this process too
        await _ended(process)


@asynccontextmanager
async def running(*command: str, environment: Mapping[str, str]) -> AsyncIterator[Process]:
    """A process that serves until it is asked to end."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=_environment(environment), stdout=PIPE, stderr=DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await _ended(process)


async def answer_of(
    *command: str, environment: Mapping[str, str], folder: pathlib.Path = ROOT
) -> dict[str, Any]:
    """The JSON object that is the last line of a process that does some work and ends."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=_environment(environment), stdout=PIPE, stderr=PIPE
    )
    try:
        output, errors = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise RuntimeError(f"it ended with {process.returncode}: {errors.decode()[-500:]}")
    answer: dict[str, Any] = json.loads(output.splitlines()[-1])
    return answer


async def writes(http: aiohttp.ClientSession, counts: str) -> dict[str, int]:
    """Writes by container since the last time."""
    written: dict[str, int] = {}
    for container, operation, number in await operations(http, counts):
        if operation in WRITES:
            written[container] = written.get(container, 0) + number
    return written


async def operations(http: aiohttp.ClientSession, counts: str) -> list[tuple[str, str, int]]:
    """What a store was asked for since the last time: container, kind of operation, how often."""
    async with http.get(f"{counts}/_count") as answer:
        return [(container, operation, number) for container, operation, number in await answer.json()]


def _environment(settings_: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), **settings_}


async def _ended(process: Process, patience: float = 20) -> None:
    try:
        await asyncio.wait_for(process.wait(), patience)
    except TimeoutError:
        process.kill()
        await process.wait()
