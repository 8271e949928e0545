"""What is measured one after the other, with a bar that says where it is; a signal ends it, and takes
processes and files along."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

STOPPED = 130
"""What a command returns that a signal ended."""

T = TypeVar("T")


def console() -> Console:
    """Where it is shown."""
    return Console(highlight=False, soft_wrap=True)


def ended(work: Coroutine[Any, Any, T]) -> T | None:
    """What came of it; None where a signal ended it."""
    try:
        return asyncio.run(work)
    except asyncio.CancelledError:
        return None


async def one_by_one(
    where: Console,
    names: Sequence[str],
    seconds: float,
    measured: Callable[[str, float], AsyncIterator[T]],
    line: Callable[[T], str],
) -> AsyncIterator[T]:
    """What is measured for each name, printed as soon as it is known; `measured` is given the name, and when,
    by the loop's clock, all of it has to end."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, task.cancel)
    ends = loop.time() + seconds
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    # Its own thread of drawing would count as CPU of what is measured in this process.
    with Progress(*columns, console=where, auto_refresh=False) as progress:
        bar = progress.add_task("", total=len(names))
        for name in names:
            progress.update(bar, description=name, refresh=True)
            async for found in measured(name, ends):
                progress.console.print(line(found), markup=False)
                yield found
            progress.advance(bar)
        progress.update(bar, description="", refresh=True)
