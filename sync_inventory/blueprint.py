"""The triggers of this room: two timers, by the schedules that SYNC_SCHEDULE and CANARY_SCHEDULE give.

The canary's is there only where CANARY_DEVICE is set: every timer is a group of instances of its own.
"""

import azure.functions as func

from shared.resolve import run
from shared.settings import current

SYNC = "sync_inventory.run:sync"
CANARY = "sync_inventory.canary:run_canary"

bp = func.Blueprint()  # type: ignore[no-untyped-call]


@bp.function_name("sync_inventory")
@bp.timer_trigger(arg_name="timer", schedule="%SYNC_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def sync_inventory(timer: func.TimerRequest) -> None:
    """Mirror Intune, link, decide what is due, and put drifted tags right."""
    await run(SYNC)


async def canary(timer: func.TimerRequest) -> None:
    """Send a report of the canary through the public door, and watch it be refused and let in again."""
    await run(CANARY)


if current().canary_device:
    daily = bp.timer_trigger(
        arg_name="timer", schedule="%CANARY_SCHEDULE%", run_on_startup=False, use_monitor=True
    )
    bp.function_name("canary")(daily(canary))
