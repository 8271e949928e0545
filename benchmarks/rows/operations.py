"""What a report asks of the store, as the stand-in counts it: to take it in and to evaluate it, once and
again. Whether there are more than before, tests hold."""

import json
import tempfile
from collections.abc import AsyncIterator

import aiohttp

from benchmarks.one_report import MESSAGE
from benchmarks.processes import operations, server, settings
from benchmarks.row import Row
from evaluate_risk.evaluation import evaluate
from ingest_threat.intake import accept
from shared.domain.model import Report
from shared.services import Services
from shared.settings import read

BOUND = 60.0


async def rows() -> AsyncIterator[Row]:
    with tempfile.TemporaryDirectory(prefix="mtd-bench-") as folder:
        async with server("cosmos", folder) as (cosmos, counts), aiohttp.ClientSession() as http:
            services = Services.of(read(settings(cosmos)))
            try:
                async for row in _counted(services, http, counts):
                    yield row
            finally:
                await services.close()


async def _counted(services: Services, http: aiohttp.ClientSession, counts: str) -> AsyncIterator[Row]:
    async def since() -> int:
        return sum(number for _, _, number in await operations(http, counts))

    first, second = (json.dumps({**MESSAGE, "id": f"event-{number}"}).encode() for number in range(2))
    await accept(services, "lookout", json.dumps(MESSAGE).encode())
    await since()
    for what, body in (("a new report", first), ("a repeat of it", first)):
        await accept(services, "lookout", body)
        yield Row(f"operations to take in {what}", await since())
    await accept(services, "lookout", second)
    reports = [each async for each in services.store.rows(Report, "reports", "SELECT * FROM c")]
    documents = [each.model_dump(mode="json") for each in reports]
    await evaluate(services, documents[:1])
    await since()
    for what, some in (("one more report of an agent", documents[1:2]), ("a repeat of it", documents[1:2])):
        await evaluate(services, some)
        yield Row(f"operations to evaluate {what}", await since())
