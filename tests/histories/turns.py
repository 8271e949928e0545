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
    the first that came does. One that stands still waits until every other is through.
    """

    def __init__(self) -> None:
        self._order: deque[int] = deque()
        self._at_work: set[str] = set()
        self._stands_still: str | None = None
        self._after_writes = 0
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._busy = False
        self._picking: asyncio.Task[None] | None = None

    def begin(self, names: Sequence[str], order: Sequence[int], after_writes: int) -> None:
        """A step of some instances: their order, and after how many writes the first of them stands still
        (0: it does not)."""
        self._at_work = set(names)
        self._order = deque(order)
        self._stands_still = names[0] if after_writes else None
        self._after_writes = after_writes

    def through(self, name: str) -> None:
        """An instance has done what it had to."""
        self._at_work.discard(name)
        self._pick_soon()

    @asynccontextmanager
    async def turn(self, name: str, *, writes: bool) -> AsyncIterator[None]:
        """Wait for a turn of `name`'s, and have it."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((name, mine))
        self._pick_soon()
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._leave(name, writes)
            else:
                self._waiting = [each for each in self._waiting if each[1] is not mine]
            raise
        try:
            yield
        finally:
            self._leave(name, writes)

    def _leave(self, name: str, wrote: bool) -> None:
        self._busy = False
        self._after_writes -= wrote and name == self._stands_still
        self._pick_soon()

    def _pick_soon(self) -> None:
        if self._waiting and not self._busy and self._picking is None:
            self._picking = asyncio.ensure_future(self._pick())

    async def _pick(self) -> None:
        for _ in range(TICKS):
            await asyncio.sleep(0)
        self._picking = None
        if self._busy or not self._waiting:
            return
        names = sorted({name for name, _ in self._waiting} - self._still())
        if not names:
            return
        if len(names) > 1 and self._order:
            names = [names[self._order.popleft() % len(names)]]
        at = next(at for at, (name, _) in enumerate(self._waiting) if name in names)
        _, mine = self._waiting.pop(at)
        self._busy = True
        if not mine.done():
            mine.set_result(None)

    def _still(self) -> set[str]:
        """Who does not go on, though it waits."""
        if self._stands_still is None or self._after_writes > 0 or self._at_work <= {self._stands_still}:
            return set()
        return {self._stands_still}
