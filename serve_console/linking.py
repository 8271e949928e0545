"""An admin links an agent to a device by hand, or undoes a link: who, why and when are recorded.

First the record is written (`agent:…` among the links): of two admins' the one written last stands, and the
other is answered who was faster. Then come the agent, its devices with their histories, and the tag. What is
cut off in between is finished by the next sync, or by doing it again: a record with the same device, reason
and admin is kept, with the time it was first said.
"""

from typing import Annotated

from pydantic import BaseModel, StringConstraints

from evaluate_risk.enforce import enforce
from evaluate_risk.linking import carry_out, in_words_of
from serve_console.named_device import stored_device
from serve_console.request import Request
from shared.cosmos import Found
from shared.domain.model import Agent, Device, Link, TagState, Verdict, agent_id, id_part, link_of_agent
from shared.domain.moment import Moment
from shared.entra import Caller
from shared.errors import NotThere, Overtaken
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
    """Link the agent `id_` to a device. Raises NotThere where there is no such agent or device, and
    Overtaken where another admin was faster."""
    agent = await _agent(services, id_)
    named = await stored_device(services, request.device)
    record, device = await linked_by_hand(services, caller, agent, named.id, request.reason)
    return _answer(agent.id, record, await enforce(services, device))


async def linked_by_hand(
    services: Services, caller: Caller, agent: Agent, device_id: str, reason: str
) -> tuple[Link, Found[Device]]:
    """The record, and the device with the agent on it, decided; the tag is left to the caller.

    Raises Overtaken, and NotThere where the device is not there any more.
    """
    found = await _recorded(services, caller, agent, device_id, reason)
    device = await carry_out(services, found)
    if device is None:
        raise NotThere(f"no agent {agent.id!r}, or no device {device_id!r}, any more")
    log_event(LogEvent.AGENT_LINKED, agent=agent.id, device=device_id, by=found.document.id)
    return found.document, device


async def unlink(services: Services, caller: Caller, id_: str, request: UnlinkRequest) -> Linked:
    """Take the agent `id_` off its device, and keep it apart until an admin links it again.

    Nothing the agent reported counts for the device any more, which is decided anew. Done twice, the second
    answers as the first. Raises NotThere where the agent is not linked, and Overtaken.
    """
    agent = await _agent(services, id_)
    found = await _recorded(services, caller, agent, None, request.reason)
    device = await carry_out(services, found)
    left = await enforce(services, device) if device else None
    return _answer(agent.id, found.document, left)


async def _recorded(
    services: Services, caller: Caller, agent: Agent, device_id: str | None, reason: str
) -> Found[Link]:
    """The record of what the admin says, as it stands once stored; the same said again is the same record.

    Here is decided who came later. Raises Overtaken where another admin's is stored meanwhile.
    """
    revision: int | None = None

    def recorded(stored: Link | None) -> Link | None:
        nonlocal revision
        before = stored or Link(id=link_of_agent(agent.id))
        if device_id is None and agent.device is None and not agent.left_open and stored is None:
            raise NotThere(f"agent {agent.id!r} is not linked to a device")
        if stored and _says(stored, agent, device_id, caller, reason):
            return None
        revision = before.revision if revision is None else revision
        if before.revision != revision:
            raise Overtaken(f"another admin was faster: {in_words_of(before)}")
        leaves = agent.device or agent.moving_from or (_was_on(agent, before) if device_id is None else None)
        return Link(
            id=before.id,
            device=device_id,
            why=reason,
            who=caller.who,
            at=services.now(),
            previous=leaves or before.previous,
            revision=before.revision + 1,
            pending=True,
        )

    edited = await services.store.edit(Link, link_of_agent(agent.id), recorded)
    assert edited.found is not None, "a record that is not there is made"  # noqa: S101
    return edited.found


def _was_on(agent: Agent, before: Link) -> str | None:
    """The device that an agent without one is taken off: where it left something open, or was linked."""
    return agent.left_open[-1] if agent.left_open else before.device


def _says(stored: Link, agent: Agent, device_id: str | None, caller: Caller, reason: str) -> bool:
    """Whether the record stands already: said again, or, for an undo, done already, whoever says it now."""
    if not stored.pending and agent.linked_by != stored.id:
        return False  # nobody will finish it
    if device_id is None and stored.device is None and agent.device is None and not agent.left_open:
        return True
    return (stored.device, stored.who, stored.why) == (device_id, caller.who, reason)


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
