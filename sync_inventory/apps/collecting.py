"""The app inventory of iOS devices, where an admin opted in; nothing at all where nobody did.

First what is opted out of goes, whatever Graph does. Then, once Intune has finished the export, what may be
collected is compared with what is stored, and only what differs is written: a run that is cut off fetches the
same export again, and goes on with what is not written yet.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from shared.domain.app_sync import OptIns, exceeds, opt_ins
from shared.domain.inventory import Collected
from shared.errors import GraphRefused
from shared.log import LogEvent, log_event
from shared.services import Services
from sync_inventory.apps.eligibility import Eligibilities
from sync_inventory.apps.export import WHERE, AppExports
from sync_inventory.apps.mobile_apps import MobileApps
from sync_inventory.apps.opting_out import OptingOut
from sync_inventory.apps.rows import AppRows
from sync_inventory.apps.stored import StoredInventories
from sync_inventory.scratch import Scratch
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tally import Tally

BATCH = 200
"""Inventories in memory at a time."""


async def order_app_export(services: Services, tally: Tally) -> None:
    """Have Intune write the export while the sweep goes on, where one is due."""
    allowed = opt_ins(await services.mirror.switches())
    await (await AppExports.read(services)).order_when_due(allowed, tally)


async def collect_apps(services: Services, scratch: Scratch, tally: Tally, *, is_behind: bool) -> None:
    """Purge what was opted out of, and bring the stored inventories in line with a finished export.

    `is_behind` says that the run before may not have purged what it should have.
    """
    allowed = opt_ins(await services.mirror.switches())
    exports = await AppExports.read(services)
    if not exports.state.held:
        return
    collecting = _Collecting(services, scratch, allowed, tally)
    await collecting.purge(exports, is_behind)
    if not allowed:
        await exports.forget()
    elif collecting.eligibilities.known and (link := await exports.link(tally)):
        await collecting.fetch(exports, link)


class _Collecting:
    """One run's work on the inventories."""

    def __init__(self, services: Services, scratch: Scratch, allowed: OptIns, tally: Tally) -> None:
        self._services = services
        self._scratch = scratch
        self._allowed = allowed
        self._tally = tally
        self.eligibilities = Eligibilities(scratch)
        self._opting_out = OptingOut(services, self.eligibilities, allowed, tally)
        self._stored = StoredInventories(services.store, scratch)

    async def purge(self, exports: AppExports, is_behind: bool) -> None:
        """Remove what may not be held: of devices that changed, and of all where a switch changed or the run
        before left something.

        What cannot be removed is left for the next run, which looks at all of it again, and is not shown to a
        partner until then.
        """
        await self._opting_out.purge(self.eligibilities.less_known(), self._stored)
        if not self.eligibilities.known:
            self._tally.trouble("the devices were not read: what changed of them is for the next run")
        if (is_behind or exceeds(exports.state.held, self._allowed)) and await self._purge_all():
            await exports.opt_out(self._allowed, once_more=is_behind)

    async def fetch(self, exports: AppExports, link: str) -> None:
        """Take a finished export in."""
        await exports.hold(self._allowed)
        apps, rows = await MobileApps.read(self._services), AppRows(self._scratch)
        counts = await self._taken(exports, link, rows)
        self._tally.counts.update(counts)
        if rows.devices and not counts["rows"] and await self._ordered_whole(exports):
            return
        if rows.kept:
            await self._purge_all()
            await self._write(rows.by_device(apps, self._allowed))
        elif rows.devices:
            self._tally.trouble("Intune's export names no app on any device: inventories stay as they are")
        self._tally.add("scratch_bytes", self._scratch.size)
        await exports.done(self._allowed)

    async def _ordered_whole(self, exports: AppExports) -> bool:
        """Whether an export without a row is to come once more: its filter may have held all of them back."""
        if await exports.order_whole(self._allowed, self._tally):
            log_event(LogEvent.UNKNOWN_WORD, what="export_filter", word=WHERE)
            return True
        await exports.filter_again()
        return False

    async def _purge_all(self) -> bool:
        await self._stored.list_all(self.eligibilities, self._allowed)
        return await self._opting_out.purge(self._stored.beyond(), self._stored)

    async def _taken(self, exports: AppExports, link: str, rows: AppRows) -> Counter[str]:
        path = self._scratch.folder / "apps.zip"
        try:
            size = await exports.fetch(link, path)
            counts = await self._scratch.in_thread(lambda: rows.take(path))
        except GraphRefused as refused:
            raise await exports.given_up(str(refused)) from refused
        finally:
            path.unlink(missing_ok=True)
        return counts + Counter(zip_bytes=size)

    async def _write(self, devices: Iterator[Collected]) -> None:
        """Write what differs from what is stored, some at a time: what is compared is never all in memory.

        An inventory that cannot be written is noted, and is tried again with the next export.
        """
        changed = (device for device in devices if self._differs(device))

        async def one(device: Collected) -> None:
            document = device.document(self._stored.withdrawn(device.id), self._services.now())
            await self._services.store.upsert(document)
            self._tally.add("written")

        while batch := await self._scratch.in_thread(lambda: list(islice(changed, BATCH))):
            await side_by_side(batch, one, self._tally)

    def _differs(self, device: Collected) -> bool:
        stored = self._stored.digest(device.id)
        if stored == device.digest or (stored is None and not device.rows):
            self._tally.add("unchanged")
            return False
        return True
