"""The pure policy: which rule decides, what it says, and why."""

from datetime import timedelta
from typing import Any

import pytest

from evaluate_risk.policy import Policy, decide, same
from shared.domain.canary_run import AGENT
from shared.domain.connector import Connector
from shared.domain.heartbeats import Heartbeats
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Decision, Device, Finding, Override, Slot, Verdict
from shared.domain.on_silence import OnSilence
from shared.domain.record import Category, Platform
from shared.domain.rule import Assignment, Rule, RuleSource
from shared.domain.switches import PartnersMode, Switches
from tests.world import EVERYBODY, START, a_device


def a_rule(allowed: Level = Level.LOW, **fields: Any) -> Rule:
    values = {"id": f"rule-{allowed}", "name": f"at most {allowed}", "platform": Platform.IOS}
    return Rule(allowed=allowed, **{**values, "assignment": EVERYBODY, **fields})


def a_slot(partner: str = "lookout", severity: Level | None = None, **fields: Any) -> Slot:
    """A partner's slot, with one open network threat where `severity` grades it."""
    values: dict[str, Any] = {"agent": f"{partner}:1", "partner": partner, "revision": 1, "since": START}
    if severity is not None:
        finding = Finding(
            key="t1",
            report="r1",
            category=Category.NETWORK,
            threat_type="mitm",
            name="evil twin",
            severity=severity,
            at=START,
        )
        values |= {"levels": {Category.NETWORK: severity}, "findings": (finding,), "newest_at": START}
    return Slot(**{**values, **fields})


def with_slots(*slots: Slot, **facts: Any) -> Device:
    return a_device(**facts).model_copy(update={"slots": {slot.agent: slot for slot in slots}})


def a_connector(enabled: bool = True, insists: bool = False) -> Connector:
    return Connector(
        id="connector:c1",
        intune_id="c1",
        state="enabled",
        enabled=frozenset({Platform.IOS} if enabled else ()),
        blocked_on_missing_data=frozenset({Platform.IOS} if insists else ()),
        read_at=START,
    )


def switches(*partners: str, **fields: Any) -> Switches:
    return Switches(enabled={Platform.IOS: partners or ("lookout",)}, **fields)


def a_policy(*rules: Rule, **fields: Any) -> Policy:
    values = {"mode": Mode.ENFORCE, "rules": rules or (a_rule(),), "switches": switches()}
    return Policy(**{**values, **fields})


def verdict(device: Device, policy: Policy) -> Decision:
    return decide(device, policy, START)


# --- rule 6: the line ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "allowed", "tag"),
    [
        (Level.SECURED, Level.SECURED, "mtd-ok"),
        (Level.LOW, Level.SECURED, "mtd-block-low"),
        (Level.HIGH, Level.SECURED, "mtd-block-high"),
        (Level.LOW, Level.LOW, "mtd-ok"),
        (Level.MEDIUM, Level.LOW, "mtd-block-medium"),
        (Level.LOW, Level.MEDIUM, "mtd-ok"),
        (Level.MEDIUM, Level.MEDIUM, "mtd-ok"),
        (Level.HIGH, Level.MEDIUM, "mtd-block-high"),
        (Level.HIGH, Level.HIGH, "mtd-ok"),
    ],
)
def test_a_device_is_blocked_when_its_risk_ranks_above_what_the_rule_allows(
    severity: Level, allowed: Level, tag: str
) -> None:
    decision = verdict(with_slots(a_slot(severity=severity)), a_policy(a_rule(allowed)))
    assert decision.verdict is (Verdict.ALLOW if tag == "mtd-ok" else Verdict.BLOCK)
    assert decision.tag == tag
    assert (decision.risk, decision.allowed, decision.rule) == (severity, allowed, f"rule-{allowed}")


def test_a_partners_own_level_within_the_line_is_no_reason_for_a_block() -> None:
    decision = verdict(with_slots(a_slot(severity=Level.HIGH, own=Level.LOW)), a_policy())
    assert decision.reasons == (
        "risk is high, rule 'at most low' allows low",
        "high network threat 'evil twin' (mitm), open since 2026-06-01 12:00:00 UTC",
    )


def test_the_partners_own_level_puts_a_device_over_the_line_and_is_named() -> None:
    decision = verdict(with_slots(a_slot(own=Level.HIGH)), a_policy())
    assert decision.tag == "mtd-block-high"
    assert "lookout itself rates the device high" in decision.reasons


def test_the_strictest_rule_decides() -> None:
    rules = (a_rule(Level.HIGH), a_rule(Level.SECURED), a_rule(Level.MEDIUM))
    decision = verdict(with_slots(a_slot(severity=Level.LOW)), a_policy(*rules))
    assert decision.rule == "rule-secured"
    assert decision.verdict is Verdict.BLOCK


def test_of_equally_strict_rules_the_one_with_the_shorter_grace_decides() -> None:
    patient = a_rule(id="a", grace_hours=24)
    decision = verdict(with_slots(a_slot(severity=Level.HIGH)), a_policy(patient, a_rule(id="b")))
    assert (decision.rule, decision.verdict) == ("b", Verdict.BLOCK)


def test_of_equally_strict_rules_one_for_every_category_decides_before_one_for_a_single_category() -> None:
    single = a_rule(id="a", category=Category.NETWORK)
    every = a_rule(id="b", grace_hours=1)
    decision = verdict(with_slots(a_slot(severity=Level.HIGH)), a_policy(single, every))
    assert (decision.rule, decision.verdict) == ("b", Verdict.BLOCK)
    assert decision.reasons[0] == "risk is high, rule 'at most low' allows low"


def test_of_rules_that_are_alike_the_same_one_decides_whatever_their_order() -> None:
    rules = a_rule(id="a"), a_rule(id="b")
    device = with_slots(a_slot(severity=Level.HIGH))
    decided = {verdict(device, a_policy(*order)).rule for order in (rules, rules[::-1])}
    assert decided == {"a"}


def test_a_rule_of_another_platform_does_not_reach_the_device() -> None:
    android = a_rule(Level.SECURED, platform=Platform.ANDROID)
    assert verdict(with_slots(a_slot(severity=Level.LOW)), a_policy(a_rule(), android)).rule == "rule-low"
    assert verdict(with_slots(a_slot()), a_policy(android)).verdict is Verdict.UNDECIDED


def test_without_a_rule_a_device_is_undecided_and_its_tag_left_alone() -> None:
    decision = verdict(with_slots(a_slot(severity=Level.HIGH)), Policy(Mode.ENFORCE, switches=switches()))
    assert (decision.verdict, decision.tag) == (Verdict.UNDECIDED, None)
    assert decision.risk is Level.HIGH
    assert decision.reasons == (
        "no rule for ios: no compliance policy that reaches it asks for a threat level",
    )


@pytest.mark.parametrize(
    "assignment", [Assignment(groups=("g",), unresolved=("g",)), Assignment(groups=("g",)), Assignment()]
)
def test_a_rule_that_is_not_known_to_reach_a_device_decides_nothing(assignment: Assignment) -> None:
    rule = a_rule(Level.SECURED, assignment=assignment)
    alone = verdict(with_slots(a_slot(severity=Level.LOW)), a_policy(rule))
    assert alone.verdict is Verdict.UNDECIDED
    assert (rule.name in alone.reasons[0]) is bool(assignment.unresolved)
    beside = verdict(with_slots(a_slot(severity=Level.LOW)), a_policy(a_rule(), rule))
    assert beside.verdict is (Verdict.UNDECIDED if assignment.unresolved else Verdict.ALLOW)


UNRESOLVED = Assignment(groups=("g",), unresolved=("g",))


def test_nobody_is_let_in_by_a_looser_rule_because_a_stricter_one_is_unresolved() -> None:
    rules = a_rule(Level.MEDIUM), a_rule(Level.SECURED, name="board", assignment=UNRESOLVED, grace_hours=1)
    decision = verdict(with_slots(a_slot(severity=Level.LOW)), a_policy(*rules))
    assert (decision.verdict, decision.tag) == (Verdict.UNDECIDED, None)
    assert decision.reasons[:2] == (
        "it is over the line of board, whose assignment is unresolved",
        "risk is low, rule 'at most medium' allows medium",
    )
    assert verdict(with_slots(a_slot()), a_policy(*rules)).verdict is Verdict.ALLOW
    assert verdict(with_slots(a_slot(severity=Level.HIGH)), a_policy(*rules)).verdict is Verdict.BLOCK


def test_every_unresolved_rule_in_doubt_is_named() -> None:
    unresolved = [
        a_rule(Level.SECURED, id=name, name=name, assignment=UNRESOLVED) for name in ("sales", "board")
    ]
    over = with_slots(a_slot(severity=Level.LOW))
    doubted = verdict(over, a_policy(a_rule(), *unresolved))
    assert doubted.reasons[0] == "it is over the line of board, sales, whose assignment is unresolved"
    alone = verdict(over, a_policy(*unresolved))
    assert alone.reasons == ("no rule decides: the assignment of board, sales is unresolved",)


def test_doubt_ends_no_time_over_the_line() -> None:
    before = verdict(with_slots(a_slot(severity=Level.HIGH)), a_policy())
    calmer = with_slots(a_slot(severity=Level.LOW)).model_copy(update={"decision": before})
    rules = a_rule(Level.MEDIUM), a_rule(Level.SECURED, name="board", assignment=UNRESOLVED)
    doubted = decide(calmer, a_policy(*rules), START + timedelta(hours=1))
    assert (doubted.verdict, doubted.over_since) == (Verdict.UNDECIDED, START)


def test_an_unresolved_rule_leaves_a_grace_period_its_end() -> None:
    rules = a_rule(Level.LOW, grace_hours=24), a_rule(Level.SECURED, name="board", assignment=UNRESOLVED)
    over = with_slots(a_slot(severity=Level.HIGH))
    decision = verdict(over, a_policy(*rules))
    assert decision.verdict is Verdict.UNDECIDED
    assert decision.next_due == START + timedelta(hours=24)
    later = over.model_copy(update={"decision": decision})
    assert decide(later, a_policy(*rules), START + timedelta(hours=24)).verdict is Verdict.BLOCK


def test_a_rule_for_all_devices_decides() -> None:
    rule = a_rule(assignment=Assignment(all_devices=True))
    assert verdict(with_slots(a_slot(severity=Level.HIGH)), a_policy(rule)).verdict is Verdict.BLOCK


def test_mode_off_decides_nothing() -> None:
    decision = verdict(with_slots(a_slot(severity=Level.HIGH)), a_policy(mode=Mode.OFF))
    assert (decision.verdict, decision.tag) == (Verdict.UNDECIDED, None)
    assert decision.reasons == ("the connector's mode is off",)


def test_report_mode_decides() -> None:
    decision = verdict(with_slots(a_slot(severity=Level.HIGH)), a_policy(mode=Mode.REPORT))
    assert decision.verdict is Verdict.BLOCK


def test_an_operating_system_without_rules_is_undecided() -> None:
    decision = verdict(with_slots(a_slot(severity=Level.HIGH), platform=Platform.OTHER), a_policy())
    assert decision.verdict is Verdict.UNDECIDED
    assert decision.reasons == ("no Mobile Threat Defense rule exists for this operating system",)


def test_a_platform_without_partners_is_undecided() -> None:
    policy = a_policy(switches=Switches(enabled={Platform.ANDROID: ("zimperium",)}))
    decision = verdict(with_slots(a_slot(severity=Level.HIGH)), policy)
    assert (decision.verdict, decision.reasons[0]) == (Verdict.UNDECIDED, "no partner is enabled on ios")


# --- grace --------------------------------------------------------------------------------------------


def _over(hours: float, *slots: Slot, **policy: Any) -> Decision:
    """The decision `hours` after a device got over the line of a rule with a day's grace."""
    device = with_slots(*(slots or (a_slot(severity=Level.HIGH),)))
    patient = a_policy(a_rule(grace_hours=24), **policy)
    first = decide(device, patient, START)
    later = device.model_copy(update={"decision": first})
    return decide(later, patient, START + timedelta(hours=hours))


def test_a_grace_period_allows_until_its_end_and_says_when_to_look_again() -> None:
    decision = _over(23.9)
    assert (decision.verdict, decision.tag) == (Verdict.ALLOW, "mtd-ok")
    assert decision.over_since == START
    assert decision.next_due == START + timedelta(hours=24)
    assert "grace period runs until 2026-06-02 12:00 UTC" in decision.reasons[-1]


def test_after_the_grace_period_the_device_is_blocked_and_since_when_is_kept() -> None:
    decision = _over(24)
    assert (decision.verdict, decision.tag) == (Verdict.BLOCK, "mtd-block-high")
    assert (decision.over_since, decision.next_due) == (START, None)


def test_a_device_back_under_the_line_begins_its_next_grace_anew() -> None:
    calm = with_slots(a_slot(severity=Level.LOW)).model_copy(update={"decision": _over(1)})
    decision = verdict(calm, a_policy(a_rule(grace_hours=24)))
    assert decision.over_since is None
    again = with_slots(a_slot(severity=Level.HIGH)).model_copy(update={"decision": decision})
    late = START + timedelta(hours=30)
    assert decide(again, a_policy(a_rule(grace_hours=24)), late).over_since == late


@pytest.mark.parametrize("policy", [a_policy(mode=Mode.OFF), a_policy(a_rule(platform=Platform.ANDROID))])
def test_a_grace_period_that_has_run_out_does_not_begin_anew_because_nothing_was_decided_for_a_while(
    policy: Policy,
) -> None:
    patient = a_policy(a_rule(grace_hours=24))
    over = with_slots(a_slot(severity=Level.HIGH))
    over = over.model_copy(update={"decision": verdict(over, patient)})
    undecided = decide(over, policy, START + timedelta(hours=30))
    assert undecided.verdict is Verdict.UNDECIDED
    again = over.model_copy(update={"decision": undecided})
    assert decide(again, patient, START + timedelta(hours=31)).verdict is Verdict.BLOCK
    clean = with_slots(a_slot()).model_copy(update={"decision": undecided})
    assert decide(clean, policy, START).over_since is None


def _overridden(device: Device, hours: float) -> Device:
    override = Override(
        until=START + timedelta(hours=hours), at=START, who="an admin", why="tried out", covers=("r1",)
    )
    return device.model_copy(update={"override": override})


def test_a_grace_period_that_has_run_out_does_not_begin_anew_when_an_override_ends() -> None:
    patient = a_policy(a_rule(grace_hours=24))
    over = with_slots(a_slot(severity=Level.HIGH)).model_copy(update={"decision": _over(24)})
    overridden = _overridden(over, 30)
    let_in = decide(overridden, patient, START + timedelta(hours=25))
    assert (let_in.verdict, let_in.over_since) == (Verdict.ALLOW, START)
    ended = overridden.model_copy(update={"decision": let_in})
    assert decide(ended, patient, START + timedelta(hours=30)).verdict is Verdict.BLOCK


def test_an_override_ends_no_time_over_the_line_where_a_partner_is_missing_or_may_be_silent() -> None:
    silence = Heartbeats(OnSilence.BLOCK, agent_limit=timedelta(days=30))
    two = a_policy(a_rule(grace_hours=24), switches=switches("lookout", "zimperium"), heartbeats=silence)
    over = with_slots(a_slot(severity=Level.HIGH, last_reported_at=START))
    over = over.model_copy(update={"decision": decide(over, two, START)})
    missing = decide(_overridden(over, 30), two, START + timedelta(hours=25))
    assert (missing.tag, missing.over_since, missing.rule) == ("mtd-block-nodata", START, "rule-low")


def test_an_override_of_what_is_within_the_line_keeps_no_grace_running() -> None:
    patient = a_policy(a_rule(grace_hours=24))
    calm = with_slots(a_slot(severity=Level.LOW)).model_copy(update={"decision": _over(24)})
    assert decide(_overridden(calm, 30), patient, START + timedelta(hours=25)).over_since is None


def test_a_patient_strict_rule_does_not_shield_from_a_looser_one_without_grace() -> None:
    rules = a_rule(Level.SECURED, grace_hours=72.0), a_rule(Level.MEDIUM)
    assert verdict(with_slots(a_slot(severity=Level.HIGH)), a_policy(*rules)).verdict is Verdict.BLOCK
    assert verdict(with_slots(a_slot(severity=Level.LOW)), a_policy(*rules)).verdict is Verdict.ALLOW


# --- grace for data that are missing --------------------------------------------------------------------

TWO = switches("lookout", "zimperium")
INSISTING = switches(connectors={"lookout": a_connector(insists=True)})


def _without_data(hours: float, device: Device, policy: Policy) -> Decision:
    """The decision `hours` after a device was first decided."""
    first = device.model_copy(update={"decision": decide(device, policy, START)})
    return decide(first, policy, START + timedelta(hours=hours))


@pytest.mark.parametrize("device", [with_slots(), with_slots(a_slot(moved=True))])
@pytest.mark.parametrize("where", [TWO, INSISTING])
def test_a_policys_grace_holds_for_missing_data_too(device: Device, where: Switches) -> None:
    patient = a_policy(a_rule(grace_hours=24), switches=where)
    early = _without_data(23.9, device, patient)
    assert (early.verdict, early.tag) == (Verdict.ALLOW, "mtd-ok")
    assert (early.missing_since, early.grace_until, early.next_due) == (
        START,
        START + timedelta(hours=24),
        START + timedelta(hours=24),
    )
    assert early.reasons[0] == (
        "the grace period of 'at most low' for missing data runs until 2026-06-02 12:00 UTC"
    )
    assert early.reasons[1].startswith("lookout has not reported on this device: ")
    assert "lookout" in early.missing
    late = _without_data(24, device, patient)
    assert (late.verdict, late.tag) == (Verdict.BLOCK, "mtd-block-nodata")
    assert (late.missing_since, late.grace_until, late.next_due) == (START, None, None)
    assert late.reasons[0].startswith("lookout has not reported on this device: ")


def test_over_the_line_and_without_data_the_shorter_grace_decides() -> None:
    policy = a_policy(a_rule(grace_hours=24), switches=TWO)
    over = with_slots(a_slot(severity=Level.HIGH))
    granted = _without_data(1, over, policy)
    assert (granted.verdict, granted.missing) == (Verdict.ALLOW, ("zimperium",))
    assert granted.grace_until == granted.next_due == START + timedelta(hours=24)
    calm = with_slots(a_slot()).model_copy(update={"decision": granted})
    worse = over.model_copy(update={"decision": decide(calm, policy, START + timedelta(hours=20))})
    later = decide(worse, policy, START + timedelta(hours=25))
    assert (later.verdict, later.tag) == (Verdict.BLOCK, "mtd-block-nodata")
    assert (later.over_since, later.missing_since) == (START + timedelta(hours=25), START)


def test_of_several_policies_the_least_patient_asks_for_data_and_local_rules_do_not() -> None:
    rules = a_rule(Level.LOW, grace_hours=48), a_rule(Level.HIGH, grace_hours=2)
    local = a_local_rule(category=Category.NETWORK)
    decision = verdict(with_slots(), a_policy(*rules, local, switches=TWO))
    assert decision.grace_until == START + timedelta(hours=2)
    alone = verdict(with_slots(), a_policy(local, switches=TWO))
    assert alone.tag == "mtd-block-nodata"


def _newcomer(hours: float = 0, *slots: Slot, **facts: Any) -> Device:
    """A device that enrolled so many hours ago."""
    return with_slots(*slots, enrolled_at=START - timedelta(hours=hours), **facts)


@pytest.mark.parametrize("where", [TWO, INSISTING])
def test_a_newcomer_is_let_in_without_data_until_its_grace_ends(where: Switches) -> None:
    policy = a_policy(switches=where, enrollment_grace=timedelta(hours=24))
    early = verdict(_newcomer(1), policy)
    assert (early.verdict, early.tag) == (Verdict.ALLOW, "mtd-ok")
    assert early.grace_until == early.next_due == START + timedelta(hours=23)
    assert early.reasons[0] == (
        "it was enrolled 2026-06-01 11:00 UTC: the grace of newcomers for missing data runs until "
        "2026-06-02 11:00 UTC"
    )
    late = verdict(_newcomer(24), policy)
    assert (late.tag, late.grace_until, late.next_due) == ("mtd-block-nodata", None, None)


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(days=300)])
def test_no_grace_is_counted_from_an_enrollment_that_is_yet_to_come(ahead: timedelta) -> None:
    policy = a_policy(switches=TWO, enrollment_grace=timedelta(hours=24))
    decision = verdict(with_slots(enrolled_at=START + ahead), policy)
    assert decision.verdict is (Verdict.ALLOW if ahead < timedelta(minutes=10) else Verdict.BLOCK)


def test_without_a_date_of_enrollment_or_a_grace_nobody_is_a_newcomer() -> None:
    granting = a_policy(switches=TWO, enrollment_grace=timedelta(hours=24))
    assert verdict(with_slots(), granting).tag == "mtd-block-nodata"
    assert verdict(_newcomer(0), a_policy(switches=TWO)).tag == "mtd-block-nodata"


def test_of_both_graces_the_longer_holds() -> None:
    newcomers = timedelta(hours=24)
    patient = a_policy(a_rule(grace_hours=48), switches=TWO, enrollment_grace=newcomers)
    assert verdict(_newcomer(), patient).grace_until == START + timedelta(hours=48)
    hasty = a_policy(a_rule(grace_hours=1), switches=TWO, enrollment_grace=newcomers)
    assert verdict(_newcomer(), hasty).grace_until == START + newcomers


def test_a_newcomers_grace_stands_in_for_nothing_but_data() -> None:
    granting = timedelta(hours=24)
    policy = a_policy(switches=TWO, enrollment_grace=granting)
    assert verdict(_newcomer(0, a_slot(severity=Level.HIGH)), policy).tag == "mtd-block-high"
    old = a_policy(switches=unsupported(), enrollment_grace=granting)
    assert verdict(_newcomer(0, os_version="16.0"), old).tag == "mtd-block-rule"
    silent = Heartbeats(OnSilence.BLOCK, {"lookout": START})
    quiet = a_policy(switches=TWO, heartbeats=silent, enrollment_grace=granting)
    assert verdict(_newcomer(0, a_slot()), quiet).tag == "mtd-block-nodata"


def test_a_grace_for_missing_data_does_not_begin_anew_because_nothing_was_decided_for_a_while() -> None:
    patient = a_policy(a_rule(grace_hours=24), switches=TWO)
    for pause in (
        a_policy(mode=Mode.OFF, switches=TWO),
        a_policy(a_rule(platform=Platform.ANDROID), switches=TWO),
    ):
        device = with_slots().model_copy(update={"decision": verdict(with_slots(), patient)})
        device = device.model_copy(update={"decision": decide(device, pause, START + timedelta(hours=23))})
        assert decide(device, patient, START + timedelta(hours=24)).tag == "mtd-block-nodata"


def test_data_that_came_and_went_are_missing_anew() -> None:
    patient = a_policy(a_rule(grace_hours=24), switches=INSISTING)
    reported = with_slots(a_slot()).model_copy(update={"decision": _without_data(30, with_slots(), patient)})
    back = decide(reported, patient, START + timedelta(hours=31))
    assert (back.verdict, back.missing_since) == (Verdict.ALLOW, None)
    moved = with_slots(a_slot(moved=True)).model_copy(update={"decision": back})
    again = decide(moved, patient, START + timedelta(hours=40))
    assert (again.verdict, again.missing_since) == (Verdict.ALLOW, START + timedelta(hours=40))


def test_nobody_is_let_in_without_data_where_an_unresolved_policy_may_want_them_at_once() -> None:
    rules = a_rule(grace_hours=24), a_rule(name="board", id="board", assignment=UNRESOLVED)
    decision = verdict(with_slots(), a_policy(*rules, switches=TWO))
    assert (decision.verdict, decision.tag, decision.grace_until) == (Verdict.UNDECIDED, None, None)
    assert decision.reasons[0] == "board may want data at once, and its assignment is unresolved"
    assert (decision.missing_since, decision.next_due) == (START, START + timedelta(hours=24))
    newcomers = a_policy(*rules, switches=TWO, enrollment_grace=timedelta(hours=24))
    assert verdict(_newcomer(), newcomers).verdict is Verdict.ALLOW


# --- the level high --------------------------------------------------------------------------------------


@pytest.mark.parametrize("others", [(), ("zimperium",)])
def test_where_high_is_allowed_the_connector_says_whether_data_may_be_missing(
    others: tuple[str, ...],
) -> None:
    for insists in (True, False):
        connector = {"lookout": a_connector(insists=insists)}
        policy = a_policy(a_rule(Level.HIGH), switches=switches("lookout", *others, connectors=connector))
        decision = verdict(with_slots(), policy)
        assert decision.tag == ("mtd-block-nodata" if insists else "mtd-ok")
        assert decision.missing == (("lookout",) if insists else ())
        assert decision.reasons[0] == (
            "lookout has not reported on this device: its connector blocks without data"
            if insists
            else "lookout has not reported on this device, and its connector does not insist"
        )
        assert decision.reasons[-1].startswith("the rule allows high, which is for reporting only")


def test_a_stricter_rule_beside_it_asks_for_everybodys_data() -> None:
    rules = a_rule(Level.HIGH), a_local_rule(Level.MEDIUM)
    assert verdict(with_slots(), a_policy(*rules, switches=TWO)).missing == ("lookout", "zimperium")


# --- rules 7 and 14: which partners count -------------------------------------------------------------


def test_of_several_enabled_partners_all_must_scan_and_the_missing_one_is_named() -> None:
    policy = a_policy(switches=switches("lookout", "zimperium", "sophos"))
    decision = verdict(with_slots(a_slot("lookout"), a_slot("sophos")), policy)
    assert (decision.verdict, decision.tag) == (Verdict.BLOCK, "mtd-block-nodata")
    assert decision.missing == ("zimperium",)
    assert decision.reasons == ("zimperium has not reported on this device: every enabled partner must scan",)


def test_with_all_partners_within_the_line_the_device_is_allowed() -> None:
    policy = a_policy(switches=switches("lookout", "zimperium"))
    alone = verdict(with_slots(a_slot("lookout", Level.LOW)), policy)
    assert (alone.rule, alone.reasons) == (
        "rule-low",
        ("zimperium has not reported on this device: every enabled partner must scan",),
    )
    slots = (a_slot("lookout", Level.LOW), a_slot("zimperium"))
    assert verdict(with_slots(*slots), policy).verdict is Verdict.ALLOW
    over = (a_slot("lookout", Level.LOW), a_slot("zimperium", Level.MEDIUM))
    assert verdict(with_slots(*over), policy).tag == "mtd-block-medium"


def test_over_the_line_the_risk_names_the_tag_and_the_missing_partner_is_listed() -> None:
    policy = a_policy(switches=switches("lookout", "zimperium"))
    decision = verdict(with_slots(a_slot("lookout", Level.HIGH)), policy)
    assert (decision.tag, decision.missing) == ("mtd-block-high", ("zimperium",))


@pytest.mark.parametrize(("one", "other"), [("lookout", "zimperium"), ("zimperium", "lookout")])
def test_one_partners_clean_word_takes_nothing_from_what_another_found(one: str, other: str) -> None:
    both = a_policy(switches=switches("lookout", "zimperium"))
    device = with_slots(a_slot(one, Level.HIGH), a_slot(other, Level.SECURED))
    assert verdict(device, both).tag == "mtd-block-high"


def test_the_preferred_partner_alone_counts() -> None:
    one = switches("lookout", "zimperium", preferred={Platform.IOS: "zimperium"})
    device = with_slots(a_slot("lookout", Level.HIGH), a_slot("zimperium"))
    assert verdict(device, a_policy(switches=one)).verdict is Verdict.ALLOW
    assert verdict(device, a_policy(switches=switches("lookout", "zimperium"))).verdict is Verdict.BLOCK


def test_a_partner_that_is_not_enabled_does_not_count() -> None:
    device = with_slots(a_slot("sophos", Level.HIGH), a_slot("lookout"))
    assert verdict(device, a_policy()).verdict is Verdict.ALLOW


def test_a_connector_switched_off_takes_its_partner_out_and_is_reported() -> None:
    off = switches(connectors={"lookout": a_connector(enabled=False)})
    decision = verdict(with_slots(a_slot(severity=Level.HIGH)), a_policy(switches=off))
    assert (decision.verdict, decision.risk) == (Verdict.ALLOW, Level.SECURED)
    assert "switched off in Intune" in decision.reasons[0]


def test_a_connector_that_insists_blocks_a_device_that_never_reported() -> None:
    insisting = switches(connectors={"lookout": a_connector(insists=True)})
    decision = verdict(with_slots(), a_policy(switches=insisting))
    assert (decision.tag, decision.missing) == ("mtd-block-nodata", ("lookout",))
    assert decision.reasons == ("lookout has not reported on this device: its connector blocks without data",)
    reported = verdict(with_slots(a_slot()), a_policy(switches=insisting))
    assert reported.verdict is Verdict.ALLOW


def test_a_connector_that_does_not_insist_lets_it_in_and_says_so() -> None:
    decision = verdict(with_slots(), a_policy(switches=switches(connectors={"lookout": a_connector()})))
    assert decision.verdict is Verdict.ALLOW
    assert decision.reasons == ("lookout has not reported on this device, and its connector does not insist",)


def test_what_an_agent_found_stays_open_where_it_moved_away() -> None:
    decision = verdict(with_slots(a_slot(severity=Level.HIGH, moved=True)), a_policy())
    assert (decision.verdict, decision.risk, decision.tag) == (Verdict.BLOCK, Level.HIGH, "mtd-block-high")
    assert decision.reasons[-1] == (
        "lookout's agent has moved to another device, and what it had found here stays open"
    )


def test_an_agent_that_moved_away_clean_is_only_not_present_any_more() -> None:
    moved = with_slots(a_slot(moved=True))
    assert verdict(moved, a_policy()).reasons == (
        "lookout has not reported on this device, and its connector does not insist",
    )
    insisting = switches(connectors={"lookout": a_connector(insists=True)})
    assert verdict(moved, a_policy(switches=insisting)).tag == "mtd-block-nodata"


def test_an_agent_that_moved_away_keeps_no_other_word_back() -> None:
    gone = a_slot(severity=Level.LOW, agent="lookout:gone", moved=True)
    here = a_slot(severity=Level.HIGH, agent="lookout:here")
    assert verdict(with_slots(gone, here), a_policy()).risk is Level.HIGH
    cleaned = a_slot(agent="lookout:here")
    decision = verdict(with_slots(gone, cleaned), a_policy(a_rule(allowed=Level.LOW)))
    assert (decision.verdict, decision.risk) == (Verdict.ALLOW, Level.LOW)
    assert any("has moved to another device" in reason for reason in decision.reasons)


@pytest.mark.parametrize("slot", [{}, {"moved": True}])
def test_a_partner_that_does_not_count_holds_no_device(slot: dict[str, bool]) -> None:
    stray = a_slot(severity=Level.HIGH, agent="sophos:stray", partner="sophos", **slot)
    decision = verdict(with_slots(stray, a_slot()), a_policy())
    assert (decision.verdict, decision.risk) == (Verdict.ALLOW, Level.SECURED)


FINDING = "high network threat 'evil twin' (mitm), open since 2026-06-01 12:00:00 UTC"


@pytest.mark.parametrize(
    ("stray", "named"),
    [
        (a_slot("sophos", Level.HIGH, open_threats=1), FINDING),
        (a_slot("sophos", Level.HIGH, open_threats=2), f"{FINDING}, and 1 more"),
        (a_slot("sophos", Level.HIGH, open_threats=3), f"{FINDING}, and 2 more"),
        (a_slot("sophos", Level.HIGH, open_threats=1, own=Level.HIGH), FINDING),
        (a_slot("sophos", Level.LOW, open_threats=1, own=Level.HIGH), "its own level of the device, high"),
        (a_slot("sophos", own=Level.HIGH), "its own level of the device, high"),
    ],
)
def test_what_an_agent_of_a_partner_that_does_not_count_has_open_is_named_and_decides_nothing(
    stray: Slot, named: str
) -> None:
    decision = verdict(with_slots(stray, a_slot()), a_policy())
    assert (decision.verdict, decision.findings) == (Verdict.ALLOW, ())
    assert decision.reasons[-1] == f"sophos does not count here, and has open: {named}"
    blocked = verdict(with_slots(stray, a_slot(severity=Level.HIGH)), a_policy())
    assert blocked.reasons[-1] == decision.reasons[-1]


@pytest.mark.parametrize("stray", [a_slot("sophos"), a_slot("sophos", Level.HIGH, withdrawn=True)])
def test_of_an_agent_that_does_not_count_and_has_nothing_open_nothing_is_said(stray: Slot) -> None:
    assert len(verdict(with_slots(stray, a_slot()), a_policy()).reasons) == 1


# --- any of several partners ------------------------------------------------------------------------------

ANY = switches("lookout", "zimperium", modes={Platform.IOS: PartnersMode.ANY})


@pytest.mark.parametrize("present", ["lookout", "zimperium"])
def test_where_any_partner_is_enough_one_present_agent_lets_in_and_the_other_is_named(present: str) -> None:
    decision = verdict(with_slots(a_slot(present)), a_policy(switches=ANY))
    assert (decision.verdict, decision.missing) == (Verdict.ALLOW, ())
    [absent] = {"lookout", "zimperium"} - {present}
    assert decision.reasons == (
        "risk is secured, rule 'at most low' allows low",
        f"{absent} has not reported on this device, and one partner is enough",
    )


def test_where_any_partner_is_enough_the_worst_of_the_present_ones_counts() -> None:
    for one, other in ((Level.HIGH, Level.LOW), (Level.LOW, Level.HIGH)):
        slots = a_slot("lookout", one), a_slot("zimperium", other)
        assert verdict(with_slots(*slots), a_policy(switches=ANY)).tag == "mtd-block-high"
    assert verdict(with_slots(a_slot("lookout", Level.HIGH)), a_policy(switches=ANY)).tag == "mtd-block-high"


@pytest.mark.parametrize("slots", [(), (a_slot(moved=True),), (a_slot(scanned=False),)])
def test_where_any_partner_is_enough_none_is_not(slots: tuple[Slot, ...]) -> None:
    decision = verdict(with_slots(*slots), a_policy(switches=ANY))
    assert (decision.tag, decision.missing) == ("mtd-block-nodata", ("lookout", "zimperium"))
    assert decision.reasons[0] == (
        "lookout has not reported on this device: one of the enabled partners must scan"
    )
    granting = a_policy(switches=ANY, enrollment_grace=timedelta(hours=24))
    assert verdict(_newcomer(1, *slots), granting).verdict is Verdict.ALLOW


def test_where_any_partner_is_enough_a_connector_that_insists_is_content_with_the_other() -> None:
    connectors = {"lookout": a_connector(insists=True)}
    for allowed in (Level.LOW, Level.HIGH):
        any_ = switches("lookout", "zimperium", modes=ANY.modes, connectors=connectors)
        policy = a_policy(a_rule(allowed), switches=any_)
        assert verdict(with_slots(a_slot("zimperium")), policy).verdict is Verdict.ALLOW
        assert verdict(with_slots(), policy).tag == "mtd-block-nodata"


@pytest.mark.parametrize("partner", [True, False])
def test_where_any_partner_is_enough_the_old_ones_silence_blocks_nobody_whom_the_new_one_scans(
    partner: bool,
) -> None:
    unresponsive = {"lookout": START} if partner else {}
    silence = Heartbeats(OnSilence.BLOCK, unresponsive, None if partner else timedelta(days=1))
    old = a_slot(last_reported_at=START - timedelta(days=2))
    new = a_slot("zimperium", last_reported_at=START)
    policy = a_policy(switches=ANY, heartbeats=silence)
    both = verdict(with_slots(old, new), policy)
    assert (both.verdict, both.silent) == (Verdict.ALLOW, ())
    alone = verdict(with_slots(old), policy)
    assert (alone.tag, alone.silent) == ("mtd-block-nodata", ("lookout",))
    everyone = a_policy(switches=TWO, heartbeats=silence)
    assert verdict(with_slots(old, new), everyone).tag == "mtd-block-nodata"


def test_a_newer_agents_clean_word_supersedes_one_that_moved_away_too() -> None:
    later = START + timedelta(minutes=5)
    moved = a_slot(severity=Level.HIGH, agent="lookout:old", moved=True)
    newer = a_slot(agent="lookout:new", since=later, secured_at=later)
    assert verdict(with_slots(moved, newer), a_policy()).verdict is Verdict.ALLOW


def test_an_agent_that_moved_away_is_not_silent_there() -> None:
    moved = a_slot(severity=Level.LOW, moved=True, last_reported_at=START)
    reports = a_slot(agent="lookout:here", last_reported_at=START + timedelta(days=9))
    for on_silence in OnSilence:
        heartbeats = Heartbeats(on_silence=on_silence, agent_limit=timedelta(days=3))
        decision = decide(
            with_slots(moved, reports),
            a_policy(a_rule(allowed=Level.LOW), heartbeats=heartbeats),
            START + timedelta(days=9),
        )
        assert (decision.verdict, decision.risk, decision.silent) == (Verdict.ALLOW, Level.LOW, ())


def test_a_device_whose_record_went_to_another_is_not_decided() -> None:
    replaced = with_slots(a_slot(severity=Level.HIGH, moved=True)).model_copy(
        update={"replaced_by": "entra-2"}
    )
    decision = verdict(replaced, a_policy())
    assert (decision.verdict, decision.tag) == (Verdict.UNDECIDED, None)
    assert decision.reasons == ("Intune's record belongs to device entra-2 now",)


def test_a_superseded_agent_does_not_count_and_any_other_does() -> None:
    older = a_slot(severity=Level.HIGH, agent="lookout:old")
    later = START + timedelta(minutes=5)
    newer = a_slot(agent="lookout:new", since=later, secured_at=later)
    assert verdict(with_slots(older, newer), a_policy()).verdict is Verdict.ALLOW
    silent = newer.model_copy(update={"secured_at": None})
    assert verdict(with_slots(older, silent), a_policy()).verdict is Verdict.BLOCK


# --- local rules, by category and ownership ------------------------------------------------------------


def a_local_rule(allowed: Level = Level.SECURED, **fields: Any) -> Rule:
    values = {"id": "local:ios:strict", "name": "strict", "source": RuleSource.LOCAL, "assignment": EVERY}
    return a_rule(allowed, **{**values, **fields})


EVERY = Assignment(all_devices=True)


def test_a_local_rule_may_be_stricter_for_one_category() -> None:
    strict = a_local_rule(category=Category.NETWORK)
    over = verdict(with_slots(a_slot(severity=Level.LOW)), a_policy(a_rule(), strict))
    assert (over.verdict, over.tag, over.rule_name) == (Verdict.BLOCK, "mtd-block-low", "strict")
    assert over.reasons[0] == "network risk is low, rule 'strict' allows secured"
    graver = a_slot(severity=Level.LOW, agent="lookout:2", levels={Category.APP: Level.MEDIUM})
    both = with_slots(a_slot(severity=Level.LOW), graver)
    other = verdict(both, a_policy(a_rule(Level.HIGH), strict))
    assert (other.risk, other.reasons[0]) == (
        Level.MEDIUM,
        "network risk is low, rule 'strict' allows secured",
    )
    elsewhere = a_local_rule(category=Category.APP)
    within = verdict(with_slots(a_slot(severity=Level.LOW)), a_policy(a_rule(), elsewhere))
    assert (within.verdict, within.rule) == (Verdict.ALLOW, "rule-low")


def test_a_partners_own_level_of_a_category_counts_there_and_one_of_none_does_not() -> None:
    strict = a_local_rule(category=Category.APP)
    by_category = a_slot(own=Level.LOW, own_levels={Category.APP: Level.LOW})
    assert verdict(with_slots(by_category), a_policy(a_rule(), strict)).rule_name == "strict"
    assert verdict(with_slots(a_slot(own=Level.LOW)), a_policy(a_rule(), strict)).verdict is Verdict.ALLOW


def test_a_local_rule_cannot_let_in_what_intune_refuses() -> None:
    lax = a_local_rule(Level.HIGH)
    decision = verdict(with_slots(a_slot(severity=Level.MEDIUM)), a_policy(a_rule(), lax))
    assert (decision.verdict, decision.rule) == (Verdict.BLOCK, "rule-low")


def test_a_device_without_a_user_is_decided_by_a_local_rule_and_by_no_policy_for_users() -> None:
    device = with_slots(a_slot(severity=Level.HIGH), user_id=None)
    alone = verdict(device, a_policy())
    assert (alone.verdict, alone.tag) == (Verdict.UNDECIDED, None)
    assert alone.reasons == (
        "no rule for a device without a user: policies for users do not reach it, a local rule may",
    )
    assert verdict(device, a_policy(a_rule(), a_local_rule(Level.LOW))).rule_name == "strict"


# --- unsupported systems, and devices that are gone ----------------------------------------------------


def unsupported(least: str = "18.2", *, blocked: bool = True) -> Switches:
    connector = a_connector().model_copy(update={"unsupported_os_blocked": blocked})
    return switches(connectors={"lookout": connector}, minimum_os={"lookout": {Platform.IOS: least}})


@pytest.mark.parametrize(
    ("version", "tag"), [("18.1.9", "mtd-block-rule"), ("18.2", "mtd-ok"), ("19", "mtd-ok"), (None, "mtd-ok")]
)
def test_a_system_older_than_the_partner_supports_is_blocked_where_the_connector_says_so(
    version: str | None, tag: str
) -> None:
    device = with_slots(a_slot(), os_version=version)
    assert verdict(device, a_policy(switches=unsupported())).tag == tag
    assert verdict(device, a_policy(switches=unsupported(blocked=False))).tag == "mtd-ok"


def test_an_unsupported_system_is_named_and_risk_and_missing_data_name_the_tag_before_it() -> None:
    old = {"os_version": "16.0"}
    decision = verdict(with_slots(a_slot(), **old), a_policy(switches=unsupported()))
    assert decision.reasons[0] == "ios 16.0 is older than 18.2, the oldest lookout supports"
    risky = verdict(with_slots(a_slot(severity=Level.HIGH), **old), a_policy(switches=unsupported()))
    assert risky.tag == "mtd-block-high"


def test_of_a_device_that_is_gone_nothing_is_decided() -> None:
    gone = with_slots(a_slot(severity=Level.HIGH)).model_copy(update={"gone_at": START})
    decision = verdict(gone, a_policy())
    assert (decision.verdict, decision.tag) == (Verdict.UNDECIDED, None)
    assert "2026-06-01 12:00 UTC" in decision.reasons[0]


# --- why ----------------------------------------------------------------------------------------------


def test_the_reasons_name_the_rule_and_the_threats_over_the_line() -> None:
    low = a_slot("zimperium", Level.LOW)
    policy = a_policy(switches=switches("lookout", "zimperium"))
    decision = verdict(with_slots(a_slot(severity=Level.HIGH), low), policy)
    assert decision.reasons == (
        "risk is high, rule 'at most low' allows low",
        "high network threat 'evil twin' (mitm), open since 2026-06-01 12:00:00 UTC",
    )
    assert [finding.severity for finding in decision.findings] == [Level.HIGH, Level.LOW]


def test_an_allowed_device_lists_what_is_open_below_the_line() -> None:
    decision = verdict(with_slots(a_slot(severity=Level.LOW)), a_policy())
    assert decision.reasons[0] == "risk is low, rule 'at most low' allows low"
    assert "evil twin" in decision.reasons[1]
    assert len(verdict(with_slots(a_slot(severity=Level.SECURED)), a_policy()).reasons) == 1


def test_the_decision_does_not_depend_on_which_agent_came_first() -> None:
    one, other = a_slot(severity=Level.HIGH, own=Level.HIGH), a_slot("zimperium", Level.HIGH, own=Level.HIGH)
    policy = a_policy(switches=switches("lookout", "zimperium"))
    assert verdict(with_slots(one, other), policy) == verdict(with_slots(other, one), policy)


def test_decisions_are_the_same_whatever_the_moment_and_nothing_else() -> None:
    device = with_slots(a_slot(severity=Level.HIGH))
    now = verdict(device, a_policy())
    decided = device.model_copy(update={"decision": now})
    assert same(now, decide(decided, a_policy(), START + timedelta(hours=1)))
    assert not same(now, verdict(device, a_policy(a_rule(Level.MEDIUM))))
    assert not same(None, now)


# --- the version --------------------------------------------------------------------------------------

BASE = a_policy(a_rule(), a_rule(Level.HIGH), switches=switches("lookout", "zimperium"))


@pytest.mark.parametrize(
    "other",
    [
        a_policy(a_rule(), switches=BASE.switches),
        a_policy(a_rule(grace_hours=1), a_rule(Level.HIGH), switches=BASE.switches),
        a_policy(*BASE.rules, mode=Mode.REPORT, switches=BASE.switches),
        a_policy(*BASE.rules, tag_all=True, switches=BASE.switches),
        a_policy(*BASE.rules, switches=switches("lookout")),
        a_policy(*BASE.rules, switches=switches("lookout", "zimperium", preferred={Platform.IOS: "lookout"})),
        a_policy(
            *BASE.rules,
            switches=switches("lookout", "zimperium", connectors={"lookout": a_connector(enabled=False)}),
        ),
        a_policy(
            *BASE.rules,
            switches=switches("lookout", "zimperium", connectors={"lookout": a_connector(insists=True)}),
        ),
        a_policy(a_rule(assignment=EVERY), a_rule(Level.HIGH), switches=BASE.switches),
        a_policy(*BASE.rules, a_local_rule(category=Category.APP), switches=BASE.switches),
        a_policy(*BASE.rules, switches=BASE.switches, heartbeats=Heartbeats(OnSilence.BLOCK)),
        a_policy(
            *BASE.rules, switches=BASE.switches, heartbeats=Heartbeats(OnSilence.BLOCK, {"lookout": START})
        ),
        a_policy(*BASE.rules, switches=BASE.switches, enrollment_grace=timedelta(hours=1)),
        a_policy(*BASE.rules, switches=ANY),
    ],
    ids=[
        *("rule gone", "grace", "mode", "tag all", "partner", "preferred", "switched off", "insists"),
        *("assignment", "local rule", "silence blocks", "silent partner", "enrollment grace", "any partner"),
    ],
)
def test_the_version_changes_with_whatever_could_change_a_decision_or_its_tag(other: Policy) -> None:
    assert other.version != BASE.version


def test_the_version_does_not_change_with_the_order_of_rules_or_a_heartbeat() -> None:
    assert a_policy(*reversed(BASE.rules), switches=BASE.switches).version == BASE.version
    beating = a_connector().model_copy(update={"last_heartbeat_at": START, "read_at": START + timedelta(1)})
    versions = {
        a_policy(switches=switches(connectors={"lookout": one})).version for one in (a_connector(), beating)
    }
    assert len(versions) == 1


def test_the_version_changes_with_a_minimum_only_where_the_connector_makes_it_count() -> None:
    on = {least: a_policy(switches=unsupported(least)).version for least in ("18.2", "18.3")}
    assert len({*on.values()}) == 2
    off = {a_policy(switches=unsupported(least, blocked=False)).version for least in ("18.2", "18.3")}
    assert len(off) == 1


def test_held_silence_leaves_the_version_alone() -> None:
    versions = {
        a_policy(heartbeats=Heartbeats(OnSilence.HOLD, silent)).version for silent in ({}, {"lookout": START})
    }
    assert len(versions) == 1


def test_the_agent_that_a_canarys_reports_invent_counts_on_the_canary_alone() -> None:
    invented = a_slot(agent=f"lookout:{AGENT}", severity=Level.HIGH)
    device = with_slots(invented, a_slot(severity=Level.LOW))
    of_it = a_policy(canary=(device.id, (device.facts.user_id or "").lower()))
    assert of_it.without_canarys(device) == device
    assert (device.facts.user_id or "") != "", "whose phone it is counts"
    of_another = a_policy(canary=(device.id, "somebody-else"))
    assert of_another.without_canarys(device).slots.keys() == {"lookout:1"}
    assert (verdict(device, of_it).verdict, verdict(device, of_another).verdict) == (
        Verdict.BLOCK,
        Verdict.ALLOW,
    )
    nobodys = with_slots(invented, user_id=None)
    assert a_policy(canary=(nobodys.id, "")).without_canarys(nobodys) == nobodys
