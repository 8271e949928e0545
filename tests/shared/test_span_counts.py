"""What is counted within an hour or a minute of the clock, and forgotten with it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.span_counts import HOUR, MINUTE, SpanCounts

NOW = datetime(2026, 6, 1, 12, 34, 56, 500_000, tzinfo=UTC)


def test_counts_are_of_one_thing_and_end_with_the_span() -> None:
    counts = SpanCounts(MINUTE)
    assert [counts.count("a", NOW), counts.count("a", NOW, by=3), counts.count("b", NOW)] == [1, 4, 1]
    assert counts.so_far("a", NOW + timedelta(seconds=3.4)) == 4
    assert counts.so_far("a", NOW + timedelta(seconds=3.5)) == 0
    assert counts.count("a", NOW + timedelta(seconds=4)) == 1


def test_asking_counts_nothing() -> None:
    counts = SpanCounts(HOUR)
    assert [counts.so_far("a", NOW), counts.so_far("a", NOW), counts.count("a", NOW)] == [0, 0, 1]


@pytest.mark.parametrize(("span", "left"), [(MINUTE, 3.5), (HOUR, 25 * 60 + 3.5)])
def test_what_is_left_ends_with_the_clocks_own_span(span: timedelta, left: float) -> None:
    assert SpanCounts(span).left(NOW) == pytest.approx(left)


def test_the_zone_a_time_is_written_in_changes_nothing() -> None:
    counts = SpanCounts(HOUR)
    counts.count("a", NOW)
    assert counts.so_far("a", NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))) == 1


def test_a_clock_that_is_set_back_begins_anew() -> None:
    counts = SpanCounts(MINUTE)
    counts.count("a", NOW, by=100)
    assert counts.so_far("a", NOW - timedelta(minutes=2)) == 0
