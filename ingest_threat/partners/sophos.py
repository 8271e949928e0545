"""Sophos Mobile (Intercept X for Mobile, Sophos Central): SIEM events and alerts, and mobile devices.

Transport: pull only, so an operator's relay posts pages of `siem/v1/events`, `siem/v1/alerts`,
`common/v1/alerts` or `mobile/v1/devices`, or the lines the vendor's own SIEM script writes, which renames
fields. Documented: envelopes, both sets of field names, event types with their texts (the vendor's script),
compliance rules, the fields of a device (the vendor's Postman collection). Inferred: which text of a
NowNonCompliant event means which rule, that a page that was opened is over at once, what a device's state of
management says of its agent. No id of Intune's anywhere: agents are linked by hand.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Common, Foreign, Item, Reported
from ingest_threat.partners._contact import contact
from ingest_threat.partners._inactive import INACTIVE, inactive
from ingest_threat.partners._no_verdict import is_no_verdict
from ingest_threat.redaction import holds_secret, redacted
from shared.domain.level import Level, highest
from shared.domain.record import (
    BLOCKED,
    PLATFORMS,
    Category,
    Clears,
    DeviceIdentityRecord,
    DeviceStateRecord,
    Platform,
    Record,
    Status,
    ThreatRecord,
)

SEVERITY = {
    # Events write lower case, alerts capitals; the vendor's script knows very_high above high.
    "NONE": Level.SECURED,
    "LOW": Level.LOW,
    "MEDIUM": Level.MEDIUM,
    "HIGH": Level.HIGH,
    "VERY_HIGH": Level.HIGH,
    "CRITICAL": Level.HIGH,
}
DEVICE_LEVEL = {
    "GREEN": Level.SECURED,
    "AMBER": Level.MEDIUM,
    "SUSPICIOUS": Level.MEDIUM,
    "RED": Level.HIGH,
}
COMPLIANCE = "compliance"
"""vendor_category of what NowCompliant clears."""
CLOSING = ("CLEANEDUP", "DISMISSED", "CLEAN")
"""How the types under `Threat`, and those that begin with `Core`, end that close; CleanupFailed and all
others leave it open."""
WEB = {
    "WEBFILTERINGBLOCKED": "malicious_site",
    "WEBCONTROLVIOLATION": "unwanted_content",
    "SMC_WEBFILTERING": "unwanted_content",
}
"""Pages: a visit is over when it is reported, and nothing the vendor sends would end it."""
VISIT = {"WARNED": "warned", "PROCEEDED": "the user went on"}
"""How the types of a page end that was not blocked, and the reason it has then."""
KEYWORD: Mapping[str, str] = {
    # In a NowNonCompliant event's suffix, or in the compliance rule its text names. The first that fits wins.
    "GENERAL_BLACKLISTED_APPS": "denylisted_app",
    "GENERAL_WHITELISTED_APPS": "denylisted_app",
    "GENERAL_MANDATORY_APPS": "non_compliant_app",
    "FORBIDDEN_APP": "denylisted_app",
    "MANDATORY_APP": "non_compliant_app",
    "MALWARE_APP": "malware",
    "SUSPICIOUS_APP": "suspicious_app",
    "LOW_REP": "suspicious_app",
    "PUA": "potentially_unwanted_app",
    "UNKNOWN_SOURCES": "unknown_sources",
    "THIRD_PARTY_PROFILE": "malicious_profile",
    "ADB": "usb_debugging",
    "PERMISSION": "protection_disabled",
    "WEB_FILTERING": "protection_disabled",
    "TAMPER": "protection_disabled",
    "MINIMUM_SOPHOS": "protection_disabled",
    "MIN_OS": "vulnerable_os",
    "MINIMUM_OS": "vulnerable_os",
    "OS_VERSION": "vulnerable_os",
    "SYNCHRONIZATION": "agent_inactive",
    "INTERVAL": "agent_inactive",
    "SCAN_INTERVAL": "agent_inactive",
    "MANAGED_REQUIRED": "agent_inactive",
    "NO_LONGER_MANAGED": "agent_inactive",
}
NO_REASON = frozenset({"", "0", "UNKNOWN"})
"""Suffixes that give no reason: then the text does."""
GROUP = {"MALWARE": Category.APP, "PUA": Category.APP}
"""Category of an unknown type; any other group is about the device."""
NO_THREAT = frozenset(
    {"ADDED", "ENROLLED", "ENROLLEDNEWAPP", "ACTION", "EASDATAMISSING", "PLACEHOLDERMISSING"}
)
UNENROLLED = frozenset({"UNENROLLED", "UNENROLLEDBYUSER"})
OTHER_APP = re.compile(r"\b(?:secure email|secure workspace)\b", re.IGNORECASE)
"""The vendor's apps beside the agent."""
GONE = frozenset({"UNENROLLED", "DELETED", "WIPED", "RETIRED"})
"""States of management of a device that was managed. Inferred: `managed` and `notManaged` were seen."""
MANAGED = "MANAGED"
"""The only state in which its being well counts; so it does where none is given."""
UNMANAGED = frozenset({"UNMANAGED", "NOTMANAGED", "NOTENROLLED"})
"""States in which its being well says nothing, and in which it may never have been managed."""
MAN_IN_THE_MIDDLE = "MITMATTACKEVENT"
NAMES_A_NETWORK = frozenset(
    {"name", "description", "detection_identity_name", "threat", "network", "file_path", "details"}
    | {"summary", "identity", "target"}
)
"""What of such an event may hold the name of the network or its address, also within `data`."""
COMPUTERS = {"hostname", "health"}
"""The keys of the same vendor's other endpoints."""
NEVER_RESOLVES = {"MitmAttackEvent": "a later device item with green health, unless not compliant"}
REDACT = frozenset(
    {
        *("source", "suser", "user_id", "duid", "location", "dhost", "assignedPerson", "person"),
        *("createdBy", "updatedBy"),
    }
)
AGENT_SEEN = "ixmAppLastSeenAt"
SEEN = (AGENT_SEEN, "lastSeenAt")
"""When the agent was last in contact; of an item without that, when anything of the device was."""
PERSONAL_OF_A_DEVICE = frozenset({"name", "description", "externalId"})
"""The name is the phone's, which people name after themselves; an event's is what it says."""
UNQUOTED = re.compile(
    r"[^:]*: *(?P<identity>\S.*?)(?: +\([^()]*\))?(?: at (?P<place>\S.*?))?"
    r"(?: +\([^()]*\breference\b[^()]*\))?\.?(?: +Parent process: .*)?",
    re.DOTALL,
)
"""What the vendor's texts say behind the colon: "detected: X (reference)", "detected: X at Y. ..."."""


class _State(NamedTuple):
    """What the vendor says of a whole device, the word that decides, and what it clears."""

    severity: Level
    word: str
    clears: Clears


class _ThreatFacts(NamedTuple):
    """What an event says of a threat."""

    threat_type: str
    key: tuple[str | None, ...]
    status: Status = Status.OPEN
    vendor_category: str | None = None
    reason: str | None = None
    alias: tuple[str | None, ...] | None = None


def read(item: Item) -> list[Record]:
    """The record of one event, alert or device."""
    content = item.content
    kind = content.get("type")
    if isinstance(kind, str) and re.match(r"\s*Event(?:::|\.)", kind):
        return _event(item, [fields.plain_word(_apart(each)) for each in re.split(r"::|\.", kind)])
    if "healthState" in content or {"compliance", "managedState"} <= content.keys():
        return [_device(item)]
    if content.keys() >= COMPUTERS:
        return item.ignored("a computer or a server")
    raise Foreign


def _event(item: Item, parts: list[str]) -> list[Record]:
    event = item.content
    parts = [*(part.replace("_", "") for part in parts[:4]), *parts[4:]]
    if "SMC" in parts[1:3] and MAN_IN_THE_MIDDLE in parts[2:4]:
        return [_man_in_the_middle(item)]
    # `Event::Mobile::...` is about the tenant's certificates and licences, mobile as its product may be.
    if parts[1] != "ENDPOINT" or not _is_mobile(event, parts):
        return item.ignored("not about a mobile device")
    family, kind = (*parts[2:4], "", "")[:2]
    if family == "MOBILE" and kind == "NOWCOMPLIANT":
        return [_now_compliant(item)]
    if family == "MOBILE" and kind == "NOWNONCOMPLIANT":
        return [_threat(item, _violation(event, "_".join(parts[4:])))]
    if family == "MOBILE" and kind in UNENROLLED:
        other = OTHER_APP.search(_name(event) or "")
        return (
            item.ignored("another app of the vendor's") if other else [_gone(item, event, _endpoint(event))]
        )
    if family == "THREAT" or (family.startswith("CORE") and _is_about_a_find(family)):
        return [_threat(item, _detection(event, kind if family == "THREAT" else family))]
    if family == "SMC" and kind == "WEBFILTERING":
        family = "SMC_WEBFILTERING"
    if family in WEB:
        return [_threat(item, _web_page(event, family, parts[-1]))]
    level = taxonomy.severity_of(fields.word(event, "severity"), SEVERITY, taxonomy.UNKNOWN)
    if level.rank < Level.MEDIUM.rank or (family == "MOBILE" and kind in NO_THREAT):
        return item.ignored("not a threat")
    return [_threat(item, _ThreatFacts(taxonomy.UNKNOWN, ("_".join(parts[2:]), _identity(event))))]


def _is_about_a_find(family: str) -> bool:
    """Whether a type that begins with `Core` is about what was found: the others are steps of the work."""
    return family.endswith((*CLOSING, "DETECTION", "CLEANFAILED", "REBOOT")) and "OUTBREAK" not in family


def _is_mobile(event: JsonObject, parts: list[str]) -> bool:
    """Servers and computers share the feed. An alert names its kind in other fields than an event."""
    agent, data = fields.inner(event, "managedAgent"), fields.inner(event, "data")
    kind = fields.word(event, "endpoint_type") or fields.word(data, "endpoint_type")
    kind = kind or fields.word(agent, "type") or fields.word(event, "product")
    system = _platform(event)
    by_itself = parts[2:3] in (["MOBILE"], ["SMC"]) or system in PLATFORMS
    return kind == "MOBILE" or (kind is None and by_itself)


def _platform(event: JsonObject) -> Platform | None:
    return fields.platform(
        fields.text(event, "endpoint_platform")
        or fields.text(fields.inner(event, "data"), "endpoint_platform")
    )


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
        closed_keys=(INACTIVE,),
    )


def _violation(event: JsonObject, suffix: str) -> _ThreatFacts:
    rule = re.sub(r"^.*?\bnon[- ]?compliant\b\W*", "", _name(event) or "", flags=re.IGNORECASE | re.DOTALL)
    reason = rule if suffix in NO_REASON else suffix
    words = [f"_{fields.plain_word(_apart(each))}" for each in (suffix, rule)]
    named = (threat_type for each in words for phrase, threat_type in KEYWORD.items() if f"_{phrase}" in each)
    threat_type = next(named, None) or taxonomy.by_keyword(suffix, rule) or taxonomy.UNKNOWN
    return _ThreatFacts(threat_type, ("non_compliant", reason.casefold()), vendor_category=COMPLIANCE)


def _apart(text: str) -> str:
    """`minOsVersion` as its words; what holds a secret stays whole, to be known as such."""
    if holds_secret(text):
        return text
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)


def _detection(event: JsonObject, kind: str) -> _ThreatFacts:
    identity, place = _found(event)
    # "Troj/..." and "Andr/Troj..." are how the vendor's own names begin.
    trojan = "_TROJ" in f"_{fields.plain_word(identity or '')}"
    finer = "trojan" if trojan else taxonomy.by_keyword(identity) or taxonomy.UNKNOWN
    if "PUA" in kind or fields.word(event, "group") == "PUA":
        threat_type = "potentially_unwanted_app"
    elif kind.startswith("LOWREP"):
        threat_type = "suspicious_app"
    elif finer in taxonomy.TYPES and taxonomy.TYPES[finer].category is Category.APP:
        threat_type = finer
    else:
        threat_type = "malware"
    if "BLOCKED" in fields.plain_word(_name(event) or "").split("_") and kind.startswith("IPS"):
        return _ThreatFacts("malicious_site", (kind, identity), Status.RESOLVED, reason=BLOCKED)
    status = Status.RESOLVED if kind.endswith(CLOSING) else Status.OPEN
    # There is no id in common: what was found, and where, is all a clean-up repeats. One that names no place
    # ends what was found at any.
    anywhere = (identity,) if place and status is Status.OPEN else None
    key = (identity, place) if place else (identity,)
    return _ThreatFacts(threat_type, key, status, fields.text(event, "group"), alias=anywhere)


def _web_page(event: JsonObject, family: str, ending: str) -> _ThreatFacts:
    blocked = family == "WEBFILTERINGBLOCKED" or re.search(r"\bblocked\b", _name(event) or "", re.IGNORECASE)
    reason = BLOCKED if blocked or ending == "BLOCKED" else VISIT.get(ending, "a page was opened")
    key = (family.lower(), _identity(event))
    return _ThreatFacts(WEB[family], key, Status.RESOLVED, fields.text(event, "group"), reason)


def _man_in_the_middle(item: Item) -> Record:
    """An attack in a network, whose name and address stand in the text: neither is kept."""
    record = _threat(item, _ThreatFacts("mitm", ("mitm",)))
    return record.model_copy(
        update={
            "raw": redacted(item.raw, NAMES_A_NETWORK),
            "threat_name": "Man in the middle attack",
        }
    )


def _name(event: JsonObject) -> str | None:
    return fields.text(event, "name", "description")


def _found(event: JsonObject) -> tuple[str | None, str | None]:
    """What was found, and where: from fields of their own, from "... 'identity' at 'place'", or from what
    stands behind the colon. The script leaves the identity in the name, and the place beside it."""
    name = (_name(event) or "").replace("''", "'")
    quoted = re.findall(r"'([^']*)'", name)
    plain = None if quoted or holds_secret(name) else UNQUOTED.fullmatch(name)
    identity = (
        fields.text(event, "threat", "detection_identity_name")
        or (quoted[0] if quoted else None)
        or (plain["identity"] if plain else name)
    )
    place = fields.text(event, "filePath")
    if place is None and len(quoted) > 1:
        place = quoted[-1]
    if place is None and plain:
        place = plain["place"]
    return _alike(identity), _alike(place)


def _alike(text: str | None) -> str | None:
    """`text` in small letters; one that holds a secret as it is, for its key becomes its hash."""
    if text and holds_secret(text):
        return text
    return (text or "").strip().casefold() or None


def _identity(event: JsonObject) -> str | None:
    """The first name in quotes; the script leaves nothing but that."""
    name = fields.text(event, "detection_identity_name") or _name(event) or ""
    quoted = re.search(r"'(.*?)'", name.replace("''", "'"))
    return _alike(quoted[1] if quoted else name)


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
        alias=fields.joined(endpoint, *facts.alias) if facts.alias else None,
        partner_device_id=endpoint,
        platform=_platform(event),
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


def _gone(item: Item, event: JsonObject, endpoint: str | None) -> ThreatRecord:
    """An agent that is at work no more, by an event, or by the item of a device."""
    common: Reported = {
        "partner": item.partner,
        "index": item.index,
        "raw": redacted(item.raw, PERSONAL_OF_A_DEVICE),
        "report_id": fields.joined(fields.required_identifier(event, "id"), INACTIVE),
        "partner_device_id": endpoint,
        "platform": _platform(event) or fields.platform(fields.text(fields.inner(event, "os"), "platform")),
    }
    return inactive(common, "Device no longer managed", at=_at(event))


def _device(item: Item) -> Record:
    """What the vendor thinks of a whole device."""
    device, system = item.content, fields.inner(item.content, "os")
    managed = (fields.word(device, "managedState") or "").replace("_", "")
    # Of an item without the agent's own contact, when anything of the device was seen.
    last = contact(device, AGENT_SEEN if AGENT_SEEN in device else SEEN[-1])
    was_at_work = any(fields.happened(device, each) for each in SEEN) or not is_no_verdict(_health(device))
    if managed in GONE or (managed in UNMANAGED and was_at_work):
        # Its own times are of when it was there.
        timeless: JsonObject = {name: device[name] for name in ("id", "os") if name in device}
        return _gone(item, timeless, fields.device_id(device, "id"))
    version = re.search(r"[0-9][0-9.]*", fields.text(system, "version", "name") or "")
    common: Common = {
        "partner": item.partner,
        "index": item.index,
        "raw": redacted(item.raw, PERSONAL_OF_A_DEVICE),
        "partner_device_id": fields.device_id(device, "id"),
        "platform": fields.platform(fields.text(system, "platform")),
        "os_version": version[0] if version else None,
    }
    id_, seen = fields.required_identifier(device, "id"), fields.time_written(device, *SEEN)
    state, known = _state(device), managed in {"", MANAGED} or is_no_verdict(managed)
    well = state is not None and state.severity is Level.SECURED
    unseen = not contact(device, AGENT_SEEN).possible
    if state is None or managed in UNMANAGED or unseen or (well and not known):
        return DeviceIdentityRecord(
            **common,
            report_id=fields.joined(id_, seen, _health(device)),
            detected_at=fields.moment(device, *SEEN),
            unknown_status=None if known or managed in UNMANAGED else fields.written(device, "managedState"),
        )
    # A contact is no verdict's time: the health may change between two. It counts as of its receipt.
    return DeviceStateRecord(
        **common,
        report_id=fields.joined(id_, seen, state.word),
        severity=state.severity,
        severity_raw=state.word,
        scanned=not last.denied,
        clears=Clears.NONE if last.denied else state.clears,
        clears_until=last.at,
        closed_keys=(INACTIVE,) if known else (),
    )


def _health(device: JsonObject) -> str | None:
    return fields.word(fields.inner(device, "healthState"), "state")


def _state(device: JsonObject) -> _State | None:
    """The graver of health and of a compliance that is broken; None without a verdict in either."""
    health, compliance = fields.inner(device, "healthState"), fields.inner(device, "compliance")
    broken = fields.decided(compliance, "compliant") is False
    word, graded = fields.written(health, "state"), fields.written(compliance, "severity")
    levels = {}
    if word and (level := taxonomy.device_level(fields.plain_word(word), DEVICE_LEVEL)):
        levels[word] = level
    if graded and graded.casefold() != "none" and is_no_verdict(fields.plain_word(graded)):
        graded = None
    if broken and (graded or levels):
        # Broken rules that nobody grades are medium, as their events are.
        by_rules = taxonomy.severity_of(graded and fields.plain_word(graded), SEVERITY, taxonomy.UNKNOWN)
        levels[graded or "not compliant"] = by_rules
    if not levels:
        return None
    severity = highest(levels.values())
    said = next(word for word, level in levels.items() if level is severity)
    if severity is not Level.SECURED or broken:
        return _State(severity, said, Clears.NONE)
    # Green that an administrator set by hand is no finding of the agent's.
    by_hand = fields.word(health, "mode") not in {None, "AUTOMATIC"}
    return _State(severity, said, Clears.NONE if by_hand else _cleared(device))


def _cleared(device: JsonObject) -> Clears:
    """What green clears: all, unless the last scan still counts what it found."""
    summary = fields.inner(device, "scanResultSummary")
    found = any(fields.number(summary, name) for name in ("maliciousCount", "suspiciousCount"))
    return Clears.COMPLIANCE if found else Clears.ALL


ADAPTER = Adapter(
    read,
    envelopes=("items", "alerts"),
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS, *DEVICE_LEVEL}),
    never_resolves=NEVER_RESOLVES,
)
