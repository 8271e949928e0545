"""The trigger of this room: a timer, by the schedule the setting SYNC_SCHEDULE gives."""

import azure.functions as func

from shared.services import services
from sync_inventory.run import sync

bp = func.Blueprint()  # type: ignore[no-untyped-call]


@bp.function_name("sync_inventory")
@bp.timer_trigger(arg_name="timer", schedule="%SYNC_SCHEDULE%", run_on_startup=False, use_monitor=True)
async def sync_inventory(timer: func.TimerRequest) -> None:
    """Mirror Intune, link, decide what is due, and put drifted tags right."""
    await sync(services())
