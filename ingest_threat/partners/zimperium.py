"""Zimperium (MTD, zIPS; zConsole): what its console pushes, and what its search interfaces answer.

Transport: push. zConsole's Data Export posts JSON arrays to Azure Monitor's ingestion endpoint (bearer
token of Entra), or one object an event to an address of the customer's ("REST Endpoint"); a relay may post
pages of the search API (`content`). The console filters by severity before it sends. Documented or seen in
public records: push of threats, mitigations and incidents, the REST export, the search page with open and
mitigated rows, legacy zIPS events; the names and numbers of threats up to 94 and the four grades stand in
the vendor's SDK. Inferred: that NORMAL is the number 0, the time of a threat an incident shows as fixed,
that an ended search item with mitigation events is resolved, and what a row of the device list says: only
of one that is active, was seen and has neither critical nor risky threats is NORMAL an all-clear. Our
choice: simulated threats and those of the vendor's tests do not raise risk.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Common, Foreign, Item
from ingest_threat.partners._contact import Contact, contact
from ingest_threat.partners._inactive import INACTIVE, inactive
from ingest_threat.partners._no_verdict import is_no_verdict
from shared.domain.level import Level
from shared.domain.record import (
    ID_LIMIT,
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
    "CRITICAL": Level.HIGH,
    "ELEVATED": Level.MEDIUM,
    "IMPORTANT": Level.MEDIUM,
    "LOW": Level.LOW,
    "NORMAL": Level.SECURED,
    # A "silent alert": kept by the console, and shown to nobody.
    "HIDDEN": Level.SECURED,
    "3": Level.HIGH,
    "2": Level.MEDIUM,
    "1": Level.LOW,
    "0": Level.SECURED,
}
STATUS = {
    "PENDING": Status.OPEN,
    "RESOLVED": Status.RESOLVED,
    "MARKED_FIXED": Status.RESOLVED,
    # `state` of the search page; 2 and 3 were never seen.
    "1": Status.OPEN,
    "4": Status.RESOLVED,
}
ACTIVE = frozenset({"ACTIVE", "ACTIVE_APP"})
"""`appStatus` of a row of the device list whose agent is at work: only the first was ever seen."""
GONE = re.compile(
    r"(?:^|_)(?:INACTIVE|DORMANT|DEACTIVATED|DISABLED|DELETED|REMOVED|UNINSTALLED|NOT_RUNNING)(?:_|$)"
)
"""In the word for an agent that is at work no more; any other than these and ACTIVE says that none has
scanned."""
VECTOR = {"DEVICE": Category.DEVICE, "NETWORK": Category.NETWORK, "MALWARE": Category.APP}
THREAT: Mapping[str, tuple[str, str]] = {
    # The vendor's numbers and names, and our types: `unknown` where the name alone says nothing of a risk.
    "0": ("TCP_SCAN", "port_scan"),
    "1": ("UDP_SCAN", "port_scan"),
    "2": ("IP_SCAN", "port_scan"),
    "3": ("ARP_SCAN", "port_scan"),
    "4": ("ARP_MITM", "mitm_arp"),
    "5": ("SYN_SCAN", "port_scan"),
    "6": ("EMAIL_SUSPECTED", "phishing"),
    "7": ("FILE_SUSPECTED", "suspicious_app"),
    "8": ("UNKNOWN", "unknown"),
    "9": ("MALICIOUS_WEBSITE", "malicious_site"),
    "10": ("ABNORMAL_PROCESS_ACTIVITY", "system_tampering"),
    "11": ("ICMP_REDIR_MITM", "mitm"),
    "12": ("RUNNING_AS_ROOT", "jailbreak_root"),
    "13": ("APK_SUSPECTED", "suspicious_app"),
    "14": ("SSL_STRIP", "ssl_strip"),
    "15": ("PROXY_CHANGE", "mitm"),
    "16": ("GATEWAY_CHANGE", "mitm"),
    "17": ("DNS_CHANGE", "mitm"),
    "18": ("TCP_SCAN6", "port_scan"),
    "19": ("UDP_SCAN6", "port_scan"),
    "20": ("IP_SCAN6", "port_scan"),
    "21": ("ACCESS_POINT_CHANGE", "unknown"),
    "22": ("SUSPICIOUS_SMS", "phishing"),
    "23": ("FILES_SYSTEM_CHANGED", "system_tampering"),
    "24": ("UNTRUSTED_PROFILE", "malicious_profile"),
    "25": ("UNKNOWN_SOURCES_ON", "unknown_sources"),
    "26": ("SUSPICIOUS_CELLULAR_TOWER_CHANGE", "rogue_cell_tower"),
    "27": ("TRAFFIC_TAMPERING", "mitm"),
    "28": ("BENEVOLENT_PENTESTING_APP", "riskware"),
    "29": ("SMS_CONFIG_CHANGED", "unknown"),
    "30": ("ROGUE_CELLULAR_TOWER_MITM", "rogue_cell_tower"),
    "31": ("APPLICATION_CLOSED_BY_USER", "agent_inactive"),
    "32": ("STAGEFRIGHT_ANOMALY", "system_tampering"),
    "33": ("MEDIASERVER_ANOMALY", "system_tampering"),
    "34": ("STAGEFRIGHT_EXPLOIT", "system_tampering"),
    "35": ("SSL_MITM", "mitm"),
    "36": ("NETWORK_HANDOFF", "unknown"),
    "37": ("SYSTEM_TAMPERING", "system_tampering"),
    "38": ("ROGUE_ACCESS_POINT", "rogue_wifi"),
    "39": ("DEVICE_ROOTED", "jailbreak_root"),
    "40": ("STAGEFRIGHT_VULNERABLE", "vulnerable_os"),
    "41": ("VULNERABILITY_MITIGATION", "unknown"),
    "42": ("SUSPICIOUS_IPA", "suspicious_app"),
    "43": ("DAEMON_ANOMALY", "system_tampering"),
    "44": ("USB_DEBUGGING_ON", "usb_debugging"),
    "45": ("SUSPICIOUS_PROFILE", "malicious_profile"),
    "46": ("UNCLASSIFIED_CERTIFICATE", "untrusted_certificate"),
    "47": ("DEVELOPER_OPTIONS_ON", "developer_mode"),
    "48": ("INTERNAL_NETWORK_ACCESS", "unknown"),
    "49": ("ENCRYPTION_NOT_ENABLED", "encryption_off"),
    "50": ("PASSCODE_NOT_ENABLED", "screen_lock_off"),
    "51": ("ANDROID_NOT_UPDATED", "vulnerable_os"),
    "52": ("IOS_NOT_UPDATED", "vulnerable_os"),
    "53": ("WINDOWS_NOT_UPDATED", "vulnerable_os"),
    "54": ("KERNEL_ANOMALY", "system_tampering"),
    "55": ("TEST_THREAT_ROGUE_SSL", "ssl_strip"),
    "56": ("TEST_THREAT_ROGUE_NETWORK", "rogue_wifi"),
    "57": ("TEST_THREAT_DEVICE_COMPROMISED", "system_tampering"),
    "58": ("TEST_THREAT_MALICIOUS_APP", "malware"),
    "59": ("DYNAMIC_LIBRARY_INJECTION", "app_tampering"),
    "60": ("COGITO_APK_DETECTION", "suspicious_app"),
    "61": ("SELINUX_DISABLED", "system_tampering"),
    "62": ("SUSPICIOUS_ROOT_PROCESS", "jailbreak_root"),
    "63": ("SUSPICIOUS_NETWORK_CONNECTION", "unknown"),
    "64": ("FINGERPRINT_MISMATCH", "mitm"),
    "65": ("ROGUE_ACCESS_POINT_NEARBY", "rogue_wifi"),
    "66": ("UNSECURED_WIFI_NETWORK", "insecure_wifi"),
    "67": ("CAPTIVE_PORTAL", "captive_portal"),
    "68": ("TRACEROUTE_MITM", "mitm"),
    "69": ("BLUEBORNE_VULNERABLE", "vulnerable_os"),
    "70": ("ANDROID_COMPATIBILITY_TESTING", "system_tampering"),
    "71": ("ANDROID_BASIC_INTEGRITY", "system_tampering"),
    "72": ("MALICIOUS_WEBSITE_OPENED", "malicious_site"),
    "73": ("ACCESSED_BLOCKED_DOMAIN", "unwanted_content"),
    "74": ("DEVICE_SERVICE_COMPROMISED", "system_tampering"),
    "75": ("APP_COMPROMISED", "app_tampering"),
    "76": ("SIDELOADED_APP", "sideloaded_app"),
    "77": ("TLS_DOWNGRADE", "ssl_strip"),
    "78": ("ZIPS_NOT_RUNNING_ON_CONTAINER", "agent_inactive"),
    "79": ("DANGERZONE_CONNECTED", "rogue_wifi"),
    "80": ("DANGERZONE_NEARBY", "rogue_wifi"),
    "81": ("DYNAMIC_CODE_LOADING", "app_tampering"),
    "82": ("SILENT_APP_INSTALLATION", "suspicious_app"),
    "83": ("SUSPICIOUS_FILE", "suspicious_app"),
    "84": ("GOOGLE_PLAY_PROTECT_DISABLED", "protection_disabled"),
    "85": ("ANDROID_DEBUG_BRIDGE_APPS_NOT_VERIFIED", "protection_disabled"),
    "86": ("OVER_THE_AIR_UPDATES_DISABLED", "vulnerable_os"),
    "87": ("ALWAYS_ON_VPN_APP_SET", "vpn"),
    "88": ("VULNERABLE_NON_UPGRADEABLE_IOS_VERSION", "vulnerable_os"),
    "89": ("VULNERABLE_NON_UPGRADEABLE_ANDROID_VERSION", "vulnerable_os"),
    "90": ("DYNAMIC_CODE_LOADING_NATIVE", "app_tampering"),
    "91": ("DYNAMIC_CODE_LOADING_JAVA", "app_tampering"),
    "92": ("FILE_TYPE_MISMATCH", "unknown"),
    "93": ("OUT_OF_COMPLIANCE_APP", "non_compliant_app"),
    "94": ("WIFI_SYNC_ENABLED", "unknown"),
    "100": ("DORMANT", "agent_inactive"),
    "142": ("STORAGE_PERMISSION_REQUIRED", "protection_disabled"),
    "172": ("ACTIVE_EXPLOIT_OS_ANDROID", "system_tampering"),
    "209": ("TESTFLIGHT_INSTALLED", "unknown"),
    "223": ("BIOMETRIC_AUTH_DISABLED", "screen_lock_off"),
}
NAMED = dict(THREAT.values())
"""Our types by the vendor's names."""
TYPE: Mapping[str, str] = {
    # Names beside the numbered ones: of the console, of incidents (display names), of legacy events.
    "SUSPICIOUS_ANDROID_APP": "suspicious_app",
    "APP_TAMPERING": "app_tampering",
    "HOST_PIN": "screen_lock_off",
    "COMPROMISED_NETWORK": "mitm",
    "SIDELOADED_APP_S": "sideloaded_app",
    "DEVICE_JAILBROKEN_ROOTED": "jailbreak_root",
}
TEST = "TEST_THREAT"
"""What the names of threats begin with that an admin sets off to try the console."""
NEARBY = "_NEARBY"
"""What the names of networks end with that the phone saw and did not join."""
KEYWORD = {"PROFILE": "malicious_profile"}
"""Beside the keywords all partners share: threats on profiles of iOS all name them so."""
EXPORTED = frozenset({"event_id", "eventtimestamp", "mitigated", "forensics"})
"""Fields of an event of the REST export, beside what names its device and its threat."""
MAX_RELATED = 100
"""Threats one incident may name: each becomes a report of its own."""
MAX_MITIGATIONS = 1000
"""Mitigations one row of the search interface may have."""
REDACT = frozenset(
    {
        *("device_owner", "device_owner_id", "device_owner_email", "device_owner_first_name"),
        *("device_owner_middle_name", "device_owner_last_name", "activation_name", "customer_contact_name"),
        *("first_name", "middle_name", "last_name", "employee_name", "user_info", "imei"),
        *("location", "location_detail", "location_info", "geo_point", "gps_latitude", "gps_longitude"),
        *("city", "country", "countries", "operator", "device_operator"),
        *("location_city", "location_country"),
        # Tags of the admin's own choice, mostly of a person or a place.
        *("tag1", "tag2"),
        # The networks the phone was in, and the addresses in them.
        *("ssid", "bssid", "network", "network_bssid", "external_network", "network_threat", "basestation"),
        *("base_station", "near_by_networks", "arp_tables", "arp_tables_info", "routing_table", "net_stat"),
        *(
            "network_info",
            "network_statistics",
            "subnet_mask",
            "network_subnet",
            "device_ip",
            "my_ip",
            "external_ip",
        ),
        *("gateway_ip", "gateway_mac", "device_mac", "ip_of_detected_url"),
        *("attacker_ip", "attacker_mac", "attacker_ssid", "attacker_bssid"),
        # Pairs of a name and a value, of anything: in these the name of a network stands under `val`.
        *("forensics.general", "additional_public_forensics"),
        *("sideloaded_app_developer", "side_loaded_app_info.developer"),
    }
)
KEPT_OF_DEVICE = (
    *("id", "zdeviceId", "os", "riskPosture", "riskPostureName", "threatState", "appStatus", "lastSeen"),
    *("processedAt", "deleted", "dormancyProcessed", "isJailbroken"),
)
"""What is kept of a row of the device list: the rest is the phone's apps, and whose phone it is."""
REPEATED = ("incident_id", "device_id", "mdm_device_id", "device_os", "incident_created_date", "simulated")
"""Fields of an incident without which none of its threats can be read again."""


@dataclass(frozen=True)
class _ThreatFacts:
    """What the five shapes say of a threat, in the words of a record."""

    report_id: str
    threat_key: str
    partner_device_id: str | None
    names: tuple[str | None, ...]
    """Names that may give the type, the stable one first."""
    number: str | None
    """The vendor's number of the type, which goes before its names."""
    status_raw: str | None
    """The word for the status, as it stands; without one the threat is open."""
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
    if _is_exported(content):
        return [_record(item, _exported(content), item.raw)]
    if "incident_id" in content:
        return _incident(item)
    if "zdeviceId" in content and content.keys() & {
        "riskPosture",
        "riskPostureName",
        "threatState",
        "appStatus",
    }:
        return [_device(item)]
    if "threatTypeName" in content or "threatTypeId" in content:
        return [_record(item, _searched(content), item.raw)]
    if "eventId" in content and "eventFullName" in content:
        return [_record(item, _legacy(content), item.raw)]
    raise Foreign


def _is_exported(content: JsonObject) -> bool:
    """Whether it is an event of the REST export; without `device_info` its device is in `forensics`."""
    if "device_info" in content:
        return bool(content.keys() & {"threat", "forensics"})
    key = fields.identifier(fields.inner(content, "threat"), "threat_uuid")
    key = key or fields.identifier(fields.inner(content, "forensics"), "threat_uuid", "zdid")
    return key is not None and bool(content.keys() & EXPORTED)


def _record(item: Item, facts: _ThreatFacts, raw: JsonValue) -> ThreatRecord:
    threat_type = _threat_type(facts)
    family = VECTOR.get(fields.plain_word(facts.vector or ""), Category.DEVICE)
    simulated = facts.simulated or _stable_name(facts).startswith(TEST)
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
        severity=Level.SECURED if simulated else _severity(facts, threat_type),
        status=facts.status,
        detected_at=facts.detected_at,
        resolved_at=facts.resolved_at,
        vendor_category=facts.vector,
        reason="simulated" if simulated else None,
        unknown_type=facts.names[0] if threat_type == taxonomy.UNKNOWN else None,
        unknown_status=taxonomy.unknown_status(facts.status, facts.status_raw),
    )


def _severity(facts: _ThreatFacts, threat_type: str) -> Level:
    if facts.severity_word is None and _stable_name(facts).endswith(NEARBY):
        return Level.LOW
    return taxonomy.severity_of(facts.severity_word, SEVERITY, threat_type)


def _stable_name(facts: _ThreatFacts) -> str:
    """The vendor's name of the type, by its number where the table has that, else as it is written."""
    name, _ = THREAT.get(facts.number or "", (None, None))
    return name or fields.plain_word(facts.names[0] or "")


def _threat_type(facts: _ThreatFacts) -> str:
    written = [fields.plain_word(name) for name in facts.names if name]
    names = [_stable_name(facts), *written]
    known = [NAMED.get(name) or TYPE[name] for name in names if name in NAMED or name in TYPE]
    if known:
        return next((each for each in known if each != taxonomy.UNKNOWN), taxonomy.UNKNOWN)
    family = VECTOR.get(fields.plain_word(facts.vector or ""))
    by_keyword = taxonomy.by_keyword(*facts.names, family=family, own=KEYWORD)
    if by_keyword in {None, "malware"} and (family is Category.APP or facts.malware_family):
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
            key, fields.word(content, "threat_status"), fields.time_written(content, "device_time")
        ),
        threat_key=key,
        partner_device_id=_device_id(content, "device_id", "zdevice_id"),
        mdm_device_id=fields.linking_id(content, "mdm_device_id") or _alternative(content),
        # Never from the android_enterprise_* blocks: iOS records carry them too.
        platform=fields.platform(fields.text(content, "device_os")),
        os_version=fields.text(content, "device_os_version"),
        names=(fields.text(content, "threat_name"), fields.text(content, "threat_display_name")),
        number=fields.code(content, "threat_type_id"),
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


def _exported(content: JsonObject) -> _ThreatFacts:
    """One event of the REST export; the same object comes again, mitigated, when the threat is over."""
    threat, forensics = fields.inner(content, "threat"), fields.inner(content, "forensics")
    device, general = fields.inner(content, "device_info"), fields.inner(threat, "general")
    key = fields.identifier(threat, "threat_uuid") or fields.required_identifier(forensics, "threat_uuid")
    mitigated = fields.boolean(content, "mitigated")
    said = "MITIGATED" if mitigated else "PENDING"
    # In the one public message the times disagree by weeks; that of the attack alone is to the millisecond.
    times = [
        fields.moment(forensics, "attack_time"),
        fields.moment(device, "device_time"),
        fields.moment(content, "eventtimestamp"),
        fields.moment(general, "device_time"),
    ]
    known = [each for each in times if each is not None]
    return _ThreatFacts(
        report_id=fields.joined(fields.identifier(content, "event_id") or key, said),
        threat_key=key,
        partner_device_id=_device_id(device, "device_id", "zdid") or _device_id(forensics, "zdid"),
        mdm_device_id=fields.linking_id(device, "mdm_device_id") or _alternative(device),
        # Never from the number `forensics.os`: it was seen as 1 on an iPhone.
        platform=fields.platform(fields.text(device, "os")),
        os_version=fields.text(device, "os_version"),
        names=(
            fields.text(threat, "name") or fields.text(general, "threat_type"),
            fields.text(threat, "display_name"),
        ),
        number=fields.code(forensics, "type"),
        malware_family=fields.text(general, "malware_family"),
        threat_name=fields.text(threat, "display_name", "name"),
        severity_word=fields.word(forensics, "severity") or fields.code(content, "severity"),
        severity_raw=fields.written(forensics, "severity") or fields.written(content, "severity"),
        status=Status.RESOLVED if mitigated else Status.OPEN,
        status_raw=said,
        detected_at=known[0] if known else None,
        # No field is for the mitigation: the newest time there is is not before it opened.
        resolved_at=max(known, default=None) if mitigated else None,
        simulated=any(fields.boolean(each, "simulated") for each in (content, threat, forensics)),
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
    """What is kept of an incident beside one of its threats: the first has the rest of it, the others only
    what they cannot be read without, so that what is stored grows with the message only."""
    if not isinstance(incident, dict):
        return None
    related = incident.get("related_threats")
    threat = related[place] if isinstance(related, list) else related
    short = {name: incident[name] for name in REPEATED if _is_short(incident.get(name))}
    return {**(incident if place == 0 else short), "related_threats": [threat]}


def _is_short(value: JsonValue) -> bool:
    return value is not None and not isinstance(value, dict | list) and len(str(value)) <= ID_LIMIT


def _of_incident(incident: JsonObject, threat: JsonObject) -> _ThreatFacts:
    key, status = fields.required_identifier(threat, "threat_id"), _status(threat, "threat_status")
    # The only time there is, of a fixed threat too; the mitigation itself carries the exact one.
    at = fields.moment(threat, "timestamp") or fields.moment(incident, "incident_created_date")
    resolved = status is Status.RESOLVED
    return _ThreatFacts(
        report_id=fields.joined(
            key, fields.word(threat, "threat_status"), fields.time_written(threat, "timestamp")
        ),
        threat_key=key,
        partner_device_id=_device_id(incident, "device_id"),
        mdm_device_id=fields.linking_id(incident, "mdm_device_id"),
        platform=fields.platform(fields.text(incident, "device_os")),
        names=(fields.text(threat, "threat_name"),),
        number=fields.code(threat, "threat_type_id"),
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
    status, resolved_at = _ending(content)
    return _ThreatFacts(
        report_id=fields.joined(
            key, fields.code(content, "state"), fields.time_written(content, "lastModified", "timestamp")
        ),
        threat_key=key,
        partner_device_id=_device_id(device, "id") or _device_id(content, "deviceId"),
        mdm_device_id=fields.linking_id(device, "mdmDeviceId"),
        platform=fields.platform(fields.text(content, "os") or fields.text(system, "name")),
        os_version=fields.text(system, "version"),
        names=(fields.text(content, "threatTypeName"),),
        number=fields.code(content, "threatTypeId"),
        threat_name=fields.text(content, "threatTypeName"),
        severity_word=fields.word(content, "severityName") or fields.code(content, "severity"),
        severity_raw=fields.written(content, "severityName", "severity"),
        vector=fields.text(content, "vectorName"),
        status=status,
        status_raw=fields.written(content, "state"),
        detected_at=fields.moment(content, "timestamp")
        or fields.moment(fields.inner(content, "timestampInfo"), "timestamp"),
        resolved_at=resolved_at,
        simulated=fields.boolean(content, "simulated"),
    )


def _ending(content: JsonObject) -> tuple[Status, datetime | None]:
    """The status of a row of the search interface, and since when it is over.

    Of a mitigated row `mitigationEvents` was seen empty: `mitigatedAt` decides, then `state`.
    """
    mitigated, events = fields.moment(content, "mitigatedAt"), _mitigations(content)
    status = STATUS.get(fields.code(content, "state") or "")
    if mitigated is None and status is None:
        stated = fields.word(content, "state") is not None
        status = Status.RESOLVED if events else Status.UNKNOWN if stated else Status.OPEN
    if mitigated is None and status is not Status.RESOLVED:
        return status or Status.UNKNOWN, None
    last = max((at for each in events if (at := fields.moment(each, "timestamp"))), default=None)
    return Status.RESOLVED, mitigated or last or fields.moment(content, "lastModified")


def _mitigations(content: JsonObject) -> list[JsonObject]:
    events = fields.inner_list(content, "mitigationEvents", at_most=MAX_MITIGATIONS)
    return [each if isinstance(each, dict) else {} for each in events]


def _device(item: Item) -> ThreatRecord | DeviceStateRecord | DeviceIdentityRecord:
    """What a row of the device list says of its device."""
    row = item.content
    common, seen = _of_device(item), contact(row, "lastSeen")
    at, status = _known_until(row, seen), fields.word(row, "appStatus")
    # Of a row that says so, a contact that nobody can read was one.
    if seen.possible and (fields.decided(row, "deleted") or GONE.search(status or "")):
        gone = fields.joined(common["partner_device_id"], "GONE", fields.time_written(row, "lastSeen"))
        # Not when the row was computed: what closes it counts as of its receipt, and so does this.
        return inactive({**common, "report_id": gone}, "Agent inactive, or device deleted")
    report_id = fields.joined(
        common["partner_device_id"],
        fields.time_written(row, "lastSeen"),
        fields.time_written(row, "processedAt"),
    )
    posture = fields.word(row, "riskPostureName") or fields.code(row, "riskPosture")
    severity = taxonomy.device_level(posture, SEVERITY)
    if not seen.possible or not (status is None or status in ACTIVE):
        severity = None
    if severity is Level.SECURED and seen.at is None and status is None:
        severity = None  # Nothing says that there is an agent which found it so.
    if severity is None:
        is_known = is_no_verdict(status) or status in ACTIVE or GONE.search(status or "")
        unknown = None if is_known else fields.written(row, "appStatus")
        return DeviceIdentityRecord(**common, report_id=report_id, detected_at=at, unknown_status=unknown)
    clean = severity is Level.SECURED and seen.at is not None and _names_no_threats(row)
    return DeviceStateRecord(
        **common,
        report_id=fields.joined(report_id, posture),
        # A contact is no verdict's time, which no field gives: the level counts as of its receipt.
        clears_until=at,
        scanned=not seen.never,
        severity=severity,
        severity_raw=fields.written(row, "riskPostureName", "riskPosture"),
        clears=Clears.ALL if clean else Clears.NONE,
        closed_keys=(INACTIVE,) if status in ACTIVE else (),
    )


def _of_device(item: Item) -> Common:
    system = fields.inner(item.content, "os")
    raw = item.raw if isinstance(item.raw, dict) else {}
    return {
        "partner": item.partner,
        "index": item.index,
        "raw": {name: raw[name] for name in KEPT_OF_DEVICE if name in raw},
        "partner_device_id": _device_id(item.content, "id"),
        "mdm_device_id": fields.linking_id(item.content, "mdmDeviceId"),
        "platform": fields.platform(fields.text(system, "name", "type")),
        "os_version": fields.text(system, "version"),
    }


def _known_until(row: JsonObject, seen: Contact) -> datetime | None:
    """Until when a row speaks: what the phone found after it was last seen, or after the row was computed, is
    not in it."""
    times = [seen.at, fields.moment(row, "processedAt")]
    return min((at for at in times if at is not None), default=None)


def _names_no_threats(row: JsonObject) -> bool:
    threats = fields.inner(row, "threatState")
    lists = [threats.get(name) for name in ("criticalThreats", "riskyThreats")]
    # The second is an empty list as tools write one that stands in a text.
    return all(each in ([], "[]") for each in lists)


def _legacy(content: JsonObject) -> _ThreatFacts:
    key, status = fields.required_identifier(content, "eventId"), _status(content, "eventState")
    mitigated = fields.moment(content, "mitigatedDate")
    status = Status.RESOLVED if mitigated else status
    return _ThreatFacts(
        report_id=fields.joined(
            key,
            fields.word(content, "eventState"),
            fields.time_written(content, "mitigatedDate", "deviceTime"),
        ),
        threat_key=key,
        partner_device_id=_device_id(content, "deviceId", "zdid"),
        mdm_device_id=fields.linking_id(content, "mdmId"),
        platform=fields.platform(fields.text(content, "osType")),
        os_version=fields.text(content, "osVersion"),
        names=(fields.text(content, "eventFullName"),),
        number=None,
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


def _status(content: JsonObject, name: str) -> Status:
    """By the table; a threat that does not say how it stands is one."""
    said = fields.word(content, name)
    return Status.OPEN if said is None else STATUS.get(said, Status.UNKNOWN)


def _device_id(content: JsonObject, *names: str) -> str | None:
    found = fields.device_id(content, *names)
    return device_id(found) if found else None


def device_id(written: str) -> str:
    """Zimperium's device id, without the suffix it has in incidents only (`…_D_1`)."""
    return re.sub(r"(?<=.)_D_[0-9]+$", "", written)


ADAPTER = Adapter(
    read,
    envelopes=("content",),
    redact=REDACT,
    needed=frozenset({"threat.display_name"}),
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS}),
    device_id=device_id,
)
