"""Intune's export jobs: a report is ordered, polled for, and at the end a link leads to it.

Source: Graph "deviceManagementExportJob" and Intune "Export reports using Graph APIs". A job takes so many
polls, however long they take, and the time it takes to write the file. Left out: lists of jobs, and jobs that
outlive a restart.
"""

import asyncio
import uuid
from dataclasses import dataclass

from aiohttp import web

from local.graph.directory import STATE
from local.graph.faults import FAULTS, ExportFlaws
from local.graph.problem import Document, not_found, read_object, validated
from local.graph.report import Order, write
from local.graph.storage import STORAGE

JOBS = "/v1.0/deviceManagement/reports/exportJobs"
LINK_SECONDS = 6 * 60 * 60
WAIT_SECONDS = 2.0
"""How long a poll waits for a file that is due: a small job then takes as many polls as set."""


@dataclass
class Job:
    """One export, as Graph shows it; `polls` counts how often it was asked for."""

    shown: Document
    flaws: ExportFlaws
    writing: asyncio.Task[None]
    polls: int = 0


class Exports:
    """The jobs by id."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.set_pace()

    def set_pace(self, not_started: int = 1, in_progress: int = 1) -> None:
        """How many polls find a job not started, and how many more in progress."""
        self._pace = (not_started, not_started + in_progress)

    async def poll(self, job: Job) -> str:
        """The job's status, one poll later."""
        job.polls += 1
        if job.flaws.stuck or job.polls <= self._pace[0]:
            return "notStarted"
        if job.polls > self._pace[1]:
            await asyncio.wait([job.writing], timeout=WAIT_SECONDS)
            if job.writing.done():
                job.writing.result()
                return "failed" if job.flaws.fails else "completed"
        return "inProgress"

    async def stop(self) -> None:
        """Nothing is written any more."""
        writing = [job.writing for job in self.jobs.values()]
        for task in writing:
            task.cancel()
        await asyncio.gather(*writing, return_exceptions=True)


EXPORTS = web.AppKey("EXPORTS", Exports)


async def create_job(request: web.Request) -> web.Response:
    """POST: 201."""
    order = validated(Order, await read_object(request))
    storage, flaws = request.app[STORAGE], request.app[FAULTS].takes_export_flaws()
    key = f"{order.report_name}_{uuid.uuid4()}"
    context = "v1.0/$metadata#deviceManagement/reports/exportJobs/$entity"
    shown = {
        "@odata.context": f"{request.url.origin()}/{context}",
        "id": key,
        **order.model_dump(by_alias=True),
        "snapshotId": None,
        "status": "notStarted",
        "url": None,
        "requestDateTime": storage.now(),
        "expirationDateTime": "0001-01-01T00:00:00Z",
    }
    writing = write(storage.folder / f"{key}.zip", request.app[STATE], order, flaws)
    request.app[EXPORTS].jobs[key] = Job(shown, flaws, asyncio.create_task(writing))
    return web.json_response(shown, status=201)


async def poll_job(request: web.Request) -> web.Response:
    """GET: how far it is, and at the end the link."""
    exports, storage, key = request.app[EXPORTS], request.app[STORAGE], request.match_info["id"]
    if key not in exports.jobs:
        raise not_found(key)
    job = exports.jobs[key]
    job.shown["status"] = await exports.poll(job)
    if job.shown["status"] == "completed" and job.shown["url"] is None:
        expires = storage.now(-1 if job.flaws.link_expired else LINK_SECONDS)
        job.shown["expirationDateTime"] = expires
        job.shown["url"] = f"{request.url.origin()}{storage.link(f'{key}.zip', expires)}"
    return web.json_response(job.shown)


ROUTES = (
    web.post(JOBS, create_job),
    web.get(JOBS + "('{id}')", poll_job),
    web.get(JOBS + "/{id}", poll_job),
)
