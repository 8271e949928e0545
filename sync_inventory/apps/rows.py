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
from shared.domain.record import MAX_TEXT
from sync_inventory.apps.mobile_apps import MobileApps
from sync_inventory.apps.report import report_rows
from sync_inventory.scratch import ROWS, Scratch

MAX_APPS = 5_000
"""Apps of one device that are looked at: more would not fit into a document."""
REMEMBERED_APPS = 10_000
"""Apps, and numbers of apps, kept in memory."""
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
_NUMBER = "SELECT rowid FROM app WHERE name = ? AND version = ? AND short = ?"
_APP = "SELECT name, version, short FROM app WHERE rowid = ?"
_HAS = "INSERT INTO has SELECT rowid, ? FROM opted WHERE intune = ?"
_BY_DEVICE = """
SELECT o.id, o.intune_id, o.ownership,
    (SELECT group_concat(app) FROM (SELECT DISTINCT app FROM has WHERE device = o.rowid LIMIT ?))
    FROM opted o ORDER BY o.rowid
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
        report = report_rows(path)
        while page := list(itertools.islice(report, ROWS)):
            found = [row for row in page if row is not None]
            rows.update(rows=len(page), rows_unreadable=len(page) - len(found))
            has = [
                (number, intune_id.lower())
                for intune_id, platform, *app in found
                if _is_ios(platform) and (number := self._number(*app))
            ]
            self._scratch.write_many(_HAS, has)
        self._scratch.script("CREATE INDEX has_device ON has (device, app);")
        rows["rows_kept"] = self.kept
        rows["apps"] = self._scratch.count("SELECT COUNT(*) FROM app")
        return rows

    def by_device(self, apps: MobileApps, opt_ins: OptIns) -> Iterator[Collected]:
        """What may be collected of each device, also of those without a row."""

        @functools.lru_cache(maxsize=REMEMBERED_APPS)
        def joined(number: str, ownership: Ownership) -> AppRow:
            return apps.joined(self._app(number), ownership)

        for id_, intune_id, owner, numbers in self._scratch.rows(_BY_DEVICE, MAX_APPS):
            ownership = Ownership(owner)
            found = (joined(number, ownership) for number in (numbers or "").split(",") if number)
            yield Collected.of(id_, intune_id, ownership, opt_ins, found)

    def _numbered(self, name: str, version: str, short: str) -> int:
        """The number of an app by its cells of a report; 0 for one without a name."""
        app = _text(name), _text(version), _text(short)
        if not app[0]:
            return 0
        self._scratch.write("INSERT OR IGNORE INTO app VALUES (?, ?, ?)", *app)
        return self._scratch.count(_NUMBER, *app)

    def _app(self, number: str) -> AppRow:
        name, version, short = self._scratch.one(_APP, int(number)) or ("", "", "")
        return AppRow(name, version or None, short or None)


@functools.lru_cache(maxsize=100)
def _is_ios(platform: str) -> bool:
    """Asked for already, and asked again: Intune is known to ignore filters."""
    return platform.strip().lower() in PLATFORMS


def _text(cell: str) -> str:
    return cell.strip()[:MAX_TEXT]
