"""Symantec Endpoint Protection Mobile (Skycure; Symantec Endpoint Security Mobile): its incident lines.

Transport: syslog, one JSON object a line, with or without a syslog header; an operator's relay posts them.
Documented by others' parsers alone (Exabeam, Google SecOps): field names, the five types, two spellings of
the time. There is no vendor schema and no public sample. Inferred: where the fields stand, that an incident's
id names its threat. Not known at all: what `event_type` says; the words that close an incident are a setting.
"""

import re
from collections.abc import Collection, Mapping

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item
from shared.domain.level import Level
from shared.domain.record import Category, Platform, Record, Status, ThreatRecord

SEVERITY = {"HIGH": Level.HIGH, "MEDIUM": Level.MEDIUM, "LOW": Level.LOW}
FAMILY = {
    # Without separators.
    "MALWARE": Category.APP,
    "UNWANTEDAPP": Category.APP,
    "DEVICECOMPROMISED": Category.DEVICE,
    "VULNERABLEOS": Category.DEVICE,
    "NETWORK": Category.NETWORK,
}
TYPE: Mapping[str, str] = {
    # Of a family: the type that counts where the sub-type says nothing finer.
    "MALWARE": "malware",
    "UNWANTEDAPP": "potentially_unwanted_app",
    "DEVICECOMPROMISED": "jailbreak_root",
    "VULNERABLEOS": "vulnerable_os",
}
KEYWORD: Mapping[str, str] = {
    # In a sub-type, before the keywords all partners share, which have nothing or something wider.
    "HOTSPOT": "rogue_wifi",
    "RISKY_WIFI": "rogue_wifi",
}
CLOSING = ("end", "close", "resolve", "remediat", "mitigat", "no longer")
"""Words of an `event_type` that closes its incident, by default; any other leaves it open."""
ENDINGS = "(?:|S|D|ED|E|ES|ING|ION|IONS)"
"""What may follow a closing word: "ended" and "remediation" close, "endpoint" does not."""
NOT_CLOSED = frozenset({"NOT", "FAILED", "PENDING"})
"""Words beside a closing one that take it back."""
REDACT = frozenset({"name", "user", "email"})


def read(item: Item) -> list[Record]:
    """The record of one incident."""
    incident = item.content
    if "type" not in incident or not incident.keys() & {"event_type", "sub_type"}:
        raise Foreign
    device = _device(incident)
    family, threat_type = _type(incident)
    at = fields.moment(incident, "timestamp")
    resolved = _closes(fields.text(incident, "event_type"), item.words["closing"])
    udid = fields.linking_id(device, "udid")
    incident_id = fields.required_identifier(incident, "id")
    return [
        ThreatRecord(
            partner=item.partner,
            index=item.index,
            raw=item.raw,
            report_id=fields.joined(incident_id, fields.word(incident, "event_type")),
            threat_key=incident_id,
            partner_device_id=fields.device_id(device, "identifier"),
            # There is no id of Intune's: these two are all an MDM also knows.
            mdm_device_id=udid,
            udid=udid,
            serial=fields.linking_id(device, "serial_number"),
            platform=_platform(device),
            os_version=fields.text(device, "os_version"),
            category=taxonomy.category_of(threat_type, family),
            threat_type=threat_type,
            threat_name=fields.text(incident, "sub_type", "package_name", "type"),
            severity_raw=fields.written(incident, "severity"),
            severity=taxonomy.severity_of(fields.word(incident, "severity"), SEVERITY, threat_type),
            status=Status.RESOLVED if resolved else Status.OPEN,
            detected_at=None if resolved else at,
            resolved_at=at if resolved else None,
            vendor_category=fields.text(incident, "type"),
            unknown_type=fields.text(incident, "sub_type", "type")
            if threat_type == taxonomy.UNKNOWN
            else None,
        )
    ]


def _device(incident: JsonObject) -> JsonObject:
    """The device's fields: one parser's table nests them, the other writes `device.identifier`."""
    flat = {
        name.removeprefix("device."): value
        for name, value in incident.items()
        if name.startswith("device.") and value is not None
    }
    return flat | fields.inner(incident, "device")


def _type(incident: JsonObject) -> tuple[Category, str]:
    """The family's category and the type: the sub-type's where it refines the family, else the family's."""
    kind = (fields.word(incident, "type") or "").replace("_", "")
    family, by_family = FAMILY.get(kind), TYPE.get(kind, taxonomy.UNKNOWN)
    finer = taxonomy.by_keyword(fields.text(incident, "sub_type"), family=family, own=KEYWORD)
    if family is None:
        return Category.DEVICE, finer or taxonomy.UNKNOWN
    # A finer type is of its family's category; "suspicious" says less than any family does.
    fits = finer is not None and taxonomy.TYPES[finer].category is family
    return family, finer if finer and fits and finer != "suspicious_app" else by_family


def _closes(event_type: str | None, closing: Collection[str]) -> bool:
    words = fields.plain_word(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", event_type or ""))
    if NOT_CLOSED.intersection(words.split("_")):
        return False
    return any(re.search(rf"(?<![^_]){re.escape(each)}{ENDINGS}(?![^_])", words) for each in closing if each)


def _platform(device: JsonObject) -> Platform | None:
    """From `os_type`, else from the model; the product protects iOS and Android only."""
    system = fields.text(device, "os_type")
    if system:
        return fields.platform(system)
    models = [found for found in (fields.text(device, "model"), fields.text(device, "product_name")) if found]
    if not models:
        return None
    return Platform.IOS if fields.platform(" ".join(models)) is Platform.IOS else Platform.ANDROID


ADAPTER = Adapter(read, redact=REDACT, severity_words=frozenset(SEVERITY), words={"closing": CLOSING})
