"""Threats and smishing alerts as Lookout's events report them. Pure."""

import re

from pydantic import JsonValue

from ingest_threat.body import JsonObject, as_json
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Item
from ingest_threat.partners._lookout_event import common_of, object_in, whole
from ingest_threat.partners._lookout_words import (
    CREATED,
    FAMILY,
    SEVERITY,
    STATUS,
    TYPE,
    TYPE_IN_FAMILY,
    WEB_REASON,
)
from ingest_threat.redaction import redacted
from ingest_threat.shapes import REDACTED
from shared.domain.record import BLOCKED, Category, Status, ThreatRecord

PLAIN_NAMES = ("application_name", "applicationName", "package_name", "packageName")
"""Where the details of a threat say what it is about, the plainest first."""
DESCRIBES = frozenset({"name", "summary", "description", "title", "application_name"})
"""What a threat in a network is described by."""


def threat_record(item: Item) -> ThreatRecord:
    """A threat as it was detected, graded again, ignored or resolved."""
    event = item.content
    # v1 has all of it under `details`, v2 has a `threat` with `details` of its own.
    threat = fields.inner(event, "threat") or fields.inner(event, "details")
    at = fields.moment(event, "created_time", "eventTime")
    created = fields.word(event, "change_type") in CREATED
    said = fields.word(threat, "status", "action")
    # A threat that does not say how it stands is one, unless it says since when it is over.
    over = said is None and fields.moment(threat, "resolved_at") is not None
    status = taxonomy.status_of("RESOLVED" if over else said, STATUS)
    # What was just created is there, whatever else its status is called.
    status = Status.OPEN if created and status is Status.UNKNOWN else status
    resolved = status is Status.RESOLVED
    family = fields.word(threat, "type") or ""
    details = object_in(threat, "details") or threat
    threat_type = _threat_type(threat, details, family)
    common = common_of(item)
    if family == "NETWORK":
        # Whatever describes it may name the network a person was in.
        common["raw"] = redacted(item.raw, DESCRIBES)
    return ThreatRecord(
        **common,
        threat_key=whole(fields.required_identifier(threat, "guid", "id")),
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
    if created:
        known = taxonomy.status_of(fields.word(threat, "status", "action"), STATUS) is not Status.UNKNOWN
        return None if known else said
    return taxonomy.unknown_status(status, said)


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


def _words(value: JsonValue, *, opened: bool = False) -> list[str]:
    """The classifications in a list, one object, or a text that says several; a text may be a list's, too,
    unless it comes out of one (`opened`)."""
    if isinstance(value, list):
        return [word for each in value for word in _words(each, opened=opened)]
    if isinstance(value, dict):
        return _words(value.get("classification"), opened=opened)
    if not isinstance(value, str):
        return []
    inner = value if opened else as_json(value)
    if not isinstance(inner, str):
        return _words(inner, opened=True)
    return [word for each in re.split(r"[,;|]", value) if (word := each.strip(" []\"'"))]


def _name(threat: JsonObject, details: JsonObject) -> str | None:
    """What the threat is about: of a path its end, of an address all but its query."""
    plain = fields.text(details, *PLAIN_NAMES)
    file, address = fields.text(details, "file_name", "fileName"), fields.text(details, "url")
    assessments = threat.get("assessments")
    several = assessments if isinstance(assessments, list) else [assessments]
    assessed = [fields.text(object_in(each, "details"), "name") for each in several if isinstance(each, dict)]
    names = (plain, _end(file), *assessed, _end(fields.text(details, "path")), _without_query(address))
    return next((name for name in names if name and name != REDACTED), None)


def _end(path: str | None) -> str | None:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1] if path else None


def _without_query(address: str | None) -> str | None:
    return re.split(r"[?#]", address)[0] if address else None


def smishing_record(item: Item) -> ThreatRecord:
    """A message that was found to phish."""
    event = item.content
    alert = fields.inner(event, "smishing_alert")
    detections = alert.get("detections")
    several = detections if isinstance(detections, list) else [detections]
    first = next((each for each in several if isinstance(each, dict)), {})
    # Neither severity nor status: an alert is a fact, of default severity.
    return ThreatRecord(
        **common_of(item),
        threat_key=whole(
            fields.identifier(alert, "guid", "id") or fields.required_identifier(event, "id", "oid")
        ),
        category=taxonomy.category_of("phishing", Category.NETWORK),
        threat_type="phishing",
        threat_name=fields.text(first, "category"),
        severity_raw=fields.written(alert, "severity"),
        severity=taxonomy.severity_of(fields.word(alert, "severity"), SEVERITY, "phishing"),
        status=Status.OPEN,
        detected_at=fields.moment(event, "created_time") or fields.moment(alert, "detected_at"),
        vendor_category=fields.text(event, "type"),
    )
