"""A device whose Entra id appeared or changed: its agents go from the old document to the new one.

The new document begins with the old one's slots, so that it is decided rightly from its first moment; then
each agent is linked anew, and last the old document is marked. Until that mark stands, every sweep does the
whole again: no slot is lost, wherever a run is cut off.
"""

from dataclasses import dataclass

from pydantic import BaseModel

from evaluate_risk.decide import change
from evaluate_risk.linking import finish_leaving, link_agent
from shared.cosmos import AGENTS_OF_DEVICE, Found
from shared.domain.model import MAX_HISTORY, Agent, Device
from shared.errors import Conflict
from shared.services import Services

ATTEMPTS = 3


class LinkedAgent(BaseModel):
    """An agent on a device, or on its way from it."""

    id: str
    device: str | None = None
    linked_by: str | None = None


@dataclass(frozen=True)
class Heritage:
    """A document that is left behind, and the agents linked to it or on their way from it."""

    device: str
    document: Device | None
    agents: tuple[LinkedAgent, ...]

    def onto(self, device: Device) -> Device:
        """`device` with the slots of the agents that come, what others left open when they moved away, the
        decision (it began the grace) and history."""
        if self.document is None:
            return device
        coming = {agent.id for agent in self.agents if agent.device == self.device}
        slots = {
            id_: slot
            for id_, slot in self.document.slots.items()
            if (id_ in coming and not slot.moved) or (slot.moved and id_ not in device.slots)
        }
        return device.model_copy(
            update={
                "slots": {**device.slots, **slots},
                "decision": device.decision or self.document.decision,
                "override": device.override or self.document.override,
                "history": (*device.history, *self.document.history)[:MAX_HISTORY],
            }
        )


async def heritage(services: Services, device_id: str) -> Heritage:
    """What there is to take over from a device."""
    found = await services.store.read(Device, device_id)
    rows = services.store.rows(LinkedAgent, Agent.container, AGENTS_OF_DEVICE, device=device_id)
    return Heritage(device_id, found.document if found else None, tuple([row async for row in rows]))


async def move(services: Services, past: Heritage, target: str) -> Found[Device] | None:
    """Link the agents of the old device to `target`, then mark the old one; `target` after the last agent.

    Looks once more after the last: the feed may have linked one to the old device in the meantime. Raises
    Conflict, and leaves the mark to the next sync, where agents keep coming.
    """
    device: Found[Device] | None = None
    update = {"replaced_by": target}
    for _ in range(ATTEMPTS):
        for agent in past.agents:
            device = await _moved(services, past, agent, target) or device
        past = await heritage(services, past.device)
        if not past.agents:
            await change(services, past.device, lambda old: old.model_copy(update=update))
            return device
    raise Conflict(f"agents are still being linked to device {past.device}")


async def _moved(services: Services, past: Heritage, agent: LinkedAgent, target: str) -> Found[Device] | None:
    """Link one agent to `target`, by the link it had.

    One on its way to a third device finishes that move, and one whose link an admin undid leaves.
    """
    by = agent.linked_by or past.device
    if agent.device is None:
        await finish_leaving(services, agent.id)
        return None
    if agent.device != past.device:
        await link_agent(services, agent.id, agent.device, by)
        return None
    return await link_agent(services, agent.id, target, by, source=past.device)
