"""What is counted within an hour or a minute of the clock, and forgotten with it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.window import HOUR, MINUTE, Window

NOW = datetime(2026, 6, 1, 12, 34, 56, 500_000, tzinfo=UTC)


def test_counts_are_of_one_thing_and_end_with_the_span() -> None:
    window = Window(MINUTE)
    assert [window.count("a", NOW), window.count("a", NOW, by=3), window.count("b", NOW)] == [1, 4, 1]
    assert window.so_far("a", NOW + timedelta(seconds=3.4)) == 4
    assert window.so_far("a", NOW + timedelta(seconds=3.5)) == 0
    assert window.count("a", NOW + timedelta(seconds=4)) == 1


def test_asking_counts_nothing() -> None:
    window = Window(HOUR)
    assert [window.so_far("a", NOW), window.so_far("a", NOW), window.count("a", NOW)] == [0, 0, 1]


@pytest.mark.parametrize(("span", "left"), [(MINUTE, 3.5), (HOUR, 25 * 60 + 3.5)])
def test_what_is_left_ends_with_the_clocks_own_span(span: timedelta, left: float) -> None:
    assert Window(span).left(NOW) == pytest.approx(left)


def test_the_zone_a_time_is_written_in_changes_nothing() -> None:
    window = Window(HOUR)
    window.count("a", NOW)
    assert window.so_far("a", NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))) == 1


def test_a_clock_that_is_set_back_begins_anew() -> None:
    window = Window(MINUTE)
    window.count("a", NOW, by=100)
    assert window.so_far("a", NOW - timedelta(minutes=2)) == 0
