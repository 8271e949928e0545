"""python -m benchmarks: the table of docs/performance.md, measured on this machine.

Each row is printed as soon as it is known. The page is written where every row was measured; `--only`
measures some and writes nothing. What takes longer than its bound is stopped, and said not to be measured.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from importlib import import_module

from benchmarks.one_by_one import STOPPED, console, ended, one_by_one
from benchmarks.page import PAGE, with_table
from benchmarks.row import Row

ROWS = (
    *("indexing", "first_report", "one_report", "evaluation", "operations"),
    *("ingest", "blocking", "reading", "sync"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 where every row was measured, whether its goal is met or not."""
    ask = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    ask.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help=f"some of {', '.join(ROWS)}")
    ask.add_argument("--minutes", type=float, default=20, help="the longest it may take")
    given = ask.parse_args(arguments)
    shown = console()

    async def measured() -> list[Row]:
        names, seconds = given.only or ROWS, given.minutes * 60
        return [row async for row in one_by_one(shown, names, seconds, _bounded, Row.marked)]

    rows = ended(measured())
    if rows is None:
        shown.print("stopped: nothing is written")
        return STOPPED
    missing = [row for row in rows if row.measured is None]
    if not given.only and not missing:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")
        shown.print(f"docs/{PAGE.name} is written")
    return 1 if missing else 0


async def _bounded(name: str, ends: float) -> AsyncIterator[Row]:
    module = import_module(f"benchmarks.rows.{name}")
    until = min(ends, asyncio.get_running_loop().time() + module.BOUND)
    try:
        async with asyncio.timeout_at(until):
            async for row in module.rows():
                yield row
    except TimeoutError:
        yield Row(name, None, note="this machine is too slow for it")


if __name__ == "__main__":
    sys.exit(main())
