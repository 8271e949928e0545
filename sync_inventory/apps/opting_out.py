"""Opting out purges: what a partner may have no more is removed from the store in the run that learns of it.

What is purged is counted in the run's record and logged, one line for each document. A device's document
stays for a while without its apps, says since when, and lets the partner learn of it at its next fetch.
"""

from collections.abc import Iterable

from pydantic import ValidationError

from shared.domain.app_sync import OptIns
from shared.domain.inventory import AgentApps, Inventory, is_agents, trimmed
from shared.log import LogEvent, log_event
from shared.services import Services
from sync_inventory.apps.eligibility import Eligibilities
from sync_inventory.apps.stored import StoredInventories
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tally import Tally


class OptingOut:
    """Brings stored inventories down to what may be held of them now."""

    def __init__(
        self, services: Services, eligibilities: Eligibilities, opt_ins: OptIns, tally: Tally
    ) -> None:
        self._services = services
        self._eligibilities = eligibilities
        self._opt_ins = opt_ins
        self._tally = tally

    async def purge(self, ids: Iterable[str], stored: StoredInventories) -> bool:
        """Remove from these documents what may not be held; whether that could be done of all of them.

        One that cannot be read is removed whole: nobody can say what of it may stay.
        """
        failed = len(self._tally.troubles)

        async def one(id_: str) -> None:
            if is_agents(id_):
                await self._services.store.delete(AgentApps, id_)
                self._log_purge("agents_purged", id_)
                return
            try:
                found = await self._services.store.read(Inventory, id_)
            except ValidationError:
                await self._services.store.delete(Inventory, id_)
                self._log_purge("unreadable_purged", id_)
                return
            left = self._left(found.document) if found else None
            if found is None or left is None or left == found.document:
                return
            # Not Store.edit: what changed meanwhile is the next run's
            await self._services.store.replace(left, found.etag)
            stored.know(left)
            self._log_purge("purged" if left.purged_at else "trimmed", id_)

        await side_by_side(ids, one, self._tally)
        return len(self._tally.troubles) == failed

    def _left(self, inventory: Inventory) -> Inventory:
        eligibility = self._eligibilities.of(inventory.id)
        opt_ins = self._opt_ins if eligibility.there else {}
        ownership = eligibility.ownership or inventory.ownership
        return trimmed(inventory, opt_ins, ownership, self._services.now())

    def _log_purge(self, what: str, id_: str) -> None:
        self._tally.add(what)
        log_event(LogEvent.INVENTORY_PURGED, document=id_, what=what)
