"""Sophos Mobile (Intercept X for Mobile, Sophos Central): SIEM events and alerts, and mobile devices.

Transport: pull only, so an operator's relay posts pages of `siem/v1/events`, `siem/v1/alerts`,
`common/v1/alerts` or `mobile/v1/devices`, or the lines the vendor's own SIEM script writes, which renames
fields. Documented: envelopes, both sets of field names, event types, compliance rules. Inferred: which text
of a NowNonCompliant event means which rule, that a blocked page is over at once. Not public: how
network threats look, so what is of no known type and medium or more is kept as unknown. No id of
Intune's anywhere: agents are linked by hand.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item
from ingest_threat.redaction import redacted
from shared.domain.level import Level
from shared.domain.record import BLOCKED, Category, Clears, DeviceStateRecord, Record, Status, ThreatRecord

SEVERITY = {
    # Events write lower case, alerts capitals; the vendor's script knows very_high above high.
    "NONE": Level.SECURED,
    "LOW": Level.LOW,
    "MEDIUM": Level.MEDIUM,
    "HIGH": Level.HIGH,
    "VERY_HIGH": Level.HIGH,
    "CRITICAL": Level.HIGH,
}
DEVICE_LEVEL = {"GREEN": Level.SECURED, "SUSPICIOUS": Level.MEDIUM, "RED": Level.HIGH}
COMPLIANCE = "compliance"
"""vendor_category of what NowCompliant clears."""
CLOSING = ("CLEANEDUP", "DISMISSED")
"""How the types under `Threat` end that close; CleanupFailed and all others leave it open."""
WEB = {"WEBFILTERINGBLOCKED": "malicious_site", "WEBCONTROLVIOLATION": "unwanted_content"}
KEYWORD: Mapping[str, str] = {
    # In a NowNonCompliant event's suffix, or in the compliance rule its text names. The first that fits wins.
    "GENERAL_BLACKLISTED_APPS": "denylisted_app",
    "GENERAL_WHITELISTED_APPS": "denylisted_app",
    "GENERAL_MANDATORY_APPS": "non_compliant_app",
    "FORBIDDEN_APP": "denylisted_app",
    "MANDATORY_APP": "non_compliant_app",
    "MALWARE_APP": "malware",
    "SUSPICIOUS_APP": "suspicious_app",
    "PUA": "potentially_unwanted_app",
    "UNKNOWN_SOURCES": "unknown_sources",
    "THIRD_PARTY_PROFILE": "malicious_profile",
    "ADB": "usb_debugging",
    "MINIMUM_OS": "vulnerable_os",
    "PERMISSION": "protection_disabled",
    "WEB_FILTERING": "protection_disabled",
    "SYNCHRONIZATION": "agent_inactive",
    "SCAN_INTERVAL": "agent_inactive",
}
NO_REASON = frozenset({"", "0", "UNKNOWN"})
"""Suffixes that give no reason: then the text does."""
GROUP = {"MALWARE": Category.APP, "PUA": Category.APP}
"""Category of an unknown type; any other group is about the device."""
NO_THREAT = frozenset(
    {"ADDED", "ENROLLED", "ENROLLEDNEWAPP", "UNENROLLED", "UNENROLLEDBYUSER", "ACTION"}
    | {"EASDATAMISSING", "PLACEHOLDERMISSING"}
)
GONE = frozenset({"UNMANAGED", "NOTMANAGED", "UNENROLLED", "NOTENROLLED", "DELETED", "WIPED", "RETIRED"})
"""States of management in which a device's being well says nothing. Inferred: only `managed` was seen."""
NEVER_RESOLVES = {"WebControlViolation": "a later device item with green health, unless not compliant"}
REDACT = frozenset({"source", "suser", "user_id", "duid", "location", "dhost"})


class _ThreatFacts(NamedTuple):
    """What an event says of a threat."""

    threat_type: str
    key: tuple[str | None, ...]
    status: Status = Status.OPEN
    vendor_category: str | None = None
    reason: str | None = None


def read(item: Item) -> list[Record]:
    """The record of one event, alert or device."""
    content = item.content
    kind = content.get("type")
    if isinstance(kind, str) and kind.strip().startswith("Event::"):
        return _event(item, [fields.plain_word(each) for each in kind.split("::")])
    if "healthState" in content or {"compliance", "managedState"} <= content.keys():
        return _device(item)
    raise Foreign


def _event(item: Item, parts: list[str]) -> list[Record]:
    event = item.content
    # `Event::Mobile::...` is about the tenant's certificates and licences, mobile as its product may be.
    if parts[1] != "ENDPOINT" or not _is_mobile(event, parts):
        return item.ignored("not about a mobile device")
    family, kind = (part.replace("_", "") for part in (*parts[2:4], "", "")[:2])
    if family == "MOBILE" and kind == "NOWCOMPLIANT":
        return [_now_compliant(item)]
    if family == "MOBILE" and kind == "NOWNONCOMPLIANT":
        return [_threat(item, _violation(event, "_".join(parts[4:])))]
    if family == "THREAT":
        return [_threat(item, _detection(event, kind))]
    if family in WEB:
        return [_threat(item, _web_page(event, family))]
    level = taxonomy.severity_of(fields.word(event, "severity"), SEVERITY, taxonomy.UNKNOWN)
    if level.rank < Level.MEDIUM.rank or (family == "MOBILE" and kind in NO_THREAT):
        return item.ignored("not a threat")
    return [_threat(item, _ThreatFacts(taxonomy.UNKNOWN, ("_".join(parts[2:]), _identity(event))))]


def _is_mobile(event: JsonObject, parts: list[str]) -> bool:
    """Servers and computers share the feed. An alert names its kind in other fields than an event."""
    agent, data = fields.inner(event, "managedAgent"), fields.inner(event, "data")
    kind = fields.word(event, "endpoint_type") or fields.word(data, "endpoint_type")
    kind = kind or fields.word(agent, "type") or fields.word(event, "product")
    return kind == "MOBILE" or (kind is None and parts[2:3] == ["MOBILE"])


def _endpoint(event: JsonObject) -> str | None:
    data, agent = fields.inner(event, "data"), fields.inner(event, "managedAgent")
    return (
        fields.device_id(event, "endpoint_id")
        or fields.device_id(data, "endpoint_id")
        or fields.device_id(agent, "id")
    )


def _now_compliant(item: Item) -> DeviceStateRecord:
    event = item.content
    return DeviceStateRecord(
        partner=item.partner,
        index=item.index,
        raw=item.raw,
        report_id=fields.required_identifier(event, "id"),
        partner_device_id=_endpoint(event),
        detected_at=_at(event),
        severity=Level.SECURED,
        severity_raw=fields.written(event, "severity"),
        clears=Clears.COMPLIANCE,
    )


def _violation(event: JsonObject, suffix: str) -> _ThreatFacts:
    rule = re.sub(r"^.*?\bnon[- ]?compliant\b\W*", "", _name(event) or "", flags=re.IGNORECASE | re.DOTALL)
    reason = rule if suffix in NO_REASON else suffix
    words = [f"_{fields.plain_word(each)}" for each in (suffix, rule)]
    named = (threat_type for each in words for phrase, threat_type in KEYWORD.items() if f"_{phrase}" in each)
    threat_type = next(named, None) or taxonomy.by_keyword(suffix, rule) or taxonomy.UNKNOWN
    return _ThreatFacts(threat_type, ("non_compliant", reason.casefold()), vendor_category=COMPLIANCE)


def _detection(event: JsonObject, kind: str) -> _ThreatFacts:
    identity = _identity(event)
    # "Troj/..." and "Andr/Troj..." are how the vendor's own names begin.
    trojan = "_TROJ" in f"_{fields.plain_word(identity or '')}"
    finer = "trojan" if trojan else taxonomy.by_keyword(identity) or taxonomy.UNKNOWN
    if kind.startswith("PUA") or fields.word(event, "group") == "PUA":
        threat_type = "potentially_unwanted_app"
    elif finer in taxonomy.TYPES and taxonomy.TYPES[finer].category is Category.APP:
        threat_type = finer
    else:
        threat_type = "malware"
    status = Status.RESOLVED if kind.endswith(CLOSING) else Status.OPEN
    # There is no id in common: what was found is all a clean-up repeats.
    return _ThreatFacts(threat_type, (identity,), status, fields.text(event, "group"))


def _web_page(event: JsonObject, family: str) -> _ThreatFacts:
    blocked = family == "WEBFILTERINGBLOCKED" or re.search(r"\bblocked\b", _name(event) or "", re.IGNORECASE)
    status, reason = (Status.RESOLVED, BLOCKED) if blocked else (Status.OPEN, None)
    return _ThreatFacts(
        WEB[family], (family.lower(), _identity(event)), status, fields.text(event, "group"), reason
    )


def _name(event: JsonObject) -> str | None:
    return fields.text(event, "name", "description")


def _identity(event: JsonObject) -> str | None:
    """The first name in quotes of "... 'identity' at 'place'"; the script leaves nothing but the identity."""
    name = fields.text(event, "detection_identity_name") or _name(event) or ""
    quoted = re.search(r"'(.*?)'", name)
    return (quoted[1] if quoted else name).strip().casefold() or None


def _threat(item: Item, facts: _ThreatFacts) -> ThreatRecord:
    event, at, endpoint = item.content, _at(item.content), _endpoint(item.content)
    resolved = facts.status is Status.RESOLVED
    family = GROUP.get(fields.word(event, "group") or "", Category.DEVICE)
    return ThreatRecord(
        partner=item.partner,
        index=item.index,
        raw=item.raw,
        report_id=fields.required_identifier(event, "id"),
        threat_key=fields.joined(endpoint, *facts.key),
        partner_device_id=endpoint,
        category=taxonomy.category_of(facts.threat_type, family),
        threat_type=facts.threat_type,
        threat_name=_name(event),
        severity_raw=fields.written(event, "severity"),
        severity=taxonomy.severity_of(fields.word(event, "severity"), SEVERITY, facts.threat_type),
        status=facts.status,
        detected_at=None if resolved and facts.reason is None else at,
        resolved_at=at if resolved else None,
        vendor_category=facts.vendor_category,
        reason=facts.reason,
        unknown_type=fields.text(event, "type") if facts.threat_type == taxonomy.UNKNOWN else None,
    )


def _at(event: JsonObject) -> datetime | None:
    return fields.moment(event, "when", "end", "created_at", "rt", "raisedAt")


def _device(item: Item) -> list[Record]:
    """What the vendor thinks of a whole device."""
    device = item.content
    state, system = _state(device), fields.inner(device, "os")
    if state is None:
        return item.ignored("no health in it")
    severity, clears = state
    if severity is Level.SECURED and (fields.word(device, "managedState") or "").replace("_", "") in GONE:
        return item.ignored("a device no longer managed")
    version = re.search(r"[0-9][0-9.]*", fields.text(system, "version", "name") or "")
    health = fields.text(fields.inner(device, "healthState"), "state")
    return [
        DeviceStateRecord(
            partner=item.partner,
            index=item.index,
            # Here the name is the phone's, which people name after themselves; an event's is what it says.
            raw=redacted(item.raw, {"name"}),
            report_id=fields.joined(
                fields.required_identifier(device, "id"), fields.text(device, "lastSeenAt"), health
            ),
            partner_device_id=fields.device_id(device, "id"),
            platform=fields.platform(fields.text(system, "platform")),
            os_version=version[0] if version else None,
            detected_at=fields.moment(device, "lastSeenAt"),
            severity=severity,
            severity_raw=health,
            clears=clears,
        )
    ]


def _state(device: JsonObject) -> tuple[Level, Clears] | None:
    """The level by health and what it clears: green all, unless the same item says "not compliant"."""
    health = fields.word(fields.inner(device, "healthState"), "state")
    compliant = fields.word(fields.inner(device, "compliance"), "compliant")
    if health in {None, "UNKNOWN"}:
        return (Level.SECURED, Clears.COMPLIANCE) if compliant == "TRUE" else None
    severity = DEVICE_LEVEL.get(health or "", Level.HIGH)
    return severity, Clears.ALL if severity is Level.SECURED and compliant != "FALSE" else Clears.NONE


ADAPTER = Adapter(
    read,
    envelopes=("items", "alerts"),
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *DEVICE_LEVEL}),
    never_resolves=NEVER_RESOLVES,
)
