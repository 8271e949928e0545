"""A device's document: read it, edit it, decide, write it. One of the doors into this room.

Whatever changes about a device goes through `change`: the edit and the decision that follows from it are one
replace with If-Match, done again from the start where another instance was faster.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

from evaluate_risk.counting import counted
from evaluate_risk.personal import agent_without_person, without_person
from evaluate_risk.policy import Policy, decide, same
from evaluate_risk.wanted_tag import wanted_tag
from shared.cosmos import Found
from shared.domain.heartbeats import Heartbeats
from shared.domain.model import Agent, Decision, Device
from shared.log import LogEvent, log_event
from shared.services import Services


async def policy(services: Services) -> Policy:
    """The policy every decision is taken by now."""
    settings, reading = services.settings, await services.mirror.read()
    return Policy(
        mode=settings.mode,
        tag_all=settings.tag_all,
        rules=reading.rules,
        switches=reading.switches,
        heartbeats=reading.heartbeats,
        enrollment_grace=timedelta(hours=settings.enrollment_grace_hours),
        canary=(settings.canary_device, settings.canary_user),
        follow_ups=settings.follow_ups,
    )


async def change(
    services: Services,
    device_id: str,
    edit: Callable[[Device], Device] = lambda device: device,
    *,
    known: Found[Device] | None = None,
) -> Found[Device] | None:
    """The device after `edit` and the decision that follows; None where there is no such device.

    `known` is a version read before, which spares the first reading. Nothing is written where nothing
    changes. Raises StoreUnavailable when others keep being faster.
    """

    async def changed(device: Device | None) -> Device | None:
        return settle(edit(device), await policy(services), services.now()) if device else None

    edited = await services.store.edit(Device, device_id, changed, known=known)
    if edited.found and edited.written:
        _log_change(edited.before, edited.found.document)
    return edited.found


def outlook(device: Device, policy: Policy, now: datetime) -> tuple[Decision, Decision]:
    """The decision a policy comes to at once, and the one once every grace is over, where nothing is reported
    until then (`decided_at` says when); nothing is written."""
    at_once = decision = decide(device, policy, now)
    while decision.grace_until is not None:
        graced = device.model_copy(update={"decision": decision})
        decision = decide(graced, policy, decision.grace_until)
    return at_once, decision


def partners_present(device: Device, policy: Policy, now: datetime) -> frozenset[str]:
    """The partners that count by a policy and have a present agent on the device."""
    switches = policy.switches
    on, taken = switches.counting(device.facts.platform), switches.event_only_present
    return counted(policy.without_canarys(device), on, Heartbeats(), now, taken).present


async def decide_again(services: Services, device_id: str) -> Found[Device] | None:
    """The device after a decision that is due; where agents seem silent, once they were asked when they
    reported last: a message that changed nothing was not carried to the device."""
    heartbeats = (await services.mirror.read()).heartbeats
    if heartbeats.agent_limit is None:
        return await change(services, device_id)
    found = await services.store.read(Device, device_id)
    slots = found.document.slots.values() if found else ()
    reported: dict[str, datetime] = {}
    for slot_ in slots:
        if heartbeats.is_silent(slot_.last_reported_at, services.now()):
            agent = await services.store.read(Agent, slot_.agent)
            if agent and agent.document.last_received_at:
                reported[slot_.agent] = agent.document.last_received_at
    return await change(services, device_id, partial(_with_last_reports, reported=reported))


def _with_last_reports(device: Device, reported: Mapping[str, datetime]) -> Device:
    slots = {
        id_: slot_.model_copy(
            update={"last_reported_at": max(reported[id_], slot_.last_reported_at or reported[id_])}
        )
        if id_ in reported
        else slot_
        for id_, slot_ in device.slots.items()
    }
    return device.model_copy(update={"slots": slots})


def settle(device: Device, policy: Policy, now: datetime) -> Device:
    """`device` with the decision and the wanted tag that follow from what it holds. Pure."""
    decision = decide(device, policy, now)
    if device.decision and same(device.decision, decision):
        decision = device.decision
    tag = wanted_tag(device, decision, policy, now)
    after = device.model_copy(update={"decision": decision, "tag": tag})
    turned = device.decision is None or device.decision.verdict != decision.verdict
    if turned or tag.wanted != device.tag.wanted:
        words = f"{decision.verdict}: {decision.reasons[0]}; tag {tag.wanted or 'left as it is'}"
        return after.noting(now, words)
    return after


async def forget_person(services: Services, device_id: str, agents: Iterable[str]) -> None:
    """Remove personal data from a device that is gone, and from the agents that were on it; agents first, so
    that what is cut off in between is found and done again."""
    for agent_id in agents:
        await services.store.edit(Agent, agent_id, lambda agent: agent and agent_without_person(agent))
    await change(services, device_id, lambda device: without_person(device, services.now()))


def _log_change(before: Device | None, after: Device) -> None:
    decision, was = after.decision, before.decision if before else None
    if decision and (was is None or was.verdict != decision.verdict):
        log_event(
            LogEvent.DECISION_CHANGED,
            device=after.id,
            verdict=decision.verdict,
            risk=decision.risk,
            rule=decision.rule,
            tag=after.tag.wanted,
        )
