"""Counts within an hour of the clock, by one process. Pure."""

from collections import Counter
from collections.abc import Hashable
from datetime import datetime


class Hourly:
    """How often something happened within the hour that was asked about last."""

    def __init__(self) -> None:
        self._hour: datetime | None = None
        self._counts: Counter[Hashable] = Counter()

    def count(self, what: Hashable, now: datetime) -> int:
        """Count `what` once more; how often it has been within this hour."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour, self._counts = hour, Counter()
        self._counts[what] += 1
        return self._counts[what]
