"""From a decision to the tag that is wanted: what is asked for, what is called off, and what is to follow."""

from typing import Any

import pytest

from evaluate_risk.decide import settle
from shared.domain.follow_up import FollowUp
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Device, Tag, TagState, Verdict
from shared.domain.rule import Assignment, RuleSource
from tests.evaluate_risk.samples import RULE, a_policy, phone
from tests.world import START

REVOKING = frozenset({FollowUp.REVOKE_SESSIONS})


def tagged(applied: str | None, state: TagState, wanted: str | None = None) -> Tag:
    return Tag(wanted=wanted or applied, applied=applied, state=state)


def settled(device: Device, **policy: Any) -> Tag:
    """The tag after a decision."""
    return settle(device, a_policy(**policy), START).tag


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
        tag = Tag(wanted="mtd-block-medium", state=state_, attempts=3, error="said so", retry_at=START)
        after = settled(phone(tag=tag))
        assert (after.state, after.attempts, after.error) == (TagState.PENDING, 0, None)
        assert after.retry_at is None


def test_back_to_what_stands_while_another_value_is_on_its_way_is_written_again() -> None:
    tag = tagged("mtd-block-high", TagState.PENDING, wanted="mtd-ok")
    assert settled(phone(tag=tag)).state is TagState.PENDING


def test_back_to_what_stood_is_written_again_where_another_value_was_called_off_unanswered() -> None:
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


# --- an attempt whose outcome is not known, and what is to follow ---------------------------------------


def test_a_block_on_its_way_when_enforcing_ends_is_lifted_once_it_enforces_again() -> None:
    on_its_way = settled(phone())
    assert (on_its_way.state, on_its_way.outcome_unknown) == (TagState.PENDING, False)
    ended = settled(phone(tag=on_its_way), mode=Mode.REPORT)
    assert (ended.wanted, ended.state, ended.outcome_unknown) == ("mtd-block-high", TagState.NONE, True)
    lifted = settled(phone(Level.LOW, ended))
    assert (lifted.wanted, lifted.state) == ("mtd-ok", TagState.PENDING)


def test_a_block_that_is_still_on_its_way_leaves_nothing_unknown() -> None:
    on_its_way = settled(phone())
    assert settled(phone(tag=on_its_way)) == on_its_way


def test_what_was_only_shown_gets_its_follow_up_when_it_comes_to_be_written() -> None:
    shown = settled(phone(), mode=Mode.REPORT, follow_ups=REVOKING)
    assert (shown.wanted, shown.follow_up) == ("mtd-block-high", None)
    assert settled(phone(tag=shown), follow_ups=REVOKING).follow_up is FollowUp.REVOKE_SESSIONS


def test_what_is_yet_to_follow_an_applied_tag_outlasts_another_decision() -> None:
    pending = settled(phone(), follow_ups=REVOKING)
    written = pending.model_copy(update={"applied": pending.wanted, "state": TagState.APPLIED})
    assert settled(phone(tag=written), follow_ups=REVOKING).follow_up is FollowUp.REVOKE_SESSIONS


def test_nobody_has_begun_with_the_follow_up_of_a_tag_that_changes() -> None:
    begun = tagged("mtd-block-high", TagState.APPLIED).model_copy(update={"follow_up_begun": START})
    changed = settled(phone(Level.LOW, begun), follow_ups=frozenset({FollowUp.SYNC_DEVICE}))
    assert (changed.follow_up, changed.follow_up_begun) == (FollowUp.SYNC_DEVICE, None)


def test_a_block_that_waits_already_gets_no_follow_up_from_an_option_switched_on_since() -> None:
    waiting = settled(phone())
    assert waiting.follow_up is None
    assert settled(phone(tag=waiting), follow_ups=REVOKING).follow_up is None


HELD = Tag(wanted="mtd-block-high", state=TagState.PENDING_APPROVAL, blocks=True, stop="stop-1")


@pytest.mark.parametrize(
    ("severity", "policy", "state", "stop"),
    [
        (Level.HIGH, {}, TagState.PENDING_APPROVAL, "stop-1"),
        (Level.MEDIUM, {}, TagState.PENDING, "stop-1"),
        (Level.HIGH, {"mode": Mode.REPORT}, TagState.NONE, None),
        (Level.HIGH, {"rules": ()}, TagState.NONE, None),
        (Level.LOW, {}, TagState.NONE, None),
        (Level.LOW, {"tag_all": True}, TagState.PENDING, None),
    ],
    ids=["goes on waiting", "another block", "only shown", "undecided", "remediated", "to be tagged"],
)
def test_a_block_held_back_stays_under_its_stop_until_it_is_called_off(
    severity: Level, policy: dict[str, Any], state: TagState, stop: str | None
) -> None:
    tag = settled(phone(severity, HELD), **policy)
    assert (tag.state, tag.stop) == (state, stop)


BOTH, SYNCING = frozenset(FollowUp), frozenset({FollowUp.SYNC_DEVICE})


@pytest.mark.parametrize(
    ("severity", "applied", "options", "follow_up"),
    [
        (Level.HIGH, None, BOTH, FollowUp.REVOKE_SESSIONS),
        (Level.HIGH, "mtd-block-medium", BOTH, FollowUp.REVOKE_SESSIONS),
        (Level.HIGH, None, SYNCING, None),
        (Level.MEDIUM, "mtd-ok", BOTH, None),
        (Level.MEDIUM, "mtd-block-high", BOTH, None),
        (Level.LOW, "mtd-block-high", BOTH, FollowUp.SYNC_DEVICE),
        (Level.LOW, "mtd-block-nodata", BOTH, FollowUp.SYNC_DEVICE),
        (Level.LOW, "mtd-block-high", REVOKING, None),
        (Level.LOW, None, BOTH, None),
    ],
)
def test_a_block_at_high_revokes_sessions_and_a_remediation_asks_for_a_check_in(
    severity: Level, applied: str | None, options: frozenset[FollowUp], follow_up: FollowUp | None
) -> None:
    before = tagged(applied, TagState.APPLIED) if applied else Tag()
    tag = settled(phone(severity, before), follow_ups=options, tag_all=True)
    assert (tag.state, tag.follow_up) == (TagState.PENDING, follow_up)


def test_sessions_are_revoked_of_a_user_and_not_again_when_a_block_is_put_back() -> None:
    rule = RULE.model_copy(update={"source": RuleSource.LOCAL, "assignment": Assignment(all_devices=True)})
    userless = settled(phone(user_id=None), rules=(rule,), follow_ups=BOTH)
    assert (userless.wanted, userless.follow_up) == ("mtd-block-high", None)
    lifted = tagged("mtd-block-high", TagState.PENDING, wanted="mtd-ok")
    assert settled(phone(tag=lifted), follow_ups=BOTH).follow_up is None
