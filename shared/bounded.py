"""Work on many things side by side, but not on too many."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sized
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def bounded_gather(
    work: Callable[[T], Awaitable[R]],
    items: Iterable[T],
    *,
    limit: int,
    ends_at: tuple[type[Exception], ...] = (),
) -> list[R]:
    """What `work` makes of each of `items`, in their order; at most `limit` at a time.

    Items are taken as they are needed, so they may come from a cursor. One that fails keeps no other from
    being worked on, unless its error is one of `ends_at`: then no further one is begun. The error of the
    first that failed is raised once all that was begun is done; so is one of `items` itself.
    """
    waiting = enumerate(items)
    results: dict[int, R] = {}
    errors: dict[int, Exception] = {}
    over = False

    async def worker() -> None:
        nonlocal over
        for place, item in waiting:
            try:
                results[place] = await work(item)
            except Exception as error:  # noqa: BLE001 - kept until all that was begun is done, then raised
                errors[place] = error
                over = over or isinstance(error, ends_at)
            if over:
                return

    workers = min(limit, len(items)) if isinstance(items, Sized) else limit
    ended: list[BaseException | None] = []
    if workers == 1:
        await worker()  # what most messages come to: no task is made for it
    else:
        ended = await asyncio.gather(*(worker() for _ in range(workers)), return_exceptions=True)
    for error in (*(errors[place] for place in sorted(errors)), *filter(None, ended)):
        raise error
    return [results[place] for place in sorted(results)]
