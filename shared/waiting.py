"""How long something takes, what time it is, and letting time pass: what waits takes all of it from here."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Waiting:
    """A clock that only goes forward, in seconds, the sleep during which it does, and the time of day."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], datetime] = utc_now
    """The time, aware, in UTC, with which dates of others are compared."""
