"""The four risk levels and their order."""

from collections.abc import Iterable
from enum import StrEnum


class Level(StrEnum):
    """Risk of a threat, an agent or a device, and the most a rule allows.

    Intune's Mobile Threat Defense levels: secured 0 < low 1 < medium 2 < high 3.
    """

    SECURED = "secured"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for secured to 3 for high: the only order levels are compared by."""
        return _RANK[self]


_RANK = {level: rank for rank, level in enumerate(Level)}


def highest(levels: Iterable[Level]) -> Level:
    """The gravest of `levels`; secured when there are none."""
    return max(levels, key=lambda level: level.rank, default=Level.SECURED)
