"""Entra's devices: read, and tagged with extension attributes.

Source: Graph "Update device" and microsoft-graph-docs#16641: app-only, on iOS and Android, nothing but
`extensionAttributes` may change; what an app may change on Windows is taken as it comes. Entra "Restricted
management administrative units": an app's permissions do not reach a device in one
(`isManagementRestricted`); that it is a 403 of this code is inferred. Only the `deviceId` alternate key is
served, not the object id; who registered a device stands in its `owners`, by id; writes are visible at once,
where Entra's reads may lag.
"""

from aiohttp import web

from local.graph.directory import EXTENSION_ATTRIBUTES, STATE, Kind, merged
from local.graph.listing import found, listing, single
from local.graph.problem import GraphProblem, bad_request, read_object

DEVICE = "/v1.0/devices(deviceId='{id}')"
ONLY_ATTRIBUTES = "Properties other than ExtendedAttribute1..15 can be modified only on windows devices."
MOBILE = ("ios", "ipad", "iphone", "android")


async def devices(request: web.Request) -> web.Response:
    """GET: pages of 100 unless `$top` says otherwise, at most 999."""
    if "$filter" in request.query:
        raise bad_request("$filter on devices is not simulated.")
    return listing(request, Kind.ENTRA_DEVICE, default=100, most=999)


async def change_device(request: web.Request) -> web.Response:
    """PATCH: 204."""
    old = found(request, Kind.ENTRA_DEVICE)
    change = await read_object(request)
    names = {name for name in change if not name.startswith("@")}
    mobile = str(old.get("operatingSystem", "")).lower().startswith(MOBILE)
    if old.get("isManagementRestricted"):
        raise GraphProblem(403, "Authorization_RequestDenied", "Insufficient privileges to do this.")
    if names & {"id", "deviceId"} or (mobile and names - {"extensionAttributes"}):
        raise GraphProblem(400, "Request_BadRequest", ONLY_ATTRIBUTES)
    _check_attributes(change.get("extensionAttributes", {}))
    request.app[STATE].put_entra_device(merged(old, change))
    return web.Response(status=204)


async def owners(request: web.Request) -> web.Response:
    """GET registeredOwners: as much of a user as an app without User.Read.All is shown."""
    ids = found(request, Kind.ENTRA_DEVICE).get("owners", ())
    return web.json_response({"value": [{"@odata.type": "#microsoft.graph.user", "id": id_} for id_ in ids]})


def _check_attributes(attributes: object) -> None:
    if not isinstance(attributes, dict):
        raise bad_request("extensionAttributes: an object was expected.")
    for name, value in attributes.items():
        if name not in EXTENSION_ATTRIBUTES and not name.startswith("@"):
            raise bad_request(f"extensionAttributes: no property '{name}'.")
        if not isinstance(value, str | None):
            raise bad_request(f"extensionAttributes.{name}: a string or null was expected.")


ROUTES = (
    web.get("/v1.0/devices", devices),
    web.get(DEVICE, single(Kind.ENTRA_DEVICE)),
    web.get(DEVICE + "/registeredOwners", owners),
    web.patch(DEVICE, change_device),
)
