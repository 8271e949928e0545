"""What is measured at growing sizes, and in which order."""

import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import aiohttp

from benchmarks.large_tenant import stand_ins
from benchmarks.processes import answer_of, operations, server, settings

APPS = 60
"""Apps of each device, as in the table of `make bench`."""


class Spent(NamedTuple):
    """What a size came to."""

    cpu: float
    """Seconds, of the process that does the work alone."""
    peak_bytes: int
    calls: int


@dataclass(frozen=True)
class Series:
    """One thing at several sizes."""

    what: str
    spent: Callable[[int], Awaitable[Spent]]
    sizes: tuple[int, ...]
    later: tuple[int, ...] = ()
    """Those that are measured once every series has all its `sizes`."""
    calls: str = ""
    """Of what, behind their number."""
    is_each: bool = False
    """Whether calls are counted for one, not for all."""


async def _reported(size: int) -> Spent:
    answer = await answer_of(sys.executable, "-m", "benchmarks.reporting", str(size), environment={})
    return Spent(answer["cpu"], answer["peak_bytes"], answer["calls"])


async def _stored(size: int) -> Spent:
    command = (sys.executable, "-m", "benchmarks.ingesting", "app", str(size))
    with tempfile.TemporaryDirectory(prefix="mtd-bench-") as folder:
        async with server("cosmos", folder) as (cosmos, counts), aiohttp.ClientSession() as http:
            await operations(http, counts)
            answer = await answer_of(*command, environment=settings(cosmos))
            asked = sum(number for _, _, number in await operations(http, counts))
    return Spent(answer["cpu"], answer["peak_bytes"], asked)


async def _synced(apps: Callable[[], int], size: int) -> Spent:
    async with stand_ins() as there:
        await there.seed(size, apps())
        run = await there.sync()
    seen = (run.writes, run.count("unchanged", "devices"), run.count("rows"))
    if seen != (0, size, size * apps()):
        raise RuntimeError(f"not a run that finds nothing changed: {seen} of {size} devices")
    return Spent(run.cpu, run.peak_bytes, run.calls)


SERIES = (
    Series(
        "reports, read and evaluated without a store",
        _reported,
        (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000),
        calls="of functions for one more",
        is_each=True,
    ),
    Series(
        "devices of a sync that finds nothing changed, with the apps of each",
        partial(_synced, lambda: APPS),
        (1_000, 3_000, 10_000, 30_000, 100_000, 250_000),
        calls="to Graph",
    ),
    Series(
        "devices of such a sync without apps",
        partial(_synced, lambda: 0),
        (),
        (10_000, 100_000, 1_000_000),
        calls="to Graph",
    ),
    Series(
        "reports, taken in and stored",
        _stored,
        (1_000, 3_000, 10_000, 30_000),
        (100_000, 300_000, 1_000_000),
        calls="of the store",
    ),
)


def steps(most: int | None = None) -> Iterator[tuple[Series, int]]:
    """Every size, or those up to `most`: the small ones first, of each series in turn."""
    for are_later in (False, True):
        found = [
            (size, place)
            for place, series in enumerate(SERIES)
            for size in (series.later if are_later else series.sizes)
        ]
        yield from ((SERIES[place], size) for size, place in sorted(found) if most is None or size <= most)
