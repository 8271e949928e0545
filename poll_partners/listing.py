"""The sources as an admin sees them: on or off, how far each has been read, what went wrong and what to
do."""

from datetime import date
from functools import partial

from pydantic import BaseModel

from poll_partners.expiry import days_left
from poll_partners.found import sources
from poll_partners.source import Interface, Roster
from shared.bounded import bounded_gather
from shared.domain.moment import Moment, in_words
from shared.domain.poll_settings import PollSettings
from shared.domain.polling import Cursor, Gap, PollRun, cursor_id
from shared.services import Services

SIDE_BY_SIDE = 16
"""Cursors that are read at a time."""


class SourceRow(BaseModel):
    """One source."""

    source: str
    partner: str
    lists_devices: bool
    """Whether it is the vendor's list of devices, rather than its events."""
    on: bool
    missing: list[str]
    """Settings without which it is off."""
    read_until: Moment | None
    """Everything the vendor had shown of the time before is stored, or lies in a gap."""
    last_row_at: Moment | None
    """When the last item came."""
    last_success_at: Moment | None
    not_before: Moment | None
    """The vendor is not asked before."""
    failures: int
    """Runs in a row that failed."""
    credential_expires: date | None
    """As an admin noted it."""
    gaps: list[Gap]
    """What was not read and will not be, newest first."""
    runs: list[PollRun]
    """The latest, newest first."""
    warnings: list[str]


class Sources(BaseModel):
    """Every source there is."""

    sources: list[SourceRow]


async def listing(services: Services) -> Sources:
    """The sources, by name."""
    rows = await bounded_gather(partial(_row, services), sources().items(), limit=SIDE_BY_SIDE)
    return Sources(sources=rows)


async def _row(services: Services, each: tuple[str, Interface]) -> SourceRow:
    name, source = each
    given = services.settings.polling.get(source.partner)
    missing = source.missing(given)
    found = await services.store.read(Cursor, cursor_id(name))
    cursor = found.document if found else None
    return SourceRow(
        source=name,
        partner=source.partner,
        lists_devices=isinstance(source, Roster),
        on=not missing,
        missing=list(missing),
        read_until=cursor.until if cursor else None,
        last_row_at=cursor.last_row_at if cursor else None,
        last_success_at=cursor.last_success_at if cursor else None,
        not_before=cursor.not_before if cursor else None,
        failures=cursor.failures if cursor else 0,
        credential_expires=given.expires if given else None,
        gaps=list(cursor.gaps) if cursor else [],
        runs=list(cursor.runs) if cursor else [],
        warnings=_warnings(services, source, given, cursor)
        if given and not missing
        else _forgotten(source, given),
    )


def _forgotten(source: Interface, given: PollSettings | None) -> list[str]:
    names = source.forgotten(given)
    return [f"nothing is read: its key is set, and not {', '.join(names)}"] if names else []


def _warnings(services: Services, source: Interface, given: PollSettings, cursor: Cursor | None) -> list[str]:
    now = services.now()
    warnings = []
    left = days_left(given.expires, now)
    if left is not None:
        warnings.append("its credential has ended" if left < 0 else f"its credential ends in {left} days")
    if given.expires is None and "secret" in source.needed:
        warnings.append("nobody noted when its credential ends (POLL_EXPIRES_…): nothing can warn of it")
    if cursor is None or not cursor.runs:
        return [*warnings, "it has not run yet"]
    if cursor.runs[0].error is not None:
        warnings.append(f"the last run failed: {cursor.runs[0].error}")
    if cursor.not_before is not None and cursor.not_before > now:
        warnings.append(f"the vendor is asked again at {in_words(cursor.not_before)}")
    if cursor.place is not None or cursor.runs[0].put_off:
        warnings.append("there is more than a run reads: the next ones go on")
    if cursor.gaps:
        warnings.append(f"{len(cursor.gaps)} gaps: reports of that time were not read")
    return warnings
