"""Lookout (Lookout for Work, Mobile Endpoint Security): the Mobile Risk API's events and lists, v2 and v1.

Transport: pull only, so an operator's relay posts what it reads. v2 is a server-sent event stream whose
frames hold `{"events": [...]}` (taken with or without the `data:` framing), and REST lists, as in
`{"devices": [...]}`; v1 is a REST page of events. Documented by the vendor's own description of v2: all
classifications, statuses, kinds of change, the work profile's `parent_status`; by its v1 pages: severity NONE
is no risk. Seen in public records: the v2 envelope, WEB_CONTENT, ADVISORY. Inferred: ADVISORY is no risk,
IGNORED closes, a secure snapshot of an active agent clears all its threats, an active agent that is anything
but PROTECTED has lost its hold, what types ACCESS_CONTROL_VIOLATION and GATEWAY_ADDRESS_CHANGE are.
Invented by others and only tolerated: Microsoft Sentinel's flat test events (`threat.id`, one
`classification`, CREATE).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import JsonValue

from ingest_threat.body import JsonObject, as_json
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item, Reported
from ingest_threat.partners._contact import contact
from ingest_threat.partners._inactive import INACTIVE, inactive
from ingest_threat.partners._no_verdict import is_no_verdict
from ingest_threat.redaction import REDACTED, redacted
from shared.domain.level import Level
from shared.domain.record import (
    BLOCKED,
    Category,
    Clears,
    DeviceIdentityRecord,
    DeviceStateRecord,
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
    "SMISHING_ALERT": Category.NETWORK,
    "OS": Category.DEVICE,
    "CONFIGURATION": Category.DEVICE,
}
TYPE: Mapping[str, str] = {
    **dict.fromkeys(("BACKDOOR", "BOT", "VIRUS", "WORM", "TOLL_FRAUD", "CHARGEWARE"), "malware"),
    "TROJAN": "trojan",
    # v1 writes SPY and SURVEILLANCE.
    **dict.fromkeys(("SPYWARE", "SURVEILLANCEWARE", "SPY", "SURVEILLANCE"), "spyware"),
    "SPAM": "sms_malware",
    **dict.fromkeys(("ADWARE", "CLICK_FRAUD"), "adware"),
    "APP_DROPPER": "dropper",
    **dict.fromkeys(("ROOT_ENABLER", "EXPLOIT"), "root_enabler"),
    "RISKWARE": "riskware",
    # v1 writes BLACKLISTED_APP.
    **dict.fromkeys(("DENYLISTED_APP", "BLACKLISTED_APP"), "denylisted_app"),
    **dict.fromkeys(("SIDELOADED_APP", "NON_APP_STORE_SIGNER"), "sideloaded_app"),
    "VULNERABILITY": "vulnerable_app",
    "DATA_LEAK": "data_leak",
    "ROOT_JAILBREAK": "jailbreak_root",
    "ACCESS_CONTROL_VIOLATION": "system_tampering",
    **dict.fromkeys(("OUT_OF_DATE_OS", "OUT_OF_DATE_ASPL"), "vulnerable_os"),
    "AGENT_OUTDATED": "agent_outdated",
    "NO_DEVICE_LOCK": "screen_lock_off",
    "UNENCRYPTED": "encryption_off",
    "DEVELOPER_MODE_ENABLED": "developer_mode",
    "USB_DEBUGGING_ENABLED": "usb_debugging",
    "UNKNOWN_SOURCES_ENABLED": "unknown_sources",
    # PCP is the vendor's phishing and content protection; the others are settings of its agent, too.
    **dict.fromkeys(("PCP_PAUSED", "PCP_DISABLED", "DEVICE_ADMIN_NOT_ACTIVATED"), "protection_disabled"),
    "STORAGE_PERMISSION_NOT_ACCEPTED": "protection_disabled",
    "NOTIFICATION_PERMISSION_NOT_ACCEPTED": "protection_disabled",
    "SMISHING_PERMISSIONS_NOT_ACCEPTED": "protection_disabled",
    **dict.fromkeys(("VPN_NOT_ENABLED", "SECURE_DNS_NOT_ENABLED"), "vpn_or_network_protection_off"),
    "ACTIVE_MITM": "mitm",
    "ROGUE_WIFI": "rogue_wifi",
    "GATEWAY_ADDRESS_CHANGE": "mitm_arp",
    "PORT_SCAN": "port_scan",
    "MALICIOUS_CONTENT": "malicious_site",
    "PHISHING_CONTENT": "phishing",
    **dict.fromkeys(("UNAUTHORIZED_CONTENT", "DENYLISTED_CONTENT"), "unwanted_content"),
}
TYPE_IN_FAMILY: Mapping[str, Mapping[Category, str]] = {
    "CONNECTIVITY": {Category.APP: "riskware"},
    "UNKNOWN": {Category.APP: "suspicious_app"},
}
"""Classifications that say something of an app only."""
WEB_REASON = {
    "PHISHING": "phishing",
    "MALICIOUS": "malicious_site",
    **dict.fromkeys(("DENYLISTED", "BLACKLISTED", "OBJECTIONABLE_CONTENT"), "unwanted_content"),
}
"""Why web content is a threat, where no classification says it."""
PLAIN_NAMES = ("application_name", "applicationName", "package_name", "packageName")
"""Where the details of a threat say what it is about, the plainest first."""
ACTIVE = frozenset({None, "ACTIVATED", "ACTIVE"})
"""Activation of an agent whose word that all is well can be taken."""
INVITED = "PENDING"
"""Activation of an agent that has never been at work: it says nothing of its device."""
DEACTIVATED = frozenset({"DEACTIVATED", "DELETED", "PURGED"})
"""Activation of an agent that was at work and is not any more."""
GONE = frozenset({"DELETED", "PURGED", "DELETE", "PURGE"})
"""Changes by which the vendor's own copy is gone. That is no good news of a device or a threat."""
CREATED = frozenset({"CREATED", "CREATE"})
PROTECTED = frozenset({None, "PROTECTED"})
"""Protection of a device whose SECURE clears its threats; one that has lost touch is merely called so."""
DISCONNECTED = "DISCONNECTED"
"""The only documented protection beside PROTECTED."""
ACTIVATION = ("activation_status", "activationStatus")
PROTECTION = ("protection_status", "protectionStatus")
SECURITY = ("security_status", "securityStatus")
NEVER_RESOLVES = {"SMISHING_ALERT": "a later DEVICE event that calls the device SECURE"}
REDACT = frozenset(
    [
        *("email_address", "phone_number", "impersonated_employee", "customer_device_id", "user_name"),
        *("network_ssid", "network_name", "wifi_bssid", "access_point_hostname", "mac_address"),
        *("dns_ip_address", "dns_ip_addresses", "proxy_address", "proxy_config", "vpn_local_address"),
        *("local_address", "remote_address", "remote_domain", "routes", "vpn_configuration"),
        *("trusted_signing_identity", "trusted_signing_identities", "attribute_changes"),
        # What a threat is about stays as its name: of an address without its query, of a path the end.
        *("url", "original_url", "path", "file_name"),
    ]
)


DESCRIBES = frozenset({"name", "summary", "description", "title", "application_name"})
"""What a threat in a network is described by."""


def read(item: Item) -> list[Record]:
    """The records of one event, or of one row of a list."""
    event = _as_event(item.content)
    item = replace(item, content=event)
    kind = fields.word(event, "type")
    times = {"created_time", "eventTime", "change_type"}
    if kind is None or not event.keys() & {"id", "oid"} or not event.keys() & times:
        raise Foreign
    if kind == "AUDIT":
        return item.ignored("audit event")
    gone = fields.word(event, "change_type") in GONE
    if kind == "DEVICE":
        return list(_device(item, gone=gone))
    if kind not in {"THREAT", "SMISHING_ALERT"}:
        raise fields.FieldError("type is no event type that is known")
    if gone:
        return item.ignored("a threat that the vendor deleted: it is neither open nor over")
    return [_threat(item) if kind == "THREAT" else _smishing(item)]


def _as_event(content: JsonObject) -> JsonObject:
    """`content`; a row of one of the lists as the event that would say the same.

    A row's own ids never change, so what it says is part of its id.
    """
    if content.keys() & {"change_type", "eventTime"} or "guid" not in content:
        return content
    said = ("guid", *ACTIVATION, *PROTECTION, *SECURITY, "status", "risk", "updated_time", "resolved_at")
    event: JsonObject = {
        "id": fields.joined("row", *(fields.written(content, name) for name in said)),
        "change_type": "UPDATED",
    }
    if "device_guid" not in content and content.keys() & {*SECURITY, *ACTIVATION, *PROTECTION}:
        parent = _object(content, "parent_status")
        said_of_parent = (fields.written(parent, name) for name in (*ACTIVATION, *SECURITY))
        id_ = fields.joined(fields.text(event, "id"), *said_of_parent)
        return {**event, "id": id_, "type": "DEVICE", "device": {**content, "status": None}}
    if "device_guid" in content:
        device = {**_object(content, "device"), "guid": content["device_guid"]}
        if "detections" in content:
            at = {"created_time": content.get("detected_at")}
            return {**event, **at, "type": "SMISHING_ALERT", "smishing_alert": content, "device": device}
        return {**event, "type": "THREAT", "threat": content, "device": device}
    return content


def _threat(item: Item) -> ThreatRecord:
    event = item.content
    # v1 has all of it under `details`, v2 has a `threat` with `details` of its own.
    threat = fields.inner(event, "threat") or fields.inner(event, "details")
    at = fields.moment(event, "created_time", "eventTime")
    created = fields.word(event, "change_type") in CREATED
    said = fields.word(threat, "status", "action")
    # A threat that does not say how it stands is one, unless it says since when it is over.
    over = said is None and fields.moment(threat, "resolved_at") is not None
    status = STATUS.get(said or ("RESOLVED" if over else "OPEN"), Status.UNKNOWN)
    resolved = status is Status.RESOLVED
    family = fields.word(threat, "type") or ""
    details = _object(threat, "details") or threat
    threat_type = _threat_type(threat, details, family)
    common = _common(item)
    if family == "NETWORK":
        # Whatever describes it may name the network a person was in.
        common["raw"] = redacted(item.raw, DESCRIBES)
    return ThreatRecord(
        **common,
        threat_key=fields.required_identifier(threat, "guid", "id"),
        category=taxonomy.category_of(threat_type, FAMILY.get(family, Category.DEVICE)),
        threat_type=threat_type,
        threat_name=None if family == "NETWORK" else _name(threat, details),
        severity_raw=fields.written(threat, "severity", "risk"),
        severity=taxonomy.severity_of(fields.word(threat, "severity", "risk"), SEVERITY, threat_type),
        status=status,
        # A blocked page is created resolved; any other resolution does not repeat when it was detected.
        detected_at=(at if created or not resolved else None) or fields.moment(threat, "detected_at"),
        resolved_at=(at or fields.moment(threat, "resolved_at")) if resolved else None,
        vendor_category=fields.text(threat, "type"),
        reason=_reason(said, details, prevented=created and resolved and family == "WEB_CONTENT"),
        unknown_type=", ".join(_classifications(threat)) or None if threat_type == taxonomy.UNKNOWN else None,
        unknown_status=_unknown_status(threat, status, created=created),
    )


def _unknown_status(threat: JsonObject, status: Status, *, created: bool) -> str | None:
    """The word for the status that no table knows, or that a threat which is not new has none."""
    said = fields.written(threat, "status", "action")
    return None if said is None and created else taxonomy.unknown_status(status, said)


def _reason(status: str | None, details: JsonObject, *, prevented: bool) -> str | None:
    if status == "IGNORED":
        return "ignored"
    # Only where its own first message closes it: a later resolution also ends what was open before.
    return BLOCKED if prevented and fields.word(details, "response") == "BLOCKED" else None


def _threat_type(threat: JsonObject, details: JsonObject, family: str) -> str:
    category = FAMILY.get(family)
    found = [fields.plain_word(each) for each in _classifications(threat)]
    known = [each for each in (_type_of(word, family, category) for word in found) if each]
    if family == "SMISHING_ALERT":
        return "phishing"
    if family == "MALWARE":
        # Nobody documents it: what is no classification of an app does not unsay it.
        apps = (each for each in known if taxonomy.TYPES[each].category is Category.APP)
        return next(apps, "malware")
    by_reason = WEB_REASON.get(fields.word(details, "reason") or "") if family == "WEB_CONTENT" else None
    if by_reason == "phishing":
        return by_reason
    return next(iter(known), None) or by_reason or taxonomy.UNKNOWN


def _type_of(classification: str, family: str, category: Category | None) -> str | None:
    if family == "OS" and classification == "VULNERABILITY":
        return "vulnerable_os"
    in_family = TYPE_IN_FAMILY.get(classification, {})
    return TYPE.get(classification) or (in_family.get(category) if category else None)


def _classifications(threat: JsonObject) -> list[str]:
    """A threat's classifications; where it gives none, those of its assessments."""
    named = [*_words(threat.get("classifications")), *_words(threat.get("classification"))]
    return named or _words(threat.get("assessments"))


def _words(value: JsonValue) -> list[str]:
    """The classifications in a list, one object, or a text that says several."""
    value = as_json(value)
    if isinstance(value, list):
        return [word for each in value for word in _words(each)]
    if isinstance(value, dict):
        return _words(value.get("classification"))
    if not isinstance(value, str):
        return []
    return [word for each in re.split(r"[,;|]", value) if (word := each.strip(" []\"'"))]


def _name(threat: JsonObject, details: JsonObject) -> str | None:
    """What the threat is about: of a path its end, of an address all but its query."""
    plain = fields.text(details, *PLAIN_NAMES)
    file, address = fields.text(details, "file_name", "fileName"), fields.text(details, "url")
    assessments = threat.get("assessments")
    several = assessments if isinstance(assessments, list) else [assessments]
    assessed = [fields.text(_object(each, "details"), "name") for each in several if isinstance(each, dict)]
    names = (plain, _end(file), *assessed, _end(fields.text(details, "path")), _without_query(address))
    return next((name for name in names if name and name != REDACTED), None)


def _end(path: str | None) -> str | None:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1] if path else None


def _without_query(address: str | None) -> str | None:
    return re.split(r"[?#]", address)[0] if address else None


def _smishing(item: Item) -> ThreatRecord:
    event = item.content
    alert = fields.inner(event, "smishing_alert")
    detections = alert.get("detections")
    several = detections if isinstance(detections, list) else [detections]
    first = next((each for each in several if isinstance(each, dict)), {})
    # Neither severity nor status: an alert is a fact, of default severity.
    return ThreatRecord(
        **_common(item),
        threat_key=fields.identifier(alert, "guid", "id") or fields.required_identifier(event, "id", "oid"),
        category=taxonomy.category_of("phishing", Category.NETWORK),
        threat_type="phishing",
        threat_name=fields.text(first, "category"),
        severity_raw=fields.written(alert, "severity"),
        severity=taxonomy.severity_of(fields.word(alert, "severity"), SEVERITY, "phishing"),
        status=Status.OPEN,
        detected_at=fields.moment(event, "created_time") or fields.moment(alert, "detected_at"),
        vendor_category=fields.text(event, "type"),
    )


def _device(item: Item, *, gone: bool) -> Iterator[Record]:
    health, common = _health(item.content), _common(item)
    activation = fields.word(health, *ACTIVATION)
    if activation == INVITED:
        yield DeviceIdentityRecord(**common, detected_at=_seen_at(item))
    elif gone or activation in DEACTIVATED:
        # Whatever its last status was called, nobody looks after the device any more.
        yield from _inactive(item, "Device deleted at the partner" if gone else "Agent deactivated")
    else:
        yield _state(item, health, common) or DeviceIdentityRecord(**common, detected_at=_seen_at(item))
        yield from _doubts(item, health)


def _state(item: Item, health: JsonObject, common: Reported) -> DeviceStateRecord | None:
    """Lookout's own word on the device, where it can be taken: the gravest of a profile and its parent."""
    graded = [(_level(each), fields.written(each, *SECURITY)) for each in (health, _parent(item.content))]
    levels = [(level, said) for level, said in graded if level]
    if not levels:
        return None
    severity, said = max(levels, key=lambda each: each[0].rank)
    vouches = _is_active(health) and fields.word(health, *PROTECTION) in PROTECTED
    if severity is Level.SECURED and not (vouches and _level(health)):
        return None
    at, last = _seen_at(item), contact(_object(item.content, "device"), "checkin_time")
    if severity is Level.SECURED and last.denied and not last.unreadable:
        return None
    times = item.content.keys() & {"created_time", "eventTime"}
    readable = times and not any(fields.is_unreadable_time(item.content, each) for each in times)
    timed = at or last.at or readable
    clears = severity is Level.SECURED and timed and not last.denied
    return DeviceStateRecord(
        **common,
        detected_at=at,
        severity=severity,
        severity_raw=said,
        scanned=not last.denied,
        clears=Clears.ALL if clears else Clears.NONE,
        # A row of a list may be older than its reading: it vouches for what was before its check-in.
        clears_until=last.at if clears else None,
        closed_keys=(INACTIVE,) if vouches else (),
    )


def _doubts(item: Item, health: JsonObject) -> Iterator[Record]:
    """That an active agent does not protect its device; or that a word of its activation is not known."""
    if not _is_active(health):
        written = fields.written(health, *ACTIVATION)
        if not is_no_verdict(fields.word(health, *ACTIVATION)):
            yield from _inactive(item, written, unknown=written, status=Status.UNKNOWN)
        return
    protection = fields.word(health, *PROTECTION)
    if protection not in PROTECTED and not is_no_verdict(protection):
        written = fields.written(health, *PROTECTION)
        yield from _inactive(item, written, unknown=None if protection == DISCONNECTED else written)


def _inactive(
    item: Item, name: str | None, *, unknown: str | None = None, status: Status = Status.OPEN
) -> Iterator[Record]:
    """The threat that an agent is which was at work and is not any more, until it says so again."""
    common = _common(item)
    if common["partner_device_id"] is None:
        # Its key is every agent's: without a device it could be brought to another's.
        yield DeviceIdentityRecord(**common, detected_at=_seen_at(item))
        return
    device = _object(item.content, "device")
    yield inactive(
        {**common, "report_id": fields.joined(common["report_id"], INACTIVE)},
        name,
        status=status,
        at=_seen_at(item) or fields.moment(device, "deactivated_at", "disconnected_at"),
        unknown_status=unknown,
    )


def _level(health: JsonObject) -> Level | None:
    """The level of a device or of a profile's parent; None without a verdict."""
    return taxonomy.device_level(fields.word(health, *SECURITY), DEVICE_LEVEL)


def _parent(event: JsonObject) -> JsonObject:
    """The status of the device around a work profile, where its agent is at work."""
    parent = _object(_object(event, "device"), "parent_status") or _object(event, "parent_status")
    return {} if fields.word(parent, *ACTIVATION) in {INVITED, *DEACTIVATED} else parent


def _health(event: JsonObject) -> JsonObject:
    device = _object(event, "device")
    return _object(device, "status") or _object(event, "details") or device


def _is_active(health: JsonObject) -> bool:
    return fields.word(health, *ACTIVATION) in ACTIVE


def _seen_at(item: Item) -> datetime | None:
    """When a device was as the event says; a row of a list gives when it last changed."""
    device = _object(item.content, "device")
    return fields.moment(item.content, "created_time", "eventTime") or fields.moment(device, "updated_time")


def _common(item: Item) -> Reported:
    event = item.content
    device = _object(event, "device")
    target, actor = _object(event, "target"), _object(event, "actor")
    # The target of a threat event is the threat, whatever its guid looks like; a SYSTEM actor has no guid,
    # and an ADMIN's is a person. Only what calls itself a DEVICE is one.
    target, actor = _if_device(target), _if_device(actor)
    info = _object(device, "info") or _object(device, "details")
    return {
        "partner": item.partner,
        "index": item.index,
        "raw": item.raw,
        "report_id": fields.required_identifier(event, "id", "oid"),
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
    """The object under `name`, or the one of a list of one; flat events have a word there, or nothing, and
    the fields one level up."""
    value = fields.only(of.get(name))
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
    envelopes=("devices", "threats", "smishing_alerts"),
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS, *DEVICE_LEVEL}),
    complete=complete,
    never_resolves=NEVER_RESOLVES,
)
