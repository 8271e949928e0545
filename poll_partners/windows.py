"""Which part of a vendor's events a run reads, and how far that gets the cursor. Pure.

Three things are never taken for granted. A vendor's rows come late: each window begins before the last one
ended, and longer ones are read now and then. Clocks differ, and are set: whatever could lose rows is judged
by the one of the vendor's and ours by which it does not. And a vendor forgets: what is older than its
retention is a gap, found by the clock, because no error shows it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.model import Part
from shared.domain.polling import Again, Cursor, Gap, Place

OLDEST = timedelta(days=80)
"""Nothing older is read: reports are recognised for 90 days, and one that is not would count again."""
FOREVER = timedelta(days=36_500)
FIRST_RUN = timedelta(hours=24)
"""How far back a first run goes where neither the vendor's interface nor a setting asks for more."""


@dataclass(frozen=True)
class Longer:
    """A longer reading: so often, so far back."""

    every: timedelta
    back: timedelta

    @property
    def name(self) -> str:
        """What its state is kept under."""
        return f"{round(self.back.total_seconds() / 3600)}h"


@dataclass(frozen=True)
class Reach:
    """How far a vendor's interface reaches, and how it is read so that no late row slips through."""

    retention: timedelta | None
    """How long the vendor keeps events; None: until they have been read."""
    overlap: timedelta = timedelta(0)
    """So much of the last window is read again."""
    lag: timedelta = timedelta(0)
    """The newest part, that is read and not yet taken for complete."""
    longer: tuple[Longer, ...] = ()
    page_life: timedelta | None = None
    """How long the position of a page is good; None: for ever."""
    first: timedelta = FIRST_RUN
    """How far back a first run goes where no setting says it."""

    @property
    def back(self) -> timedelta:
        """How far back is read at most."""
        return FOREVER if self.retention is None else min(self.retention, OLDEST)


@dataclass(frozen=True)
class Now:
    """The time by the vendor's clock and by ours; aware, UTC."""

    earliest: datetime
    latest: datetime


class Window(Part):
    """What is asked for: everything since `begin`, from `page` on; and, where some of it is lost, the gap."""

    begin: datetime
    page: str | None = None
    mark: str | None = None
    end: datetime | None = None
    """Where it goes on in a window that was begun: the end of that."""
    gap: Gap | None = None


def first_cursor(id_: str, partner: str, chosen: datetime | None, reach: Reach, now: datetime) -> Cursor:
    """The cursor of a source that has never been read: from `chosen` on, or as far back as its reach says."""
    begun = max(min(chosen or now - reach.first, now), now - reach.back)
    again = {longer.name: Again(at=now) for longer in reach.longer}
    return Cursor(id=id_, partner=partner, begun=begun, chosen=chosen, until=begun, again=again)


def begun_anew(cursor: Cursor, chosen: datetime | None, reach: Reach, now: datetime) -> Cursor:
    """`cursor`, or, where the setting that chose its beginning was changed, one that begins there. What it
    has recorded stays."""
    if chosen is None or chosen == cursor.chosen:
        return cursor
    first = first_cursor(cursor.id, cursor.partner, chosen, reach, now)
    fields = ("begun", "chosen", "until", "place", "again")
    return cursor.model_copy(update={name: getattr(first, name) for name in fields})


def next_window(cursor: Cursor, reach: Reach, now: Now) -> Window:
    """What the next run reads first: the rest of a window that was begun, else what came since the last."""
    if cursor.place is not None and _is_good(cursor.place, reach, now):
        return _rest(cursor.place)
    oldest = _oldest(reach, now)
    if cursor.until < oldest:
        why = f"nothing was read for longer than is kept ({_days(reach.back)})"
        begin = max(cursor.until - reach.overlap, cursor.begun)  # what came late to the last window
        gap = Gap(begin=begin, end=oldest, why=why, noted_at=now.earliest)
        return Window(begin=oldest, mark=cursor.mark, gap=gap)
    begin = max(min(cursor.until, now.latest) - reach.overlap, cursor.begun, oldest)
    return Window(begin=begin, mark=cursor.mark)


def stopped(
    cursor: Cursor, window: Window, end: datetime, page: str, mark: str | None, at: datetime
) -> Cursor:
    """`cursor` after a page of `window` was stored and there are more: it does not move, and goes on
    there."""
    place = Place(begin=window.begin, end=end, page=page, mark=mark, at=at)
    if window.gap is not None:
        return cursor.model_copy(update={"until": window.begin, "place": place})
    return cursor.model_copy(update={"place": place})


def completed(cursor: Cursor, end: datetime, mark: str | None, now: Now) -> Cursor:
    """`cursor` after everything up to `end` was stored. It does not go back for a clock that was set back,
    but for one that had been ahead it does."""
    until = end if cursor.until > now.latest else max(cursor.until, end)
    return cursor.model_copy(update={"until": until, "place": None, "mark": mark})


def end_of(reach: Reach, asked_at: Now) -> datetime:
    """Up to where a window is complete that was first asked for then."""
    return asked_at.earliest - reach.lag


def due_longer(cursor: Cursor, reach: Reach, now: Now) -> tuple[Longer, Window] | None:
    """The longer reading whose turn it is, and what it reads; None where none is due."""
    for longer in reach.longer:
        state = cursor.again.get(longer.name)
        if state is not None and state.place is not None and _is_good(state.place, reach, now):
            return longer, _rest(state.place)
        if state is None or not timedelta(0) <= now.earliest - state.at < longer.every:
            begin = max(now.earliest - longer.back, cursor.begun, _oldest(reach, now))
            return longer, Window(begin=begin, mark=cursor.mark)
    return None


def longer_stopped(
    cursor: Cursor, longer: Longer, window: Window, page: str, mark: str | None, at: datetime
) -> Cursor:
    """`cursor` after a page of a longer reading was stored and there are more."""
    place = Place(begin=window.begin, end=window.end or at, page=page, mark=mark, at=at)
    return _with_again(cursor, longer, Again(at=_began(cursor, longer, window, at), place=place))


def longer_completed(cursor: Cursor, longer: Longer, window: Window, at: datetime) -> Cursor:
    """`cursor` after a longer reading was read to its end, or given up until its next turn."""
    return _with_again(cursor, longer, Again(at=_began(cursor, longer, window, at)))


def _began(cursor: Cursor, longer: Longer, window: Window, at: datetime) -> datetime:
    before = cursor.again.get(longer.name)
    return before.at if before is not None and window.page is not None else at


def _with_again(cursor: Cursor, longer: Longer, state: Again) -> Cursor:
    return cursor.model_copy(update={"again": {**cursor.again, longer.name: state}})


def _rest(place: Place) -> Window:
    return Window(begin=place.begin, page=place.page, mark=place.mark, end=place.end)


def _oldest(reach: Reach, now: Now) -> datetime:
    return now.earliest - reach.back


def _is_good(place: Place, reach: Reach, now: Now) -> bool:
    kept = reach.retention or FOREVER
    life = min(reach.page_life or kept, kept)
    return timedelta(0) <= now.earliest - place.at < life


def _days(span: timedelta) -> str:
    hours = round(span.total_seconds() / 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
