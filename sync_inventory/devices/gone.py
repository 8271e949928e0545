"""Devices a sweep did not hold: marked as missing, and asked for one by one, because only a 404 means gone.

A gone device's tag stays as it is, and nothing is decided of it any more. Its app inventory goes in the same
run (`opting_out`). After PURGE_GONE_DAYS its personal data go: name, user, serial number, system, names of
apps and networks, and its links. What is left says at which level it was blocked, so that a phone that comes
back is not let in by having been away.
"""

from datetime import datetime, timedelta

from evaluate_risk.decide import change, forget_person
from shared.cosmos import AGENTS_OF_DEVICE, DEVICES_TO_PURGE
from shared.domain.model import Agent, Device, Link
from shared.domain.moment import iso_utc
from shared.errors import GraphNotFound
from shared.log import LogEvent, log_event
from shared.services import Services
from sync_inventory.devices.moving import LinkedAgent
from sync_inventory.devices.sweep import Missing, Sweep, link_keys
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tally import Tally

MAX_ASKED = 100
"""Missing devices asked for in one run: the others wait for the next."""


async def look_for_missing(services: Services, sweep: Sweep, tally: Tally) -> None:
    """Ask Intune for devices that the sweep missed: those it does not know are gone, the others are
    marked. While Graph is to be left alone nobody is asked for: the next run does it."""

    async def one(missing: Missing) -> None:
        if services.graph.resting():
            tally.add("not_asked")
            return
        found = await services.store.read(Device, missing.id)
        if found is None:
            return
        if await _is_gone(services, found.document.facts.intune_id):
            sweep.gone(missing.id, services.now())
            await change(services, missing.id, lambda device: _gone(device, services.now()))
            log_event(LogEvent.DEVICE_GONE, device=missing.id)
            tally.add("gone")
            return
        tally.add("not_listed")
        if not missing.is_marked:
            now = services.now()
            await change(
                services, missing.id, lambda device: device.model_copy(update={"missing_since": now})
            )

    await side_by_side(sweep.missing()[:MAX_ASKED], one, tally)


async def _is_gone(services: Services, intune_id: str) -> bool:
    try:
        await services.graph.managed_device(intune_id)
    except GraphNotFound:
        return True
    return False


def _gone(device: Device, at: datetime) -> Device:
    """A device Intune has no more: what agents that moved away left open there goes with it."""
    slots = {id_: slot for id_, slot in device.slots.items() if not slot.moved}
    gone = device.model_copy(update={"slots": slots, "gone_at": at, "missing_since": None})
    return gone.noting(at, "Intune says there is no such device")


async def purge_gone(services: Services, tally: Tally) -> None:
    """Remove the personal data of the devices that have been gone for long enough."""
    before = services.now() - timedelta(days=services.settings.purge_gone_days)
    ids = services.store.ids(Device.container, DEVICES_TO_PURGE, before=iso_utc(before))

    async def one(id_: str) -> None:
        found = await services.store.read(Device, id_)
        if found is None:
            return
        for key in link_keys(found.document.facts):
            await _remove_link(services, key, id_)
        rows = services.store.rows(LinkedAgent, Agent.container, AGENTS_OF_DEVICE, device=id_)
        agents = [row.id async for row in rows if row.device == id_]
        await forget_person(services, id_, agents)
        log_event(LogEvent.DEVICE_PURGED, device=id_)
        tally.add("purged")

    await side_by_side([id_ async for id_ in ids], one, tally)


async def _remove_link(services: Services, key: str, device_id: str) -> None:
    """Remove a link unless it names another device. One that is ambiguous names none: where several devices
    of the next sweep share it, that one writes it again."""
    link = await services.store.read(Link, key)
    if link is not None and link.document.device in {device_id, None}:
        await services.store.delete(Link, key, etag=link.etag)
