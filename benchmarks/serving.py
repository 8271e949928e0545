"""One stand-in in a process of its own, until whoever started it closes its input or ends.

    python -m benchmarks.serving cosmos|graph FOLDER

Its first line of output is its addresses: its own, and one where `GET /_count` answers what a Cosmos server
was asked for since the last time (the Graph simulator answers it by itself, `/_sim/calls`), and `GET /_tags`
when the Graph simulator had written to which of Entra's devices.
"""

import asyncio
import json
import pathlib
import sys
import time

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from local.cosmos.account import EMULATOR_KEY
from local.cosmos.server import OPERATIONS
from local.cosmos.server import create_app as cosmos_app
from local.database import QUERIES, provision
from local.graph.server import create_app as graph_app


def main() -> None:
    kind, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(kind, folder))


async def _serve(kind: str, folder: pathlib.Path) -> None:
    app = (
        cosmos_app(folder / "cosmos.sqlite", queries=QUERIES)
        if kind == "cosmos"
        else graph_app(folder / "graph.sqlite")
    )
    counting = web.Application()
    if kind == "cosmos":
        counting.router.add_get("/_count", lambda _request: _count(app))
    else:
        written: list[tuple[str, float]] = []
        app.middlewares.append(_noting(written))
        counting.router.add_get("/_tags", lambda _request: _listed(written))
    runners = [web.AppRunner(each, access_log=None) for each in (app, counting)]
    addresses = []
    for runner in runners:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        addresses.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
    if kind == "cosmos":
        await provision(addresses[0], EMULATOR_KEY)
    print(json.dumps(addresses), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for runner in runners:
        await runner.cleanup()


def _noting(written: list[tuple[str, float]]) -> Middleware:
    """Notes each write to a device of Entra's, alone or in a batch, and the time of its answer."""

    @web.middleware
    async def noting(request: web.Request, handler: Handler) -> web.StreamResponse:
        paths = [request.path] if request.method == "PATCH" else []
        if request.path.endswith("/$batch"):
            items = (await request.json())["requests"]
            paths = [item["url"] for item in items if item["method"] == "PATCH"]
        answer = await handler(request)
        written.extend((path.split("'")[1], time.time()) for path in paths if "'" in path)
        return answer

    return noting


async def _listed(written: list[tuple[str, float]]) -> web.Response:
    return web.json_response(written)


async def _count(app: web.Application) -> web.Response:
    counted = [[container, operation, number] for (container, operation), number in app[OPERATIONS].items()]
    app[OPERATIONS].clear()
    return web.json_response(counted)


if __name__ == "__main__":
    main()
