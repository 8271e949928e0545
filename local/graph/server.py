"""The Graph simulator: Intune and Entra as the product sees them, on one loopback address.

Written from the documented behaviour of Microsoft Graph v1.0 (managedDevice, mobileThreatDefenseConnector,
deviceCompliancePolicy, deviceManagementExportJob, mobileApp, device, group, conditionalAccessPolicy,
conditionalAccessRoot: evaluate, two actions, JSON batching, throttling limits, errors), of two lists of beta
(deviceCompliancePolicy with its filters, deviceAndAppManagementAssignmentFilter), of App Service's managed
identity endpoint, of Azure Storage's links, and of Entra's keys. Not checked against a tenant. It leaves out:
$filter, $orderby, $count and $search, delta, etags, permissions and audiences, the types of properties
(objects hold what was put; their names are known), Entra's replication lag, enforcement at sign-in (What If
says what applies, nobody signs in), and every other endpoint: asking for one gets 400, as Graph answers an
unknown segment.
"""

import asyncio
import pathlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from local.graph import (
    actions,
    admin,
    batch,
    conditional_access,
    entra,
    exports,
    groups,
    intune,
    storage,
    tokens,
)
from local.graph.actions import ACTIONS
from local.graph.admin import CALLS, REFUSED
from local.graph.directory import STATE, Directory
from local.graph.exports import EXPORTS, Exports
from local.graph.faults import FAULTS, GRAPH, Faults
from local.graph.identity import Identity
from local.graph.listing import PAGE_SIZE
from local.graph.problem import GraphProblem, bad_request
from local.graph.storage import STORAGE, Storage
from local.graph.throttling import Throttle

__all__ = ["CALLS", "FAULTS", "STATE", "create_app"]

IDENTITY = web.AppKey("IDENTITY", Identity)
THROTTLE = web.AppKey("THROTTLE", Throttle)
MAX_BODY = 256 * 1024 * 1024


def create_app(
    path: pathlib.Path | None,
    *,
    clock: Callable[[], float] = time.time,
    page_size: int = 1000,
    quotas: bool = True,
) -> web.Application:
    """The simulator over the state in `path` (None: memory); `clock`, in seconds, drives quotas and links."""
    app = web.Application(middlewares=[_answer], client_max_size=MAX_BODY)
    app[STATE] = state = Directory(path)
    app[FAULTS] = Faults()
    app[CALLS] = Counter()
    app[REFUSED] = Counter()
    app[ACTIONS] = []
    app[EXPORTS] = Exports()
    app[STORAGE] = Storage(clock, path)
    app[PAGE_SIZE] = page_size
    app[IDENTITY] = identity = Identity(state.signing_key())
    if quotas:
        app[THROTTLE] = Throttle(clock)
    for room in (batch, intune, exports, storage, entra, groups, actions, conditional_access, tokens, admin):
        app.add_routes(room.ROUTES)
    app.router.add_get("/msi/token", identity.token)
    app.cleanup_ctx.append(_close)
    return app


async def _close(app: web.Application) -> AsyncIterator[None]:
    with app[STORAGE].opened():
        yield
        await app[EXPORTS].stop()
    app[STATE].close()


@web.middleware
async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path.startswith("/_sim/"):
        return await handler(request)
    try:
        await asyncio.sleep(request.app[FAULTS].seconds_to_wait(request))
        if request.path.startswith(GRAPH):
            _admit(request)
        request.app[FAULTS].refuse(request)
        return await handler(request)
    except GraphProblem as problem:
        request.app[REFUSED][_call(request)] += problem.status == 429
        return problem.response()
    except web.HTTPNotFound:
        return bad_request(f"Resource not found for the segment '{request.path}'.").response()
    except web.HTTPMethodNotAllowed:
        return GraphProblem(405, "Request_BadRequest", "Specified HTTP method is not allowed.").response()


def _admit(request: web.Request) -> None:
    """Count it, then check its token, then its quotas."""
    call = _call(request)
    request.app[CALLS][call] += 1
    request.app[IDENTITY].check(request.headers.get("Authorization", ""))
    throttle = request.app.get(THROTTLE)
    if throttle is not None:
        throttle.admit(call[0], call[1].removeprefix("/beta"))


def _call(request: web.Request) -> tuple[str, str]:
    """Method and path template, which is the same for both ways to write a key; of beta with that word before
    it."""
    resource = request.match_info.route.resource
    path = resource.canonical if resource else request.path
    return request.method, path.removeprefix("/v1.0").replace("('{id}')", "/{id}")
