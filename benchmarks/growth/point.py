"""What one size came to, as the page shows it, and how much more a larger one takes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression

from benchmarks.peak import MIB
from benchmarks.row import figures


@dataclass(frozen=True)
class Point:
    """A size of a series, with the figures that the page has of it: what is computed from them is computed
    from what can be read there."""

    series: str
    size: int
    cpu: float | None = None
    """Seconds; None where it was not measured, and `note` says why."""
    mib: float = 0
    calls: int = 0
    note: str = ""

    @classmethod
    def of(cls, series: str, size: int, cpu: float, peak_bytes: float, calls: int) -> "Point":
        """As measured."""
        return cls(series, size, read(figures(cpu)), read(figures(peak_bytes / MIB)), calls)


def read(text: str) -> float:
    """A number as `figures` writes it."""
    return float(text.replace(",", ""))


def fitted_to(sizes: Sequence[int]) -> Sequence[int]:
    """The larger half of the sizes, three at least: what nothing adds to weighs least there."""
    return sizes[max(0, min(len(sizes) // 2, len(sizes) - 3)) :]


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Of which power of the size the values are, by least squares over their logarithms: 1 is linear."""
    return linear_regression(list(map(math.log, sizes)), list(map(math.log, values))).slope
