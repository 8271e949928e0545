"""python -m benchmarks: the table of docs/performance.md, measured on this machine.

Each row is printed as soon as it is known. The page is written where every row was measured; `--only`
measures some and writes nothing. What takes longer than its bound is stopped, and said not to be measured.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from importlib import import_module

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.page import PAGE, with_table
from benchmarks.row import Row

ROWS = (
    *("indexing", "first_report", "one_report", "evaluation", "operations", "ingest", "blocking", "reading", "sync"),
)
STOPPED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 where every row was measured, whether its goal is met or not."""
    ask = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    ask.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help=f"some of {', '.join(ROWS)}")
    ask.add_argument("--minutes", type=float, default=20, help="the longest it may take")
    given = ask.parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    try:
        rows = asyncio.run(_measured(console, given.only or ROWS, given.minutes * 60))
    except asyncio.CancelledError:
        console.print("stopped: nothing is written")
        return STOPPED
    missing = [row for row in rows if row.measured is None]
    if not given.only and not missing:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), rows), encoding="utf-8")
        console.print(f"docs/{PAGE.name} is written")
    return 1 if missing else 0


async def _measured(console: Console, names: Sequence[str], seconds: float) -> list[Row]:
    """Bounded in time, and stopped by a signal: in both cases processes and files are taken along."""
    task, rows = asyncio.current_task(), list[Row]()
    assert task is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    ends = asyncio.get_running_loop().time() + seconds
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    # Its own thread of drawing would count as CPU of what is measured in this process.
    with Progress(*columns, console=console, auto_refresh=False) as progress:
        bar = progress.add_task("", total=len(names))
        for each in names:
            progress.update(bar, description=each, refresh=True)
            async for row in _bounded(each, ends):
                rows.append(row)
                progress.console.print(f"{_mark(row)} {row}", markup=False)
            progress.advance(bar)
        progress.update(bar, description="", refresh=True)
    return rows


async def _bounded(name: str, ends: float) -> AsyncIterator[Row]:
    module = import_module(f"benchmarks.rows.{name}")
    until = min(ends, asyncio.get_running_loop().time() + module.BOUND)
    try:
        async with asyncio.timeout_at(until):
            async for row in module.rows():
                yield row
    except TimeoutError:
        yield Row(name, None, note="this machine is too slow for it")


def _mark(row: Row) -> str:
    if row.measured is None:
        return "----"
    if not row.goal:
        return "    "
    return "ok  " if row.holds else "MISS"


if __name__ == "__main__":
    sys.exit(main())
