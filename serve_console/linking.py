"""An admin links an agent to a device by hand, or undoes a link: who, why and when are recorded.

First the record is written (`agent:…` among the links), then the device's slot, then the agent, then both
devices' histories, last the tag. What is cut off in between is finished by doing it again: a record with the
same device, reason and admin is kept, with the time it was first said.
"""

from typing import Annotated

from pydantic import BaseModel, StringConstraints

from evaluate_risk.decide import change
from evaluate_risk.enforce import enforce
from evaluate_risk.linking import link_agent, unlink_agent, withdraw
from serve_console.named_device import named_device
from serve_console.request import Request
from shared.cosmos import Found
from shared.domain.model import Agent, Device, Link, TagState, Verdict, agent_id, id_part, link_of_agent
from shared.domain.moment import Moment
from shared.entra import Caller
from shared.errors import AlreadyStored, BadRequest, Conflict, NotThere, StoreUnavailable
from shared.log import LogEvent, log_event
from shared.services import Services


class UnlinkRequest(Request):
    """Why an agent is not the device it is linked to."""


class LinkRequest(Request):
    """Which device an agent is, and how the admin knows."""

    device: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=210)]


class Linked(BaseModel):
    """An agent after an admin's word on it, and how the device it concerns stands now."""

    agent: str
    device: str | None
    why: str
    who: str | None
    at: Moment | None
    previous: str | None
    verdict: Verdict | None
    tag_state: TagState | None


async def link(services: Services, caller: Caller, id_: str, request: LinkRequest) -> Linked:
    """Link the agent `id_` to a device. Raises NotThere where there is no such agent or device."""
    agent = await _agent(services, id_)
    named = await named_device(services, request.device)
    if named.ambiguous:
        raise BadRequest(named.why)
    if named.device is None:
        raise NotThere(named.why)
    record, device = await linked_by_hand(services, caller, agent, named.device, request.reason)
    return _answer(agent.id, record, await enforce(services, device))


async def linked_by_hand(
    services: Services, caller: Caller, agent: Agent, device_id: str, reason: str
) -> tuple[Link, Found[Device]]:
    """The record, and the device with the agent on it, decided; the tag is left to the caller."""
    record = await _recorded(services, caller, agent, device_id, reason)
    if await link_agent(services, agent.id, device_id, record.id) is None:
        raise NotThere(f"no agent {agent.id!r}, or no device {device_id!r}, any more")
    log_event(LogEvent.AGENT_LINKED, agent=agent.id, device=device_id, by=record.id)
    said = f"by {record.who}: {record.why}"
    if record.previous not in {None, device_id}:
        await _note(
            services, record.previous, record, f"agent {agent.id} linked to {device_id} by hand {said}"
        )
    device = await _note(services, device_id, record, f"agent {agent.id} linked by hand {said}")
    if device is None:
        raise NotThere(f"no device {device_id!r} any more")
    return record, device


async def unlink(services: Services, caller: Caller, id_: str, request: UnlinkRequest) -> Linked:
    """Take the agent `id_` off its device, and keep it apart until an admin links it again.

    Nothing the agent reported counts for the device any more, which is decided anew. Done twice, the second
    answers as the first. Raises NotThere where the agent is not linked.
    """
    agent = await _agent(services, id_)
    said = await services.store.read(Link, link_of_agent(agent.id))
    if agent.device is None and said is None:
        raise NotThere(f"agent {agent.id!r} is not linked to a device")
    record = await _recorded(services, caller, agent, None, request.reason)
    await unlink_agent(services, agent.id, record.id)
    words = f"agent {agent.id} taken off by hand by {record.who}: {record.why}"
    device = await _note(services, record.previous, record, words)
    left = await enforce(services, device) if device else None
    return _answer(agent.id, record, left)


async def _recorded(
    services: Services, caller: Caller, agent: Agent, device_id: str | None, reason: str
) -> Link:
    """The record of what the admin says, as it stands once stored; the same said again is the same record."""
    id_, who = link_of_agent(agent.id), f"{caller.name} ({caller.object_id})"
    found = await services.store.read(Link, id_)
    standing = found.document if found else Link(id=id_)
    if found and _says(standing, agent, device_id, who, reason):
        return standing
    await _lay_ghost(services, agent, standing.device, device_id)
    leaves = agent.device or agent.moving_from or (standing.device if device_id is None else None)
    record = Link(
        id=id_, device=device_id, why=reason, who=who, at=services.now(), previous=leaves or standing.previous
    )
    try:
        if found:
            await services.store.replace(record, found.etag)
        else:
            await services.store.create(record)
    except (AlreadyStored, Conflict) as error:
        raise StoreUnavailable("another admin is deciding on this agent", retry_after=1.0) from error
    return record


def _says(standing: Link, agent: Agent, device_id: str | None, who: str, reason: str) -> bool:
    """Whether the record stands already: said again, or, for an undo, done already, whoever says it now."""
    if device_id is None and standing.device is None and agent.device is None:
        return True
    return (standing.device, standing.who, standing.why) == (device_id, who, reason) and (
        device_id is not None or agent.device in {None, standing.previous}
    )


async def _lay_ghost(services: Services, agent: Agent, half_made: str | None, device_id: str | None) -> None:
    """Take away the slot of a link that was cut off before the agent had it, and that nobody will finish."""
    if half_made is not None and half_made not in {agent.device, agent.moving_from, device_id}:
        await withdraw(services, agent.id, half_made)


async def _note(services: Services, id_: str | None, record: Link, words: str) -> Found[Device] | None:
    if id_ is None or record.at is None:
        return None
    at = record.at
    return await change(services, id_, lambda device: device.noting(at, words))


async def _agent(services: Services, id_: str) -> Agent:
    partner, _, device = id_.partition(":")
    found = await services.store.read(Agent, id_) if agent_id(id_part(partner), device) == id_ else None
    if found is None:
        raise NotThere(f"no agent {id_[:100]!r}: one that has not reported yet can be imported")
    return found.document


def _answer(agent_id: str, record: Link, device: Device | None) -> Linked:
    return Linked(
        agent=agent_id,
        device=record.device,
        why=record.why,
        who=record.who,
        at=record.at,
        previous=record.previous,
        verdict=device.decision.verdict if device and device.decision else None,
        tag_state=device.tag.state if device else None,
    )
