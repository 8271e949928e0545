"""Which device an agent is: links by the ids its partner gives and by an admin's hand, and the slots that
follow. One of the doors into this room.

The agent is written first, always: with its link, and with what is still to be done at its devices
(`unplaced`, `moving_from`). Its slot is placed then, and last the device it left is marked. So no slot stands
anywhere that no stored agent stood for, and what is cut off is finished by whoever comes next. Among admins
the link's record decides who came later; an agent never goes back to an earlier decision.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from evaluate_risk.decide import change
from evaluate_risk.slots import against, slot, with_slot, withdrawn, without_agent
from shared.cosmos import MAX_ATTEMPTS, Found, pause
from shared.domain.level import Level
from shared.domain.model import Agent, Device, Known, Link, is_manual, link_id, link_of_agent
from shared.domain.moment import in_words
from shared.errors import Conflict, Contended, Overtaken
from shared.log import LogEvent, log_event
from shared.services import Services

MAX_LEFT_OPEN = 200
"""Devices an agent remembers that it moved away from with something open; the newest."""

Edit = Callable[[Device], Device]


def _as_it_is(device: Device) -> Device:
    return device


async def link_agent(
    services: Services, agent_id: str, device_id: str, by: str, *, source: str | None = None
) -> Found[Device] | None:
    """Link an agent to a device because an id says so; None where one of them is not there, where the agent
    is not linked to `source`, if one is given, and where an admin decided on it by hand.

    By the link it has already, an admin's too, it follows a device that became another.
    """
    written = False
    # Not Store.edit: an earlier move is finished at its devices before
    for attempt in range(MAX_ATTEMPTS):
        found = await services.store.read(Agent, agent_id)
        if found is None:
            return None
        agent, known = found.document, None
        if agent.device != device_id and not written:  # where it was moved since, it stays
            if not _may_link(agent, by, source):
                return None
            if agent.moving_from is not None:
                await _carry(services, found)
                continue
            known = await services.store.read(Device, device_id)
            if known is None:
                return None
            linked = linked_to(agent, device_id, by).model_copy(update={"unplaced": True})
            try:
                found = Found(linked, await services.store.replace(linked, found.etag))
            except Conflict:
                await pause(attempt)
                continue
            written = True
        finished, device = await _carry(services, found, known=known)
        if finished:
            return device
    raise Contended(f"agent {agent_id} is written by too many at once")


def _may_link(agent: Agent, by: str, source: str | None) -> bool:
    return source in {None, agent.device} and (not is_manual(agent.linked_by) or agent.linked_by == by)


async def carry_out(services: Services, found: Found[Link]) -> Found[Device] | None:
    """Have the agent, and then its devices, follow what an admin decided; the device it is about.

    Done again, it finishes what was cut off. Raises Overtaken where an admin has decided otherwise since.
    """
    record = found.document
    note = partial(_noting, record=record)
    device = await _followed(services, record, note)
    if record.previous not in {None, record.device}:
        left = await change(services, record.previous or "", note)
        device = device or left
    if record.pending:
        try:
            await services.store.replace(record.model_copy(update={"pending": False}), found.etag)
        except Conflict:
            await _refuse_overtaken(services, record)
    return device


async def finish_decision(services: Services, id_: str) -> None:
    """Finish what an admin decided and nobody has carried out; `id_` is the record's."""
    found = await services.store.read(Link, id_)
    if found is not None and found.document.pending:
        with suppress(Overtaken):  # then whoever was faster finishes
            await carry_out(services, found)


async def _followed(services: Services, record: Link, note: Edit) -> Found[Device] | None:
    """The device of the agent, once that follows `record`; None where it has none now."""
    # Not Store.edit: an earlier move is finished at its devices before
    agent_id = record.id.removeprefix(link_of_agent(""))
    for attempt in range(MAX_ATTEMPTS):
        found = await services.store.read(Agent, agent_id)
        if found is None:
            return None
        agent = found.document
        if agent.link_revision > record.revision:
            await _refuse_overtaken(services, record)
        if agent.link_revision < record.revision:
            if agent.moving_from is not None:
                await _carry(services, found)
                continue
            decided = _decided(agent, record)
            try:
                found = Found(decided, await services.store.replace(decided, found.etag))
            except Conflict:
                await pause(attempt)
                continue
        finished, device = await _carry(services, found, note)
        if finished:
            return device
    raise Contended(f"agent {agent_id} is written by too many at once")


def _decided(agent: Agent, record: Link) -> Agent:
    """`agent` as an admin decided; the device it leaves is remembered until its slot is marked.

    An agent without a device that left something open somewhere is taken off there.
    """
    leaves = agent.device or (agent.left_open[-1] if agent.left_open and record.device is None else None)
    update = {
        "device": record.device,
        "linked_by": record.id,
        "link_revision": record.revision,
        "moving_from": leaves if leaves != record.device else None,
        "level_revision": agent.level_revision + 1,
    }
    return agent.model_copy(update=update)


async def _refuse_overtaken(services: Services, record: Link) -> None:
    """Raise Overtaken, with what stands now, where an admin decided otherwise after `record`."""
    now = await services.store.read(Link, record.id)
    if now is not None and now.document.revision > record.revision:
        raise Overtaken(f"another admin was faster: {in_words_of(now.document)}")


def in_words_of(record: Link) -> str:
    """What an admin last said of an agent, by whom, when and why."""
    what = f"linked by hand to {record.device}" if record.device else "taken off by hand"
    return f"{what} {by_whom(record)}"


def by_whom(record: Link) -> str:
    """Who decided on an agent by hand, when and why."""
    when = in_words(record.at) if record.at else "an unknown time"
    return f"by {record.who} at {when}: {record.why}"


def _noting(device: Device, record: Link) -> Device:
    """`device` with what an admin decided of an agent that is or was its own in its history."""
    where = "" if record.device == device.id else f" to {record.device}"
    what = f"linked{where} by hand" if record.device else "taken off by hand"
    agent_id = record.id.removeprefix(link_of_agent(""))
    if record.at is None:
        return device
    return device.noting(record.at, f"agent {agent_id} {what} by {record.who}: {record.why}")


async def finish_leaving(services: Services, agent_id: str) -> None:
    """Finish what an agent's link, move, or an admin's undo was cut off in."""
    # Not Store.edit: its devices are written between reading and writing it
    for attempt in range(MAX_ATTEMPTS):
        found = await services.store.read(Agent, agent_id)
        if found is None or (await _carry(services, found))[0]:
            return
        await pause(attempt)
    raise Contended(f"agent {agent_id} is written by too many at once")


async def _carry(
    services: Services,
    found: Found[Agent],
    note: Edit = _as_it_is,
    *,
    known: Found[Device] | None = None,
) -> tuple[bool, Found[Device] | None]:
    """Place an agent's slot at its device and take it off the one it left; whether that is finished, or the
    agent changed and must be read again, and its device, where it has one.

    A device that has become another by now is followed there: nobody comes by to fetch the agent any more.
    """
    agent = found.document
    device = None
    if agent.device is not None:
        place = _placing(agent)
        device = await change(services, agent.device, lambda at: note(place(at)), known=known)
    now = device.document.replaced_by if device else None
    if now is None or agent.moving_from is not None:
        return await finish_move(services, found, note) and now is None, device
    followed = linked_to(agent, now, agent.linked_by or now).model_copy(update={"unplaced": True})
    with suppress(Conflict):
        await services.store.replace(followed, found.etag)
    return False, device


async def finish_move(services: Services, found: Found[Agent], note: Edit = _as_it_is) -> bool:
    """Of an agent whose slot is placed: mark the one it left behind as moved, or withdraw it where the link
    was undone; False where the agent changed and must be read again."""
    agent = found.document
    if agent.moving_from is None and not agent.unplaced:
        return True
    left_open = agent.left_open
    if agent.moving_from is not None:
        left_open = await (_withdrawn_everywhere if agent.device is None else _moved_away)(
            services, agent, note
        )
    try:
        done = {"moving_from": None, "unplaced": False, "left_open": left_open}
        await services.store.replace(agent.model_copy(update=done), found.etag)
    except Conflict:
        return False
    return True


async def _withdrawn_everywhere(services: Services, agent: Agent, note: Edit) -> tuple[str, ...]:
    """What is left open where an admin undid the agent's link: nothing."""
    for device_id in dict.fromkeys((agent.moving_from or "", *agent.left_open)):
        await _withdraw_at(services, agent, device_id, note)
        log_event(LogEvent.AGENT_UNLINKED, agent=agent.id, device=device_id)
    return ()


async def _withdraw_at(services: Services, agent: Agent, device_id: str, note: Edit) -> None:
    """Withdraw the agent's slot at a device, and at those that its record went to since."""
    seen: set[str] = set()
    while device_id not in seen:
        seen.add(device_id)
        found = await change(services, device_id, lambda device: note(withdrawn(device, agent)))
        if found is None or found.document.replaced_by is None:
            return
        device_id = found.document.replaced_by


async def _moved_away(services: Services, agent: Agent, note: Edit) -> tuple[str, ...]:
    """Mark the agent's slot at the device it left as moved; where it has something open now."""
    source = agent.moving_from or ""
    left = await change(services, source, lambda device: note(without_agent(device, agent)))
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
    return linked_to(agent, device_id, key).model_copy(update={"looked_up": None})


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
        "unplaced": False,
        "level_revision": agent.level_revision + 1,
    }
    return agent.model_copy(update=gone)


def linked_to(agent: Agent, device_id: str, by: str) -> Agent:
    """`agent` linked to a device, at a new revision; the device it leaves is remembered until its slot is
    marked."""
    return agent.model_copy(
        update={
            "device": device_id,
            "linked_by": by,
            "looked_up": None if by == agent.looked_up else agent.looked_up,
            "moving_from": agent.device if agent.device != device_id else agent.moving_from,
            "level_revision": agent.level_revision + 1,
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


def _placing(agent: Agent) -> Edit:
    mine = slot(agent)
    return lambda device: with_slot(device, mine)
