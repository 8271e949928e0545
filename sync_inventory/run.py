"""One run of the sync: its steps in order, each failing alone, and the record that is left of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial

from pydantic import ValidationError

from shared.errors import GraphUnavailable, MtdError
from shared.events import Event, tell
from shared.runs import Run, StepRun
from shared.services import Services
from sync_inventory.agents import link_agents
from sync_inventory.apps import collect_apps, order_app_export
from sync_inventory.connectors import mirror_connectors
from sync_inventory.decisions import redecide
from sync_inventory.devices import mirror_devices
from sync_inventory.drift import repair_tags
from sync_inventory.figures import count_devices
from sync_inventory.gone import look_for_missing, purge_gone
from sync_inventory.groups import Groups
from sync_inventory.links import Links
from sync_inventory.rules import mirror_rules
from sync_inventory.scratch import Scratch
from sync_inventory.side_by_side import unreadable
from sync_inventory.silence import listen
from sync_inventory.sweep import Sweep
from sync_inventory.tally import Tally
from sync_inventory.turns import end_turn, keep_turn, take_turn

WAITS = (1.0, 5.0)
"""Seconds before a step is tried again that Graph did not answer, where Graph itself asks for none."""
PATIENCE_SECONDS = 30.0
"""The longest a run waits for Graph at a time; asked for more, it leaves the step to the next run."""

Step = Callable[[Tally], Awaitable[None]]


async def sync(services: Services) -> Run | None:
    """Run every step and record what came of it; None where another run is under way.

    A step that fails leaves its part of the mirror as the last run had it; the steps after it go by that.
    Raises only where the record itself cannot be stored. Every step may be cut off anywhere: the next run
    finds what is done, and does the rest.
    """
    turn = await take_turn(services)
    if turn is None:
        return None
    work = asyncio.create_task(_all_steps(services))
    keeping = asyncio.create_task(keep_turn(services, turn))
    try:
        await asyncio.wait({work, keeping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (work, keeping):
            task.cancel()
        await asyncio.gather(work, keeping, return_exceptions=True)
    if work.cancelled():
        return None
    run = work.result()
    await end_turn(services, turn, run)
    failed = ",".join(step.step for step in run.steps if not step.ok)
    tell(Event.SYNC_FINISHED, ok=run.ok, seconds=run.seconds, failed=failed or "none")
    return run


async def _all_steps(services: Services) -> Run:
    started_at, clock = services.now(), time.monotonic()
    with Scratch() as scratch:
        steps = tuple([await _run(name, step) for name, step in _steps(services, scratch).items()])
    return Run(started_at=started_at, seconds=_since(clock), steps=steps)


def _steps(services: Services, scratch: Scratch) -> dict[str, Step]:
    groups, links = Groups(services, scratch), Links(services.store, scratch)

    async def silence(tally: Tally) -> None:
        services.mirror.forget()  # whatever of connectors and rules could be mirrored counts from here on
        await listen(services, tally)

    async def devices(tally: Tally) -> None:
        sweep = Sweep(scratch, groups)
        await mirror_devices(services, sweep, links, tally)
        await look_for_missing(services, sweep, tally)
        await purge_gone(services, tally)

    return {
        "connectors": partial(mirror_connectors, services),
        "rules": partial(mirror_rules, services, groups),
        "silence": silence,
        "app_export": partial(order_app_export, services),
        "devices": devices,
        "agents": partial(link_agents, services, links),
        "decisions": partial(redecide, services),
        "drift": partial(repair_tags, services, scratch),
        "figures": partial(count_devices, services),
        "apps": partial(collect_apps, services, scratch),
    }


async def _run(name: str, step: Step) -> StepRun:
    clock = time.monotonic()
    tally = Tally()
    error: str | None
    try:
        tally = await _patiently(step, tally)
        error = tally.error
    except ValidationError as wrong:
        error = unreadable(wrong)
    except MtdError as wrong:
        error = f"{type(wrong).__name__}: {wrong}"
    if error is not None:
        tell(Event.SYNC_STEP_FAILED, step=name, why=error)
    counts = {key: number for key, number in sorted(tally.counts.items()) if number}
    return StepRun(step=name, ok=error is None, seconds=_since(clock), counts=counts, error=error)


async def _patiently(step: Step, tally: Tally) -> Tally:
    """Do a step, and again from its start where Graph did not answer: any step may be repeated."""
    for wait in WAITS:
        try:
            await step(tally)
        except GraphUnavailable as error:
            wait = wait if error.retry_after is None else error.retry_after
            if wait > PATIENCE_SECONDS:
                raise
            await asyncio.sleep(wait)
            tally.counts.clear()
            tally.troubles.clear()
            continue
        return tally
    await step(tally)
    return tally


def _since(clock: float) -> float:
    return round(time.monotonic() - clock, 3)
