"""The inventories in the store, listed on scratch paper: without their apps, which are many."""

from collections.abc import Iterator
from datetime import datetime

from pydantic import BaseModel, Field, TypeAdapter

from shared.cosmos import INVENTORIES, Store
from shared.domain.app_sync import OptIn, OptIns, narrowed
from shared.domain.inventory import Inventory, is_agents
from shared.domain.model import Ownership
from shared.domain.moment import Moment
from sync_inventory.apps.eligibility import Eligibilities
from sync_inventory.scratch import Scratch

_TABLES = """
DROP TABLE IF EXISTS stored;
CREATE TABLE stored (id TEXT PRIMARY KEY, digest TEXT, withdrawn TEXT) WITHOUT ROWID;
DROP TABLE IF EXISTS beyond;
CREATE TABLE beyond (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_WITHDRAWN = TypeAdapter(dict[str, Moment])


class StoredInventory(BaseModel):
    """One document of the container as it is listed; an agent's has a partner, a device's has the others."""

    id: str
    partner: str | None = None
    ownership: Ownership = Ownership.UNKNOWN
    partners: dict[str, OptIn] = Field(default_factory=dict)
    withdrawn: dict[str, Moment] = Field(default_factory=dict)
    digest: str = ""


class StoredInventories:
    """What the store holds, and which of it goes beyond what may be held."""

    def __init__(self, store: Store, scratch: Scratch) -> None:
        self._store = store
        self._scratch = scratch
        scratch.script(_TABLES)

    async def list_all(self, eligibilities: Eligibilities, opt_ins: OptIns) -> None:
        """Read the listing: nothing is known before."""
        self._scratch.script(_TABLES)
        async for row in self._store.rows(StoredInventory, Inventory.container, INVENTORIES):
            if _goes_beyond(row, eligibilities, opt_ins):
                self._scratch.write("INSERT OR IGNORE INTO beyond VALUES (?)", row.id)
            if not is_agents(row.id):
                self._list(row.id, row.digest, row.withdrawn)

    def beyond(self) -> Iterator[str]:
        """Ids of the documents that hold what may not be held."""
        for (id_,) in self._scratch.rows("SELECT id FROM beyond"):
            yield id_

    def know(self, inventory: Inventory) -> None:
        """It has just been written."""
        self._list(inventory.id, inventory.digest, inventory.withdrawn)

    def digest(self, id_: str) -> str | None:
        """The digest of a device's inventory; None where it has none."""
        found = self._scratch.one("SELECT digest FROM stored WHERE id = ?", id_)
        return str(found[0]) if found else None

    def withdrawn(self, id_: str) -> dict[str, datetime]:
        """Which partners may have nothing of a device's inventory any more, and since when."""
        found = self._scratch.one("SELECT withdrawn FROM stored WHERE id = ?", id_)
        return _WITHDRAWN.validate_json(found[0]) if found else {}

    def _list(self, id_: str, digest: str, withdrawn: dict[str, datetime]) -> None:
        text = _WITHDRAWN.dump_json(withdrawn)
        self._scratch.write("INSERT OR REPLACE INTO stored VALUES (?, ?, ?)", id_, digest, text)


def _goes_beyond(row: StoredInventory, eligibilities: Eligibilities, opt_ins: OptIns) -> bool:
    if row.partner is not None:
        return row.partner not in opt_ins
    if not row.partners:
        return False
    eligibility = eligibilities.of(row.id)
    changed_hands = eligibility.ownership not in {None, row.ownership}
    return not eligibility.there or changed_hands or narrowed(row.partners, opt_ins) != row.partners
