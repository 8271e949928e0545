"""Messages as tests compose and read them."""

import json
from datetime import UTC, datetime

from ingest_threat.body import JsonObject
from ingest_threat.partners import parse
from shared.domain.record import DeviceStateRecord, Record, ThreatRecord

RECEIVED_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
"""When every message of these tests is received."""


def loaded(content: object) -> JsonObject:
    """`content` as a message would carry it."""
    read: JsonObject = json.loads(json.dumps(content))
    return read


def records(partner: str, *content: object) -> list[Record]:
    """The records of a message whose items are `content`."""
    return parse(partner, json.dumps(content).encode(), received_at=RECEIVED_AT)


def threat(partner: str, content: object) -> ThreatRecord:
    """The one threat of a message with one item."""
    [record] = records(partner, content)
    assert isinstance(record, ThreatRecord), record
    return record


def state(partner: str, content: object) -> DeviceStateRecord:
    """The one device snapshot of a message with one item."""
    [record] = records(partner, content)
    assert isinstance(record, DeviceStateRecord), record
    return record


def said(record: Record) -> dict[str, object]:
    """What a record says, by field: without what it leaves unset, and what it was made of."""
    return record.model_dump(exclude_defaults=True, exclude={"partner", "index", "raw"})
