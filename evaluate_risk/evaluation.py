"""One batch of the change feed: fold each agent's reports, link it, place its slot, enforce the decision.

Every step can be cut off and done again: a replayed batch finishes what a crash left. Only an unavailable
store is raised, so that the batch replays; whatever else is wrong with a document goes to `dead_letters`.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue, ValidationError

from evaluate_risk.decide import ATTEMPTS, change, finish_move, linked_to, pause, with_slot
from evaluate_risk.enforce import enforce
from evaluate_risk.risk import (
    Dropped,
    Folded,
    fold,
    link_key,
    new_agent,
    retires,
    same_for_device,
    slot,
)
from shared.cosmos import Found
from shared.errors import AlreadyStored, Conflict, StoreRefused, StoreUnavailable
from shared.events import Event, place, tell
from shared.model import Agent, DeadLetter, Device, Link, Report, Slot, by_hand, digest, id_part
from shared.services import Services

CONCURRENCY = 16
"""Agents evaluated side by side."""


async def evaluate(services: Services, documents: Iterable[Mapping[str, JsonValue]]) -> None:
    """Apply the reports in `documents`. Raises StoreUnavailable, and nothing is lost by it."""
    by_agent: dict[str, list[Report]] = {}
    now = oldest = int(services.now().timestamp())
    for document in documents:
        oldest = min(oldest, _written_at(document, now))
        try:
            report = Report.model_validate(document)
        except ValidationError as error:
            await _set_aside(services, document, f"not a report: {error.error_count()} fields are wrong")
            continue
        by_agent.setdefault(report.agent, []).append(report)
    gate = asyncio.Semaphore(CONCURRENCY)

    async def one(reports: Sequence[Report]) -> None:
        async with gate:
            await _isolated(services, reports)

    results = await asyncio.gather(*map(one, by_agent.values()), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    tell(Event.FEED_READ, reports=sum(map(len, by_agent.values())), lag_seconds=now - oldest)


def _written_at(document: Mapping[str, JsonValue], now: int) -> int:
    """When Cosmos DB wrote it (`_ts`, seconds since 1970): a redriven report is as young as its rewrite."""
    stamp = document.get("_ts")
    return stamp if isinstance(stamp, int) else now


async def _isolated(services: Services, reports: Sequence[Report]) -> None:
    """Evaluate an agent's reports together; where that fails, one by one: only the poisonous stays out."""
    try:
        await evaluate_agent(services, reports)
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - the feed's outer edge: one bad document must not stop it
        if len(reports) == 1:
            tell(Event.UNEXPECTED, where="evaluate_risk", agent=reports[0].agent, what=place(error))
            await _bury(services, reports[0], "report", f"could not be applied ({type(error).__name__})")
            return
        for report in reports:
            await _isolated(services, [report])


async def evaluate_agent(services: Services, reports: Sequence[Report]) -> None:
    """Fold `reports`, all of one agent, and carry what follows to the device and to Entra."""
    found = await _folded(services, reports)
    if found.document.device is None:
        await finish_move(services, found)
        return
    device = await _placed(services, found)
    if device is not None and not services.graph.resting():
        await enforce(services, await _with_fresh_rivals(services, found.document, device))


async def _folded(services: Services, reports: Sequence[Report]) -> Found[Agent]:
    """The agent with `reports` folded in and the link its ids give it, as stored."""
    first = reports[0]
    for attempt in range(ATTEMPTS):
        standing = await services.store.read(Agent, first.agent)
        before = standing.document if standing else new_agent(first, first.record.partner_device_id or "")
        folded = fold(before, reports, services.now())
        after = await _linked(services, folded.agent)
        linked = after.level_revision != before.level_revision
        if not linked and await _is_news(services, before, after):
            after = after.model_copy(update={"level_revision": after.level_revision + 1})
        await _bury_rejected(services, folded, reports)
        if standing and after == before:
            return standing
        try:
            return await _stored(services, after, standing)
        except (Conflict, AlreadyStored):
            await pause(attempt)
    raise StoreUnavailable(f"agent {first.agent} is written by too many at once")


async def _is_news(services: Services, before: Agent, after: Agent) -> bool:
    """Whether the device must hear of it: another level, the first report of an agent linked before it, or
    the first after a silence that counted against it."""
    if before.first_received_at is None or not same_for_device(slot(before), slot(after)):
        return True
    hearing = (await services.mirror.read()).hearing
    return hearing.is_silent(before.last_received_at, services.now())


async def _stored(services: Services, agent: Agent, standing: Found[Agent] | None) -> Found[Agent]:
    if standing is None:
        return Found(agent, await services.store.create(agent))
    return Found(agent, await services.store.replace(agent, standing.etag))


async def _linked(services: Services, agent: Agent) -> Agent:
    """`agent` itself, or, where its best id names another device than the one it has, linked to that one.

    What an admin decided by hand stands.

    The link rides on the write of the fold: a crash before the slot is placed is mended by the replay.
    """
    key = link_key(agent)
    if key is None or by_hand(agent.linked_by):
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
    tell(Event.AGENT_LINKED, agent=agent.id, device=device_id, by=key)
    return linked_to(agent, device_id, key, beyond=2).model_copy(update={"looked_up": None})


def _same_id(key: str, linked_by: str | None) -> bool:
    """Whether an agent was linked by the id it still has: then the link stands."""
    return linked_by is not None and key.partition(":")[2] == linked_by.partition(":")[2]


async def _placed(services: Services, found: Found[Agent]) -> Found[Device] | None:
    """The agent's device with the agent's slot on it; None where it is gone, and the agent unlinked."""
    for attempt in range(ATTEMPTS):
        agent = found.document
        mine = slot(agent)
        device = await change(services, agent.device or "", lambda device, mine=mine: with_slot(device, mine))  # type: ignore[misc]
        after = _unlinked(agent) if device is None else _raised(agent, mine, device.document)
        if after is agent or agent.moving_from is not None:
            if await finish_move(services, found) and after is agent:
                return device
        else:
            try:
                found = Found(after, await services.store.replace(after, found.etag))
            except Conflict:
                await pause(attempt)
            else:
                if device is None:
                    return None
                continue
        again = await services.store.read(Agent, agent.id)
        if again is None or again.document.device is None:
            return None
        found = again
    raise StoreUnavailable(f"agent {found.document.id} is written by too many at once")


async def _with_fresh_rivals(services: Services, agent: Agent, device: Found[Device]) -> Found[Device]:
    """`device` once the partner's newer agents on it whose latest snapshot supersedes `agent` say so there.

    A snapshot that changed nothing when it came was not carried to the device; now it may.
    """
    slots = device.document.slots
    mine = slots[agent.id]
    for rival in slots.values():
        if rival.partner != mine.partner or rival.since <= mine.since or retires(rival, mine):
            continue
        found = await services.store.read(Agent, rival.agent)
        if found and found.document.device == device.document.id and retires(slot(found.document), mine):
            device = await _placed(services, found) or device
    return device


def _unlinked(agent: Agent) -> Agent:
    tell(Event.AGENT_UNLINKED, agent=agent.id, device=agent.device)
    gone = {
        "device": None,
        "linked_by": None,
        "moving_from": None,
        "level_revision": agent.level_revision + 1,
    }
    return agent.model_copy(update=gone)


def _raised(agent: Agent, mine: Slot, device: Device) -> Agent:
    """`agent` at a new revision where a fresher snapshot than the one placed would retire an older agent."""
    placed = device.slots[agent.id]
    rivals = [other for other in device.slots.values() if other.partner == mine.partner]
    if placed.revision == mine.revision and any(
        retires(mine, rival) and not retires(placed, rival) for rival in rivals
    ):
        return agent.model_copy(update={"level_revision": agent.level_revision + 1})
    return agent


async def _bury_rejected(services: Services, folded: Folded, reports: Sequence[Report]) -> None:
    for rejected in folded.rejected:
        await _bury(services, rejected.report, rejected.kind, rejected.reason)
    for dropped in folded.dropped:
        await _bury_dropped(services, folded.agent, dropped, reports)


async def _bury_dropped(
    services: Services, agent: Agent, dropped: Dropped, reports: Sequence[Report]
) -> None:
    by_id = {report.id: report for report in reports}
    report = by_id.get(dropped.opening.report)
    if report is None:
        found = await services.store.read(Report, dropped.opening.report, agent.id)
        report = found.document if found else None
    if report is not None:
        await _bury(services, report, "too_many_threats", "the agent has more open threats than can be kept")


async def _bury(services: Services, report: Report, kind: str, reason: str) -> None:
    record = report.model_dump(mode="json")
    tell(Event.DEAD_LETTER, partner=report.record.partner, kind=kind, report=report.id, why=reason)
    await _keep(
        services,
        DeadLetter(
            id=digest([report.record.partner, kind, report.id]),
            partner=report.record.partner,
            reason=reason,
            kind=kind,
            received_at=report.received_at,
            size=len(str(record)),
            sha256=report.id,
            record=record,
        ),
    )


async def _set_aside(services: Services, document: Mapping[str, JsonValue], reason: str) -> None:
    """Keep a document of the feed that is no report of ours."""
    content = {key: value for key, value in document.items() if not key.startswith("_")}
    partner = id_part(str(document.get("agent", "unknown")).partition(":")[0] or "unknown")
    tell(Event.DEAD_LETTER, partner=partner, kind="report", why=reason)
    await _keep(
        services,
        DeadLetter(
            id=digest(content),
            partner=partner,
            reason=reason,
            kind="report",
            received_at=services.now(),
            size=len(str(content)),
            sha256=digest(content),
            record=content,
        ),
    )


async def _keep(services: Services, letter: DeadLetter) -> None:
    """Store a dead letter; where the store will not take what it holds, its hash, size and reason alone."""
    try:
        await services.store.upsert(letter)
    except StoreRefused:
        await services.store.upsert(letter.model_copy(update={"record": None}))
