"""Many links by hand at once, from a file: first what would happen, then, with the same content, that.

The token a preview answers is the hash of the content it was about; only with it is a file applied. Applying
is done line by line: what is cut off is finished by applying again, and a line that is done already says so.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from pydantic import BaseModel

from evaluate_risk.enforce import enforce
from ingest_threat.intake import partner_device_id
from serve_console.linking import linked_by_hand
from serve_console.links_file import BadLine, Line, lines
from serve_console.named_device import named_device
from shared.bounded import bounded_gather
from shared.domain.model import Agent, is_manual
from shared.entra import Caller
from shared.errors import AlreadyStored, BadRequest, NotThere, Overtaken, UnknownPartner, WrongContentType
from shared.headers import Headers
from shared.services import Services

CONCURRENCY = 16
"""Lines worked on side by side."""


class LineOutcome(StrEnum):
    """What becomes of a line."""

    LINK = "link"
    MOVE = "move"
    """The agent leaves another device, where what it has open stays until that one is confirmed gone."""
    SAME = "same"
    """An admin has linked it so already."""
    OVERTAKEN = "overtaken"
    """Another admin decided on the agent at the same time: what that one said stands."""
    UNKNOWN_DEVICE = "unknown device"
    AMBIGUOUS = "ambiguous"
    UNREADABLE = "unreadable"


class Planned(BaseModel):
    """One line, and what becomes of it."""

    line: int
    outcome: LineOutcome
    agent: str | None = None
    device: str | None = None
    previous: str | None = None
    why: str | None = None


class ImportAnswer(BaseModel):
    """What would happen, or has happened, with each line."""

    applied: bool
    token: str
    """Send the same content again with `?apply=` and this, and it is applied."""
    counts: dict[LineOutcome, int]
    lines: list[Planned]


@dataclass(frozen=True)
class _Case:
    """A line on its way, with what is known of its agent."""

    line: Line
    planned: Planned
    agent: Agent | None = None


async def import_links(
    services: Services, caller: Caller, headers: Headers, body: bytes, preview: str = "", apply: str = ""
) -> ImportAnswer:
    """Preview or apply a file of links. Raises WrongContentType, UnreadableReport or BadRequest."""
    _check_content_type(headers)
    token = hashlib.sha256(body).hexdigest()
    applying = _is_applied(preview, apply, token)
    read = lines(body)
    readable = [line for line in read if isinstance(line, Line)]
    cases = await bounded_gather(partial(_plan, services), readable, limit=CONCURRENCY)
    cases = _without_contradictions(cases)
    if applying:
        cases = await bounded_gather(partial(_apply, services, caller), cases, limit=CONCURRENCY)
    bad = [
        Planned(line=line.number, outcome=LineOutcome.UNREADABLE, why=line.why)
        for line in read
        if isinstance(line, BadLine)
    ]
    planned = sorted([*bad, *(case.planned for case in cases)], key=lambda each: each.line)
    counts = Counter(each.outcome for each in planned)
    return ImportAnswer(applied=applying, token=token, counts=dict(counts), lines=planned)


def _check_content_type(headers: Headers) -> None:
    if headers.media_type != "text/csv":
        raise WrongContentType("expected text/csv, in UTF-8")


def _is_applied(preview: str, apply: str, token: str) -> bool:
    """Whether the content is to be applied; a preview is what nobody has to ask for."""
    if preview.lower() not in {"", "true"}:
        raise BadRequest("preview: expected true; to apply, send apply and the token of the preview")
    if not apply:
        return False
    if preview:
        raise BadRequest("expected preview or apply, not both")
    if apply != token:
        raise BadRequest("apply: this is not the content of that preview: look at a new one first")
    return True


async def _plan(services: Services, line: Line) -> _Case:
    try:
        line = replace(line, partner_device_id=partner_device_id(line.partner, line.partner_device_id))
    except UnknownPartner:
        why = f"no partner {line.partner[:50]!r}"
        return _Case(line, Planned(line=line.number, outcome=LineOutcome.UNREADABLE, why=why))
    planned = Planned(line=line.number, outcome=LineOutcome.LINK, agent=line.agent)
    named = await named_device(services, line.device)
    if named.device is None:
        outcome = LineOutcome.AMBIGUOUS if named.ambiguous else LineOutcome.UNKNOWN_DEVICE
        return _Case(line, planned.model_copy(update={"outcome": outcome, "why": named.why}))
    found = await services.store.read(Agent, line.agent)
    agent = found.document if found else None
    update: dict[str, object] = {"device": named.device, "outcome": _outcome(agent, named.device)}
    update |= {"previous": agent.device} if agent else {"why": "the agent has not reported yet"}
    return _Case(line, planned.model_copy(update=update), agent)


def _outcome(agent: Agent | None, device: str) -> LineOutcome:
    if agent is None or agent.device is None:
        return LineOutcome.LINK
    if agent.device != device:
        return LineOutcome.MOVE
    return LineOutcome.SAME if is_manual(agent.linked_by) and agent.moving_from is None else LineOutcome.LINK


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
            update = {"outcome": LineOutcome.AMBIGUOUS, "device": None, "why": why}
        elif case.planned.device and first[case.line.agent] is not case:
            update = {"outcome": LineOutcome.SAME, "why": f"as line {first[case.line.agent].line.number}"}
        judged.append(replace(case, planned=case.planned.model_copy(update=update)))
    return judged


async def _apply(services: Services, caller: Caller, case: _Case) -> _Case:
    planned = case.planned
    if planned.outcome not in {LineOutcome.LINK, LineOutcome.MOVE} or planned.device is None:
        return case
    agent = case.agent or await _made(services, case.line)
    try:
        _, device = await linked_by_hand(services, caller, agent, planned.device, case.line.reason)
    except NotThere as error:
        gone = {"outcome": LineOutcome.UNKNOWN_DEVICE, "why": str(error)}
        return replace(case, planned=planned.model_copy(update=gone))
    except Overtaken as error:
        update = {"outcome": LineOutcome.OVERTAKEN, "why": str(error)}
        return replace(case, planned=planned.model_copy(update=update))
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
