"""Counts within a span of the clock, such as its hour or its minute, by one process. Pure."""

from collections import Counter
from collections.abc import Hashable
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class SpanCounts:
    """How often something happened within the span that was asked about last; spans begin where the clock's
    do, in UTC."""

    def __init__(self, span: timedelta) -> None:
        self._span = span.total_seconds()
        self._number: int | None = None
        self._counts: Counter[Hashable] = Counter()

    def count(self, what: Hashable, now: datetime, by: int = 1) -> int:
        """Count `what` so many times more; how often it has been within this span. `now` is aware."""
        self._turn(now)
        self._counts[what] += by
        return self._counts[what]

    def so_far(self, what: Hashable, now: datetime) -> int:
        """How often `what` has been within this span."""
        self._turn(now)
        return self._counts[what]

    def left(self, now: datetime) -> float:
        """Seconds until the next span begins."""
        return self._span - now.timestamp() % self._span

    def _turn(self, now: datetime) -> None:
        number = int(now.timestamp() // self._span)
        if number != self._number:
            self._number, self._counts = number, Counter()
