"""Intune's endpoints: managed devices, their overview, MTD connectors, compliance policies, apps."""

from aiohttp import web

from local.graph.directory import STATE, Kind, merged
from local.graph.listing import (
    Shape,
    expanded,
    found,
    listing,
    many,
    selected,
    selection,
    single,
)
from local.graph.problem import Document, bad_request, read_object

ROOT = "/v1.0/deviceManagement/"
CONNECTOR = ROOT + "mobileThreatDefenseConnectors/{id}"
ACTIONS = "scheduledActionsForRule"
MOBILE_APP = (
    "id displayName description publisher largeIcon createdDateTime lastModifiedDateTime isFeatured notes"
    " owner privacyInformationUrl informationUrl developer publishingState assignments categories"
)
"""The properties of Graph's mobileApp, v1.0."""


async def managed_devices(request: web.Request) -> web.Response:
    """The list: of no device the UDID."""
    return listing(request, Kind.MANAGED_DEVICE, _without_udid)


async def managed_device(request: web.Request) -> web.Response:
    """One device: its UDID only where `$select` asks for it."""
    device = found(request, Kind.MANAGED_DEVICE)
    shown = device if "udid" in selected(request) else _without_udid(device)
    return web.json_response(selection(request)(shown))


def _without_udid(device: Document) -> Document:
    return {**device, "udid": None} if "udid" in device else device


async def overview(request: web.Request) -> web.Response:
    """The counts a sweep is compared with."""
    systems = request.app[STATE].tally(Kind.MANAGED_DEVICE, "operatingSystem")
    summary = {f"{system}Count": systems.get(system, 0) for system in ("android", "ios", "windows")}
    counts = dict.fromkeys(("enrolledDeviceCount", "mdmEnrolledCount"), sum(systems.values()))
    return web.json_response({"id": "overview", **counts, "deviceOperatingSystemSummary": summary})


async def change_connector(request: web.Request) -> web.Response:
    """PATCH: 200 with the connector as it is now."""
    old = found(request, Kind.CONNECTOR)
    new = merged(old, await read_object(request)) | {"id": old["id"]}
    request.app[STATE].put_connector(new)
    return web.json_response(new)


async def compliance_policies(request: web.Request) -> web.Response:
    """Assignments, actions and the actions' configurations only where `$expand` asks for them."""
    return listing(request, Kind.COMPLIANCE_POLICY, _policy_shape(request))


async def compliance_policy(request: web.Request) -> web.Response:
    """One of them, in the same way."""
    return web.json_response(_policy_shape(request)(found(request, Kind.COMPLIANCE_POLICY)))


def _policy_shape(request: web.Request) -> Shape:
    asked = expanded(request)

    def shape(policy: Document) -> Document:
        shown = _without(policy, {"assignments", ACTIONS} - asked.keys())
        if ACTIONS in shown and "$expand" not in asked[ACTIONS]:
            shown[ACTIONS] = [_without(rule, {"scheduledActionConfigurations"}) for rule in shown[ACTIONS]]
        return shown

    return shape


async def mobile_apps(request: web.Request) -> web.Response:
    """Assignments only where `$expand` asks for them.

    A derived type's property, as bundleId, is refused in `$select` (microsoft-graph-docs-contrib#4529).
    """
    for name in selected(request) - {*MOBILE_APP.split()}:
        raise bad_request(f"$select: mobileApp has no property '{name}'.")
    hidden = {"assignments"} - expanded(request).keys()
    return listing(request, Kind.MOBILE_APP, lambda app: _without(app, hidden))


def _without(document: Document, names: set[str]) -> Document:
    return {name: value for name, value in document.items() if name not in names}


ROUTES = (
    web.get(ROOT + "managedDevices", managed_devices),
    web.get(ROOT + "managedDevices('{id}')", managed_device),
    web.get(ROOT + "managedDevices/{id}", managed_device),
    web.get(ROOT + "managedDeviceOverview", overview),
    web.get(ROOT + "mobileThreatDefenseConnectors", many(Kind.CONNECTOR)),
    web.get(CONNECTOR, single(Kind.CONNECTOR)),
    web.patch(CONNECTOR, change_connector),
    web.get(ROOT + "deviceCompliancePolicies", compliance_policies),
    web.get(ROOT + "deviceCompliancePolicies/{id}", compliance_policy),
    web.get("/v1.0/deviceAppManagement/mobileApps", mobile_apps),
)
