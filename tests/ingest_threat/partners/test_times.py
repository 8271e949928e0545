"""The spellings of a time, and what is none of them."""

import time
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from ingest_threat.partners._times import is_nothing, read_time

AT = datetime(2026, 2, 2, 2, 40, tzinfo=UTC)
SPELLINGS: list[JsonValue] = [
    *(1770000000, 1770000000.0, 1770000000000, 1770000000000000, 1770000000000000000),
    *("1770000000", "1770000000.000", "1770000000000", "1770000000000000", "1770000000000000000"),
    *("2026-02-02T02:40:00Z", "2026-02-02t02:40:00z", "2026-02-02T02:40Z", "2026-02-02T02:40:00 Z"),
    *("2026-02-02T02:40:00.000000000Z", "2026-02-02T02:40:00,000Z", "2026-02-02T02:39:60Z"),
    *("2026-02-02T03:40:00+01:00", "2026-02-02T03:40:00.0+0100", "2026-02-02T03:40:00+01"),
    *("2026-02-01T21:10:00-05:30", "2026-02-02T03:40:00+01:00[Europe/Paris]", "2026-02-02T02:40:00Z[UTC]"),
    *("2026-02-02T02:40:00", "2026-02-02 02:40:00", "2026-02-02 02:40:00 +0000", "2026-02-02 02:40:00 UTC"),
    *("2026-02-02 02:40:00 +0000 UTC", "2026-02-02 02:40:00.000000 +0000 UTC m=+0.000012345"),
    *(
        "20260202T024000Z",
        "20260202T024000",
        "20260202024000",
        "20260202T034000.000+0100",
        "2026/02/02 02:40:00",
    ),
    *("02/02/2026 02:40:00", "2/2/2026, 2:40:00.000 AM", "02/02/2026 02:40", "02 02 2026 02:40:00 UTC"),
    *("02-02-2026 02:40:00 UTC", "2/2/2026 2:40:00 AM UTC"),
    *("Mon, 02 Feb 2026 02:40:00 +0000", "Mon, 02 Feb 2026 02:40:00 GMT", "2 Feb 2026 03:40:00 +0100"),
    *("Mon Feb  2 02:40:00 2026", "Mon Feb 2 02:40:00 UTC 2026", "02-Feb-2026 02:40:00"),
    *("Feb 2, 2026 2:40:00 AM", "Feb 2, 2026, 2:40:00 AM UTC", "February 2, 2026 at 2:40 AM"),
    "Mon Feb 02 2026 02:40:00 GMT+0000 (Coordinated Universal Time)",
    {"$date": "2026-02-02T02:40:00Z"},
    {"$date": 1770000000000},
    {"$date": {"$numberLong": "1770000000000"}},
    {"seconds": 1770000000, "nanos": 0},
    {"_seconds": 1770000000, "_nanoseconds": 0},
    {"epochSecond": 1770000000, "nano": 0},
    [2026, 2, 2, 2, 40],
    [2026, 2, 2, 2, 40, 0, 999],
    "/Date(1770000000000)/",
    "/Date(1770000000000+0100)/",
]


@pytest.mark.parametrize("value", SPELLINGS)
def test_one_time_in_many_spellings(value: JsonValue) -> None:
    assert read_time(value) == AT


def test_half_a_day_is_twelve_hours() -> None:
    assert read_time("9/30/2025, 1:41:19.250 PM") == datetime(2025, 9, 30, 13, 41, 19, 250000, UTC)
    assert read_time("12/01/2025 12:00:00 am") == datetime(2025, 12, 1, 0, 0, tzinfo=UTC)
    assert read_time("12/01/2025 12:00:00 pm") == datetime(2025, 12, 1, 12, 0, tzinfo=UTC)


def test_nanoseconds_are_cut_to_microseconds() -> None:
    assert read_time("2026-02-02T02:40:00.123456789Z") == AT.replace(microsecond=123456)
    assert read_time([2026, 2, 2, 2, 40, 0, 123456789]) == AT.replace(microsecond=123456)
    assert read_time({"seconds": 1770000000, "nanos": 125000000}) == AT.replace(microsecond=125000)
    assert read_time({"epochSecond": 1770000000}) == AT


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process is not to be changed here")
def test_a_time_without_a_zone_is_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert read_time([2026, 2, 2, 2, 40]) == read_time("2026-02-02T02:40:00") == AT
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "value",
    [
        *("", "soon", "11:22:33", "2026-02-02", "26-02-02 02:40:00", "2026-02-02 02:40:00 CET"),
        *("1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"),
        *("2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-02-02T25:00:00Z", "2026-02-02T02:61:00Z"),
        *("2026-02-02T02:40:61Z", "2026-02-02T02:40:00+99:99", "2026-02-02T02:40:00+25:00"),
        *(
            "30/09/2025 10:00:00",
            "9/30/2025 24:00:00",
            "30 Foo 2025 10:00:00",
            "\u0662\u0660\u0662\u0666-02-02T02:40:00Z",
        ),
        *(5, -1, 1e300, -1e300, True, None, 10**19, "9" * 600, "nan", "inf"),
        *([], [1], ["x", 1], [2026, 13, 1, 0, 0], [2026, 2, 2, 2.5, 40], [2026, 2, 2, 2, 40, 0, 0, 0]),
        *({}, {"a": 1}, {"$date": {"$date": "soon"}}, {"seconds": "soon"}, {"seconds": 1, "nanos": {}}),
    ],
)
def test_what_is_no_time_is_none(value: JsonValue) -> None:
    assert read_time(value) is None


@pytest.mark.parametrize(
    ("value", "nothing"),
    [
        *((0, True), ("0", True), (0.0, True), (1, False), ("", False)),
        *(("0001-01-01T00:00:00", True), ("0001-01-01T00:00:00Z", True), ("1970-01-01 00:00:00.000", True)),
        *(("1/1/0001 12:00:00 AM", True), ("1970-01-01T00:00:01Z", False), ("2001-01-01T00:00:00Z", False)),
    ],
)
def test_zero_stands_for_no_time(value: JsonValue, nothing: bool) -> None:
    assert is_nothing(value) is nothing


@pytest.mark.parametrize(
    "text", [" " * 100_000, "1" * 100_000, "Feb" + " " * 100_000, "1/1/2026" + " " * 100_000]
)
def test_a_long_text_costs_no_more_than_reading_it(text: str) -> None:
    started = time.process_time()
    assert read_time(text) is None
    assert time.process_time() - started < 0.5
