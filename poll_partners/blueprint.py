"""The trigger of this room: a timer, by the schedule that POLL_SCHEDULE gives.

It is there only where a partner is polled: every timer is a group of instances of its own.
"""

import azure.functions as func

from poll_partners.start import check
from shared.resolve import run
from shared.settings import current

POLL = "poll_partners.run:poll_all"

bp = func.Blueprint()  # type: ignore[no-untyped-call]


async def poll_partners(timer: func.TimerRequest) -> None:
    """Fetch from the partners that cannot call back, and take in what they have."""
    await run(POLL)


if current().polling:
    check(current())
    timed = bp.timer_trigger(
        arg_name="timer", schedule="%POLL_SCHEDULE%", run_on_startup=False, use_monitor=True
    )
    bp.function_name("poll_partners")(timed(poll_partners))
