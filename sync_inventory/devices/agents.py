"""Agents whose partner's ids named no device when they came: a sync may have brought it since."""

from pydantic import BaseModel

from evaluate_risk.linking import finish_decision, finish_leaving, link_agent, link_candidates
from shared.cosmos import AGENTS_ON_THEIR_WAY, AGENTS_TO_FOLLOW, PENDING_LINKS, UNLINKED_AGENTS, Found
from shared.domain.model import Agent, Device, Known, Link, is_manual
from shared.log import LogEvent, log_event
from shared.services import Services
from sync_inventory.devices.links import Links
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tags import Tags
from sync_inventory.tally import Tally


class UnlinkedAgent(BaseModel):
    """An agent without a device, and the ids its partner gave."""

    id: str
    mdm_device_id: Known | None = None
    serial: Known | None = None
    udid: Known | None = None
    platform: Known | None = None
    linked_by: str | None = None


class AgentToFollow(BaseModel):
    """An agent on a device, whose best id named none when it came."""

    id: str
    device: str
    linked_by: str | None = None
    looked_up: str


async def finish_moves(services: Services, tally: Tally) -> None:
    """Finish links, moves and undos, by ids or by hand, that were cut off: the agent may not report for long.
    The tag that follows is the timer's."""
    pending = [id_ async for id_ in services.store.ids(Link.container, PENDING_LINKS)]

    async def decided(id_: str) -> None:
        await finish_decision(services, id_)
        tally.add("decisions_finished")

    await side_by_side(pending, decided, tally)
    ids = [id_ async for id_ in services.store.ids(Agent.container, AGENTS_ON_THEIR_WAY)]

    async def one(id_: str) -> None:
        await finish_leaving(services, id_)
        tally.add("moves_finished")

    await side_by_side(ids, one, tally)


async def link_agents(services: Services, links: Links, tally: Tally) -> None:
    """Link every agent whose ids name one device, and one only; its open threats count at once.

    An agent that an admin took off its device stays apart, whatever its ids name.
    """
    rows = services.store.rows(UnlinkedAgent, Agent.container, UNLINKED_AGENTS)
    unlinked = [row async for row in rows]

    async with Tags(services, tally) as tags:

        async def one(agent: UnlinkedAgent) -> None:
            found = await _linked(services, agent, links, tally)
            if found is not None:
                await tags.bring(found)

        await side_by_side(unlinked, one, tally)


async def follow_ids(services: Services, links: Links, tally: Tally) -> None:
    """Move every agent whose best id names another device by now: its phone has enrolled again, and the agent
    said so before any sync had seen the new device. One linked by hand stays."""
    rows = services.store.rows(AgentToFollow, Agent.container, AGENTS_TO_FOLLOW)
    agents = [row async for row in rows if not is_manual(row.linked_by)]

    async with Tags(services, tally) as tags:

        async def one(agent: AgentToFollow) -> None:
            link = await links.find(agent.looked_up)
            device = link.names if link else None
            if device is None or device == agent.device:
                return
            found = await link_agent(services, agent.id, device, agent.looked_up, source=agent.device)
            if found is not None:
                log_event(LogEvent.AGENT_LINKED, agent=agent.id, device=device, by=agent.looked_up)
                tally.add("followed")
                await tags.bring(found)

        await side_by_side(agents, one, tally)


async def _linked(
    services: Services, agent: UnlinkedAgent, links: Links, tally: Tally
) -> Found[Device] | None:
    """The device the agent's ids name, with the agent on it; None where they name none, and counted why."""
    if is_manual(agent.linked_by):
        tally.add("kept_apart")
        return None
    named, ambiguous = await _named(agent, links)
    if len(named) > 1 or (ambiguous and not named):
        tally.add("ambiguous")
        return None
    if not named:
        tally.add("unknown")
        return None
    [(device, key)] = named.items()
    found = await link_agent(services, agent.id, device, key)
    if found is None:
        tally.add("device_missing")
        return None
    log_event(LogEvent.AGENT_LINKED, agent=agent.id, device=device, by=key)
    tally.add("linked")
    return found


async def _named(agent: UnlinkedAgent, links: Links) -> tuple[dict[str, str], bool]:
    """The devices the agent's ids name, each with the best link that does; and whether one is ambiguous."""
    named: dict[str, str] = {}
    ambiguous = False
    for key in link_candidates(agent.mdm_device_id, agent.serial, agent.udid):
        link = await links.find(key)
        if link is None:
            continue
        ambiguous = ambiguous or link.ambiguous
        if link.names:
            named.setdefault(link.names, key)
    return named, ambiguous
