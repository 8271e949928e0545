"""Which part of a vendor's events is read: nothing between two windows, and no end that was not reached."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poll_partners import windows
from poll_partners.windows import Longer, Now, Reach
from shared.domain.polling import Cursor
from tests.world import START

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REACH = Reach(
    retention=10 * DAY,
    overlap=timedelta(minutes=15),
    longer=(Longer(HOUR, 4 * HOUR), Longer(DAY, 3 * DAY)),
    page_life=12 * HOUR,
)
CURSOR = Cursor(id="cursor:any", partner="lookout", begun=START - 5 * DAY, until=START)


def _now(at: datetime, ahead: timedelta = timedelta(0)) -> Now:
    return Now(min(at, at + ahead), max(at, at + ahead))


@pytest.mark.parametrize(
    ("chosen", "begun"),
    [
        (None, START - DAY),
        (START - 3 * DAY, START - 3 * DAY),
        (START + DAY, START),
        (START - 90 * DAY, START - 10 * DAY),
    ],
)
def test_a_first_run_begins_where_the_setting_says_within_what_is_kept(
    chosen: datetime | None, begun: datetime
) -> None:
    cursor = windows.first_cursor("cursor:any", "lookout", chosen, REACH, START)
    assert (cursor.begun, cursor.until) == (begun, begun)
    window = windows.next_window(cursor, REACH, _now(START))
    assert window.begin == begun, "nothing before the beginning is read for the overlap"
    assert window.gap is None


def test_another_beginning_in_the_settings_begins_anew_and_the_same_does_not() -> None:
    moved = windows.completed(
        CURSOR.model_copy(update={"chosen": START - DAY}), START + HOUR, None, _now(START)
    )
    assert windows.begun_anew(moved, START - DAY, REACH, START + HOUR) == moved
    assert windows.begun_anew(moved, None, REACH, START + HOUR) == moved
    anew = windows.begun_anew(moved, START - 2 * DAY, REACH, START + HOUR)
    assert (anew.begun, anew.until, anew.gaps) == (START - 2 * DAY, START - 2 * DAY, moved.gaps)


def test_a_window_begins_before_the_last_one_ended() -> None:
    window = windows.next_window(CURSOR, REACH, _now(START + HOUR))
    assert (window.begin, window.gap) == (START - REACH.overlap, None)


def test_an_outage_longer_than_the_vendor_keeps_is_a_gap_with_both_ends() -> None:
    now = START + 11 * DAY
    window = windows.next_window(CURSOR, REACH, _now(now))
    assert window.gap is not None
    begin = max(START - REACH.overlap, CURSOR.begun)
    assert (window.gap.begin, window.gap.end, window.begin) == (begin, START + DAY, START + DAY)
    assert "10 days" in window.gap.why


@pytest.mark.parametrize("ahead", [-11 * DAY, 11 * DAY])
def test_a_clock_that_was_set_forward_is_no_outage_where_the_vendors_says_otherwise(ahead: timedelta) -> None:
    ours = START + (11 * DAY if ahead < timedelta(0) else timedelta(0))
    window = windows.next_window(CURSOR, REACH, _now(ours, ahead))
    assert window.gap is None
    assert window.begin <= START - REACH.overlap


def test_a_window_that_was_begun_goes_on_where_it_stopped_until_the_position_is_forgotten() -> None:
    window = windows.next_window(CURSOR, REACH, _now(START + HOUR))
    end = windows.end_of(REACH, _now(START + HOUR))
    stopped = windows.stopped(CURSOR, window, end, "page-7", "mark", START + HOUR)
    assert stopped.until == CURSOR.until
    rest = windows.next_window(stopped, REACH, _now(START + 2 * HOUR))
    assert (rest.begin, rest.page, rest.mark, rest.end) == (window.begin, "page-7", "mark", end)
    forgotten = windows.next_window(stopped, REACH, _now(START + 14 * HOUR))
    assert (forgotten.begin, forgotten.page) == (window.begin, None)


def test_a_slow_first_run_at_the_edge_of_what_is_kept_is_no_gap_while_it_goes_on() -> None:
    cursor = windows.first_cursor("cursor:any", "lookout", START - 10 * DAY, REACH, START)
    window = windows.next_window(cursor, REACH, _now(START))
    stopped = windows.stopped(cursor, window, START, "page-7", None, START)
    assert windows.next_window(stopped, REACH, _now(START + HOUR)).gap is None


def test_a_gap_is_told_once_where_the_window_behind_it_takes_several_runs() -> None:
    now = START + 11 * DAY
    window = windows.next_window(CURSOR, REACH, _now(now))
    stopped = windows.stopped(CURSOR, window, now, "page-7", None, now)
    forgotten = windows.next_window(stopped.model_copy(update={"place": None}), REACH, _now(now))
    assert forgotten.gap is None


def test_longer_readings_have_their_turns_and_go_on_where_they_stopped() -> None:
    first = windows.due_longer(CURSOR, REACH, _now(START))
    assert first is not None
    longer, window = first
    assert (longer.name, window.begin) == ("4h", START - 4 * HOUR)
    half = windows.longer_stopped(CURSOR, longer, window, "page-3", None, START)
    again = windows.due_longer(half, REACH, _now(START + timedelta(minutes=5)))
    assert again is not None
    assert (again[0], again[1].page, again[1].begin) == (longer, "page-3", window.begin)
    done = windows.longer_completed(half, longer, again[1], START + timedelta(minutes=5))
    assert done.again["4h"].at == START, "its turn comes an hour after it was begun"
    following = windows.due_longer(done, REACH, _now(START + timedelta(minutes=5)))
    assert following is not None
    assert following[0].name == "72h"


def test_a_clock_that_was_set_back_does_not_put_a_longer_reading_off() -> None:
    later = windows.longer_completed(CURSOR, REACH.longer[0], windows.Window(begin=START), START + 30 * DAY)
    due = windows.due_longer(later, REACH, _now(START))
    assert due is not None
    assert due[0] == REACH.longer[0]


RUNS = st.lists(
    st.tuples(
        st.timedeltas(timedelta(minutes=1), 12 * DAY),
        st.sampled_from([timedelta(0), timedelta(minutes=10), -timedelta(minutes=10)]),
        st.sampled_from(["done", "failed", "stopped"]),
    ),
    max_size=12,
)


@given(RUNS)
def test_whatever_happens_each_moment_is_read_or_lies_in_a_gap(
    runs: list[tuple[timedelta, timedelta, str]],
) -> None:
    """Windows that were read to their end, and gaps, cover everything from the beginning to the cursor."""
    cursor, now = CURSOR, START
    covered: list[tuple[datetime, datetime]] = [(CURSOR.begun, CURSOR.until)]
    for span, ahead, outcome in runs:
        now += span
        both = _now(now, ahead)
        window = windows.next_window(cursor, REACH, both)
        end = window.end or windows.end_of(REACH, both)
        assert end <= now
        if outcome == "failed":
            continue
        if window.gap is not None:
            covered.append((window.gap.begin, window.gap.end))
        if outcome == "stopped":
            cursor = windows.stopped(cursor, window, end, "page", None, both.earliest)
            continue
        covered.append((window.begin, end))
        cursor = windows.completed(cursor, end, None, both)
        reached = CURSOR.begun
        for begin, ended in sorted(covered):
            assert begin <= reached, "a moment between two windows is in neither"
            reached = max(reached, ended)
        assert cursor.until <= reached
