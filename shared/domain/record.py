"""What one item of a partner's message normalises to, whoever sent it.

Adapters build these and nothing else; every text is clipped here, so that no partner can make a
document too large to store. All times are aware, in UTC, as the partner gave them: what derives from the
time of receipt is worked out later (`evaluate_risk.risk`), so that the same report is always the same record.
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, NotRequired, TypedDict, Unpack

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetPydanticSchema,
    JsonValue,
)
from pydantic_core.core_schema import any_schema

from shared.domain.level import Level
from shared.domain.moment import Moment

MAX_ID = 200
"""Characters kept of an identifier; a longer one is replaced by its SHA-256 where it becomes a key."""
MAX_TEXT = 500
"""Characters kept of any text of a partner's."""


class Platform(StrEnum):
    """The operating systems Intune's Mobile Threat Defense rules exist for; `other` never counts."""

    IOS = "ios"
    ANDROID = "android"
    OTHER = "other"


PLATFORMS = (Platform.IOS, Platform.ANDROID)
"""Those that rules exist for."""


class Category(StrEnum):
    """Where a threat lives, as Microsoft's Mobile Threat Defense page divides them."""

    DEVICE = "device"
    NETWORK = "network"
    APP = "app"


class Status(StrEnum):
    """What a report says of its threat. `unknown` neither opens nor resolves."""

    OPEN = "open"
    RESOLVED = "resolved"
    UNKNOWN = "unknown"


class Clears(StrEnum):
    """Which open threats of its agent a device snapshot declares gone."""

    ALL = "all"
    COMPLIANCE = "compliance"
    NONE = "none"


BLOCKED = "blocked"
"""The reason of a threat that its own message closes: it was prevented before it did anything."""


def _clip(value: object) -> object:
    return value[:MAX_TEXT] if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_clip)]


Redacted = Annotated[JsonValue, GetPydanticSchema(lambda _source, _handler: any_schema())]
"""What was read as JSON and redacted: it is JSON already, and need not be gone through value by value."""


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    partner: str
    index: int = Field(ge=0)
    """Place of the item in the body it came in."""
    raw: Redacted = None
    """The item as received, with the adapter's secret fields redacted."""


class _Reading(_Item):
    """What every readable item that counts has in common."""

    report_id: Text
    """The partner's own id, followed by `:` and what makes it unique where one id covers several records."""
    partner_device_id: Text | None = None
    mdm_device_id: Text | None = None
    """The id the MDM knows the device by, as the partner has it: mostly Intune's, sometimes a UDID."""
    serial: Text | None = None
    udid: Text | None = None
    platform: Platform | None = None
    os_version: Text | None = None
    detected_at: Moment | None = None
    unreadable_time: Text | None = None
    """What the partner gave as the time, where nobody can read it: then the time of receipt counts."""
    odd_fields: Text | None = None
    """Names of fields that hold what cannot stand there, such as a list for a text, and were left out."""

    @property
    def event_at(self) -> datetime | None:
        """When the partner says it happened; None where it does not say."""
        return self.detected_at


class _Judgement(_Reading):
    """What is said of the device's safety."""

    scanned: bool = True
    """Whether the agent itself has looked. A judgement made of the MDM's data alone is no scan, nor is an
    agent's being gone."""


class ThreatRecord(_Judgement):
    """A threat seen, graded again, or resolved."""

    record: Literal["threat"] = "threat"
    threat_key: Text
    """What a detection and its resolution have in common, unique within the agent."""
    alias: Text | None = None
    """Another key a resolution may come under, where the partner's resolutions do not always repeat what
    `threat_key` is made of."""
    category: Category
    threat_type: Text
    threat_name: Text | None = None
    severity_raw: Text | None = None
    severity: Level
    status: Status
    resolved_at: Moment | None = None
    details_url: Text | None = None
    vendor_category: Text | None = None
    reason: Text | None = None
    unknown_type: Text | None = None
    """The partner's word for the type where no table knows it: it is logged, and kept."""
    unknown_status: Text | None = None
    """The partner's word for the status where no table knows it."""

    @property
    def prevented(self) -> bool:
        """Whether it was open and closed at once, which says nothing of an earlier detection of the same."""
        return self.status is Status.RESOLVED and self.reason == BLOCKED

    @property
    def event_at(self) -> datetime | None:
        """When the partner says it was resolved, or else detected; None where it does not say."""
        return self.resolved_at or self.detected_at if self.status is Status.RESOLVED else self.detected_at


class DeviceStateRecord(_Judgement):
    """A partner's own word on a whole device."""

    record: Literal["device_state"] = "device_state"
    severity: Level
    severity_raw: Text | None = None
    clears: Clears = Clears.NONE
    clears_until: Moment | None = None
    """What it clears, it clears up to here: the agent's last contact. None: up to its own time."""
    closed_keys: tuple[Text, ...] = ()
    """Threat keys the snapshot shows inactive."""
    levels: dict[Category, Level] | None = None
    """The partner's own level by category, where it gives one."""


class DeviceIdentityRecord(_Reading):
    """Which device an agent is, and nothing about its threats."""

    record: Literal["device_identity"] = "device_identity"
    emm: Text | None = None
    unknown_status: Text | None = None
    """The partner's word for how the agent stands where no table knows it: then it says nothing more."""


class AppInventoryRecord(_Reading):
    """One app seen on a device, as the partner's own inventory has it; None where the partner does not say.

    The fields are those of Apple's InstalledApplicationList that Intune's App Sync gives a partner.
    """

    record: Literal["app_inventory"] = "app_inventory"
    app_id: Text
    """The bundle identifier."""
    name: Text | None = None
    version: Text | None = None
    short_version: Text | None = None
    bundle_size: int | None = Field(None, ge=0)
    """Bytes, as installed."""
    dynamic_size: int | None = Field(None, ge=0)
    """Bytes of documents, library and other folders of the app."""
    validated: bool | None = None
    managed: bool | None = None
    ad_hoc_signed: bool | None = None
    from_app_store: bool | None = None
    beta: bool | None = None
    device_based_vpp: bool | None = None


class IgnoredRecord(_Item):
    """Readable, but no business of ours: counted, not stored."""

    record: Literal["ignored"] = "ignored"
    reason: Text


class _Unread(TypedDict):
    """What of an item that cannot be read is not made of its bytes."""

    partner: str
    index: int
    reason: str
    raw: JsonValue
    foreign: NotRequired[bool]


class UnreadableRecord(_Item):
    """One item of a readable batch that could not be read; kept in `dead_letters`."""

    record: Literal["unreadable"] = "unreadable"
    reason: Text
    size: int = 0
    """Bytes as received."""
    sha256: str = ""
    """Of the same bytes: it keeps items apart that look alike once redacted."""
    foreign: bool = False
    """Whether it is not the partner's format at all, rather than the partner's and odd."""
    threat: ThreatRecord | None = None
    """The threat it is, where nothing is missing but its device."""

    @classmethod
    def of(cls, received: bytes, **fields: Unpack[_Unread]) -> "UnreadableRecord":
        """The record of what was `received` so; `raw` of the fields is what is kept of it, redacted."""
        return cls(size=len(received), sha256=hashlib.sha256(received).hexdigest(), **fields)


Counted = Annotated[
    ThreatRecord | DeviceStateRecord | DeviceIdentityRecord | AppInventoryRecord,
    Field(discriminator="record"),
]
"""The records that are stored."""
Record = Annotated[
    ThreatRecord
    | DeviceStateRecord
    | DeviceIdentityRecord
    | AppInventoryRecord
    | IgnoredRecord
    | UnreadableRecord,
    Field(discriminator="record"),
]
