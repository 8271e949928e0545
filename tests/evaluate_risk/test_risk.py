"""The pure fold: whatever the order, the number and the batches of the reports, one agent comes out."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluate_risk.bounds import MAX_TOMBSTONES, TOMBSTONE_AGE
from evaluate_risk.risk import (
    FUTURE_TOLERANCE,
    MAX_ALIASES,
    event_time,
    fold,
    new_agent,
)
from evaluate_risk.slots import slot
from shared.domain.level import Level, highest
from shared.domain.model import Agent, Report
from shared.domain.record import (
    BLOCKED,
    Category,
    Clears,
    Platform,
    Status,
)
from tests.evaluate_risk.samples import AGENT, NOW, a_state, an_identity, folded
from tests.world import START, a_threat


def is_open(agent: Agent) -> list[str]:
    """Keys of the threats that count."""
    return sorted(finding.key for finding in slot(agent).findings)


def level(agent: Agent) -> Level:
    """What the agent brings to its device."""
    mine = slot(agent)
    return highest([*mine.levels.values(), *([mine.own] if mine.own else [])])


# --- any order, any number, any batches ---------------------------------------------------------------

# Few and close moments, so that equal times are the rule; one far in the future, one missing.
MOMENTS = st.sampled_from([None, *(START + timedelta(minutes=m) for m in (-5, 0, 5, 60_000))])
RECEIVED = st.sampled_from([START + timedelta(minutes=m) for m in (0, 1, 3)])
LEVELS = st.sampled_from([Level.SECURED, Level.LOW, Level.HIGH])
KEYS = st.sampled_from(["t1", "t2 with a space"])

THREATS = st.builds(
    lambda key, alias, status, severity, category, at, word, received: a_threat(
        key,
        alias=alias,
        status=status,
        severity=severity,
        category=category,
        received=received,
        detected_at=at,
        resolved_at=at if status is Status.RESOLVED else None,
        vendor_category=word,
        report_id=f"{key}{alias}{status}{severity}{category}{at}{word}",
    ),
    KEYS,
    st.sampled_from([None, "a1", "a2"]),
    st.sampled_from(Status),
    LEVELS,
    st.sampled_from([Category.DEVICE, Category.APP]),
    MOMENTS,
    st.sampled_from([None, "compliance"]),
    RECEIVED,
)
STATES = st.builds(
    lambda severity, clears, until, closed, at: a_state(
        severity,
        clears=clears,
        clears_until=until,
        closed_keys=closed,
        detected_at=at,
        report_id=f"{severity}{clears}{until}{closed}{at}",
    ),
    LEVELS,
    st.sampled_from(Clears),
    MOMENTS,
    st.lists(KEYS, max_size=2, unique=True).map(tuple),
    MOMENTS,
)
IDENTITIES = st.builds(
    lambda at, mdm, serial, platform: an_identity(
        detected_at=at,
        mdm_device_id=mdm,
        serial=serial,
        platform=platform,
        report_id=f"{at}{mdm}{serial}{platform}",
    ),
    MOMENTS,
    st.sampled_from([None, "intune-1", "intune-2"]),
    st.sampled_from([None, "SN1", "SN2"]),
    st.sampled_from([None, Platform.IOS, Platform.ANDROID]),
)
# A second copy of a report is never stored, so one id has one time of receipt.
STORED = st.lists(
    st.one_of(THREATS, THREATS, STATES, IDENTITIES),
    min_size=1,
    max_size=10,
    unique_by=lambda report: report.id,
)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Report], list[list[Report]]]:
    """Some reports, and the batches in which a feed might bring them: shuffled, doubled, split."""
    reports = draw(STORED)
    again = draw(st.lists(st.sampled_from(reports), max_size=6))
    arriving = draw(st.permutations(reports + again))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(arriving) - 1)), max_size=5)))
    ends = [0, *cuts, len(arriving)]
    return reports, [arriving[a:b] for a, b in pairwise(ends) if a < b]


@settings(max_examples=300, deadline=None)
@given(deliveries())
def test_the_agent_depends_on_the_set_of_reports_only(
    delivery: tuple[list[Report], list[list[Report]]],
) -> None:
    reports, batches = delivery
    expected = folded(*reports)
    agent = new_agent(batches[0][0], AGENT)
    for batch in batches:
        outcome = fold(agent, batch, NOW)
        assert not outcome.rejected
        agent = outcome.agent
    assert agent == expected
    assert slot(agent) == slot(expected)


@settings(max_examples=50, deadline=None)
@given(STORED)
def test_the_agent_survives_the_store(reports: list[Report]) -> None:
    agent = folded(*reports)
    assert Agent.model_validate(agent.model_dump(mode="json")) == agent


# --- a resolution that names its threat by another key -------------------------------------------------


def test_a_resolution_under_an_alias_closes_the_detection_in_either_order() -> None:
    detection = a_threat("content", alias="alert:1")
    resolution = a_threat("", alias="alert:1", minutes=5, status=Status.RESOLVED)
    assert is_open(folded(detection, resolution)) == []
    assert is_open(fold(folded(resolution), [detection], NOW).agent) == []


def test_a_resolution_under_another_alias_closes_nothing() -> None:
    resolution = a_threat("", alias="alert:2", minutes=5, status=Status.RESOLVED)
    assert is_open(folded(a_threat("content", alias="alert:1"), resolution)) == ["content"]


def test_a_detection_newer_than_the_resolution_under_its_alias_is_open() -> None:
    resolution = a_threat("", alias="alert:1", minutes=5, status=Status.RESOLVED)
    again = a_threat("content", alias="alert:1", minutes=6)
    assert is_open(folded(a_threat("content", alias="alert:1"), resolution, again)) == ["content"]


def test_of_many_aliases_the_newest_are_kept_whatever_the_order() -> None:
    reports = [a_threat("content", alias=f"alert:{n}", minutes=n / 10) for n in range(MAX_ALIASES + 5)]
    forth = folded(*reports)
    back = folded(reports[0])
    for report in reversed(reports):
        back = fold(back, [report], NOW).agent
    assert forth == back
    assert set(forth.threats["content"].aliases) == {f"alert:{n}" for n in range(5, MAX_ALIASES + 5)}


def test_the_newest_resolution_counts_under_whichever_key_it_came() -> None:
    early = a_threat("", alias="alert:1", minutes=2, status=Status.RESOLVED)
    late = a_threat("content", minutes=5, status=Status.RESOLVED)
    assert is_open(folded(a_threat("content", alias="alert:1", minutes=3), early, late)) == []


def test_a_resolution_is_remembered_for_other_keys_while_a_later_detection_is_covered() -> None:
    covered = folded(
        a_threat("alert:1", minutes=2, status=Status.RESOLVED),
        a_threat("alert:1", minutes=3, vendor_category="compliance"),
        a_state(clears=Clears.COMPLIANCE, minutes=4),
    )
    assert is_open(fold(covered, [a_threat("content", alias="alert:1", minutes=1)], NOW).agent) == []


# --- rule 3: order within a threat --------------------------------------------------------------------


def test_a_late_detection_does_not_reopen_a_resolved_threat() -> None:
    resolved = folded(a_threat(minutes=0), a_threat(minutes=5, status=Status.RESOLVED))
    assert is_open(fold(resolved, [a_threat(minutes=4)], NOW).agent) == []


def test_a_detection_newer_than_the_resolution_reopens() -> None:
    assert is_open(folded(a_threat(minutes=5, status=Status.RESOLVED), a_threat(minutes=6))) == ["t1"]


def test_at_equal_time_resolved_wins() -> None:
    assert is_open(folded(a_threat(minutes=5), a_threat(minutes=5, status=Status.RESOLVED))) == []


def test_at_equal_time_the_higher_severity_wins() -> None:
    assert level(folded(a_threat(severity=Level.MEDIUM), a_threat(severity=Level.LOW))) is Level.MEDIUM
    assert level(folded(a_threat(severity=Level.LOW), a_threat(severity=Level.MEDIUM))) is Level.MEDIUM


def test_at_equal_time_and_severity_the_greater_report_id_wins() -> None:
    one, other = sorted((a_threat(threat_name="one"), a_threat(threat_name="other")), key=lambda r: r.id)
    assert slot(folded(one, other)).findings[0].report == other.id
    assert slot(folded(other, one)).findings[0].report == other.id


def test_a_newer_detection_may_grade_lower() -> None:
    assert level(folded(a_threat(minutes=1, severity=Level.LOW), a_threat(severity=Level.HIGH))) is Level.LOW


def test_a_threat_first_seen_as_resolved_never_raises_risk() -> None:
    agent = folded(a_threat(minutes=5, status=Status.RESOLVED))
    assert level(agent) is Level.SECURED
    assert is_open(fold(agent, [a_threat(minutes=0)], NOW).agent) == []


def test_what_was_prevented_opens_nothing_and_closes_no_earlier_detection() -> None:
    prevented = a_threat(minutes=5, status=Status.RESOLVED, reason=BLOCKED)
    assert is_open(folded(a_threat(minutes=1), prevented)) == ["t1"]
    assert is_open(folded(prevented)) == []
    assert is_open(folded(a_threat(minutes=1), a_threat(minutes=5, status=Status.RESOLVED))) == []


def test_an_unknown_status_neither_opens_nor_closes() -> None:
    assert is_open(folded(a_threat(status=Status.UNKNOWN))) == []
    assert is_open(folded(a_threat(), a_threat(minutes=5, status=Status.UNKNOWN))) == ["t1"]


def test_an_event_ten_minutes_ahead_keeps_its_time() -> None:
    ahead = a_threat(minutes=10)
    assert timedelta(minutes=10) == FUTURE_TOLERANCE
    assert event_time(ahead) == (START + timedelta(minutes=10), False)


def test_an_event_further_ahead_is_clamped_to_receipt_and_marked() -> None:
    agent = folded(a_threat(minutes=10.001))
    detection = agent.threats["t1"].detection
    assert detection is not None
    assert (detection.at, detection.clamped) == (START, True)


def test_a_resolution_from_the_future_does_not_hide_what_comes_after_its_receipt() -> None:
    far = a_threat(minutes=600_000, status=Status.RESOLVED)
    later = a_threat(minutes=30, received=START + timedelta(minutes=30))
    assert is_open(folded(a_threat(), far)) == []
    assert is_open(folded(a_threat(), far, later)) == ["t1"]


def test_a_missing_time_is_the_time_of_receipt() -> None:
    received = START + timedelta(minutes=7)
    report = a_threat(received=received, detected_at=None)
    assert event_time(report) == (received, False)
    assert is_open(folded(report, a_threat(minutes=6, status=Status.RESOLVED))) == ["t1"]
    assert is_open(folded(report, a_threat(minutes=7, status=Status.RESOLVED))) == []


@pytest.mark.parametrize("resolved_first", [True, False])
def test_a_resolution_older_than_the_receipt_of_a_detection_without_a_time_ends_nothing(
    resolved_first: bool,
) -> None:
    """It may be that of an earlier occurrence: when the threat was found nobody can say."""
    detection = a_threat(received=START + timedelta(minutes=7), detected_at=None)
    resolution = a_threat(
        minutes=6, status=Status.RESOLVED, received=START + timedelta(minutes=1 if resolved_first else 9)
    )
    pair = (resolution, detection) if resolved_first else (detection, resolution)
    assert is_open(folded(*pair)) == is_open(folded(*reversed(pair))) == ["t1"]
    ended = a_threat(minutes=8, status=Status.RESOLVED, received=START + timedelta(minutes=9))
    assert is_open(folded(*pair, ended)) == []


def test_a_resolution_without_its_own_time_counts_from_the_time_of_its_detection() -> None:
    resolution = a_threat(minutes=5, status=Status.RESOLVED, resolved_at=None)
    assert event_time(resolution) == (START + timedelta(minutes=5), False)


def test_a_resolution_happened_when_it_says_so_and_not_when_its_threat_was_detected() -> None:
    later = START + timedelta(minutes=8)
    resolution = a_threat(minutes=5, status=Status.RESOLVED, resolved_at=later)
    assert event_time(resolution) == (later, False)
    assert event_time(a_state(minutes=3)) == (START + timedelta(minutes=3), False)


def test_an_agent_knows_when_its_first_and_its_last_report_were_received() -> None:
    first, middle, last = (a_threat(f"t{n}", received=START + timedelta(minutes=n)) for n in range(3))
    new = new_agent(middle, AGENT)
    assert new.first_received_at == new.last_received_at == middle.received_at
    for reports in ([first, middle, last], [last, first, middle]):
        agent = fold(new, reports, NOW).agent
        assert (agent.first_received_at, agent.last_received_at) == (first.received_at, last.received_at)
    assert fold(new, [], NOW).agent == new


def test_names_are_kept_in_the_agent_as_far_as_there_is_room() -> None:
    detection = folded(a_threat(threat_name="n" * 101, threat_type="t" * 101)).threats["t1"].detection
    assert detection is not None
    assert (detection.name, detection.threat_type) == ("n" * 100, "t" * 100)
    assert folded(a_threat(threat_name=None)).threats["t1"].detection.name is None  # type: ignore[union-attr]


def test_a_resolution_that_an_all_clear_of_the_same_moment_covers_is_not_kept() -> None:
    agent = folded(a_threat(minutes=5, status=Status.RESOLVED), a_state(clears=Clears.ALL, minutes=5))
    assert agent.threats == {}
    assert is_open(fold(agent, [a_threat(minutes=5)], NOW).agent) == []


def _resolutions(count: int) -> list[Report]:
    return [a_threat(f"k{n}", status=Status.RESOLVED, minutes=-n) for n in range(count)]


def test_tombstones_stay_180_days() -> None:
    agent = folded(a_threat(minutes=1, status=Status.RESOLVED))
    later = fold(agent, [], START + TOMBSTONE_AGE).agent
    assert timedelta(days=180) == TOMBSTONE_AGE
    assert "t1" in later.threats
    assert later.floor is None
    assert is_open(fold(later, [a_threat(minutes=0)], NOW).agent) == []


def test_an_older_tombstone_goes_and_what_it_would_have_closed_comes_too_late() -> None:
    agent = folded(a_threat(minutes=1, status=Status.RESOLVED))
    now = START + timedelta(seconds=1) + TOMBSTONE_AGE
    later = fold(agent, [], now).agent
    assert later.threats == {}
    assert later.floor == START + timedelta(minutes=1)
    late = a_threat(minutes=0)
    outcome = fold(later, [late], now)
    reason = "happened before 2026-06-01 12:01 UTC, older than what is still remembered"
    assert [(r.report.id, r.kind, r.reason) for r in outcome.rejected] == [(late.id, "too_late", reason)]
    assert is_open(outcome.agent) == []
    assert is_open(fold(later, [a_threat("new", minutes=1)], now).agent) == ["new"]


@pytest.mark.parametrize("together", [False, True])
def test_an_old_snapshot_makes_no_forgotten_threat_one_that_can_open_again(together: bool) -> None:
    now = START + timedelta(seconds=1) + TOMBSTONE_AGE
    agent = fold(folded(a_threat(minutes=1, status=Status.RESOLVED)), [], now).agent
    snapshot = a_state(minutes=-1, closed_keys=("t1",), received=TOMBSTONE_AGE / timedelta(minutes=1))
    old = [snapshot, a_threat(minutes=0)]
    for reports in [old] if together else [[each] for each in old]:
        agent = fold(agent, reports, now).agent
    assert is_open(agent) == []


def test_an_old_snapshot_closes_what_is_still_remembered() -> None:
    agent = folded(a_threat(minutes=0)).model_copy(update={"floor": START + timedelta(minutes=9)})
    assert is_open(fold(agent, [a_state(minutes=5, closed_keys=("t1",))], NOW).agent) == []


def test_old_history_reported_late_is_remembered_from_its_receipt_on() -> None:
    days = 24 * 60
    closed = a_threat("old", minutes=-200 * days, status=Status.RESOLVED)
    still_open = a_threat("older", minutes=-210 * days)
    agent = folded(closed)
    assert "old" in agent.threats
    assert agent.floor is None
    assert is_open(fold(agent, [still_open], NOW).agent) == ["older"]


def test_an_agent_that_is_merely_known_has_not_scanned() -> None:
    assert not slot(folded(an_identity())).scanned
    assert not slot(folded(a_threat(status=Status.UNKNOWN))).scanned
    assert slot(folded(a_threat(status=Status.RESOLVED))).scanned


def test_what_the_agent_itself_has_not_seen_counts_and_is_no_scan() -> None:
    judged = folded(a_threat("app", scanned=False), a_state(Level.SECURED, scanned=False))
    assert is_open(judged) == ["app"]
    assert not slot(judged).scanned
    assert slot(fold(judged, [a_state(Level.SECURED, minutes=1)], NOW).agent).scanned


def test_a_late_event_of_a_threat_still_remembered_is_folded_below_the_floor() -> None:
    agent = folded(a_threat(minutes=-5), *_resolutions(MAX_TOMBSTONES), a_threat("k", minutes=1))
    raised = agent.model_copy(update={"floor": START})
    outcome = fold(raised, [a_threat(minutes=-4, severity=Level.LOW)], NOW)
    assert not outcome.rejected
    assert outcome.agent.threats["t1"].detection
    assert outcome.agent.threats["t1"].detection.severity is Level.LOW


def test_of_more_than_2000_tombstones_the_oldest_go() -> None:
    agent = folded(*_resolutions(MAX_TOMBSTONES + 3))
    assert len(agent.threats) == MAX_TOMBSTONES == 2000
    assert {"k0", f"k{MAX_TOMBSTONES - 1}"} <= agent.threats.keys()
    assert agent.floor == START - timedelta(minutes=MAX_TOMBSTONES)


def test_open_threats_are_never_pruned_by_age() -> None:
    agent = fold(folded(a_threat()), [], START + timedelta(days=1000)).agent
    assert is_open(agent) == ["t1"]


def test_a_pruned_floor_never_falls() -> None:
    floor = START + timedelta(days=3)
    agent = folded(a_threat(status=Status.RESOLVED)).model_copy(update={"floor": floor})
    assert fold(agent, [], START + timedelta(days=400)).agent.floor == floor


# --- rule 4: what raises risk -------------------------------------------------------------------------


def test_risk_is_the_highest_severity_of_the_open_threats_by_category() -> None:
    agent = folded(
        a_threat("a", severity=Level.LOW, category=Category.APP),
        a_threat("b", severity=Level.HIGH, category=Category.APP),
        a_threat("c", severity=Level.MEDIUM, category=Category.DEVICE),
    )
    assert slot(agent).levels == {Category.APP: Level.HIGH, Category.DEVICE: Level.MEDIUM}


def test_a_secured_finding_is_kept_and_does_not_raise_risk() -> None:
    agent = folded(a_threat(severity=Level.SECURED))
    assert is_open(agent) == ["t1"]
    assert level(agent) is Level.SECURED


def test_the_partners_own_level_raises_risk_until_a_newer_one() -> None:
    raised = folded(a_state(Level.HIGH, minutes=1))
    assert level(raised) is Level.HIGH
    assert level(fold(raised, [a_state(Level.LOW, minutes=0)], NOW).agent) is Level.HIGH
    assert level(fold(raised, [a_state(Level.LOW, minutes=2)], NOW).agent) is Level.LOW
    by_category = folded(a_state(Level.HIGH, levels={Category.APP: Level.HIGH}))
    assert slot(by_category).own_levels == {Category.APP: Level.HIGH}


def test_the_partners_own_level_never_lowers_an_open_threat() -> None:
    assert level(folded(a_threat(), a_state(Level.SECURED, minutes=5))) is Level.HIGH


# --- rule 5: snapshots --------------------------------------------------------------------------------


def test_a_snapshot_clears_all_that_was_opened_up_to_its_time() -> None:
    agent = folded(a_threat("a"), a_threat("b", minutes=5), a_state(clears=Clears.ALL, minutes=5))
    assert is_open(agent) == []
    assert is_open(fold(agent, [a_threat("late", minutes=4)], NOW).agent) == []
    assert is_open(fold(agent, [a_threat("new", minutes=6)], NOW).agent) == ["new"]


def test_a_snapshot_of_compliance_clears_compliance_findings_only() -> None:
    agent = folded(
        a_threat("virus"),
        a_threat("encryption", vendor_category="compliance"),
        a_state(clears=Clears.COMPLIANCE, minutes=5),
    )
    assert is_open(agent) == ["virus"]
    late = a_threat("passcode", minutes=4, vendor_category="compliance")
    new = a_threat("rooted", minutes=6, vendor_category="compliance")
    assert is_open(fold(agent, [late, new], NOW).agent) == ["rooted", "virus"]


def test_what_a_snapshot_of_compliance_covers_still_hides_an_older_opening() -> None:
    covered = folded(
        a_threat(minutes=3, vendor_category="compliance"), a_state(clears=Clears.COMPLIANCE, minutes=5)
    )
    assert is_open(fold(covered, [a_threat(minutes=2)], NOW).agent) == []
    assert is_open(fold(covered, [a_threat(minutes=4)], NOW).agent) == ["t1"]


def test_what_a_snapshot_of_compliance_covers_does_not_hide_a_graver_threat_of_the_same_moment() -> None:
    finding = a_threat(severity=Level.LOW, vendor_category="compliance")
    snapshot, threat = a_state(clears=Clears.COMPLIANCE, minutes=5), a_threat(severity=Level.HIGH)
    together = folded(finding, snapshot, threat)
    assert is_open(together) == ["t1"]
    assert fold(folded(finding, snapshot), [threat], NOW).agent == together


def test_a_snapshot_that_clears_nothing_clears_nothing() -> None:
    assert is_open(folded(a_threat(), a_state(clears=Clears.NONE, minutes=5))) == ["t1"]


def test_a_compliance_snapshot_says_nothing_of_the_partners_own_level() -> None:
    agent = folded(a_state(Level.HIGH), a_state(Level.SECURED, clears=Clears.COMPLIANCE, minutes=5))
    assert slot(agent).own is Level.HIGH


def test_closed_keys_close_what_they_name_and_no_more() -> None:
    agent = folded(a_threat("a"), a_threat("b b"), a_state(closed_keys=("b b", "unseen"), minutes=5))
    assert is_open(agent) == ["a"]
    assert is_open(fold(agent, [a_threat("unseen", minutes=4)], NOW).agent) == ["a"]
    assert is_open(fold(agent, [a_threat("unseen", minutes=6)], NOW).agent) == ["a", "unseen"]


def test_the_newest_id_stands() -> None:
    agent = folded(an_identity(mdm_device_id="new", minutes=5), an_identity(mdm_device_id="old"))
    assert agent.mdm_device_id is not None
    assert agent.mdm_device_id.value == "new"


@pytest.mark.parametrize("clears", [Clears.ALL, Clears.COMPLIANCE])
def test_a_snapshot_clears_up_to_the_agents_last_contact_and_its_level_is_newer(clears: Clears) -> None:
    before, since = (
        a_threat(key, detected_at=START + timedelta(minutes=minutes), vendor_category="compliance")
        for key, minutes in (("t1", 1), ("t2", 3))
    )
    green = a_state(minutes=5, received=5, clears=clears, clears_until=START + timedelta(minutes=2))
    agent = folded(before, since, a_state(Level.HIGH, minutes=4, received=5), green)
    assert is_open(agent) == ["t2"]
    assert agent.snapshot is not None
    assert agent.snapshot.severity is (Level.SECURED if clears is Clears.ALL else Level.HIGH)


def test_a_contact_after_the_snapshot_clears_no_further_than_the_snapshot() -> None:
    later = a_threat("t1", detected_at=START + timedelta(minutes=3), received=START + timedelta(minutes=3))
    green = a_state(minutes=2, received=2, clears=Clears.ALL, clears_until=START + timedelta(minutes=9))
    assert is_open(folded(green, later)) == ["t1"]


@pytest.mark.parametrize(
    ("clears", "name"), [(Clears.ALL, "cleared_all"), (Clears.COMPLIANCE, "cleared_compliance")]
)
def test_an_older_word_that_all_is_well_takes_nothing_back_from_a_newer(clears: Clears, name: str) -> None:
    agent = folded(a_state(minutes=9, clears=clears), a_state(minutes=3, clears=clears))
    assert getattr(agent, name).at == START + timedelta(minutes=9)


def test_an_older_resolution_takes_nothing_back_from_a_newer_whatever_it_is_called_by() -> None:
    at = START + timedelta(minutes=9)
    late = [a_threat("t", alias="a", status=Status.RESOLVED, minutes=minutes) for minutes in (9, 3)]
    assert {each.resolved.at for each in folded(*late).threats.values() if each.resolved} == {at}
    seen = [a_threat("t", alias="a", minutes=minutes) for minutes in (9, 3)]
    assert folded(*seen).threats["t"].aliases["a"].at == at


def test_what_a_word_on_compliance_covers_keeps_the_aliases_it_is_resolved_by() -> None:
    broken = a_threat("rule", alias="a", vendor_category="compliance", category=Category.DEVICE)
    covered = folded(broken, a_state(minutes=5, clears=Clears.COMPLIANCE))
    assert covered.threats["rule"].covered is not None
    assert covered.threats["rule"].aliases.keys() == {"a"}
