"""Intune's managed devices, mirrored, with the links that name them.

Links are written before the documents they name: a run cut off in between finds the device still missing or
still changed, and does it again. A device that is missing from a sweep stays as it is, and is marked.
"""

from evaluate_risk.decide import change, policy, settle
from shared.cosmos import DEVICE_MIRRORS, Found
from shared.domain.model import Device
from shared.domain.tenant import Tenant
from shared.errors import AlreadyStored, GraphError
from shared.services import Services
from sync_inventory.devices.facts import record
from sync_inventory.devices.links import Links
from sync_inventory.devices.moving import Heritage, heritage, move
from sync_inventory.devices.sweep import Due, MirroredDevice, Sweep
from sync_inventory.devices.udids import look_up_udids
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tags import Tags
from sync_inventory.tally import Tally

TOLERATED_PERCENT = 1
"""How much of what Intune's overview counts a sweep may lack: the overview is not of the same moment."""


async def mirror_devices(services: Services, sweep: Sweep, links: Links, tally: Tally) -> None:
    """Bring links and devices in line with Intune.

    Nothing is written for, or read of, an unchanged device. The whole sweep is read before anything is
    written: half a sweep says nothing about who shares an id. A device whose document cannot be read is never
    written over: it fails alone, at every run.
    """
    async for row in services.store.rows(MirroredDevice, Device.container, DEVICE_MIRRORS):
        sweep.know(row)
    async for answer in services.graph.managed_devices():
        sweep.add(record(answer))
    await look_up_udids(services, sweep, tally)
    sweep.arrange()
    await _compare(services, sweep, tally)
    await links.bring_in_line(tally)
    async with Tags(services, tally) as tags:
        work = _Mirroring(services, tags, tally)
        await side_by_side(sweep.due(), work.mirror, tally)
    tally.add("unchanged", sweep.devices - work.written)


async def _compare(services: Services, sweep: Sweep, tally: Tally) -> None:
    """Count what was swept, and say where Intune's list was not whole, as far as its own overview says."""
    tally.add("devices", sweep.devices)
    tally.add("missing", len(sweep.missing()))
    tally.add("duplicates", sweep.records - sweep.devices)
    tally.add("not_in_entra", sweep.count("id LIKE 'intune:%'"))
    tally.add("userless", sweep.count("json_extract(facts, '$.user_id') IS NULL"))
    tally.add("kept_entra_ids", sweep.kept_entra_ids)
    await _store_size(services, sweep.records)
    try:
        expected = await services.graph.device_count()
    except GraphError as error:
        tally.trouble(f"whether Intune's list is whole is not known: {error}")
        return
    lacking = expected - sweep.records
    tally.add("short_by", max(0, lacking))
    if lacking * 100 > expected * TOLERATED_PERCENT:
        tally.trouble(f"Intune listed {sweep.records} devices and counts {expected}: the list is not whole")


async def _store_size(services: Services, managed: int) -> None:
    found = await services.store.read(Tenant, "tenant")
    if found is None or found.document.managed != managed:
        await services.store.upsert(Tenant(managed=managed, read_at=services.now()))


class _Mirroring:
    """The devices of one sweep on their way into the store."""

    def __init__(self, services: Services, tags: Tags, tally: Tally) -> None:
        self._services = services
        self._tally = tally
        self._tags = tags
        self.written = 0

    async def mirror(self, due: Due) -> None:
        """Write one device, with what it inherits from the documents its Intune record had before."""
        self.written += 1
        past = [await heritage(self._services, old) for old in due.previous]
        found = await self._stored(due, past)
        for old in past:
            found = await move(self._services, old, due.id) or found
            self._tally.add("rekeyed")
        if found is not None:
            await self._tags.bring(found)

    async def _stored(self, due: Due, past: list[Heritage]) -> Found[Device] | None:
        """The device with its facts, created where it is new: decided at once, with the slots it inherits."""
        if due.is_new:
            device = Device(id=due.id, facts=due.facts)
            for old in past:
                device = old.onto(device)
            device = settle(device, await policy(self._services), self._services.now())
            try:
                etag = await self._services.store.create(device)
            except AlreadyStored:
                pass
            else:
                self._tally.add("created")
                return Found(device, etag)
        self._tally.add("changed")
        here = {"missing_since": None, "gone_at": None, "purged_at": None}
        update = {"facts": due.facts, "replaced_by": None, **here}
        return await change(self._services, due.id, lambda device: device.model_copy(update=update))
