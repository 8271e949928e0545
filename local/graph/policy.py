"""A Conditional Access policy as far as it is simulated; what is not is refused, so that no answer is wrong.

Source: Graph "conditionalAccessPolicy". A condition outside the fields below (insider risk, times, roles,
guests, user actions) is refused when it says anything, because What If could not evaluate it.
"""

from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from local.graph import device_filter

Guid = Annotated[
    str, Field(pattern=r"(?i)^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$"), AfterValidator(str.lower)
]
User = Literal["All", "None", "GuestsOrExternalUsers"] | Guid
Application = Literal["All", "None", "Office365", "MicrosoftAdminPortals"] | Guid
Platform = Literal["all", "android", "iOS", "windows", "windowsPhone", "macOS", "linux"]
ClientApp = Literal[
    "all", "browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "easSupported", "other"
]
RiskLevel = Literal["low", "medium", "high", "hidden", "none"]
TransferMethod = Literal["none", "deviceCodeFlow", "authenticationTransfer"]
GrantControl = Literal[
    "block",
    "mfa",
    "compliantDevice",
    "domainJoinedDevice",
    "approvedApplication",
    "compliantApplication",
    "passwordChange",
]


class Wire(BaseModel):
    """Graph's names; null means the same as absent."""

    model_config = ConfigDict(alias_generator=to_camel, extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: object) -> object:
        return {k: v for k, v in data.items() if v is not None} if isinstance(data, dict) else data


class Condition(Wire):
    """A part of a policy that What If must understand in full."""

    @model_validator(mode="after")
    def _nothing_else(self) -> Self:
        for name, value in (self.model_extra or {}).items():
            if value and "@" not in name:
                raise ValueError(f"{name} is not simulated")
        return self


class Users(Condition):
    """Who."""

    include_users: list[User] = []
    exclude_users: list[User] = []
    include_groups: list[Guid] = []
    exclude_groups: list[Guid] = []


class Applications(Condition):
    """What they open."""

    include_applications: list[Application] = Field(min_length=1)
    exclude_applications: list[Application] = []


class Platforms(Condition):
    """On which system."""

    include_platforms: list[Platform] = Field(min_length=1)
    exclude_platforms: list[Platform] = []


class Locations(Condition):
    """From where: `All`, `AllTrusted`, or ids of named locations, which are not simulated."""

    include_locations: list[str] = Field(min_length=1)
    exclude_locations: list[str] = []

    @property
    def everywhere(self) -> bool:
        """Whether it makes no difference from where."""
        return "All" in self.include_locations and not self.exclude_locations


class AuthenticationFlows(Condition):
    """By which transfer of a sign-in to another device: an enumeration of flags, joined by commas (CSDL:
    conditionalAccessTransferMethods)."""

    transfer_methods: str

    @property
    def methods(self) -> frozenset[str]:
        """The flags that are set."""
        return frozenset(self.transfer_methods.split(",")) - {"none"}

    @model_validator(mode="after")
    def _known(self) -> Self:
        if unknown := self.methods - set(get_args(TransferMethod)):
            raise ValueError(f"no transfer method {unknown}")
        return self


class DeviceFilter(Condition):
    """On which device."""

    mode: Literal["include", "exclude"]
    rule: Annotated[str, AfterValidator(lambda rule: (device_filter.parse(rule), rule)[1])]


class Devices(Condition):
    """Holds the device filter."""

    device_filter: DeviceFilter | None = None


class Conditions(Condition):
    """All of them must hold for a policy to apply."""

    users: Users
    applications: Applications
    client_app_types: list[ClientApp] = Field(min_length=1)
    platforms: Platforms | None = None
    devices: Devices = Devices()
    locations: Locations | None = None
    sign_in_risk_levels: list[RiskLevel] = []
    user_risk_levels: list[RiskLevel] = []
    authentication_flows: AuthenticationFlows | None = None


class GrantControls(Wire):
    """What it then asks for."""

    operator: Literal["AND", "OR"]
    built_in_controls: list[GrantControl] = []

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        others = any((self.model_extra or {}).values())
        if not self.built_in_controls and not others:
            raise ValueError("no control")
        if "block" in self.built_in_controls and (others or len(self.built_in_controls) > 1):
            raise ValueError("block stands alone")
        return self


class Policy(Wire):
    """The whole policy; its other fields (dates, sessionControls) do not matter to What If."""

    display_name: str = Field(min_length=1, max_length=256)
    state: Literal["enabled", "disabled", "enabledForReportingButNotEnforced"]
    conditions: Conditions
    grant_controls: GrantControls | None = None

    @model_validator(mode="after")
    def _has_controls(self) -> Self:
        if self.grant_controls is None and not (self.model_extra or {}).get("sessionControls"):
            raise ValueError("grantControls or sessionControls must be given")
        return self
