"""Slots: what one agent brings to its device's decision, and how a device comes by it and loses it. Pure."""

from shared.domain.level import Level, highest
from shared.domain.model import Agent, Detection, Device, Finding, Slot, Unlisted
from shared.domain.record import Category

MAX_FINDINGS = 20
"""Findings a slot lists, and a decision, gravest first."""
UNLISTED = "unlisted"
"""Type of the finding that stands for threats an agent's document has no room for."""


def slot(agent: Agent) -> Slot:
    """What `agent` brings to its device's decision, at the agent's present revision; where it has not
    reported yet, nothing but that it is linked."""
    opened = [(key, threat.detection) for key, threat in agent.threats.items() if threat.detection]
    findings = sorted(
        (
            *(_finding(key, detection) for key, detection in opened),
            *(_unlisted(category, mark) for category, mark in agent.unlisted.items()),
        ),
        key=lambda finding: (-finding.severity.rank, finding.at, finding.key),
    )
    own = agent.snapshot
    levels = {
        category: highest(f.severity for f in findings if f.category is category)
        for category in Category
        if any(f.category is category for f in findings)
    }
    times = [finding.at for finding in findings]
    if own and own.severity is not Level.SECURED:
        times.append(own.at)
    return Slot(
        agent=agent.id,
        partner=agent.partner,
        revision=agent.level_revision,
        since=agent.first_received_at,
        levels=levels,
        own=own.severity if own else None,
        own_levels=own.levels if own else {},
        last_reported_at=agent.last_received_at,
        own_report=own.report if own and own.severity is not Level.SECURED else None,
        scanned=agent.scanned is not None,
        findings=tuple(findings[:MAX_FINDINGS]),
        open_threats=len(findings),
        newest_at=max(times, default=None),
        secured_at=agent.cleared_all.at if agent.cleared_all else None,
    )


def same_for_device(one: Slot, other: Slot) -> bool:
    """Whether two slots of an agent decide alike.

    A fresher snapshot alone changes nothing but `retires`, a later message nothing but how long it is silent.
    """
    ignore = {"revision", "secured_at", "last_reported_at", "moved"}
    return one.model_dump(exclude=ignore) == other.model_dump(exclude=ignore)


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


def _unlisted(category: Category, mark: Unlisted) -> Finding:
    return Finding(
        key=f"unlisted:{category}",
        report=mark.report,
        category=category,
        threat_type=UNLISTED,
        name="more threats than are kept one by one",
        severity=mark.severity,
        at=mark.at,
    )


def _finding(key: str, detection: Detection) -> Finding:
    return Finding(
        key=key,
        report=detection.report,
        category=detection.category,
        threat_type=detection.threat_type,
        name=detection.name,
        severity=detection.severity,
        at=detection.at,
    )
