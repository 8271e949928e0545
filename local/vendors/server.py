"""The stand-ins of all vendors that are polled, on one loopback address: each below a path of its own.

Every answer bears the time of the vendors' clock (`Date`). `/_sim/` is the hand of a test or the scenario.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from local.vendors import checkpoint_harmony, lookout, pradeo, sophos, wandera_jamf, zimperium
from local.vendors.checkpoint_harmony import CHECKPOINT, CheckPoint
from local.vendors.faults import FAULTS, Faults, answered_at, done
from local.vendors.lookout import LOOKOUT, Lookout
from local.vendors.pradeo import PRADEO, Pradeo
from local.vendors.sophos import SOPHOS, Sophos
from local.vendors.wandera_jamf import JAMF, Jamf
from local.vendors.zimperium import ZIMPERIUM, Zimperium
from shared.waiting import utc_now

__all__ = ["CHECKPOINT", "FAULTS", "JAMF", "LOOKOUT", "PRADEO", "SOPHOS", "ZIMPERIUM", "create_app"]

CLOCK = web.AppKey("VENDOR_CLOCK", list[timedelta])
"""How far the vendors' clock is ahead, in a list of one."""


def create_app(clock: Callable[[], datetime] = utc_now) -> web.Application:
    """The stand-ins, empty; `clock` is aware."""
    ahead = [timedelta(0)]

    def theirs() -> datetime:
        return clock() + ahead[0]

    app = web.Application(middlewares=[_answer])
    app[CLOCK] = ahead
    app[FAULTS] = Faults()
    app[LOOKOUT] = Lookout(theirs)
    app[CHECKPOINT] = CheckPoint(theirs)
    app[ZIMPERIUM] = Zimperium(theirs)
    app[JAMF] = Jamf(theirs)
    app[PRADEO] = Pradeo(theirs)
    app[SOPHOS] = Sophos(theirs)
    for vendor in (lookout, checkpoint_harmony, zimperium, wandera_jamf, pradeo, sophos):
        app.add_routes(vendor.ROUTES)
    app.add_routes(HANDS)
    return app


@web.middleware
async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path.startswith("/_sim/"):
        return await handler(request)
    return await answered_at(request.app[LOOKOUT].clock(), request, handler)


def _each(deed: Callable[[web.Application, Any], object]) -> Handler:
    """A hand that does something at a vendor's with each of what it is given."""

    async def act(request: web.Request) -> web.StreamResponse:
        for given in await request.json():
            deed(request.app, given)
        return web.json_response({})

    return act


async def _devices_are(request: web.Request) -> web.Response:
    """A vendor's list of devices is this one from now on."""
    app = request.app
    lists = {
        "zimperium": app[ZIMPERIUM].devices,
        "jamf": app[JAMF].devices,
        "pradeo": app[PRADEO].devices,
        "sophos": app[SOPHOS].devices,
    }
    lists[request.match_info["vendor"]][:] = await request.json()
    return web.json_response({})


async def _token_dies(request: web.Request) -> web.Response:
    """Every token of Lookout's dies at the second request for events from now on."""
    request.app[FAULTS].order(done(request.app[LOOKOUT].kill_tokens), "/mra/api/v2/events", after=1)
    return web.json_response({})


HANDS = (
    web.post("/_sim/lookout/events", _each(lambda app, event: app[LOOKOUT].arrive(event))),
    web.post("/_sim/lookout/token-dies", _token_dies),
    web.post("/_sim/checkpoint/alerts", _each(lambda app, alert: app[CHECKPOINT].arrive(alert))),
    web.post("/_sim/sophos/events", _each(lambda app, event: app[SOPHOS].arrive(event))),
    web.post("/_sim/zimperium/threats", _each(lambda app, threat: app[ZIMPERIUM].arrive(threat))),
    web.post("/_sim/zimperium/mitigated", _each(lambda app, id_: app[ZIMPERIUM].mitigate(id_))),
    web.post("/_sim/{vendor:zimperium|jamf|pradeo|sophos}/devices", _devices_are),
)
