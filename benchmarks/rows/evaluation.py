"""Pure evaluation: reports are folded into their agents, and devices decided, without a store."""

from collections.abc import AsyncIterator, Callable

from benchmarks.evaluating import evaluated
from benchmarks.one_report import threat
from benchmarks.ratio import cpu_of
from benchmarks.row import Row

BOUND = 60.0
LEAST = 12_000.0
AGENTS, REPORTS = 20, 5
"""A batch of the feed: so many agents, with so many reports each."""


async def rows() -> AsyncIterator[Row]:
    work = batch()
    work()
    each = cpu_of(work, 20) / (AGENTS * REPORTS)
    yield Row("reports evaluated without a store, by a core", 1 / each, " a second", least=LEAST)


def batch() -> Callable[[], object]:
    """Evaluate one batch."""
    reports = [threat(number) for number in range(REPORTS)]

    def work() -> None:
        for _ in range(AGENTS):
            evaluated(None, reports)

    return work
