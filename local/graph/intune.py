"""Intune's endpoints: managed devices, their overview, MTD connectors, compliance policies, apps; of beta the
compliance policies and the assignment filters.

What was put is what beta serves. v1.0 has eight types of compliance policy and no filters (CSDL: its
deviceAndAppManagementAssignmentTarget has no properties): of a policy of another type it serves what the base
type has, under the base type's name. That it is not left out is inferred.
"""

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
from local.graph.problem import Document, read_object
from local.graph.schema import PROPERTIES

ROOT = "/v1.0/deviceManagement/"
CONNECTOR = ROOT + "mobileThreatDefenseConnectors/{id}"
ACTIONS = "scheduledActionsForRule"
BETA = "/beta/deviceManagement/"
BASE_TYPE = "#microsoft.graph.deviceCompliancePolicy"
TYPES_OF_V1 = frozenset(
    f"#microsoft.graph.{name}CompliancePolicy"
    for name in (
        *("android", "androidWorkProfile", "ios", "macOS"),
        *("windows10", "windows10Mobile", "windows81", "windowsPhone81"),
    )
)
OF_FILTERS = {"deviceAndAppManagementAssignmentFilterId", "deviceAndAppManagementAssignmentFilterType"}
RELATIONS = {"assignments", ACTIONS}


async def managed_devices(request: web.Request) -> web.Response:
    """The list: of no device the UDID."""
    return listing(request, Kind.MANAGED_DEVICE, _without_udid)


async def managed_device(request: web.Request) -> web.Response:
    """One device: its UDID only where `$select` asks for it."""
    device = found(request, Kind.MANAGED_DEVICE)
    shown = device if "udid" in selected(request) else _without_udid(device)
    return web.json_response(selection(request, Kind.MANAGED_DEVICE)(shown))


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
    asked, in_beta = expanded(request), request.path.startswith("/beta/")

    def shape(policy: Document) -> Document:
        policy = policy if in_beta else _in_v1(policy)
        shown = _without(policy, RELATIONS - asked.keys())
        if ACTIONS in shown and "$expand" not in asked[ACTIONS]:
            shown[ACTIONS] = [_without(rule, {"scheduledActionConfigurations"}) for rule in shown[ACTIONS]]
        return shown

    return shape


def _in_v1(policy: Document) -> Document:
    """What v1.0 serves of a policy."""
    if policy.get("@odata.type", BASE_TYPE) not in TYPES_OF_V1 | {BASE_TYPE}:
        kept = PROPERTIES[Kind.COMPLIANCE_POLICY] | RELATIONS
        policy = {name: value for name, value in policy.items() if name in kept} | {"@odata.type": BASE_TYPE}
    if "assignments" not in policy:
        return policy
    assignments = [
        {**each, "target": _without(each["target"], OF_FILTERS)} if "target" in each else each
        for each in policy["assignments"]
    ]
    return {**policy, "assignments": assignments}


async def mobile_apps(request: web.Request) -> web.Response:
    """Assignments only where `$expand` asks for them."""
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
    web.get(BETA + "deviceCompliancePolicies", compliance_policies),
    web.get(BETA + "deviceCompliancePolicies/{id}", compliance_policy),
    web.get(BETA + "assignmentFilters", many(Kind.ASSIGNMENT_FILTER)),
    web.get("/v1.0/deviceAppManagement/mobileApps", mobile_apps),
)
