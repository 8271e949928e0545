"""Work on many documents at once, but not on too many."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from pydantic import ValidationError

from shared.errors import MtdError, StoreUnavailable
from sync_inventory.tally import Tally

CONCURRENCY = 16
"""Documents worked on side by side."""

T = TypeVar("T")


async def side_by_side(items: Iterable[T], work: Callable[[T], Awaitable[None]], tally: Tally) -> None:
    """Do `work` on every item. One that fails is told in `tally`, and the others go on.

    So it is with one whose stored document cannot be read: it stays as it is, and each run names it.

    Raises StoreUnavailable when the store is away: the rest would fail as well, and the next run does it.
    """
    waiting = iter(items)
    away: list[StoreUnavailable] = []

    async def worker() -> None:
        for item in waiting:
            try:
                await work(item)
            except StoreUnavailable as error:
                away.append(error)
            except ValidationError as error:
                tally.add("failed")
                tally.trouble(f"{_name(item)}: {unreadable(error)}")
            except MtdError as error:
                tally.add("failed")
                tally.trouble(str(error))
            if away:
                return

    results = await asyncio.gather(*(worker() for _ in range(CONCURRENCY)), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    if away:
        raise away[0]


def unreadable(error: ValidationError) -> str:
    """What cannot be read, in words that do not quote the document, as those of the error would."""
    return f"a stored {error.title} cannot be read ({error.error_count()} fields)"


def _name(item: object) -> str:
    return item if isinstance(item, str) else str(getattr(item, "id", "an item"))
