"""The links: which device an Intune id, an Entra id or a serial number names."""

from collections.abc import Collection, Mapping

from shared.cosmos import LINKS, Store
from shared.errors import AlreadyStored, Conflict
from shared.model import Link
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tally import Tally

OURS = "sync"
"""The `why` of a link the sync may write over; any other, or one that says who, is an admin's and stands."""
ATTEMPTS = 5


class Links:
    """The links of one run: listed once, then known without reading."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Link] | None = None

    async def find(self, key: str) -> Link | None:
        """The link `key`: from the listing of this run, or, where there was none, from the store."""
        if self._known is not None:
            return self._known.get(key)
        found = await self._store.read(Link, key)
        return found.document if found else None

    async def bring_in_line(
        self, names: Mapping[str, Collection[str]], devices: Collection[str], tally: Tally
    ) -> None:
        """Make the links say what a sweep found; only those that say something else are written.

        `names` gives the devices each key names. A key that names two is ambiguous, until it names one again:
        a device that is merely missing from the sweep is still among those its serial number names.
        A link of ours to one of `devices` that no longer bears that id is emptied; links to devices the sweep
        did not hold stay.
        """
        rows = self._store.rows(Link, Link.container, LINKS)
        known = self._known = {link.id: link async for link in rows}
        wanted = [_link(key, named) for key, named in names.items()]
        stale = [Link(id=key) for key, link in known.items() if key not in names and link.device in devices]
        tally.add("links_ambiguous", sum(link.ambiguous for link in wanted))
        changed = [link for link in (*wanted, *stale) if _may_write(link, known.get(link.id))]

        async def write(link: Link) -> None:
            known[link.id] = await self._write(link, known.get(link.id), tally)

        await side_by_side(changed, write, tally)

    async def _write(self, link: Link, listed: Link | None, tally: Tally) -> Link:
        """Store `link` unless an admin's stands there by now; the link that stands after it."""
        new = listed is None
        for _ in range(ATTEMPTS):
            try:
                if new:
                    await self._store.create(link)
                else:
                    found = await self._store.read(Link, link.id)
                    if found and not _may_write(link, found.document):
                        return found.document
                    if found is None:
                        new = True
                        continue
                    await self._store.replace(link, found.etag)
            except (AlreadyStored, Conflict):
                new = False
                continue
            tally.add("links_written")
            return link
        raise Conflict(f"link {link.id} is written by too many at once")


def _link(key: str, named: Collection[str]) -> Link:
    if len(named) == 1:
        return Link(id=key, device=next(iter(named)), why=OURS)
    return Link(id=key, ambiguous=True, why=OURS)


def _may_write(link: Link, standing: Link | None) -> bool:
    return standing is None or (standing.why == OURS and standing.who is None and standing != link)
