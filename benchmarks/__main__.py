"""python -m benchmarks: the performance table of a sync of a large tenant."""

import argparse
import asyncio
import signal
import sys

from rich.console import Console
from rich.table import Table

from benchmarks.app_inventory import Measured, measure
from benchmarks.tenant import least_calls

MIB = 1024 * 1024
console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    ask = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    ask.add_argument("--devices", type=int, default=100_000)
    ask.add_argument("--apps", type=int, default=60, help="on each device")
    ask.add_argument("--minutes", type=float, default=90, help="the longest it may take")
    given = ask.parse_args()
    try:
        runs = asyncio.run(_bounded(given.devices, given.apps, given.minutes))
    except asyncio.CancelledError:
        console.print("stopped")
        return 130
    except TimeoutError:
        console.print(f"not done in {given.minutes:g} minutes: nothing is shown")
        return 1
    console.print(_table(runs, given.devices, given.apps))
    held = all(run.run.ok for run in runs)
    if not held:
        for run in runs:
            console.print([(step.step, step.error) for step in run.run.steps if step.error])
    return 0 if held else 1


async def _bounded(devices: int, apps: int, minutes: float) -> list[Measured]:
    """Bounded in time, and stopped by a signal: in both cases processes and files are taken along."""
    task = asyncio.current_task()
    assert task is not None
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, task.cancel)
    async with asyncio.timeout(60 * minutes):
        return await measure(devices, apps, lambda line: console.print(line, markup=False))


def _table(runs: list[Measured], devices: int, apps: int) -> Table:
    table = Table(title=f"sync of {devices:,} iPhones with {apps} apps each, opted in")
    table.add_column("")
    for name in ("first run", "second run"):
        table.add_column(name, justify="right")
    least = least_calls(devices)
    rows = {
        "peak memory of the sync": lambda run: f"{run.peak_bytes / MIB:.0f} MiB",
        "calls to Graph": lambda run: f"{run.calls:,}",
        "… over the least possible": lambda run: f"{100 * (run.calls - least) / least:.1f} % of {least:,}",
        "… refused": lambda run: f"{run.refused:,}",
        "documents written": lambda run: f"{run.writes:,}",
        "… and the sync's own records": lambda run: f"{run.own_writes:,}",
        "inventories written": lambda run: f"{run.count('written'):,}",
        "rows of the report": lambda run: f"{run.count('rows'):,}",
        "export, as fetched": lambda run: f"{run.count('zip_bytes') / MIB:.1f} MiB",
        "scratch file": lambda run: f"{run.count('scratch_bytes') / MIB:.1f} MiB",
        "time": lambda run: f"{run.run.seconds:,.1f} s",
    }
    for name, figure in rows.items():
        table.add_row(name, *map(figure, runs))
    for place, step in enumerate(runs[0].run.steps):
        times = (f"{run.run.steps[place].seconds:,.1f} s" for run in runs)
        table.add_row(f"… {step.step}", *times)
    return table


if __name__ == "__main__":
    sys.exit(main())
