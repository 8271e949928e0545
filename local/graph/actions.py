"""Actions on users and devices: answered and written down, nothing more happens.

Source: Graph "user: revokeSignInSessions" and "syncDevice". Every user exists who was not removed, because
few are put here. Left out: tokens that end, devices that check in, guests, who are not reached.
"""

from aiohttp import web

from local.graph.directory import STATE, Kind
from local.graph.listing import found
from local.graph.problem import not_found

ACTIONS: web.AppKey[list[dict[str, str]]] = web.AppKey("ACTIONS", list)
"""What was asked, in order."""


async def revoke_sign_in_sessions(request: web.Request) -> web.Response:
    """POST: 200 with true."""
    user = request.match_info["id"]
    if request.app[STATE].get(Kind.GONE, user) is not None:
        raise not_found(user)
    request.app[ACTIONS].append({"action": "revokeSignInSessions", "id": user})
    context = f"{request.url.origin()}/v1.0/$metadata#Edm.Boolean"
    return web.json_response({"@odata.context": context, "value": True})


async def sync_device(request: web.Request) -> web.Response:
    """POST: 204."""
    found(request, Kind.MANAGED_DEVICE)
    request.app[ACTIONS].append({"action": "syncDevice", "id": request.match_info["id"]})
    return web.Response(status=204)


async def asked(request: web.Request) -> web.Response:
    """GET /_sim/actions: [{"action", "id"}]."""
    return web.json_response(request.app[ACTIONS])


ROUTES = (
    web.post("/v1.0/users/{id}/revokeSignInSessions", revoke_sign_in_sessions),
    web.post("/v1.0/deviceManagement/managedDevices/{id}/syncDevice", sync_device),
    web.get("/_sim/actions", asked),
)
