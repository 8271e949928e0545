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


# --- each state as a whole --------------------------------------------------------------------------------

MARKED = CURSOR.model_copy(update={"mark": "oid-7"})


def test_a_first_cursor_knows_what_chose_it_and_when_its_longer_readings_began() -> None:
    chosen = START - 3 * DAY
    cursor = windows.first_cursor("cursor:any", "lookout", chosen, REACH, START)
    assert cursor.chosen == chosen
    assert {name: (each.at, each.place) for name, each in cursor.again.items()} == {
        "4h": (START, None),
        "72h": (START, None),
    }


def test_each_window_knows_what_the_source_has_to_remember() -> None:
    assert windows.next_window(MARKED, REACH, _now(START + HOUR)).mark == "oid-7"
    behind_a_gap = windows.next_window(MARKED, REACH, _now(START + 11 * DAY))
    assert (behind_a_gap.gap is None, behind_a_gap.mark) == (False, "oid-7")
    longer = windows.due_longer(MARKED, REACH, _now(START))
    assert longer is not None
    assert longer[1].mark == "oid-7"


def test_a_window_asks_for_nothing_that_is_kept_no_more() -> None:
    window = windows.next_window(CURSOR.model_copy(update={"begun": START - 50 * DAY}), REACH, _now(START))
    assert window.begin == START - REACH.overlap
    edge = windows.next_window(CURSOR, REACH, _now(START + 10 * DAY))
    assert (edge.begin, edge.gap) == (START, None)


def test_a_window_behind_a_gap_that_stops_goes_on_behind_it() -> None:
    now = START + 11 * DAY
    window = windows.next_window(CURSOR, REACH, _now(now))
    stopped = windows.stopped(CURSOR, window, now, "page-7", "mark", now)
    assert stopped.until == window.begin
    assert stopped.place is not None
    assert (stopped.place.page, stopped.place.mark, stopped.place.end) == ("page-7", "mark", now)


@pytest.mark.parametrize(
    ("until", "end", "reached"),
    [
        (START, START + HOUR, START + HOUR),
        (START, START - HOUR, START),  # not back for a clock that was set back
        (START + 3 * HOUR, START + HOUR, START + HOUR),  # but for one that had been ahead
        (START + 2 * HOUR, START + HOUR, START + 2 * HOUR),  # which it is not at that very moment
    ],
)
def test_a_window_read_to_its_end_moves_the_cursor_there(
    until: datetime, end: datetime, reached: datetime
) -> None:
    window = windows.next_window(CURSOR, REACH, _now(START))
    half = windows.stopped(CURSOR, window, end, "page-7", "old", START)
    done = windows.completed(half.model_copy(update={"until": until}), end, "new", _now(START + 2 * HOUR))
    assert (done.until, done.place, done.mark) == (reached, None, "new")


def test_what_may_be_incomplete_is_not_reached() -> None:
    reach = Reach(retention=DAY, lag=timedelta(minutes=15))
    assert windows.end_of(reach, _now(START, HOUR)) == START - timedelta(minutes=15)


@pytest.mark.parametrize(
    ("since", "is_due"),
    [
        (timedelta(0), False),
        (HOUR - timedelta(seconds=1), False),
        (HOUR, True),
        (-timedelta(seconds=1), True),
    ],
)
def test_a_longer_reading_is_due_when_its_time_has_passed(since: timedelta, is_due: bool) -> None:
    reach = Reach(retention=10 * DAY, longer=(Longer(HOUR, 4 * HOUR),))
    read = windows.longer_completed(CURSOR, reach.longer[0], windows.Window(begin=START), START)
    assert (windows.due_longer(read, reach, _now(START + since)) is not None) is is_due


@pytest.mark.parametrize(
    ("back", "begun", "begin"),
    [
        (4 * HOUR, START - 5 * DAY, START - 4 * HOUR),
        (4 * HOUR, START - HOUR, START - HOUR),
        (20 * DAY, START - 50 * DAY, START - 10 * DAY),
    ],
)
def test_a_longer_reading_goes_back_to_the_beginning_or_as_far_as_is_kept(
    back: timedelta, begun: datetime, begin: datetime
) -> None:
    reach = Reach(retention=10 * DAY, longer=(Longer(HOUR, back),))
    due = windows.due_longer(CURSOR.model_copy(update={"begun": begun}), reach, _now(START))
    assert due is not None
    assert due[1].begin == begin


def test_a_longer_reading_that_stopped_keeps_when_it_was_begun_and_a_new_one_does_not() -> None:
    longer, five = REACH.longer[0], timedelta(minutes=5)
    window = windows.Window(begin=START - 4 * HOUR)
    half = windows.longer_stopped(CURSOR, longer, window, "page-3", "mark", START)
    place = half.again["4h"].place
    assert place is not None
    assert (place.end, place.mark) == (START, "mark")
    rest = windows.next_window(CURSOR.model_copy(update={"place": place}), REACH, _now(START + five))
    further = windows.longer_stopped(half, longer, rest, "page-4", None, START + five)
    assert (further.again["4h"].at, further.again["4h"].place and further.again["4h"].place.end) == (
        START,
    ) * 2
    anew = windows.longer_stopped(further, longer, window, "page-2", None, START + HOUR)
    assert anew.again["4h"].at == START + HOUR


@pytest.mark.parametrize(
    ("reach", "life"),
    [
        (REACH, 12 * HOUR),
        (Reach(retention=10 * HOUR, page_life=12 * HOUR), 10 * HOUR),
        (Reach(retention=10 * HOUR), 10 * HOUR),
        (Reach(retention=None, page_life=12 * HOUR), 12 * HOUR),
    ],
)
def test_a_position_is_good_for_as_long_as_the_vendor_remembers(reach: Reach, life: timedelta) -> None:
    half = windows.stopped(CURSOR, windows.Window(begin=START), START, "page-7", None, START)
    second = timedelta(seconds=1)
    good = [-second, timedelta(0), life - second, life]
    pages = [windows.next_window(half, reach, _now(START + since)).page for since in good]
    assert pages == [None, "page-7", "page-7", None]


def test_a_position_that_is_never_forgotten_is_good_for_years() -> None:
    half = windows.stopped(CURSOR, windows.Window(begin=START), START, "page-7", None, START)
    assert windows.next_window(half, Reach(retention=None), _now(START + 3000 * DAY)).page == "page-7"


@pytest.mark.parametrize(
    ("hours", "words"),
    [(47, "(47 hours)"), (48, "(2 days)"), (49, "(2 days)"), (1920, "(80 days)")],
)
def test_how_long_is_kept_is_said_in_words(hours: int, words: str) -> None:
    window = windows.next_window(CURSOR, Reach(retention=hours * HOUR), _now(START + 100 * DAY))
    assert window.gap is not None
    assert window.gap.why == f"nothing was read for longer than is kept {words}"
