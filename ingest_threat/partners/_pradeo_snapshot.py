"""Pradeo's snapshot of a whole device, as the admin's policy grades it. Pure."""

from collections.abc import Mapping
from datetime import datetime

from pydantic import JsonValue

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Item
from ingest_threat.partners._inactive import INACTIVE
from ingest_threat.partners._no_verdict import is_no_verdict
from ingest_threat.partners._pradeo_enrollment import (
    Judged,
    identity_record,
    is_coupled,
    judged,
    lost_agent,
    never_connected,
)
from ingest_threat.partners._pradeo_event import MAX_ENTRIES, happened_at
from ingest_threat.partners._pradeo_status import status_of, status_threat
from ingest_threat.partners._pradeo_words import FAMILY, LEVEL_FIELDS, REDACT, SEVERITY
from ingest_threat.redaction import redacted
from shared.domain.level import Level, highest
from shared.domain.record import Category, DeviceStateRecord, Record, Status, ThreatRecord


def snapshot_records(item: Item, body: JsonObject) -> list[Record]:
    """The whole device as the admin's policy grades it: it lists every status with a level, active or not."""
    written = {category: fields.written(body, name) for name, category in LEVEL_FIELDS.items()}
    words = {category: fields.plain_word(word) for category, word in written.items() if word}
    if not body.keys() & {*LEVEL_FIELDS, *(f"matched{kind}StatusLevels" for kind in FAMILY)}:
        raise fields.FieldError("no threat level")
    device, at = fields.inner(body, "device"), happened_at(item, body)
    common = judged(item, body, device)
    # Not known yet is neither good nor bad.
    graded_as = {category: taxonomy.device_level(word, SEVERITY) for category, word in words.items()}
    levels = {category: level for category, level in graded_as.items() if level}
    graded, broken = _graded(item, body, common, at, levels)
    # Green is the policy's word that even an active status is no threat.
    threats = [each for each in graded if _counts(each)]
    closed = [each.threat_key for each in graded if each not in threats and each.status is not Status.UNKNOWN]
    lost = lost_agent(item, device, at)
    unfinished = "status" in body and is_no_verdict(fields.word(body, "status"))
    vouches = bool(levels) and not (unfinished or never_connected(device))
    if not vouches or (lost and highest(levels.values()) is Level.SECURED):
        return [identity_record(item, body, device, at), *lost, *threats, *broken]
    unknown = (written[category] for category in levels if words[category] not in SEVERITY)
    state = DeviceStateRecord(
        **common,
        detected_at=at,
        severity=highest(levels.values()),
        # Three words cannot stand here, but one that no table knows is logged.
        severity_raw=next(unknown, None),
        levels=levels,
        closed_keys=() if lost else (*([INACTIVE] if is_coupled(device) else []), *closed),
    )
    return [state, *lost, *threats, *broken]


def _counts(graded: ThreatRecord) -> bool:
    """Whether a graded status is a threat, or has a word that is to be logged; 2 and 3 say nothing."""
    if graded.status is Status.UNKNOWN:
        return graded.unknown_status not in {None, "2", "3"}
    return graded.status is Status.OPEN and graded.severity is not Level.SECURED


def _graded(
    item: Item, body: JsonObject, common: Judged, at: datetime | None, levels: Mapping[Category, Level]
) -> tuple[list[ThreatRecord], list[Record]]:
    """The threat each graded status is, and the entries that cannot be read: they harm no other."""
    threats, broken = list[ThreatRecord](), list[Record]()
    for kind, family in FAMILY.items():
        fine = levels.get(family) is Level.SECURED
        for entry in fields.inner_list(body, f"matched{kind}StatusLevels", at_most=MAX_ENTRIES):
            # Of its event a threat keeps its own entry only: what is stored grows with the message.
            raw = redacted(entry, REDACT)
            try:
                threats.append(_grade(item, entry, kind, {**common, "raw": raw}, at, fine=fine))
            except fields.FieldError as error:
                broken.append(item.unreadable(f"matched{kind}StatusLevels: {error}", raw))
    return threats, broken


def _grade(
    item: Item, entry: JsonValue, kind: str, common: Judged, at: datetime | None, *, fine: bool
) -> ThreatRecord:
    if not isinstance(entry, dict):
        raise fields.FieldError("an entry is not an object")
    graded = fields.inner(entry, f"{kind.lower()}StatusLevel")
    name = fields.required_identifier(fields.inner(graded, f"device{kind}Status"), "name")
    record = fields.inner(entry, f"device{kind}StatusRecord")
    status, unstated = status_of(item, record), fields.word(record, "value") is None
    if unstated and fine:
        status = Status.UNKNOWN  # The snapshot lists what is not active, too, and calls its kind well.
    own: Judged = {**common, "report_id": fields.joined(common["report_id"], name)}
    threat = status_threat(own, name, kind, status, at, fields.word(graded, "level"))
    said = taxonomy.NO_STATUS if unstated and not fine else None
    if status is Status.UNKNOWN and not unstated:
        said = fields.written(record, "value")
    return threat.model_copy(update={"unknown_status": said})
