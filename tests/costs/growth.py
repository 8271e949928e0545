"""How the cost of reading grows with what is read, in CPU time of this thread, so that others' work on the
machine counts for nothing."""

import gc
import math
import signal
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from ingest_threat import redaction
from ingest_threat.partners import _fields

T = TypeVar("T")

TIMES = 4
"""Each length measured is so many times the one before."""
MOST = 1.75
"""What one reading may cost of TIMES readings of a part each: 1 is linear, 2 grows with the square root of
the length besides, 4 is quadratic."""
FLOOR = 0.006
"""Seconds below which a cost says nothing of its growth."""
TRIES = 12
"""Comparisons before one is believed: others may slow a machine. In each, both sides take as long where all
is linear, so that what slows them meets the one as likely as the other."""
REMEMBERING = (redaction._judged, _fields._remembered_word)
"""What remembers keys and words: were they not forgotten, what fits would seem to cost nothing, and what does
not to grow."""
PATIENCE = 3.0
"""CPU seconds after which a reading is broken off: it costs more than any growth explains."""


class _TooLong(BaseException):
    """No error of the reader's: nothing may take it for one."""


class Growth(NamedTuple):
    """A length that costs more than all its parts; the seconds of both."""

    length: int
    parts: float
    longer: float


def growth(
    read: Callable[[T], object], made: Callable[[int], T], lengths: Sequence[int], *, floor: float = FLOOR
) -> Growth | None:
    """How the cost of `read` grows at the first of `lengths`, each TIMES the one before, at which it is more
    than `floor` for what `made` makes; None where that is linear, or there is no such length.
    """
    for length in lengths:
        longer = seconds(read, made(length))
        if longer == math.inf:
            return Growth(length, math.nan, longer)
        if longer > floor:
            break
    else:
        return None
    content, part = made(length), made(length // TIMES)
    for _ in range(TRIES):
        parts = sum(seconds(read, part) for _ in range(TIMES))
        if longer <= MOST * parts:
            return None
        longer = seconds(read, content)
    return Growth(length, parts, longer)


def seconds(read: Callable[[T], object], content: T) -> float:
    """CPU seconds of one reading, of which nothing is remembered, without those of the garbage collector;
    infinite beyond PATIENCE."""
    for remembering in REMEMBERING:
        remembering.cache_clear()
    collecting = gc.isenabled()
    before = signal.signal(signal.SIGVTALRM, _break_off)
    gc.disable()
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
        start = time.thread_time()
        read(content)
        return time.thread_time() - start
    except _TooLong:
        return math.inf
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
        if collecting:
            gc.enable()


def _break_off(*_: object) -> None:
    raise _TooLong
