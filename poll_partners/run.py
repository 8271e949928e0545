"""One run of the timer: every source that is set, side by side, each by itself."""

from functools import partial

from poll_partners.found import sources
from poll_partners.listed import read_roster
from poll_partners.reading import poll
from poll_partners.source import Roster
from shared.bounded import bounded_gather
from shared.error_words import error_words, is_foreseen
from shared.log import LogEvent, log_event, place
from shared.services import Services


async def poll_all(services: Services) -> None:
    """Poll every source. One that is slow or fails delays no other; raises, once all are done, the first
    error that nobody expects."""
    await bounded_gather(partial(_one, services), sources(), limit=len(sources()))


async def _one(services: Services, name: str) -> None:
    try:
        source = sources()[name]
        forgotten = source.forgotten(services.settings.polling.get(source.partner))
        if forgotten:
            why = f"its key is set, and not {', '.join(forgotten)}"
            log_event(LogEvent.POLL_FAILED, source=name, why=why)
        elif isinstance(source, Roster):
            await read_roster(services, name, source)
        else:
            await poll(services, name, source)
    except Exception as error:
        if not is_foreseen(error):
            log_event(LogEvent.UNEXPECTED, where=f"poll {name}", what=place(error))
            raise
        log_event(LogEvent.POLL_FAILED, source=name, why=error_words(error))
