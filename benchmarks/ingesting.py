"""Messages of one report each, taken in by one process as fast as it can.

    python -m benchmarks.ingesting app|bare|naive MESSAGES

Prints, as JSON, the seconds it took, those of this process's CPU, and the most memory it ever had. `app` is
the whole route, from the request the host hands over to its answer; `bare` creates documents of the same
bytes and does nothing else; `naive` is what one writes in an afternoon: it verifies, reads the JSON, and
upserts under an id it makes up.
"""

import asyncio
import hmac
import json
import os
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import azure.functions as func

from benchmarks.one_report import KEY, Signed, documents, messages
from benchmarks.peak import peak_bytes

WORKERS = 16
"""Messages that are under way at a time, as the host's own share of one instance."""
AT_A_TIME = 1_000
"""Messages that are made, and then handled."""
CONTAINER = ("mtd", "reports")


def main() -> None:
    who, count = sys.argv[1], int(sys.argv[2])
    print(json.dumps(asyncio.run({"app": _app, "bare": _bare, "naive": _naive}[who](count))))


async def _app(count: int) -> dict[str, float]:
    from function_app import PARTNERS, ROUTES
    from shared.route import respond
    from shared.services import services

    [route] = [each for each in ROUTES if each.name == "ingest_threat"]

    async def post(message: Signed) -> None:
        request = func.HttpRequest(
            "POST",
            "https://example.com/api/partners/lookout/reports",
            headers=dict(message.headers),
            route_params={"partner": "lookout"},
            body=message.body,
        )
        answer = await respond(route, request, PARTNERS)
        assert answer.status_code == 202, answer.get_body()

    sent = _messages(count + 1)
    await post(next(sent))  # opens the connection and builds the models
    try:
        return await _timed(post, sent)
    finally:
        await services().close()


async def _bare(count: int) -> dict[str, float]:
    made = (documents(each)[0] for each in _messages(count + 1))
    return await _stored("create_item", ({**each, "id": uuid.uuid4().hex} for each in made))


async def _naive(count: int) -> dict[str, float]:
    async def handle(container: Any, message: Signed) -> None:
        hmac.compare_digest(hmac.digest(KEY, message.body, "sha256"), b"\0" * 32)
        content = json.loads(message.body)
        await container.upsert_item({"id": uuid.uuid4().hex, "agent": "lookout:agent", **content})

    return await _stored(handle, _messages(count + 1))


async def _stored(how: Any, items: Iterator[Any]) -> dict[str, float]:
    from azure.cosmos.aio import CosmosClient

    async with CosmosClient.from_connection_string(os.environ["COSMOS"]) as client:
        database, name = CONTAINER
        container = client.get_database_client(database).get_container_client(name)

        async def put(item: Any) -> None:
            await (getattr(container, how)(item) if isinstance(how, str) else how(container, item))

        await put(next(items))
        return await _timed(put, items)


async def _timed(handle: Callable[[Any], Awaitable[None]], items: Iterator[Any]) -> dict[str, float]:
    """What it takes to handle them all; that they are made, some at a time, does not count."""
    seconds = cpu = 0.0
    while some := list(islice(items, AT_A_TIME)):
        left = iter(some)
        begun, spent = time.monotonic(), time.process_time()
        await asyncio.gather(*(_worker(handle, left) for _ in range(WORKERS)))
        seconds += time.monotonic() - begun
        cpu += time.process_time() - spent
    return {"seconds": seconds, "cpu": cpu, "peak_bytes": peak_bytes()}


async def _worker(handle: Callable[[Any], Awaitable[None]], left: Iterator[Any]) -> None:
    for each in left:
        await handle(each)


def _messages(count: int) -> Iterator[Signed]:
    return messages(range(count), now=lambda: datetime.now(UTC))


if __name__ == "__main__":
    main()
