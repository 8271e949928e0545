"""The least CPU that any sync takes to look at a tenant: json.loads of the pages and the documents that the
sync reads, and csv.reader over the export. Nothing is compared, written or fetched within what is counted."""

import asyncio
import csv
import io
import json
import pathlib
import time
import zipfile
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import aiohttp

from local.cosmos.store import bodies
from shared.graph.wire import ListedDeviceAnswer, ManagedDeviceAnswer, Wire
from sync_inventory.apps.export import REPORT, WHERE
from sync_inventory.apps.report import COLUMNS

CONTAINERS = ("devices", "links")
EXPORTS = "/deviceManagement/reports/exportJobs"


async def floor_of(graph: str, folder: pathlib.Path) -> float:
    """Seconds of CPU, for the tenant of the simulator at `graph` and the store in `folder`."""
    store = folder / "cosmos.sqlite"
    seconds = sum(_spent(json.loads, body) for name in CONTAINERS for body in bodies(store, name))
    token = {"resource": "https://graph.microsoft.com", "api-version": "2019-08-01"}
    async with aiohttp.ClientSession() as http:
        login = http.get(f"{graph}/msi/token", params=token, headers={"X-IDENTITY-HEADER": "local"})
        async with login as answer:
            http.headers["Authorization"] = f"Bearer {(await answer.json())['access_token']}"
        for path, model, most in (
            ("/deviceManagement/managedDevices", ManagedDeviceAnswer, 1000),
            ("/devices", ListedDeviceAnswer, 999),
        ):
            first = f"{graph}/v1.0{path}?$select={_fields(model)}&$top={most}"
            async for page in _pages(http, first):
                seconds += _spent(json.loads, page)
        export = await _export(http, f"{graph}/v1.0{EXPORTS}")
    with zipfile.ZipFile(io.BytesIO(export)) as archive:
        for name in archive.namelist():
            with archive.open(name) as rows:
                seconds += _spent(_read_all, io.TextIOWrapper(rows, "utf-8-sig", newline=""))
    return seconds


def _fields(model: type[Wire]) -> str:
    return ",".join(field.alias or name for name, field in model.model_fields.items())


async def _pages(http: aiohttp.ClientSession, url: str) -> AsyncIterator[bytes]:
    following: str | None = url
    while following:
        async with http.get(following) as answer:
            answer.raise_for_status()
            page = await answer.read()
        yield page
        following = json.loads(page).get("@odata.nextLink")


async def _export(http: aiohttp.ClientSession, jobs: str) -> bytes:
    order = {"reportName": REPORT, "filter": WHERE, "select": list(COLUMNS), "format": "csv"}
    async with http.post(jobs, json=order) as answer:
        job: dict[str, Any] = await answer.json()
    while not job.get("url"):
        await asyncio.sleep(0.2)
        async with http.get(f"{jobs}('{job['id']}')") as answer:
            job = await answer.json()
    async with aiohttp.ClientSession() as bare, bare.get(job["url"]) as answer:
        answer.raise_for_status()
        return await answer.read()


def _read_all(lines: Iterable[str]) -> None:
    for _ in csv.reader(lines):
        pass


def _spent(read: Callable[[Any], object], text: object) -> float:
    begun = time.process_time()
    read(text)
    return time.process_time() - begun
