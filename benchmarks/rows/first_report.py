"""A cold process to its first answered report, out of the package as it is uploaded."""

import asyncio
import pathlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from itertools import count
from statistics import median

from benchmarks.first_report import APP, BARE, FLOOR, NAIVE, cpu_of_first
from benchmarks.one_report import MESSAGE, Signed
from benchmarks.processes import server, settings
from benchmarks.row import Row, figures
from infra import package
from infra.pythons import python_of

BOUND = 300.0
ROUNDS = 7
MOST_OF_FLOOR = 3.5
WHAT = "a cold process to its first answered report, CPU"


async def rows() -> AsyncIterator[Row]:
    python = python_of(package.PYTHON)
    if python is None:
        yield Row(WHAT, None, most=MOST_OF_FLOOR, note=f"no Python {package.PYTHON} is here")
        return
    async with AsyncExitStack() as exits:
        folder = pathlib.Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="mtd-bench-")))
        cosmos, _ = await exits.enter_async_context(server("cosmos", str(folder / "store")))
        sizes = await asyncio.to_thread(package.build, folder / "package")
        environment, numbers = settings(cosmos), count()

        async def spent(work: str) -> float:
            content = {**MESSAGE, "id": f"event-{next(numbers)}"}
            message = Signed.of("lookout", content, datetime.now(UTC))
            signed = dict(message.headers), message.body
            return await cpu_of_first(python, folder / "package", work, signed, environment)

        took = {work: [await spent(work) for _ in range(ROUNDS)] for work in (APP, FLOOR, BARE, NAIVE)}
        await asyncio.to_thread(_without_bytecode, folder / "package")
        uncompiled = [await spent(APP) for _ in range(3)]
    app = median(took.pop(APP))
    size = sizes.compiled or sizes.pruned
    yield Row(WHAT, app * 1e3, " ms", note=f"a package of {size.bytes / 1e6:.0f} MB, unpacked")
    for against, each in (
        ("HMAC and one model, nothing stored", took[FLOOR]),
        ("the same and one document stored", took[BARE]),
        ("that with every SDK at its top", took[NAIVE]),
        ("the package without bytecode", uncompiled),
    ):
        most = MOST_OF_FLOOR if each is took[FLOOR] else None
        note = f"against {against}, {figures(median(each) * 1e3)} ms"
        yield Row(WHAT, app / median(each), " times", most, note=note)


def _without_bytecode(folder: pathlib.Path) -> None:
    for path in folder.rglob("*.pyc"):
        path.unlink()
