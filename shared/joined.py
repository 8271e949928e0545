"""Work that many ask for at once is done once, and all who wait share what comes of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(eq=False)
class _Attempt(Generic[T]):
    task: asyncio.Task[T]
    joinable: bool = True
    waiting: int = 0


class Joined(Generic[T]):
    """`work`, one attempt at a time: who asks while one is under way joins it, and shares its error too.

    Who asks after its end has it done anew. An attempt belongs to all who wait for it: one of them who is
    cancelled leaves it to the others, and it is cancelled with the last. One per event loop.
    """

    def __init__(self, work: Callable[[], Awaitable[T]]) -> None:
        self._work = work
        self._one_at_a_time = asyncio.Lock()
        self._latest: _Attempt[T] | None = None

    async def result(self) -> T:
        """What comes of the attempt under way, or of one that is begun now."""
        attempt = self._latest
        if attempt is None or not attempt.joinable or attempt.task.done():
            attempt = self._latest = _Attempt(asyncio.create_task(self._done()))
        attempt.waiting += 1
        try:
            await asyncio.wait({attempt.task})
        except asyncio.CancelledError:
            if attempt.waiting == 1:
                attempt.joinable = False
                attempt.task.cancel()
                await asyncio.gather(attempt.task, return_exceptions=True)
            raise
        finally:
            attempt.waiting -= 1
            if not attempt.waiting and self._latest is attempt and attempt.task.done():
                self._latest = None
        return attempt.task.result()

    def begin_anew(self) -> None:
        """Let nobody join the attempt under way any more: who asks from now on has the work begun later."""
        if self._latest is not None:
            self._latest.joinable = False

    async def _done(self) -> T:
        async with self._one_at_a_time:
            return await self._work()
