"""The scenario's hands in the tenant: /_sim/… puts things there, orders faults and reads the call counts.

A loopback tool outside /v1.0 without a token; nothing like it exists in Graph.
"""

import json
from collections import Counter

from aiohttp import web

from local.graph.directory import STATE, Directory
from local.graph.faults import FAULTS, Faults

CALLS: web.AppKey[Counter[tuple[str, str]]] = web.AppKey("CALLS", Counter)
"""How often each (method, path template) was asked for, refused ones included."""

PUTS = {
    "devices": Directory.put_device,
    "connectors": Directory.put_connector,
    "compliance-policies": Directory.put_policy,
    "groups": Directory.put_group,
}
ORDERS = {
    order.__name__: order
    for order in (Faults.throttle, Faults.fail, Faults.empty_page, Faults.delay, Faults.clear)
}


async def act(request: web.Request) -> web.Response:
    """POST /_sim/{what}: one object or a list; for `faults` {"fault": "throttle", "arguments": {…}}; 204."""
    what = request.match_info["what"]
    try:
        body = await request.json()
        if what == "faults":
            ORDERS[body["fault"]](request.app[FAULTS], **body.get("arguments", {}))
        else:
            for document in body if isinstance(body, list) else [body]:
                PUTS[what](request.app[STATE], document)
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise web.HTTPBadRequest(text=f"cannot use this: {error!r}") from error
    return web.Response(status=204)


async def calls(request: web.Request) -> web.Response:
    """GET /_sim/calls: [{"method", "path", "count"}]."""
    counted = sorted(request.app[CALLS].items())
    return web.json_response([{"method": m, "path": p, "count": count} for (m, p), count in counted])


ROUTES = (web.post("/_sim/{what}", act), web.get("/_sim/calls", calls))
