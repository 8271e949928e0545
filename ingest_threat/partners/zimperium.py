"""Zimperium (MTD, zIPS; zConsole): what its console pushes, and what its search interfaces answer.

Transport: push. zConsole's Data Export posts JSON arrays to Azure Monitor's ingestion endpoint (bearer
token of Entra); a relay may post pages of the search API (`content`). The console filters by severity
before it sends. Documented or seen in public records: push of threats, mitigations and incidents, the
search page, legacy zIPS events. Inferred: severity numbers 1 and 0, the time of a threat an incident shows
as fixed, that an ended search item with mitigation events is resolved. Our choice: simulated threats do not
raise risk. The full list of threat names is behind the vendor's support portal, hence the keywords.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item
from shared.domain.level import Level
from shared.domain.record import Category, Platform, Record, Status, ThreatRecord

SEVERITY = {
    "CRITICAL": Level.HIGH,
    "ELEVATED": Level.MEDIUM,
    "IMPORTANT": Level.MEDIUM,
    "LOW": Level.LOW,
    "NORMAL": Level.SECURED,
    "3": Level.HIGH,
    "2": Level.MEDIUM,
    "1": Level.LOW,
    "0": Level.SECURED,
}
STATUS = {
    "PENDING": Status.OPEN,
    "RESOLVED": Status.RESOLVED,
    "MARKED_FIXED": Status.RESOLVED,
}
VECTOR = {"DEVICE": Category.DEVICE, "NETWORK": Category.NETWORK, "MALWARE": Category.APP}
TYPE: Mapping[str, str] = {
    "USB_DEBUGGING_ON": "usb_debugging",
    "DEVELOPER_OPTIONS_ON": "developer_mode",
    "APK_SUSPECTED": "suspicious_app",
    "SUSPICIOUS_ANDROID_APP": "suspicious_app",
    "APP_TAMPERING": "app_tampering",
    "SYSTEM_TAMPERING": "system_tampering",
    "UNKNOWN_SOURCES_ON": "unknown_sources",
    "PASSCODE_NOT_ENABLED": "screen_lock_off",
    "HOST_PIN": "screen_lock_off",
    "ARP_MITM": "mitm_arp",
    "COMPROMISED_NETWORK": "mitm",
    "CAPTIVE_PORTAL": "captive_portal",
    "DANGERZONE_CONNECTED": "rogue_wifi",
    "UNSECURED_WIFI_NETWORK": "insecure_wifi",
    # Incidents name a threat by its display name only.
    "SIDELOADED_APP_S": "sideloaded_app",
    "DEVICE_JAILBROKEN_ROOTED": "jailbreak_root",
    "GOOGLE_PLAY_PROTECT_DISABLED": "protection_disabled",
}
KEYWORD = {"PROFILE": "malicious_profile"}
"""Beside the keywords all partners share: threats on profiles of iOS all name them so."""
MAX_RELATED = 100
"""Threats one incident may name: each becomes a report of its own."""
MAX_MITIGATIONS = 1000
"""Mitigations one row of the search interface may have."""
REDACT = frozenset(
    {
        *("device_owner", "device_owner_id", "device_owner_email", "device_owner_first_name"),
        *("device_owner_middle_name", "device_owner_last_name", "location", "location_detail", "device_ip"),
        *("first_name", "middle_name", "last_name", "customer_contact_name", "activation_name", "device_mac"),
        *("ssid", "bssid", "network", "network_bssid", "gateway_mac", "external_ip", "base_station"),
    }
)


@dataclass(frozen=True)
class _ThreatFacts:
    """What the four shapes say of a threat, in the words of a record."""

    report_id: str
    threat_key: str
    partner_device_id: str | None
    names: tuple[str | None, ...]
    """Names that may give the type, the stable one first."""
    status_raw: str | None
    """The word for the status, as it stands."""
    threat_name: str | None
    severity_word: str | None
    severity_raw: str | None
    status: Status
    detected_at: datetime | None
    resolved_at: datetime | None
    mdm_device_id: str | None = None
    platform: Platform | None = None
    os_version: str | None = None
    vector: str | None = None
    malware_family: str | None = None
    simulated: bool = False


def read(item: Item) -> list[Record]:
    """The records of one item: one, or one for each threat of an incident."""
    content = item.content
    if "threat_uuid" in content:
        return [_record(item, _pushed(content), item.raw)]
    if "incident_id" in content:
        return _incident(item)
    if "threatTypeName" in content or "threatTypeId" in content:
        return [_record(item, _searched(content), item.raw)]
    if "eventId" in content and "eventFullName" in content:
        return [_record(item, _legacy(content), item.raw)]
    raise Foreign


def _record(item: Item, facts: _ThreatFacts, raw: JsonValue) -> ThreatRecord:
    threat_type = _threat_type(facts)
    family = VECTOR.get(fields.plain_word(facts.vector or ""), Category.DEVICE)
    severity = taxonomy.severity_of(facts.severity_word, SEVERITY, threat_type)
    return ThreatRecord(
        partner=item.partner,
        index=item.index,
        raw=raw,
        report_id=facts.report_id,
        threat_key=facts.threat_key,
        partner_device_id=facts.partner_device_id,
        mdm_device_id=facts.mdm_device_id,
        platform=facts.platform,
        os_version=facts.os_version,
        category=taxonomy.category_of(threat_type, family),
        threat_type=threat_type,
        threat_name=facts.threat_name,
        severity_raw=facts.severity_raw,
        severity=Level.SECURED if facts.simulated else severity,
        status=facts.status,
        detected_at=facts.detected_at,
        resolved_at=facts.resolved_at,
        vendor_category=facts.vector,
        reason="simulated" if facts.simulated else None,
        unknown_type=facts.names[0] if threat_type == taxonomy.UNKNOWN else None,
        unknown_status=facts.status_raw if facts.status is Status.UNKNOWN else None,
    )


def _threat_type(facts: _ThreatFacts) -> str:
    for name in facts.names:
        if name and fields.plain_word(name) in TYPE:
            return TYPE[fields.plain_word(name)]
    family = VECTOR.get(fields.plain_word(facts.vector or ""))
    by_keyword = taxonomy.by_keyword(*facts.names, family=family, own=KEYWORD)
    if by_keyword in {None, "malware"} and family is Category.APP:
        # Malware is what the vector says anyway; its family may say which.
        return taxonomy.by_keyword(facts.malware_family, family=family) or "malware"
    return by_keyword or taxonomy.UNKNOWN


def _pushed(content: JsonObject) -> _ThreatFacts:
    key, status = fields.required_identifier(content, "threat_uuid"), _status(content, "threat_status")
    # In a mitigation the same field holds the time of the mitigation.
    at = fields.moment(content, "device_time")
    resolved = status is Status.RESOLVED
    return _ThreatFacts(
        report_id=fields.joined(
            key, fields.word(content, "threat_status"), fields.text(content, "device_time")
        ),
        threat_key=key,
        partner_device_id=_device_id(content, "device_id", "zdevice_id"),
        mdm_device_id=fields.linking_id(content, "mdm_device_id") or _alternative(content),
        # Never from the android_enterprise_* blocks: iOS records carry them too.
        platform=fields.platform(fields.text(content, "device_os")),
        os_version=fields.text(content, "device_os_version"),
        names=(fields.text(content, "threat_name"), fields.text(content, "threat_display_name")),
        malware_family=fields.text(content, "malware_family"),
        threat_name=fields.text(content, "threat_display_name", "threat_name"),
        severity_word=fields.word(content, "severity_name"),
        severity_raw=fields.written(content, "severity_name"),
        vector=fields.text(content, "threat_vector"),
        status=status,
        status_raw=fields.written(content, "threat_status"),
        detected_at=None if resolved else at,
        resolved_at=at if resolved else None,
        simulated=fields.boolean(content, "simulated"),
    )


def _incident(item: Item) -> list[Record]:
    content = item.content
    related = fields.inner_list(content, "related_threats", at_most=MAX_RELATED)
    if not related:
        # The mitigation of an incident names neither device nor threats; their own mitigations follow.
        return item.ignored("an incident that names no threats")
    records: list[Record] = []
    for place, threat in enumerate(related):
        raw = _raw_of(item.raw, place)
        try:
            if not isinstance(threat, dict):
                raise fields.FieldError("not an object")
            records.append(_record(item, _of_incident(content, threat), raw))
        except fields.FieldError as error:
            records.append(item.unreadable(f"related_threats.{place}: {error}", raw))
    return records


def _raw_of(incident: JsonValue, place: int) -> JsonValue:
    """The incident with the one threat a record is about: what is stored grows with the message only."""
    if not isinstance(incident, dict) or not isinstance(incident["related_threats"], list):
        return None
    return {**incident, "related_threats": [incident["related_threats"][place]]}


def _of_incident(incident: JsonObject, threat: JsonObject) -> _ThreatFacts:
    key, status = fields.required_identifier(threat, "threat_id"), _status(threat, "threat_status")
    # The only time there is, of a fixed threat too; the mitigation itself carries the exact one.
    at = fields.moment(threat, "timestamp") or fields.moment(incident, "incident_created_date")
    resolved = status is Status.RESOLVED
    return _ThreatFacts(
        report_id=fields.joined(key, fields.word(threat, "threat_status"), fields.text(threat, "timestamp")),
        threat_key=key,
        partner_device_id=_device_id(incident, "device_id"),
        mdm_device_id=fields.linking_id(incident, "mdm_device_id"),
        platform=fields.platform(fields.text(incident, "device_os")),
        names=(fields.text(threat, "threat_name"),),
        threat_name=fields.text(threat, "threat_name"),
        severity_word=fields.word(threat, "threat_severity"),
        severity_raw=fields.written(threat, "threat_severity"),
        status=status,
        status_raw=fields.written(threat, "threat_status"),
        detected_at=None if resolved else at,
        resolved_at=at if resolved else None,
        simulated=fields.boolean(threat, "simulated") or fields.boolean(incident, "simulated"),
    )


def _searched(content: JsonObject) -> _ThreatFacts:
    key, device = fields.required_identifier(content, "id"), fields.inner(content, "device")
    system = fields.inner(device, "os")
    mitigations = fields.inner_list(content, "mitigationEvents", at_most=MAX_MITIGATIONS)
    last = mitigations[-1] if mitigations and isinstance(mitigations[-1], dict) else {}
    status = Status.RESOLVED if mitigations else Status.UNKNOWN
    # 1 is the only state with a public meaning.
    state = _number(content, "state")
    status = Status.OPEN if state == "1" else status
    return _ThreatFacts(
        report_id=fields.joined(key, state, fields.text(content, "lastModified", "timestamp")),
        threat_key=key,
        partner_device_id=_device_id(device, "id") or _device_id(content, "deviceId"),
        mdm_device_id=fields.linking_id(device, "mdmDeviceId"),
        platform=fields.platform(fields.text(content, "os") or fields.text(system, "name")),
        os_version=fields.text(system, "version"),
        names=(fields.text(content, "threatTypeName"),),
        threat_name=fields.text(content, "threatTypeName"),
        severity_word=fields.word(content, "severityName") or _number(content, "severity"),
        severity_raw=fields.written(content, "severityName", "severity"),
        vector=fields.text(content, "vectorName"),
        status=status,
        status_raw=fields.written(content, "state"),
        detected_at=fields.moment(content, "timestamp"),
        resolved_at=(fields.moment(last, "timestamp") or fields.moment(content, "lastModified"))
        if status is Status.RESOLVED
        else None,
        simulated=fields.boolean(content, "simulated"),
    )


def _legacy(content: JsonObject) -> _ThreatFacts:
    key, status = fields.required_identifier(content, "eventId"), _status(content, "eventState")
    mitigated = fields.moment(content, "mitigatedDate")
    status = Status.RESOLVED if mitigated else status
    return _ThreatFacts(
        report_id=fields.joined(
            key, fields.word(content, "eventState"), fields.text(content, "mitigatedDate", "deviceTime")
        ),
        threat_key=key,
        partner_device_id=_device_id(content, "deviceId", "zdid"),
        mdm_device_id=fields.linking_id(content, "mdmId"),
        platform=fields.platform(fields.text(content, "osType")),
        os_version=fields.text(content, "osVersion"),
        names=(fields.text(content, "eventFullName"),),
        threat_name=fields.text(content, "eventFullName"),
        severity_word=fields.word(content, "severity"),
        severity_raw=fields.written(content, "severity"),
        status=status,
        status_raw=fields.written(content, "eventState"),
        detected_at=fields.moment(content, "deviceTime"),
        resolved_at=mitigated,
        simulated=fields.boolean(content, "simulated"),
    )


def _alternative(content: JsonObject) -> str | None:
    """The other id an MDM may know the device by; which form a filled `mdm_alt_ids` has is not public."""
    ids = content.get("mdm_alt_ids")
    return fields.linking_id(content, "mdm_alt_ids") if isinstance(ids, str) else None


def _number(content: JsonObject, name: str) -> str | None:
    """A number as a word of the tables: 2, "2" and 2.0 are one."""
    value = fields.number(content, name)
    return fields.word(content, name) if value is None else f"{value:g}"


def _status(content: JsonObject, name: str) -> Status:
    return STATUS.get(fields.word(content, name) or "", Status.UNKNOWN)


def _device_id(content: JsonObject, *names: str) -> str | None:
    found = fields.device_id(content, *names)
    return device_id(found) if found else None


def device_id(written: str) -> str:
    """Zimperium's device id, without the suffix it has in incidents only (`…_D_1`)."""
    return re.sub(r"(?<=.)_D_[0-9]+$", "", written)


ADAPTER = Adapter(
    read, envelopes=("content",), redact=REDACT, severity_words=frozenset(SEVERITY), device_id=device_id
)
