"""The links: which device an Intune id, an Entra id or a serial number names."""

from typing import NamedTuple

from shared.cosmos import LINKS, Store
from shared.domain.model import Link
from shared.errors import AlreadyStored
from sync_inventory.scratch import Scratch
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tally import Tally

OURS = "sync"
"""The `why` of a link the sync may write over; any other, or one that says who, is an admin's and stands."""

_TABLE = """
DROP TABLE IF EXISTS link;
CREATE TABLE link (id TEXT PRIMARY KEY, device TEXT, ambiguous INTEGER, ours INTEGER) WITHOUT ROWID;
"""
_CHANGED = """
DROP TABLE IF EXISTS wanted;
CREATE TABLE wanted AS
    SELECT key AS id, CASE COUNT(*) WHEN 1 THEN MIN(id) END AS device, COUNT(*) > 1 AS ambiguous
    FROM name GROUP BY key;
CREATE UNIQUE INDEX wanted_id ON wanted (id);
DROP TABLE IF EXISTS changed;
CREATE TABLE changed AS
    SELECT w.id, w.device, w.ambiguous, l.id IS NULL AS is_new FROM wanted w LEFT JOIN link l ON l.id = w.id
    WHERE l.id IS NULL OR (l.ours AND (l.device IS NOT w.device OR l.ambiguous <> w.ambiguous))
    UNION ALL
    SELECT l.id, NULL, 0, 0 FROM link l
    WHERE l.ours AND l.device IN (SELECT id FROM device) AND l.id NOT IN (SELECT id FROM wanted);
"""


class _Change(NamedTuple):
    """A link that is to say something else, as SQL gives it."""

    id: str
    device: str | None
    ambiguous: int
    is_new: int

    @property
    def link(self) -> Link:
        return Link(id=self.id, device=self.device, ambiguous=bool(self.ambiguous), why=OURS)


class Links:
    """The links of one run: listed once, then known without reading."""

    def __init__(self, store: Store, scratch: Scratch) -> None:
        self._store = store
        self._scratch = scratch
        self._listed = False

    async def find(self, key: str) -> Link | None:
        """The link `key`: from the listing of this run, or, where there was none, from the store."""
        if not self._listed:
            found = await self._store.read(Link, key)
            return found.document if found else None
        row = self._scratch.one("SELECT device, ambiguous FROM link WHERE id = ?", key)
        return Link(id=key, device=row[0], ambiguous=bool(row[1])) if row else None

    async def bring_in_line(self, tally: Tally) -> None:
        """Make the links say what the sweep found; only those that say something else are written.

        A key that names two devices is ambiguous, until it names one again: a device that is merely missing
        from the sweep is still among those its serial number names. A link of ours to a device of the sweep
        that no longer bears that id is emptied; links to devices the sweep did not hold stay.
        """
        self._listed = False
        self._scratch.script(_TABLE)
        async for link in self._store.rows(Link, Link.container, LINKS):
            self._know(link)
        self._listed = True
        self._scratch.script(_CHANGED)
        tally.add("links_ambiguous", self._scratch.count("SELECT COUNT(*) FROM wanted WHERE ambiguous"))

        async def write(change: _Change) -> None:
            self._know(await self._written(change, tally))

        rows = self._scratch.rows("SELECT * FROM changed")
        await side_by_side((_Change(*row) for row in rows), write, tally)

    def _know(self, link: Link) -> None:
        self._scratch.write(
            "INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?)",
            link.id,
            link.device,
            link.ambiguous,
            _is_ours(link),
        )

    async def _written(self, change: _Change, tally: Tally) -> Link:
        """Store a link unless an admin's stands there by now; the link that stands after it."""
        link = change.link
        if change.is_new:
            try:
                await self._store.create(link)
            except AlreadyStored:
                pass
            else:
                tally.add("links_written")
                return link

        def wanted(stored: Link | None) -> Link | None:
            return link if stored is None or _is_ours(stored) else None

        edited = await self._store.edit(Link, link.id, wanted)
        tally.add("links_written", int(edited.written))
        return edited.found.document if edited.found else link


def _is_ours(link: Link) -> bool:
    """Whether the sync may write over it."""
    return link.why == OURS and link.who is None
