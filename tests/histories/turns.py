"""Who goes next: calls of several instances come one at a time, in an order that is drawn and not raced."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

TICKS = 4
"""Rounds of the loop after a call, in which whoever wants to call next says so."""


class Turns:
    """A gate through which one call goes at a time.

    Where calls of several instances wait, the next number of `order` says whose goes; without numbers left
    the first that came does.
    """

    def __init__(self) -> None:
        self._order: deque[int] = deque()
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._busy = False
        self._picking: asyncio.Task[None] | None = None

    def begin(self, order: Sequence[int]) -> None:
        """The order of a step."""
        self._order = deque(order)

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait for a turn of `name`'s, and have it."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((name, mine))
        if not self._busy and self._picking is None:
            self._picking = asyncio.ensure_future(self._pick())
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._leave()
            else:
                self._waiting = [each for each in self._waiting if each[1] is not mine]
            raise
        try:
            yield
        finally:
            self._leave()

    def _leave(self) -> None:
        self._busy = False
        if self._waiting and self._picking is None:
            self._picking = asyncio.ensure_future(self._pick())

    async def _pick(self) -> None:
        for _ in range(TICKS):
            await asyncio.sleep(0)
        self._picking = None
        if self._busy or not self._waiting:
            return
        names = sorted({name for name, _ in self._waiting})
        chosen = names[self._order.popleft() % len(names)] if len(names) > 1 and self._order else None
        at = next((i for i, (name, _) in enumerate(self._waiting) if chosen in (None, name)), 0)
        _, mine = self._waiting.pop(at)
        self._busy = True
        if not mine.done():
            mine.set_result(None)
