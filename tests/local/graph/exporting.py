"""Ordering an export and reading what comes of it, as tests do it."""

import csv
import io
import zipfile
from typing import Any

import aiohttp

from tests.local.graph.simulator import Simulator

JOBS = "/v1.0/deviceManagement/reports/exportJobs"
ORDER = {"reportName": "AppInvRawData", "format": "csv", "select": ["DeviceId", "ApplicationName"]}
NAMES = ('Karte, "neu"', "two\nlines", "Поиск 探索 🔭", "=1+1")
"""What the apps on the iPhone are called."""


async def export(simulator: Simulator, order: dict[str, Any] = ORDER) -> dict[str, Any]:
    """The job when it is over."""
    status, job = await simulator.ask("POST", JOBS, order)
    assert status == 201
    for _ in range(3):
        _, job = await simulator.ask("GET", f"{JOBS}('{job['id']}')")
    over: dict[str, Any] = job
    return over


async def fetch(url: str, **headers: str) -> tuple[int, bytes]:
    """Status and body, asked for without a token."""
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.read()


async def rows(job: dict[str, Any]) -> list[list[str]]:
    """The report, headings first."""
    status, body = await fetch(job["url"])
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.namelist() == [f"{job['id']}.csv"]
        content = archive.read(archive.namelist()[0])
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
