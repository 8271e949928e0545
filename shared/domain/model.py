"""The documents of every container, and the parts they are made of. Pure: no SDK, no clock, no I/O.

Each document names its container; all times are aware and in UTC. Ids are built here and nowhere else, so
that two rooms never spell one id in two ways.
"""

import hashlib
import json
import re
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, computed_field

from shared.domain.follow_up import FollowUp
from shared.domain.level import Level
from shared.domain.moment import Moment
from shared.domain.record import Category, Counted, Platform

MAX_HISTORY = 20
"""Entries of a device's history; the oldest go first."""
_PLAIN = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(value: object) -> str:
    """SHA-256, in hex, of `value` as JSON with sorted keys: the same value always has the same digest."""
    return hashlib.sha256(_CANONICAL.encode(value).encode()).hexdigest()


def id_part(text: str) -> str:
    """`text` as part of a document's id: itself where Cosmos takes it, else its SHA-256 in hex.

    An id stands in the path of a document's URL, where `.` and `..` would name what lies above it (RFC 3986,
    5.2.4).
    """
    if _PLAIN.fullmatch(text) and text not in {".", ".."}:
        return text
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def agent_id(partner: str, partner_device_id: str) -> str:
    """Id of a partner's app on one device."""
    return f"{partner}:{id_part(partner_device_id)}"


class Part(BaseModel):
    """What documents are made of: frozen, and blind to fields a later version of the app may have added."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class Document(Part):
    """Anything that is stored on its own. The partition key is the id unless the class says otherwise."""

    container: ClassVar[str]
    sparse: ClassVar[bool] = False
    """Whether fields that are null are left out when it is stored."""
    id: str

    @property
    def partition(self) -> str:
        """Value of the container's partition key."""
        return self.id


# --- reports ------------------------------------------------------------------------------------------


def unreadable(error: ValidationError) -> str:
    """What is stored and cannot be read, in words that do not quote it, as those of the error would."""
    return f"a stored {error.title} cannot be read ({error.error_count()} fields)"


class Report(Document):
    """One record of a partner's message, immutable: a second copy has the same id and is not stored again."""

    container: ClassVar[str] = "reports"
    agent: str
    record: Counted
    received_at: Moment

    @classmethod
    def of(cls, record: Counted, device_id: str, received_at: datetime) -> Self:
        """The report of `record` from an agent; its id leaves out what varies by receipt and by company.

        The platform may come from another item of the same body (Lookout), so it makes no other report. Nor
        does a field that is not there: what a later version of the app adds leaves older ids as they are.
        """
        content = record.model_dump(mode="json", exclude={"raw", "index", "platform"}, exclude_none=True)
        return cls(
            id=digest(content),
            agent=agent_id(record.partner, device_id),
            record=record,
            received_at=received_at,
        )

    @property
    def partition(self) -> str:
        """Reports of one agent lie together, in the order they came."""
        return self.agent


class DeadLetterKind(StrEnum):
    """What failed."""

    BODY = "body"
    ITEM = "item"
    REPORT = "report"
    """A stored report that could not be applied."""
    NO_DEVICE = "no_device"
    """A threat without a device, which may belong to the agent that bears its key: looked up by every
    sync."""
    TOO_LATE = "too_late"
    """Older than what its agent still remembers."""

    @property
    def is_received(self) -> bool:
        """Whether it holds what was received; the others hold a report that had been stored."""
        return self in {DeadLetterKind.BODY, DeadLetterKind.ITEM, DeadLetterKind.NO_DEVICE}


class DeadLetter(Document):
    """What could not be read or applied, with the reason, redacted."""

    container: ClassVar[str] = "dead_letters"
    partner: str
    reason: str
    kind: DeadLetterKind
    received_at: Moment
    size: int
    """Bytes, as received."""
    sha256: str
    index: int | None = None
    body: JsonValue = None
    """The redacted original; None where it was not JSON."""
    record: JsonValue = None
    """The stored report, where reading was not the trouble; the threat, where only its device is missing."""
    redriven_at: Moment | None = None
    """When it was last tried again, in vain; `reason` says why."""

    @property
    def partition(self) -> str:
        """Dead letters lie by partner."""
        return self.partner


# --- agents -------------------------------------------------------------------------------------------


class Mark(Part):
    """A point in an agent's story: when it happened, which report says so, and when that one came."""

    at: Moment
    report: str
    received_at: Moment


class Detection(Mark):
    """The newest detection of a threat."""

    severity: Level
    category: Category
    threat_type: str
    name: str | None = None
    compliance: bool = False
    """Whether a snapshot that clears compliance findings covers it (Sophos)."""
    clamped: bool = False
    """Whether the partner's time lay in the future and the time of receipt stands instead."""


class Unlisted(Mark):
    """Open threats of a category that are more than an agent's document holds: the newest time, and of the
    one that came last the report. They count until the whole agent is called clean."""

    severity: Level
    """The highest of them."""


class Threat(Part):
    """What is known of one threat of an agent. Open where the detection is newer than the resolution."""

    detection: Detection | None = None
    covered: Detection | None = None
    """The newest detection while a compliance snapshot covers it: it does not count, and hides older ones."""
    resolved: Mark | None = None
    aliases: dict[str, Mark] = Field(default_factory=dict)
    """Other keys whose resolution is one of this threat too, with the newest detection that named each."""

    @property
    def is_forgotten(self) -> bool:
        """Whether nothing is left of it."""
        return not (self.detection or self.covered or self.resolved or self.aliases)


class Snapshot(Mark):
    """The partner's own word on the whole device, the newest it gave."""

    severity: Level
    levels: dict[Category, Level] = Field(default_factory=dict)

    @property
    def is_raised(self) -> bool:
        """Whether it calls the device anything but secured."""
        return self.severity is not Level.SECURED


class Known(Mark):
    """An id or a fact a partner gave for a device; the newest stands."""

    value: str


class Agent(Document):
    """A partner's app on one device: its open threats, and which device it is."""

    container: ClassVar[str] = "agents"
    partner: str
    partner_device_id: str
    threats: dict[str, Threat] = Field(default_factory=dict)
    unlisted: dict[Category, Unlisted] = Field(default_factory=dict)
    cleared_all: Mark | None = None
    cleared_compliance: Mark | None = None
    snapshot: Snapshot | None = None
    scanned: Mark | None = None
    """The newest report of a threat or of the device's state with a scan behind it: an agent without one has
    never scanned."""
    mdm_device_id: Known | None = None
    serial: Known | None = None
    udid: Known | None = None
    platform: Known | None = None
    first_received_at: Moment | None = None
    """Of the reports it made; None while an admin has linked it and it has not reported yet."""
    last_received_at: Moment | None = None
    floor: Moment | None = None
    """Tombstones older than this are gone: an older event of an unknown threat comes too late."""
    device: str | None = None
    """The device it is linked to; None while nobody knows."""
    linked_by: str | None = None
    """The link that decided: an id of the `links` container. `agent:…` is an admin's, and stands against ids:
    with a device it links, without one it keeps the agent apart."""
    looked_up: str | None = None
    """Its best id, where that named no one device when it was looked up: another one is looked up at the next
    report, this one by the next sync."""
    moving_from: str | None = None
    """The device it was linked to before, until that one's slot is marked moved, or, where the agent has no
    device now because an admin undid the link, withdrawn."""
    unplaced: bool = False
    """Whether it was linked outside the feed, until its slot is placed."""
    link_revision: int = 0
    """The `revision` of the admin's decision it follows; 0 where none was made."""
    left_open: tuple[str, ...] = ()
    """Devices it moved away from with something open that counts there still, oldest first: an undo withdraws
    it there too."""
    level_revision: int = 0

    @computed_field  # type: ignore[prop-decorator]
    @property
    def has_threats(self) -> bool:
        """Whether it bears the key of any threat, open or not, or its partner calls the device anything but
        secured: by this it is found."""
        return bool(self.threats) or (self.snapshot is not None and self.snapshot.is_raised)


# --- devices ------------------------------------------------------------------------------------------


class Ownership(StrEnum):
    """managedDeviceOwnerType, as Intune spells it."""

    COMPANY = "company"
    PERSONAL = "personal"
    UNKNOWN = "unknown"


class EnrollmentType(StrEnum):
    """How an Android device is enrolled: Intune has a kind of compliance policy for each."""

    ADMINISTRATOR = "administrator"
    WORK_PROFILE = "work_profile"
    DEVICE_OWNER = "device_owner"
    UNKNOWN = "unknown"
    """Not Android, or not known: policies of every kind reach it."""


class DeviceFacts(Part):
    """What Intune says of a device, as mirrored at the last sync that found it changed."""

    intune_id: str
    entra_id: str | None = None
    serial: str | None = None
    udid: str | None = None
    """Asked for only while an agent waits for one: None where nobody asked, empty where Intune has none."""
    name: str | None = None
    user_id: str | None = None
    """None for a userless device (kiosk, shared, dedicated): Intune's rules do not reach it."""
    groups: tuple[str, ...] = ()
    """Of the user groups that compliance policies name, those the user is in; ids in lower case."""
    platform: Platform
    os_version: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    category: str | None = None
    """deviceCategoryDisplayName, as served."""
    enrollment_profile: str | None = None
    """enrollmentProfileName; with the three above it, what assignment filters ask for."""
    ownership: Ownership = Ownership.UNKNOWN
    enrollment_type: EnrollmentType = EnrollmentType.UNKNOWN
    compliance_state: str = "unknown"
    enrolled_at: Moment | None = None
    """enrolledDateTime; None where Intune does not say."""
    grace_until: Moment | None = None
    """complianceGracePeriodExpirationDateTime; None where Intune grants none."""
    partner_reported_threat_state: str = "unknown"
    registration_state: str = "unknown"
    """deviceRegistrationState, as served."""
    management_state: str | None = None


class Finding(Part):
    """One open threat as the device's decision sees it."""

    key: str
    report: str
    category: Category
    threat_type: str
    name: str | None = None
    severity: Level
    at: Moment


class Slot(Part):
    """What one agent brings to its device's decision: exactly the agent's levels at `revision`."""

    agent: str
    partner: str
    revision: int
    since: Moment | None = None
    """When the agent's first report was received: the later agent is the newer one. None while it is linked
    and has not reported."""
    levels: dict[Category, Level] = Field(default_factory=dict)
    own: Level | None = None
    """The partner's own level of the device."""
    own_levels: dict[Category, Level] = Field(default_factory=dict)
    """The same by category, where the partner gives it."""
    last_reported_at: Moment | None = None
    """When the agent's last report was received, as of this slot's last writing or of a later look."""
    own_report: str | None = None
    """The report that gave it, where it speaks against the device."""
    scanned: bool = True
    """Whether the agent has ever reported a threat or the device's state; merely being known is no scan."""
    findings: tuple[Finding, ...] = ()
    """The gravest open threats; `open_threats` counts them all."""
    open_threats: int = 0
    newest_at: Moment | None = None
    """Event time of the newest open threat or unsecured snapshot."""
    secured_at: Moment | None = None
    """Event time of the newest snapshot that cleared all of the agent's threats."""
    moved: bool = False
    """The agent belongs to another device now. What it had found here stays open as it stood, until the
    device is gone, the agent comes back or an admin withdraws it; the agent is not present here any more."""
    withdrawn: bool = False
    """An admin undid the link: nothing of the agent's counts here. Only the revision is left, so that no late
    instance places a slot again."""


class Verdict(StrEnum):
    """What a decision says. `undecided` is never counted as allowed."""

    ALLOW = "allow"
    BLOCK = "block"
    UNDECIDED = "undecided"


class Decision(Part):
    """Whether a device is over the line, by which rule, and why, in words a help desk can read out."""

    verdict: Verdict
    risk: Level
    allowed: Level | None = None
    rule: str | None = None
    rule_name: str | None = None
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    """The open threats that count, gravest first."""
    missing: tuple[str, ...] = ()
    """Partners that must scan this device and have not reported."""
    silent: tuple[str, ...] = ()
    """Partners that have been silent for too long, or whose agent has, where that counts against the
    device."""
    tag: str | None = None
    """The value Conditional Access should see; None leaves the device as it is."""
    rules_version: str
    decided_at: Moment
    over_since: Moment | None = None
    """Since when the device has been over the line without pause; a rule's grace period counts from here, and
    a time in which nothing was decided is no pause."""
    missing_since: Moment | None = None
    """Since when partners that must scan the device have been missing without pause: a grace period for
    missing data counts from here."""
    grace_until: Moment | None = None
    """Until when it is let in though it is over the line or data are missing; None where that is not why."""
    next_due: Moment | None = None
    """When this decision must be looked at again though nothing is reported."""


class TagState(StrEnum):
    """How far the wanted tag has come."""

    NONE = "none"
    PENDING = "pending"
    PENDING_APPROVAL = "pending_approval"
    """A block that waits for an admin: too many devices would be blocked at once."""
    APPLIED = "applied"
    FOREIGN = "foreign"
    """Somebody else's value stands in the attribute; it is never overwritten."""
    NO_DEVICE = "no_device"
    """Entra does not know the device."""
    NOT_ENFORCEABLE = "not_enforceable"
    """The device is not registered in Entra."""


class Tag(Part):
    """The value on the Entra device: what it should be, what we last wrote, and what stood there before."""

    wanted: str | None = None
    applied: str | None = None
    state: TagState = TagState.NONE
    blocks: bool = False
    """Whether the wanted value refuses access: those are written first."""
    before: str | None = None
    why: str | None = None
    wanted_at: Moment | None = None
    applied_at: Moment | None = None
    attempts: int = 0
    """Failed attempts at the wanted value."""
    retry_at: Moment | None = None
    """When Entra is asked again that refused the last attempt; None where the next minute will do."""
    outcome_unknown: bool = False
    """Whether an earlier value may stand in Entra though no outcome was recorded: it is written over."""
    stop: str | None = None
    """The mass-change stop that holds this block back, or held it back until it was approved; None once it is
    written or called off: an approval lets a block through once."""
    follow_up: FollowUp | None = None
    follow_up_begun: Moment | None = None
    """When somebody last began with it: nobody else does for a while."""
    error: str | None = None

    @property
    def is_uncertain(self) -> bool:
        """Whether a value was asked for whose outcome is not recorded: another than `applied` may stand."""
        return self.outcome_unknown or self.state is TagState.PENDING


class HistoryEntry(Part):
    """One change of a device's decision or tag."""

    at: Moment
    what: str


class Override(Part):
    """An admin lets a device in though threats are open: those of that moment, and none that comes later."""

    until: Moment
    at: Moment
    who: str
    why: str
    covers: tuple[str, ...]
    """Ids of the reports that opened the threats, or gave the partner's own level of the device."""


class NewerRegistration(Part):
    """A registration in Entra that Intune does not manage, by the user of a blocked phone, of its platform
    and model, and newer than the block: it may be the same phone, and Conditional Access sees no tag of
    it."""

    id: str
    """Its Entra device id."""
    registered_at: Moment


class Device(Document):
    """One Entra/Intune device: the mirror, the agents' slots, the decision and the tag."""

    container: ClassVar[str] = "devices"
    facts: DeviceFacts
    slots: dict[str, Slot] = Field(default_factory=dict)
    decision: Decision | None = None
    tag: Tag = Field(default_factory=Tag)
    history: tuple[HistoryEntry, ...] = ()
    override: Override | None = None
    restricted: bool = False
    """Whether Entra's list had it in a restricted management administrative unit, where an app needs a role
    to write the tag."""
    newer_registration: NewerRegistration | None = None
    """The one that was found while it is blocked; None once it is not blocked, or the other one is gone."""
    replaced_by: str | None = None
    """The device Intune's record belongs to now that its Entra id is another; all agents have gone there."""
    missing_since: Moment | None = None
    """Since when complete sweeps have not held it. Missing is not gone: Intune's list may be incomplete."""
    gone_at: Moment | None = None
    """When Intune, asked for it, said that there is no such device. Its tag stays as it is."""
    purged_at: Moment | None = None
    """When personal data were removed, because it had been gone for long enough."""

    def noting(self, at: datetime, what: str) -> Self:
        """With one more entry in its history, newest first; the same entry is entered once."""
        entry = HistoryEntry(at=at, what=what)
        if entry in self.history:
            return self
        return self.model_copy(update={"history": (entry, *self.history)[:MAX_HISTORY]})


def device_id(facts: DeviceFacts) -> str:
    """Entra device id in lower case; `intune:<id>` where Entra does not know the device."""
    return facts.entra_id.lower() if facts.entra_id else link_id("intune", facts.intune_id)


# --- links --------------------------------------------------------------------------------------------


class Link(Document):
    """Which device an id names. An ambiguous id names none.

    `agent:…` is the record of what an admin last said of an agent: its device, or, without one, that it is
    kept apart. Which of two admins came later is decided here, by `revision`; the agent follows the latest,
    and its devices follow the agent. Its own `device` also follows a device that gets another id.
    """

    container: ClassVar[str] = "links"
    device: str | None = None
    ambiguous: bool = False
    why: str = "sync"
    """The admin's reason, or `sync` where no admin made it."""
    who: str | None = None
    """The admin who made it."""
    at: Moment | None = None
    previous: str | None = None
    """The device the agent was linked to before."""
    revision: int = 0
    """How many decisions admins have made on this agent, this one included."""
    pending: bool = False
    """Whether agent and devices may not follow it yet: whoever comes next finishes it."""

    @property
    def names(self) -> str | None:
        """The one device it names."""
        return None if self.ambiguous else self.device


def link_id(kind: str, value: str) -> str:
    """Id of a link: `intune:…`, `entra:…`, `serial:…` or `udid:…`; compared without regard to case."""
    return f"{kind}:{id_part(value.lower())}"


def link_of_agent(agent: str) -> str:
    """Id of the link an admin makes by hand for an agent."""
    return f"agent:{agent}"


def is_manual(linked_by: str | None) -> bool:
    """Whether an admin decided which device an agent is, or that it is none: no id may change that."""
    return linked_by is not None and linked_by.startswith("agent:")
