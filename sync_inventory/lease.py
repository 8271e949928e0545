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
MAX_RENEWAL_SECONDS = 5.0
"""How long one renewal may take: another is tried before the lease has run out."""


@dataclass(frozen=True)
class Acquired:
    """A lease that is ours."""

    owner: str
    before: Runs
    """The record as it was: with the lease of a run that was cut off, where there was one."""
    at: float
    """From when on it lasts, in the event loop's seconds: its writing may have taken long."""


async def acquire_lease(services: Services) -> Acquired | None:
    """The lease for one run; None while another run holds it."""
    loop = asyncio.get_running_loop()
    owner, before, at = uuid.uuid4().hex, Runs(), loop.time()

    def acquired(runs: Runs) -> Runs:
        nonlocal before, at
        if runs.lease is not None and runs.lease.until > services.now():
            return runs
        before, at = runs, loop.time()
        return runs.model_copy(update={"lease": Lease(owner=owner, until=services.now() + LASTS)})

    after = await _edited(services, acquired)
    if after.lease is None or after.lease.owner != owner:
        log_event(LogEvent.SYNC_SKIPPED, until=after.lease and after.lease.until)
        return None
    return Acquired(owner, before, at)


async def renew_lease(services: Services, acquired: Acquired) -> None:
    """Renew a lease for as long as this runs; ends where another run has acquired it, or may have.

    It may have once nothing was renewed for as long as a lease lasts. Raises a StoreError where the store
    refuses the record for good; one that is away or silent is asked again in that time.
    """
    renewed_at, owner = acquired.at, acquired.owner
    while True:
        try:
            async with asyncio.timeout_at(renewed_at + LASTS.total_seconds()):
                renewed_at, after = await _renewed(services, owner)
        except TimeoutError:
            why = f"the store renewed nothing for {LASTS.total_seconds():g} seconds"
            log_event(LogEvent.SYNC_OVERTAKEN, why=why)
            return
        if after.lease is None or after.lease.owner != owner:
            log_event(LogEvent.SYNC_OVERTAKEN, by=after.lease and after.lease.owner)
            return


async def _renewed(services: Services, owner: str) -> tuple[float, Runs]:
    """When the next renewal began that the store answers, in the loop's time, and the record after it."""

    def renewed(runs: Runs) -> Runs:
        if runs.lease is None or runs.lease.owner != owner:
            return runs
        return runs.model_copy(update={"lease": Lease(owner=owner, until=services.now() + LASTS)})

    while True:
        await asyncio.sleep(RENEW_EVERY_SECONDS)
        begun = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(MAX_RENEWAL_SECONDS):
                return begun, await _edited(services, renewed)
        except (StoreUnavailable, TimeoutError):
            continue  # the next try may come in time


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
