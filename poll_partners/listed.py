"""One reading of a vendor's list of devices: whole or for nothing, and only what is news goes on its way.

A device that is listed and at work has scanned; one that the vendor calls clean is, as of the row's own time,
for what the partner's adapter says that this clears. An incomplete list says nothing of anybody.
"""

import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from ingest_threat.intake import fetched
from poll_partners.client import Client
from poll_partners.ending import ending, explained
from poll_partners.outcome import failed, must_wait, succeeded
from poll_partners.record import CLOCK_TOLERANCE, opened, record, tallied
from poll_partners.rosters import compared, is_news
from poll_partners.slices import slices
from poll_partners.source import PAUSE, Roster, Row
from poll_partners.unnamed import Threatened, unnamed
from shared.bounded import bounded_gather
from shared.cosmos import THREATENED_AGENTS, Found
from shared.domain.model import Agent
from shared.domain.polling import (
    PARTS,
    Cursor,
    Listed,
    PollRun,
    RosterPart,
    cursor_id,
    roster_part_id,
    roster_part_of,
)
from shared.errors import SourceError, SourceUnavailable, SourceUnreadable, UnreadableReport
from shared.services import Services

DEADLINE = 240.0
MAX_PAGES = 1_000
AS_OF = timedelta(minutes=15)
"""A list was computed so long before it is read, at the latest."""
MAX_NEWS = 10_000
"""Rows of one reading that go on their way: of a list that is new, the others wait for the next readings, so
that it floods nobody, needs little memory, and is stored within its time."""
COMPLETED = 150
"""Devices of one reading that are asked about one by one: vendors count requests by the hour, too."""
COMPLETING = 120.0
"""Seconds after the beginning of a reading, after which no further one is."""
SIDE_BY_SIDE = 16
NEVER = timedelta(days=3650)


async def read_roster(services: Services, name: str, roster: Roster) -> PollRun | None:
    """Read a list where its time has come, and record the run; None where it is off, not due, or another
    timer was faster. Raises a StoreError where the record cannot be written."""
    settings = roster.settings(services.settings.polling.get(roster.partner))
    if settings is None:
        return None
    found, began = await _found(services, name, roster), services.now()
    every = max(roster.every, timedelta(minutes=services.settings.roster_minutes))
    if must_wait(found.document, began) or timedelta(0) <= began - found.document.until < every:
        return None
    run, clock = PollRun(started_at=began, seconds=0.0, begin=began - AS_OF), time.monotonic()
    cursor = found.document
    async with ending(DEADLINE) as end, roster.opened(services, name, settings) as client:
        last = await _Last.read(services, name, roster)
        rows, run = await _whole_list(services, client, roster, last, run)
        if roster.complete is not None:
            until = clock + COMPLETING
            run = await _complete(services, client, roster.complete, last, rows, run, until)
        run = await _take_in(services, name, roster, last, rows, run)
        run = await _look_up(services, client, roster, last, rows, run)
    if end.error is not None:
        run = explained(run, end.error, roster.partner)
        cursor = failed(cursor, end.error, services.now(), random.random())  # noqa: S311 - no secret
    else:
        whole = run.put_off == 0
        run = run.model_copy(update={"whole": whole, "end": began})
        changed = {"last_row_at": began if rows else cursor.last_row_at} | ({"until": began} if whole else {})
        cursor = succeeded(cursor.model_copy(update=changed), began, whole=whole)
    run = run.model_copy(update={"seconds": round(time.monotonic() - clock, 3)})
    return await record(services, name, settings, found, cursor, run, end.error)


async def _found(services: Services, name: str, roster: Roster) -> Found[Cursor]:
    now = services.now()
    first = Cursor(id=cursor_id(name), partner=roster.partner, begun=now, until=now - NEVER)
    return await opened(services, first)


@dataclass(frozen=True)
class _Last:
    """What is kept of the list that was read last, and whose agents have threats open now, or a raised
    level."""

    parts: Sequence[Found[RosterPart] | None]
    devices: Mapping[str, Listed]
    threatened: Mapping[str, Threatened]
    daily: bool

    @classmethod
    async def read(cls, services: Services, name: str, roster: Roster) -> Self:
        parts = await bounded_gather(
            lambda part: services.store.read(RosterPart, roster_part_id(name, part)),
            range(PARTS),
            limit=SIDE_BY_SIDE,
        )
        devices = {device: known for part in parts if part for device, known in part.document.devices.items()}
        threatened = await _threatened(services, roster.partner)
        return cls(parts, devices, threatened, services.settings.agent_silent_days > 0)

    def is_news(self, row: Row) -> bool:
        return is_news(row, self.devices.get(row.device), self.threatened, daily=self.daily)

    def is_complete(self, row: Row) -> bool:
        known = self.devices.get(row.device)
        return known is not None and known.is_complete


@dataclass
class _Choice:
    """Of which rows the content is kept until the list is read to its end."""

    last: _Last
    completes: bool
    """Whether what the list does not give is asked for."""
    news: int = 0
    lacking: int = 0

    def takes(self, row: Row) -> bool:
        """Whether the row is news, or to be completed, and within what one reading takes in."""
        if self.last.is_news(row):
            self.news += 1
            return self.news <= MAX_NEWS
        if self.completes and not self.last.is_complete(row):
            self.lacking += 1
            return self.lacking <= MAX_NEWS
        return False


def _as_of(client: Client, run: PollRun) -> datetime:
    """When the list was computed at the latest, by the vendor's clock or ours, whichever says less."""
    return client.now(run.started_at).earliest - AS_OF


async def _whole_list(
    services: Services, client: Client, roster: Roster, last: _Last, run: PollRun
) -> tuple[dict[str, Row], PollRun]:
    """Every row by its device, without the content of those that are no news, nor to be completed, or that
    are more than one reading takes in. Raises a SourceError where the list cannot be read to its end."""
    rows: dict[str, Row] = {}
    choice = _Choice(last, completes=roster.complete is not None)
    position: str | None = None
    positions: set[str] = set()
    for _ in range(MAX_PAGES):
        if position is not None:
            await services.waiting.sleep(roster.pause)
        as_of = _as_of(client, run)
        page = await roster.fetch(client, position, as_of)
        if position is None and as_of - _as_of(client, run) > CLOCK_TOLERANCE:
            # The vendor's clock, which its answer gave, is behind.
            page = await roster.fetch(client, position, _as_of(client, run))
        rows |= {row.device: row if choice.takes(row) else replace(row, content=None) for row in page.rows}
        run = run.model_copy(update={"pages": run.pages + 1, "rows": run.rows + len(page.rows)})
        if page.next is None:
            if len(rows) < (page.total or 0):
                raise SourceUnreadable(f"the list holds {len(rows)} of {page.total} devices")
            return rows, run
        if page.next in positions:
            raise SourceUnreadable("it gives the same page again and again")
        position = page.next
        positions.add(position)
    raise SourceUnavailable(f"the list has more than {MAX_PAGES} pages")


async def _complete(
    services: Services,
    client: Client,
    complete: Callable[[Client, Row], Awaitable[Row]],
    last: _Last,
    rows: dict[str, Row],
    run: PollRun,
    until: float,
) -> PollRun:
    """Complete some of `rows`, whichever: one that is never answered keeps no other from its turn. Where the
    vendor does not go along, the list stands as it is, and the others are asked about at another reading."""
    lacking = [row for row in rows.values() if not last.is_complete(row)]
    done = 0
    within_reach = [row for row in lacking if row.content is not None]
    for row in random.sample(within_reach, min(len(within_reach), COMPLETED)):
        if time.monotonic() > until:
            break
        await services.waiting.sleep(PAUSE)
        try:
            rows[row.device] = await complete(client, row)
        except SourceError:
            break
        done += 1
    return run.model_copy(update={"incomplete": len(lacking) - done})


async def _take_in(
    services: Services, name: str, roster: Roster, last: _Last, rows: dict[str, Row], run: PollRun
) -> PollRun:
    """Have what is news stored, and then keep what the list said."""
    today = run.started_at.date()
    after = compared(
        rows.values(), last.devices, last.threatened, today, daily=last.daily, missed=roster.missed
    )
    messages = slices(roster.envelope, [row.content for row in after.news])
    answers = await fetched(services, roster.partner, messages)
    await _keep(services, name, last.parts, after.kept)
    return tallied(run, answers).model_copy(update={"put_off": after.put_off, "vanished": after.vanished})


async def _look_up(
    services: Services, client: Client, roster: Roster, last: _Last, rows: dict[str, Row], run: PollRun
) -> PollRun:
    """Have stored what became of threats that are open here and that no row names any more. What goes wrong
    with it costs the list nothing: the next reading looks again."""
    if roster.look_up is None:
        return run
    for threat in unnamed(rows.values(), last.threatened, _as_of(client, run)):
        await services.waiting.sleep(roster.pause)
        try:
            found = await roster.look_up(client, threat)
            messages = slices(roster.envelope, [] if found is None else [found])
            run = tallied(run, await fetched(services, roster.partner, messages))
        except (SourceError, UnreadableReport):
            return run
        run = run.model_copy(update={"looked_up": run.looked_up + 1})
    return run


async def _threatened(services: Services, partner: str) -> dict[str, Threatened]:
    """The partner's agents that have threats open, or a level of its own that is raised, by its id of the
    device: one query in each reading."""
    rows = services.store.rows(Threatened, Agent.container, THREATENED_AGENTS, partner=partner)
    return {row.partner_device_id: row async for row in rows if row.counts}


async def _keep(
    services: Services, name: str, parts: Sequence[Found[RosterPart] | None], kept: Mapping[str, Listed]
) -> None:
    """Write the parts that differ. Two readers at once may each write one: what is lost of it is sent
    again."""
    split: list[dict[str, Listed]] = [{} for _ in range(PARTS)]
    for device, listed in kept.items():
        split[roster_part_of(device)][device] = listed
    changed = [
        RosterPart(id=roster_part_id(name, number), devices=devices)
        for number, (devices, part) in enumerate(zip(split, parts, strict=True))
        if devices != (part.document.devices if part else {})
    ]
    await bounded_gather(services.store.upsert, changed, limit=SIDE_BY_SIDE)
