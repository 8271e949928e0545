"""Check Point Harmony Mobile (formerly SandBlast Mobile): the alert rows of its Events interface.

Transport: pull only, so an operator's relay posts the rows, one by one or as the page `{meta, objects}` they
come in. Documented: attack vectors, severities, most event words. Seen in public records: `NetworkSecurity`
as one word, the event `Info`, device ids as number and as text, times without a zone in the American order.
Inferred: that those are UTC, that Blocked is closed at once, that Active ends Inactive and Disconnected.
Every row has an id of its own: a resolution finds its detection by device, vector and content alone.
"""

import re
import unicodedata
from collections.abc import Mapping

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item
from shared.domain.level import Level
from shared.domain.record import BLOCKED, Category, Platform, Record, Status, ThreatRecord

SEVERITY = {
    "CRITICAL": Level.HIGH,
    "WARNING": Level.MEDIUM,
    # "No further action is required": mostly of what was removed. There is no low.
    "INFORMATION": Level.SECURED,
}
STATUS = {
    # The documented list is not whole (`Info` was seen): every other event opens.
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
KEYWORD: Mapping[str, str] = {
    # In the threat factors, before the keywords all partners share.
    "NETWORK_PROTECTION": "vpn_or_network_protection_off",
    "MINIMUM_OS": "vulnerable_os",
    "OPEN_WIFI": "insecure_wifi",
}
# E-mail addresses and phone numbers also turn up in other fields: rows were seen with shifted columns.
REDACT = frozenset({"email", "name", "number"})
_SHORT_ZEROS = "00000000-0000-0000-0000-0000000000"


def read(item: Item) -> list[Record]:
    """The record of one row."""
    row = item.content
    if "event" not in row or not row.keys() & {"attack_vector", "threat_factors", "mdm_uuid"}:
        raise Foreign
    event, vector = _plain(row, "event"), _plain(row, "attack_vector")
    if event in IGNORED:
        return item.ignored("a change of policy")
    family, threat_type = _type(row, event, vector)
    at = fields.moment(row, "event_timestamp", "backend_last_updated")
    device_id = fields.device_id(row, "device_id")
    factors, posture = fields.text(row, "threat_factors"), event == "NONCOMPLIANT"
    content = (
        (None, "agent") if event in AGENT else (vector, _plain_text(fields.text(row, "details") or factors))
    )
    status = STATUS.get(event, Status.OPEN)
    return [
        ThreatRecord(
            partner=item.partner,
            index=item.index,
            raw=item.raw,
            report_id=fields.required_identifier(row, "id"),
            threat_key=fields.joined(device_id, *content),
            # The row of a device that complies again was seen without details: then the factors have to do.
            alias=fields.joined(device_id, vector, _plain_text(factors)) if factors and posture else None,
            partner_device_id=device_id,
            mdm_device_id=_mdm_id(row),
            platform=_platform(fields.text(row, "device_model")),
            os_version=fields.text(row, "os_version"),
            category=taxonomy.category_of(threat_type, family),
            threat_type=threat_type,
            threat_name=fields.text(row, "threat_factors", "details"),
            severity_raw=fields.written(row, "severity"),
            severity=taxonomy.severity_of(fields.word(row, "severity"), SEVERITY, threat_type),
            status=status,
            detected_at=at,
            resolved_at=at if status is Status.RESOLVED else None,
            vendor_category=fields.text(row, "attack_vector"),
            reason=BLOCKED if event == "BLOCKED" else None,
        )
    ]


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
        return Category.DEVICE, "agent_inactive"
    family, by_vector = VECTOR.get(vector, Category.DEVICE), TYPE.get(vector, taxonomy.UNKNOWN)
    if vector in DECISIVE:
        return family, by_vector
    found = taxonomy.by_keyword(fields.text(row, "threat_factors"), family=family, own=KEYWORD)
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


ADAPTER = Adapter(read, envelopes=("objects",), redact=REDACT, severity_words=frozenset(SEVERITY))
