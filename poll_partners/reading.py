"""One run of one source: fetch, have it stored, and only then move the cursor.

The cursor is written once, at the end of the run, and only over the version that was read at its beginning.
Of two timers that overlap, the later to finish leaves nothing behind: what both fetched is stored once. A run
that is cut off leaves the cursor where it was, and what it had stored is recognised the next time.
"""

import hashlib
import random
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ingest_threat.intake import fetched
from poll_partners import windows
from poll_partners.connection import Connection
from poll_partners.ending import ending, explained
from poll_partners.outcome import failed, must_wait, succeeded
from poll_partners.record import opened, record, tallied
from poll_partners.slices import slices
from poll_partners.source import Asked, Events, VendorPage
from shared.cosmos import Found
from shared.domain.polling import KEPT_GAPS, Cursor, Gap, Passed, PollRun, cursor_id
from shared.errors import SourceUnreadable, UnreadableReport
from shared.services import Services

MAX_PAGES = 200
MAX_ROWS = 10_000
"""Of one run, pages where its source says no other number: what is beyond waits for the next one, so that a
backlog floods nobody."""
SECONDS = 200.0
"""After so long no further page is asked for."""
DEADLINE = 240.0
"""After so long a run is cut off, wherever it is."""
PATIENCE = 3
"""So many runs leave the cursor at a page in another format; the next one passes over it."""
KEPT_PASSED = 50
MAX_PLACE = 100_000
"""Characters of a page's position or mark, which the cursor keeps: the store takes no more than 2 MB."""


async def poll(services: Services, name: str, source: Events[Any]) -> PollRun | None:
    """Read a source as far as one run goes, and record the run; None where it is off, must wait, or another
    timer was faster. Raises a StoreError where the record cannot be written."""
    settings = source.settings(services.settings.polling.get(source.partner))
    if settings is None:
        return None
    found = await _found(services, name, source, settings.begin)
    if must_wait(found.document, services.now()):
        return None
    reading = Reading(services, source, found.document)
    async with ending(DEADLINE) as end, source.opened(services, name, settings) as reading.connection:
        await reading.run()
    reading.settle(end.error)
    return await record(services, name, settings, found, reading.cursor, reading.tally, end.error)


async def _found(
    services: Services, name: str, source: Events[Any], chosen: datetime | None
) -> Found[Cursor]:
    """The cursor of a source; where a run is to begin is written down before anything is fetched."""
    now = services.now()
    first = windows.first_cursor(cursor_id(name), source.partner, chosen, source.reach, now)
    found = await opened(services, first)
    return Found(windows.begun_anew(found.document, chosen, source.reach, now), found.etag)


@dataclass
class Reading:
    """What one run holds: `cursor` is, after every page, one that may be written."""

    services: Services
    source: Events[Any]
    cursor: Cursor
    connection: Connection = field(init=False)
    tally: PollRun = field(init=False)
    clock: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.connection = Connection(self.services)
        self.tally = PollRun(started_at=self.services.now(), seconds=0.0)

    async def run(self) -> None:
        """Read what came since the last run, then, where its turn is, one longer reading; whatever happens,
        the cursor is as far as what is stored."""
        goes_on = self.cursor.place is not None
        whole = await self._newest()
        if whole and goes_on and not self._spent():
            whole = await self._newest()
        self._count(whole=whole)
        if whole:
            await self._longer()

    async def _newest(self) -> bool:
        """Whether everything there was has been read."""
        reach, asked_at = self.source.reach, self.services.now()
        window = windows.next_window(self.cursor, reach, self.connection.now(asked_at))
        page: VendorPage | SourceUnreadable = await self._first(window)
        by_both = windows.next_window(self.cursor, reach, self.connection.now(asked_at))
        if (by_both.begin, by_both.page) != (window.begin, window.page):
            # The vendor's clock, which its answer gave, makes another window of it.
            window, page = by_both, await self._first(by_both)
        end = window.end or windows.end_of(reach, self.connection.now(asked_at))
        self._count(begin=window.begin)
        if isinstance(page, SourceUnreadable):
            return self._pass_rest(window, end, page)
        return await self._pages(window, end, page)

    async def _first(self, window: windows.Window) -> "VendorPage | SourceUnreadable":
        try:
            return await self._fetch(window.begin, window.page, window.mark)
        except SourceUnreadable as odd:
            return odd

    async def _pages(self, window: windows.Window, end: datetime, page: VendorPage) -> bool:
        positions = {window.page}
        while True:
            following = await self._store_or_pass(page, window, end)
            for gap in (window.gap, page.gap):
                if gap is not None:
                    self._gap(gap)
            if following is None:
                self._complete(end, page.mark)
                return True
            if following in positions:
                return self._pass_rest(
                    window, end, SourceUnreadable("it gives the same page again and again")
                )
            positions.add(following)
            at = self.connection.now().earliest
            self.cursor = windows.stopped(self.cursor, window, end, following, page.mark, at)
            if self._spent():
                return False
            try:
                page = await self._fetch(window.begin, following, page.mark)
            except SourceUnreadable as odd:
                return self._pass_rest(window, end, odd)

    async def _longer(self) -> None:
        """One of the longer readings, or the rest of one; it moves no cursor, and what is odd in it was, or
        will be, met by an ordinary one."""
        began = self.connection.now()
        due = windows.due_longer(self.cursor, self.source.reach, began)
        if due is None or self._spent():
            return
        longer, window = due
        position, mark, positions = window.page, window.mark, {window.page}
        while True:
            try:
                page = await self._fetch(window.begin, position, mark)
                self._count(late=self.tally.late + await self._store(page))
            except SourceUnreadable:
                break
            except UnreadableReport:
                pass
            if page.next is None or page.next in positions:
                break
            position, mark = page.next, page.mark
            positions.add(position)
            at = self.connection.now().earliest
            self.cursor = windows.longer_stopped(self.cursor, longer, window, position, mark, at)
            if self._spent():
                return
        self.cursor = windows.longer_completed(self.cursor, longer, window, began.earliest)

    async def _fetch(self, begin: datetime, position: str | None, mark: str | None) -> VendorPage:
        page = await self.source.fetch(self.connection, Asked(begin, position, mark))
        self._count(pages=self.tally.pages + 1, rows=self.tally.rows + len(page.rows))
        if max(len(page.next or ""), len(page.mark or "")) > MAX_PLACE:
            raise SourceUnreadable("a position that is longer than any")
        return page

    async def _store(self, page: VendorPage) -> int:
        """Have a page's rows stored; how many are new. UnreadableReport where they are in no format of the
        partner's."""
        if not page.rows and not self.source.is_vendors_own:
            return 0
        messages = slices(page.envelope, page.rows)
        answers = await fetched(self.services, self.source.partner, messages, page.delivery)
        before, self.tally = self.tally.accepted, tallied(self.tally, answers)
        if page.rows:
            self.cursor = self.cursor.model_copy(update={"last_row_at": self.services.now()})
        return self.tally.accepted - before

    async def _store_or_pass(self, page: VendorPage, window: windows.Window, end: datetime) -> str | None:
        """Have a page stored, and say where to go on; one in another format, that nothing else keeps, is
        passed over once runs enough have ended at it.

        One that was passed over before comes again where windows overlap: then it needs no patience, but
        nobody can say what is new behind it, so its gap goes on.
        """
        try:
            await self._store(page)
        except UnreadableReport as unreadable:
            if page.otherwise is not None:
                return page.otherwise
            self._pass_page(page, window, end, unreadable)
        return page.next

    def _pass_page(
        self, page: VendorPage, window: windows.Window, end: datetime, unreadable: UnreadableReport
    ) -> None:
        hashed, why = _hashed(page), f"a page of {len(page.rows)} items in another format was passed over"
        known = next((each for each in self.cursor.passed if each.sha256 == hashed), None)
        if known is not None and window.begin <= known.until:
            if end > known.until:
                self._gap(Gap(begin=known.until, end=end, why=why, noted_at=self.services.now()))
        elif self.cursor.odd_runs < PATIENCE:
            raise SourceUnreadable(f"a page in another format: {unreadable.reason}") from None
        else:
            self._pass(window, end, why)
        others = [each for each in self.cursor.passed if each is not known]
        passed = (Passed(sha256=hashed, until=end), *others)[:KEPT_PASSED]
        self.cursor = self.cursor.model_copy(update={"passed": passed})

    def _pass_rest(self, window: windows.Window, end: datetime, odd: SourceUnreadable) -> bool:
        """Pass over the rest of a window behind which nobody can go on, once runs enough have ended there."""
        if self.cursor.odd_runs < PATIENCE:
            raise odd
        self._pass(window, end, f"passed over: {odd}")
        self._complete(end, window.mark)
        return True

    def _complete(self, end: datetime, mark: str | None) -> None:
        self.cursor = windows.completed(self.cursor, end, mark, self.connection.now())

    def _pass(self, window: windows.Window, end: datetime, why: str) -> None:
        """Record a gap. Whatever else of this run is odd has its own three runs."""
        begin = window.gap.begin if window.gap else window.begin
        self.cursor = self.cursor.model_copy(update={"odd_runs": 0, "failures": 0})
        self._gap(Gap(begin=begin, end=end, why=why, noted_at=self.services.now()))

    def _gap(self, gap: Gap) -> None:
        known = {(each.begin, each.end, each.why) for each in self.tally.gaps}
        if (gap.begin, gap.end, gap.why) not in known:
            self._count(gaps=(gap, *self.tally.gaps))

    def _spent(self) -> bool:
        """Whether this run has done enough."""
        took, pages = time.monotonic() - self.clock, self.source.max_pages or MAX_PAGES
        much = self.tally.rows >= MAX_ROWS or len(self.tally.gaps) >= KEPT_GAPS
        return self.tally.pages >= pages or much or took >= SECONDS

    def _count(self, **changed: object) -> None:
        self.tally = self.tally.model_copy(update=changed)

    def settle(self, error: Exception | None) -> None:
        """Enter how the run ended: into its record, and what follows for the next one."""
        now, cursor = self.services.now(), self.cursor
        ahead = self.connection.clock_ahead
        self._count(
            seconds=round(time.monotonic() - self.clock, 3),
            end=cursor.until,
            clock_seconds=None if ahead is None else round(ahead.total_seconds()),
        )
        if error is None:
            self.cursor = succeeded(cursor, now, whole=self.tally.whole)
            return
        self.tally = explained(self.tally, error, self.source.partner)
        self.cursor = failed(cursor, error, now, random.random())  # noqa: S311 - no secret


def _hashed(page: VendorPage) -> str:
    digest = hashlib.sha256()
    for message in slices(page.envelope, page.rows):
        digest.update(message)
    return digest.hexdigest()
