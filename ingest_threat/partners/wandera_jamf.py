"""Wandera, now Jamf (Jamf Mobile Threat Defense, Jamf Protect, RADAR): the Threat Events Stream, schema 1.0.

Transport: push. Jamf Security Cloud, Data Streams, Generic HTTP: a POST with static headers of the admin's
choice, one `{"event": {...}}` a message or one a line. Documented: event names, actions, `externalId` is
the UEM's device id or a UDID. Seen in public records: severities 6, 8 and 10. Inferred: the other severity
numbers, that Blocked is closed at once, and what a Resolved event (no public sample) repeats: device, event
name, app or destination; where it names neither app nor destination, the alert's id finds the detection.
"""

import re
from collections.abc import Mapping

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item
from shared.domain.level import Level
from shared.domain.record import BLOCKED, Category, Platform, Record, Status, ThreatRecord

STATUS = {
    "DETECTED": Status.OPEN,
    "RESOLVED": Status.RESOLVED,
    # Prevented before it did anything: its own message closes it.
    "BLOCKED": Status.RESOLVED,
}
SEVERITY = {
    "HIGHEST": Level.HIGH,
    "HIGH": Level.HIGH,
    "MEDIUM": Level.MEDIUM,
    "LOW": Level.LOW,
    "LOWEST": Level.LOW,
    "INFO": Level.SECURED,
}
SEVERITY_FROM = ((8, Level.HIGH), (5, Level.MEDIUM), (1, Level.LOW), (0, Level.SECURED))
"""Numbers from this one on; what is below the last is unknown."""
SCALE = range(11)
"""Numbers that surprise nobody."""
TYPE: Mapping[str, str] = {
    # `..._APP_IN_INVENTORY` and `..._IN_INVENTORY` are both documented: neither ending counts.
    "MALICIOUS": "malware",
    "ADWARE": "adware",
    "BANKER_MALWARE": "trojan",
    "TROJAN_MALWARE": "trojan",
    "POTENTIALLY_UNWANTED": "potentially_unwanted_app",
    "RANSOMWARE": "ransomware",
    "ROOTING_MALWARE": "root_enabler",
    "SMS_MALWARE": "sms_malware",
    "SPYWARE": "spyware",
    "THIRD_PARTY_APP_STORES": "third_party_store",
    "RISKY_APP_DOWNLOAD": "third_party_store",
    "ADMIN": "device_admin_app",
    "SIDE_LOADED": "sideloaded_app",
    "VULNERABLE": "vulnerable_app",
    "JAILBREAK": "jailbreak_root",
    "IOS_PROFILE": "malicious_profile",
    **dict.fromkeys(("OUTDATED_OS", "OUTDATED_OS_LOW", "OUT_OF_DATE_OS"), "vulnerable_os"),
    "MISSING_ANDROID_SECURITY_PATCHES": "vulnerable_os",
    **dict.fromkeys(("LOCK_SCREEN_DISABLED", "USER_PASSWORD_DISABLED"), "screen_lock_off"),
    "STORAGE_ENCRYPTION_DISABLED": "encryption_off",
    "UNKNOWN_SOURCES_ENABLED": "unknown_sources",
    "DEVELOPER_MODE_ENABLED": "developer_mode",
    **dict.fromkeys(("USB_DEBUGGING_ENABLED", "USB_APP_VERIFICATION_DISABLED"), "usb_debugging"),
    **dict.fromkeys(("ANTIVIRUS_DISABLED", "FIREWALL_DISABLED"), "protection_disabled"),
    "APP_INACTIVITY": "agent_inactive",
    "SSL_TRUST_COMPROMISE": "untrusted_certificate",
    "SSL_STRIP_MITM": "ssl_strip",
    "SSL_MITM_TRUSTED_VALID_CERT": "mitm",
    "SSL_MITM_UNTRUSTED_VALID_CERT": "mitm",
    "SSL_MITM_UNTRUSTED_INVALID_CERT": "mitm",
    "SSL_MITM_TRUSTED_INVALID_CERT": "mitm",
    "RISKY_HOTSPOT": "rogue_wifi",
    "ACCESS_PHISHING_HOST": "phishing",
    "ACCESS_BAD_HOST": "malicious_site",
    "ACCESS_CRYPTOJACKING_HOST": "cryptojacking",
    "ACCESS_SPAM_HOST": "unwanted_content",
    **dict.fromkeys(("LEAK_CREDIT_CARD", "LEAK_PASSWORD", "LEAK_EMAIL"), "data_leak"),
    **dict.fromkeys(("LEAK_USERID", "LEAK_LOCATION"), "data_leak"),
}
BEGINNING = {"LEAK_": "data_leak", "SSL_MITM": "mitm", "OUTDATED_OS": "vulnerable_os"}
"""Of a name that is not documented, the families whose documented ones are all of one type."""
ENDINGS = ("_IN_INVENTORY", "_APP")
PREFIXES = ("NETWORK_ACCESS_POINT_", "DEVICE_", "APP_", "OS_")
"""The policy interface puts these before the same names."""
REDACT = frozenset({"user", "email", "user_device_name", "access_point", "access_point_bssid"})

_UDID = re.compile(r"[0-9A-Fa-f]{40}|[0-9A-Fa-f]{8}-[0-9A-Fa-f]{16}")
_IN_DEVICE_NAME = re.compile(r"\(([0-9][0-9.]*)\)\s*$")


def read(item: Item) -> list[Record]:
    """The record of one event."""
    event = item.content.get("event")
    event = event if isinstance(event, dict) else item.content
    if not {"eventType", "action", "device"} <= event.keys():
        raise Foreign
    kind, device = fields.inner(event, "eventType"), fields.inner(event, "device")
    name, action = fields.required_identifier(kind, "name"), fields.word(event, "action")
    threat_type, status = _threat_type(name), STATUS.get(action or "", Status.UNKNOWN)
    at, device_id = fields.moment(event, "timestamp"), fields.device_id(device, "deviceId")
    external, alert = fields.linking_id(device, "externalId"), fields.required_identifier(event, "alertId")
    where = fields.text(fields.inner(event, "app"), "id") or fields.text(
        fields.inner(event, "destination"), "name"
    )
    return [
        ThreatRecord(
            partner=item.partner,
            index=item.index,
            raw=item.raw,
            # One alertId covers the detection and its resolution, and was seen with two different times.
            report_id=fields.joined(alert, action, fields.text(event, "timestamp")),
            threat_key=fields.joined(device_id, fields.word(kind, "name"), where),
            # A block closes its own event and no other.
            alias=None if action == "BLOCKED" else fields.joined("alert", alert),
            partner_device_id=device_id,
            mdm_device_id=external,
            udid=external if external and _UDID.fullmatch(external) else None,
            platform=_platform(device),
            os_version=_os_version(device),
            category=taxonomy.category_of(threat_type, _family(fields.word(kind, "name") or "")),
            threat_type=threat_type,
            threat_name=fields.text(kind, "description", "name"),
            severity_raw=fields.written(event, "severity"),
            severity=_severity(event, threat_type),
            status=status,
            detected_at=None if action == "RESOLVED" else at,
            resolved_at=at if status is Status.RESOLVED else None,
            details_url=fields.url(event, "eventUrl"),  # once seen without a scheme: then it is no link
            reason=BLOCKED if action == "BLOCKED" else None,
            unknown_type=name if threat_type == taxonomy.UNKNOWN else None,
            unknown_status=fields.written(event, "action") if status is Status.UNKNOWN else None,
        )
    ]


def _threat_type(name: str) -> str:
    plain = _plain(name)
    candidates = [plain, *(plain.removeprefix(each) for each in PREFIXES if plain.startswith(each))]
    known = next((TYPE[each] for each in candidates if each in TYPE), None)
    families = (BEGINNING[begin] for each in candidates for begin in BEGINNING if each.startswith(begin))
    return known or next(families, None) or taxonomy.by_keyword(plain) or taxonomy.UNKNOWN


def _plain(name: str) -> str:
    plain = fields.word({"name": name}, "name") or ""
    for ending in ENDINGS:
        plain = plain.removesuffix(ending)
    return plain


def _family(name: str) -> Category:
    """Jamf's events have no category: the name stands in."""
    if re.match(r"ACCESS_|SSL_|NETWORK_", name):
        return Category.NETWORK
    return Category.APP if re.search(r"_IN_INVENTORY$|^APP_|^LEAK_", name) else Category.DEVICE


def _severity(event: JsonObject, threat_type: str) -> Level:
    written = fields.number(event, "severity")
    if written is None:
        return taxonomy.severity_of(fields.word(event, "severity"), SEVERITY, threat_type)
    # A number off the scale is an unknown word.
    return next((level for least, level in SEVERITY_FROM if written >= least), Level.HIGH)


def _platform(device: JsonObject) -> Platform | None:
    """From `os` ("IOS 17.2.1"); where that says UNKNOWN, from `deviceName` ("Apple iPhone (17.2.1)")."""
    system = (fields.text(device, "os") or "").split(" ")[0]
    if system.upper() in {"", "UNKNOWN"}:
        return fields.platform(fields.text(device, "deviceName"))
    return fields.platform(system)


def _os_version(device: JsonObject) -> str | None:
    _, _, version = (fields.text(device, "os") or "").partition(" ")
    in_name = _IN_DEVICE_NAME.search(fields.text(device, "deviceName") or "")
    return version or (in_name[1] if in_name else None)


ADAPTER = Adapter(read, redact=REDACT, severity_words=frozenset({*SEVERITY, *map(str, SCALE)}))
