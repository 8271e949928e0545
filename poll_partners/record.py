"""The cursor of a source as it is stored, and the record of a run: written with the cursor, over the version
that the run began with, and logged."""

from collections.abc import Sequence
from datetime import date, timedelta

from ingest_threat.intake import Answer
from poll_partners.expiry import days_left
from shared.cosmos import Found
from shared.domain.moment import iso_utc
from shared.domain.poll_settings import PollSettings
from shared.domain.polling import Cursor, PollRun
from shared.error_words import is_foreseen
from shared.errors import AlreadyStored, Conflict, NotStored, StoreError, StoreUnavailable
from shared.log import LogEvent, log_event
from shared.services import Services

CLOCK_TOLERANCE = timedelta(seconds=60)


async def opened(services: Services, first: Cursor) -> Found[Cursor]:
    """The cursor of a source; `first` is written down where it has none yet. Raises StoreUnavailable where
    another timer has just begun, and its cursor is gone again."""
    found = await services.store.read(Cursor, first.id)
    if found is not None:
        return found
    try:
        return Found(first, await services.store.create(first))
    except AlreadyStored:
        found = await services.store.read(Cursor, first.id)
    if found is None:
        raise StoreUnavailable("a cursor came and went")
    return found


def tallied(run: PollRun, answers: Sequence[Answer]) -> PollRun:
    """`run` with what the intake answered to some more of its messages."""
    return run.model_copy(
        update={
            "accepted": run.accepted + sum(answer.accepted for answer in answers),
            "duplicates": run.duplicates + sum(answer.duplicates for answer in answers),
            "ignored": run.ignored + sum(answer.ignored for answer in answers),
            "rejected": run.rejected + sum(len(answer.rejected) for answer in answers),
        }
    )


async def record(
    services: Services,
    name: str,
    settings: PollSettings,
    found: Found[Cursor],
    cursor: Cursor,
    run: PollRun,
    error: Exception | None,
) -> PollRun | None:
    """Write `cursor` with `run`, that ended at `error`; None, and nothing is written, where another timer was
    faster. Raises a StoreError where it cannot be written, and, written or not, an `error` that nobody
    foresees."""
    try:
        written = await _written(services, name, settings, found, cursor, run)
    except StoreError as refused:
        if error is not None and not is_foreseen(error):
            raise error from refused
        raise
    if error is not None and not is_foreseen(error):
        raise error
    return written


async def _written(
    services: Services, name: str, settings: PollSettings, found: Found[Cursor], cursor: Cursor, run: PollRun
) -> PollRun | None:
    try:
        await services.store.replace(cursor.with_run(run), found.etag)
    except (Conflict, NotStored):
        log_event(LogEvent.POLL_OVERTAKEN, source=name)
        return None
    _log(name, run)
    _warn_of_expiry(name, settings.expires, found.document, run)
    return run


def _log(name: str, run: PollRun) -> None:
    for gap in run.gaps:
        begin, end = iso_utc(gap.begin), iso_utc(gap.end)
        log_event(LogEvent.POLL_GAP, source=name, begin=begin, end=end, why=gap.why)
    if run.clock_seconds is not None and abs(run.clock_seconds) > CLOCK_TOLERANCE.total_seconds():
        log_event(LogEvent.POLL_CLOCK, source=name, ahead_seconds=run.clock_seconds)
    if run.error is not None:
        log_event(LogEvent.POLL_FAILED, source=name, why=run.error)
        return
    log_event(
        LogEvent.POLL_FINISHED,
        source=name,
        pages=run.pages,
        rows=run.rows,
        accepted=run.accepted,
        duplicates=run.duplicates,
        late=run.late,
        whole=run.whole,
        seconds=run.seconds,
    )


def _warn_of_expiry(name: str, expires: date | None, before: Cursor, run: PollRun) -> None:
    """Log that a credential ends soon, by the first run of a day."""
    left = days_left(expires, run.started_at)
    if left is not None and not any(each.started_at.date() == run.started_at.date() for each in before.runs):
        log_event(LogEvent.CREDENTIAL_EXPIRES, source=name, days=left)
