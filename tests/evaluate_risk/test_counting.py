"""What counts of a device's slots: silence by setting, and what an admin has overridden."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from evaluate_risk.policy import decide
from shared.domain.heartbeats import Heartbeats
from shared.domain.level import Level
from shared.domain.model import Device, Finding, Override, Slot, Verdict
from shared.domain.on_silence import OnSilence
from shared.domain.record import Category
from tests.evaluate_risk.test_policy import a_policy, a_rule, a_slot, switches, with_slots
from tests.world import START

LATER = START + timedelta(days=10)
TWO = switches("lookout", "zimperium")


def overriding(device: Device, *reports: str, hours: float = 1) -> Device:
    override = Override(
        until=START + timedelta(hours=hours), at=START, who="admin", why="known false alarm", covers=reports
    )
    return device.model_copy(update={"override": override})


def a_finding(report: str, severity: Level, category: Category = Category.NETWORK) -> Finding:
    return Finding(
        key=report, report=report, category=category, threat_type="mitm", severity=severity, at=START
    )


def silent(on: OnSilence, *partners: str, agent_days: int | None = None) -> Heartbeats:
    limit = timedelta(days=agent_days) if agent_days else None
    return Heartbeats(on, dict.fromkeys(partners, START), limit)


# --- overrides ----------------------------------------------------------------------------------------


def test_an_override_lets_a_device_in_until_it_ends_and_says_why() -> None:
    device = overriding(with_slots(a_slot(severity=Level.HIGH)), "r1")
    decision = decide(device, a_policy(), START)
    assert (decision.verdict, decision.tag) == (Verdict.ALLOW, "mtd-ok")
    assert decision.next_due == START + timedelta(hours=1)
    assert any("known false alarm" in reason for reason in decision.reasons)
    assert decide(device, a_policy(), START + timedelta(hours=1)).verdict is Verdict.BLOCK


def test_a_threat_that_opens_later_is_not_covered() -> None:
    later = a_finding("r2", Level.HIGH)
    slot = a_slot(severity=Level.HIGH)
    slot = slot.model_copy(update={"findings": (*slot.findings, later), "open_threats": 2})
    decision = decide(overriding(with_slots(slot), "r1"), a_policy(), START)
    assert decision.verdict is Verdict.BLOCK
    assert [finding.report for finding in decision.findings] == ["r2"]


def test_an_override_of_something_else_is_not_mentioned() -> None:
    decision = decide(overriding(with_slots(a_slot(severity=Level.LOW)), "elsewhere"), a_policy(), START)
    assert decision.reasons == (
        "risk is low, rule 'at most low' allows low",
        "low network threat 'evil twin' (mitm), open since 2026-06-01 12:00:00 UTC",
    )


def test_a_covered_level_of_a_category_does_not_count_there_and_a_later_one_does() -> None:
    rated = with_slots(a_slot(own=Level.HIGH, own_report="s1", own_levels={Category.APP: Level.HIGH}))
    rules = a_rule(Level.HIGH), a_rule(Level.SECURED, name="apps", category=Category.APP)
    assert decide(overriding(rated, "s1"), a_policy(*rules), START).verdict is Verdict.ALLOW
    assert decide(overriding(rated, "s0"), a_policy(*rules), START).rule_name == "apps"


def test_a_covered_level_of_the_partners_own_does_not_count_and_a_later_one_does() -> None:
    rated = with_slots(a_slot(own=Level.HIGH, own_report="s1", own_levels={Category.APP: Level.HIGH}))
    assert decide(overriding(rated, "s1"), a_policy(), START).verdict is Verdict.ALLOW
    assert decide(overriding(rated, "s0"), a_policy(), START).verdict is Verdict.BLOCK


@pytest.mark.parametrize(
    ("mildest", "tag"),
    [(Level.HIGH, "mtd-block-high"), (Level.MEDIUM, "mtd-block-medium"), (Level.LOW, "mtd-ok")],
)
def test_threats_a_slot_does_not_list_count_as_the_mildest_it_does(mildest: Level, tag: str) -> None:
    findings = (a_finding("r1", Level.HIGH), a_finding("r2", Level.HIGH), a_finding("r3", mildest))
    levels = {Category.NETWORK: Level.HIGH}
    slot = a_slot(findings=findings, levels=levels, open_threats=4)
    assert decide(overriding(with_slots(slot), "r1", "r2", "r3"), a_policy(), START).tag == tag


def test_threats_a_slot_does_not_list_take_nothing_from_one_that_is_not_covered() -> None:
    findings = (a_finding("r1", Level.HIGH), a_finding("r2", Level.LOW))
    slot = a_slot(findings=findings, levels={Category.NETWORK: Level.HIGH}, open_threats=3)
    assert decide(overriding(with_slots(slot), "r2"), a_policy(), START).tag == "mtd-block-high"


def test_an_override_does_not_stand_in_for_a_partner_that_has_not_reported() -> None:
    device = overriding(with_slots(a_slot(severity=Level.HIGH)), "r1")
    decision = decide(device, a_policy(switches=TWO), START)
    assert (decision.tag, decision.missing) == ("mtd-block-nodata", ("zimperium",))


# --- partners that report threats alone ---------------------------------------------------------------


@pytest.mark.parametrize("agent", [a_slot(scanned=False), a_slot(scanned=False, since=None)])
def test_a_linked_agent_that_has_not_scanned_is_present_only_where_a_setting_says_so(agent: Slot) -> None:
    device = with_slots(agent, a_slot("zimperium"))
    assert decide(device, a_policy(switches=TWO), START).missing == ("lookout",)
    taken = replace(TWO, event_only_present=frozenset({"lookout"}))
    decision = decide(device, a_policy(switches=taken), START)
    assert (decision.verdict, decision.missing) == (Verdict.ALLOW, ())
    assert decision.reasons == (
        "risk is secured, rule 'at most low' allows low",
        "lookout reports threats alone, and its agent none yet: by a setting it is taken for present",
    )
    assert a_policy(switches=taken).version != a_policy(switches=TWO).version


def test_the_setting_makes_nobody_present_who_is_not_linked_or_has_moved_away() -> None:
    taken = replace(TWO, event_only_present=frozenset({"lookout"}))
    for device in (with_slots(a_slot("zimperium")), with_slots(a_slot(moved=True), a_slot("zimperium"))):
        assert decide(device, a_policy(switches=taken), START).missing == ("lookout",)


def test_an_agent_that_ever_sent_a_threat_has_scanned_and_needs_no_setting() -> None:
    device = with_slots(a_slot(severity=Level.LOW), a_slot("zimperium"))
    taken = replace(TWO, event_only_present=frozenset({"lookout"}))
    for where in (TWO, taken):
        decision = decide(device, a_policy(switches=where), START)
        assert decision.verdict is Verdict.ALLOW
        assert not any("taken for present" in reason for reason in decision.reasons)


@pytest.mark.parametrize("on_silence", OnSilence)
def test_an_agent_that_has_not_reported_is_not_silent_and_speaks_for_no_partner(
    on_silence: OnSilence,
) -> None:
    heartbeats = silent(on_silence, "lookout", agent_days=3)
    decision = _decided(heartbeats, a_slot(scanned=False, since=None))
    assert (decision.verdict, decision.silent) == (Verdict.ALLOW, ())
    two = _decided(heartbeats, a_slot(scanned=False, since=None), a_slot("zimperium"), switches=TWO)
    assert two.verdict is (Verdict.ALLOW if on_silence is OnSilence.IGNORE else Verdict.BLOCK)


# --- silence ------------------------------------------------------------------------------------------


def _decided(heartbeats: Heartbeats, *slots: Any, now: datetime = LATER, **policy: Any) -> Any:
    return decide(with_slots(*slots), a_policy(heartbeats=heartbeats, **policy), now)


def test_held_silence_changes_nothing() -> None:
    held = silent(OnSilence.HOLD, "lookout", agent_days=1)
    assert _decided(held, a_slot(severity=Level.HIGH, last_reported_at=START)).verdict is Verdict.BLOCK
    calm = _decided(held, a_slot(last_reported_at=START))
    assert (calm.verdict, calm.next_due, calm.silent) == (Verdict.ALLOW, None, ())
    assert calm.reasons == ("risk is secured, rule 'at most low' allows low",)


def test_ignored_silence_of_a_partner_takes_its_word_out_and_says_so() -> None:
    decision = _decided(silent(OnSilence.IGNORE, "lookout"), a_slot(severity=Level.HIGH))
    assert (decision.verdict, decision.risk) == (Verdict.ALLOW, Level.SECURED)
    assert "lookout has been silent since 2026-06-01 12:00 UTC" in decision.reasons
    assert "silence is ignored" in decision.reasons[0]


def test_ignored_silence_of_one_partner_leaves_the_other_to_decide() -> None:
    heartbeats = silent(OnSilence.IGNORE, "lookout")
    slots = a_slot("lookout", Level.HIGH), a_slot("zimperium")
    assert _decided(heartbeats, *slots, switches=TWO).verdict is Verdict.ALLOW
    over = a_slot("lookout"), a_slot("zimperium", Level.HIGH)
    blocked = _decided(heartbeats, *over, switches=TWO)
    assert (blocked.verdict, blocked.silent) == (Verdict.BLOCK, ())


def test_ignored_silence_excuses_no_partner_that_has_never_reported() -> None:
    decision = _decided(silent(OnSilence.IGNORE), a_slot("lookout"), switches=TWO)
    assert (decision.tag, decision.missing) == ("mtd-block-nodata", ("zimperium",))


def test_blocking_silence_of_a_partner_blocks_the_devices_it_looks_after() -> None:
    heartbeats = silent(OnSilence.BLOCK, "lookout")
    decision = _decided(heartbeats, a_slot())
    assert (decision.tag, decision.silent) == ("mtd-block-nodata", ("lookout",))
    assert decision.reasons[0] == "lookout has been silent since 2026-06-01 12:00 UTC"
    never_looked_after = _decided(heartbeats)
    assert never_looked_after.verdict is Verdict.ALLOW


def test_an_agent_is_silent_after_its_limit_and_due_at_it() -> None:
    heartbeats = silent(OnSilence.BLOCK, agent_days=3)
    slot = a_slot(since=START - timedelta(days=9), last_reported_at=START)
    early = _decided(heartbeats, slot, now=START + timedelta(days=2))
    assert (early.verdict, early.next_due) == (Verdict.ALLOW, START + timedelta(days=3))
    late = _decided(heartbeats, slot, now=START + timedelta(days=3))
    assert (late.tag, late.silent, late.next_due) == ("mtd-block-nodata", ("lookout",), None)
    assert late.reasons == ("lookout's agent on this device has been silent since 2026-06-01 12:00 UTC",)


def test_an_ignored_silent_agent_neither_counts_nor_is_missing() -> None:
    heartbeats = silent(OnSilence.IGNORE, agent_days=3)
    slots = a_slot("lookout", Level.HIGH, last_reported_at=START), a_slot("zimperium", last_reported_at=LATER)
    decision = _decided(heartbeats, *slots, switches=TWO)
    assert (decision.verdict, decision.missing) == (Verdict.ALLOW, ())


def test_an_agent_that_moved_away_does_not_stand_in_for_a_silent_one_of_its_partner() -> None:
    heartbeats = silent(OnSilence.IGNORE, agent_days=3)
    moved = a_slot("lookout", agent="lookout:gone", last_reported_at=LATER, moved=True)
    slots = a_slot("lookout", last_reported_at=START), moved, a_slot("zimperium", last_reported_at=LATER)
    decision = _decided(heartbeats, *slots, switches=TWO)
    assert (decision.verdict, decision.missing) == (Verdict.ALLOW, ()), "silence is ignored"


def test_an_agent_that_reports_stands_in_for_a_silent_one_of_its_partner() -> None:
    heartbeats = silent(OnSilence.IGNORE, agent_days=3)
    fresh = a_slot("lookout", Level.HIGH, agent="lookout:2", last_reported_at=LATER)
    decision = _decided(heartbeats, a_slot("lookout", last_reported_at=START), fresh)
    assert (decision.tag, decision.missing) == ("mtd-block-high", ())
    unscanned = _decided(
        heartbeats,
        a_slot("lookout", last_reported_at=START),
        fresh.model_copy(update={"scanned": False}),
        a_slot("zimperium", last_reported_at=LATER),
        switches=TWO,
    )
    assert unscanned.missing == ("lookout",), "it has not looked at the device yet"


def test_risk_over_the_line_names_the_tag_before_silence_does() -> None:
    decision = _decided(silent(OnSilence.BLOCK, "lookout"), a_slot(severity=Level.MEDIUM))
    assert (decision.tag, decision.silent) == ("mtd-block-medium", ("lookout",))
