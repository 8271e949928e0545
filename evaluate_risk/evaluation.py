"""One batch of the change feed: fold each agent's reports, link it, place its slot, enforce the decision.

Every step can be cut off and done again: a replayed batch finishes what a crash left. Only an unavailable
store is raised, so that the batch replays; whatever else is wrong with a document goes to `dead_letters`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from pydantic import JsonValue, ValidationError

from evaluate_risk.bounds import MAX_BYTES
from evaluate_risk.decide import change
from evaluate_risk.enforce import enforce
from evaluate_risk.linking import finish_leaving, finish_move, linked_by_its_ids, unlinked
from evaluate_risk.risk import Folded, fold, new_agent
from evaluate_risk.slots import is_newer, retires, same_for_device, slot, with_slot
from shared.bounded import bounded_gather
from shared.cosmos import MAX_ATTEMPTS, Found, pause
from shared.dead_letters import dead_letter, of_document, of_report
from shared.domain.model import Agent, DeadLetterKind, Device, Report, Slot
from shared.errors import Conflict, Contended, DocumentTooLarge, StoreUnavailable
from shared.log import LogEvent, log_event, place
from shared.services import Services

CONCURRENCY = 16
"""Agents evaluated side by side."""
TROUBLE_SECONDS = 1.0
"""How long it is looked for which of an agent's reports cannot be applied."""


async def evaluate(services: Services, documents: Iterable[Mapping[str, JsonValue]]) -> None:
    """Apply the reports in `documents`. Raises StoreUnavailable, and nothing is lost by it."""
    by_agent: dict[str, list[Report]] = {}
    now = oldest = int(services.now().timestamp())
    for document in documents:
        oldest = min(oldest, _written_at(document, now))
        try:
            report = Report.model_validate(document)
        except ValidationError as error:
            reason = f"not a report: {error.error_count()} fields are wrong"
            await dead_letter(services.store, of_document(document, reason, services.now()))
            continue
        by_agent.setdefault(report.agent, []).append(report)

    async def isolated(reports: Sequence[Report]) -> None:
        await _isolated(services, reports)

    await bounded_gather(isolated, in_turn(by_agent.values()), limit=CONCURRENCY)
    log_event(LogEvent.FEED_READ, reports=sum(map(len, by_agent.values())), lag_seconds=now - oldest)


def in_turn(agents: Iterable[list[Report]]) -> Iterator[list[Report]]:
    """The reports of each agent, an agent of each partner in turn: one that has many in a batch keeps no
    other's behind them all."""
    by_partner: dict[str, list[list[Report]]] = {}
    for reports in agents:
        by_partner.setdefault(reports[0].record.partner, []).append(reports)
    rounds = zip_longest(*by_partner.values())
    return (reports for each in rounds for reports in each if reports is not None)


def _written_at(document: Mapping[str, JsonValue], now: int) -> int:
    """When Cosmos DB wrote it (`_ts`, seconds since 1970): a redriven report is as young as its rewrite."""
    stamp = document.get("_ts")
    return stamp if isinstance(stamp, int) else now


async def _isolated(services: Services, reports: Sequence[Report], until: float | None = None) -> None:
    """Evaluate an agent's reports together; where that fails, by halves: only the poisonous stays out.

    From the first failure on an agent has TROUBLE_SECONDS, `until` then by the clock of `services.waiting`;
    what fails after that is not halved any more. Nothing is lost: a dead letter can be redriven.
    """
    try:
        await evaluate_agent(services, reports)
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - the feed's outer edge: one bad document must not stop it
        until = until or services.waiting.clock() + TROUBLE_SECONDS
        if len(reports) > 1 and services.waiting.clock() < until:
            middle = len(reports) // 2
            for half in (reports[:middle], reports[middle:]):
                await _isolated(services, half, until)
            return
        log_event(LogEvent.UNEXPECTED, where="evaluate_risk", agent=reports[0].agent, what=place(error))
        reason = f"could not be applied ({type(error).__name__})"
        for report in reports:
            await dead_letter(services.store, of_report(report, DeadLetterKind.REPORT, reason))


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
    """The agent with `reports` folded in and the link its ids give it, as stored.

    A document that the store finds too large all the same is pruned to half its bytes, and to half of that.
    """
    for max_bytes in (MAX_BYTES, MAX_BYTES // 2):
        try:
            return await _folded_within(services, reports, max_bytes)
        except DocumentTooLarge:
            log_event(LogEvent.AGENT_PRUNED, agent=reports[0].agent, bytes=max_bytes // 2)
    return await _folded_within(services, reports, MAX_BYTES // 4)


async def _folded_within(services: Services, reports: Sequence[Report], max_bytes: int) -> Found[Agent]:
    first = reports[0]

    async def folded(stored: Agent | None) -> Agent:
        if stored and stored.moving_from is not None:
            # A move that was cut off is finished first: its ids may lead on. The write below meets that one,
            # and this begins anew.
            await finish_leaving(services, stored.id)
        before = stored or new_agent(first, first.record.partner_device_id or "")
        folded = fold(before, reports, services.now(), max_bytes)
        after = await linked_by_its_ids(services, folded.agent)
        linked = after.level_revision != before.level_revision
        if not linked and await _is_news(services, before, after):
            after = after.model_copy(update={"level_revision": after.level_revision + 1})
        await _dead_letter_rejected(services, folded)
        return after

    edited = await services.store.edit(Agent, first.agent, folded)
    assert edited.found is not None, "an agent that is not there is made"  # noqa: S101
    return edited.found


async def _is_news(services: Services, before: Agent, after: Agent) -> bool:
    """Whether the device must know: another level, the first report of an agent linked before it, or
    the first after a silence that counted against it."""
    if before.first_received_at is None or not same_for_device(slot(before), slot(after)):
        return True
    heartbeats = (await services.mirror.read()).heartbeats
    return heartbeats.is_silent(before.last_received_at, services.now())


async def _placed(services: Services, found: Found[Agent]) -> Found[Device] | None:
    """The agent's device with the agent's slot on it; None where it is gone, and the agent unlinked."""
    # Not Store.edit: its device is written between reading and writing it
    for attempt in range(MAX_ATTEMPTS):
        agent = found.document
        mine = slot(agent)
        device = await change(services, agent.device or "", lambda device, mine=mine: with_slot(device, mine))  # type: ignore[misc]
        after = unlinked(agent) if device is None else _raised(agent, mine, device.document)
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
    raise Contended(f"agent {found.document.id} is written by too many at once")


async def _with_fresh_rivals(services: Services, agent: Agent, device: Found[Device]) -> Found[Device]:
    """`device` once the partner's newer agents on it whose latest snapshot supersedes `agent` say so there.

    A snapshot that changed nothing when it came was not carried to the device; now it may.
    """
    slots = device.document.slots
    mine = slots[agent.id]
    for rival in slots.values():
        if rival.partner != mine.partner or not is_newer(rival, mine) or retires(rival, mine):
            continue
        found = await services.store.read(Agent, rival.agent)
        if found and found.document.device == device.document.id and retires(slot(found.document), mine):
            device = await _placed(services, found) or device
    return device


def _raised(agent: Agent, mine: Slot, device: Device) -> Agent:
    """`agent` at a new revision where a fresher snapshot than the one placed would retire an older agent."""
    placed = device.slots[agent.id]
    rivals = [other for other in device.slots.values() if other.partner == mine.partner]
    if placed.revision == mine.revision and any(
        retires(mine, rival) and not retires(placed, rival) for rival in rivals
    ):
        return agent.model_copy(update={"level_revision": agent.level_revision + 1})
    return agent


async def _dead_letter_rejected(services: Services, folded: Folded) -> None:
    """Before the agent is written: a crash between the two is mended by the replay."""
    for rejected in folded.rejected:
        await dead_letter(services.store, of_report(rejected.report, rejected.kind, rejected.reason))
