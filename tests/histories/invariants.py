"""What must be true once a history has come to rest."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TypeVar

from evaluate_risk.slots import slot
from ingest_threat.partners import parse
from shared.domain.level import Level
from shared.domain.model import Agent, Device, Link, Report, Verdict, link_of_agent
from shared.domain.model import Document as Stored
from shared.domain.record import DeviceStateRecord, ThreatRecord
from shared.domain.tag import OK_TAG, block_tag, is_block, is_ours
from tests.histories.history import GUARD, History, Step
from tests.histories.operations import Approve, Document, Feed, Minute, Pass, Sync, agent_id
from tests.histories.oracle import agents
from tests.histories.tenant import PARTNER

D = TypeVar("D", bound=Stored)
ROUNDS = 6
LONGEST_OVERRIDE = 7 * 60
HOUR = timedelta(minutes=60)


async def rest(history: History) -> None:
    """No more trouble: the machine does what it does by itself, and an admin approves what waits."""
    for number in range(ROUNDS):
        await _drained(history)
        for operation in (Sync(), Approve(), Minute(), Pass(LONGEST_OVERRIDE if number == 2 else 16)):
            await history.play(Step((operation,)))


async def _drained(history: History) -> None:
    for _ in range(100):
        before = history.cursor
        await history.play(Step((Feed(100),)))
        if history.cursor == before:
            return
    raise AssertionError("the feed has no end")


async def check(history: History) -> None:
    """Every promise that can be seen from outside."""
    reports = [report async for report in _reports(history)]
    _nothing_accepted_is_missing(history, reports)
    await _threats_are_those_of_the_reports(history, reports)
    for phone in history.tenant.phones:
        await _device_is_as_its_agents_say(history, phone)
        await _links_agree(history, phone)
    await _a_second_sync_does_nothing(history)


async def _reports(history: History) -> AsyncIterator[Report]:
    token: str | None = None
    while True:
        page = await history.world.services.store.changes(Document, Report.container, size=100, token=token)
        for row in page.rows:
            yield Report.model_validate(row.model_dump(mode="json"))
        if page.token == token:
            return
        token = page.token


def _nothing_accepted_is_missing(history: History, reports: list[Report]) -> None:
    stored = {report.id for report in reports}
    for partner, body, received_at in history.promised:
        for record in parse(partner, body, received_at=received_at):
            if isinstance(record, ThreatRecord | DeviceStateRecord):
                one = Report.of(record, record.partner_device_id or "", received_at)
                assert one.id in stored, f"202 was answered, and {record.report_id} is not stored"


async def _threats_are_those_of_the_reports(history: History, reports: list[Report]) -> None:
    for id_, expected in agents(reports).items():
        stored = await history.world.services.store.read(Agent, id_)
        assert stored is not None, f"{id_} reported and is not there"
        found = {finding.key: finding.severity for finding in slot(stored.document).findings}
        assert found == expected.open(), f"{id_}: open {found}, by its reports {expected.open()}"


async def _device_is_as_its_agents_say(history: History, phone: object) -> None:
    tenant, store = history.tenant, history.world.services.store
    found = await store.read(Device, phone.entra_id)  # type: ignore[attr-defined]
    assert found is not None, "Intune has it, and it is not mirrored"
    device = found.document
    present = [each for each in device.slots.values() if not each.moved and not each.withdrawn]
    for each in present:
        agent = await store.read(Agent, each.agent)
        assert agent is not None
        assert agent.document.device == device.id, f"{each.agent} is not there any more"
        assert each.findings == slot(agent.document).findings, "its slot is not what it has open"
    system = phone.system  # type: ignore[attr-defined]
    partner, allowed = PARTNER[system], tenant.allowed[system]
    assert device.decision is not None
    if not tenant.on[partner]:
        return
    brought = [level for each in present for level in (each.own, *each.levels.values()) if level]
    expected = max([Level.SECURED, *brought], key=lambda level: level.rank)
    moved = device.id in history.touched
    risk = device.decision.risk
    assert risk is expected or (moved and risk.rank > expected.rank), f"risk {risk}, by its agents {expected}"
    verdict = Verdict.BLOCK if risk.rank > allowed.rank else Verdict.ALLOW
    assert device.decision.verdict is verdict, f"{device.decision.verdict} at {risk}, allowed {allowed}"
    seen = history.world.entra_tag(device.id)
    if verdict is Verdict.BLOCK:
        assert seen == block_tag(risk), f"Entra shows {seen} at {risk}"
    else:
        assert seen in {OK_TAG, None}, f"Entra shows {seen}, and it is let in"


async def _links_agree(history: History, phone: object) -> None:
    store, id_ = history.world.services.store, agent_id(phone)
    agent, record = await store.read(Agent, id_), await store.read(Link, link_of_agent(id_))
    if agent is None:
        return
    if record is not None:
        assert not record.document.pending, "an admin's word is not carried out"
        assert record.document.device == agent.document.device, "record and agent do not agree"
    if agent.document.device is not None:
        device = await store.read(Device, agent.document.device)
        assert device is not None
        assert id_ in device.document.slots, "the agent's device does not know it"


async def _a_second_sync_does_nothing(history: History) -> None:
    history.world.operations.clear()
    await history.play(Step((Sync(),)))
    written = {
        key: count
        for key, count in history.world.operations.items()
        if key[1] in {"create", "replace", "upsert", "delete", "patch", "batch"} and key[0] != "settings"
    }
    assert not written, f"a second sync wrote {written}"


def guard_held(history: History) -> None:
    """Never more newly blocked in an hour than the guard allows, unless somebody approved."""
    times = sorted(history.blocked_at)
    for at in times:
        within = [each for each in times if at <= each < at + HOUR]
        assert len(within) <= GUARD, f"{len(within)} were blocked within an hour"


def no_block_of_ours_is_lost_on_silence(before: str | None, after: str | None, *, said: bool) -> None:
    """A block goes only where somebody said so."""
    assert not (is_block(before) and is_ours(after) and not is_block(after)) or said
