"""What the host does first in a cold process: it imports the app, to index it."""

from collections.abc import AsyncIterator
from functools import partial

from benchmarks.indexing import APP, FLOOR, indexed
from benchmarks.ratio import ratio
from benchmarks.row import Row

BOUND = 60.0
MOST = 1.5


def measured(rounds: int = 5) -> Row:
    """CPU of importing the app, against that of the libraries it cannot do without."""
    app, floor = (partial(_seconds, work) for work in (APP, FLOOR))
    note = "against azure.functions and pydantic with one model"
    return Row("indexing, CPU", ratio(app, floor, rounds), " times", MOST, note=note)


async def rows() -> AsyncIterator[Row]:
    yield measured(9)


def _seconds(work: str) -> float:
    return indexed(work).seconds
