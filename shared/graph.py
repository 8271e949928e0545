"""Microsoft Graph: the one place that knows msgraph.

The SDK gives addresses, authentication and its middleware; answers are read as bytes into the small models
below, because its own models take about 3 ms a device. Calls are never repeated here: a throttled or failed
one raises GraphUnavailable, and whoever asked leaves the work pending for the next run.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.errors import GraphNotFound, GraphRefused, GraphUnavailable
from shared.events import Event, tell
from shared.settings import Settings

if TYPE_CHECKING:
    from httpx import AsyncHTTPTransport
    from kiota_abstractions.request_information import RequestInformation
    from msgraph import GraphServiceClient

PAGE_LIMIT = 100_000
TIMEOUT_SECONDS = 30.0
UNREACHABLE_REST_SECONDS = 10.0
"""How long a Graph that did not answer is left alone."""
THROTTLED_REST_SECONDS = 1.0
"""How long a throttling Graph is left alone where it does not say."""
_TRANSIENT = frozenset({401, 408, 409, 429, 500, 502, 503, 504})


class _Wire(BaseModel):
    """An object as Graph spells it; what is not named here is left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        """Graph sends null for what was never set: the default stands for it."""
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


class ConnectorAnswer(_Wire):
    """mobileThreatDefenseConnector, v1.0."""

    id: str
    state: str = Field("unknown", alias="partnerState")
    last_heartbeat: datetime | None = Field(None, alias="lastHeartbeatDateTime")
    threshold_days: int | None = Field(None, alias="partnerUnresponsivenessThresholdInDays")
    ios: bool = Field(False, alias="iosEnabled")
    android: bool = Field(False, alias="androidEnabled")
    ios_missing_blocked: bool = Field(False, alias="iosDeviceBlockedOnMissingPartnerData")
    android_missing_blocked: bool = Field(False, alias="androidDeviceBlockedOnMissingPartnerData")
    unsupported_os_blocked: bool = Field(False, alias="partnerUnsupportedOsVersionBlocked")
    app_sync: bool = Field(False, alias="allowPartnerToCollectIOSApplicationMetadata")
    app_sync_personal: bool = Field(False, alias="allowPartnerToCollectIOSPersonalApplicationMetadata")


class Target(_Wire):
    """deviceAndAppManagementAssignmentTarget: whom an assignment reaches, by its type."""

    type: str = Field("", alias="@odata.type")
    group_id: str | None = Field(None, alias="groupId")


class AssignmentAnswer(_Wire):
    """One assignment of a policy."""

    target: Target = Target()


class ActionAnswer(_Wire):
    """One action of scheduledActionsForRule."""

    action: str = Field("", alias="actionType")
    grace_hours: float | None = Field(None, alias="gracePeriodHours")


class ScheduledActions(_Wire):
    """scheduledActionsForRule."""

    configurations: tuple[ActionAnswer, ...] = Field((), alias="scheduledActionConfigurations")


class CompliancePolicyAnswer(_Wire):
    """deviceCompliancePolicy with the threat fields its derived types carry."""

    id: str
    type: str = Field("", alias="@odata.type")
    name: str = Field("", alias="displayName")
    required: bool | None = Field(None, alias="deviceThreatProtectionEnabled")
    """None where it is not served at all."""
    level: str | None = Field(None, alias="deviceThreatProtectionRequiredSecurityLevel")
    assignments: tuple[AssignmentAnswer, ...] = ()
    scheduled: tuple[ScheduledActions, ...] = Field((), alias="scheduledActionsForRule")


class OverviewAnswer(_Wire):
    """managedDeviceOverview, v1.0: the count a sweep is compared with."""

    enrolled: int = Field(0, alias="enrolledDeviceCount")


class ManagedDeviceAnswer(_Wire):
    """managedDevice, v1.0, as far as it is mirrored."""

    id: str
    entra_id: str | None = Field(None, alias="azureADDeviceId")
    user_id: str | None = Field(None, alias="userId")
    name: str | None = Field(None, alias="deviceName")
    serial: str | None = Field(None, alias="serialNumber")
    operating_system: str | None = Field(None, alias="operatingSystem")
    os_version: str | None = Field(None, alias="osVersion")
    owner: str | None = Field(None, alias="managedDeviceOwnerType")
    enrolment: str | None = Field(None, alias="deviceEnrollmentType")
    registration: str | None = Field(None, alias="deviceRegistrationState")
    compliance: str | None = Field(None, alias="complianceState")
    grace_until: datetime | None = Field(None, alias="complianceGracePeriodExpirationDateTime")
    threat_state: str | None = Field(None, alias="partnerReportedThreatState")
    management: str | None = Field(None, alias="managementState")
    last_sync: datetime | None = Field(None, alias="lastSyncDateTime")


class UserAnswer(_Wire):
    """user, v1.0: its id alone."""

    id: str


class EntraDeviceAnswer(_Wire):
    """device, v1.0: its id and its extension attributes."""

    device_id: str = Field("", alias="deviceId")
    attributes: dict[str, str | None] = Field(default_factory=dict, alias="extensionAttributes")


_DEVICE_FIELDS = [field.alias or name for name, field in ManagedDeviceAnswer.model_fields.items()]

W = TypeVar("W", bound=_Wire)


@dataclass(frozen=True)
class _Reply:
    """What a failed request carried."""

    status: int
    retry_after: float | None
    code: str


class Graph:
    """One per process and event loop; the SDK is loaded on first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: GraphServiceClient | None = None
        self._credential: Any = None
        self._transport: AsyncHTTPTransport | None = None
        self._rests_until = 0.0

    async def connectors(self) -> list[ConnectorAnswer]:
        """All Mobile Threat Defense connectors (DeviceManagementServiceConfig.Read.All)."""
        client = self._sdk()
        request = client.device_management.mobile_threat_defense_connectors.to_get_request_information()
        return [item async for item in self._pages(request, ConnectorAnswer, whole=True)]

    async def compliance_policies(self) -> list[CompliancePolicyAnswer]:
        """All compliance policies with assignments and actions (DeviceManagementConfiguration.Read.All)."""
        expand = "assignments,scheduledActionsForRule($expand=scheduledActionConfigurations)"
        path = "/deviceManagement/deviceCompliancePolicies?$expand={expand}"
        request = self._get(path, expand=expand)
        return [item async for item in self._pages(request, CompliancePolicyAnswer, whole=True)]

    async def device_count(self) -> int:
        """How many devices Intune's overview counts (DeviceManagementManagedDevices.Read.All)."""
        request = self._get(
            "/deviceManagement/managedDeviceOverview?$select={fields}", fields="enrolledDeviceCount"
        )
        return _read(OverviewAnswer, await self._send(request)).enrolled

    async def managed_device(self, intune_id: str) -> None:
        """Nothing, where Intune has a device of that id; GraphNotFound where it has none."""
        path = "/deviceManagement/managedDevices/{id}?$select={fields}"
        await self._send(self._get(path, id=intune_id, fields="id"))

    def managed_devices(self) -> AsyncIterator[ManagedDeviceAnswer]:
        """Every managed device, by pages of 1,000 (DeviceManagementManagedDevices.Read.All)."""
        path = "/deviceManagement/managedDevices?$select={fields}&$top=1000"
        return self._pages(self._get(path, fields=",".join(_DEVICE_FIELDS)), ManagedDeviceAnswer)

    def group_users(self, group_id: str) -> AsyncIterator[UserAnswer]:
        """Every user in a group or in a group within it, by pages of 999 (GroupMember.Read.All)."""
        path = "/groups/{id}/transitiveMembers/microsoft.graph.user?$select={fields}&$top=999"
        return self._pages(self._get(path, id=group_id, fields="id"), UserAnswer, whole=True)

    def entra_devices(self) -> AsyncIterator[EntraDeviceAnswer]:
        """Every Entra device with its extension attributes, by pages of 999 (Device.Read.All)."""
        path = "/devices?$select={fields}&$top=999"
        return self._pages(self._get(path, fields="id,deviceId,extensionAttributes"), EntraDeviceAnswer)

    async def tag(self, entra_id: str) -> str | None:
        """The value now in the tag's attribute of a device; None where there is none."""
        path = "/devices(deviceId='{id}')?$select={fields}"
        request = self._get(path, id=entra_id, fields="id,deviceId,extensionAttributes")
        return _read(EntraDeviceAnswer, await self._send(request)).attributes.get(self._settings.attribute)

    async def write_tag(self, entra_id: str, value: str) -> None:
        """Put `value` into the tag's attribute of a device (Device.ReadWrite.All)."""
        from kiota_abstractions.method import Method

        body = {"extensionAttributes": {self._settings.attribute: value}}
        request = self._request(Method.PATCH, "/devices(deviceId='{id}')", {"id": entra_id})
        request.headers.try_add("Content-Type", "application/json")
        request.content = json.dumps(body, separators=(",", ":")).encode()
        await self._send(request)

    def resting(self) -> float:
        """Seconds for which Graph is to be left alone: it said so, or did not answer; else 0."""
        return max(0.0, self._rests_until - time.monotonic())

    async def close(self) -> None:
        """Give the connections back."""
        if self._transport is not None:
            await self._transport.aclose()
        if self._credential is not None:
            await self._credential.close()
        self._client = self._credential = self._transport = None

    def _get(self, path: str, **values: str) -> "RequestInformation":
        from kiota_abstractions.method import Method

        return self._request(Method.GET, path, values)

    def _request(self, method: Any, path: str, values: Mapping[str, str]) -> "RequestInformation":
        from kiota_abstractions.request_information import RequestInformation

        request = RequestInformation(
            method, "{+baseurl}" + path, {"baseurl": self._settings.graph_base_url, **values}
        )
        request.headers.try_add("Accept", "application/json")
        return request

    async def _pages(
        self, request: "RequestInformation", kind: type[W], *, whole: bool = False
    ) -> AsyncIterator[W]:
        """Items over all pages: past empty pages, never round in a circle, never to another host.

        An item that cannot be read is left out and told, unless the list must be `whole`: a rule or a switch
        that silently vanished would let devices in.
        """
        from kiota_abstractions.method import Method
        from kiota_abstractions.request_information import RequestInformation

        seen: set[str] = set()
        while True:
            page = _json(await self._send(request))
            items = page.get("value") or []
            if not isinstance(items, list):
                raise GraphRefused("Microsoft Graph answered a list that is none")
            for item in items:
                try:
                    yield _read_item(kind, item)
                except GraphRefused as refused:
                    if whole:
                        raise
                    tell(Event.UNEXPECTED, where="graph", what=refused)
            link = page.get("@odata.nextLink")
            if not link:
                return
            if link in seen or len(seen) >= PAGE_LIMIT or not self._ours(link):
                raise GraphRefused("Graph gave a next page that leads nowhere")
            seen.add(link)
            request = RequestInformation(Method.GET)
            request.url = link
            request.headers.try_add("Accept", "application/json")

    def _ours(self, link: object) -> bool:
        ours = urlsplit(self._settings.graph_base_url)
        return isinstance(link, str) and urlsplit(link)[:2] == ours[:2]

    async def _send(self, request: "RequestInformation") -> bytes:
        from azure.core.exceptions import AzureError
        from httpx import HTTPError
        from kiota_abstractions.api_error import APIError

        client = self._sdk()
        try:
            answer: bytes | None = await asyncio.wait_for(
                client.request_adapter.send_primitive_async(request, "bytes", _error_map()), TIMEOUT_SECONDS
            )
        except APIError as error:
            named = _named(_reply(error))
            if isinstance(named, GraphUnavailable) and named.retry_after:
                self._rest(named.retry_after)
            raise named from error
        except AzureError as error:
            raise GraphUnavailable("no token for Microsoft Graph: check the app's identity") from error
        except (HTTPError, TimeoutError, OSError) as error:
            self._rest(UNREACHABLE_REST_SECONDS)
            raise GraphUnavailable(f"Microsoft Graph cannot be reached ({type(error).__name__})") from error
        return answer or b""

    def _rest(self, seconds: float) -> None:
        self._rests_until = max(self._rests_until, time.monotonic() + seconds)

    def _sdk(self) -> "GraphServiceClient":
        if self._client is None:
            from azure.identity.aio import DefaultAzureCredential
            from httpx import AsyncClient, AsyncHTTPTransport
            from kiota_authentication_azure.azure_identity_authentication_provider import (
                AzureIdentityAuthenticationProvider,
            )
            from kiota_http.middleware.options import RetryHandlerOption
            from msgraph import GraphRequestAdapter, GraphServiceClient
            from msgraph_core import GraphClientFactory

            where = urlsplit(self._settings.graph_base_url)
            self._credential = DefaultAzureCredential()
            self._transport = AsyncHTTPTransport(http2=True)
            provider = AzureIdentityAuthenticationProvider(
                self._credential,
                scopes=[f"{where.scheme}://{where.netloc}/.default"],
                allowed_hosts=[where.hostname or ""],
            )
            adapter = GraphRequestAdapter(
                provider,
                GraphClientFactory.create_with_default_middleware(
                    client=AsyncClient(transport=self._transport, timeout=TIMEOUT_SECONDS),
                    options={RetryHandlerOption.get_key(): RetryHandlerOption(0, 0, False)},
                ),
            )
            adapter.base_url = self._settings.graph_base_url
            self._client = GraphServiceClient(request_adapter=adapter)
        return self._client


def _error_map() -> dict[str, Any]:
    """The SDK's generated error class costs half a second to import; this one does."""
    from kiota_abstractions.api_error import APIError
    from kiota_abstractions.serialization import AdditionalDataHolder, Parsable

    class Refusal(APIError, AdditionalDataHolder, Parsable):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.additional_data: dict[str, Any] = {}

        @staticmethod
        def create_from_discriminator_value(_node: object) -> "Refusal":
            return Refusal()

        def get_field_deserializers(self) -> dict[str, Any]:
            return {}

        def serialize(self, writer: object) -> None:
            raise NotImplementedError

    return {"XXX": Refusal}


def _reply(error: Any) -> _Reply:
    headers = {str(key).lower(): value for key, value in (error.response_headers or {}).items()}
    detail = getattr(error, "additional_data", {}).get("error")
    code = str(detail.get("code", "")) if isinstance(detail, dict) else ""
    return _Reply(error.response_status_code or 0, _seconds(headers.get("retry-after")), code)


def _seconds(text: object) -> float | None:
    try:
        seconds = float(str(text))
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None


def _named(reply: _Reply) -> GraphNotFound | GraphRefused | GraphUnavailable:
    said = f"Microsoft Graph answered {reply.status} {reply.code}".strip()
    if reply.status == 404:
        return GraphNotFound(said)
    if reply.status in _TRANSIENT or reply.status == 0:
        wait = reply.retry_after
        if wait is None and reply.status == 429:
            wait = THROTTLED_REST_SECONDS
        return GraphUnavailable(said, retry_after=wait)
    return GraphRefused(said)


def _json(body: bytes) -> dict[str, Any]:
    try:
        page = json.loads(body)
    except ValueError as error:
        raise GraphUnavailable("Microsoft Graph answered something that is not JSON") from error
    if not isinstance(page, dict):
        raise GraphUnavailable("Microsoft Graph answered JSON that is not an object")
    return page


def _read(kind: type[W], body: bytes) -> W:
    return _read_item(kind, _json(body))


def _read_item(kind: type[W], item: object) -> W:
    try:
        return kind.model_validate(item)
    except ValidationError as error:
        raise GraphRefused(f"Microsoft Graph answered a {kind.__name__} that cannot be read") from error
