"""The threat that one status of a device is at Pradeo, whichever event reports it. Pure."""

from datetime import datetime

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Item
from ingest_threat.partners._pradeo_enrollment import Judged
from ingest_threat.partners._pradeo_event import times
from ingest_threat.partners._pradeo_words import FAMILY, LEAK, SEVERITY, TYPE
from shared.domain.record import Category, Status, ThreatRecord


def status_threat(
    common: Judged,
    name: str,
    kind: str | None,
    status: Status,
    at: datetime | None,
    severity: str | None = None,
    written: str | None = None,
) -> ThreatRecord:
    """The threat that the status `name` is, whichever kind of event reports it; `written` is its value."""
    family = FAMILY.get((kind or "").capitalize(), Category.DEVICE)
    leaks = "data_leak" if LEAK.fullmatch(fields.plain_word(name)) else None
    known = _TYPE_BY_PLAIN.get(_plain(name)) or leaks or taxonomy.by_keyword(name, family=family)
    threat_type = known or taxonomy.UNKNOWN
    return ThreatRecord(
        **common,
        threat_key=fields.joined("status", _plain(name)),
        category=taxonomy.category_of(threat_type, family),
        threat_type=threat_type,
        threat_name=name,
        severity_raw=severity,
        severity=taxonomy.severity_of(severity, SEVERITY, threat_type),
        status=status,
        **times(status, at),
        vendor_category=kind,
        unknown_status=taxonomy.unknown_status(status, written),
    )


def _plain(name: str) -> str:
    """`DeveloperMode`, `match_developer_mode` and `Developer mode` alike."""
    return fields.plain_word(name).removeprefix("MATCH_").replace("_", "")


_TYPE_BY_PLAIN = {_plain(name): threat_type for name, threat_type in TYPE.items()}


def status_of(item: Item, body: JsonObject) -> Status:
    """By the settings; `unknown` for a value that none of them has."""
    word = fields.code(body, "value")
    if word is None or word in item.words["active"]:  # What does not say how it stands is there.
        return Status.OPEN
    if word in item.words["inactive"]:
        return Status.RESOLVED
    return Status.OPEN if word in taxonomy.OPEN else Status.UNKNOWN
