"""Pradeo (Pradeo Security): the event feed for a SIEM, in two envelopes, rows of its REST interface, and the
older syslog line.

Transport: not documented; events were seen as single JSON objects, older ones as syslog lines. Seen in public
records: the typed envelope (2024, 2025: `type`, `creationDate`, `content`), the bare one (2026: no type, no
time, one key names the body), levels Green, Orange, Red and NotYetAvailable, statuses by name with a number
as value, verdicts on phones whose agent never connected. Documented: the device rows of REST v2. Inferred:
value 1 is active and 0 is not (one snapshot grades Root Red at 0 while its system level is Green), a status
that the admin's policy grades Green is no threat, what names a device in `DeviceDetection` is its id, what
has connected and is coupled no more has lost its agent, a row's `low` beside `secured` is Green. Not known:
values 2 and 3, which neither open nor resolve (`WORDS_PRADEO_ACTIVE`, `WORDS_PRADEO_INACTIVE`), and how a
`DeviceDetection` begins: whatever does not end it opens it (`WORDS_PRADEO_ENDED`).
"""

import re
from collections.abc import Callable, Mapping

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item
from ingest_threat.partners._inactive import INACTIVE
from ingest_threat.partners._no_verdict import is_no_verdict
from ingest_threat.partners._pradeo_enrollment import (
    enrollment_threat,
    identity_record,
    is_coupled,
    judged,
    lost_agent,
    never_connected,
    unless_lost,
)
from ingest_threat.partners._pradeo_event import MAX_ENTRIES, happened_at, times
from ingest_threat.partners._pradeo_row import row_record
from ingest_threat.partners._pradeo_snapshot import snapshot_records
from ingest_threat.partners._pradeo_status import status_of, status_threat
from ingest_threat.partners._pradeo_words import (
    DEVICE_LEVEL,
    FAMILY,
    IGNORED,
    NOT_OURS,
    REDACT,
    SEVERITY,
    STATUS,
    WORDS,
)
from shared.domain.level import Level, highest
from shared.domain.record import Category, DeviceStateRecord, Record, Status, ThreatRecord

BARE_DEVICE = {"emmDeviceInfo", "enrollmentStatus", "singleEnrollmentKey", "declaredOperatingSystem"}
"""The keys that set the `device` of the bare envelope apart from another partner's."""
ROW = {"riskLevel", "securityStatus"}
"""The keys that set a device of the REST interface apart."""


def read(item: Item) -> list[Record]:
    """The records of one event: one, or a snapshot of the device and each threat it shows."""
    content = item.content
    if {"SECTION", "ACTION"} <= content.keys():
        # An app judged for the whole fleet: its verdict counts, not its behaviours, and it is on no device.
        return item.ignored("a legacy line, which names no device")
    if content.keys() >= ROW:
        return [row_record(item)]
    kind, holder = _opened(content)
    if kind in IGNORED:
        return item.ignored(IGNORED[kind])
    if kind not in READERS:
        if NOT_OURS.search(kind):
            return item.ignored("about the console, and not about a device")
        raise fields.FieldError("type is no event type that is known")
    key, reader = READERS[kind]
    return reader(item, fields.inner(holder, key) if key else holder)


def _opened(content: JsonObject) -> tuple[str, JsonObject]:
    """The type of an event, which a bare one has not but by the key of its body, and what holds the body."""
    kind = re.sub(r"\W+", "", fields.text(content, "type") or "") or None
    if kind and (kind in IGNORED or NOT_OURS.search(kind)):
        return kind, {}
    if kind and isinstance(content.get("content"), dict | list):
        return kind, fields.inner(content, "content")
    if kind is None:
        bare = {key: kind for kind, (key, _) in READERS.items() if key} | {"emmApplication": "emmApplication"}
        for key, kind in bare.items():
            body = fields.only(content.get(key))
            if isinstance(body, dict) and (key != "device" or body.keys() & BARE_DEVICE):
                return kind, content
        if content.get("job"):
            return "job", {}
    raise Foreign


def _record(item: Item, body: JsonObject) -> list[Record]:
    kind = next((kind for kind in FAMILY if f"device{kind}Status" in body), "System")
    name = fields.required_identifier(fields.inner(body, f"device{kind}Status"), "name")
    device, at = fields.inner(body, "device"), happened_at(item, body)
    written = fields.written(body, "value")
    threat = status_threat(judged(item, body, device), name, kind, status_of(item, body), at, written=written)
    return unless_lost(item, device, threat, at)


def _history(item: Item, body: JsonObject) -> list[Record]:
    event = fields.inner(body, "event")
    common = judged(item, body, {"id": body.get("deviceId")})
    at = fields.moment(event, "eventDate") or happened_at(item, body)
    status, name = status_of(item, event), fields.required_identifier(event, "kind")
    return [status_threat(common, name, _kind(item), status, at, written=fields.written(event, "value"))]


def _detection(item: Item, body: JsonObject) -> list[Record]:
    # The id is written "<platform>:<device id>".
    system, _, device = (fields.text(body, "id") or "").rpartition(":")
    common = judged(item, body, {"id": device, "declaredOperatingSystem": system})
    status = Status.RESOLVED if fields.word(body, "status") in item.words["ended"] else Status.OPEN
    name = fields.required_identifier(body, "metric", "type")
    said = fields.written(body, "status")
    return [status_threat(common, name, _kind(item), status, happened_at(item, body), written=said)]


def _application(item: Item, body: JsonObject) -> list[Record]:
    installed, at = fields.inner(body, "deviceApplication"), happened_at(item, body)
    app = fields.inner(installed, "application")
    package = fields.inner(app, "package")
    device = fields.inner(installed, "device")
    common = judged(item, body, device)
    status = STATUS.get(fields.word(body, "status") or "", Status.UNKNOWN)
    removed = fields.moment(installed, "uninstalledAt")
    if removed and status is Status.OPEN:
        status, at = Status.RESOLVED, max(filter(None, (removed, at)))
    threat = ThreatRecord(
        **{**common, "platform": common["platform"] or fields.platform(fields.text(package, "system"))},
        # The package, not the app's id: another version of it is judged under another id.
        threat_key=fields.joined(
            "app", fields.identifier(package, "package") or fields.required_identifier(app, "id")
        ),
        category=Category.APP,
        threat_type="non_compliant_app",
        threat_name=fields.text(app, "name") or fields.text(package, "package"),
        severity_raw=fields.written(body, "status"),
        severity=_severity(body),
        status=status,
        unknown_status=fields.written(body, "status") if status is Status.UNKNOWN else None,
        **times(status, at),
        vendor_category=fields.text(item.content, "category"),
    )
    return unless_lost(item, device, threat, at)


def _compliance(item: Item, body: JsonObject) -> list[Record]:
    device, at = fields.inner(body, "device"), happened_at(item, body)
    lost = lost_agent(item, device, at)
    status = fields.word(body, "status")
    if is_no_verdict(status) or fields.word(body, "computed") == "FALSE":
        if lost:
            return [*lost]
        return item.ignored("compliance is not defined")
    severity, common = _severity(body), judged(item, body, device)
    # The older feed was seen to grade such a phone by no rule at all: kept as the vendor's word, but no scan.
    named = bool(body.get("matchedResponseRules")) or "type" not in item.content
    if (never_connected(device) and named) or (lost and severity is Level.SECURED):
        return [identity_record(item, body, device, at), *lost]
    state = DeviceStateRecord(
        **common,
        detected_at=at,
        severity=severity,
        severity_raw=fields.written(body, "status"),
        # A verdict on the device, which names no threat that would be gone: but the agent is there.
        closed_keys=(INACTIVE,) if is_coupled(device) else (),
    )
    return [state, *lost]


def _device(item: Item, body: JsonObject) -> list[Record]:
    info = fields.inner(body, "emmDeviceInfo")
    at = happened_at(item, body) or fields.moment(info, "lastSynchronizationDate")
    return [
        identity_record(item, body, body, at),
        *enrollment_threat(item, body, happened_at(item, body)),
    ]


READERS: Mapping[str, tuple[str, Callable[[Item, JsonObject], list[Record]]]] = {
    "DeviceCorrelationUpdated": ("deviceCorrelation", snapshot_records),
    "DeviceSystemStatusRecordUpdated": ("deviceSystemStatusRecord", _record),
    "DeviceNetworkStatusRecordUpdated": ("deviceNetworkStatusRecord", _record),
    "DeviceApplicationComplianceUpdated": ("deviceApplicationCompliance", _application),
    "DeviceComplianceUpdated": ("deviceCompliance", _compliance),
    "DeviceStatusHistoryUpdated": ("", _history),
    "DeviceDetection": ("", _detection),
    # Only ever bare. It comes last: any other body may stand beside the device that reports it.
    "Device": ("device", _device),
}
"""For each type, the key of its body (that of a bare event, too) and its reader."""


def _severity(body: JsonObject) -> Level:
    """The gravest level that a matched rule names, high where none does; Approved wins over them all."""
    if fields.word(body, "status") == "APPROVED":
        return Level.SECURED
    rules = fields.inner_list(body, "matchedResponseRules", at_most=MAX_ENTRIES)
    conditions = [
        each
        for rule in rules
        if isinstance(rule, dict)
        for each in fields.inner_list(rule, "matchConditions", at_most=MAX_ENTRIES)
    ]
    words = [
        fields.word(each, "value")
        for each in conditions
        if isinstance(each, dict) and fields.text(each, "type") == "threatLevelIs"
    ]
    named = [level for word in words if (level := taxonomy.device_level(word, SEVERITY))]
    return highest(named) if named else Level.HIGH


def _kind(item: Item) -> str | None:
    """The kind of status, which a thinner event names as its category."""
    return fields.text(item.content, "category")


ADAPTER = Adapter(
    read,
    envelopes=("items",),
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS, *DEVICE_LEVEL, *STATUS}),
    words=WORDS,
)
