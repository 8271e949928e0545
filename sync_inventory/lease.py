"""One run at a time: who holds the lease is written in the record of runs, and for how long.

The host's own lock keeps two timers apart, but not a run that an admin starts by hand, and not a host that
died in the middle. A lease is renewed as long as its run lives, and is free half a minute after it was
renewed last.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.runs import RUNS_ID, Lease, Run, Runs
from shared.errors import StoreUnavailable
from shared.log import LogEvent, log_event
from shared.services import Services

KEPT_RUNS = 50
LASTS = timedelta(seconds=30)
RENEW_EVERY_SECONDS = 10.0


@dataclass(frozen=True)
class Acquired:
    """A lease that is ours."""

    owner: str
    before: Runs
    """The record as it was: with the lease of a run that was cut off, where there was one."""


async def acquire_lease(services: Services) -> Acquired | None:
    """The lease for one run; None while another run holds it."""
    owner, before = uuid.uuid4().hex, Runs()

    def acquired(runs: Runs) -> Runs:
        nonlocal before
        if runs.lease is not None and runs.lease.until > services.now():
            return runs
        before = runs
        return runs.model_copy(update={"lease": Lease(owner=owner, until=services.now() + LASTS)})

    after = await _edited(services, acquired)
    if after.lease is None or after.lease.owner != owner:
        log_event(LogEvent.SYNC_SKIPPED, until=after.lease and after.lease.until)
        return None
    return Acquired(owner, before)


async def renew_lease(services: Services, owner: str) -> None:
    """Renew a lease for as long as this runs; ends only where another run has acquired it.

    Raises a StoreError where the store refuses the record for good; one that is away is asked again.
    """

    def renewed(runs: Runs) -> Runs:
        if runs.lease is None or runs.lease.owner != owner:
            return runs
        return runs.model_copy(update={"lease": Lease(owner=owner, until=services.now() + LASTS)})

    while True:
        await asyncio.sleep(RENEW_EVERY_SECONDS)
        try:
            after = await _edited(services, renewed)
        except StoreUnavailable:
            continue  # the next try may come in time
        if after.lease is None or after.lease.owner != owner:
            log_event(LogEvent.SYNC_OVERTAKEN, by=after.lease and after.lease.owner)
            return


async def release_lease(services: Services, owner: str, run: Run) -> None:
    """Record a run, and release its lease. One that was overtaken is not the latest: it comes after that."""

    def released(runs: Runs) -> Runs:
        ours = runs.lease is not None and runs.lease.owner == owner
        latest = () if ours else runs.runs[:1]
        kept = (*latest, run, *runs.runs[len(latest) :])[:KEPT_RUNS]
        return runs.model_copy(update={"runs": kept, "lease": None if ours else runs.lease})

    await _edited(services, released)


async def _edited(services: Services, change: Callable[[Runs], Runs]) -> Runs:
    edited = await services.store.edit(Runs, RUNS_ID, lambda runs: change(runs or Runs()))
    return edited.found.document if edited.found else Runs()
