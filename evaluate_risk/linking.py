"""Which device an agent is: links by the ids its partner gives and by an admin's hand, and the slots that
follow. One of the doors into this room.

The slot is written at the device first and the link on the agent after it (a report's own link rides on the
fold instead: decision 0002); the device an agent leaves is remembered until its slot there is marked. What is
cut off in between is finished by whoever comes next.
"""

from collections.abc import Callable, Sequence
from functools import partial

from evaluate_risk.decide import change
from evaluate_risk.slots import against, slot, with_slot, withdrawn, without_agent, without_ghost
from shared.cosmos import MAX_ATTEMPTS, Found, pause
from shared.domain.level import Level
from shared.domain.model import Agent, Device, Known, Link, is_manual, link_id
from shared.errors import Conflict, Contended
from shared.log import LogEvent, log_event
from shared.services import Services

MAX_LEFT_OPEN = 200
"""Devices an agent remembers that it moved away from with something open; the newest."""


async def link_agent(
    services: Services, agent_id: str, device_id: str, by: str, *, source: str | None = None
) -> Found[Device] | None:
    """Link an agent to a device outside the feed; None where one of them is not there, where the agent is not
    linked to `source`, if one is given, and where an id would change what an admin decided by hand.

    The slot is written at the device first and the link on the agent after it: what is cut off in between
    leaves the agent as it was, and whoever began it (the next sync, or the admin) does it again. An agent
    that has not reported yet gets its slot with its first report: a silent partner is not present.
    """
    # Not Store.edit: its device is written between reading and writing it
    for attempt in range(MAX_ATTEMPTS):
        found = await services.store.read(Agent, agent_id)
        if found is None:
            return None
        agent = found.document
        if agent.device != device_id or (is_manual(by) and agent.linked_by != by):
            if not _may_link(agent, by, source):
                return None
            if agent.moving_from is not None:
                await finish_move(services, found)
                continue
            linked = linked_to(agent, device_id, by)
            moves = agent.device != device_id  # where it stays, the slot is the feed's to write meanwhile
            if moves and await change(services, device_id, _placing(linked)) is None:
                return None
            try:
                etag = await services.store.replace(linked, found.etag)
            except Conflict:
                await pause(attempt)
                continue
            found = Found(linked, etag)
        if await finish_move(services, found):
            return await change(services, device_id, _placing(found.document))
    raise Contended(f"agent {agent_id} is written by too many at once")


def _may_link(agent: Agent, by: str, source: str | None) -> bool:
    return source in {None, agent.device} and (is_manual(by) or not is_manual(agent.linked_by))


async def unlink_agent(services: Services, agent_id: str, by: str) -> None:
    """Take an agent off its device, because an admin says `by` that it is not that one, and withdraw what it
    left open at devices it was on before.

    The agent is written first, and remembers the devices it leaves until its slots there are withdrawn: what
    is cut off in between is finished by the next report, the next link, or when this is done again.
    """
    # Not Store.edit: an earlier move is finished at its device before
    for attempt in range(MAX_ATTEMPTS):
        found = await services.store.read(Agent, agent_id)
        if found is None:
            return
        agent = found.document
        if agent.device is not None or agent.left_open:
            if agent.moving_from is not None:
                await finish_move(services, found)
                continue
            leaves = agent.device or agent.left_open[-1]
            gone = {"device": None, "linked_by": by, "moving_from": leaves}
            left = agent.model_copy(update={**gone, "level_revision": agent.level_revision + 1})
            try:
                found = Found(left, await services.store.replace(left, found.etag))
            except Conflict:
                await pause(attempt)
                continue
        if await finish_move(services, found):
            return
    raise Contended(f"agent {agent_id} is written by too many at once")


async def withdraw(services: Services, agent_id: str, device_id: str) -> None:
    """Take away the slot a link placed before it was cut off; where the agent is, it stays.

    The agent's revision is raised first, so that a later link to this device is newer than what is left here.
    """

    def raised(agent: Agent | None) -> Agent | None:
        if agent is None or agent.first_received_at is None:
            return None
        return agent.model_copy(update={"level_revision": agent.level_revision + 1})

    edited = await services.store.edit(Agent, agent_id, raised)
    if edited.found and edited.written:
        await change(services, device_id, partial(without_ghost, agent=edited.found.document))


async def finish_leaving(services: Services, agent_id: str) -> None:
    """Finish what an agent's move, or an admin's undo, was cut off in."""
    # Not Store.edit: the device it left is written between reading and writing it
    for attempt in range(MAX_ATTEMPTS):
        found = await services.store.read(Agent, agent_id)
        if found is None or await finish_move(services, found):
            return
        await pause(attempt)
    raise Contended(f"agent {agent_id} is written by too many at once")


async def finish_move(services: Services, found: Found[Agent]) -> bool:
    """Mark the slot an agent left behind as moved, or withdraw it where the link was undone; False where the
    agent changed and must be read again. An agent that never reported has left none."""
    agent = found.document
    if agent.moving_from is None:
        return True
    if agent.device is None:
        left_open = await _withdrawn_everywhere(services, agent)
    else:
        left_open = await _moved_away(services, agent, agent.moving_from)
    try:
        done = {"moving_from": None, "left_open": left_open}
        await services.store.replace(agent.model_copy(update=done), found.etag)
    except Conflict:
        return False
    return True


async def _withdrawn_everywhere(services: Services, agent: Agent) -> tuple[str, ...]:
    """What is left open where an admin undid the agent's link: nothing."""
    for device_id in dict.fromkeys((agent.moving_from or "", *agent.left_open)):
        if agent.first_received_at is not None:
            await _withdraw_at(services, agent, device_id)
        log_event(LogEvent.AGENT_UNLINKED, agent=agent.id, device=device_id)
    return ()


async def _withdraw_at(services: Services, agent: Agent, device_id: str) -> None:
    """Withdraw the agent's slot at a device, and at those that its record went to since."""
    seen: set[str] = set()
    while device_id not in seen:
        seen.add(device_id)
        found = await change(services, device_id, lambda device: withdrawn(device, agent))
        if found is None or found.document.replaced_by is None:
            return
        device_id = found.document.replaced_by


async def _moved_away(services: Services, agent: Agent, source: str) -> tuple[str, ...]:
    """Mark the agent's slot at `source` as moved; where it has something open now."""
    kept: Level | None = None
    if agent.first_received_at is not None:
        left = await change(services, source, lambda device: without_agent(device, agent))
        stays = left.document.slots.get(agent.id) if left else None
        kept = against(stays) if stays and stays.moved else None
    log_event(
        LogEvent.AGENT_MOVED, agent=agent.id, source=source, target=agent.device, open=kept or Level.SECURED
    )
    before = tuple(each for each in agent.left_open if each not in {source, agent.device})
    return (*before, source)[-MAX_LEFT_OPEN:] if kept else before


async def linked_by_its_ids(services: Services, agent: Agent) -> Agent:
    """`agent` itself, or, where its best id names another device than the one it has, linked to that one.

    What an admin decided by hand stands.

    The link rides on the write of the fold: a crash before the slot is placed is mended by the replay.
    """
    key = link_key(agent)
    if key is None or is_manual(agent.linked_by):
        return agent
    stands = agent.moving_from is not None or key == agent.looked_up or _same_id(key, agent.linked_by)
    if agent.device is not None and stands:
        return agent
    link = await services.store.read(Link, key)
    device_id = link.document.names if link else None
    if device_id is None:
        return agent.model_copy(update={"looked_up": key})
    if device_id == agent.device:
        return agent.model_copy(update={"linked_by": key, "looked_up": None})
    log_event(LogEvent.AGENT_LINKED, agent=agent.id, device=device_id, by=key)
    return linked_to(agent, device_id, key, beyond=2).model_copy(update={"looked_up": None})


def _same_id(key: str, linked_by: str | None) -> bool:
    """Whether an agent was linked by the id it still has: then the link stands."""
    return linked_by is not None and key.partition(":")[2] == linked_by.partition(":")[2]


def unlinked(agent: Agent) -> Agent:
    """`agent` without the device that is not there any more: it is looked up anew."""
    log_event(LogEvent.AGENT_UNLINKED, agent=agent.id, device=agent.device)
    gone = {
        "device": None,
        "linked_by": None,
        "moving_from": None,
        "level_revision": agent.level_revision + 1,
    }
    return agent.model_copy(update=gone)


def linked_to(agent: Agent, device_id: str, by: str, *, beyond: int = 1) -> Agent:
    """`agent` linked to a device, at a new revision; the device it leaves is remembered until its slot is
    marked.

    The feed goes 2 `beyond` the stored revision: one beyond it, a linking outside the feed that was cut off
    or overtaken may have left a slot that no stored agent stands for.
    """
    return agent.model_copy(
        update={
            "device": device_id,
            "linked_by": by,
            "looked_up": None if by == agent.looked_up else agent.looked_up,
            "moving_from": agent.device if agent.device != device_id else agent.moving_from,
            "level_revision": agent.level_revision + beyond,
        }
    )


def link_candidates(mdm_device_id: Known | None, serial: Known | None, udid: Known | None) -> list[str]:
    """Every link an agent could be found under by the ids its partner gave, best first."""
    ids = (("mdm", mdm_device_id), ("serial", serial), ("udid", udid))
    return link_keys([(kind, known.value if known else None) for kind, known in ids])


def link_key(agent: Agent) -> str | None:
    """The one link that is read for an agent nobody has linked: the best id its partner gave.

    An MDM id goes before a serial number, that before a UDID; an MDM id that is the UDID is one.
    """
    if agent.mdm_device_id and not (agent.udid and agent.udid.value == agent.mdm_device_id.value):
        return link_id("intune", agent.mdm_device_id.value)
    if agent.serial:
        return link_id("serial", agent.serial.value)
    if agent.udid:
        return link_id("udid", agent.udid.value)
    return None


def link_keys(agent_ids: Sequence[tuple[str, str | None]]) -> list[str]:
    """Every link an agent's ids could be found under, best first; `agent_ids` are (kind, value)."""
    keys: list[str] = []
    for kind, value in agent_ids:
        if value is None:
            continue
        kinds = ("intune", "entra", "udid") if kind == "mdm" else (kind,)
        keys.extend(link_id(each, value) for each in kinds)
    return keys


def _placing(agent: Agent) -> Callable[[Device], Device]:
    if agent.first_received_at is None:
        return lambda device: device
    mine = slot(agent)
    return lambda device: with_slot(device, mine)
