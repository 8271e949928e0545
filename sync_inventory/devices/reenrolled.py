"""Agents that report on though their device is gone: the phone has enrolled again, under new ids and with the
serial number it always had.

They go where that number leads now. One that did not report since stays with what is gone: a phone that was
wiped may have a new agent, and nobody could ever resolve what the old one found.
"""

from datetime import datetime

from pydantic import BaseModel, Field

from evaluate_risk.linking import link_agent
from shared.cosmos import GONE_DEVICES
from shared.domain.model import Agent, Device, DeviceFacts, Slot, is_manual, link_id
from shared.domain.moment import Moment
from shared.log import LogEvent, log_event
from shared.services import Services
from sync_inventory.devices.links import Links
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tags import Tags
from sync_inventory.tally import Tally


class GoneDevice(BaseModel):
    """A device that is gone, and whose personal data are still there."""

    id: str
    facts: DeviceFacts
    slots: dict[str, Slot] = Field(default_factory=dict)
    gone_at: Moment


async def follow_reenrolled(services: Services, links: Links, tally: Tally) -> None:
    """Link such agents to the device their phone is now; one linked by hand stays, and is counted."""
    gone = [row async for row in services.store.rows(GoneDevice, Device.container, GONE_DEVICES)]

    async with Tags(services, tally) as tags:

        async def one(device: GoneDevice) -> None:
            key = link_id("serial", device.facts.serial or "")
            link = await links.find(key) if device.facts.serial else None
            now = link.names if link else None
            if now is None or now == device.id:
                return
            for agent in [slot.agent for slot in device.slots.values() if not (slot.moved or slot.withdrawn)]:
                if not await _reports_on(services, agent, device.gone_at, tally):
                    continue
                found = await link_agent(services, agent, now, key, source=device.id)
                if found is not None:
                    log_event(LogEvent.AGENT_LINKED, agent=agent, device=now, by=key)
                    tally.add("reenrolled")
                    await tags.bring(found)

        await side_by_side(gone, one, tally)


async def _reports_on(services: Services, agent: str, gone_at: datetime, tally: Tally) -> bool:
    found = await services.store.read(Agent, agent)
    last_reported_at = found.document.last_received_at if found else None
    if found is None or last_reported_at is None or last_reported_at <= gone_at:
        return False
    if is_manual(found.document.linked_by):
        tally.add("kept_on_gone")
        return False
    return True
