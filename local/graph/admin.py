"""The scenario's hands in the tenant: /_sim/… puts things there, orders faults and reads the call counts.

A loopback tool outside /v1.0 without a token; nothing like it exists in Graph.
"""

from collections import Counter

from aiohttp import web

from local.graph import inventory
from local.graph.directory import STATE, Directory, Kind
from local.graph.exports import EXPORTS
from local.graph.faults import FAULTS, Faults

CALLS: web.AppKey[Counter[tuple[str, str]]] = web.AppKey("CALLS", Counter)
"""How often each (method, path template) was asked for, refused ones included."""
REFUSED: web.AppKey[Counter[tuple[str, str]]] = web.AppKey("REFUSED", Counter)
"""How many of those got 429, for a quota or a fault."""

PUTS = {
    "devices": Directory.put_device,
    "connectors": Directory.put_connector,
    "compliance-policies": Directory.put_policy,
    "assignment-filters": Directory.put_assignment_filter,
    "users": Directory.put_user,
    "groups": Directory.put_group,
    "mobile-apps": Directory.put_mobile_app,
    "detected-apps": inventory.put_detected_apps,
    "synthetic-apps": inventory.put_synthetic_apps,
}
STRIKES = (
    Faults.throttle,
    Faults.fail,
    Faults.let_through,
    Faults.empty_page,
    Faults.truncate,
    Faults.export,
    Faults.delay,
)
ORDERS = {order.__name__: order for order in (*STRIKES, Faults.clear)}


async def act(request: web.Request) -> web.Response:
    """POST /_sim/{what}: one object or a list, all of it or nothing; 204.

    For `faults` {"fault": "throttle", "arguments": {…}}, for `remove` {"kind": "managedDevice", "id": …}, for
    `exports` {"not_started": 1, "in_progress": 1}: how many polls find a job so.
    """
    what = request.match_info["what"]
    state = request.app[STATE]
    try:
        body = await request.json()
        if what == "faults":
            ORDERS[body["fault"]](request.app[FAULTS], **body.get("arguments", {}))
        elif what == "exports":
            request.app[EXPORTS].set_pace(**body)
        elif what == "remove":
            if not state.withdraw(Kind(body["kind"]), body["id"]):
                raise KeyError(body["id"])
        else:
            with state.transaction():
                for document in body if isinstance(body, list) else [body]:
                    PUTS[what](state, document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise web.HTTPBadRequest(text=f"cannot use this: {error!r}") from error
    return web.Response(status=204)


async def calls(request: web.Request) -> web.Response:
    """GET /_sim/calls: [{"method", "path", "count", "refused"}]."""
    counted, refused = sorted(request.app[CALLS].items()), request.app[REFUSED]
    rows = [{"method": m, "path": p, "count": n, "refused": refused[m, p]} for (m, p), n in counted]
    return web.json_response(rows)


ROUTES = (web.post("/_sim/{what}", act), web.get("/_sim/calls", calls))
