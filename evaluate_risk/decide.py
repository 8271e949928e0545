"""A device's document: read it, edit it, decide, write it. One of the doors into this room.

Whatever changes about a device goes through `change`: the edit and the decision that follows from it are one
replace with If-Match, done again from the start where another instance was faster.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from evaluate_risk.personal import agent_without_person, without_person
from evaluate_risk.policy import TAG_PREFIX, Policy, decide, same
from evaluate_risk.risk import link_keys, slot
from evaluate_risk.wanted_tag import wanted_tag
from shared.cosmos import Found
from shared.errors import Conflict, NotStored, StoreUnavailable
from shared.events import Event, tell
from shared.model import Agent, Decision, Device, HistoryEntry, Known, Slot, by_hand
from shared.services import Services

ATTEMPTS = 50
HISTORY = 20


async def policy(services: Services) -> Policy:
    """The policy every decision is taken by now."""
    settings, reading = services.settings, await services.mirror.read()
    return Policy(
        mode=settings.mode,
        tag_all=settings.tag_all,
        rules=reading.rules,
        switches=reading.switches,
        hearing=reading.hearing,
        follow_ups=settings.follow_ups,
    )


async def change(
    services: Services, device_id: str, edit: Callable[[Device], Device] = lambda device: device
) -> Found[Device] | None:
    """The device after `edit` and the decision that follows; None where there is no such device.

    Nothing is written where nothing changes. Raises StoreUnavailable when others keep being faster.
    """
    for attempt in range(ATTEMPTS):
        found = await services.store.read(Device, device_id)
        if found is None:
            return None
        after = settle(edit(found.document), await policy(services), services.now())
        if after == found.document:
            return found
        try:
            etag = await services.store.replace(after, found.etag)
        except (Conflict, NotStored):
            await pause(attempt)
            continue
        _tell_change(found.document, after)
        return Found(after, etag)
    raise StoreUnavailable(f"device {device_id} is written by too many at once")


def preview(device: Device, policy: Policy, now: datetime) -> Decision:
    """The decision another policy would come to; nothing is written."""
    return decide(device, policy, now)


async def decide_again(services: Services, device_id: str) -> Found[Device] | None:
    """The device after a decision that is due; where agents seem silent, once they were asked when they were
    heard last: a message that changed nothing was not carried to the device."""
    hearing = (await services.mirror.read()).hearing
    if hearing.agent_limit is None:
        return await change(services, device_id)
    found = await services.store.read(Device, device_id)
    slots = found.document.slots.values() if found else ()
    heard: dict[str, datetime] = {}
    for slot_ in slots:
        if hearing.is_silent(slot_.heard_at, services.now()):
            agent = await services.store.read(Agent, slot_.agent)
            if agent and agent.document.last_received_at:
                heard[slot_.agent] = agent.document.last_received_at
    return await change(services, device_id, partial(_hearing, heard=heard))


def _hearing(device: Device, heard: Mapping[str, datetime]) -> Device:
    slots = {
        id_: slot_.model_copy(update={"heard_at": max(heard[id_], slot_.heard_at or heard[id_])})
        if id_ in heard
        else slot_
        for id_, slot_ in device.slots.items()
    }
    return device.model_copy(update={"slots": slots})


async def pause(attempt: int) -> None:
    """A short random wait before doing again what another instance was faster at."""
    await asyncio.sleep(random.uniform(0, min(0.005 * 2**attempt, 0.25)))  # noqa: S311 - no secret


def settle(device: Device, policy: Policy, now: datetime) -> Device:
    """`device` with the decision and the wanted tag that follow from what it holds. Pure."""
    if device.frozen and device.decision:
        kept = {"rules_version": policy.version, "next_due": None}
        return device.model_copy(update={"decision": device.decision.model_copy(update=kept)})
    decision = decide(device, policy, now)
    if device.decision and same(device.decision, decision):
        decision = device.decision
    tag = wanted_tag(device, decision, policy, now)
    history = device.history
    turned = device.decision is None or device.decision.verdict != decision.verdict
    if turned or tag.wanted != device.tag.wanted:
        words = f"{decision.verdict}: {decision.reasons[0]}; tag {tag.wanted or 'left as it is'}"
        history = (HistoryEntry(at=now, what=words), *history)[:HISTORY]
    return device.model_copy(update={"decision": decision, "tag": tag, "history": history})


def with_slot(device: Device, slot: Slot) -> Device:
    """`device` with an agent's slot, unless the one it has is as new: an older level never covers a newer."""
    standing = device.slots.get(slot.agent)
    if standing and standing.revision >= slot.revision:
        return device
    return device.model_copy(update={"slots": {**device.slots, slot.agent: slot}})


def without_agent(device: Device, agent: Agent) -> Device:
    """`device` with the agent's slot marked moved; made where there is none, so that no late one comes."""
    standing = device.slots.get(agent.id, slot(agent))
    if standing.moved or standing.revision > agent.level_revision:
        return device
    moved = standing.model_copy(update={"moved": True, "revision": agent.level_revision})
    return device.model_copy(update={"slots": {**device.slots, agent.id: moved}})


def withdrawn(device: Device, agent: Agent) -> Device:
    """`device` with nothing left of an agent but the revision at which its link was undone."""
    standing = device.slots.get(agent.id)
    revision = agent.level_revision
    if standing and (standing.revision > revision or (standing.withdrawn and standing.revision == revision)):
        return device
    return device.model_copy(update={"slots": {**device.slots, agent.id: _tombstone(agent, revision)}})


def _without_ghost(device: Device, agent: Agent) -> Device:
    standing = device.slots.get(agent.id)
    if standing is None or standing.moved or standing.withdrawn:
        return device
    revision = max(standing.revision, agent.level_revision)
    return device.model_copy(update={"slots": {**device.slots, agent.id: _tombstone(agent, revision)}})


def _tombstone(agent: Agent, revision: int) -> Slot:
    since = slot(agent).since
    return Slot(agent=agent.id, partner=agent.partner, revision=revision, since=since, withdrawn=True)


def noting(at: datetime, what: str) -> Callable[[Device], Device]:
    """An edit that enters `what` into a device's history, once."""
    entry = HistoryEntry(at=at, what=what)

    def edit(device: Device) -> Device:
        if entry in device.history:
            return device
        return device.model_copy(update={"history": (entry, *device.history)[:HISTORY]})

    return edit


async def forget_person(services: Services, device_id: str, agents: Iterable[str]) -> None:
    """Remove personal data from a device that is gone, and from the agents that were on it; agents first, so
    that what is cut off in between is found and done again."""
    for agent_id in agents:
        for attempt in range(ATTEMPTS):
            found = await services.store.read(Agent, agent_id)
            if found is None or (bare := agent_without_person(found.document)) == found.document:
                break
            try:
                await services.store.replace(bare, found.etag)
            except Conflict:
                await pause(attempt)
                continue
            break
    await change(services, device_id, lambda device: without_person(device, services.now()))


async def link_agent(
    services: Services, agent_id: str, device_id: str, by: str, *, source: str | None = None
) -> Found[Device] | None:
    """Link an agent to a device outside the feed; None where one of them is not there, where the agent is not
    linked to `source`, if one is given, and where an id would change what an admin decided by hand.

    The slot is written at the device first and the link on the agent after it: what is cut off in between
    leaves the agent as it was, and whoever began it (the next sync, or the admin) does it again. An agent
    that has not reported yet gets its slot with its first report: a silent partner is not present.
    """
    for attempt in range(ATTEMPTS):
        found = await services.store.read(Agent, agent_id)
        if found is None:
            return None
        agent = found.document
        if agent.device != device_id or (by_hand(by) and agent.linked_by != by):
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
    raise StoreUnavailable(f"agent {agent_id} is written by too many at once")


def _may_link(agent: Agent, by: str, source: str | None) -> bool:
    return source in {None, agent.device} and (by_hand(by) or not by_hand(agent.linked_by))


async def unlink_agent(services: Services, agent_id: str, by: str) -> None:
    """Take an agent off its device, because an admin says `by` that it is not that one.

    The agent is written first, and remembers the device it leaves until its slot there is withdrawn: what is
    cut off in between is finished by the next report, the next link, or when this is done again.
    """
    for attempt in range(ATTEMPTS):
        found = await services.store.read(Agent, agent_id)
        if found is None:
            return
        agent = found.document
        if agent.device is not None:
            if agent.moving_from is not None:
                await finish_move(services, found)
                continue
            gone = {"device": None, "linked_by": by, "moving_from": agent.device}
            left = agent.model_copy(update={**gone, "level_revision": agent.level_revision + 1})
            try:
                found = Found(left, await services.store.replace(left, found.etag))
            except Conflict:
                await pause(attempt)
                continue
        if await finish_move(services, found):
            return
    raise StoreUnavailable(f"agent {agent_id} is written by too many at once")


async def withdraw(services: Services, agent_id: str, device_id: str) -> None:
    """Take away the slot a link placed before it was cut off; where the agent is, it stays.

    The agent's revision is raised first, so that a later link to this device is newer than what is left here.
    """
    for attempt in range(ATTEMPTS):
        found = await services.store.read(Agent, agent_id)
        if found is None or found.document.first_received_at is None:
            return
        raised = found.document.model_copy(update={"level_revision": found.document.level_revision + 1})
        try:
            await services.store.replace(raised, found.etag)
        except Conflict:
            await pause(attempt)
            continue
        await change(services, device_id, partial(_without_ghost, agent=raised))
        return
    raise StoreUnavailable(f"agent {agent_id} is written by too many at once")


async def finish_leaving(services: Services, agent_id: str) -> None:
    """Finish what an agent's move, or an admin's undo, was cut off in."""
    for _ in range(ATTEMPTS):
        found = await services.store.read(Agent, agent_id)
        if found is None or await finish_move(services, found):
            return
    raise StoreUnavailable(f"agent {agent_id} is written by too many at once")


def is_ours(value: str) -> bool:
    """Whether a value of the attribute is one this app writes; any other is never overwritten."""
    return value.startswith(TAG_PREFIX)


def link_candidates(mdm_device_id: Known | None, serial: Known | None, udid: Known | None) -> list[str]:
    """Every link an agent could be found under by the ids its partner gave, best first."""
    ids = (("mdm", mdm_device_id), ("serial", serial), ("udid", udid))
    return link_keys([(kind, known.value if known else None) for kind, known in ids])


def linked_to(agent: Agent, device_id: str, by: str, *, beyond: int = 1) -> Agent:
    """`agent` linked to a device, at a new revision; the device it leaves is remembered until it is told.

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


async def finish_move(services: Services, found: Found[Agent]) -> bool:
    """Mark the slot an agent left behind as moved, or withdraw it where the link was undone; False where the
    agent changed and must be read again. An agent that never reported has left none."""
    agent = found.document
    if agent.moving_from is None:
        return True
    if agent.first_received_at is not None:
        leave = withdrawn if agent.device is None else without_agent
        await change(services, agent.moving_from, lambda device: leave(device, agent))
    if agent.device is None:
        tell(Event.AGENT_UNLINKED, agent=agent.id, device=agent.moving_from)
    else:
        tell(Event.AGENT_MOVED, agent=agent.id, source=agent.moving_from, target=agent.device)
    try:
        await services.store.replace(agent.model_copy(update={"moving_from": None}), found.etag)
    except Conflict:
        return False
    return True


def _placing(agent: Agent) -> Callable[[Device], Device]:
    if agent.first_received_at is None:
        return lambda device: device
    mine = slot(agent)
    return lambda device: with_slot(device, mine)


def _tell_change(before: Device, after: Device) -> None:
    if after.decision and (before.decision is None or before.decision.verdict != after.decision.verdict):
        decision = after.decision
        tell(
            Event.DECISION_CHANGED,
            device=after.id,
            verdict=decision.verdict,
            risk=decision.risk,
            rule=decision.rule,
            tag=after.tag.wanted,
        )
