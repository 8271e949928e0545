"""Check Point Harmony Mobile (formerly SandBlast Mobile): alert rows and device rows of its interface.

Transport: pull only, so an operator's relay posts the rows, one by one or as the page `{meta, objects}` they
come in. Documented: attack vectors, severities, most event words. Seen in public records: `NetworkSecurity`
as one word, the event `Info`, device ids as number and as text, times without a zone in the American order.
Read so by public clients (chronicle/content-hub): severities NONE to HIGH, numbers of a device's risk and
status. Inferred: that times are UTC, that Blocked is closed at once, that Active ends Inactive and
Disconnected, that a device row's `internal_id` is the `device_id` of its alerts. Every row has an id of its
own: a resolution finds its detection by device, vector and content alone.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping

from pydantic import JsonValue

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item, Reported
from ingest_threat.partners._contact import contact
from ingest_threat.partners._inactive import INACTIVE, inactive
from ingest_threat.partners._no_verdict import is_no_verdict
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

SEVERITY = {
    "CRITICAL": Level.HIGH,
    "HIGH": Level.HIGH,
    "WARNING": Level.MEDIUM,
    "WARN": Level.MEDIUM,
    "MEDIUM": Level.MEDIUM,
    "LOW": Level.LOW,
    # "No further action is required": mostly of what was removed. The vendor's ArcSight format has it as low.
    "INFORMATION": Level.LOW,
    "INFO": Level.LOW,
    "NONE": Level.SECURED,
}
INFORMATIVE = frozenset({"INFORMATION", "INFO"})
"""The words that say nothing against the device where the row closes."""
DEVICE_LEVEL = {
    # Of a device row, as number or as text; counted only where the agent is active.
    "0": Level.SECURED,
    "1": Level.LOW,
    "2": Level.MEDIUM,
    "3": Level.HIGH,
    "NO_RISK": Level.SECURED,
    "LOW": Level.LOW,
    "MEDIUM": Level.MEDIUM,
    "HIGH": Level.HIGH,
}
ACTIVE = frozenset({"1", "ACTIVE"})
GONE = frozenset({"4", "INACTIVE"})
SILENT = frozenset({"-1", "0", "PROVISIONED"})
"""Statuses of a device row. -1 (processing), 0 (provisioned, the app not registered) and what nobody explains
say nothing of its risk; the latter is logged."""
STATUS = {
    # The documented list is not whole (`Info` was seen): every other event opens, and is logged.
    "NONCOMPLIANT": Status.OPEN,
    "DETECTED": Status.OPEN,
    "INSTALLED": Status.OPEN,
    "INACTIVE": Status.OPEN,
    "DISCONNECTED": Status.OPEN,
    "ENDED": Status.RESOLVED,
    "REMOVED": Status.RESOLVED,
    "COMPLIANT": Status.RESOLVED,
    "BLOCKED": Status.RESOLVED,
    "ACTIVE": Status.RESOLVED,
}
AGENT = frozenset({"ACTIVE", "INACTIVE", "DISCONNECTED"})
"""Events about the agent itself: one threat a device, whatever their vector and text."""
IGNORED = frozenset({"POLICYCHANGED"})
VECTOR = {
    # Without separators: "Network Security" is `NetworkSecurity` on the wire.
    "APPLICATION": Category.APP,
    "CELLULARNETWORK": Category.NETWORK,
    "DEVICE": Category.DEVICE,
    "NETWORKSECURITY": Category.NETWORK,
    "OSEXPLOITS": Category.DEVICE,
    "TEXTMESSAGE": Category.NETWORK,
    "WIFINETWORK": Category.NETWORK,
    "IOSPROFILES": Category.DEVICE,
}
TYPE: Mapping[str, str] = {
    # Of a vector: the type that counts where the threat factors say nothing.
    "CELLULARNETWORK": "rogue_cell_tower",
    "NETWORKSECURITY": "malicious_site",
    "OSEXPLOITS": "system_tampering",
    "TEXTMESSAGE": "phishing",
    "IOSPROFILES": "malicious_profile",
}
DECISIVE = frozenset({"CELLULARNETWORK", "TEXTMESSAGE", "IOSPROFILES"})
"""Vectors that are one type, whatever the factors say."""
ROOTABLE = frozenset({"DEVICE", "OSEXPLOITS"})
"""Vectors where `device_rooted` gives the type if the factors do not."""
BY_FACTORS = frozenset({"WIFINETWORK", "NETWORKSECURITY", "DEVICE"})
"""Vectors whose rows end by the factors, too: what ends an app names it."""
NETWORKS = frozenset({"WIFINETWORK", "CELLULARNETWORK"})
"""Vectors whose details name the network a person was in: they are not kept."""
NAMES_A_NETWORK = re.compile(
    r"(?:\b|_)(?:b?ssid|mac|wi-?fi|wlan|hotspot|networks?|access[ _-]?point|ap|router|gateway)"
    r"(?:[ _-]?(?:b?ssid|names?|id|address|point))?\b[\"')\]]{0,2} *(?:[:=(\"']|is\b|named\b|called\b)",
    re.IGNORECASE,
)
"""Details of any other vector that do so, too, beside what else they say."""
KEYWORD: Mapping[str, str] = {
    # In the threat factors, before the keywords all partners share.
    "NETWORK_PROTECTION": "vpn_or_network_protection_off",
    "GLOBAL_PROXY": "vpn_or_network_protection_off",
    "MINIMUM_OS": "vulnerable_os",
    "BLUEBORNE": "vulnerable_os",
    "OPEN_WIFI": "insecure_wifi",
    "POLICY_VERIFICATION": "protection_disabled",
    "CLIENT_VERSION": "agent_outdated",
    "BOTNET": "malicious_site",
}
APP_KEYWORD: Mapping[str, str] = {
    # In the factors of an app: an app that roots is no rooted phone.
    "ROOTING_TOOL": "root_enabler",
    "DEBUG_CERTIFICATE": "sideloaded_app",
    "DANGEROUS_APP": "suspicious_app",
    "HACKING_TOOL": "suspicious_app",
    "BACKUP_TOOL": "data_leak",
    "LOCATION_TRACKING": "data_leak",
    "TRACKING_TOOL": "spyware",
}
NETWORK_KEYWORD: Mapping[str, str] = {
    # In the factors of the network's security: what a site is known for.
    "SPYWARE": "malicious_site",
    "MALICIOUS_SITE": "malicious_site",
    "SSL_INTERCEPTION": "mitm",
}
OWN_KEYWORDS = {
    "APPLICATION": APP_KEYWORD,
    "NETWORKSECURITY": NETWORK_KEYWORD,
    "WIFINETWORK": NETWORK_KEYWORD,
}
ROW = frozenset({"risk", "status"})
"""The keys that set a device row apart."""
# E-mail addresses and phone numbers also turn up in other fields: rows were seen with shifted columns. `read`
# keeps details that name no network.
REDACT = frozenset({"email", "name", "number", "details"})
AGENT_KEY = "agent"
"""Key of the threat that an agent's being away is."""
_SHORT_ZEROS = "00000000-0000-0000-0000-0000000000"


def read(item: Item) -> list[Record]:
    """The record of one row."""
    row = item.content
    if "event" not in row and row.keys() >= ROW and row.keys() & {"internal_id", "id"}:
        return [_device(item)]
    if "event" not in row or not row.keys() & {"attack_vector", "threat_factors", "mdm_uuid"}:
        raise Foreign
    event, vector = _plain(row, "event"), _plain(row, "attack_vector")
    if event in IGNORED:
        return item.ignored("a change of policy")
    family, threat_type = _type(row, event, vector)
    at = fields.moment(row, "event_timestamp", "backend_last_updated")
    device_id, status = fields.device_id(row, "device_id"), STATUS.get(event, Status.OPEN)
    factors, details = fields.text(row, "threat_factors"), _details(row, vector)
    written = fields.text(row, "details")
    content = (None, AGENT_KEY) if event in AGENT else (vector, details or _plain_text(factors))
    by_factors = factors and (event == "NONCOMPLIANT" or (status is Status.OPEN and vector in BY_FACTORS))
    return [
        ThreatRecord(
            partner=item.partner,
            index=item.index,
            raw=_kept(item, vector),
            report_id=fields.required_identifier(row, "id"),
            threat_key=fields.joined(device_id, *content),
            # The row that ends it was seen without details: then the factors have to do.
            alias=fields.joined(device_id, vector, _plain_text(factors))
            if by_factors and event not in AGENT
            else None,
            partner_device_id=device_id,
            mdm_device_id=_mdm_id(row),
            platform=_platform(fields.text(row, "device_model")),
            os_version=fields.text(row, "os_version"),
            category=taxonomy.category_of(threat_type, family),
            threat_type=threat_type,
            threat_name=factors or (None if _is_of_a_network(written or "", vector) else written),
            severity_raw=fields.written(row, "severity"),
            severity=_severity(row, status, threat_type),
            status=status,
            detected_at=at,
            resolved_at=at if status is Status.RESOLVED else None,
            vendor_category=fields.text(row, "attack_vector"),
            reason=BLOCKED if event == "BLOCKED" else None,
            unknown_status=None if event in STATUS else fields.written(row, "event"),
            # That an agent is gone is nothing it has seen.
            scanned=not (event in AGENT and status is Status.OPEN),
        )
    ]


def _severity(row: JsonObject, status: Status, threat_type: str) -> Level:
    word = fields.word(row, "severity")
    if status is Status.RESOLVED and word in INFORMATIVE:
        return Level.SECURED
    return taxonomy.severity_of(word, SEVERITY, threat_type)


def _details(row: JsonObject, vector: str) -> str | None:
    """What a row is about, alike however it is written; of a network its hash, which tells two apart."""
    details = _plain_text(fields.text(row, "details"))
    if details and _is_of_a_network(details, vector):
        return hashlib.sha256(details.encode()).hexdigest()
    return details or None


def _kept(item: Item, vector: str) -> JsonValue:
    """The row, with the details of what is no network: the app, the site or the setting."""
    details = item.content.get("details")
    if not isinstance(details, str) or not isinstance(item.raw, dict) or _is_of_a_network(details, vector):
        return item.raw
    return {**item.raw, "details": masked(details)}


def _is_of_a_network(details: str, vector: str) -> bool:
    return vector in NETWORKS or NAMES_A_NETWORK.search(details) is not None


def _device(item: Item) -> Record:
    """The vendor's own word on a device, where its agent is active."""
    row = item.content
    status, risk = fields.code(row, "status"), fields.code(row, "risk")
    device_id = fields.device_id(row, "internal_id", "id")
    system = fields.text(row, "os_type")
    common: Reported = {
        "partner": item.partner,
        "index": item.index,
        "raw": item.raw,
        "report_id": fields.joined(
            fields.required_identifier(row, "internal_id", "id"),
            status,
            risk,
            fields.time_written(row, "last_connection"),
        ),
        "partner_device_id": device_id,
        "mdm_device_id": _mdm_id(row),
        "platform": fields.platform(system) if system else _platform(fields.text(row, "model")),
        "os_version": fields.text(row, "os_version"),
    }
    key = fields.joined(device_id, None, AGENT_KEY)
    if status in GONE:
        return inactive(common, "Device is inactive", key=key)
    last, severity = contact(row, "last_connection"), taxonomy.device_level(risk, DEVICE_LEVEL)
    if status not in ACTIVE or severity is None or not last.possible:
        is_known = status in ACTIVE | SILENT or is_no_verdict(status)
        unknown = None if is_known else fields.written(row, "status")
        return DeviceIdentityRecord(**common, detected_at=last.at, unknown_status=unknown)
    # A connection is no verdict's time: the risk may change between two. It counts as of its receipt.
    return DeviceStateRecord(
        **common,
        severity=severity,
        scanned=not last.never,
        severity_raw=fields.written(row, "risk"),
        closed_keys=(key,),
    )


def _mdm_id(row: JsonObject) -> str | None:
    """The MDM's id. A zero UUID two digits short, as public records have it, is read as it stands: it may be
    the MDM's own, and as Intune's side takes no zeros, it links nobody."""
    return fields.linking_id(row, "mdm_uuid") or (
        _SHORT_ZEROS if fields.text(row, "mdm_uuid") == _SHORT_ZEROS else None
    )


def _plain(row: JsonObject, name: str) -> str:
    return (fields.word(row, name) or "").replace("_", "")


def _type(row: JsonObject, event: str, vector: str) -> tuple[Category, str]:
    """The vector's category and the type: by a vector that is one, by the factors, else by what is known of
    the device or vector.

    Not by `details`: an app or a network chooses its own name.
    """
    if event in AGENT:
        return Category.DEVICE, INACTIVE
    family, by_vector = VECTOR.get(vector, Category.DEVICE), TYPE.get(vector, taxonomy.UNKNOWN)
    if vector in DECISIVE:
        return family, by_vector
    own = {**OWN_KEYWORDS.get(vector, {}), **KEYWORD}
    found = taxonomy.by_keyword(fields.text(row, "threat_factors"), family=family, own=own)
    if found:
        return family, found
    rooted = vector in ROOTABLE and fields.boolean(row, "device_rooted")
    return family, "jailbreak_root" if rooted else by_vector


def _plain_text(written: str | None) -> str:
    """A text, alike however it is written; domains come defanged (`bad[.]example`)."""
    content = unicodedata.normalize("NFKC", written or "").casefold()
    return " ".join(content.replace("[.]", ".").replace("hxxp", "http").split())


def _platform(model: str | None) -> Platform | None:
    """From "Apple / iPhone 15 Pro", "Google / Pixel 8" or just "Android": no field names the system.

    The product protects iOS and Android only, so a model that is not Apple's runs Android.
    """
    named = fields.platform(model)
    if model is None or named is not Platform.OTHER:
        return named
    if re.search(r"\bmac|\bwindows\b", model, re.IGNORECASE):
        return Platform.OTHER
    return Platform.IOS if re.search(r"\bapple\b|\bipod", model, re.IGNORECASE) else Platform.ANDROID


ADAPTER = Adapter(
    read,
    envelopes=("objects",),
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS, *DEVICE_LEVEL}),
)
