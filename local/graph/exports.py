"""Intune's export jobs: a report is ordered, polled for, and fetched as a zip from where a link leads.

Source: Graph "deviceManagementExportJob", Intune "Export reports using Graph APIs" and Azure Storage's error
codes. One report, AppInvRawData, as CSV; a filter is one `column eq 'text'`. A job takes so many polls,
however long they take, and the time it takes to write the file. Left out: the other reports, JSON, localized
columns, lists of jobs, jobs that outlive a restart, and of a link's signature all but name and expiry.
"""

import asyncio
import base64
import csv
import datetime
import hashlib
import hmac
import io
import pathlib
import re
import secrets
import tempfile
import uuid
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from aiohttp import web
from pydantic import AfterValidator

from local.graph.directory import STATE, Directory
from local.graph.faults import FAULTS, ExportFlaws
from local.graph.inventory import COLUMNS, blocks
from local.graph.policy import Wire
from local.graph.problem import Document, not_found, read_object, validated

JOBS = "/v1.0/deviceManagement/reports/exportJobs"
LINK_LIFETIME = 6 * 60 * 60
NEVER = "0001-01-01T00:00:00Z"
PADDING = bytes(1024 * 1024)
WAIT_SECONDS = 2.0
"""How long a poll waits for a file that is due: a small job then takes as many polls as set."""


def _column(name: str) -> str:
    if name not in COLUMNS:
        raise ValueError(f"no column {name}")
    return name


def _condition(text: str) -> str:
    found = re.fullmatch(r"\(?(\w+) eq '((?:[^']|'')*)'\)?", text.strip())
    if text and (found is None or _column(found[1]) == "ApplicationKey"):
        raise ValueError("not a filter of this report, or not simulated")
    return text


class Order(Wire):
    """The body of a POST."""

    report_name: Literal["AppInvRawData"]
    filter: Annotated[str, AfterValidator(_condition)] = ""
    select: tuple[Annotated[str, AfterValidator(_column)], ...] = ()
    format: Literal["csv"] = "csv"
    localization_type: str = "LocalizedValuesAsAdditionalColumn"

    def condition(self) -> tuple[int, str] | None:
        """The place of a column, and what it must hold."""
        if not self.filter:
            return None
        name, _, text = self.filter.strip("() ").partition(" eq ")
        return COLUMNS.index(name), text[1:-1].replace("''", "'")


@dataclass
class Job:
    """One export; `polls` counts how often it was asked for."""

    order: Order
    flaws: ExportFlaws
    path: pathlib.Path
    requested: float
    writing: asyncio.Task[None]
    polls: int = 0
    expires: float | None = None


class Exports:
    """The jobs and their files; `beside` which file their folder is made, None: where temporary ones are."""

    def __init__(self, beside: pathlib.Path | None, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._beside = beside
        self._folder = pathlib.Path()
        self._key = secrets.token_bytes(32)
        self._jobs: dict[str, Job] = {}
        self.set_pace()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Jobs can be started inside; at the end nothing writes any more, and the files go."""
        parent = self._beside and self._beside.parent
        with tempfile.TemporaryDirectory(prefix="exports-", dir=parent) as folder:
            self._folder = pathlib.Path(folder)
            yield
            for job in self._jobs.values():
                job.writing.cancel()
            await asyncio.gather(*(job.writing for job in self._jobs.values()), return_exceptions=True)

    def set_pace(self, not_started: int = 1, in_progress: int = 1) -> None:
        """How many polls find a job not started, and how many more in progress."""
        self._pace = (not_started, not_started + in_progress)

    def start(self, state: Directory, order: Order, flaws: ExportFlaws) -> str:
        """The id of a new job."""
        key = f"{order.report_name}_{uuid.uuid4()}"
        path = self._folder / f"{key}.zip"
        writing = asyncio.create_task(_write(path, state, order, flaws))
        self._jobs[key] = Job(order, flaws, path, self._clock(), writing)
        return key

    async def poll(self, key: str) -> str:
        """The job's status, one poll later; 404."""
        job = self._job(key)
        job.polls += 1
        if job.flaws.stuck or job.polls <= self._pace[0]:
            return "notStarted"
        if job.polls > self._pace[1]:
            await asyncio.wait([job.writing], timeout=WAIT_SECONDS)
            if job.writing.done():
                job.writing.result()
                return "failed" if job.flaws.fails else "completed"
        return "inProgress"

    def show(self, key: str, status: str, origin: str) -> Document:
        """The job as Graph shows it; its link leads to `origin`."""
        job = self._job(key)
        if status == "completed" and job.expires is None:
            job.expires = self._clock() + (-1 if job.flaws.link_expired else LINK_LIFETIME)
        expires = NEVER if job.expires is None else _iso(job.expires)
        return {
            "@odata.context": f"{origin}/v1.0/$metadata#deviceManagement/reports/exportJobs/$entity",
            "id": key,
            **job.order.model_dump(by_alias=True),
            "snapshotId": None,
            "status": status,
            "url": None if job.expires is None else f"{origin}/_blob/{job.path.name}?{self._signed(job)}",
            "requestDateTime": _iso(job.requested),
            "expirationDateTime": expires,
        }

    def file(self, name: str, expires: str, signature: str) -> pathlib.Path | None:
        """The file, if the link to it is ours and still good."""
        ours = hmac.compare_digest(
            self._signature(name, expires).encode(), signature.encode(errors="replace")
        )
        if not ours or expires <= _iso(self._clock()):
            return None
        return self._folder / name

    def _job(self, key: str) -> Job:
        if key not in self._jobs:
            raise not_found(key)
        return self._jobs[key]

    def _signed(self, job: Job) -> str:
        expires = _iso(job.expires or 0)
        signature = self._signature(job.path.name, expires)
        return urlencode({"sv": "2024-11-04", "sr": "b", "sp": "r", "se": expires, "sig": signature})

    def _signature(self, name: str, expires: str) -> str:
        return base64.b64encode(
            hmac.digest(self._key, f"{name}\n{expires}".encode(), hashlib.sha256)
        ).decode()


EXPORTS = web.AppKey("EXPORTS", Exports)


async def create_job(request: web.Request) -> web.Response:
    """POST: 201."""
    order = validated(Order, await read_object(request))
    exports = request.app[EXPORTS]
    key = exports.start(request.app[STATE], order, request.app[FAULTS].takes_export_flaws())
    return web.json_response(exports.show(key, "notStarted", str(request.url.origin())), status=201)


async def job(request: web.Request) -> web.Response:
    """GET: how far it is, and at the end the link."""
    exports, key = request.app[EXPORTS], request.match_info["id"]
    return web.json_response(exports.show(key, await exports.poll(key), str(request.url.origin())))


async def download(request: web.Request) -> web.StreamResponse:
    """GET /_blob/{name}: the zip, as Azure Storage gives it: the link is all the proof there may be."""
    if "Authorization" in request.headers:
        return _storage_error(400, "InvalidAuthenticationInfo")
    signed = (request.query.get("se", ""), request.query.get("sig", ""))
    path = request.app[EXPORTS].file(request.match_info["name"], *signed)
    return _storage_error(403, "AuthenticationFailed") if path is None else web.FileResponse(path)


async def _write(path: pathlib.Path, state: Directory, order: Order, flaws: ExportFlaws) -> None:
    """The zip, with pauses in which others have their turn; never more than a block of it in memory."""
    places = [COLUMNS.index(name) for name in order.select or COLUMNS]
    condition = None if flaws.filter_ignored else order.condition()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(f"{path.stem}.csv", "w", force_zip64=True) as entry:
            text = io.TextIOWrapper(entry, "utf-8-sig", errors="replace", newline="")
            writer = csv.writer(text)
            writer.writerow([COLUMNS[place] for place in places])
            for rows in blocks(state):
                if condition is not None:
                    rows = [row for row in rows if row[condition[0]] == condition[1]]
                writer.writerows([row[place] for place in places] for row in rows)
                await asyncio.sleep(0)
            text.flush()
            text.detach()
            for _ in range(flaws.padding_mib):
                entry.write(PADDING)
                await asyncio.sleep(0)
        if flaws.claimed_size is not None:
            _claim(archive, flaws.claimed_size)


def _claim(archive: zipfile.ZipFile, size: int) -> None:
    """Let both headers of the only entry give `size` as its uncompressed size."""
    entry = archive.filelist[0]
    entry.file_size = size
    assert archive.fp is not None
    archive.fp.seek(entry.header_offset)
    archive.fp.write(entry.FileHeader(zip64=True))
    archive.fp.seek(archive.start_dir)


def _storage_error(status: int, code: str) -> web.Response:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code></Error>'
    headers = {"x-ms-error-code": code}
    return web.Response(text=body, status=status, headers=headers, content_type="application/xml")


def _iso(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).isoformat().replace("+00:00", "Z")


ROUTES = (
    web.post(JOBS, create_job),
    web.get(JOBS + "('{id}')", job),
    web.get(JOBS + "/{id}", job),
    web.get("/_blob/{name}", download),
)
