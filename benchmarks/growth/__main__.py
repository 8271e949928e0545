"""python -m benchmarks.growth: how cost grows up to 1,000,000 reports and 250,000 devices, measured here.

Small sizes come first, of each series in turn, and what is known is written at once: the part of
docs/performance.md on growth, and its plots. For what is not reached in time the page says so. `--most`
measures the sizes up to one, and writes nothing.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence

import aiohttp

from benchmarks.growth import part
from benchmarks.growth.point import Point
from benchmarks.growth.series import steps
from benchmarks.one_by_one import STOPPED, console, ended, one_by_one

NOT_REACHED = "not reached in the time it was given"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 unless something failed, also where not all was reached; 130 where it was stopped."""
    ask = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    ask.add_argument("--minutes", type=float, default=110, help="the longest it may take")
    ask.add_argument("--most", type=int, help="the largest size")
    given = ask.parse_args(arguments)
    shown = console()
    todo = {f"{size:,} {series.what}": (series, size) for series, size in steps(given.most)}
    points = {name: Point(series.what, size, note=NOT_REACHED) for name, (series, size) in todo.items()}

    async def measured(name: str, ends: float) -> AsyncIterator[Point]:
        series, size = todo[name]
        point = points[name]
        try:
            if asyncio.get_running_loop().time() < ends:
                async with asyncio.timeout_at(ends):
                    point = Point.of(series.what, size, *await series.spent(size))
        except TimeoutError:
            pass
        except (RuntimeError, OSError, aiohttp.ClientError, ExceptionGroup) as error:
            why = " ".join(str(error).split()).replace("|", "/")
            point = Point(series.what, size, note=f"failed: {why[-200:]}")
        points[name] = point
        if not given.most:
            part.write(list(points.values()))
        yield point

    async def all_of_it() -> list[Point]:
        return [each async for each in one_by_one(shown, list(todo), given.minutes * 60, measured, part.line)]

    found = ended(all_of_it())
    for row in part.rows(list(points.values())):
        shown.print(row.marked(), markup=False)
    if found is None:
        shown.print("stopped: what is known until now is all that is written")
        return STOPPED
    return 1 if any(each.note.startswith("failed") for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
