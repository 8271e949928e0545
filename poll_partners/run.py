"""One run of the timer: every source that is set, side by side, each by itself."""

import asyncio

from pydantic import ValidationError

from poll_partners.found import sources
from poll_partners.listed import read_roster
from poll_partners.reading import poll
from poll_partners.source import Roster
from shared.domain.model import unreadable
from shared.errors import MtdError
from shared.log import LogEvent, log_event, place
from shared.services import Services


async def poll_all(services: Services) -> None:
    """Poll every source. One that is slow or fails delays no other; raises, once all are done, the first
    error that nobody expects."""
    names = list(sources())
    results = await asyncio.gather(*(_one(services, name) for name in names), return_exceptions=True)
    for name, result in zip(names, results, strict=True):
        if isinstance(result, BaseException):
            log_event(LogEvent.UNEXPECTED, where=f"poll {name}", what=place(result))
    for result in results:
        if isinstance(result, BaseException):
            raise result


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
    except ValidationError as error:
        why = unreadable(error)
        log_event(LogEvent.POLL_FAILED, source=name, why=why)
    except MtdError as error:
        log_event(LogEvent.POLL_FAILED, source=name, why=error)
