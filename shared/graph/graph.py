"""What the app asks Microsoft Graph for, and writes there: Intune's devices, policies and connectors, Entra's
devices.

Each method names the application permission it needs. How calls are made is `graph_client`'s.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from shared.errors import GraphError, GraphNotFound, GraphRefused
from shared.graph.client import Call, GraphClient, read_object
from shared.graph.wire import (
    AccessPolicyAnswer,
    AssignmentFilterAnswer,
    CompliancePolicyAnswer,
    ConnectorAnswer,
    DirectoryObjectAnswers,
    EntraDeviceAnswer,
    ExportJobAnswer,
    ListedDeviceAnswer,
    ManagedDeviceAnswer,
    MobileAppAnswer,
    OverviewAnswer,
    RegisteredDeviceAnswer,
    UdidAnswer,
    UserAnswer,
    WhatIfAnswer,
    WhatIfAnswers,
)
from shared.settings import Settings
from shared.waiting import Waiting

T = TypeVar("T")

_DEVICE_FIELDS = [field.alias or name for name, field in ManagedDeviceAnswer.model_fields.items()]
_REGISTERED_FIELDS = [field.alias or name for name, field in RegisteredDeviceAnswer.model_fields.items()]
_POLICY_PARTS = {
    "expand": "assignments,scheduledActionsForRule($expand=scheduledActionConfigurations)",
}
_ENTRA_DEVICE = "/devices(deviceId='{id}')"
_TAG_FIELDS = "id,deviceId,extensionAttributes,isManagementRestricted"
_LISTED_FIELDS = f"{_TAG_FIELDS},isManaged,model,operatingSystem,registrationDateTime"
_EXPORT_JOBS = "/deviceManagement/reports/exportJobs"


class SeenTag(NamedTuple):
    """What stands in the tag's attribute of a device; None where there is nothing."""

    value: str | None
    restricted: bool = False
    """Whether it is in a restricted management administrative unit, where an app needs a role to write."""


class CompliancePolicies(NamedTuple):
    """The list, and whether it is that of beta, with the filters of assignments."""

    policies: list[CompliancePolicyAnswer]
    in_beta: bool


class Graph:
    """One per process and event loop."""

    def __init__(self, settings: Settings, waiting: Waiting) -> None:
        self._attribute = settings.attribute
        self._client = GraphClient(settings, waiting)

    async def connectors(self) -> list[ConnectorAnswer]:
        """All Mobile Threat Defense connectors (DeviceManagementServiceConfig.Read.All)."""
        call = Call("GET", "/deviceManagement/mobileThreatDefenseConnectors")
        return [item async for item in self._client.pages(ConnectorAnswer, call, whole=True)]

    async def connector(self, id_: str) -> ConnectorAnswer:
        """One of them; GraphNotFound where there is none of that id."""
        path = "/deviceManagement/mobileThreatDefenseConnectors/{id}"
        return await self._client.read(ConnectorAnswer, Call("GET", path, {"id": id_}))

    async def compliance_policies(self) -> CompliancePolicies:
        """All compliance policies with assignments and actions (DeviceManagementConfiguration.Read.All).

        From beta, which Microsoft supports for Intune: v1.0 has neither the filters of assignments nor the
        policies for device owners of Android (CSDL). Where beta refuses, the list of v1.0, which says so.
        """
        call = Call("GET", "/deviceManagement/deviceCompliancePolicies?$expand={expand}", _POLICY_PARTS)
        try:
            return CompliancePolicies(await self._policies(replace(call, beta=True)), in_beta=True)
        except (GraphNotFound, GraphRefused):
            return CompliancePolicies(await self._policies(call), in_beta=False)

    async def _policies(self, call: Call) -> list[CompliancePolicyAnswer]:
        return [item async for item in self._client.pages(CompliancePolicyAnswer, call, whole=True)]

    async def compliance_policy(self, id_: str, *, in_beta: bool) -> CompliancePolicyAnswer:
        """One of them; GraphNotFound where there is none of that id."""
        path = "/deviceManagement/deviceCompliancePolicies/{id}?$expand={expand}"
        call = Call("GET", path, {"id": id_, **_POLICY_PARTS}, beta=in_beta)
        return await self._client.read(CompliancePolicyAnswer, call)

    async def assignment_filters(self) -> list[AssignmentFilterAnswer]:
        """Every assignment filter, of beta: v1.0 has none (DeviceManagementConfiguration.Read.All)."""
        call = Call("GET", "/deviceManagement/assignmentFilters", beta=True)
        return [item async for item in self._client.pages(AssignmentFilterAnswer, call)]

    async def device_count(self) -> int:
        """How many devices Intune's overview counts (DeviceManagementManagedDevices.Read.All)."""
        path = "/deviceManagement/managedDeviceOverview?$select=enrolledDeviceCount"
        return (await self._client.read(OverviewAnswer, Call("GET", path))).enrolled

    async def managed_device(self, intune_id: str) -> None:
        """Nothing, where Intune has a device of that id; GraphNotFound where it has none."""
        await self._client.send(
            Call("GET", "/deviceManagement/managedDevices/{id}?$select=id", {"id": intune_id})
        )

    def managed_devices(self) -> AsyncIterator[ManagedDeviceAnswer]:
        """Every managed device, by pages of 1,000 (DeviceManagementManagedDevices.Read.All)."""
        path = "/deviceManagement/managedDevices?$select={fields}&$top=1000"
        return self._client.pages(
            ManagedDeviceAnswer, Call("GET", path, {"fields": ",".join(_DEVICE_FIELDS)})
        )

    async def udids(self, intune_ids: Sequence[str]) -> list[str | GraphError]:
        """The UDIDs of many devices, empty where Intune has none, or why one cannot be had; in their order
        (DeviceManagementManagedDevices.Read.All)."""
        path = "/deviceManagement/managedDevices/{id}?$select=udid"
        answers = await self._client.batch([Call("GET", path, {"id": id_}) for id_ in intune_ids])
        return [_outcome(answer, _read_udid) for answer in answers]

    def group_users(self, group_id: str) -> AsyncIterator[UserAnswer]:
        """Every user in a group or in a group within it, by pages of 999 (GroupMember.ReadBasic.All)."""
        path = "/groups/{id}/transitiveMembers/microsoft.graph.user?$count=true&$select=id&$top=999"
        call = Call("GET", path, {"id": group_id}, eventual=True)
        return self._client.pages(UserAnswer, call, whole=True)

    def entra_devices(self) -> AsyncIterator[ListedDeviceAnswer]:
        """Every Entra device with its extension attributes, by pages of 999 (Device.Read.All).

        Without owners: expanded, they make pages of 100 (Graph: query parameters, $expand).
        """
        path = "/devices?$select={fields}&$top=999"
        return self._client.pages(ListedDeviceAnswer, Call("GET", path, {"fields": _LISTED_FIELDS}))

    async def registered_owners(self, entra_ids: Sequence[str]) -> list[list[str] | GraphError]:
        """Ids of the users who registered each of these devices, in lower case, or why they cannot be had; in
        their order (Device.Read.All)."""
        path = _ENTRA_DEVICE + "/registeredOwners"
        answers = await self._client.batch([Call("GET", path, {"id": id_}) for id_ in entra_ids])
        return [_outcome(answer, _read_ids) for answer in answers]

    async def order_export(self, report: str, columns: Sequence[str], where: str) -> ExportJobAnswer:
        """Order a report as CSV in a zip (DeviceManagementApps.Read.All for the reports on apps)."""
        order = {"reportName": report, "filter": where, "select": list(columns), "format": "csv"}
        return await self._client.read(ExportJobAnswer, Call("POST", _EXPORT_JOBS, body=order))

    async def export(self, job: str) -> ExportJobAnswer:
        """How far an ordered report is, and at the end the link to it."""
        return await self._client.read(ExportJobAnswer, Call("GET", _EXPORT_JOBS + "('{id}')", {"id": job}))

    def mobile_apps(self) -> AsyncIterator[MobileAppAnswer]:
        """Every app in Intune with its assignments (DeviceManagementApps.Read.All).

        No `$select`: bundleId is a property of derived types, which Graph refuses to select.
        """
        path = "/deviceAppManagement/mobileApps?$expand=assignments"
        return self._client.pages(MobileAppAnswer, Call("GET", path))

    async def tag(self, entra_id: str) -> SeenTag:
        """What is now in the tag's attribute of a device (Device.Read.All)."""
        return self._seen(await self._client.send(self._get_tag(entra_id)))

    async def tags(self, entra_ids: Sequence[str]) -> list[SeenTag | GraphError]:
        """The same of many devices, or why it cannot be had; in their order."""
        if len(entra_ids) == 1:
            try:
                return [await self.tag(entra_ids[0])]
            except GraphError as error:
                return [error]
        answers = await self._client.batch([self._get_tag(entra_id) for entra_id in entra_ids])
        return [_outcome(answer, self._seen) for answer in answers]

    async def write_tag(self, entra_id: str, value: str) -> None:
        """Put `value` into the tag's attribute of a device (Device.ReadWrite.All)."""
        await self._client.send(self._put_tag(entra_id, value))

    async def write_tags(self, values: Mapping[str, str]) -> list[GraphError | None]:
        """The same for many devices, by id: why one could not be written, in their order."""
        if len(values) == 1:
            try:
                await self.write_tag(*next(iter(values.items())))
            except GraphError as error:
                return [error]
            return [None]
        answers = await self._client.batch([self._put_tag(*each) for each in values.items()])
        return [answer if isinstance(answer, GraphError) else None for answer in answers]

    async def entra_device(self, entra_id: str) -> RegisteredDeviceAnswer:
        """An Entra device with its attributes and what else Conditional Access may ask of it
        (Device.Read.All)."""
        values = {"id": entra_id, "fields": ",".join(_REGISTERED_FIELDS)}
        return await self._client.read(
            RegisteredDeviceAnswer, Call("GET", _ENTRA_DEVICE + "?$select={fields}", values)
        )

    async def access_policies(self) -> list[AccessPolicyAnswer]:
        """Every Conditional Access policy (Policy.Read.All). Graph takes one call a second there, from the
        whole tenant: no other call is kept waiting where this one fails.

        One that cannot be read is left out: it refuses nobody for certain, and hides none of the others.
        """
        call = Call("GET", "/identity/conditionalAccess/policies", aside=True)
        return [item async for item in self._client.pages(AccessPolicyAnswer, call)]

    async def what_if(
        self, user_id: str, app: str, conditions: Mapping[str, object]
    ) -> tuple[WhatIfAnswer, ...]:
        """What every Conditional Access policy says to a sign-in (Policy.Read.All).

        `conditions` are its signInConditions. No other call is kept waiting where this one fails.
        """
        question = {
            "signInIdentity": {"@odata.type": "#microsoft.graph.userSignIn", "userId": user_id},
            "signInContext": {
                "@odata.type": "#microsoft.graph.applicationContext",
                "includeApplications": [app],
            },
            "signInConditions": dict(conditions),
            "appliedPoliciesOnly": False,
        }
        call = Call("POST", "/identity/conditionalAccess/evaluate", body=question, aside=True)
        return (await self._client.read(WhatIfAnswers, call)).value

    async def revoke_sessions(self, user_id: str) -> None:
        """Have a user sign in anew everywhere (User.RevokeSessions.All)."""
        await self._client.send(Call("POST", "/users/{id}/revokeSignInSessions", {"id": user_id}, {}))

    async def sync_device(self, intune_id: str) -> None:
        """Ask a device to check in with Intune (DeviceManagementManagedDevices.PrivilegedOperations.All)."""
        path = "/deviceManagement/managedDevices/{id}/syncDevice"
        await self._client.send(Call("POST", path, {"id": intune_id}, {}))

    def resting(self) -> float:
        """Seconds for which Graph is to be left alone: it said so, or did not answer; else 0."""
        return self._client.resting()

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.close()

    def _put_tag(self, entra_id: str, value: str) -> Call:
        return Call(
            "PATCH", _ENTRA_DEVICE, {"id": entra_id}, {"extensionAttributes": {self._attribute: value}}
        )

    def _get_tag(self, entra_id: str) -> Call:
        return Call("GET", _ENTRA_DEVICE + "?$select={fields}", {"id": entra_id, "fields": _TAG_FIELDS})

    def _seen(self, answer: bytes) -> SeenTag:
        device = read_object(EntraDeviceAnswer, answer)
        return SeenTag(device.attributes.get(self._attribute), device.restricted)


def _read_ids(answer: bytes) -> list[str]:
    return [each.id.lower() for each in read_object(DirectoryObjectAnswers, answer).value]


def _read_udid(answer: bytes) -> str:
    return read_object(UdidAnswer, answer).udid or ""


def _outcome(answer: bytes | GraphError, read: Callable[[bytes], T]) -> T | GraphError:
    """What an item of a batch says, or why it says nothing."""
    try:
        return answer if isinstance(answer, GraphError) else read(answer)
    except GraphError as error:
        return error
