"""Whether a Conditional Access policy applies to a sign-in: pure evaluation.

Source: Graph "conditionalAccessRoot: evaluate" and "whatIfAnalysisResult". Applicability only: whether the
sign-in then meets the grant controls is another question. A sign-in without device info is one from an
unregistered device. Extension attributes are seen of a device that Intune manages, that is compliant, or that
is hybrid joined (Entra "Filter for devices", policy behavior); whether it is managed is looked up by
deviceId, which is inferred: the page says nothing of a look-up. When several conditions fail, which of them
Entra names is not documented: here the first in the order users, application, devicePlatform, clientApps,
devices. Office365 here is Exchange Online and SharePoint Online; its other apps are left out.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Literal

from pydantic import Field

from local.graph import device_filter
from local.graph.directory import EXTENSION_ATTRIBUTES
from local.graph.policy import Conditions, Platforms, Policy, Wire
from local.graph.problem import Document

DeviceInfo = dict[str, bool | str | list[str] | None]
HYBRID_JOINED = "ServerAD"
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


class UserSignIn(Wire):
    """Who signs in."""

    type: Literal["#microsoft.graph.userSignIn"] = Field(alias="@odata.type")
    user_id: str


class ApplicationContext(Wire):
    """What they open."""

    type: Literal["#microsoft.graph.applicationContext"] = Field(alias="@odata.type")
    include_applications: list[str] = Field(min_length=1)


class SignInConditions(Wire):
    """From where; risk, location and flow are not looked at, because no simulated policy asks for them."""

    device_platform: str | None = None
    client_app_type: str | None = None
    device_info: DeviceInfo = Field(default_factory=dict)


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
    reason = _platform(conditions.platforms, seen.device_platform)
    if reason is Reason.NOT_SET:
        reason = _client_app(conditions.client_app_types, seen.client_app_type)
    if reason is Reason.NOT_SET and not _device(conditions, seen.device_info):
        reason = Reason.DEVICES
    return reason


def as_seen(device: DeviceInfo, registered: Document | None) -> DeviceInfo:
    """What Conditional Access sees of the device it is told of; `registered` is what the directory has."""
    managed = bool(device.get("mdmAppId") or (registered or {}).get("isManaged"))
    if managed or device.get("isCompliant") or device.get("trustType") == HYBRID_JOINED:
        return device
    return {name: value for name, value in device.items() if name not in EXTENSION_ATTRIBUTES}


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
