"""The rows of Intune's report on scratch paper, put in order by device. They come in none, by the million.

Apps are numbered, and so are devices: a row is two numbers. Everything here blocks and is to be run in a
thread; no two threads at a time.
"""

import functools
import itertools
import pathlib
from collections import Counter
from collections.abc import Iterator

from shared.domain.app_sync import OptIns
from shared.domain.inventory import AppRow, Collected
from shared.domain.model import Ownership
from sync_inventory.apps.mobile_apps import MobileApps
from sync_inventory.apps.report import ReportRow, report_rows
from sync_inventory.scratch import ROWS, Scratch

MAX_APPS = 5_000
"""Apps of one device that are looked at: more would not fit into a document."""
REMEMBERED_APPS = 10_000
"""Numbers of apps kept in memory."""
PLATFORMS = frozenset({"ios", "ipados"})
"""How a row may spell the platform, in lower case."""

_TABLES = """
DROP TABLE IF EXISTS opted;
CREATE TABLE opted AS SELECT id, intune, json_extract(facts, '$.intune_id') AS intune_id,
    json_extract(facts, '$.ownership') AS ownership
    FROM device WHERE json_extract(facts, '$.platform') = 'ios';
CREATE UNIQUE INDEX opted_intune ON opted (intune);
DROP TABLE IF EXISTS app;
CREATE TABLE app (name TEXT, version TEXT, short TEXT, UNIQUE (name, version, short));
DROP TABLE IF EXISTS has;
CREATE TABLE has (device INTEGER, app INTEGER);
"""
_APP = "SELECT rowid FROM app WHERE name = ? AND version = ? AND short = ?"
_HAS = "INSERT INTO has SELECT rowid, ? FROM opted WHERE intune = ?"
_BY_DEVICE = """
SELECT o.rowid, o.id, o.intune_id, o.ownership, a.name, a.version, a.short FROM opted o
    LEFT JOIN has h ON h.device = o.rowid LEFT JOIN app a ON a.rowid = h.app ORDER BY o.rowid
"""


class AppRows:
    """The rows of one report, of the iOS devices of this run's sweep."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._number = functools.lru_cache(maxsize=REMEMBERED_APPS)(self._numbered)
        scratch.script(_TABLES)

    @property
    def devices(self) -> int:
        """How many devices rows are kept of."""
        return self._scratch.count("SELECT COUNT(*) FROM opted")

    @property
    def kept(self) -> int:
        """How many rows were kept."""
        return self._scratch.count("SELECT COUNT(*) FROM has")

    def take(self, path: pathlib.Path) -> Counter[str]:
        """Read the report at `path`; how many rows it had, and how many were kept. Raises GraphRefused."""
        rows: Counter[str] = Counter()
        named = (row for row in _readable(report_rows(path), rows) if _of_ios(row) and row.name)
        while page := list(itertools.islice(named, ROWS)):
            self._scratch.write_many(_HAS, [(self._number_of(row), row.intune_id.lower()) for row in page])
        self._scratch.script("CREATE INDEX has_device ON has (device, app);")
        rows["rows_kept"] = self.kept
        rows["apps"] = self._scratch.count("SELECT COUNT(*) FROM app")
        return rows

    def by_device(self, apps: MobileApps, opt_ins: OptIns) -> Iterator[Collected]:
        """What may be collected of each device, also of those without a row."""
        for (_, id_, intune_id, owner), group in itertools.groupby(
            self._scratch.rows(_BY_DEVICE), key=lambda row: row[:4]
        ):
            ownership = Ownership(owner)
            found = (AppRow(*(text or None for text in row[4:])) for row in group if row[4] is not None)
            joined = (apps.joined(row, ownership) for row in itertools.islice(found, MAX_APPS))
            yield Collected.of(id_, intune_id, ownership, opt_ins, joined)

    def _number_of(self, row: ReportRow) -> int:
        return self._number(row.name or "", row.version or "", row.short_version or "")

    def _numbered(self, *app: str) -> int:
        self._scratch.write("INSERT OR IGNORE INTO app VALUES (?, ?, ?)", *app)
        return self._scratch.count(_APP, *app)


def _of_ios(row: ReportRow) -> bool:
    """Asked for already, and asked again: Intune is known to ignore filters."""
    return row.platform.strip().lower() in PLATFORMS


def _readable(report: Iterator[ReportRow | None], rows: Counter[str]) -> Iterator[ReportRow]:
    """The rows of a report, counted; those with more or fewer cells than columns are counted apart."""
    for row in report:
        rows["rows"] += 1
        if row is None:
            rows["rows_unreadable"] += 1
        else:
            yield row
