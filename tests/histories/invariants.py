"""What must be true once a history has come to rest."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import groupby

from pydantic import BaseModel

from evaluate_risk.slots import slot
from ingest_threat.partners import parse
from local.cosmos.server import STORE
from local.graph.actions import ACTIONS
from local.sample_tenant import Phone
from local.vendors.lookout import LOOKOUT
from shared.cosmos import DEAD_LETTERS
from shared.domain.inventory import Inventory
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Agent, Device, Link, Report, Slot, Verdict, link_of_agent
from shared.domain.record import DeviceStateRecord, ThreatRecord, UnreadableRecord
from shared.domain.tag import HIGH_TAG, NO_DATA_TAG, OK_TAG, block_tag, is_ours
from tests.histories.history import GUARD, History, Step
from tests.histories.instances import Trouble
from tests.histories.operations.admins import Approve, ChooseMode
from tests.histories.operations.machine import Document, Feed, Minute, Pass, Sync
from tests.histories.operations.polled import Poll
from tests.histories.oracle import AgentState, agents, blocks, by_device, highest, lack_data
from tests.histories.words import UNSURE

NO_DEVICE = "no device"
LONGEST_OVERRIDE = 7 * 60
A_WHILE = 16
"""Minutes: longer than Entra's answers are not judged after a write."""
ROUNDS = 8
HOUR = timedelta(minutes=60)
AN_EXPORT = 61
"""Minutes: longer than from one export of apps to the next."""
SILENCE = 8 * 24 * 60
"""Minutes: longer than a partner may be silent."""
LARGEST = 1_100_000
"""Bytes: an agent's document and what the store adds to it; Cosmos DB takes 2 MB."""
WRITES = {"create", "replace", "upsert", "delete", "patch", "batch"}


async def rest(history: History) -> None:
    """No more trouble, no mode but enforce, no override any more."""
    await history.play(Step.of(ChooseMode(Mode.ENFORCE)))
    await quiet(history, LONGEST_OVERRIDE)


async def quiet(history: History, minutes: int = A_WHILE) -> None:
    """The machine does what it does by itself, and an admin approves what waits, until all is done."""
    await _round(history, minutes)
    for _ in range(ROUNDS):
        history.world.operations.clear()
        history.world.graph_calls.clear()
        await _round(history, A_WHILE)
        if not _written(history):
            return
    raise AssertionError(f"after {ROUNDS} rounds it still writes {_written(history)}")


async def _round(history: History, minutes: int) -> None:
    if history.vendors[LOOKOUT].events:
        await history.play(Step.of(Poll()))
    await _drained(history)
    for operation in (Sync(), Approve(), Minute(), Pass(minutes)):
        step = Step.of(operation)
        await history.play(step)
        await after_step(history, step)


async def _drained(history: History) -> None:
    for _ in range(100):
        before = history.cursor
        await history.play(Step.of(Feed(100)))
        if history.cursor == before:
            return
    raise AssertionError("the feed has no end")


def _written(history: History) -> dict[tuple[str, str], int]:
    """What was written but runs and what is read again at each: the rest is nothing's business."""
    stored = {
        key: count
        for key, count in history.world.operations.items()
        if key[1] in WRITES and key[0] != "settings"
    }
    return stored | {key: count for key, count in history.world.graph_calls.items() if key[0] == "PATCH"}


async def check(history: History) -> None:
    """Every promise that can be seen from outside."""
    reports = [report async for report in _reports(history)]
    states = agents(reports)
    await _nothing_accepted_is_missing(history, reports)
    await _threats_are_those_of_the_reports(history, states)
    places = [(id_, device) async for id_, device in _places(history, states)]
    for phone in history.tenant.phones:
        await _device_is_as_its_agents_are(history, phone, states, by_device(places)[phone.entra_id])
    _sessions_are_revoked_once(history)
    _no_document_is_large(history)


async def _reports(history: History) -> AsyncIterator[Report]:
    token: str | None = None
    while True:
        page = await history.store.changes(Document, Report.container, size=100, token=token)
        for row in page.rows:
            yield Report.model_validate(row.model_dump(mode="json"))
        if page.token == token:
            return
        token = page.token


class _Letter(BaseModel):
    id: str
    partner: str
    sha256: str


async def _nothing_accepted_is_missing(history: History, reports: list[Report]) -> None:
    stored = {report.id for report in reports}
    letters = [row async for row in history.store.rows(_Letter, "dead_letters", DEAD_LETTERS)]
    kept = {(letter.partner, letter.sha256) for letter in letters}
    borne = {key for report in reports if (key := getattr(report.record, "threat_key", None))}
    for partner, body, received_at in history.promised:
        for record in parse(partner, body, received_at=received_at):
            if isinstance(record, ThreatRecord | DeviceStateRecord):
                one = Report.of(record, record.partner_device_id or "", received_at)
                assert one.id in stored, f"202 was answered, and {record.report_id} is not stored"
            elif isinstance(record, UnreadableRecord) and record.reason == NO_DEVICE:
                at_home = any(key in str(record.raw) for key in borne)
                assert at_home or (partner, record.sha256) in kept, "a threat without a device is nowhere"
            elif isinstance(record, UnreadableRecord):
                assert (partner, record.sha256) in kept, "an unreadable item is not kept"


async def _threats_are_those_of_the_reports(history: History, states: dict[str, AgentState]) -> None:
    for id_, expected in states.items():
        stored = await history.store.read(Agent, id_)
        assert stored is not None, f"{id_} reported and is not there"
        found = {finding.key: finding.severity for finding in slot(stored.document).findings}
        assert found == expected.open(), f"{id_}: open {found}, by its reports {expected.open()}"


async def _places(history: History, states: dict[str, AgentState]) -> AsyncIterator[tuple[str, str]]:
    """Where each agent is by what was said; and it must be there."""
    entra = {phone.intune_id: phone.entra_id for phone in history.tenant.phones}
    for id_, state in states.items():
        found, link = await history.store.read(Agent, id_), await history.store.read(Link, link_of_agent(id_))
        assert found is not None
        is_at, named = found.document.device, state.names()
        word = history.words.links.get(id_, UNSURE)
        if word is UNSURE and link is not None and link.document.who is not None:
            word = link.document.device
        if word is not UNSURE:
            assert link is not None, "an admin's word is not kept"
            assert not link.document.pending, "an admin's word is not carried out"
            assert is_at == word, f"{id_} is at {is_at}, and an admin said {word}"
        elif named in entra:
            assert is_at == entra[named], f"{id_} is at {is_at}, and says it is {entra[named]}"
        elif named is None and not state.named:
            assert is_at is None, f"{id_} is at {is_at}, and nobody said so"
        if is_at is not None:
            yield id_, is_at


async def _device_is_as_its_agents_are(
    history: History, phone: Phone, states: dict[str, AgentState], on_it: list[str]
) -> None:
    found = await history.store.read(Device, phone.entra_id)
    assert found is not None, "Intune has it, and it is not mirrored"
    device, allowed = found.document, history.tenant.allowed[phone.system]
    for id_ in on_it:
        mine = device.slots.get(id_)
        is_live = mine is not None and not (mine.moved or mine.withdrawn)
        assert is_live, f"{id_} is on it, and it does not know"
    for each in device.slots.values():
        if not each.moved and not each.withdrawn:
            assert each.agent in on_it, f"{each.agent} is not there any more"
            agent = await history.store.read(Agent, each.agent)
            assert agent is not None
            assert each.findings == slot(agent.document).findings, "its slot is not what the agent has open"
    covered = history.words.covered(phone.entra_id, history.world.clock())
    if covered is UNSURE:
        return
    assert device.decision is not None
    if allowed is None or history.settings.mode is Mode.OFF or not history.tenant.enabled[phone.system]:
        verdict = device.decision.verdict
        assert verdict is Verdict.UNDECIDED, f"{phone.name}: {verdict}, and there is nothing to decide by"
        return
    partners = history.tenant.counting(phone.system)
    theirs = [states[id_] for id_ in on_it if states[id_].partner in partners]
    counting = [each for each in theirs if not any(other.retires(each) for other in theirs)]
    moved = [each for each in device.slots.values() if each.moved and each.partner in partners]
    left = [_left_against(each, covered) for each in moved]
    risk, expected = (
        device.decision.risk,
        {
            highest(*(each.level(covered, also_in_part=in_part) for each in counting), *left)
            for in_part in (False, True)
        },
    )
    assert risk in expected, f"{phone.name}: risk {risk}, by its agents and those that left it {expected}"
    refused: set[str | None] = {block_tag(risk)} if blocks(risk, allowed) else set()
    if not refused and lack_data(partners, {states[id_].partner for id_ in on_it}, allowed):
        refused = {NO_DATA_TAG}
    verdict = Verdict.BLOCK if refused else Verdict.ALLOW
    assert device.decision.verdict is verdict, f"{device.decision.verdict} at {risk}, allowed {allowed}"
    seen = history.tag(phone)
    if history.settings.mode is not Mode.ENFORCE or (seen is not None and not is_ours(seen)):
        return
    wanted = refused or {OK_TAG, None}
    assert seen in wanted, f"{phone.name}: Entra shows {seen} at {risk}, allowed {allowed}"


def _left_against(slot: Slot, covered: frozenset[str]) -> Level:
    """What an agent left open where it is no more."""
    own = slot.own if slot.own and slot.own_report not in covered else Level.SECURED
    return highest(own, *(each.severity for each in slot.findings if each.report not in covered))


async def no_inventory_beyond_consent(history: History) -> dict[str, set[str]]:
    """After a sync that went through: what is stored, by phone, is what the admin lets be.

    Not yet of a phone that is gone: while Graph asks to be left alone, a sync does not make sure that it is.
    """
    may_be = {
        phone.entra_id: set.union(*history.tenant.may_be_kept(phone)) for phone in history.tenant.phones
    }
    page = await history.store.changes(Inventory, Inventory.container, size=100, token=None)
    stored = {row.id: {app.name or "" for app in row.apps} for row in page.rows}
    for id_, names in stored.items():
        allowed = may_be.get(id_, names)
        assert names <= allowed, f"{names} of {id_} are kept, and {allowed} may be"
    return stored


async def inventory_arrives(history: History) -> None:
    """Once Intune has been asked anew: what the admin asked for is there, and nothing else.

    What it was asked before the last change may be used up to then.
    """
    for operation in (Pass(AN_EXPORT), Sync()):
        await history.play(Step.of(operation))
    stored = await no_inventory_beyond_consent(history)
    for phone in history.tenant.phones:
        due, names = history.tenant.may_be_kept(phone)[0], stored.get(phone.entra_id, set())
        assert due <= names, f"{phone.name}: {due} are to be known, and {names} are"
    left = set(filter(stored.get, stored)) - {phone.entra_id for phone in history.tenant.phones}
    assert not left, f"the apps of {left} are kept, which are gone"


def _sessions_are_revoked_once(history: History) -> None:
    asked = [action for action in history.world.graph[ACTIONS] if action["action"] == "revokeSignInSessions"]
    most = history.blocks + history.troubles
    assert len(asked) <= most, f"sessions were revoked {len(asked)} times, at most {most} were due"
    users = {action["id"] for action in asked}
    for phone in history.tenant.phones:
        user = history.tenant.user(phone)
        is_blocked = user in history.blocked_high and history.tag(phone) == HIGH_TAG
        is_due = is_blocked and history.settings.mode is Mode.ENFORCE  # another leaves it to that one
        may_be = user in history.devices.blocked_high
        assert user in users or not is_due, f"{phone.name} was blocked at high, and its sessions go on"
        assert user not in users or may_be, f"{phone.name} was never at high, and its sessions were revoked"


def _no_document_is_large(history: History) -> None:
    sql = history.world.cosmos[STORE]._sql
    (largest,) = sql.execute("SELECT coalesce(max(length(body)), 0) FROM documents").fetchone()
    assert largest < LARGEST, f"a document has {largest} bytes"


async def silence_lets_nobody_in(history: History) -> None:
    """Days without a word from anybody change nothing."""
    before = {phone.entra_id: history.tag(phone) for phone in history.tenant.phones}
    for operation in (Pass(SILENCE), Feed(100), Sync(), Minute()):
        await history.play(Step.of(operation))
    after = {phone.entra_id: history.tag(phone) for phone in history.tenant.phones}
    assert before == after, f"nobody said a word, and {before} became {after}"


def guard_held(history: History) -> None:
    """Never more newly blocked in an hour than the guard allows, unless somebody approved."""
    for at, _ in history.blocked_at:
        within = {id_ for when, id_ in history.blocked_at if at <= when < at + HOUR}
        assert len(within) <= GUARD, f"{len(within)} were blocked within an hour"


async def after_step(history: History, step: Step) -> None:
    """What must be true at every moment."""
    guard_held(history)
    assert not history.devices.wrong, history.devices.wrong
    assert not history.written_in_vain, f"Entra was written in mode {history.settings.mode}"
    in_turn = [name for name, _ in groupby(history.synced)]
    if all(isinstance(lane[0], Sync) for lane in step.lanes) and step.trouble is not Trouble.SLOW:
        assert len(in_turn) <= len(step.lanes), f"two syncs at once: {in_turn}"
    for phone in history.tenant.phones:
        theirs = history.foreign.get(phone.entra_id)
        assert theirs in {None, history.tag(phone)}, f"{phone.name}: {theirs} of somebody else's is gone"
    if len(step.lanes) == 1 and isinstance(step.lanes[0][0], Sync) and history.last == []:
        await no_inventory_beyond_consent(history)
