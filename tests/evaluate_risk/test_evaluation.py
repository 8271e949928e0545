"""A batch of the feed, from reports to the tag in Entra: whatever stops it, whoever else is at work."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from evaluate_risk import bounds, evaluation, risk
from evaluate_risk.evaluation import evaluate, evaluate_agent
from evaluate_risk.linking import link_agent
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import (
    Agent,
    DeadLetter,
    Device,
    Link,
    Report,
    TagState,
    Verdict,
    digest,
    id_part,
    link_id,
    link_of_agent,
)
from shared.domain.record import Category, Platform, Status
from shared.errors import DocumentTooLarge, StoreUnavailable
from shared.services import Services
from shared.waiting import Waiting
from tests.evaluate_risk.stories import (
    AGENT_ID,
    OTHER_ENTRA_ID,
    OTHER_INTUNE_ID,
    Stop,
    a_snapshot,
    agent,
    an_identity,
    feed,
    put_other_phone,
    put_phone,
    replayed,
    state,
)
from tests.world import ENTRA_ID, INTUNE_ID, START, World, a_threat, world

RESOLVED = a_threat(status=Status.RESOLVED, minutes=5)


@pytest.fixture
async def phone(tenant_world: World) -> World:
    """A world with one iPhone, its link, and a rule that allows low."""
    await put_phone(tenant_world)
    await tenant_world.put_rule(Level.LOW)
    return tenant_world


async def test_a_high_threat_blocks_and_its_resolution_frees(phone: World) -> None:
    await evaluate(phone.services, feed(a_threat()))
    device = await phone.device()
    assert device.decision is not None
    assert device.decision.verdict is Verdict.BLOCK
    assert device.tag.state is TagState.APPLIED
    assert phone.entra_tag() == "mtd-block-high"
    await evaluate(phone.services, feed(RESOLVED))
    assert phone.entra_tag() == "mtd-ok"
    assert [entry.what for entry in (await phone.device()).history] == [
        "tag mtd-ok written over mtd-block-high",
        "allow: risk is secured, rule 'ios at most low' allows low; tag mtd-ok",
        "tag mtd-block-high written over nothing",
        "block: risk is high, rule 'ios at most low' allows low; tag mtd-block-high",
    ]


async def test_a_threat_the_rule_allows_writes_no_tag(phone: World) -> None:
    await evaluate(phone.services, feed(a_threat(severity=Level.LOW)))
    device = await phone.device()
    assert device.decision is not None
    assert (device.decision.verdict, device.tag.state) == (Verdict.ALLOW, TagState.NONE)
    assert phone.entra_tag() is None
    assert not phone.graph_calls


# --- every step stopped in the middle -----------------------------------------------------------------

STORY = (
    feed(a_threat(), a_threat("t2", severity=Level.LOW, minutes=1)),
    feed(an_identity(OTHER_INTUNE_ID, minutes=2)),
    feed(a_threat(status=Status.RESOLVED, minutes=5, mdm_device_id=OTHER_INTUNE_ID)),
)
"""A phone is blocked, enrolled anew as another device, and cleaned there."""
STEPS = 30
"""Calls the story makes to the store and to Graph."""

UNDISTURBED: dict[str, Any] = {}
"""How it ends when nothing stops it; worked out once for all."""


async def _logged(one: World, stop: Stop | None = None) -> dict[str, Any]:
    await put_phone(one)
    await put_other_phone(one)
    await one.put_rule(Level.LOW)
    if stop:
        stop.begin(one)
    for batch in STORY:
        await replayed(one.services, batch)
    if stop:
        stop.end()
    return await state(one)


async def test_the_story_takes_the_steps_that_are_stopped_below() -> None:
    async with world() as one:
        stop = Stop(0)
        end = await _logged(one, stop)
    assert len(stop.calls) == STEPS, stop.calls
    assert end[f"Entra {ENTRA_ID}"] == "mtd-block-high", "what it left open stays at the old device"
    assert end[f"Entra {OTHER_ENTRA_ID}"] == "mtd-ok"
    assert end[AGENT_ID]["device"] == OTHER_ENTRA_ID
    assert end[ENTRA_ID]["slots"][AGENT_ID]["moved"]


@pytest.mark.parametrize("lost_answer", [False, True], ids=["stopped before", "answer lost"])
@pytest.mark.parametrize("step", range(1, STEPS + 1))
async def test_a_replay_finishes_what_was_stopped_in_the_middle(step: int, lost_answer: bool) -> None:
    if not UNDISTURBED:
        async with world() as one:
            UNDISTURBED.update(await _logged(one))
    async with world() as one:
        stop = Stop(step, lost_answer=lost_answer)
        assert await _logged(one, stop) == UNDISTURBED
        assert stop.struck


async def test_an_unavailable_store_is_raised_and_the_other_agents_of_the_batch_are_served(
    phone: World,
) -> None:
    await put_other_phone(phone)
    other = a_threat(device="agent-2", mdm_device_id=OTHER_INTUNE_ID)
    phone.cosmos_faults.fail_next(503, times=20, container="agents", operation="create")
    with pytest.raises(StoreUnavailable):
        await evaluate(phone.services, feed(a_threat(), other))
    phone.cosmos_faults.clear()
    await evaluate(phone.services, feed(a_threat(), other))
    assert phone.entra_tag() == phone.entra_tag(OTHER_ENTRA_ID) == "mtd-block-high"


# --- several at once ----------------------------------------------------------------------------------


def _some_reports(seed: int) -> list[Report]:
    """Reports of two agents of one partner on one phone, with equal times and snapshots among them."""
    pick = random.Random(seed)
    reports: dict[str, Report] = {}
    for _ in range(pick.randint(3, 9)):
        device = pick.choice(["agent-1", "agent-2"])
        minutes = pick.choice([-4, -3, -2, -1, 0])
        received = START + timedelta(minutes=minutes + (3 if device == "agent-2" else 0))
        if pick.random() < 0.25:
            report = a_snapshot(device=device, minutes=minutes)
        else:
            report = a_threat(
                pick.choice(["t1", "t2"]),
                device=device,
                minutes=minutes,
                severity=pick.choice([Level.LOW, Level.MEDIUM, Level.HIGH]),
                status=pick.choice([Status.OPEN, Status.OPEN, Status.RESOLVED]),
                received=received,
            )
        reports.setdefault(report.id, report)
    return list(reports.values())


def _access(end: dict[str, Any]) -> dict[str, Any]:
    """What must not depend on the order; that a device was blocked on the way there may."""
    kept = {key: value for key, value in end.items() if key not in {ENTRA_ID, f"Entra {ENTRA_ID}"}}
    tag = end[f"Entra {ENTRA_ID}"]
    slots = end[ENTRA_ID]["slots"]
    for slot in slots.values():
        slot.pop("secured_at")  # carried only where it supersedes another agent
    decision = {k: v for k, v in end[ENTRA_ID]["decision"].items() if k != "over_since"}
    return kept | {"tag": None if tag == "mtd-ok" else tag, "decision": decision, "slots": slots}


@pytest.mark.parametrize("seed", range(8))
async def test_any_order_number_and_interleaving_of_reports_ends_alike(seed: int) -> None:
    pick = random.Random(1000 + seed)
    reports = _some_reports(seed)
    async with world() as one:
        await put_phone(one)
        await one.put_rule(Level.LOW)
        await evaluate(one.services, feed(*reports))
        expected = _access(await state(one))
    async with world() as one:
        await put_phone(one)
        await one.put_rule(Level.LOW)
        other = await one.another_instance()
        arriving = reports + pick.choices(reports, k=4)
        pick.shuffle(arriving)
        batches = [arriving[at : at + 3] for at in range(0, len(arriving), 3)]
        lanes = (one.services, batches[::2] + batches[:1]), (other, batches[1::2] + batches[:1])

        async def lane(services: Any, mine: list[list[Report]]) -> None:
            for batch in mine:
                await replayed(services, feed(*batch))

        try:
            await asyncio.gather(*(lane(*each) for each in lanes))
        finally:
            await other.close()
        assert _access(await state(one)) == expected


async def test_two_instances_that_evaluate_the_same_batch_at_once_end_as_one(phone: World) -> None:
    other = await phone.another_instance()
    batch = feed(a_threat(), a_threat("t2", severity=Level.MEDIUM))
    try:
        await asyncio.gather(evaluate(phone.services, batch), evaluate(other, batch))
    finally:
        await other.close()
    device = await phone.device()
    assert phone.entra_tag() == "mtd-block-high"
    assert (device.tag.applied, device.tag.before) == ("mtd-block-high", None)
    assert len(device.history) == 2
    assert sorted((await agent(phone)).threats) == ["t1", "t2"]


async def test_a_late_slower_instance_puts_no_older_level_over_a_newer(phone: World) -> None:
    slow = await phone.another_instance()
    read = slow.store.read

    async def overtaken(kind: Any, id_: str, partition: str | None = None) -> Any:
        if kind is Device:
            slow.store.read = read  # type: ignore[method-assign]
            await evaluate(phone.services, feed(RESOLVED))
        return await read(kind, id_, partition)

    slow.store.read = overtaken  # type: ignore[method-assign]
    try:
        await evaluate(slow, feed(a_threat()))
    finally:
        await slow.close()
    device = await phone.device()
    assert device.decision is not None
    assert device.decision.verdict is Verdict.ALLOW
    assert device.slots[AGENT_ID].revision == (await agent(phone)).level_revision
    assert phone.entra_tag() is None


async def test_an_instance_that_comes_back_after_the_agent_moved_changes_nothing_at_the_old_device(
    phone: World,
) -> None:
    await put_other_phone(phone)
    slow = await phone.another_instance()
    read = slow.store.read

    async def overtaken(kind: Any, id_: str, partition: str | None = None) -> Any:
        if kind is Device:
            slow.store.read = read  # type: ignore[method-assign]
            await evaluate(phone.services, feed(an_identity(OTHER_INTUNE_ID, minutes=1)))
        return await read(kind, id_, partition)

    slow.store.read = overtaken  # type: ignore[method-assign]
    try:
        await evaluate(slow, feed(a_threat()))
    finally:
        await slow.close()
    assert (await agent(phone)).device == OTHER_ENTRA_ID
    assert phone.entra_tag(OTHER_ENTRA_ID) == "mtd-block-high"
    assert phone.entra_tag() == "mtd-block-high", "what was found there stays open"
    assert (await phone.device()).slots[AGENT_ID].moved


# --- links --------------------------------------------------------------------------------------------


async def test_an_agent_nobody_knows_is_kept_and_linked_by_its_link_with_all_it_reported(
    tenant_world: World,
) -> None:
    await tenant_world.put_rule(Level.LOW)
    await tenant_world.put_device()
    await evaluate(tenant_world.services, feed(a_threat()))
    assert (await agent(tenant_world)).device is None
    assert tenant_world.entra_tag() is None
    await tenant_world.services.store.upsert(Link(id=link_id("intune", INTUNE_ID), device=ENTRA_ID))
    await evaluate(tenant_world.services, feed(a_threat("t2", severity=Level.LOW)))
    linked = await agent(tenant_world)
    assert (linked.device, linked.linked_by) == (ENTRA_ID, link_id("intune", INTUNE_ID))
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_an_agent_without_any_id_is_kept(phone: World) -> None:
    await evaluate(phone.services, feed(a_threat(mdm_device_id=None)))
    assert (await agent(phone)).device is None
    assert "t1" in (await agent(phone)).threats


async def test_an_ambiguous_link_matches_nobody(phone: World) -> None:
    link = Link(id=link_id("intune", INTUNE_ID), device=ENTRA_ID, ambiguous=True)
    await phone.services.store.upsert(link)
    await evaluate(phone.services, feed(a_threat()))
    assert (await agent(phone)).device is None


async def test_a_link_made_by_an_admin_stands_against_the_agents_own_ids(phone: World) -> None:
    await put_other_phone(phone)
    await evaluate(phone.services, feed(a_threat(mdm_device_id=None)))
    await link_agent(phone.services, AGENT_ID, OTHER_ENTRA_ID, link_of_agent(AGENT_ID))
    await evaluate(phone.services, feed(a_threat("t2")))
    assert (await agent(phone)).device == OTHER_ENTRA_ID


async def test_an_agent_whose_device_is_gone_is_unlinked_and_not_lost(phone: World) -> None:
    await evaluate(phone.services, feed(a_threat()))
    await phone.services.store.delete(Device, ENTRA_ID)
    await phone.services.store.delete(Link, link_id("intune", INTUNE_ID))
    await evaluate(phone.services, feed(a_threat("t2")))
    kept = await agent(phone)
    assert (kept.device, kept.linked_by) == (None, None)
    assert sorted(kept.threats) == ["t1", "t2"]
    await put_other_phone(phone)
    await evaluate(phone.services, feed(an_identity(OTHER_INTUNE_ID, minutes=9)))
    assert phone.entra_tag(OTHER_ENTRA_ID) == "mtd-block-high"


async def test_a_device_deleted_between_reading_and_writing_it_unlinks_the_agent(phone: World) -> None:
    replace = phone.services.store.replace

    async def too_late(document: Any, etag: str) -> str:
        if isinstance(document, Device):
            phone.services.store.replace = replace  # type: ignore[method-assign]
            await phone.services.store.delete(Device, document.id)
        return await replace(document, etag)

    phone.services.store.replace = too_late  # type: ignore[method-assign]
    await evaluate(phone.services, feed(a_threat()))
    assert (await agent(phone)).device is None
    assert await _dead_letters(phone, a_threat(), "report") is None


async def test_a_move_to_a_device_that_is_gone_still_frees_the_one_it_left(phone: World) -> None:
    await evaluate(phone.services, feed(a_threat()))
    lost = Link(id=link_id("intune", OTHER_INTUNE_ID), device=OTHER_ENTRA_ID)
    await phone.services.store.upsert(lost)
    await evaluate(phone.services, feed(an_identity(OTHER_INTUNE_ID, minutes=1)))
    moved = await agent(phone)
    assert (moved.device, moved.moving_from) == (None, None)
    assert (await phone.device()).slots[AGENT_ID].moved


async def test_a_move_cut_off_is_finished_before_the_next_begins(phone: World) -> None:
    await put_other_phone(phone)
    third = "eeeeeeee-5555-4bbb-8ccc-ffffffffffff"
    await evaluate(phone.services, feed(a_threat()))
    stop = Stop(4)  # the agent is written; its new device is not
    stop.begin(phone)
    with pytest.raises(StoreUnavailable):
        await evaluate(phone.services, feed(an_identity(OTHER_INTUNE_ID, minutes=1)))
    stop.end()
    assert (await agent(phone)).moving_from == ENTRA_ID
    await put_phone(phone, entra_id=third, intune_id="third", serial="SN3")
    await evaluate(phone.services, feed(an_identity("third", minutes=2)))
    await evaluate(phone.services, feed(an_identity("third", minutes=3)))
    assert (await agent(phone)).device == third
    for left in (ENTRA_ID, OTHER_ENTRA_ID):
        assert (await phone.device(left)).slots[AGENT_ID].moved
    assert phone.entra_tag(third) == "mtd-block-high"


# --- two agents of a partner on one device ------------------------------------------------------------


@pytest.mark.parametrize("threat_last", [False, True])
async def test_a_newer_agents_secured_snapshot_retires_the_older_whichever_is_evaluated_first(
    phone: World, threat_last: bool
) -> None:
    old = [a_threat(minutes=m, received=START + timedelta(minutes=m)) for m in (-20, -10)]
    new = [a_snapshot(device="agent-2", minutes=m) for m in (-15, -5)]
    first, last = ([old[0], *new], [old[1]]) if threat_last else ([*old, new[0]], [new[1]])
    for report in (*first, *last):
        await evaluate(phone.services, feed(report))
    device = await phone.device()
    assert device.decision is not None
    assert device.decision.verdict is Verdict.ALLOW
    assert phone.entra_tag() == "mtd-ok"


async def test_otherwise_both_agents_count(phone: World) -> None:
    for minutes in (-20, -10):
        received = START + timedelta(minutes=minutes)
        await evaluate(phone.services, feed(a_threat(minutes=minutes, received=received)))
    await evaluate(phone.services, feed(a_snapshot(device="agent-2", minutes=-15)))
    assert phone.entra_tag() == "mtd-block-high"
    assert len((await phone.device()).slots) == 2


# --- what cannot be applied ---------------------------------------------------------------------------


async def _dead_letters(one: World, report: Report, kind: str) -> DeadLetter | None:
    id_ = digest([report.record.partner, kind, report.id])
    found = await one.services.store.read(DeadLetter, id_, report.record.partner)
    return found.document if found else None


POISON: list[tuple[str, dict[str, JsonValue]]] = [
    ("lookout", {"id": "x", "agent": "lookout:agent-1", "_rid": "of the store"}),
    ("unknown", {"id": "y"}),
    ("lookout", {"id": "z", "agent": "lookout:agent-1", "record": {"raw": "half a letter \ud800"}}),
    (id_part("half \ud800"), {"id": "v", "agent": "half \ud800:1"}),
    ("None", {"id": "w", "agent": None, "record": [[["deep"]]]}),
]


@pytest.mark.parametrize(
    ("partner", "poison"), POISON, ids=["no record", "no agent", "no text", "no partner", "no object"]
)
async def test_a_poison_document_is_set_aside_and_the_batch_goes_on(
    phone: World, partner: str, poison: dict[str, JsonValue]
) -> None:
    await evaluate(phone.services, [poison, *feed(a_threat())])
    assert phone.entra_tag() == "mtd-block-high"
    content = {key: value for key, value in poison.items() if not key.startswith("_")}
    found = await phone.services.store.read(DeadLetter, digest(content), partner)
    assert found is not None
    assert found.document.kind == "report"
    assert found.document.reason.startswith("not a report")
    assert "of the store" not in str(found.document.record)


async def test_a_report_that_cannot_be_applied_goes_alone(
    phone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = risk._Fold.apply

    def poisonous(self: risk._Fold, report: Report) -> None:
        if report.id == bad.id:
            raise ZeroDivisionError
        apply(self, report)

    bad = a_threat("bad")
    monkeypatch.setattr(risk._Fold, "apply", poisonous)
    await evaluate(phone.services, feed(a_threat(), bad, a_threat("t2", severity=Level.LOW)))
    assert sorted((await agent(phone)).threats) == ["t1", "t2"]
    letter = await _dead_letters(phone, bad, "report")
    assert letter is not None
    assert "ZeroDivisionError" in letter.reason
    assert await _dead_letters(phone, a_threat(), "report") is None


async def test_an_event_older_than_what_is_remembered_is_set_aside_as_too_late(phone: World) -> None:
    await evaluate(phone.services, feed(RESOLVED))
    phone.clock.pass_time(days=200)
    await evaluate(phone.services, feed(a_threat("new", minutes=9)))
    late = a_threat(minutes=4)
    await evaluate(phone.services, feed(late))
    letter = await _dead_letters(phone, late, "too_late")
    assert letter is not None
    assert letter.record == late.model_dump(mode="json")
    assert "t1" not in (await agent(phone)).threats


async def test_open_threats_beyond_the_bound_count_and_none_is_dead_lettered(
    phone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "OPEN_SHARE", 0.0)
    high = a_threat("high")
    await evaluate(phone.services, feed(high))
    assert (await agent(phone)).threats == {}
    assert phone.entra_tag() == "mtd-block-high"
    decision = (await phone.device()).decision
    assert decision is not None
    assert any("more threats than are kept one by one" in reason for reason in decision.reasons)
    await evaluate(phone.services, feed(a_snapshot(minutes=5)))
    assert phone.entra_tag() == "mtd-ok"


async def test_a_document_the_store_finds_too_large_is_pruned_and_nothing_is_dead_lettered(
    phone: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put, create = phone.services.store.replace, phone.services.store.create

    def small(document: Any) -> None:
        if isinstance(document, Agent) and len(document.model_dump_json()) > 300_000:
            raise DocumentTooLarge("Cosmos DB refuses the document (413)")

    async def replaced(document: Any, etag: str) -> str:
        small(document)
        return await put(document, etag)

    async def created(document: Any) -> str:
        small(document)
        return await create(document)

    monkeypatch.setattr(phone.services.store, "replace", replaced)
    monkeypatch.setattr(phone.services.store, "create", created)
    await evaluate(phone.services, feed(*(a_threat(f"{n:0100}") for n in range(900))))
    kept = await agent(phone)
    assert len(kept.model_dump_json()) <= 300_000
    assert kept.unlisted[Category.NETWORK].severity is Level.HIGH
    assert phone.entra_tag() == "mtd-block-high"
    assert [line for line in caplog.messages if line.startswith("dead_letter")] == []
    assert [line for line in caplog.messages if line.startswith("agent_pruned")] != []


async def test_one_agents_trouble_costs_a_batch_a_second_and_holds_nobody_up(
    phone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one agent every report fails, half a second each; another one's is evaluated meanwhile."""
    times = 0

    async def evaluated(services: Services, reports: Sequence[Report]) -> None:
        nonlocal times
        if reports[0].agent == AGENT_ID:
            await evaluate_agent(services, reports)
            return
        times += 1
        phone.clock.pass_time(seconds=0.5)
        raise ValueError

    start = phone.clock()
    monkeypatch.setattr(evaluation, "evaluate_agent", evaluated)
    waiting = Waiting(clock=lambda: (phone.clock() - start).total_seconds())
    services = replace(phone.services, waiting=waiting)
    poison = [a_threat(f"p{n}", device="agent-2") for n in range(64)]
    await evaluate(services, feed(*poison, a_threat()))
    assert phone.entra_tag() == "mtd-block-high"
    assert times <= 6
    for report in poison:
        assert await _dead_letters(phone, report, "report") is not None


# --- counted promises ---------------------------------------------------------------------------------

READ_AGENT, WRITE_AGENT = ("agents", "read"), ("agents", "replace")
READ_DEVICE, WRITE_DEVICE = ("devices", "read"), ("devices", "replace")


async def _cost(one: World, *reports: Report) -> Counter[tuple[str, str]]:
    one.operations.clear()
    await evaluate(one.services, feed(*reports))
    return Counter({key: count for key, count in one.operations.items() if key[0] != "settings"})


async def test_a_new_report_of_a_linked_agent_costs_a_read_and_a_write_of_each_and_one_for_the_tag(
    phone: World,
) -> None:
    await evaluate(phone.services, feed(a_threat(severity=Level.LOW)))
    changed = await _cost(phone, a_threat(minutes=1), a_threat("t2", minutes=1))
    assert changed == {READ_AGENT: 1, WRITE_AGENT: 1, READ_DEVICE: 1, WRITE_DEVICE: 2}


async def test_a_report_that_changes_no_tag_costs_one_write_of_the_device(phone: World) -> None:
    await evaluate(phone.services, feed(an_identity(INTUNE_ID)))
    cost = await _cost(phone, a_threat(severity=Level.LOW))
    assert cost == {READ_AGENT: 1, WRITE_AGENT: 1, READ_DEVICE: 1, WRITE_DEVICE: 1}


async def test_a_report_that_changes_no_level_does_not_write_the_device(phone: World) -> None:
    await evaluate(phone.services, feed(a_threat()))
    cost = await _cost(phone, RESOLVED.model_copy(update={"id": "r"}), a_threat(minutes=6))
    assert cost[WRITE_DEVICE] == 1, "the time of the threat is shown"
    cost = await _cost(phone, an_identity(INTUNE_ID, minutes=7))
    assert cost == {READ_AGENT: 1, WRITE_AGENT: 1, READ_DEVICE: 1}


async def test_a_replayed_batch_costs_a_read_of_the_agent_and_of_its_device(phone: World) -> None:
    batch = (a_threat(), a_threat("t2"))
    await evaluate(phone.services, feed(*batch))
    graph = Counter(phone.graph_calls)
    assert await _cost(phone, *batch) == {READ_AGENT: 1, READ_DEVICE: 1}
    assert phone.graph_calls == graph


async def test_a_replay_after_linking_outside_the_feed_writes_nothing(phone: World) -> None:
    report = a_threat(mdm_device_id=None)
    await evaluate(phone.services, feed(report))
    await link_agent(phone.services, AGENT_ID, ENTRA_ID, "serial:sn-test-1")
    await evaluate(phone.services, feed(report))
    assert await _cost(phone, report) == {READ_AGENT: 1, READ_DEVICE: 1}


async def test_an_unlinked_agent_costs_one_read_of_a_link_more(tenant_world: World) -> None:
    cost = await _cost(tenant_world, a_threat(), a_threat("t2"))
    assert cost == {READ_AGENT: 1, ("links", "read"): 1, ("agents", "create"): 1}
    assert await _cost(tenant_world, a_threat()) == {READ_AGENT: 1, ("links", "read"): 1}


ONE_READING = 3
"""Intune's rules, who is silent, and the tenant's size; where the settings name connectors, each of them
too."""


async def test_rules_and_switches_are_read_once_for_many_batches(phone: World) -> None:
    phone.services.mirror.forget()
    phone.operations.clear()
    for minutes in range(3):
        await evaluate(phone.services, feed(a_threat(minutes=minutes)))
    assert phone.operations["settings", "read"] == ONE_READING + 1  # and once the count of new blocks


async def test_report_mode_writes_nothing_to_entra() -> None:
    async with world(mode=Mode.REPORT) as one:
        await put_phone(one)
        await one.put_rule(Level.LOW)
        await evaluate(one.services, feed(a_threat()))
        device = await one.device()
        assert device.decision is not None
        assert device.decision.verdict is Verdict.BLOCK
        assert (device.tag.wanted, device.tag.state) == ("mtd-block-high", TagState.NONE)
        assert one.entra_tag() is None
        assert not one.graph_calls


async def test_the_agent_knows_platform_and_beginning(phone: World) -> None:
    first = START - timedelta(hours=1)
    await evaluate(phone.services, feed(a_threat(platform=Platform.IOS)))
    await evaluate(phone.services, feed(a_threat("t0", minutes=-70, received=first)))
    kept = await agent(phone)
    assert isinstance(kept, Agent)
    assert kept.platform is not None
    assert (kept.platform.value, kept.first_received_at, kept.last_received_at) == ("ios", first, START)
    assert (await phone.device()).slots[AGENT_ID].since == first


async def test_how_far_the_feed_lags_is_logged_with_every_batch(
    phone: World, caplog: pytest.LogCaptureFixture
) -> None:
    now = int(phone.clock().timestamp())
    young, old = feed(a_threat("t1"), a_threat("t2"))
    with caplog.at_level("INFO", logger="mtd"):
        await evaluate(phone.services, [{**young, "_ts": now}, {**old, "_ts": now - 700}])
    assert "feed_read reports=2 lag_seconds=700" in caplog.messages


async def test_a_batch_that_will_be_replayed_is_not_logged_as_read(
    phone: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(phone.services.store, "read", away)
    with caplog.at_level("INFO", logger="mtd"), pytest.raises(StoreUnavailable):
        await evaluate(phone.services, feed(a_threat()))
    assert not any(line.startswith("feed_read") for line in caplog.messages)


async def test_a_partner_with_many_in_a_batch_keeps_no_others_behind_them(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    async def noted(_: Services, reports: Sequence[Report]) -> None:
        order.append(reports[0].record.partner)

    monkeypatch.setattr(evaluation, "evaluate_agent", noted)
    monkeypatch.setattr(evaluation, "CONCURRENCY", 1)
    flood = [a_threat(f"t{n}", device=f"a{n}", partner="zimperium") for n in range(97)]
    others = [a_threat(device="b1"), a_threat(device="b2"), a_threat(device="c1", partner="pradeo")]
    await evaluate(tenant_world.services, feed(*flood, *others))
    assert order[:5] == ["zimperium", "lookout", "pradeo", "zimperium", "lookout"]
    assert Counter(order) == {"zimperium": 97, "lookout": 2, "pradeo": 1}


async def test_a_thousand_reports_of_one_agent_in_a_batch_cost_as_much_as_one(phone: World) -> None:
    costs = []
    for first, count in ((0, 1), (1, 1000)):
        phone.operations.clear()
        await evaluate(
            phone.services,
            feed(*(a_threat(f"t{n}", severity=Level.LOW) for n in range(first, first + count))),
        )
        costs.append(sum(phone.operations.values()))
    assert costs[1] <= costs[0]


def test_in_turn_loses_no_agent_and_keeps_each_partners_order() -> None:
    agents = [
        [a_threat(device=f"{partner}{n}", partner=partner)]
        for partner, count in (("pradeo", 3), ("lookout", 1), ("sophos", 2))
        for n in range(count)
    ]
    turns = list(evaluation.in_turn(agents))
    assert [each[0].agent for each in turns] == [
        *("pradeo:pradeo0", "lookout:lookout0", "sophos:sophos0", "pradeo:pradeo1", "sophos:sophos1"),
        "pradeo:pradeo2",
    ]
