"""What Python itself cannot read or write costs an item at most: it is no error that nobody expects."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from ingest_threat import partners
from ingest_threat.body import JsonObject
from shared.domain.model import Report
from shared.domain.record import IgnoredRecord, UnreadableRecord
from shared.errors import UnreadableReport
from tests.ingest_threat.partners.messages import samples

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
PLACE = "the place of what is odd"
ODD = (
    "9" * 5000,
    "-" + "9" * 400,
    "1e999",
    "1e308",
    "5e-324",
    '"\\ud800"',
    json.dumps("9" * 5000),
    json.dumps(f'[{"9" * 5000}, 1e999, {{"a": {"9" * 400}}}]'),
    json.dumps('[{"severity": 1e999, "time": NaN, "\\\\ud800": "\\\\udfff"}]'),
    json.dumps("[" * 5000),
    json.dumps("[" * 500 + "]" * 500),
    "[" * 40 + "]" * 40,
    '{"$date": ' + "9" * 5000 + "}",
    '{"$numberLong": "' + "9" * 5000 + '"}',
    '{"seconds": 1e308, "nanos": "1e999"}',
    f"[{', '.join(['9' * 20] * 6)}]",
    '"0001-01-01T00:00:00+14:00"',
    '"9999-12-31T23:59:59-14:00"',
)
"""As they stand in a body."""


def _odd(message: JsonValue) -> Iterator[JsonValue]:
    """The message with PLACE in one field of it after the other."""
    if isinstance(message, dict):
        for key, value in message.items():
            yield {**message, key: PLACE}
            yield from ({**message, key: each} for each in _odd(value))
    elif isinstance(message, list):
        for at, value in enumerate(message):
            yield from ([*message[:at], each, *message[at + 1 :]] for each in _odd(value))


@pytest.mark.parametrize("partner", samples())
def test_an_odd_value_costs_its_item_at_most(partner: str) -> None:
    forms: dict[str, JsonObject] = {str(sorted(each)): each for each in samples()[partner]}
    for message in forms.values():
        for number, body in enumerate(map(json.dumps, _odd(message))):
            for odd in ODD[number % 6 :: 6]:
                _read(partner, f"[{body.replace(json.dumps(PLACE), odd)}, {json.dumps(message)}]")


def _as_text(message: JsonValue) -> Iterator[JsonValue]:
    """The message with one list or object of it after the other as the text of one whose values are numbers
    that no float holds."""
    inner = message.items() if isinstance(message, dict) else ()
    for key, value in inner:
        if isinstance(value, dict | list):
            text = json.dumps(_leaves_replaced(value)).replace(json.dumps(PLACE), "9" * 400)
            assert isinstance(message, dict)
            yield {**message, key: text}
            yield from ({**message, key: each} for each in _as_text(value))


def _leaves_replaced(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _leaves_replaced(each) for key, each in value.items()}
    return [_leaves_replaced(each) for each in value] if isinstance(value, list) else PLACE


@pytest.mark.parametrize("partner", samples())
def test_a_number_no_float_holds_within_a_text_costs_its_item_at_most(partner: str) -> None:
    for message in samples()[partner]:
        for odd in _as_text(message):
            _read(partner, json.dumps([odd, message]))


def _read(partner: str, body: str) -> None:
    try:
        records = partners.parse(partner, body.encode(), received_at=NOW)
    except UnreadableReport:
        return
    assert any(record.index == 1 for record in records)
    for record in records:
        record.model_dump_json()
        if not isinstance(record, IgnoredRecord | UnreadableRecord):
            partners.unknown_words(record)
            Report.of(record, record.partner_device_id or "", NOW).model_dump_json()
