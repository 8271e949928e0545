"""A device's document: the decision and the tag that follow from it, and the links that lead to it."""

import asyncio
from typing import Any

import pytest

from evaluate_risk import decide as door
from evaluate_risk.decide import change, link_agent, settle, with_slot, without_agent
from evaluate_risk.evaluation import evaluate
from evaluate_risk.policy import Policy
from evaluate_risk.risk import new_agent
from shared.errors import StoreUnavailable
from shared.level import Level
from shared.model import (
    Agent,
    Device,
    HistoryEntry,
    Link,
    Slot,
    Tag,
    TagState,
    Verdict,
    link_id,
    link_of_agent,
)
from shared.record import Category, Platform
from shared.rule import Rule
from shared.settings import Mode
from shared.switches import Switches
from tests.evaluate_risk.stories import (
    AGENT_ID,
    OTHER_ENTRA_ID,
    Stop,
    agent,
    feed,
    put_other_phone,
    put_phone,
    state,
)
from tests.world import ENTRA_ID, EVERYBODY, INTUNE_ID, START, World, a_device, a_threat, world

RULE = Rule(id="r", name="low", platform=Platform.IOS, allowed=Level.LOW, reach=EVERYBODY)


def a_policy(mode: Mode = Mode.ENFORCE, **fields: Any) -> Policy:
    values = {"rules": (RULE,), "switches": Switches({Platform.IOS: ("lookout",)})}
    return Policy(mode, **{**values, **fields})


def a_slot(severity: Level = Level.HIGH, revision: int = 1, **fields: Any) -> Slot:
    values: dict[str, Any] = {"agent": AGENT_ID, "partner": "lookout", "since": START}
    return Slot(revision=revision, levels={Category.NETWORK: severity}, **{**values, **fields})


def phone(severity: Level = Level.HIGH, tag: Tag | None = None, **facts: Any) -> Device:
    """A device with one agent's level, and a tag as it was left."""
    return a_device(**facts).model_copy(update={"slots": {AGENT_ID: a_slot(severity)}, "tag": tag or Tag()})


def tagged(applied: str | None, state: TagState, wanted: str | None = None) -> Tag:
    return Tag(wanted=wanted or applied, applied=applied, state=state)


def settled(device: Device, **policy: Any) -> Tag:
    """The tag after a decision."""
    return settle(device, a_policy(**policy), START).tag


# --- the wanted tag -----------------------------------------------------------------------------------


def test_a_block_is_pending_and_says_why() -> None:
    tag = settled(phone())
    assert (tag.wanted, tag.state, tag.blocks) == ("mtd-block-high", TagState.PENDING, True)
    assert (tag.why, tag.wanted_at) == ("risk is high, rule 'low' allows low", START)


def test_report_mode_shows_what_would_be_written_and_leaves_nothing_pending() -> None:
    tag = settled(phone(), mode=Mode.REPORT)
    assert (tag.wanted, tag.state) == ("mtd-block-high", TagState.NONE)


def test_entering_enforce_makes_pending_what_was_only_shown() -> None:
    shown = settle(phone(), a_policy(Mode.REPORT), START)
    assert settled(shown).state is TagState.PENDING


def test_leaving_enforce_leaves_nothing_pending_and_what_is_written_stands() -> None:
    pending = settle(phone(), a_policy(), START)
    assert settled(pending, mode=Mode.REPORT).state is TagState.NONE
    applied = phone(tag=tagged("mtd-block-high", TagState.APPLIED))
    assert settled(applied, mode=Mode.REPORT).state is TagState.APPLIED
    clean = phone(Level.LOW, tagged("mtd-block-high", TagState.APPLIED))
    assert settled(clean, mode=Mode.REPORT).state is TagState.NONE
    assert settled(clean, mode=Mode.REPORT).applied == "mtd-block-high"


def test_ok_is_not_written_where_nothing_of_ours_stands() -> None:
    assert settled(phone(Level.LOW)).wanted is None
    assert settled(phone(Level.LOW)).state is TagState.NONE


def test_ok_is_written_everywhere_where_every_device_is_to_be_tagged() -> None:
    tag = settled(phone(Level.LOW), tag_all=True)
    assert (tag.wanted, tag.state, tag.blocks) == ("mtd-ok", TagState.PENDING, False)


@pytest.mark.parametrize(
    "tag",
    [
        tagged("mtd-block-high", TagState.APPLIED),
        tagged(None, TagState.PENDING, wanted="mtd-block-high"),
    ],
    ids=["written", "perhaps written"],
)
def test_ok_replaces_our_own_block(tag: Tag) -> None:
    after = settled(phone(Level.LOW, tag))
    assert (after.wanted, after.state, after.blocks) == ("mtd-ok", TagState.PENDING, False)


def test_a_block_that_never_reached_entra_needs_no_ok() -> None:
    for state_ in (TagState.FOREIGN, TagState.NO_DEVICE):
        tag = tagged(None, state_, wanted="mtd-block-high")
        assert settled(phone(Level.LOW, tag)).wanted is None


def test_a_settled_tag_stays_as_it_is() -> None:
    for state_ in TagState:
        if state_ is not TagState.NONE:
            tag = Tag(wanted="mtd-block-high", state=state_, attempts=3, error="said so")
            after = settled(phone(tag=tag))
            assert (after.state, after.attempts, after.error) == (state_, 3, "said so")


def test_a_new_value_is_tried_again_whatever_became_of_the_last() -> None:
    for state_ in (TagState.FOREIGN, TagState.NO_DEVICE, TagState.PENDING, TagState.APPLIED):
        tag = Tag(wanted="mtd-block-medium", state=state_, attempts=3, error="said so")
        after = settled(phone(tag=tag))
        assert (after.state, after.attempts, after.error) == (TagState.PENDING, 0, None)


def test_back_to_what_stands_while_another_value_is_on_its_way_is_written_again() -> None:
    tag = tagged("mtd-block-high", TagState.PENDING, wanted="mtd-ok")
    assert settled(phone(tag=tag)).state is TagState.PENDING


def test_back_to_what_stood_is_written_again_where_another_value_was_called_off_unheard() -> None:
    on_its_way = tagged("mtd-block-high", TagState.PENDING, wanted="mtd-ok")
    called_off = settle(phone(tag=on_its_way), a_policy(rules=()), START).tag
    assert called_off.state is TagState.NONE
    assert settled(phone(tag=called_off)).state is TagState.PENDING


def test_back_to_what_stands_needs_no_write_where_nothing_is_on_its_way() -> None:
    tag = tagged("mtd-block-high", TagState.FOREIGN, wanted="mtd-ok")
    assert settled(phone(tag=tag)).state is TagState.APPLIED


def test_a_device_entra_does_not_hold_is_not_enforceable() -> None:
    device = phone(entra_id=None)
    assert device.id.startswith("intune:")
    after = settle(device, a_policy(), START)
    assert after.decision is not None
    assert after.decision.verdict is Verdict.BLOCK
    assert after.tag.state is TagState.NOT_ENFORCEABLE


def test_an_undecided_device_keeps_its_tag() -> None:
    tag = tagged("mtd-block-high", TagState.APPLIED)
    assert settled(phone(Level.LOW, tag), rules=()) == tag


def test_a_write_still_pending_is_called_off_when_no_rule_decides_any_more() -> None:
    called_off = settled(phone(Level.LOW, tagged("mtd-block-high", TagState.PENDING)), rules=())
    assert (called_off.state, called_off.wanted) == (TagState.NONE, "mtd-block-high")


def test_a_frozen_device_keeps_decision_and_tag_and_is_not_looked_at_again() -> None:
    blocked = settle(phone(), a_policy(), START)
    moved = blocked.model_copy(update={"slots": {AGENT_ID: a_slot(moved=True)}})
    assert moved.decision is not None
    due = moved.decision.model_copy(update={"next_due": START})
    other = a_policy(tag_all=True)
    after = settle(moved.model_copy(update={"decision": due}), other, START)
    assert after.decision is not None
    assert after.decision.next_due is None
    assert after.tag == blocked.tag
    assert after.decision is not None
    assert after.decision.verdict is Verdict.BLOCK
    assert after.decision.rules_version == other.version != a_policy().version


def test_the_moment_of_a_decision_is_when_it_turned() -> None:
    from datetime import timedelta

    once = settle(phone(), a_policy(), START)
    assert settle(once, a_policy(), START + timedelta(hours=1)) == once


def test_history_is_short_newest_first_and_only_of_changes() -> None:
    old = tuple(HistoryEntry(at=START, what=str(n)) for n in range(door.HISTORY))
    once = settle(phone().model_copy(update={"history": old}), a_policy(), START)
    assert len(once.history) == door.HISTORY
    assert once.history[0].what.startswith("block: risk is high")
    assert once.history[1].what == "0"
    assert settle(once, a_policy(), START).history == once.history


def test_an_older_or_equal_level_never_covers_a_newer() -> None:
    device = phone()
    for revision, kept in ((0, Level.HIGH), (1, Level.HIGH), (2, Level.LOW)):
        after = with_slot(device, a_slot(Level.LOW, revision))
        assert after.slots[AGENT_ID].levels[Category.NETWORK] is kept


def test_a_moved_mark_keeps_the_level_and_raises_the_revision() -> None:
    left = Agent(
        id=AGENT_ID,
        partner="lookout",
        partner_device_id="agent-1",
        first_received_at=START,
        last_received_at=START,
        level_revision=7,
    )
    slot = without_agent(phone(), left).slots[AGENT_ID]
    assert (slot.moved, slot.revision, slot.levels) == (True, 7, {Category.NETWORK: Level.HIGH})
    never = without_agent(a_device(), left)
    assert never.slots[AGENT_ID].moved, "no late slower instance may place a level there"
    assert with_slot(never, a_slot(revision=7)) == never


# --- change -------------------------------------------------------------------------------------------


def _adding(name: str) -> Any:
    def edit(device: Device) -> Device:
        return with_slot(device, a_slot(agent=f"lookout:{name}"))

    return edit


async def test_two_writers_at_once_both_find_their_edit(tenant_world: World) -> None:
    await put_phone(tenant_world)
    other = await tenant_world.another_instance()
    try:
        edits = [
            change(services, ENTRA_ID, _adding(f"{n}{side}"))
            for n in range(4)
            for side, services in (("a", tenant_world.services), ("b", other))
        ]
        await asyncio.gather(*edits)
    finally:
        await other.close()
    assert len((await tenant_world.device()).slots) == 8


async def test_a_change_that_changes_nothing_writes_nothing(tenant_world: World) -> None:
    await put_phone(tenant_world)
    await change(tenant_world.services, ENTRA_ID)
    tenant_world.operations.clear()
    await change(tenant_world.services, ENTRA_ID)
    assert tenant_world.operations["devices", "replace"] == 0


async def test_a_device_that_is_not_there_cannot_be_changed(tenant_world: World) -> None:
    assert await change(tenant_world.services, ENTRA_ID) is None


async def test_where_others_are_always_faster_the_store_is_called_unavailable(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "ATTEMPTS", 3)
    await put_phone(tenant_world)
    tenant_world.cosmos_faults.fail_next(412, times=3, container="devices", operation="replace")
    with pytest.raises(StoreUnavailable):
        await change(tenant_world.services, ENTRA_ID, _adding("x"))


# --- linking outside the feed -------------------------------------------------------------------------


async def _unlinked(one: World) -> None:
    """An agent with a threat, and two devices none of its ids leads to."""
    await one.put_rule(Level.LOW)
    await evaluate(one.services, feed(a_threat(mdm_device_id=None)))
    await put_phone(one)
    await put_other_phone(one)


async def _linked_and_relinked(one: World) -> None:
    for device in (ENTRA_ID, OTHER_ENTRA_ID):
        for _ in range(3):
            try:
                assert await link_agent(one.services, AGENT_ID, device, "admin: test") is not None
            except StoreUnavailable:
                continue
            break


LINK_STEPS = 13
"""Calls to the store that linking and relinking makes."""
UNDISTURBED: dict[str, Any] = {}
"""How it ends when nothing stops it; told once for all."""


async def test_linking_takes_the_steps_that_are_stopped_below(tenant_world: World) -> None:
    await _unlinked(tenant_world)
    stop = Stop(0)
    stop.begin(tenant_world)
    await _linked_and_relinked(tenant_world)
    stop.end()
    assert len(stop.calls) == LINK_STEPS, stop.calls
    end = await state(tenant_world)
    assert (end[AGENT_ID]["device"], end[AGENT_ID]["linked_by"]) == (OTHER_ENTRA_ID, "admin: test")
    assert end[ENTRA_ID]["slots"][AGENT_ID]["moved"]
    assert end[ENTRA_ID]["decision"]["verdict"] == end[OTHER_ENTRA_ID]["decision"]["verdict"] == "block"


@pytest.mark.parametrize("lost_answer", [False, True], ids=["stopped before", "answer lost"])
@pytest.mark.parametrize("step", range(1, LINK_STEPS + 1))
async def test_a_link_stopped_in_the_middle_is_finished_when_it_is_made_again(
    step: int, lost_answer: bool
) -> None:
    if not UNDISTURBED:
        async with world() as one:
            await _unlinked(one)
            await _linked_and_relinked(one)
            UNDISTURBED.update(await state(one))
    async with world() as one:
        await _unlinked(one)
        stop = Stop(step, lost_answer=lost_answer)
        stop.begin(one)
        await _linked_and_relinked(one)
        stop.end()
        assert stop.struck
        assert await state(one) == UNDISTURBED


async def test_the_slot_is_at_the_new_device_before_the_link_and_the_old_one_is_told_last(
    tenant_world: World,
) -> None:
    await _unlinked(tenant_world)
    await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "serial:sn-test-1")
    replace = tenant_world.services.store.replace
    written: list[str] = []

    async def noted(document: Any, etag: str) -> str:
        written.append(document.id)
        return await replace(document, etag)

    tenant_world.services.store.replace = noted  # type: ignore[method-assign]
    await link_agent(tenant_world.services, AGENT_ID, OTHER_ENTRA_ID, "admin: test")
    assert written == [OTHER_ENTRA_ID, AGENT_ID, ENTRA_ID, AGENT_ID]


async def test_an_agent_linked_back_to_a_device_it_left_counts_there_again(tenant_world: World) -> None:
    await _unlinked(tenant_world)
    for device in (ENTRA_ID, OTHER_ENTRA_ID, ENTRA_ID):
        await link_agent(tenant_world.services, AGENT_ID, device, "admin: test")
    slot = (await tenant_world.device()).slots[AGENT_ID]
    assert not slot.moved
    assert slot.revision == (await agent(tenant_world)).level_revision
    assert (await tenant_world.device(OTHER_ENTRA_ID)).frozen
    assert not (await tenant_world.device()).frozen


async def test_an_agent_whose_device_vanished_in_a_move_can_be_linked_to_the_one_it_left(
    tenant_world: World,
) -> None:
    await _unlinked(tenant_world)
    await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "admin: test")
    stop = Stop(5)  # linked to the other device; the first is not told
    stop.begin(tenant_world)
    with pytest.raises(StoreUnavailable):
        await link_agent(tenant_world.services, AGENT_ID, OTHER_ENTRA_ID, "admin: test")
    stop.end()
    assert (await agent(tenant_world)).moving_from == ENTRA_ID
    await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "admin: test")
    linked = await agent(tenant_world)
    assert (linked.device, linked.moving_from) == (ENTRA_ID, None)
    assert not (await tenant_world.device()).frozen
    assert (await tenant_world.device(OTHER_ENTRA_ID)).frozen


async def test_a_report_that_arrives_while_its_agent_is_linked_is_not_lost(tenant_world: World) -> None:
    await _unlinked(tenant_world)
    replace = tenant_world.services.store.replace

    async def overtaken(document: Any, etag: str) -> str:
        if isinstance(document, Agent):
            tenant_world.services.store.replace = replace  # type: ignore[method-assign]
            graver = a_threat("t2", mdm_device_id=None)
            await evaluate(tenant_world.services, feed(graver))
        return await replace(document, etag)

    tenant_world.services.store.replace = overtaken  # type: ignore[method-assign]
    await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "admin: test")
    device = await tenant_world.device()
    assert sorted(f.key for f in device.slots[AGENT_ID].findings) == ["t1", "t2"]


@pytest.mark.parametrize("crash", [False, True])
async def test_a_graver_report_the_feed_links_by_meanwhile_is_not_covered_by_the_older_slot(
    tenant_world: World, crash: bool
) -> None:
    await tenant_world.put_device()
    await tenant_world.put_rule(Level.LOW)
    await evaluate(tenant_world.services, feed(a_threat("t1", severity=Level.LOW)))
    await tenant_world.services.store.upsert(Link(id=link_id("intune", INTUNE_ID), device=ENTRA_ID))
    replace = tenant_world.services.store.replace
    graver = feed(a_threat("t2"))

    async def overtaken(document: Any, etag: str) -> str:
        if isinstance(document, Agent):
            tenant_world.services.store.replace = replace  # type: ignore[method-assign]
            if crash:
                raise StoreUnavailable("cut off before the link was written")
            await evaluate(tenant_world.services, graver)
        return await replace(document, etag)

    tenant_world.services.store.replace = overtaken  # type: ignore[method-assign]
    if crash:
        with pytest.raises(StoreUnavailable):
            await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "sync")
        await evaluate(tenant_world.services, graver)
    else:
        await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "sync")
    device = await tenant_world.device()
    assert sorted(f.key for f in device.slots[AGENT_ID].findings) == ["t1", "t2"]
    assert device.decision is not None
    assert device.decision.verdict is Verdict.BLOCK


async def test_a_link_by_hand_to_where_an_agent_is_already_covers_no_graver_report_when_cut_off(
    tenant_world: World,
) -> None:
    await tenant_world.put_rule(Level.LOW)
    await put_phone(tenant_world)
    await evaluate(tenant_world.services, feed(a_threat("t1", severity=Level.LOW)))
    tenant_world.cosmos_faults.fail_next(503, container="agents", operation="replace", times=9)
    with pytest.raises(StoreUnavailable):
        await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, link_of_agent(AGENT_ID))
    tenant_world.cosmos_faults.clear()
    await evaluate(tenant_world.services, feed(a_threat("t2")))
    assert tenant_world.entra_tag() == "mtd-block-high"


def test_a_late_mark_of_a_move_does_not_freeze_a_device_the_agent_came_back_to() -> None:
    here = phone().model_copy(update={"slots": {AGENT_ID: a_slot(revision=3)}})
    late = new_agent(a_threat(), "agent-1").model_copy(update={"level_revision": 2})
    assert without_agent(here, late) == here
    assert without_agent(here, late.model_copy(update={"level_revision": 4})).frozen


async def test_what_is_not_there_cannot_be_linked(tenant_world: World) -> None:
    assert await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "admin: test") is None
    await evaluate(tenant_world.services, feed(a_threat(mdm_device_id=INTUNE_ID)))
    assert await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "admin: test") is None
    assert (await agent(tenant_world)).device is None
