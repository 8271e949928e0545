"""From a decision to the wanted tag: what an attempt with no outcome leaves behind, and what is to follow."""

from typing import Any

from evaluate_risk.decide import settle
from evaluate_risk.policy import Policy
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Device, FollowUp, Tag, TagState
from shared.domain.record import Platform
from shared.domain.rule import Rule
from shared.domain.switches import Switches
from tests.evaluate_risk.samples import phone
from tests.world import EVERYBODY, START

RULE = Rule(id="r", name="low", platform=Platform.IOS, allowed=Level.LOW, assignment=EVERYBODY)
REVOKING = frozenset({FollowUp.REVOKE_SESSIONS})


def a_policy(mode: Mode = Mode.ENFORCE, **fields: Any) -> Policy:
    values = {"rules": (RULE,), "switches": Switches({Platform.IOS: ("lookout",)})}
    return Policy(mode, **{**values, **fields})


def settled(device: Device, mode: Mode = Mode.ENFORCE, **policy: Any) -> Tag:
    """The tag after a decision."""
    return settle(device, a_policy(mode, **policy), START).tag


def test_a_block_on_its_way_when_enforcing_ends_is_lifted_once_it_enforces_again() -> None:
    on_its_way = settled(phone())
    assert (on_its_way.state, on_its_way.outcome_unknown) == (TagState.PENDING, False)
    ended = settled(phone(tag=on_its_way), Mode.REPORT)
    assert (ended.wanted, ended.state, ended.outcome_unknown) == ("mtd-block-high", TagState.NONE, True)
    lifted = settled(phone(Level.LOW, ended))
    assert (lifted.wanted, lifted.state) == ("mtd-ok", TagState.PENDING)


def test_a_block_that_is_still_on_its_way_leaves_nothing_unknown() -> None:
    on_its_way = settled(phone())
    assert settled(phone(tag=on_its_way)) == on_its_way


def test_what_was_only_shown_gets_its_follow_up_when_it_comes_to_be_written() -> None:
    shown = settled(phone(), Mode.REPORT, follow_ups=REVOKING)
    assert (shown.wanted, shown.follow_up) == ("mtd-block-high", None)
    assert settled(phone(tag=shown), follow_ups=REVOKING).follow_up is FollowUp.REVOKE_SESSIONS


def test_a_block_that_waits_already_gets_no_follow_up_from_an_option_switched_on_since() -> None:
    waiting = settled(phone())
    assert waiting.follow_up is None
    assert settled(phone(tag=waiting), follow_ups=REVOKING).follow_up is None
