"""Symantec Endpoint Protection Mobile (Skycure; Symantec Endpoint Security Mobile): its incident lines.

Transport: syslog, one JSON object a line, with or without a syslog header; an operator's relay posts them.
Documented by others' parsers alone (Exabeam, Google SecOps): field names, the five types, two spellings of
the time. There is no vendor schema and no public sample. Inferred: where the fields stand, that an incident's
id names its threat, a device's states, which are read in the words Intune has for a partner's. Not known at
all: what `event_type` says; the words that close an incident are a setting.
"""

import re
from collections.abc import Collection, Mapping

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Common, Foreign, Item
from ingest_threat.partners._inactive import INACTIVE, inactive
from ingest_threat.partners._no_verdict import is_no_verdict
from shared.domain.level import Level
from shared.domain.record import (
    Category,
    DeviceIdentityRecord,
    DeviceStateRecord,
    Platform,
    Record,
    Status,
    ThreatRecord,
)

SEVERITY = {"HIGH": Level.HIGH, "MEDIUM": Level.MEDIUM, "LOW": Level.LOW}
DEVICE_LEVEL = {
    # Nobody shows a word of `health_status`: these are Intune's for a partner's device, and their like.
    "COMPLIANT": Level.SECURED,
    "HEALTHY": Level.SECURED,
    "PROTECTED": Level.SECURED,
    "SECURE": Level.SECURED,
    "SECURED": Level.SECURED,
    "LOW": Level.LOW,
    "LOW_SEVERITY": Level.LOW,
    "LOWSEVERITY": Level.LOW,
    "MEDIUM": Level.MEDIUM,
    "MEDIUM_SEVERITY": Level.MEDIUM,
    "MEDIUMSEVERITY": Level.MEDIUM,
    "MISCONFIGURED": Level.MEDIUM,
    "HIGH": Level.HIGH,
    "HIGH_SEVERITY": Level.HIGH,
    "HIGHSEVERITY": Level.HIGH,
    "COMPROMISED": Level.HIGH,
    "NON_COMPLIANT": Level.HIGH,
    "NONCOMPLIANT": Level.HIGH,
}
ACTIVATED = "ACTIVATED"
"""The state of a device whose agent is there and has not judged yet."""
GONE = frozenset(
    {"DEACTIVATED", "DELETED", "DISCONNECTED", "INACTIVE", "REMOVED", "UNENROLLED", "UNINSTALLED"}
    | {"UNRESPONSIVE"}
)
"""The states of a device whose agent is at work no more."""
DEVICE_FIELDS = {"health_status", "mdm_status", "current_risk_warnings", "current_health_warnings"}
"""The fields that set a line about a device apart, where it names no incident."""
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
"""What may follow a closing word: "ended" and "remediation" have one, "endpoint" does not."""
AFTER = frozenset({"COMPLETE", "COMPLETED", "DONE", "FINISHED", "SUCCESS", "SUCCESSFUL", "SUCCESSFULLY"})
"""Words behind the last one that leave it the last."""
LAST = rf"(?:|S|D|ED|E|ES|ION|IONS)(?=(?:_(?:{'|'.join(sorted(AFTER))}))*\Z)"
"""What a closing word has where it is the last: "incident end", not "end user"; "resolving" is under way."""
NO_LONGER = (
    r"NO_LONGER_(?:ACTIVE|DETECTED|FOUND|ONGOING|OPEN|PRESENT)"
    r"|(?:DEVICE_)?(?:IS_)?NO_LONGER_(?:AFFECTED|AT_RISK|COMPROMISED|INFECTED|JAILBROKEN|ROOTED|VULNERABLE)"
)
"""What "no longer" closes before: no longer protected, or a device that is no longer active, is no end."""
NOT_CLOSED = frozenset(
    {"NOT", "FAILED", "FAILURE", "PENDING", "PROGRESS", "STARTED", "REQUIRED", "REQUESTED", "NEEDED"}
    | {"ATTEMPTED", "SCHEDULED", "INCOMPLETE", "PARTIAL", "PARTIALLY", "UNABLE", "CANNOT", "TO"}
)
"""Words beside a closing one that take it back."""
STILL_OPEN = taxonomy.OPEN - {"DETECTED", "NEW", "OPENED"}
"""Words of an incident that is open, whatever its other word is; the rest may be how it once began."""
OPENING = frozenset(
    {"ACTIVE", "BEGIN", "CREATED", "DETECTED", "DETECTION", "NEW", "ONGOING", "OPEN", "OPENED", "REOPENED"}
    | {"START", "STARTED", "UPDATED"}
)
"""Words by which an incident begins or goes on; what has neither these nor a closing one is logged."""
SUBJECT = frozenset({"INCIDENT", "THREAT", "ALERT", "EVENT"})
"""Words that say of what the others are."""
BESIDE = (
    SUBJECT
    | AFTER
    | {"INCIDENTS", "THREATS", "ALERTS", "EVENTS", "DETECTION", "MALWARE", "NETWORK", "RISK", "ISSUE"}
    | {"THE", "IS", "WAS", "HAS", "BEEN", "NOW", "AND", "AUTO", "AUTOMATICALLY", "MANUALLY"}
    | {"BY", "ADMIN", "ADMINISTRATOR", "SYSTEM", "USER"}
)
"""Words beside a closing one that leave it what it is; any other may turn it round."""
REDACT = frozenset({"name", "user", "email"})


def read(item: Item) -> list[Record]:
    """The record of one incident, or of one device."""
    incident = item.content
    device = _device(incident)
    if "type" not in incident or not incident.keys() & {"event_type", "sub_type"}:
        if "type" in incident or not device.keys() & DEVICE_FIELDS:
            raise Foreign
        return [_state(item, device)]
    family, threat_type = _type(incident)
    at = fields.moment(incident, "timestamp")
    said = [fields.text(incident, name) for name in ("event_type", "status")]
    steps = [each for each in said if each]
    ends = [_ends(_words(step), item.words["closing"]) for step in steps]
    resolved = True in ends and False not in ends
    incident_id = fields.required_identifier(incident, "id")
    word = fields.word(incident, "severity")
    return [
        ThreatRecord(
            **_common(item, device),
            report_id=fields.joined(
                incident_id,
                fields.word(incident, "event_type"),
                *([fields.word(incident, "status")] if said[1] else []),
            ),
            threat_key=incident_id,
            category=taxonomy.category_of(threat_type, family),
            threat_type=threat_type,
            threat_name=fields.text(incident, "sub_type", "package_name", "type"),
            severity_raw=None if is_no_verdict(word) else fields.written(incident, "severity"),
            severity=taxonomy.severity_of(word, SEVERITY, threat_type),
            status=Status.RESOLVED if resolved else Status.OPEN,
            detected_at=None if resolved else at,
            resolved_at=at if resolved else None,
            vendor_category=fields.text(incident, "type"),
            unknown_type=fields.text(incident, "sub_type", "type")
            if threat_type == taxonomy.UNKNOWN
            else None,
            unknown_status=None
            if resolved
            else next((step for step, end in zip(steps, ends, strict=True) if _is_new(step, end)), None),
        )
    ]


def _state(item: Item, device: JsonObject) -> Record:
    """What a line says of a device alone. It clears nothing: nobody shows what its words stand for."""
    word, common = fields.word(device, "health_status"), _common(item, device)
    at = fields.moment(item.content, "timestamp")
    report_id = fields.joined(
        fields.required_identifier(device, "identifier"), word, fields.time_written(item.content, "timestamp")
    )
    if word in GONE:
        return inactive({**common, "report_id": report_id}, "Device is not protected any more", at=at)
    severity = None if word == ACTIVATED else taxonomy.device_level(word, DEVICE_LEVEL)
    if severity is None:
        return DeviceIdentityRecord(**common, report_id=report_id, detected_at=at)
    return DeviceStateRecord(
        **common,
        report_id=report_id,
        detected_at=at,
        severity=severity,
        severity_raw=fields.written(device, "health_status"),
        # Of a word that no table knows, nobody can say that the agent is there.
        closed_keys=(INACTIVE,) if word in DEVICE_LEVEL else (),
    )


def _common(item: Item, device: JsonObject) -> Common:
    udid = fields.linking_id(device, "udid")
    return {
        "partner": item.partner,
        "index": item.index,
        "raw": item.raw,
        "partner_device_id": fields.device_id(device, "identifier"),
        # There is no id of Intune's: these two are all an MDM also knows.
        "mdm_device_id": udid,
        "udid": udid,
        "serial": fields.linking_id(device, "serial_number"),
        "platform": _platform(device),
        "os_version": fields.text(device, "os_version"),
    }


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


def _ends(words: str, closing: Collection[str]) -> bool | None:
    """Whether an incident's words close it: none but closing ones, their subject and the like. False where
    they say that it is open, or have a closing word beside one that may turn it round; None of any other."""
    if words in STILL_OPEN or NOT_CLOSED.intersection(words.split("_")):
        return False
    stems = [re.escape(word) for word in closing if word]
    if not re.search(rf"(?<![^_])(?:{'|'.join(stems)}){ENDINGS}(?![^_])", words):
        return None
    forms = "|".join(_forms(stem) for stem in stems)
    left = re.sub(rf"(?<![^_])(?:{forms})(?![^_])", "", words)
    return left != words and BESIDE.issuperset(filter(None, left.split("_")))


def _forms(stem: str) -> str:
    """The forms of a closing word that close: what is done already may stand before its subject."""
    if stem == "NO_LONGER":
        return NO_LONGER
    if stem == "END":
        return stem + LAST
    return f"{stem}{LAST}|{stem if stem.endswith('ED') else f'{stem}(?:D|ED)'}"


def _is_new(step: str, ends: bool | None) -> bool:
    """Whether a word says something that no table knows, or more than that the incident is over."""
    if ends or _words(step) in STILL_OPEN:
        return False
    words = set(_words(step).split("_")) - SUBJECT
    return bool(words) and not words & (NOT_CLOSED if ends is False else OPENING | NOT_CLOSED)


def _words(step: str) -> str:
    return fields.plain_word(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", step))


def _platform(device: JsonObject) -> Platform | None:
    """From `os_type`, else from the model; the product protects iOS and Android only."""
    system = fields.text(device, "os_type")
    if system:
        return fields.platform(system)
    models = [found for found in (fields.text(device, "model"), fields.text(device, "product_name")) if found]
    if not models:
        return None
    return Platform.IOS if fields.platform(" ".join(models)) is Platform.IOS else Platform.ANDROID


ADAPTER = Adapter(
    read,
    redact=REDACT,
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS, *DEVICE_LEVEL}),
    words={"closing": CLOSING},
)
