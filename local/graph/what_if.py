"""Whether a Conditional Access policy applies to a sign-in: pure evaluation.

Source: Graph "conditionalAccessRoot: evaluate" and "whatIfAnalysisResult". Applicability only: whether the
sign-in then meets the grant controls is another question. A sign-in without device info is one from an
unregistered device. Extension attributes are seen of a device that Intune manages, that is compliant, or that
is hybrid joined (Entra "Filter for devices", policy behavior); whether it is managed is looked up by
deviceId, which is inferred: the page says nothing of a look-up. Of several conditions that fail the first is
named (Entra "What If tool"); in which order they are looked at is not documented: here users, application,
devicePlatform, clientApps, devices, authenticationFlow, risk, location. A risk that is not given is none
(Graph "signInConditions"), a place that is not given cannot be evaluated; which reason that gets is inferred.
Office365 here is Exchange Online and SharePoint Online; its other apps are left out, and so are named
locations, dependencies between services (as in the real tool), and a group of apps as what is opened, which
matches nothing.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from local.graph import device_filter
from local.graph.directory import EXTENSION_ATTRIBUTES
from local.graph.policy import (
    ClientApp,
    Conditions,
    Locations,
    Platform,
    Platforms,
    Policy,
    RiskLevel,
    TransferMethod,
    Wire,
)
from local.graph.problem import Document

_DEVICE_INFO = (
    "deviceId displayName enrollmentProfileName isCompliant manufacturer mdmAppId model operatingSystem "
    "operatingSystemVersion ownership physicalIds profileType systemLabels trustType"
)
DEVICE_INFO = frozenset(_DEVICE_INFO.split()) | {*EXTENSION_ATTRIBUTES}
"""The properties of deviceInfo, v1.0; another one is refused. isManaged is none of them."""


def _known(device: dict[str, bool | str | list[str] | None]) -> dict[str, bool | str | list[str] | None]:
    unknown = {name for name in device if "@" not in name} - DEVICE_INFO
    if unknown:
        raise ValueError(f"no property {sorted(unknown)} on deviceInfo")
    return device


DeviceInfo = Annotated[dict[str, bool | str | list[str] | None], AfterValidator(_known)]
HYBRID_JOINED = "serverad"
"""Of the directory `ServerAd`, of a filter `ServerAD`."""
OFFICE_365 = frozenset({"00000002-0000-0ff1-ce00-000000000000", "00000003-0000-0ff1-ce00-000000000000"})


class Reason(StrEnum):
    """Why a policy does not apply; NOT_SET when it does."""

    NOT_SET = "notSet"
    POLICY_NOT_ENABLED = "policyNotEnabled"
    NOT_ENOUGH_INFORMATION = "notEnoughInformation"
    USERS = "users"
    APPLICATION = "application"
    DEVICE_PLATFORM = "devicePlatform"
    CLIENT_APPS = "clientApps"
    DEVICES = "devices"
    AUTHENTICATION_FLOW = "authenticationFlow"
    SIGN_IN_RISK = "signInRisk"
    USER_RISK = "userRisk"
    LOCATION = "location"


class UserSignIn(Wire):
    """Who signs in."""

    type: Literal["#microsoft.graph.userSignIn"] = Field(alias="@odata.type")
    user_id: str


class ApplicationContext(Wire):
    """What they open."""

    type: Literal["#microsoft.graph.applicationContext"] = Field(alias="@odata.type")
    include_applications: list[str] = Field(min_length=1)


class AuthenticationFlow(Wire):
    """How the sign-in came to the device."""

    transfer_method: TransferMethod = "none"


class SignInConditions(Wire):
    """How and from where."""

    device_platform: Platform | None = None
    client_app_type: ClientApp | None = None
    device_info: DeviceInfo = Field(default_factory=dict)
    authentication_flow: AuthenticationFlow = AuthenticationFlow()
    sign_in_risk_level: RiskLevel = "none"
    user_risk_level: RiskLevel = "none"
    country: str | None = None
    ip_address: str | None = None


class SignIn(Wire):
    """The body of an evaluate request."""

    sign_in_identity: UserSignIn
    sign_in_context: ApplicationContext
    sign_in_conditions: SignInConditions
    applied_policies_only: bool = False


def evaluate(policy: Policy, sign_in: SignIn, groups: frozenset[str]) -> Reason:
    """Why the policy does not apply to this user of these groups, or NOT_SET. Report-only ones count."""
    conditions = policy.conditions
    seen = sign_in.sign_in_conditions
    if policy.state == "disabled":
        return Reason.POLICY_NOT_ENABLED
    if not _users(conditions, sign_in.sign_in_identity.user_id.lower(), groups):
        return Reason.USERS
    if not any(_application(conditions, app.lower()) for app in sign_in.sign_in_context.include_applications):
        return Reason.APPLICATION
    reasons = (
        _platform(conditions.platforms, seen.device_platform),
        _client_app(conditions.client_app_types, seen.client_app_type),
        Reason.NOT_SET if _device(conditions, seen.device_info) else Reason.DEVICES,
        _flow(conditions, seen.authentication_flow.transfer_method),
        _risk(conditions.sign_in_risk_levels, seen.sign_in_risk_level, Reason.SIGN_IN_RISK),
        _risk(conditions.user_risk_levels, seen.user_risk_level, Reason.USER_RISK),
        _location(conditions.locations, seen.country or seen.ip_address),
    )
    return next((reason for reason in reasons if reason is not Reason.NOT_SET), Reason.NOT_SET)


def as_seen(device: DeviceInfo, registered: Document | None) -> DeviceInfo:
    """What Conditional Access sees of a device as described; `registered` is what the directory has."""
    managed = bool(device.get("mdmAppId") or (registered or {}).get("isManaged"))
    if managed or device.get("isCompliant") or _trust(device) == HYBRID_JOINED:
        return device
    return {name: value for name, value in device.items() if name not in EXTENSION_ATTRIBUTES}


def _trust(device: DeviceInfo) -> str:
    return str(device.get("trustType")).lower()


def _users(conditions: Conditions, user: str, groups: frozenset[str]) -> bool:
    users = conditions.users
    included = {"All", user} & {*users.include_users} or groups & {*users.include_groups}
    excluded = {"All", user} & {*users.exclude_users} or groups & {*users.exclude_groups}
    return bool(included) and not excluded


def _application(conditions: Conditions, application: str) -> bool:
    names = {"All", application} | ({"Office365"} if application in OFFICE_365 else set())
    applications = conditions.applications
    return bool(names & {*applications.include_applications}) and not names & {
        *applications.exclude_applications
    }


def _platform(platforms: Platforms | None, platform: str | None) -> Reason:
    if platforms is None:
        return Reason.NOT_SET
    if platform is None:
        everywhere = "all" in platforms.include_platforms and not platforms.exclude_platforms
        return Reason.NOT_SET if everywhere else Reason.NOT_ENOUGH_INFORMATION
    names = {"all", platform}
    applies = names & {*platforms.include_platforms} and not names & {*platforms.exclude_platforms}
    return Reason.NOT_SET if applies else Reason.DEVICE_PLATFORM


def _client_app(wanted: Collection[str], client_app: str | None) -> Reason:
    if "all" in wanted or client_app in wanted:
        return Reason.NOT_SET
    return Reason.CLIENT_APPS if client_app else Reason.NOT_ENOUGH_INFORMATION


def _device(conditions: Conditions, device: device_filter.Device) -> bool:
    chosen = conditions.devices.device_filter
    if chosen is None:
        return True
    return device_filter.parse(chosen.rule)(device) == (chosen.mode == "include")


def _flow(conditions: Conditions, method: str) -> Reason:
    flows = conditions.authentication_flows
    applies = flows is None or not flows.methods or method in flows.methods
    return Reason.NOT_SET if applies else Reason.AUTHENTICATION_FLOW


def _risk(levels: Collection[str], level: str, reason: Reason) -> Reason:
    return Reason.NOT_SET if not levels or level in levels else reason


def _location(locations: Locations | None, place: str | None) -> Reason:
    if locations is None or locations.everywhere:
        return Reason.NOT_SET
    return Reason.LOCATION if place else Reason.NOT_ENOUGH_INFORMATION
