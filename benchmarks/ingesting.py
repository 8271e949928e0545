"""Messages of one report each, taken in by one process as fast as it can.

    python -m benchmarks.ingesting app|bare|naive MESSAGES

Prints, as JSON, the seconds it took and those of this process's CPU. `app` is the whole route, from the
request the host hands over to its answer; `bare` creates documents of the same bytes and does nothing else;
`naive` is what one writes in an afternoon: it verifies, reads the JSON, and upserts under an id it makes up.
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
from typing import Any

import azure.functions as func

from benchmarks.one_report import KEY, MESSAGE, Signed, documents

WORKERS = 16
"""Messages that are under way at a time, as the host's own share of one instance."""
CONTAINER = ("mtd", "reports")

Message = Callable[[], Awaitable[object]]


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

    messages = _messages(count + 1)
    await post(next(messages))  # opens the connection and builds the models
    try:
        return await _timed([_of(post, each) for each in messages])
    finally:
        await services().close()


async def _bare(count: int) -> dict[str, float]:
    made = (documents(each)[0] for each in _messages(count + 1))
    return await _stored("create_item", [{**each, "id": uuid.uuid4().hex} for each in made])


async def _naive(count: int) -> dict[str, float]:
    async def handle(container: Any, message: Signed) -> None:
        hmac.compare_digest(hmac.digest(KEY, message.body, "sha256"), b"\0" * 32)
        content = json.loads(message.body)
        await container.upsert_item({"id": uuid.uuid4().hex, "agent": "lookout:agent", **content})

    return await _stored(handle, list(_messages(count + 1)))


async def _stored(how: Any, items: list[Any]) -> dict[str, float]:
    from azure.cosmos.aio import CosmosClient

    async with CosmosClient.from_connection_string(os.environ["COSMOS"]) as client:
        database, name = CONTAINER
        container = client.get_database_client(database).get_container_client(name)

        async def put(item: Any) -> None:
            await (getattr(container, how)(item) if isinstance(how, str) else how(container, item))

        first, *rest = items
        await put(first)
        return await _timed([_of(put, each) for each in rest])


def _of(handle: Callable[[Any], Awaitable[None]], item: Any) -> Message:
    return lambda: handle(item)


async def _timed(work: list[Message]) -> dict[str, float]:
    left = iter(work)
    begun, cpu = time.monotonic(), time.process_time()

    async def worker() -> None:
        for each in left:
            await each()

    await asyncio.gather(*(worker() for _ in range(WORKERS)))
    return {"seconds": time.monotonic() - begun, "cpu": time.process_time() - cpu}


def _messages(count: int) -> Iterator[Signed]:
    message: dict[str, Any] = MESSAGE
    for number in range(count):
        guid = str(uuid.UUID(int=number % 500 + 1))
        parts = {name: {**message[name], "guid": guid} for name in ("actor", "target")}
        yield Signed.of("lookout", {**message, **parts, "id": f"event-{number}"}, datetime.now(UTC))


if __name__ == "__main__":
    main()
