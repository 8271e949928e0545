"""One stand-in in a process of its own, until whoever started it closes its input or ends.

    python -m benchmarks.serving cosmos|graph FOLDER

Its first line of output is its address. `GET /_count` answers what a Cosmos server was asked for since the
last time; the Graph simulator answers it by itself (`/_sim/calls`).
"""

import asyncio
import json
import pathlib
import sys

from aiohttp import web

from local.cosmos.account import EMULATOR_KEY
from local.cosmos.server import OPERATIONS
from local.cosmos.server import create_app as cosmos_app
from local.database import QUERIES, provision
from local.graph.server import create_app as graph_app


def main() -> None:
    kind, folder = sys.argv[1], pathlib.Path(sys.argv[2])
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


async def _count(app: web.Application) -> web.Response:
    counted = [[container, operation, number] for (container, operation), number in app[OPERATIONS].items()]
    app[OPERATIONS].clear()
    return web.json_response(counted)


if __name__ == "__main__":
    main()
