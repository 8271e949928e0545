"""A device's document: the decision and the tag that follow from it, and the links that lead to it."""

import asyncio
from typing import Any

import pytest

from evaluate_risk.decide import change, settle
from evaluate_risk.policy import Policy
from evaluate_risk.slots import with_slot
from shared import cosmos
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import (
    MAX_HISTORY,
    Device,
    HistoryEntry,
    Tag,
    TagState,
    Verdict,
)
from shared.domain.record import Platform
from shared.domain.rule import Rule
from shared.domain.switches import Switches
from shared.errors import StoreUnavailable
from tests.evaluate_risk.samples import a_slot, phone
from tests.evaluate_risk.stories import (
    AGENT_ID,
    put_phone,
)
from tests.world import ENTRA_ID, EVERYBODY, START, World

RULE = Rule(id="r", name="low", platform=Platform.IOS, allowed=Level.LOW, assignment=EVERYBODY)


def a_policy(mode: Mode = Mode.ENFORCE, **fields: Any) -> Policy:
    values = {"rules": (RULE,), "switches": Switches({Platform.IOS: ("lookout",)})}
    return Policy(mode, **{**values, **fields})


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
    old = tuple(HistoryEntry(at=START, what=str(n)) for n in range(MAX_HISTORY))
    once = settle(phone().model_copy(update={"history": old}), a_policy(), START)
    assert len(once.history) == MAX_HISTORY
    assert once.history[0].what.startswith("block: risk is high")
    assert once.history[1].what == "0"
    assert settle(once, a_policy(), START).history == once.history


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
    monkeypatch.setattr(cosmos, "MAX_ATTEMPTS", 3)
    await put_phone(tenant_world)
    tenant_world.cosmos_faults.fail_next(412, times=3, container="devices", operation="replace")
    with pytest.raises(StoreUnavailable):
        await change(tenant_world.services, ENTRA_ID, _adding("x"))
