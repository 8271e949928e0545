"""Intune's managed devices, mirrored, with the links that name them.

Links are written before the documents they name: a run cut off in between finds the device still missing or
still changed, and does it again. A device that is missing from a sweep stays as it is.
"""

from evaluate_risk.decide import change, policy, settle
from shared.cosmos import DEVICE_MIRRORS, Found
from shared.errors import AlreadyStored
from shared.model import Device, DeviceFacts
from shared.services import Services
from sync_inventory.facts import record
from sync_inventory.links import Links
from sync_inventory.moving import Heritage, heritage, move
from sync_inventory.side_by_side import side_by_side
from sync_inventory.sweep import MirroredDevice, Sweep
from sync_inventory.tags import Tags
from sync_inventory.tally import Tally


async def mirror_devices(services: Services, links: Links, tally: Tally) -> None:
    """Bring links and devices in line with Intune. Nothing is written for, or read of, an unchanged device.

    The whole sweep is read before anything is written: half a sweep says nothing about who shares an id.
    A device whose document cannot be read is never written over: it fails alone, at every run.
    """
    records = [record(answer) async for answer in services.graph.managed_devices()]
    rows = services.store.rows(MirroredDevice, Device.container, DEVICE_MIRRORS)
    mirrored = {row.id: row async for row in rows}
    sweep = Sweep(records, mirrored)
    await links.bring_in_line(sweep.names, sweep.devices, tally)
    work = _Mirroring(services, sweep, mirrored, tally)
    changed = [id_ for id_ in sweep.devices if work.is_due(id_)]
    _count(sweep, changed, tally)
    await side_by_side(changed, work.mirror, tally)


def _count(sweep: Sweep, changed: list[str], tally: Tally) -> None:
    tally.add("devices", len(sweep.devices))
    tally.add("unchanged", len(sweep.devices) - len(changed))
    tally.add("missing", sweep.missing)
    tally.add("duplicates", sweep.duplicates)
    tally.add("not_in_entra", sum(facts.entra_id is None for facts in sweep.devices.values()))
    tally.add("kept_entra_ids", sweep.kept_entra_ids)


class _Mirroring:
    """The devices of one sweep on their way into the store."""

    def __init__(
        self, services: Services, sweep: Sweep, mirrored: dict[str, MirroredDevice], tally: Tally
    ) -> None:
        self._services = services
        self._sweep = sweep
        self._mirrored = mirrored
        self._tally = tally
        self._tags = Tags(services, tally)

    def is_due(self, id_: str) -> bool:
        """Whether the device is new, changed, back, or known by another id."""
        standing = self._mirrored.get(id_)
        if standing is None or standing.replaced_by is not None or id_ in self._sweep.previous:
            return True
        return standing.facts != self._sweep.devices[id_]

    async def mirror(self, id_: str) -> None:
        """Write one device, with what it inherits from the documents its Intune record had before."""
        facts = self._sweep.devices[id_]
        previous = self._sweep.previous.get(id_, [])
        past = [await heritage(self._services, old) for old in previous]
        found = await self._stored(id_, facts, past)
        for old in past:
            found = await move(self._services, old, id_) or found
            self._tally.add("rekeyed")
        if found is not None:
            await self._tags.bring(found)

    async def _stored(self, id_: str, facts: DeviceFacts, past: list[Heritage]) -> Found[Device] | None:
        """The device with `facts`, created where it is new: decided at once, with the slots it inherits."""
        if id_ not in self._mirrored:
            device = Device(id=id_, facts=facts)
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
        update = {"facts": facts, "replaced_by": None}
        return await change(self._services, id_, lambda device: device.model_copy(update=update))
