"""How long something takes, and letting time pass: what waits takes both from here."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """A clock that only goes forward, in seconds, and the sleep during which it does."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
