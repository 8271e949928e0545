"""Links by hand: they count at once, beat ids, can be undone, and are finished wherever they were cut off."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from evaluate_risk.decide import change
from evaluate_risk.evaluation import evaluate
from evaluate_risk.linking import carry_out, link_agent
from evaluate_risk.linking import unlinked as without_its_device
from evaluate_risk.slots import slot, with_slot, withdrawn
from serve_console.linking import LinkRequest, UnlinkRequest, link, unlink
from shared.cosmos import Found
from shared.domain.level import Level
from shared.domain.model import Agent, Device, Link, TagState, Verdict, is_manual, link_id, link_of_agent
from shared.domain.record import Status
from shared.entra import Caller
from shared.errors import BadRequest, NotThere, Overtaken, StoreUnavailable
from shared.request import read_request
from tests.evaluate_risk.stories import AGENT_ID, OTHER_ENTRA_ID, Stop, feed, put_phone, state
from tests.serve_console.hands import ADA, BOB, WHO, agent, linked, record, reported, unlinked
from tests.sync_inventory import tenant
from tests.world import ENTRA_ID, INTUNE_ID, World, a_threat, world

# --- linking ------------------------------------------------------------------------------------------


async def test_a_threat_from_before_the_link_counts_at_once(tenant_world: World) -> None:
    await reported(tenant_world)
    answer = await linked(tenant_world)
    assert (answer.device, answer.verdict, answer.tag_state) == (ENTRA_ID, Verdict.BLOCK, TagState.APPLIED)
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_who_why_and_when_are_recorded_with_the_link_and_at_the_device(tenant_world: World) -> None:
    await reported(tenant_world)
    await linked(tenant_world)
    assert await record(tenant_world) == Link(
        id=f"agent:{AGENT_ID}",
        device=ENTRA_ID,
        why="read off the phone",
        who=WHO,
        at=tenant_world.clock(),
        revision=1,
    )
    assert (await agent(tenant_world)).linked_by == f"agent:{AGENT_ID}"
    history = (await tenant_world.device()).history
    assert f"agent {AGENT_ID} linked by hand by {WHO}: read off the phone" in [
        entry.what for entry in history
    ]


@pytest.mark.parametrize(
    ("reason", "caller", "kept"),
    [
        ("read off the phone", ADA, True),
        ("the user confirmed it", ADA, False),
        ("read off the phone", BOB, False),
    ],
    ids=["the same", "another reason", "another admin"],
)
async def test_a_link_said_again_keeps_its_record_and_another_reason_or_admin_makes_a_new_one(
    tenant_world: World, reason: str, caller: Caller, kept: bool
) -> None:
    await reported(tenant_world)
    await linked(tenant_world)
    first = tenant_world.clock()
    tenant_world.clock.pass_time(minutes=5)
    answer = await linked(tenant_world, ENTRA_ID, reason, caller)
    found = await record(tenant_world)
    assert found
    assert (found.why, found.at) == (reason, first if kept else tenant_world.clock())
    assert found.who == f"{caller.name} ({caller.object_id})"
    assert (answer.why, answer.who, answer.at) == (found.why, found.who, found.at)


async def test_a_link_said_again_is_made_again_where_the_agent_lost_its_device_meanwhile(
    tenant_world: World,
) -> None:
    await reported(tenant_world)
    first = await linked(tenant_world)
    await tenant_world.services.store.edit(Agent, AGENT_ID, lambda old: old and without_its_device(old))
    assert (await agent(tenant_world)).device is None
    assert (await linked(tenant_world)).device == first.device
    assert (await agent(tenant_world)).device == ENTRA_ID


@pytest.mark.parametrize("device", [ENTRA_ID.upper(), f"intune:{INTUNE_ID}", "serial:sn-test-1"])
async def test_a_device_is_named_by_entra_id_intune_id_or_serial_number(
    tenant_world: World, device: str
) -> None:
    await reported(tenant_world)
    await tenant_world.services.store.upsert(Link(id=link_id("serial", "SN-TEST-1"), device=ENTRA_ID))
    assert (await linked(tenant_world, device)).device == ENTRA_ID


async def test_an_ambiguous_serial_number_links_nothing(tenant_world: World) -> None:
    await reported(tenant_world)
    await tenant_world.services.store.upsert(Link(id=link_id("serial", "SN-1"), ambiguous=True))
    with pytest.raises(BadRequest):
        await linked(tenant_world, "serial:SN-1")
    assert (await agent(tenant_world)).device is None


async def test_what_is_not_there_cannot_be_linked(tenant_world: World) -> None:
    await reported(tenant_world)
    for device in ("nobody", "a/b", ".", "..", "serial:none", "intune:none", ":"):
        with pytest.raises(NotThere):
            await linked(tenant_world, device)
    request = LinkRequest(device=ENTRA_ID, reason="read off the phone")
    for id_ in (".", "..", "lookout:nobody", "lookout:a/b", "", "x", "lookout:" + "y" * 300):
        with pytest.raises(NotThere):
            await link(tenant_world.services, ADA, id_, request)
    assert await record(tenant_world) is None


async def test_neither_feed_nor_sync_changes_a_link_by_hand(tenant_world: World) -> None:
    tenant.put_policy(tenant_world)
    tenant.put_phone(tenant_world)
    await reported(tenant_world)
    await linked(tenant_world, OTHER_ENTRA_ID)
    await evaluate(tenant_world.services, feed(a_threat("t2", mdm_device_id=INTUNE_ID)))
    await tenant.run(tenant_world)
    assert (await agent(tenant_world)).device == OTHER_ENTRA_ID
    assert AGENT_ID not in (await tenant_world.device()).slots
    assert await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, link_id("serial", "x")) is None
    assert (await agent(tenant_world)).device == OTHER_ENTRA_ID
    found = await record(tenant_world)
    assert found
    assert found.who == WHO


async def test_a_link_by_hand_confirms_what_the_ids_say(tenant_world: World) -> None:
    await reported(tenant_world, a_threat())
    assert (await agent(tenant_world)).linked_by == link_id("intune", INTUNE_ID)
    await linked(tenant_world)
    confirmed = await agent(tenant_world)
    assert (confirmed.device, confirmed.linked_by) == (ENTRA_ID, link_of_agent(AGENT_ID))
    assert (await tenant_world.device()).slots[AGENT_ID].revision == confirmed.level_revision


async def test_relinked_to_another_phone_the_agent_leaves_open_at_the_first_what_it_had_found(
    tenant_world: World,
) -> None:
    await reported(tenant_world)
    await linked(tenant_world)
    answer = await linked(tenant_world, OTHER_ENTRA_ID, "the phone was enrolled anew")
    assert (answer.previous, answer.verdict) == (ENTRA_ID, Verdict.BLOCK)
    left = await tenant_world.device()
    assert left.slots[AGENT_ID].moved
    assert any("enrolled anew" in entry.what for entry in left.history)
    assert tenant_world.entra_tag(OTHER_ENTRA_ID) == tenant_world.entra_tag() == "mtd-block-high"


async def test_a_link_by_hand_follows_a_device_that_gets_its_entra_id(tenant_world: World) -> None:
    tenant.put_policy(tenant_world)
    await evaluate(tenant_world.services, feed(a_threat(mdm_device_id=None)))
    tenant.put_phone(tenant_world, entra_id=tenant.ZERO)
    await tenant.run(tenant_world)
    assert (await linked(tenant_world, f"intune:{INTUNE_ID}")).tag_state is TagState.NOT_ENFORCEABLE
    tenant.put_phone(tenant_world)
    await tenant.run(tenant_world)
    moved = await agent(tenant_world)
    assert (moved.device, moved.linked_by) == (ENTRA_ID, link_of_agent(AGENT_ID))
    assert is_manual(moved.linked_by)
    assert tenant_world.entra_tag() == "mtd-block-high"
    await evaluate(tenant_world.services, feed(a_threat("t2", mdm_device_id="intune-other")))
    assert (await agent(tenant_world)).device == ENTRA_ID
    assert (await unlinked(tenant_world)).previous == ENTRA_ID
    assert tenant_world.entra_tag() == "mtd-ok"


async def test_two_admins_at_once_do_not_overwrite_each_others_record(tenant_world: World) -> None:
    await reported(tenant_world)
    create = tenant_world.services.store.create

    async def overtaken(document: Any) -> str:
        tenant_world.services.store.create = create  # type: ignore[method-assign]
        await linked(tenant_world, OTHER_ENTRA_ID, "I saw it first", BOB)
        return await create(document)

    tenant_world.services.store.create = overtaken  # type: ignore[method-assign]
    words = "another admin was faster: linked by hand to aaaaaaaa.* by bob@.* UTC: I saw it first"
    with pytest.raises(Overtaken, match=words):
        await linked(tenant_world)
    found = await record(tenant_world)
    assert found
    assert (found.device, found.why) == (OTHER_ENTRA_ID, "I saw it first")
    assert (await agent(tenant_world)).device == OTHER_ENTRA_ID


async def test_a_decision_that_was_overtaken_is_carried_out_no_more_and_noted_nowhere(
    tenant_world: World,
) -> None:
    await reported(tenant_world)
    store = tenant_world.services.store
    late = Link(id=link_of_agent(AGENT_ID), device=ENTRA_ID, who="late", at=tenant_world.clock(), revision=1)
    stored = Found(late, await store.create(late))
    await linked(tenant_world, OTHER_ENTRA_ID)
    before = await state(tenant_world)
    with pytest.raises(Overtaken, match="linked by hand to aaaaaaaa"):
        await carry_out(tenant_world.services, stored)
    assert await state(tenant_world) == before


# --- undoing ------------------------------------------------------------------------------------------


async def test_after_an_undo_nothing_of_the_agent_counts_and_access_returns(tenant_world: World) -> None:
    await reported(tenant_world)
    await linked(tenant_world)
    answer = await unlinked(tenant_world)
    assert (answer.device, answer.previous, answer.verdict) == (None, ENTRA_ID, Verdict.ALLOW)
    assert tenant_world.entra_tag() == "mtd-ok"
    assert (await agent(tenant_world)).device is None
    left = await tenant_world.device()
    assert (left.slots[AGENT_ID].withdrawn, left.slots[AGENT_ID].findings) == (True, ())
    assert any(f"taken off by hand by {WHO}: it was another phone" in entry.what for entry in left.history)
    kept = await record(tenant_world)
    assert kept
    assert (kept.device, kept.previous, kept.why, kept.who) == (None, ENTRA_ID, "it was another phone", WHO)


async def test_undone_twice_is_undone_once(tenant_world: World) -> None:
    await reported(tenant_world)
    await linked(tenant_world)
    first = await unlinked(tenant_world)
    before = await state(tenant_world)
    tenant_world.clock.pass_time(minutes=5)
    assert await unlinked(tenant_world, "said again in other words") == first
    assert await state(tenant_world) == before


async def test_an_agent_kept_apart_is_linked_by_nobody_but_an_admin(tenant_world: World) -> None:
    tenant.put_policy(tenant_world)
    tenant.put_phone(tenant_world)
    await reported(tenant_world, a_threat())
    assert (await agent(tenant_world)).device == ENTRA_ID
    await unlinked(tenant_world)
    await evaluate(tenant_world.services, feed(a_threat("t2")))
    assert (await tenant.step(tenant_world, "agents")).counts == {"kept_apart": 1}
    assert (await agent(tenant_world)).device is None
    assert tenant_world.entra_tag() == "mtd-ok"
    await linked(tenant_world)
    assert sorted(f.key for f in (await tenant_world.device()).slots[AGENT_ID].findings) == ["t1", "t2"]
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_a_partner_that_must_scan_is_missing_again_after_the_undo() -> None:
    async with world(partners={"ios": ("lookout", "zimperium")}) as one:
        await reported(one, a_threat(mdm_device_id=None, severity=Level.LOW))
        await linked(one)
        await unlinked(one)
        decision = (await one.device()).decision
        assert decision
        assert decision.missing == ("lookout", "zimperium")


async def test_an_agent_that_is_not_linked_has_nothing_to_undo(tenant_world: World) -> None:
    await reported(tenant_world)
    with pytest.raises(NotThere):
        await unlinked(tenant_world)
    with pytest.raises(NotThere):
        await unlink(tenant_world.services, ADA, "lookout:nobody", UnlinkRequest(reason="a reason"))
    assert await record(tenant_world) is None


async def test_what_an_agent_without_a_device_left_open_is_taken_off_by_hand_too(tenant_world: World) -> None:
    """It moved by its ids, and the device it moved to vanished."""
    await reported(tenant_world)
    for device in (ENTRA_ID, OTHER_ENTRA_ID):
        await link_agent(tenant_world.services, AGENT_ID, device, "serial:x")
    await tenant_world.services.store.edit(Agent, AGENT_ID, lambda old: old and without_its_device(old))
    left = (await tenant_world.device()).decision
    assert left
    assert left.verdict is Verdict.BLOCK
    answer = await unlinked(tenant_world)
    assert (answer.previous, answer.verdict) == (ENTRA_ID, Verdict.ALLOW)
    assert tenant_world.entra_tag() == "mtd-ok"
    assert (await agent(tenant_world)).left_open == ()
    assert await unlinked(tenant_world) == answer


async def test_a_late_slow_instance_places_nothing_after_an_undo(tenant_world: World) -> None:
    await reported(tenant_world)
    await linked(tenant_world)
    before = await agent(tenant_world)
    await unlinked(tenant_world)
    late = slot(before)
    await change(tenant_world.services, ENTRA_ID, lambda device: with_slot(device, late))
    assert (await tenant_world.device()).slots[AGENT_ID].withdrawn
    await linked(tenant_world)
    agent_again = await agent(tenant_world)
    await change(tenant_world.services, ENTRA_ID, lambda device: withdrawn(device, before))
    standing = (await tenant_world.device()).slots[AGENT_ID]
    assert (standing.withdrawn, standing.revision) == (False, agent_again.level_revision)


async def test_a_report_after_an_undo_that_was_cut_off_finishes_it(tenant_world: World) -> None:
    await reported(tenant_world)
    await linked(tenant_world)
    tenant_world.cosmos_faults.fail_next(503, container="devices", times=9)
    with pytest.raises(StoreUnavailable):
        await unlinked(tenant_world)
    tenant_world.cosmos_faults.clear()
    assert not (await tenant_world.device()).slots[AGENT_ID].withdrawn
    await evaluate(tenant_world.services, feed(a_threat("t2", mdm_device_id=INTUNE_ID)))
    assert (await tenant_world.device()).slots[AGENT_ID].withdrawn
    assert (await agent(tenant_world)).moving_from is None


async def test_a_rekeyed_device_does_not_take_along_an_agent_whose_undo_was_cut_off(
    tenant_world: World,
) -> None:
    tenant.put_policy(tenant_world)
    await evaluate(tenant_world.services, feed(a_threat(mdm_device_id=None)))
    tenant.put_phone(tenant_world, entra_id=tenant.ZERO)
    await tenant.run(tenant_world)
    await linked(tenant_world, f"intune:{INTUNE_ID}")
    tenant_world.cosmos_faults.fail_next(503, container="devices", times=9)
    with pytest.raises(StoreUnavailable):
        await unlinked(tenant_world)
    tenant_world.cosmos_faults.clear()
    tenant.put_phone(tenant_world)
    await tenant.run(tenant_world)
    apart = await agent(tenant_world)
    assert (apart.device, apart.moving_from) == (None, None)
    assert AGENT_ID not in (await tenant_world.device()).slots
    assert tenant_world.entra_tag() is None


async def _link_cut_off(world: World, container: str) -> None:
    await reported(world)
    world.cosmos_faults.fail_next(503, container=container, operation="replace", times=9)
    with pytest.raises(StoreUnavailable):
        await linked(world)
    world.cosmos_faults.clear()


@pytest.mark.parametrize("container", ["agents", "devices"])
async def test_a_link_that_was_cut_off_is_finished_by_the_next_sync(
    tenant_world: World, container: str
) -> None:
    await _link_cut_off(tenant_world, container)
    assert AGENT_ID not in (await tenant_world.device()).slots
    assert (await tenant.step(tenant_world, "agents")).counts["decisions_finished"] == 1
    assert (await tenant_world.device()).slots[AGENT_ID].open_threats == 1
    found = await record(tenant_world)
    assert found
    assert (found.device, found.who, found.pending) == (ENTRA_ID, WHO, False)


@pytest.mark.parametrize("container", ["agents", "devices"])
async def test_a_link_that_was_cut_off_and_is_undone_leaves_nothing_behind(
    tenant_world: World, container: str
) -> None:
    await _link_cut_off(tenant_world, container)
    await unlinked(tenant_world)
    slots = (await tenant_world.device()).slots
    assert all(slot.withdrawn for slot in slots.values())
    await linked(tenant_world)
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_a_link_that_was_cut_off_and_made_to_another_phone_leaves_nothing_behind(
    tenant_world: World,
) -> None:
    await reported(tenant_world)
    tenant_world.cosmos_faults.fail_next(503, container="agents", operation="replace", times=9)
    with pytest.raises(StoreUnavailable):
        await linked(tenant_world)
    tenant_world.cosmos_faults.clear()
    await linked(tenant_world, OTHER_ENTRA_ID)
    assert (await tenant_world.device()).slots == {}
    assert (await agent(tenant_world)).device == OTHER_ENTRA_ID


# --- every step stopped -------------------------------------------------------------------------------

Act = Callable[[World], Awaitable[object]]


async def _move(one: World) -> object:
    return await linked(one, OTHER_ENTRA_ID, "enrolled anew")


ACTS: dict[str, tuple[Act, ...]] = {"link": (linked,), "move": (linked, _move), "undo": (linked, unlinked)}
STEPS = {"link": 14, "move": 18, "undo": 13}
"""Calls to the store and to Graph that the last act makes."""
UNDISTURBED: dict[str, Any] = {}


async def _ends(one: World) -> dict[str, Any]:
    found = await record(one)
    return {**await state(one), "record": found}


async def _undisturbed(name: str) -> Any:
    if name not in UNDISTURBED:
        async with world() as one:
            await reported(one)
            *before, last = ACTS[name]
            for act in before:
                await act(one)
            stop = Stop(0)
            stop.begin(one)
            await last(one)
            stop.end()
            UNDISTURBED[name] = len(stop.calls), stop.calls, await _ends(one)
    return UNDISTURBED[name]


@pytest.mark.parametrize("name", ACTS)
async def test_every_step_is_stopped_below(name: str) -> None:
    steps, calls, _ = await _undisturbed(name)
    assert steps == STEPS[name], calls


@pytest.mark.parametrize("lost_answer", [False, True], ids=["stopped before", "answer lost"])
@pytest.mark.parametrize(
    ("name", "step"), [(name, step) for name in ACTS for step in range(1, STEPS[name] + 1)]
)
async def test_what_is_stopped_in_the_middle_is_finished_when_it_is_done_again(
    name: str, step: int, lost_answer: bool
) -> None:
    _, _, end = await _undisturbed(name)
    async with world() as one:
        await reported(one)
        *before, last = ACTS[name]
        for act in before:
            await act(one)
        stop = Stop(step, lost_answer=lost_answer)
        stop.begin(one)
        for _ in range(3):
            try:
                await last(one)
            except StoreUnavailable:
                continue
            break
        stop.end()
        assert stop.struck
        assert await _ends(one) == end


# --- before the first report --------------------------------------------------------------------------


async def _made_before_its_first_report(world: World) -> None:
    await reported(world, a_threat(device="agent-2", mdm_device_id=None))
    await world.services.store.create(Agent(id=AGENT_ID, partner="lookout", partner_device_id="agent-1"))


async def test_an_agent_linked_before_its_first_report_is_not_present_until_then() -> None:
    async with world(partners={"ios": ("lookout", "zimperium")}) as one:
        await _made_before_its_first_report(one)
        await linked(one)
        device = await one.device()
        linked_only = device.slots[AGENT_ID]
        assert (linked_only.since, linked_only.scanned, linked_only.findings) == (None, False, ())
        assert device.decision
        assert "lookout" in device.decision.missing
        one.clock.pass_time(minutes=30)
        at = one.clock()
        await evaluate(one.services, feed(a_threat("t1", mdm_device_id=None, minutes=30, received=at)))
        first = await agent(one)
        assert (first.first_received_at, first.last_received_at, first.device) == (at, at, ENTRA_ID)
        assert (await one.device()).slots[AGENT_ID].since == at
        assert one.entra_tag() == "mtd-block-high"


async def test_the_first_report_is_placed_even_where_it_opens_nothing(tenant_world: World) -> None:
    await _made_before_its_first_report(tenant_world)
    await linked(tenant_world)
    clean = a_threat(status=Status.RESOLVED, mdm_device_id=None)
    await evaluate(tenant_world.services, feed(clean))
    assert AGENT_ID in (await tenant_world.device()).slots


async def test_a_link_made_wrong_before_the_first_report_leaves_nothing(tenant_world: World) -> None:
    await _made_before_its_first_report(tenant_world)
    await linked(tenant_world)
    await linked(tenant_world, OTHER_ENTRA_ID)
    assert (await tenant_world.device()).slots[AGENT_ID].moved
    await unlinked(tenant_world)
    apart = await agent(tenant_world)
    assert (apart.device, apart.moving_from, apart.left_open) == (None, None, ())
    assert (await tenant_world.device(OTHER_ENTRA_ID)).slots[AGENT_ID].withdrawn


async def test_a_linked_agent_that_never_reported_is_present_only_where_a_setting_says_so() -> None:
    partners = {"ios": ("lookout", "zimperium")}
    for taken, missing in ((frozenset({"lookout"}), ("zimperium",)), (frozenset(), ("lookout", "zimperium"))):
        async with world(partners=partners, event_only_present=taken) as one:
            await one.put_rule()
            await put_phone(one)
            agent_ = Agent(id=AGENT_ID, partner="lookout", partner_device_id="agent-1")
            await one.services.store.create(agent_)
            await linked(one)
            decision = (await one.device()).decision
            assert decision
            assert decision.missing == missing
            await unlinked(one)
            decision = (await one.device()).decision
            assert decision
            assert decision.missing == ("lookout", "zimperium")


# --- requests -----------------------------------------------------------------------------------------


def test_reason_and_device_are_read_from_the_body() -> None:
    assert read_request(LinkRequest, b'{"device": " x ", "reason": " seen it "}') == LinkRequest(
        device="x", reason="seen it"
    )
    assert read_request(UnlinkRequest, '{"reason": "ошибка"}'.encode()) == UnlinkRequest(reason="ошибка")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"device": "x"}',
        b'{"device": "", "reason": "a reason"}',
        b'{"device": "x", "reason": "no"}',
        b'{"device": "x", "reason": "   no    "}',
        b'{"device": "x", "reason": 12345}',
        b'{"device": "x", "reason": "a reason", "who": "somebody else"}',
        b'{"device": "x", "reason": "' + b"y" * 501 + b'"}',
        b'{"device": "x", "reason": "a reason"}' + b" " * 10_000,
        b'{"device": "x", "reason": "\xff\xff\xff"}',
    ],
)
def test_a_request_that_makes_no_sense_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_request(LinkRequest, body)


async def test_a_device_that_became_another_is_not_linked_under_its_old_id(tenant_world: World) -> None:
    await reported(tenant_world)
    old = Device(id="intune:old", facts=(await tenant_world.device()).facts, replaced_by=ENTRA_ID)
    await tenant_world.services.store.create(old)
    with pytest.raises(NotThere, match="is '1111"):
        await linked(tenant_world, "intune:old")
