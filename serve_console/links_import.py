"""Many links by hand at once, from a file: first what would happen, then, with the same content, that.

The token a preview answers is the hash of the content it was about; only with it is a file applied. Applying
is done line by line: what is cut off is finished by applying again, and a line that is done already says so.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel

from evaluate_risk.enforce import enforce
from ingest_threat.intake import partner_device_id
from serve_console.linking import linked_by_hand
from serve_console.links_file import BadLine, Line, lines
from serve_console.named_device import named_device
from shared.entra import Caller
from shared.errors import AlreadyStored, BadRequest, NotThere, UnknownPartner, WrongContentType
from shared.model import Agent, by_hand
from shared.services import Services

CONCURRENCY = 16
"""Lines worked on side by side."""

T = TypeVar("T")


class Outcome(StrEnum):
    """What becomes of a line."""

    LINK = "link"
    MOVE = "move"
    """The agent leaves another device, whose decision and tag freeze until that one is confirmed gone."""
    SAME = "same"
    """An admin has linked it so already."""
    UNKNOWN_DEVICE = "unknown device"
    AMBIGUOUS = "ambiguous"
    UNREADABLE = "unreadable"


class Planned(BaseModel):
    """One line, and what becomes of it."""

    line: int
    outcome: Outcome
    agent: str | None = None
    device: str | None = None
    previous: str | None = None
    why: str | None = None


class ImportAnswer(BaseModel):
    """What would happen, or has happened, with each line."""

    applied: bool
    token: str
    """Send the same content again with `?apply=` and this, and it is applied."""
    counts: dict[Outcome, int]
    lines: list[Planned]


@dataclass(frozen=True)
class _Case:
    """A line on its way, with what is known of its agent."""

    line: Line
    planned: Planned
    agent: Agent | None = None


async def import_links(
    services: Services, caller: Caller, headers: Mapping[str, str], body: bytes, query: Mapping[str, str]
) -> ImportAnswer:
    """Preview or apply a file of links. Raises WrongContentType, UnreadableReport or BadRequest."""
    _check_content_type(headers)
    token = hashlib.sha256(body).hexdigest()
    applying = _is_applied(query, token)
    read = lines(body)
    cases = await _side_by_side(services, [line for line in read if isinstance(line, Line)], _plan)
    cases = _without_contradictions(cases)
    if applying:

        async def apply(services: Services, case: _Case) -> _Case:
            return await _apply(services, caller, case)

        cases = await _side_by_side(services, cases, apply)
    bad = [
        Planned(line=line.number, outcome=Outcome.UNREADABLE, why=line.why)
        for line in read
        if isinstance(line, BadLine)
    ]
    told = sorted([*bad, *(case.planned for case in cases)], key=lambda planned: planned.line)
    counts = Counter(planned.outcome for planned in told)
    return ImportAnswer(applied=applying, token=token, counts=dict(counts), lines=told)


def _check_content_type(headers: Mapping[str, str]) -> None:
    stated = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    if stated.partition(";")[0].strip().lower() != "text/csv":
        raise WrongContentType("expected text/csv, in UTF-8")


def _is_applied(query: Mapping[str, str], token: str) -> bool:
    """Whether the content is to be applied; a preview is what nobody has to ask for."""
    preview, given = query.get("preview", "").lower(), query.get("apply", "")
    if preview not in {"", "true"}:
        raise BadRequest("preview: expected true; to apply, send apply and the token of the preview")
    if not given:
        return False
    if preview:
        raise BadRequest("expected preview or apply, not both")
    if given != token:
        raise BadRequest("apply: this is not the content of that preview: look at a new one first")
    return True


async def _plan(services: Services, line: Line) -> _Case:
    try:
        line = replace(line, partner_device_id=partner_device_id(line.partner, line.partner_device_id))
    except UnknownPartner:
        why = f"no partner {line.partner[:50]!r}"
        return _Case(line, Planned(line=line.number, outcome=Outcome.UNREADABLE, why=why))
    planned = Planned(line=line.number, outcome=Outcome.LINK, agent=line.agent)
    named = await named_device(services, line.device)
    if named.device is None:
        outcome = Outcome.AMBIGUOUS if named.ambiguous else Outcome.UNKNOWN_DEVICE
        return _Case(line, planned.model_copy(update={"outcome": outcome, "why": named.why}))
    found = await services.store.read(Agent, line.agent)
    agent = found.document if found else None
    update: dict[str, object] = {"device": named.device, "outcome": _outcome(agent, named.device)}
    update |= {"previous": agent.device} if agent else {"why": "the agent has not reported yet"}
    return _Case(line, planned.model_copy(update=update), agent)


def _outcome(agent: Agent | None, device: str) -> Outcome:
    if agent is None or agent.device is None:
        return Outcome.LINK
    if agent.device != device:
        return Outcome.MOVE
    return Outcome.SAME if by_hand(agent.linked_by) and agent.moving_from is None else Outcome.LINK


def _without_contradictions(cases: Sequence[_Case]) -> list[_Case]:
    """Two lines that give one agent two devices give it none; said twice the same, the first does it."""
    first: dict[str, _Case] = {}
    devices: dict[str, set[str]] = {}
    for case in cases:
        if case.planned.device and case.planned.agent:
            first.setdefault(case.planned.agent, case)
            devices.setdefault(case.planned.agent, set()).add(case.planned.device)
    judged = []
    for case in cases:
        update: dict[str, object] = {}
        if len(devices.get(case.line.agent, ())) > 1:
            why = "other lines name another device for this agent"
            update = {"outcome": Outcome.AMBIGUOUS, "device": None, "why": why}
        elif case.planned.device and first[case.line.agent] is not case:
            update = {"outcome": Outcome.SAME, "why": f"as line {first[case.line.agent].line.number}"}
        judged.append(replace(case, planned=case.planned.model_copy(update=update)))
    return judged


async def _side_by_side(
    services: Services, items: Sequence[T], work: Callable[[Services, T], Awaitable[_Case]]
) -> list[_Case]:
    """What `work` makes of each item, in their order. All are tried before the first error is raised."""
    gate = asyncio.Semaphore(CONCURRENCY)

    async def one(item: T) -> _Case:
        async with gate:
            return await work(services, item)

    cases: list[_Case] = []
    for result in await asyncio.gather(*map(one, items), return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
        cases.append(result)
    return cases


async def _apply(services: Services, caller: Caller, case: _Case) -> _Case:
    planned = case.planned
    if planned.outcome not in {Outcome.LINK, Outcome.MOVE} or planned.device is None:
        return case
    agent = case.agent or await _made(services, case.line)
    try:
        _, device = await linked_by_hand(services, caller, agent, planned.device, case.line.reason)
    except NotThere as error:
        gone = {"outcome": Outcome.UNKNOWN_DEVICE, "why": str(error)}
        return replace(case, planned=planned.model_copy(update=gone))
    if not services.graph.resting():  # the timer of every minute does the rest
        await enforce(services, device)
    return case


async def _made(services: Services, line: Line) -> Agent:
    """The agent, made without a report: nothing of it counts until its first one."""
    agent = Agent(id=line.agent, partner=line.partner, partner_device_id=line.partner_device_id)
    try:
        await services.store.create(agent)
    except AlreadyStored:
        found = await services.store.read(Agent, agent.id)
        return found.document if found else agent
    return agent
