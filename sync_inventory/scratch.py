"""A sync's scratch paper: one temporary SQLite file a run, so that memory stays flat however large the
tenant.

What is compared and grouped here (Intune's records, links, members of groups, rows of the app export) comes
in no order and may be millions of rows. Nothing in it is needed once the run is over.
"""

import asyncio
import pathlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

CACHE_KIB = 8_192
ROWS = 1_000
"""Rows written or fetched at a time."""

Row = tuple[Any, ...]
T = TypeVar("T")


class Scratch:
    """Open from `with` to its end; the file is gone after it.

    All that is written lies in a transaction that nobody waits for: to end one after each row takes four
    times as long as the row.
    """

    def __enter__(self) -> Self:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mtd-sync-"))
        path = self.folder / "scratch.sqlite"
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        self._db.execute("PRAGMA temp_store=FILE")
        self._db.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def size(self) -> int:
        """Bytes of what is on it now."""
        return self.count("PRAGMA page_count") * self.count("PRAGMA page_size")

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do long work on the paper in a thread, one at a time: nothing else may use it meanwhile.

        Who is cancelled while waiting, however often, waits for its end all the same: the file is not taken
        from under it.
        """
        doing = asyncio.ensure_future(asyncio.to_thread(work))
        cancelled: asyncio.CancelledError | None = None
        while not doing.done():
            try:
                await asyncio.wait({doing})
            except asyncio.CancelledError as cancellation:
                cancelled = cancellation
        if cancelled is not None:
            raise cancelled from doing.exception()
        return doing.result()

    def has(self, table: str) -> bool:
        """Whether there is a table of that name."""
        return self.count("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?", table) > 0

    def script(self, sql: str) -> None:
        """Run statements that give no rows."""
        self._db.executescript(sql)  # it ends what was begun
        self._db.execute("BEGIN")

    def write(self, sql: str, *values: Any) -> None:
        """Write one row."""
        self._db.execute(sql, values)

    def write_many(self, sql: str, rows: Iterable[Row]) -> None:
        """Write many rows."""
        self._db.executemany(sql, rows)

    def one(self, sql: str, *values: Any) -> Row | None:
        """The first row, if there is one."""
        found: Row | None = self._db.execute(sql, values).fetchone()
        return found

    def count(self, sql: str, *values: Any) -> int:
        """The number a counting text gives."""
        found = self.one(sql, *values)
        return int(found[0]) if found else 0

    def rows(self, sql: str, *values: Any) -> Iterator[Row]:
        """Rows, read as they are asked for: nothing may write to their tables meanwhile."""
        cursor = self._db.execute(sql, values)
        while batch := cursor.fetchmany(ROWS):
            yield from batch
