"""One run at a time: who has the turn is written in the record of runs, and for how long.

The host's own lock keeps two timers apart, but not a run that an admin starts by hand, and not a host that
died in the middle. A turn is kept as long as its run lives, and is free half a minute after it was kept last.
"""

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta

from shared.errors import AlreadyStored, Conflict, StoreUnavailable
from shared.events import Event, tell
from shared.runs import Run, Runs, Turn
from shared.services import Services

KEPT_RUNS = 50
LASTS = timedelta(seconds=30)
KEEP_EVERY_SECONDS = 10.0
ATTEMPTS = 5


async def take_turn(services: Services) -> str | None:
    """The name of a turn that is ours now; None while another run has it."""
    owner = uuid.uuid4().hex

    def taken(runs: Runs) -> Runs:
        if runs.turn is not None and runs.turn.until > services.now():
            return runs
        return runs.model_copy(update={"turn": Turn(owner=owner, until=services.now() + LASTS)})

    after = await _written(services, taken)
    if after.turn is None or after.turn.owner != owner:
        tell(Event.SYNC_SKIPPED, until=after.turn and after.turn.until)
        return None
    return owner


async def keep_turn(services: Services, owner: str) -> None:
    """Keep a turn for as long as this runs; ends only where another run has taken it."""

    def kept(runs: Runs) -> Runs:
        if runs.turn is None or runs.turn.owner != owner:
            return runs
        return runs.model_copy(update={"turn": Turn(owner=owner, until=services.now() + LASTS)})

    while True:
        await asyncio.sleep(KEEP_EVERY_SECONDS)
        try:
            after = await _written(services, kept)
        except (StoreUnavailable, Conflict):
            continue  # the next try may come in time
        if after.turn is None or after.turn.owner != owner:
            tell(Event.SYNC_OVERTAKEN, by=after.turn and after.turn.owner)
            return


async def end_turn(services: Services, owner: str, run: Run) -> None:
    """Record a run, and give its turn back."""

    def ended(runs: Runs) -> Runs:
        ours = runs.turn is not None and runs.turn.owner == owner
        latest = (run, *runs.runs)[:KEPT_RUNS]
        return runs.model_copy(update={"runs": latest, "turn": None if ours else runs.turn})

    await _written(services, ended)


async def _written(services: Services, edit: Callable[[Runs], Runs]) -> Runs:
    for _ in range(ATTEMPTS):
        found = await services.store.read(Runs, "run:sync")
        before = found.document if found else Runs()
        after = edit(before)
        if after == before:
            return after
        try:
            if found is None:
                await services.store.create(after)
            else:
                await services.store.replace(after, found.etag)
        except (AlreadyStored, Conflict):
            continue
        return after
    raise Conflict("the record of sync runs is written by too many at once")
