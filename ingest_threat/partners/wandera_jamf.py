"""Wandera, now Jamf (Jamf Mobile Threat Defense, Jamf Protect, RADAR): the Threat Events Stream, schema 1.0,
and the lists of devices of its Risk API.

Transport: push. Jamf Security Cloud, Data Streams, Generic HTTP: a POST with static headers of the admin's
choice, one `{"event": {...}}` a message or one a line. Documented: event names and the 49 categories of the
policies, actions, `externalId` is the UEM's device id or a UDID. Seen in public records: severities 6, 8 and
10. Inferred: a severity is twice a policy's level of 1 to 5, Blocked is closed at once, and what a Resolved
event (no public sample) repeats: device, event name, app or destination; where it names neither app nor
destination, the alert's id finds the detection. What a device row says counts as of its receipt. The vendor's
other streams may be pointed at the same address, and are none of our business.
"""

import re
from collections.abc import Mapping
from datetime import datetime

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item, Reported
from ingest_threat.partners._inactive import INACTIVE, inactive
from ingest_threat.redaction import masked
from shared.domain.level import Level
from shared.domain.record import (
    BLOCKED,
    Category,
    DeviceIdentityRecord,
    DeviceStateRecord,
    Platform,
    Record,
    Status,
    ThreatRecord,
)

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
DEVICE_LEVEL = {
    "SECURE": Level.SECURED,
    "LOW": Level.LOW,
    "MEDIUM": Level.MEDIUM,
    "HIGH": Level.HIGH,
}
"""Of a device row. It is no maximum of the open threats, and an admin may have set it: it clears nothing."""
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
PREFIXES = ("NETWORK_ACCESS_POINT_", "CERTIFICATE_", "RESOURCE_", "DEVICE_", "APP_", "OS_")
"""The policy interface puts these before the same names."""
SIMULATION = re.compile(r"(?:^|_)(?:TEST|SIMULATED|SIMULATION)(?:_|$)")
"""In the name of an event that tries the connection, and is no threat."""
OTHER_STREAMS = frozenset({"NETWORK_TRAFFIC_STREAM", "ZTNA_EVENTS_STREAM", "DEVICE_TELEMETRY_STREAM"})
"""`metadata.product` of the vendor's streams that report no threats."""
VENDORS = frozenset({"JAMF", "WANDERA"})
TRAFFIC = frozenset({"dns", "domain", "hostName", "networkInterface"})
"""What a request on the network has, and no threat."""
MAC_ALERT = frozenset({"caid", "certid", "topicType"})
MAC_TELEMETRY = frozenset({"host_info", "glob_seq_num", "mach_time"})
COMPUTER = re.compile(r"^(?:MAC|OS_X|WINDOWS|CHROME|LINUX)")
"""Systems of devices that the same list has, and that are no phones."""
REDACT = frozenset(
    [
        *("user", "email", "user_device_name", "access_point", "access_point_bssid"),
        *("account.name", "phone_number"),
    ]
)

_UDID = re.compile(r"[0-9A-Fa-f]{40}|[0-9A-Fa-f]{8}-[0-9A-Fa-f]{16}")
_CREATED = re.compile(r"[?&]createdUtcMs=([0-9]{13})(?![0-9])")
_IN_DEVICE_NAME = re.compile(r"\(([0-9][0-9.]*)\)\s*$")


def read(item: Item) -> list[Record]:
    """The record of one event, or of one device of a list."""
    content = item.content
    event = content.get("event")
    event = event if isinstance(event, dict) else content
    is_threat = {"eventType", "device"} <= event.keys() and bool(event.keys() & {"action", "alertId"})
    other = _other_stream(content, event, is_threat=is_threat)
    if other:
        return item.ignored(other)
    if not is_threat and content.keys() & {"riskCategory", "risk"} and content.keys() & {"guid", "deviceId"}:
        return _row(item)
    if not is_threat:
        raise Foreign
    return [_threat(item, event)]


def _other_stream(content: JsonObject, event: JsonObject, *, is_threat: bool) -> str | None:
    """Which of the vendor's other streams an item is of; None for what may be a threat."""
    metadata = _object(event, "metadata") or _object(content, "metadata")
    product = fields.word(metadata, "product") or ""
    if product in OTHER_STREAMS:
        return "an event of another stream"
    if is_threat:
        return None
    if product and "THREAT" not in product and fields.word(metadata, "vendor") in VENDORS:
        return "an event of another stream"
    if "device" in event and event.keys() & TRAFFIC:
        return "network traffic"
    if _object(content, "input") and content.keys() & MAC_ALERT:
        return "an alert of a Mac"
    if content.keys() & MAC_TELEMETRY:
        return "telemetry of a Mac"
    return "a message of Jamf Pro" if "webhookEvent" in _object(content, "webhook") else None


def _threat(item: Item, event: JsonObject) -> ThreatRecord:
    kind, device = fields.inner(event, "eventType"), fields.inner(event, "device")
    name, action = fields.required_identifier(kind, "name"), fields.word(event, "action")
    threat_type = _threat_type(name)
    # An event that does not say what was done says that something is there.
    status = STATUS.get(action, Status.UNKNOWN) if action else Status.OPEN
    at, device_id = _happened_at(item.content, event), fields.device_id(device, "deviceId")
    external, alert = fields.linking_id(device, "externalId"), fields.required_identifier(event, "alertId")
    where = _named(event, "app", "id") or _named(event, "destination", "name")
    simulated = SIMULATION.search(fields.plain_word(name)) is not None or fields.boolean(event, "simulated")
    return ThreatRecord(
        partner=item.partner,
        index=item.index,
        raw=item.raw,
        # One alertId covers the detection and its resolution, and was seen with two different times.
        report_id=fields.joined(alert, action, _written_time(event, at)),
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
        severity=Level.SECURED if simulated else _severity(event, threat_type),
        status=status,
        detected_at=None if action == "RESOLVED" else at,
        resolved_at=at if status is Status.RESOLVED else None,
        details_url=fields.url(event, "eventUrl"),  # once seen without a scheme: then it is no link
        reason=BLOCKED if action == "BLOCKED" else "simulated" if simulated else None,
        unknown_type=name if threat_type == taxonomy.UNKNOWN else None,
        unknown_status=fields.written(event, "action") if status is Status.UNKNOWN else None,
    )


def _happened_at(content: JsonObject, event: JsonObject) -> datetime | None:
    """When an event happened; where it does not say, as its address does."""
    created = _CREATED.search(fields.text(event, "eventUrl") or "")
    return (
        fields.moment(event, "timestamp")
        or fields.moment(content, "timestamp")
        or fields.moment({"createdUtcMs": created[1] if created else None}, "createdUtcMs")
    )


def _written_time(event: JsonObject, at: datetime | None) -> str | None:
    """The time as it stands in the event; in ISO 8601 where that is no text."""
    if isinstance(event.get("timestamp"), dict | list):
        return at.isoformat() if at else None
    return fields.text(event, "timestamp")


def _row(item: Item) -> list[Record]:
    """A device as the Risk API lists it: its level raises, and clears nothing."""
    row = item.content
    said = fields.word(row, "riskCategory", "risk")
    device = _object(_object(row, "info"), "device")
    system = fields.text(device, "osType", "platform") or fields.text(_object(row, "hardwareSpec"), "osType")
    if COMPUTER.search(fields.plain_word(system or "")):
        return item.ignored("not a mobile device")
    connector = _object(_object(row, "statusUpdate"), "connector")
    enrolled = fields.text(_object(connector, "payload"), "isEnrolled")
    device_id, external = fields.device_id(row, "guid", "deviceId"), fields.linking_id(row, "externalId")
    seen_at = _checked_in(row, connector)
    common: Reported = {
        "partner": item.partner,
        "index": item.index,
        "raw": item.raw,
        "report_id": fields.joined(
            "row", device_id, said, enrolled, seen_at.isoformat() if seen_at else None
        ),
        "partner_device_id": device_id,
        "mdm_device_id": external,
        "udid": external if external and _UDID.fullmatch(external) else None,
        "platform": fields.platform(system),
        "os_version": fields.text(device, "deviceSystemVersion"),
    }
    identity = DeviceIdentityRecord(**common, detected_at=seen_at)
    # A check-in is no verdict's time: what the row says of the device counts as of its receipt.
    level = taxonomy.device_level(said, DEVICE_LEVEL)
    if seen_at and fields.decided(_object(connector, "payload"), "isEnrolled") is False:
        return [inactive(common, "Device no longer enrolled") if device_id else identity]
    # The older list names no check-in: then it may raise, and nobody knows whether the agent has scanned.
    knows = seen_at is not None or ("risk" in row and level is not Level.SECURED)
    if level is None or not knows:
        return [identity]
    severity_raw = fields.written(row, "riskCategory", "risk")
    closed = (INACTIVE,) if enrolled else ()
    return [DeviceStateRecord(**common, severity=level, severity_raw=severity_raw, closed_keys=closed)]


def _checked_in(row: JsonObject, connector: JsonObject) -> datetime | None:
    """The newest time at which the agent, or the traffic through it, was seen."""
    times = (
        fields.moment(connector, "lastStatusUpdateUtcMs"),
        fields.moment(row, "lastDnsTraffic"),
        fields.moment(row, "lastPrivateAccessDnsTraffic"),
    )
    return max(filter(None, times), default=None)


def _named(event: JsonObject, name: str, key: str) -> str | None:
    """What a part of an event is called, whether it is an object, a list of one, or the name itself."""
    value = event.get(name)
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    return fields.text(value, key) if isinstance(value, dict) else fields.text({name: value}, name)


def _object(of: JsonObject, name: str) -> JsonObject:
    """The object under `name`, where there is one: what else stands there is another shape's."""
    value = of.get(name)
    return value if isinstance(value, dict) else {}


def _threat_type(name: str) -> str:
    plain = _plain(name)
    candidates = [plain, *(plain.removeprefix(each) for each in PREFIXES if plain.startswith(each))]
    known = next((TYPE[each] for each in candidates if each in TYPE), None)
    families = (BEGINNING[begin] for each in candidates for begin in BEGINNING if each.startswith(begin))
    return known or next(families, None) or taxonomy.by_keyword(plain) or taxonomy.UNKNOWN


def _plain(name: str) -> str:
    plain = fields.plain_word(name)
    for ending in ENDINGS:
        plain = plain.removesuffix(ending)
    return plain


def _family(name: str) -> Category:
    """Jamf's events have no category: the name stands in."""
    if re.match(r"ACCESS_|SSL_|NETWORK_|CERTIFICATE_", name):
        return Category.NETWORK
    return Category.APP if re.search(r"_IN_INVENTORY$|^APP_|^LEAK_|^RESOURCE_", name) else Category.DEVICE


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
    _, _, version = masked(fields.text(device, "os") or "").partition(" ")
    in_name = _IN_DEVICE_NAME.search(fields.text(device, "deviceName") or "")
    return version or (in_name[1] if in_name else None)


ADAPTER = Adapter(
    read,
    envelopes=("userDeviceList", "records"),
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS, *DEVICE_LEVEL, *map(str, SCALE)}),
)
