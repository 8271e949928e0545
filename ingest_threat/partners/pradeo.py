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
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TypedDict

from pydantic import JsonValue

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item, Reported
from ingest_threat.partners._contact import contact
from ingest_threat.partners._inactive import INACTIVE, inactive
from ingest_threat.partners._no_verdict import is_no_verdict
from ingest_threat.redaction import redacted
from shared.domain.level import Level, highest
from shared.domain.record import (
    Category,
    DeviceIdentityRecord,
    DeviceStateRecord,
    Record,
    Status,
    ThreatRecord,
)

SEVERITY = {"GREEN": Level.SECURED, "ORANGE": Level.MEDIUM, "RED": Level.HIGH}
DEVICE_LEVEL = {
    # Of a row of the REST interface, which knows no colours.
    "LOW": Level.LOW,
    "MEDIUM": Level.MEDIUM,
    "HIGH": Level.HIGH,
}
LEVEL_FIELDS = {
    "applicationThreatLevel": Category.APP,
    "systemThreatLevel": Category.DEVICE,
    "networkThreatLevel": Category.NETWORK,
}
TYPE: Mapping[str, str] = {
    "SystemNotUpToDate": "vulnerable_os",
    "ApplicationInstalledFromUnknownSource": "unknown_sources",
    "SELinuxPermissive": "system_tampering",
    "CustomHosts": "system_tampering",
    "DebugMode": "usb_debugging",
    "DeviceNotEncrypted": "encryption_off",
    "DeveloperMode": "developer_mode",
    "Root": "jailbreak_root",
    "ARPPoisoning": "mitm_arp",
    "ManInTheMiddle": "mitm",
    "RogueCellTower": "rogue_cell_tower",
    "RogueAccessPoint": "rogue_wifi",
    "ConnectionToUntrustedHotspots": "rogue_wifi",
    "Bluetooth": "bluetooth_on",
    "NFC": "nfc_on",
    "GPS": "location_on",
    "VPN": "vpn",
    # What an app does, in the words of the older product.
    "match_sms": "sms_malware",
    "match_rootkit": "root_enabler",
    "match_rootkit_warning": "root_enabler",
}
LEAK = re.compile(r"CAT_\w+_SEND")
"""What an app sends away, named for what it is: `cat_user_contact_info_send`."""
FAMILY = {"System": Category.DEVICE, "Network": Category.NETWORK}
"""The two kinds of status; the keys of the feed are named for them."""
STATUS = {"APPROVED": Status.RESOLVED, "DISAPPROVED": Status.OPEN}
WORDS = {"active": ("1", "true"), "inactive": ("0", "false"), "ended": ("END",)}
IGNORED = {
    "DevicePermissionStatusUpdated": "a permission of the agent",
    "DeviceInstalledApplicationsListUpdated": "a list of apps, by ids alone",
    "DeviceApplicationResponseRuleCreated": "a rule",
    "MessageCreated": "a message to a user",
    "ApplicationCreated": "an app became known, on no device",
    "DetectionPolicyUpdated": "a policy",
    "DetectionPolicyDecision": "an app judged by a policy, on no device",
    "TokenGenerated": "a token",
    "emmApplication": "an app of the MDM's catalogue",
    "job": "a job of the integration with an MDM",
}
"""Types, and the keys that set a bare event apart, of what is no threat of a device."""
NOT_OURS = re.compile(
    r"(Token|Rule|Ruleset|Policy|Assignment|User|Administrator|Company|Group|Licen[cs]e|Integration|Message"
    r"|Configuration|Report|Notification|Job)(Created|Updated|Deleted|Removed|Generated|Revoked|Sent|Decision"
    r"|Started|Ended|Failed|Completed)$"
)
"""Types that are by their name about the console, and not about a device: one of each kind was seen."""
BARE_DEVICE = {"emmDeviceInfo", "enrollmentStatus", "singleEnrollmentKey", "declaredOperatingSystem"}
"""The keys that set the `device` of the bare envelope apart from another partner's."""
ROW = {"riskLevel", "securityStatus"}
"""The keys that set a device of the REST interface apart."""
WELL = "SECURED"
"""The only `securityStatus` that is documented. Any other word says that the phone is not well."""
REDACT = frozenset(
    {
        *("singleEnrollmentKey", "imei", "imsi", "lockPassword", "email", "user", "first_name", "last_name"),
        *("device.name", "phoneNumber", "ipAddress", "customFields"),
        *("network", "networkName", "accessPoint"),
    }
)
CHANGED = ("lastModificationDate", "creationDate")
TIMED = ("event", "deviceApplication", "deviceSystemStatusRecord", "deviceNetworkStatusRecord")
"""Objects of a body that may have a time where it has none."""
GONE = frozenset({"DELETED", "DISABLED", "INACTIVE", "REMOVED", "UNENROLLED", "UNINSTALLED", "WIPED"})
"""States of a row's agent that is at work no more. Inferred: only `online` is documented."""
MAX_ENTRIES = 200
"""Statuses one snapshot may grade, rules one verdict may name, conditions one rule may have."""


class _Judged(Reported):
    """What every record has that says something of the device's safety."""

    scanned: bool


class _Times(TypedDict):
    """When a threat was seen, or resolved: no message of a resolution says when it had been seen."""

    detected_at: datetime | None
    resolved_at: datetime | None


def read(item: Item) -> list[Record]:
    """The records of one event: one, or a snapshot of the device and each threat it shows."""
    content = item.content
    if {"SECTION", "ACTION"} <= content.keys():
        # An app judged for the whole fleet: its verdict counts, not its behaviours, and it is on no device.
        return item.ignored("a legacy line, which names no device")
    if content.keys() >= ROW:
        return [_row(item)]
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


def _correlation(item: Item, body: JsonObject) -> list[Record]:
    """The whole device as the admin's policy grades it: it lists every status with a level, active or not."""
    written = {category: fields.written(body, name) for name, category in LEVEL_FIELDS.items()}
    words = {category: fields.plain_word(word) for category, word in written.items() if word}
    if not body.keys() & {*LEVEL_FIELDS, *(f"matched{kind}StatusLevels" for kind in FAMILY)}:
        raise fields.FieldError("no threat level")
    device, at = fields.inner(body, "device"), _at(item, body)
    common = _judged(item, body, device)
    # Not known yet is neither good nor bad.
    graded_as = {category: taxonomy.device_level(word, SEVERITY) for category, word in words.items()}
    levels = {category: level for category, level in graded_as.items() if level}
    graded, broken = _graded(item, body, common, at, levels)
    # Green is the policy's word that even an active status is no threat.
    threats = [each for each in graded if _counts(each)]
    closed = [each.threat_key for each in graded if each not in threats and each.status is not Status.UNKNOWN]
    lost = list(_enrollment(item, device, at)) if _is_lost(device) else []
    unfinished = "status" in body and is_no_verdict(fields.word(body, "status"))
    vouches = bool(levels) and not (unfinished or _never_connected(device))
    if not vouches or (lost and highest(levels.values()) is Level.SECURED):
        return [_identity(item, body, device, at), *lost, *threats, *broken]
    unknown = (written[category] for category in levels if words[category] not in SEVERITY)
    state = DeviceStateRecord(
        **common,
        detected_at=at,
        severity=highest(levels.values()),
        # Three words cannot stand here, but one that no table knows is logged.
        severity_raw=next(unknown, None),
        levels=levels,
        closed_keys=() if lost else (*([INACTIVE] if _is_coupled(device) else []), *closed),
    )
    return [state, *lost, *threats, *broken]


def _counts(graded: ThreatRecord) -> bool:
    """Whether a graded status is a threat, or has a word that is to be logged; 2 and 3 say nothing."""
    if graded.status is Status.UNKNOWN:
        return graded.unknown_status not in {None, "2", "3"}
    return graded.status is Status.OPEN and graded.severity is not Level.SECURED


def _graded(
    item: Item, body: JsonObject, common: _Judged, at: datetime | None, levels: Mapping[Category, Level]
) -> tuple[list[ThreatRecord], list[Record]]:
    """The threat each graded status is, and the entries that cannot be read: they harm no other."""
    threats, broken = list[ThreatRecord](), list[Record]()
    for kind, family in FAMILY.items():
        fine = levels.get(family) is Level.SECURED
        for entry in fields.inner_list(body, f"matched{kind}StatusLevels", at_most=MAX_ENTRIES):
            # Of its event a threat keeps its own entry only: what is stored grows with the message.
            raw = redacted(entry, REDACT)
            try:
                threats.append(_grade(item, entry, kind, {**common, "raw": raw}, at, fine=fine))
            except fields.FieldError as error:
                broken.append(item.unreadable(f"matched{kind}StatusLevels: {error}", raw))
    return threats, broken


def _grade(
    item: Item, entry: JsonValue, kind: str, common: _Judged, at: datetime | None, *, fine: bool
) -> ThreatRecord:
    if not isinstance(entry, dict):
        raise fields.FieldError("an entry is not an object")
    graded = fields.inner(entry, f"{kind.lower()}StatusLevel")
    name = fields.required_identifier(fields.inner(graded, f"device{kind}Status"), "name")
    record = fields.inner(entry, f"device{kind}StatusRecord")
    status, unstated = _status(item, record), fields.word(record, "value") is None
    if unstated and fine:
        status = Status.UNKNOWN  # The snapshot lists what is not active, too, and calls its kind well.
    own: _Judged = {**common, "report_id": fields.joined(common["report_id"], name)}
    threat = _threat(own, name, kind, status, at, fields.word(graded, "level"))
    said = taxonomy.NO_STATUS if unstated and not fine else None
    if status is Status.UNKNOWN and not unstated:
        said = fields.written(record, "value")
    return threat.model_copy(update={"unknown_status": said})


def _record(item: Item, body: JsonObject) -> list[Record]:
    kind = next((kind for kind in FAMILY if f"device{kind}Status" in body), "System")
    name = fields.required_identifier(fields.inner(body, f"device{kind}Status"), "name")
    device, at = fields.inner(body, "device"), _at(item, body)
    written = fields.written(body, "value")
    threat = _threat(_judged(item, body, device), name, kind, _status(item, body), at, written=written)
    return _unless_lost(item, device, threat, at)


def _history(item: Item, body: JsonObject) -> list[Record]:
    event = fields.inner(body, "event")
    common = _judged(item, body, {"id": body.get("deviceId")})
    at = fields.moment(event, "eventDate") or _at(item, body)
    status, name = _status(item, event), fields.required_identifier(event, "kind")
    return [_threat(common, name, _kind(item), status, at, written=fields.written(event, "value"))]


def _detection(item: Item, body: JsonObject) -> list[Record]:
    # The id is written "<platform>:<device id>".
    system, _, device = (fields.text(body, "id") or "").rpartition(":")
    common = _judged(item, body, {"id": device, "declaredOperatingSystem": system})
    status = Status.RESOLVED if fields.word(body, "status") in item.words["ended"] else Status.OPEN
    name = fields.required_identifier(body, "metric", "type")
    said = fields.written(body, "status")
    return [_threat(common, name, _kind(item), status, _at(item, body), written=said)]


def _application(item: Item, body: JsonObject) -> list[Record]:
    installed, at = fields.inner(body, "deviceApplication"), _at(item, body)
    app = fields.inner(installed, "application")
    package = fields.inner(app, "package")
    device = fields.inner(installed, "device")
    common = _judged(item, body, device)
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
        **_times(status, at),
        vendor_category=fields.text(item.content, "category"),
    )
    return _unless_lost(item, device, threat, at)


def _unless_lost(item: Item, device: JsonObject, threat: ThreatRecord, at: datetime | None) -> list[Record]:
    """The threat; of an agent that is gone no resolution counts, but that it is gone."""
    if not _is_lost(device):
        return [threat]
    still = [] if threat.status is Status.RESOLVED else [threat]
    return [*still, *_enrollment(item, device, at)]


def _compliance(item: Item, body: JsonObject) -> list[Record]:
    device, at = fields.inner(body, "device"), _at(item, body)
    lost = list(_enrollment(item, device, at)) if _is_lost(device) else []
    status = fields.word(body, "status")
    if is_no_verdict(status) or fields.word(body, "computed") == "FALSE":
        if lost:
            return [*lost]
        return item.ignored("compliance is not defined")
    severity, common = _severity(body), _judged(item, body, device)
    # The older feed was seen to grade such a phone by no rule at all: kept as the vendor's word, but no scan.
    named = bool(body.get("matchedResponseRules")) or "type" not in item.content
    if (_never_connected(device) and named) or (lost and severity is Level.SECURED):
        return [_identity(item, body, device, at), *lost]
    state = DeviceStateRecord(
        **common,
        detected_at=at,
        severity=severity,
        severity_raw=fields.written(body, "status"),
        # A verdict on the device, which names no threat that would be gone: but the agent is there.
        closed_keys=(INACTIVE,) if _is_coupled(device) else (),
    )
    return [state, *lost]


def _device(item: Item, body: JsonObject) -> list[Record]:
    info = fields.inner(body, "emmDeviceInfo")
    at = _at(item, body) or fields.moment(info, "lastSynchronizationDate")
    return [
        _identity(item, body, body, at),
        *_enrollment(item, body, _at(item, body)),
    ]


def _identity(item: Item, body: JsonObject, device: JsonObject, at: datetime | None) -> DeviceIdentityRecord:
    info = fields.inner(device, "emmDeviceInfo")
    # "intune" says that `externalId` is Intune's id. Older events have it a level higher.
    emm = fields.text(fields.inner(info, "integration"), "emm") or fields.text(info, "emm")
    common = _common(item, body, device)
    return DeviceIdentityRecord(**common, detected_at=at, emm=emm and emm.lower())


def _enrollment(item: Item, device: JsonObject, at: datetime | None) -> Iterator[ThreatRecord]:
    """An agent that was at work and is coupled no more; one that never connected has nothing to lose."""
    enrollment = fields.inner(device, "enrollmentStatus")
    connected = _connected(enrollment)
    if not _is_lost(device) and (connected is None or fields.text(enrollment, "coupled") is None):
        return
    status = Status.OPEN if _is_lost(device) else Status.RESOLVED
    common = _common(item, device, device)
    name = "Agent no longer coupled" if status is Status.OPEN else None
    report_id = fields.joined(common["report_id"], INACTIVE, connected)
    yield inactive({**common, "report_id": report_id}, name, status=status, at=at)


def _is_coupled(device: JsonObject) -> bool:
    return fields.boolean(fields.inner(device, "enrollmentStatus"), "coupled")


def _never_connected(device: JsonObject) -> bool:
    """Whether the agent has never been at work; what says nothing of it is not taken so."""
    enrollment = fields.inner(device, "enrollmentStatus")
    stated = not enrollment or bool(enrollment.keys() & {"coupled", "lastConnection"})
    # A contact that nobody can read proves no scan, though an agent may be lost that made it.
    connected = _is_coupled(device) or contact(enrollment, "lastConnection").at is not None
    return "enrollmentStatus" in device and stated and not connected


def _connected(enrollment: JsonObject) -> str | None:
    """When an agent last connected, as it is written, readable or not; None for what says it never did."""
    last = contact(enrollment, "lastConnection")
    return fields.time_written(enrollment, "lastConnection") if last.at or last.unreadable else None


def _is_lost(device: JsonObject) -> bool:
    """Whether an agent that was at work is so no more: its phone is coupled no longer, or was deleted."""
    enrollment = fields.inner(device, "enrollmentStatus")
    if _connected(enrollment) is None:
        return False
    return fields.decided(enrollment, "coupled") is False or fields.happened(device, "deletedAt")


def _row(item: Item) -> Record:
    """A device of the REST interface; one reserved for a phone to come has neither date."""
    row = item.content
    last, enrolled = contact(row, "lastSyncAt"), contact(row, "enrolledAt")
    # What stands for a contact and is no time says that there was none, whenever the phone was enrolled.
    seen = None if last.denied else last.at or enrolled.at
    word, status = fields.word(row, "riskLevel"), fields.word(row, "securityStatus")
    report_id = fields.joined(
        fields.required_identifier(row, "id"), fields.time_written(row, "lastSyncAt"), word, status
    )
    common: Reported = {
        "partner": item.partner,
        "index": item.index,
        # The name is the phone's, which people name after themselves.
        "raw": redacted(item.raw, {"name"}),
        "report_id": report_id,
        "partner_device_id": fields.device_id(row, "id"),
        "mdm_device_id": None,
        "serial": fields.linking_id(row, "serialNumber"),
        "platform": fields.platform(fields.text(row, "platform")),
        "os_version": fields.text(row, "osVersion"),
    }
    if seen and fields.word(row, "agentStatus") in GONE:
        return inactive(common, "Agent no longer coupled")
    graded = taxonomy.device_level(word, DEVICE_LEVEL)
    doubted = None if status == WELL else taxonomy.device_level(status, DEVICE_LEVEL)
    if word == "LOW" and status == WELL:
        graded = Level.SECURED
    severity = highest(level for level in (graded, doubted) if level)
    was_in_contact = seen or last.unreadable
    if not was_in_contact or not (graded or doubted):
        return DeviceIdentityRecord(**common, detected_at=seen)
    # A contact is no verdict's time: the level may change between two. It counts as of its receipt.
    return DeviceStateRecord(
        **common,
        severity=severity,
        scanned=seen is not None,
        severity_raw=fields.written(row, "riskLevel" if severity is graded else "securityStatus"),
        closed_keys=(INACTIVE,),
    )


READERS: Mapping[str, tuple[str, Callable[[Item, JsonObject], list[Record]]]] = {
    "DeviceCorrelationUpdated": ("deviceCorrelation", _correlation),
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


def _threat(
    common: _Judged,
    name: str,
    kind: str | None,
    status: Status,
    at: datetime | None,
    severity: str | None = None,
    written: str | None = None,
) -> ThreatRecord:
    """The threat that the status `name` is, whichever kind of event reports it; `written` is its value."""
    family = FAMILY.get((kind or "").capitalize(), Category.DEVICE)
    leaks = "data_leak" if LEAK.fullmatch(fields.plain_word(name)) else None
    known = _TYPE_BY_PLAIN.get(_plain(name)) or leaks or taxonomy.by_keyword(name, family=family)
    threat_type = known or taxonomy.UNKNOWN
    return ThreatRecord(
        **common,
        threat_key=fields.joined("status", _plain(name)),
        category=taxonomy.category_of(threat_type, family),
        threat_type=threat_type,
        threat_name=name,
        severity_raw=severity,
        severity=taxonomy.severity_of(severity, SEVERITY, threat_type),
        status=status,
        **_times(status, at),
        vendor_category=kind,
        unknown_status=taxonomy.unknown_status(status, written),
    )


def _plain(name: str) -> str:
    """`DeveloperMode`, `match_developer_mode` and `Developer mode` alike."""
    return fields.plain_word(name).removeprefix("MATCH_").replace("_", "")


_TYPE_BY_PLAIN = {_plain(name): threat_type for name, threat_type in TYPE.items()}


def _status(item: Item, body: JsonObject) -> Status:
    word = fields.code(body, "value")
    if word is None or word in item.words["active"]:  # What does not say how it stands is there.
        return Status.OPEN
    return Status.RESOLVED if word in item.words["inactive"] else Status.UNKNOWN


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


def _times(status: Status, at: datetime | None) -> _Times:
    resolved = status is Status.RESOLVED
    return {"detected_at": None if resolved else at, "resolved_at": at if resolved else None}


def _at(item: Item, body: JsonObject) -> datetime | None:
    """When it happened; a bare envelope does not say: then it is when its body last changed, or else what
    its body is about."""
    at = fields.moment(item.content, "creationDate") or fields.moment(body, *CHANGED)
    inside = (fields.inner(body, name) for name in TIMED if isinstance(body.get(name), dict))
    return at or next(filter(None, (fields.moment(each, *CHANGED) for each in inside)), None)


def _kind(item: Item) -> str | None:
    """The kind of status, which a thinner event names as its category."""
    return fields.text(item.content, "category")


def _common(item: Item, body: JsonObject, device: JsonObject) -> Reported:
    system = fields.inner(device, "operatingSystem")
    return {
        "partner": item.partner,
        "index": item.index,
        "raw": item.raw,
        "report_id": fields.identifier(item.content, "id") or fields.required_identifier(body, "id"),
        "partner_device_id": fields.device_id(device, "id"),
        "mdm_device_id": fields.linking_id(fields.inner(device, "emmDeviceInfo"), "externalId"),
        "serial": fields.linking_id(device, "serialNumber"),
        "platform": fields.platform(
            fields.text(device, "declaredOperatingSystem") or fields.text(system, "name")
        ),
        "os_version": fields.text(device, "declaredOperatingSystemVersion") or fields.text(system, "version"),
    }


def _judged(item: Item, body: JsonObject, device: JsonObject) -> _Judged:
    return {**_common(item, body, device), "scanned": not _never_connected(device)}


ADAPTER = Adapter(
    read,
    envelopes=("items",),
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS, *DEVICE_LEVEL, *STATUS}),
    words=WORDS,
)
