"""Slots: what one agent brings to its device's decision, and how a device comes by it and loses it. Pure."""

from datetime import datetime

from shared.domain.level import Level, highest
from shared.domain.model import Agent, Detection, Device, Finding, Slot, Unlisted
from shared.domain.record import Category

MAX_FINDINGS = 20
"""Findings a slot lists, and a decision, gravest first."""
UNLISTED = "unlisted"
"""Type of the finding that stands for threats an agent's document has no room for."""
_DECIDING = Slot.model_fields.keys() - {"revision", "secured_at", "last_reported_at", "moved"}
_Opened = tuple[Category, str, Detection | Unlisted]
"""An open threat, or what stands for many: its category, its key, and what is known of it."""


def slot(agent: Agent) -> Slot:
    """What `agent` brings to its device's decision, at the agent's present revision; where it has not
    reported yet, nothing but that it is linked."""
    opened: list[_Opened] = [
        (threat.detection.category, key, threat.detection)
        for key, threat in agent.threats.items()
        if threat.detection
    ]
    opened += [(category, f"{UNLISTED}:{category}", mark) for category, mark in agent.unlisted.items()]
    opened.sort(key=_gravity)
    own = agent.snapshot
    # The gravest come first: of each category, its last word here is its first one's.
    gravest = {category: mark.severity for category, _, mark in reversed(opened)}
    times = [mark.at for _, _, mark in opened]
    if own and own.severity is not Level.SECURED:
        times.append(own.at)
    return Slot(
        agent=agent.id,
        partner=agent.partner,
        revision=agent.level_revision,
        since=agent.first_received_at,
        levels={category: gravest[category] for category in Category if category in gravest},
        own=own.severity if own else None,
        own_levels=own.levels if own else {},
        last_reported_at=agent.last_received_at,
        own_report=own.report if own and own.severity is not Level.SECURED else None,
        scanned=agent.scanned is not None,
        findings=tuple(_finding(*each) for each in opened[:MAX_FINDINGS]),
        open_threats=len(opened),
        newest_at=max(times, default=None),
        secured_at=agent.cleared_all.at if agent.cleared_all else None,
    )


def same_for_device(one: Slot, other: Slot) -> bool:
    """Whether two slots of an agent decide alike.

    A fresher snapshot alone changes nothing but `retires`, a later message nothing but how long it is silent.
    """
    return all(getattr(one, name) == getattr(other, name) for name in _DECIDING)


def against(slot: Slot) -> Level | None:
    """The level to which its open threats, or its partner's own word on the device, raise the risk; None
    where nothing speaks against the device."""
    level = highest([*slot.levels.values(), slot.own or Level.SECURED])
    return level if level is not Level.SECURED else None


def is_newer(one: Slot, other: Slot) -> bool:
    """Whether one agent reported first after the other did."""
    return one.since is not None and other.since is not None and one.since > other.since


def retires(newer: Slot, older: Slot) -> bool:
    """Whether `newer`, of the same partner on the same device, supersedes `older`.

    Only an explicit secured snapshot, newer than everything that speaks against the older agent, does.
    """
    return (
        newer.partner == older.partner
        and is_newer(newer, older)
        and newer.secured_at is not None
        and older.newest_at is not None
        and newer.secured_at > older.newest_at
    )


def with_slot(device: Device, slot: Slot) -> Device:
    """`device` with an agent's slot, unless the one it has is as new: an older level never covers a newer."""
    current = device.slots.get(slot.agent)
    if current and current.revision >= slot.revision:
        return device
    return device.model_copy(update={"slots": {**device.slots, slot.agent: slot}})


def without_agent(device: Device, agent: Agent) -> Device:
    """`device` with the agent's slot marked moved; made where there is none, so that no late one comes."""
    current = device.slots.get(agent.id, slot(agent))
    if current.moved or current.revision > agent.level_revision:
        return device
    moved = current.model_copy(update={"moved": True, "revision": agent.level_revision})
    return device.model_copy(update={"slots": {**device.slots, agent.id: moved}})


def withdrawn(device: Device, agent: Agent) -> Device:
    """`device` with nothing left of an agent but the revision at which its link was undone."""
    current = device.slots.get(agent.id)
    revision = agent.level_revision
    if current and (current.revision > revision or (current.withdrawn and current.revision == revision)):
        return device
    return device.model_copy(update={"slots": {**device.slots, agent.id: _tombstone(agent, revision)}})


def _tombstone(agent: Agent, revision: int) -> Slot:
    since = slot(agent).since
    return Slot(agent=agent.id, partner=agent.partner, revision=revision, since=since, withdrawn=True)


def _gravity(opened: _Opened) -> tuple[int, datetime, str]:
    _, key, mark = opened
    return -mark.severity.rank, mark.at, key


def _finding(category: Category, key: str, mark: Detection | Unlisted) -> Finding:
    listed = mark if isinstance(mark, Detection) else None
    return Finding(
        key=key,
        report=mark.report,
        category=category,
        threat_type=listed.threat_type if listed else UNLISTED,
        name=listed.name if listed else "more threats than are kept one by one",
        severity=mark.severity,
        at=mark.at,
    )
