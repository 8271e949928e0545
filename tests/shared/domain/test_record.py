"""What a partner's item normalises to: clipped, aware, and strict about what it is."""

from datetime import datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.domain.moment import iso_utc
from shared.domain.record import (
    MAX_TEXT,
    AppInventoryRecord,
    Clears,
    Counted,
    DeviceStateRecord,
    IgnoredRecord,
    Record,
    Status,
    ThreatRecord,
)
from tests.world import START, a_threat


def threat(**fields: object) -> ThreatRecord:
    """A threat's record with some fields of its own."""
    record = a_threat().record
    assert isinstance(record, ThreatRecord)
    return ThreatRecord.model_validate({**record.model_dump(), **fields})


def test_texts_are_clipped() -> None:
    assert threat(threat_name="x" * 10_000).threat_name == "x" * MAX_TEXT
    assert len(threat(threat_key="x" * 10_000).threat_key) == MAX_TEXT


def test_times_are_kept_in_utc_in_words_that_sort() -> None:
    elsewhere = START.astimezone(timezone(timedelta(hours=-7)))
    assert threat(detected_at=elsewhere).detected_at == START
    assert threat(detected_at=elsewhere).model_dump(mode="json")["detected_at"] == iso_utc(START)
    moments = [START, START + timedelta(microseconds=1), START + timedelta(days=1)]
    assert sorted(map(iso_utc, reversed(moments))) == [iso_utc(moment) for moment in moments]
    assert {len(iso_utc(moment)) for moment in moments} == {27}


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        threat(detected_at=datetime(2026, 6, 1))  # noqa: DTZ001 - that is the point


def test_an_event_happened_when_the_record_says_it_was_resolved_or_detected() -> None:
    later = START + timedelta(hours=1)
    assert threat(resolved_at=later).event_at == START
    assert threat(status=Status.RESOLVED, resolved_at=later).event_at == later
    assert threat(status=Status.RESOLVED, resolved_at=None).event_at == START
    assert threat(detected_at=None).event_at is None


def test_unknown_fields_and_words_are_refused() -> None:
    for fields in (
        {"added": 1},
        {"threat_name": 7},
        {"severity": "critical"},
        {"status": "maybe"},
        {"index": -1},
    ):
        with pytest.raises(ValidationError):
            threat(**fields)


def test_a_snapshot_clears_nothing_unless_it_says_so() -> None:
    state = DeviceStateRecord.model_validate(
        {"partner": "lookout", "index": 0, "report_id": "r", "severity": "secured", "detected_at": START}
    )
    assert (state.clears, state.closed_keys, state.event_at) == (Clears.NONE, (), START)


def test_a_record_is_read_by_its_kind_and_only_some_are_stored() -> None:
    app = AppInventoryRecord(partner="lookout", index=0, report_id="r", app_id="com.example")
    ignored = IgnoredRecord(partner="lookout", index=0, reason="no business of ours")
    every: TypeAdapter[Record] = TypeAdapter(Record)
    counted: TypeAdapter[Counted] = TypeAdapter(Counted)
    assert every.validate_python(app.model_dump()) == counted.validate_python(app.model_dump()) == app
    assert every.validate_python(ignored.model_dump()) == ignored
    with pytest.raises(ValidationError):
        counted.validate_python(ignored.model_dump())
