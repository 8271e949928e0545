"""The stand-ins of Azure's own interfaces that are polled, on one loopback address, by TLS.

Every answer bears the time of their clock (`Date`). `/_sim/` is the hand of a test or the scenario.
"""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web
from aiohttp.typedefs import Handler

from local.azure import storage, workspace
from local.azure.storage import STORAGE, Storage
from local.azure.workspace import WORKSPACE, Workspace
from local.vendors.faults import FAULTS, Faults, answered_at
from shared.waiting import utc_now


def create_app(clock: Callable[[], datetime] = utc_now, faults: Faults | None = None) -> web.Application:
    """The stand-ins, empty; `clock` is aware."""
    app = web.Application(middlewares=[_answer], client_max_size=1024**3)
    app[FAULTS] = faults or Faults()
    app[STORAGE] = Storage(clock)
    app[WORKSPACE] = Workspace(clock)
    app.add_routes([*storage.ROUTES, *workspace.ROUTES])
    return app


@web.middleware
async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path.startswith("/_sim/"):
        return await handler(request)
    return await answered_at(request.app[STORAGE].clock(), request, handler)
