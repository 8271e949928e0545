"""One run of the sync: its steps in order, each failing alone, and the record that is left of it."""

import asyncio
import sqlite3
import time

from shared.domain.runs import Run, Runs, StepRun
from shared.error_words import error_words
from shared.errors import GraphUnavailable
from shared.log import LogEvent, log_event
from shared.services import Services
from sync_inventory.lease import acquire_lease, release_lease, renew_lease
from sync_inventory.scratch import Scratch
from sync_inventory.steps import STEPS, Context, Step
from sync_inventory.tally import Tally

WAITS = (1.0, 5.0)
"""Seconds before a step is tried again that Graph did not answer, where Graph itself does not ask for more:
that of Conditional Access never says, and one second may be another's again."""
PATIENCE_SECONDS = 30.0
"""The longest a run waits for Graph at a time; asked for more, it leaves the step to the next run."""


async def sync(services: Services) -> Run | None:
    """Run every step and record what came of it; None where another run is under way, or overtook this one.

    A step that fails leaves its part of the mirror as the last run had it; the steps after it go by that.
    Raises a StoreError only where the record itself, or the lease in it, cannot be stored. Every step may be
    cut off anywhere: the next run finds what is done, and does the rest.
    """
    lease = await acquire_lease(services)
    if lease is None:
        return None
    work = asyncio.create_task(_all_steps(services, lease.before))
    renewing = asyncio.create_task(renew_lease(services, lease))
    try:
        await asyncio.wait({work, renewing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (work, renewing):
            task.cancel()
        await asyncio.gather(work, renewing, return_exceptions=True)
    if work.cancelled():
        if not renewing.cancelled():
            renewing.result()  # raises what kept it from renewing
        return None
    run = work.result()
    await release_lease(services, lease.owner, run)
    failed = ",".join(step.step for step in run.steps if not step.ok)
    log_event(LogEvent.SYNC_FINISHED, ok=run.ok, seconds=run.seconds, failed=failed or "none")
    return run


async def _all_steps(services: Services, before: Runs) -> Run:
    started_at, clock = services.now(), time.monotonic()
    try:
        with Scratch() as scratch:
            context = Context.of(services, scratch, before)
            steps = tuple([await _run(step, context) for step in STEPS])
    except (OSError, sqlite3.Error) as wrong:
        error = _in_words(wrong)
        log_event(LogEvent.SYNC_STEP_FAILED, step="scratch", why=error)
        steps = (StepRun(step="scratch", ok=False, seconds=_since(clock), error=error),)
    overtook = before.lease is not None
    return Run(started_at=started_at, seconds=_since(clock), steps=steps, overtook=overtook)


async def _run(step: Step, context: Context) -> StepRun:
    name, clock = step.__name__, time.monotonic()
    tally = Tally()
    error: str | None
    try:
        tally = await _patiently(step, context, tally)
        error = tally.error
    except Exception as wrong:  # noqa: BLE001 - an outer edge: what nobody foresaw in one step stops no other
        error = _in_words(wrong)
    if error is not None:
        log_event(LogEvent.SYNC_STEP_FAILED, step=name, why=error)
    counts = {key: number for key, number in sorted(tally.counts.items()) if number}
    return StepRun(
        step=name,
        ok=error is None,
        seconds=_since(clock),
        counts=counts,
        error=error,
        tried_again=tuple(tally.tried_again),
    )


def _in_words(error: Exception) -> str:
    """What a step ended at: the scratch file is on a disk, which may be full."""
    return f"the scratch file: {error}" if isinstance(error, sqlite3.Error) else error_words(error)


async def _patiently(step: Step, context: Context, tally: Tally) -> Tally:
    """Do a step, and again from its start where Graph did not answer: any step may be repeated."""
    for wait in WAITS:
        try:
            await step(context, tally)
        except GraphUnavailable as error:
            wait = max(wait, error.retry_after or 0.0)
            if wait > PATIENCE_SECONDS:
                raise
            await context.services.waiting.sleep(wait)
            tally.begin_again(str(error))
            log_event(LogEvent.SYNC_STEP_RETRIED, step=step.__name__, why=error)
            continue
        return tally
    await step(context, tally)
    return tally


def _since(clock: float) -> float:
    return round(time.monotonic() - clock, 3)
