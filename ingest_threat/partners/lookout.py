"""Lookout (Lookout for Work, Mobile Endpoint Security): the Mobile Risk API's events, v2 and v1.

Transport: pull only, so an operator's relay posts what it reads. v2 is a server-sent event stream whose
frames hold `{"events": [...]}` (taken with or without the `data:` framing); v1 is a REST page of the same
envelope. Documented: v1 fields, application and file classifications, severity NONE is no risk, v1 action
IGNORED. Seen in public records: v2 envelope, statuses, WEB_CONTENT and network classifications, ADVISORY.
Inferred: ADVISORY is no risk, IGNORED closes, a secure snapshot of an active agent clears all its threats, an
active agent that is anything but PROTECTED has lost its hold.
Invented by others and only tolerated: Microsoft Sentinel's flat test events (`threat.id`, one
`classification`, CREATE).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from pydantic import JsonValue

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item
from shared.domain.level import Level
from shared.domain.record import (
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
    "HIGH": Level.HIGH,
    "MEDIUM": Level.MEDIUM,
    "LOW": Level.LOW,
    "ADVISORY": Level.SECURED,
    "NONE": Level.SECURED,
}
DEVICE_LEVEL = {
    "SECURE": Level.SECURED,
    "THREATS_LOW": Level.LOW,
    "THREATS_MEDIUM": Level.MEDIUM,
    "THREATS_HIGH": Level.HIGH,
    # The v1 documentation writes the singular.
    "THREAT_LOW": Level.LOW,
    "THREAT_MEDIUM": Level.MEDIUM,
    "THREAT_HIGH": Level.HIGH,
}
STATUS = {
    "OPEN": Status.OPEN,
    "DETECTED": Status.OPEN,
    "RESOLVED": Status.RESOLVED,
    # An admin's word that the threat no longer counts.
    "IGNORED": Status.RESOLVED,
}
FAMILY = {
    "APPLICATION": Category.APP,
    "FILE": Category.APP,
    "MALWARE": Category.APP,
    "NETWORK": Category.NETWORK,
    "WEB_CONTENT": Category.NETWORK,
    "OS": Category.DEVICE,
    "CONFIGURATION": Category.DEVICE,
}
TYPE: Mapping[str, str] = {
    **dict.fromkeys(("BACKDOOR", "BOT", "VIRUS", "WORM", "TOLL_FRAUD", "CHARGEWARE"), "malware"),
    "TROJAN": "trojan",
    **dict.fromkeys(("SPY", "SURVEILLANCE"), "spyware"),
    "SPAM": "sms_malware",
    **dict.fromkeys(("ADWARE", "CLICK_FRAUD"), "adware"),
    "APP_DROPPER": "dropper",
    **dict.fromkeys(("ROOT_ENABLER", "EXPLOIT"), "root_enabler"),
    **dict.fromkeys(("RISKWARE", "CONNECTIVITY"), "riskware"),
    **dict.fromkeys(("DENYLISTED_APP", "BLACKLISTED_APP"), "denylisted_app"),
    **dict.fromkeys(("SIDELOADED_APP", "NON_APP_STORE_SIGNER"), "sideloaded_app"),
    "VULNERABILITY": "vulnerable_app",
    "DATA_LEAK": "data_leak",
    **dict.fromkeys(("OUT_OF_DATE_OS", "OUT_OF_DATE_ASPL"), "vulnerable_os"),
    "PCP_PAUSED": "protection_disabled",
    "PORT_SCAN": "port_scan",
    "MALICIOUS_CONTENT": "malicious_site",
    "UNAUTHORIZED_CONTENT": "unwanted_content",
}
ANYWHERE = {"LOCK": "screen_lock_off", "ENCRYPT": "encryption_off"}
"""Of a device's setting, what gives the type wherever it stands in a word; of others it may be "BLOCKED"."""
NAMES = (
    *("application_name", "applicationName", "package_name", "packageName", "file_name", "fileName"),
    *("path", "url"),
)
"""Where the details of a threat say what it is about, the plainest first."""
ACTIVE = frozenset({None, "ACTIVATED", "ACTIVE"})
"""Activation of an agent whose word that all is well can be taken."""
PROTECTED = frozenset({None, "PROTECTED"})
"""Protection of a device whose SECURE clears its threats; one that has lost touch is merely called so."""
PROTECTION = ("protection_status", "protectionStatus")
UNPROTECTED = "agent_inactive"
NEVER_RESOLVES = {"SMISHING_ALERT": "a later DEVICE event that calls the device SECURE"}
REDACT = frozenset(
    {"email_address", "phone_number", "impersonated_employee", "customer_device_id", "user_name"}
)


class _Common(TypedDict):
    """What every record of an event has."""

    partner: str
    index: int
    raw: JsonValue
    report_id: str
    partner_device_id: str | None
    mdm_device_id: str | None
    platform: Platform | None
    os_version: str | None


def read(item: Item) -> list[Record]:
    """The record of one event."""
    event = item.content
    kind = fields.word(event, "type")
    if kind is None or "id" not in event or not event.keys() & {"created_time", "eventTime", "change_type"}:
        raise Foreign
    if kind == "AUDIT":
        return item.ignored("audit event")
    # The vendor deleted its copy: that says nothing of the device.
    if fields.word(event, "change_type") == "PURGED":
        return item.ignored("purged")
    if kind == "THREAT":
        return [_threat(item)]
    if kind == "SMISHING_ALERT":
        return [_smishing(item)]
    if kind == "DEVICE":
        return [_device_event(item), *_protection(item)]
    raise fields.FieldError("type is no event type that is known")


def _threat(item: Item) -> ThreatRecord:
    event = item.content
    # v1 has all of it under `details`, v2 has a `threat` with `details` of its own.
    threat = fields.inner(event, "threat") or fields.inner(event, "details")
    at = fields.moment(event, "created_time", "eventTime")
    status = STATUS.get(fields.word(threat, "status", "action") or "", Status.UNKNOWN)
    resolved = status is Status.RESOLVED
    created = fields.word(event, "change_type") in {"CREATED", "CREATE"}
    family = fields.word(threat, "type") or ""
    threat_type = _threat_type(threat, family)
    details = _object(threat, "details") or threat
    return ThreatRecord(
        **_common(item),
        threat_key=fields.required_identifier(threat, "guid", "id"),
        category=taxonomy.category_of(threat_type, FAMILY.get(family, Category.DEVICE)),
        threat_type=threat_type,
        threat_name=fields.text(details, *NAMES),
        severity_raw=fields.written(threat, "severity"),
        severity=taxonomy.severity_of(fields.word(threat, "severity"), SEVERITY, threat_type),
        status=status,
        # A blocked page is created resolved; any other resolution does not repeat when it was detected.
        detected_at=at if created or not resolved else None,
        resolved_at=at if resolved else None,
        vendor_category=fields.text(threat, "type"),
        reason="ignored" if fields.word(threat, "status", "action") == "IGNORED" else None,
        unknown_type=", ".join(_classifications(threat)) or None if threat_type == taxonomy.UNKNOWN else None,
        unknown_status=fields.written(threat, "status", "action") if status is Status.UNKNOWN else None,
    )


def _threat_type(threat: JsonObject, family: str) -> str:
    found = [fields.plain_word(each) for each in _classifications(threat)]
    if family == "WEB_CONTENT" and fields.word(_object(threat, "details"), "reason") == "PHISHING":
        return "phishing"
    for each in found:
        if each in TYPE:
            return TYPE[each]
    if family == "MALWARE":
        return "malware"
    if "UNKNOWN" in found and FAMILY.get(family) is Category.APP:
        return "suspicious_app"
    by_keyword = taxonomy.by_keyword(*found, family=FAMILY.get(family))
    if by_keyword is None and FAMILY.get(family) is Category.DEVICE:
        by_keyword = next((ANYWHERE[part] for each in found for part in ANYWHERE if part in each), None)
    return by_keyword or taxonomy.UNKNOWN


def _classifications(threat: JsonObject) -> list[str]:
    named = threat.get("classifications")
    several = named if isinstance(named, list) else [named]
    return [each for each in (*several, threat.get("classification")) if isinstance(each, str)]


def _smishing(item: Item) -> ThreatRecord:
    event = item.content
    alert = fields.inner(event, "smishing_alert")
    detections = alert.get("detections")
    several = detections if isinstance(detections, list) else []
    first = next((each for each in several if isinstance(each, dict)), {})
    # Neither severity nor status: an alert is a fact, of default severity.
    return ThreatRecord(
        **_common(item),
        threat_key=fields.identifier(alert, "guid", "id") or fields.required_identifier(event, "id"),
        category=taxonomy.category_of("phishing", Category.NETWORK),
        threat_type="phishing",
        threat_name=fields.text(first, "category"),
        severity_raw=fields.written(alert, "severity"),
        severity=taxonomy.severity_of(fields.word(alert, "severity"), SEVERITY, "phishing"),
        status=Status.OPEN,
        detected_at=fields.moment(event, "created_time"),
        vendor_category=fields.text(event, "type"),
    )


def _device_event(item: Item) -> DeviceStateRecord | DeviceIdentityRecord:
    event = item.content
    health = _health(event)
    at = fields.moment(event, "created_time", "eventTime")
    status = fields.word(health, "security_status", "securityStatus")
    severity = DEVICE_LEVEL.get(status, Level.HIGH) if status else None
    active, protected = _is_active(health), fields.word(health, *PROTECTION) in PROTECTED
    if severity is None or (severity is Level.SECURED and not active):
        # An agent that is not active cannot vouch for its device.
        return DeviceIdentityRecord(**_common(item), detected_at=at)
    return DeviceStateRecord(
        **_common(item),
        detected_at=at,
        severity=severity,
        severity_raw=fields.written(health, "security_status", "securityStatus"),
        clears=Clears.ALL if severity is Level.SECURED and protected else Clears.NONE,
        closed_keys=(UNPROTECTED,) if protected and active else (),
    )


def _protection(item: Item) -> Iterator[ThreatRecord]:
    """The threat that an active agent is which does not protect its device."""
    event = item.content
    health = _health(event)
    if not _is_active(health) or fields.word(health, *PROTECTION) in PROTECTED:
        return
    common = _common(item)
    yield ThreatRecord(
        **{**common, "report_id": fields.joined(common["report_id"], UNPROTECTED)},
        threat_key=UNPROTECTED,
        category=taxonomy.category_of(UNPROTECTED, Category.DEVICE),
        threat_type=UNPROTECTED,
        threat_name=fields.text(health, *PROTECTION),
        severity=taxonomy.severity_of(None, {}, UNPROTECTED),
        status=Status.OPEN,
        detected_at=fields.moment(event, "created_time", "eventTime"),
    )


def _health(event: JsonObject) -> JsonObject:
    device = fields.inner(event, "device")
    return _object(device, "status") or fields.inner(event, "details") or device


def _is_active(health: JsonObject) -> bool:
    return fields.word(health, "activation_status", "activationStatus") in ACTIVE


def _common(item: Item) -> _Common:
    event = item.content
    device = fields.inner(event, "device")
    target, actor = fields.inner(event, "target"), fields.inner(event, "actor")
    # The target of a threat event is the threat, whatever its guid looks like; a SYSTEM actor has no guid,
    # and an ADMIN's is a person. Only what calls itself a DEVICE is one.
    target, actor = _if_device(target), _if_device(actor)
    info = _object(device, "info") or _object(device, "details")
    return {
        "partner": item.partner,
        "index": item.index,
        "raw": item.raw,
        "report_id": fields.required_identifier(event, "id"),
        "partner_device_id": fields.device_id(device, "guid")
        or fields.device_id(target, "guid", "id")
        or fields.device_id(actor, "guid"),
        "mdm_device_id": fields.linking_id(info, "external_id") or fields.linking_id(target, "externalId"),
        "platform": fields.platform(fields.text(device, "platform") or fields.text(target, "platform")),
        "os_version": fields.text(_object(device, "software"), "os_version")
        or fields.text(device, "os_version"),
    }


def _if_device(party: JsonObject) -> JsonObject:
    """The target or actor of an event where it calls itself a device, else nothing."""
    return party if fields.word(party, "type") == "DEVICE" else {}


def _object(of: JsonObject, name: str) -> JsonObject:
    """The object under `name`; flat events have a word there, or nothing, and the fields one level up."""
    value = of.get(name)
    return value if isinstance(value, dict) else {}


def complete(records: Sequence[Record]) -> list[Record]:
    """v2 threats name no platform: give them that of a device event in the same message."""
    platforms = {
        record.partner_device_id: record.platform
        for record in records
        if isinstance(record, DeviceStateRecord | DeviceIdentityRecord) and record.platform
    }
    return [
        record.model_copy(update={"platform": platforms[record.partner_device_id]})
        if isinstance(record, ThreatRecord) and not record.platform and record.partner_device_id in platforms
        else record
        for record in records
    ]


ADAPTER = Adapter(
    read,
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *DEVICE_LEVEL}),
    complete=complete,
    never_resolves=NEVER_RESOLVES,
)
