"""Histories of a source: what happens at the vendor's, on the way and here, in any order; and what must hold
whatever happened. Of each vendor, only what it gives and gets wrong is its own."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from local.vendors.faults import Act, answered, cut_off
from shared.domain.polling import Cursor, cursor_id
from shared.errors import StoreError
from tests.poll_partners.vendors import Vendors

Operation = tuple[Any, ...]

OPERATIONS: st.SearchStrategy[list[Operation]] = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.integers(1, 6), st.just(0)),
        st.tuples(st.just("arrive"), st.integers(1, 3), st.sampled_from([12, 180, 2 * 24 * 60])),
        st.tuples(st.just("change"), st.integers(0, 9)),
        st.tuples(st.just("pass"), st.sampled_from([1, 5, 5, 5, 20, 90, 700])),
        st.tuples(st.just("poll")),
        st.tuples(st.just("poll")),
        st.tuples(st.just("two_timers")),
        st.tuples(st.just("crash"), st.integers(0, 2)),
        st.tuples(st.just("conflict")),
        st.tuples(st.just("store_away"), st.integers(1, 8)),
        st.tuples(st.just("token_dies"), st.integers(0, 2)),
        st.tuples(st.just("fault"), st.integers(0, 5), st.integers(0, 2)),
        st.tuples(st.just("drift"), st.integers(0, 2)),
        st.tuples(st.just("our_clock"), st.sampled_from([-300, -20, 20, 300, 3000])),
        st.tuples(st.just("their_clock"), st.sampled_from([-10, 0, 10])),
    ),
    max_size=14,
)
"""What may happen; numbers are of events, minutes and requests."""
FAULTS: tuple[Act, ...] = (
    answered(429, b"", "application/json", Retry_After="60"),
    answered(502),
    answered(200, b"<html>", "text/html"),
    cut_off(),
    answered(200, b'{"success": false}'),
    answered(200, b'{"tables": [{"columns": [], "rows": []}], "error": {"code": "PartialError"}}'),
)


def histories_of(examples: int) -> settings:
    """How many histories of a source are played, the same ones each time."""
    return settings(
        suppress_health_check=[HealthCheck.function_scoped_fixture],
        deadline=None,
        max_examples=examples,
        derandomize=True,
    )


@dataclass
class Vendor:
    """What a vendor of a history can do."""

    name: str
    path: str
    """Of its events, in its stand-in."""
    arrive: Callable[[Vendors, int, datetime], str]
    """An event of that number and time comes in; what its report is called."""
    kill_tokens: Callable[[Vendors], None]
    foreign: Callable[[int], bytes]
    """A page of its own form whose rows are in nobody's format."""
    page: tuple[ModuleType, str]
    """The constant that says how many rows are a page, and its module: here they are few."""
    change: Callable[[Vendors, int], str] | None = None
    """The event of that number is another one from now on, of the same time; what its report is called then.
    None where another event tells of what became of one."""
    prepare: Callable[[Vendors], None] = lambda _: None
    """How its source is the one that is read."""
    dates_late: bool = True
    """Whether its feed has an event that came late at its own time, rather than when it came. Where it keeps
    no more than an outage lasts, such a one may be lost to anybody."""


@dataclass
class History:
    """One history under way. The true time is the vendor's, unless its clock is wrong; ours may be
    anything."""

    one: Vendors
    vendor: Vendor
    arrived: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """By what the report is called: when the event is said to have been, and when it came in."""
    events: list[str] = field(default_factory=list)
    """What the report of each event is called, as it is now."""
    true_now: datetime = field(init=False)
    both_ahead: timedelta = timedelta(0)
    """How far both clocks together have been ahead of the true time: so far the cursor may be, too, and no
    further than windows overlap."""

    def __post_init__(self) -> None:
        self.true_now = self.one.world.clock()

    async def do(self, operation: Operation) -> None:
        """Have one thing happen, and see that what must hold holds."""
        name, *values = operation
        await getattr(self, f"_{name}")(*values)
        both = min(self.one.world.clock(), self.one.their_clock()) - self.true_now
        self.both_ahead = max(self.both_ahead, both)
        await self.check()

    async def _arrive(self, many: int, late_minutes: int) -> None:
        for _ in range(many):
            at = self.true_now - timedelta(minutes=late_minutes if self.vendor.dates_late else 0)
            called = self.vendor.arrive(self.one, len(self.events), at)
            self.events.append(called)
            self.arrived[called] = (at, self.true_now)

    async def _change(self, number: int) -> None:
        """An event changes. Of one that was not read before, nobody has to know how it was."""
        if self.vendor.change is None or number >= len(self.events):
            return
        before = self.events[number]
        at, _ = self.arrived[before]
        self.events[number] = self.vendor.change(self.one, number)
        if before not in self.one.stored_ids():
            del self.arrived[before]
        self.arrived[self.events[number]] = (at, self.true_now)

    async def _pass(self, minutes: int) -> None:
        self.true_now += timedelta(minutes=minutes)
        self.one.world.clock.pass_time(minutes=minutes)

    async def _poll(self) -> None:
        try:
            await self.one.poll(self.vendor.name)
        except StoreError:
            return

    async def _two_timers(self) -> None:
        other = await self.one.world.another_instance()
        both = (self.one.poll(self.vendor.name), self.one.poll(self.vendor.name, other))
        results = await asyncio.gather(*both, return_exceptions=True)
        await other.close()
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, StoreError):
                raise result

    async def _crash(self, after: int) -> None:
        """The run dies after what it fetched was stored, before its cursor was."""
        self.one.world.cosmos_faults.fail_next(503, container="settings", operation="replace", times=50)
        await self._poll()
        self.one.world.cosmos_faults.clear()
        for _ in range(after):
            await self._pass(5)

    async def _conflict(self) -> None:
        self.one.world.cosmos_faults.fail_next(412, container="settings", operation="replace")
        await self._poll()
        self.one.world.cosmos_faults.clear()

    async def _store_away(self, times: int) -> None:
        self.one.world.cosmos_faults.fail_next(503, container="reports", times=times)
        await self._poll()
        self.one.world.cosmos_faults.clear()

    async def _token_dies(self, after: int) -> None:
        async def act(_: object) -> None:
            self.vendor.kill_tokens(self.one)

        self.one.faults.order(act, self.vendor.path, after=after)
        await self._poll()
        self.one.faults.clear()

    async def _fault(self, which: int, after: int) -> None:
        self.one.faults.order(FAULTS[which], self.vendor.path, after=after)
        await self._poll()
        self.one.faults.clear()

    async def _drift(self, after: int) -> None:
        """Pages in another format, in as many runs as it takes for one to be passed over."""
        for _ in range(5):
            foreign = answered(200, self.vendor.foreign(after))
            self.one.faults.order(foreign, self.vendor.path, after=after)
            await self._poll()
            self.one.faults.clear()
            await self._pass(5)

    async def _our_clock(self, minutes: int) -> None:
        """Ours is set by so much, and the vendor's is not."""
        self.one.world.clock.pass_time(minutes=minutes)
        self._set_theirs(self.one.their_clock() - self.true_now - timedelta(minutes=minutes))

    async def _their_clock(self, minutes: int) -> None:
        self._set_theirs(timedelta(minutes=minutes))

    def _set_theirs(self, off: timedelta) -> None:
        """Have the vendor's clock be so far from the true time."""
        ahead = self.true_now + off - self.one.world.clock()
        self.one.set_clock_ahead(seconds=ahead.total_seconds())

    async def settle(self) -> None:
        """Everything is well again for long enough for what came late to be found."""
        self.one.faults.clear()
        self.one.world.clock.now = self.true_now
        self.one.set_clock_ahead()
        for minutes in (7 * 60, 5, 65, 5, 25 * 60, 5):
            await self._pass(minutes)
            after = await self._read_so_far()
            for _ in range(4):
                before = after
                await self._poll()
                after = await self._read_so_far()
                if after == before:
                    break

    async def check(self) -> None:
        """Nothing is stored twice, and the cursor is not ahead of what is stored."""
        stored = self.one.stored_ids()
        assert stored == sorted(set(stored)), "a report was counted twice"
        if not stored and not self.arrived:
            return
        found = await self._cursor()
        if found is None:
            return
        for called in set(self.arrived) - set(stored):
            at, came = self.arrived[called]
            in_time = came - at < timedelta(minutes=1) and at >= found.begun
            seen_to = found.until - self.both_ahead
            assert not in_time or at >= seen_to or self._in_a_gap(found, at), (
                f"{called} of {at} is not stored, and the cursor is at {found.until}"
            )

    async def check_all(self) -> None:
        """Everything the vendor had is stored once, or lies in a gap that was recorded."""
        await self.check()
        found = await self._cursor()
        assert found is not None, (
            f"{self.vendor.name} never ran: does polling_settings of vendors.py have all that it needs?"
        )
        missing = set(self.arrived) - set(self.one.stored_ids())
        lost = {
            called
            for called in missing
            if self.arrived[called][0] >= found.begun and not self._in_a_gap(found, self.arrived[called][0])
        }
        assert lost == set(), "a report was lost"

    async def _cursor(self) -> Cursor | None:
        read = await self.one.services.store.read(Cursor, cursor_id(self.vendor.name))
        return read.document if read else None

    async def _read_so_far(self) -> Cursor | None:
        """The cursor without its runs: where one changed nothing else, the next changes nothing either."""
        cursor = await self._cursor()
        return cursor and cursor.model_copy(update={"runs": ()})

    @staticmethod
    def _in_a_gap(cursor: Cursor, at: datetime) -> bool:
        return any(gap.begin <= at <= gap.end for gap in cursor.gaps)


def as_body(**content: Any) -> bytes:
    """An answer's body."""
    return json.dumps(content).encode()
