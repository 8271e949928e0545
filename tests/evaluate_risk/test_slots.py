"""What an agent brings to its device's decision, and how a device comes by it and loses it."""

from datetime import timedelta
from typing import Any

import pytest

from evaluate_risk import slots
from evaluate_risk.risk import fold, new_agent
from evaluate_risk.slots import (
    is_newer,
    retires,
    same_for_device,
    slot,
    with_slot,
    withdrawn,
    without_agent,
)
from shared.domain.level import Level
from shared.domain.model import Agent, Device, Finding, Slot, Unlisted
from shared.domain.record import Category, Clears
from tests.evaluate_risk.samples import NOW, a_slot, a_state, folded, phone
from tests.evaluate_risk.stories import AGENT_ID
from tests.world import START, a_device, a_threat

# --- what the device gets to know ---------------------------------------------------------------------


def test_a_slot_carries_the_gravest_findings_and_counts_all() -> None:
    reports = [
        a_threat(f"k{n:02}", severity=Level.LOW, minutes=n - 30) for n in range(slots.MAX_FINDINGS + 5)
    ]
    mine = slot(folded(*reports, a_threat("worst", severity=Level.HIGH)))
    assert len(mine.findings) == slots.MAX_FINDINGS
    assert [f.key for f in mine.findings[:3]] == ["worst", "k00", "k01"]
    assert mine.open_threats == slots.MAX_FINDINGS + 6
    assert mine.newest_at == START


def test_a_slot_knows_the_newest_word_against_the_device_and_the_newest_for_it() -> None:
    agent = folded(
        a_threat(minutes=3),
        a_state(Level.HIGH, minutes=4),
        a_state(clears=Clears.ALL, minutes=-5, received=-5),
    )
    assert slot(agent).newest_at == START + timedelta(minutes=4)
    assert slot(agent).secured_at == START - timedelta(minutes=5)
    assert slot(folded(a_state(minutes=4))).newest_at is None


def test_a_slot_carries_what_is_known_of_a_finding_and_when_its_agent_reported() -> None:
    received = START + timedelta(minutes=9)
    report = a_threat(threat_name="evil twin", category=Category.APP, received=received)
    mine = slot(folded(report))
    assert mine.findings == (
        Finding(
            key="t1",
            report=report.id,
            category=Category.APP,
            threat_type="mitm",
            name="evil twin",
            severity=Level.HIGH,
            at=START,
        ),
    )
    assert (mine.since, mine.last_reported_at) == (received, received)


def test_threats_that_an_agents_document_has_no_room_for_are_one_finding_of_their_category() -> None:
    mark = Unlisted(severity=Level.MEDIUM, at=START, received_at=START, report="r9")
    mine = slot(folded(a_state()).model_copy(update={"unlisted": {Category.APP: mark}}))
    assert mine.levels == {Category.APP: Level.MEDIUM}
    assert mine.findings == (
        Finding(
            key="unlisted:app",
            report="r9",
            category=Category.APP,
            threat_type="unlisted",
            name="more threats than are kept one by one",
            severity=Level.MEDIUM,
            at=START,
        ),
    )


@pytest.mark.parametrize("own", [Level.SECURED, Level.MEDIUM])
def test_a_slot_carries_the_partners_own_word_and_names_its_report_where_it_speaks_against(
    own: Level,
) -> None:
    report = a_state(own, levels={Category.APP: own})
    mine = slot(folded(report))
    assert (mine.own, mine.own_levels) == (own, {Category.APP: own})
    assert mine.own_report == (None if own is Level.SECURED else report.id)


def test_an_agent_that_has_not_reported_brings_nothing_but_that_it_is_linked() -> None:
    silent = slot(Agent(id=AGENT_ID, partner="lookout", partner_device_id="agent-1"))
    assert silent == Slot(agent=AGENT_ID, partner="lookout", revision=0, scanned=False)


def test_an_agent_that_has_not_reported_is_no_newer_than_another() -> None:
    never, reported = a_slot().model_copy(update={"since": None}), a_slot()
    assert not is_newer(never, reported)
    assert not is_newer(reported, never)
    later = reported.model_copy(update={"since": START + timedelta(days=1)})
    assert is_newer(later, reported)
    assert not is_newer(reported, later)


@pytest.mark.parametrize(
    ("field", "value", "alike"),
    [
        ("revision", 9, True),
        ("secured_at", START, True),
        ("last_reported_at", START, True),
        ("moved", True, True),
        ("levels", {Category.NETWORK: Level.LOW}, False),
        ("own", Level.LOW, False),
        ("newest_at", START, False),
        ("scanned", False, False),
        ("withdrawn", True, False),
    ],
)
def test_what_does_not_decide_is_no_news_for_the_device(field: str, value: Any, alike: bool) -> None:
    assert same_for_device(a_slot(), a_slot().model_copy(update={field: value})) is alike


def test_a_fresher_snapshot_alone_is_no_news_for_the_device_but_an_earlier_beginning_is() -> None:
    before = folded(a_state(clears=Clears.ALL, minutes=1))
    fresher = fold(before, [a_state(clears=Clears.ALL, minutes=2)], NOW).agent
    assert slot(fresher).secured_at != slot(before).secured_at
    assert same_for_device(slot(before), slot(fresher))
    earlier = fold(before, [a_state(clears=Clears.ALL, minutes=-9, received=-9)], NOW).agent
    assert not same_for_device(slot(before), slot(earlier))
    assert not same_for_device(slot(before), slot(fold(before, [a_threat(minutes=2)], NOW).agent))


def _rival(agent: str, *, since: float, threat: float | None = None, secured: float | None = None) -> Slot:
    def at(minutes: float | None) -> Any:
        return None if minutes is None else START + timedelta(minutes=minutes)

    return Slot(
        agent=agent,
        partner="lookout",
        revision=1,
        since=at(since),
        newest_at=at(threat),
        secured_at=at(secured),
    )


OLDER = _rival("lookout:old", since=0, threat=5)


def test_a_newer_agent_supersedes_the_older_by_a_secured_snapshot_newer_than_its_threats() -> None:
    assert retires(_rival("lookout:new", since=1, secured=6), OLDER)


@pytest.mark.parametrize(
    "newer",
    [
        _rival("lookout:new", since=1),
        _rival("lookout:new", since=1, secured=5),
        _rival("lookout:new", since=0, secured=6),
        _rival("lookout:new", since=-1, secured=6),
        _rival("zimperium:new", since=1, secured=6).model_copy(update={"partner": "zimperium"}),
    ],
    ids=["no snapshot", "not newer than the threat", "as old", "older", "another partner's"],
)
def test_otherwise_both_agents_count(newer: Slot) -> None:
    assert not retires(newer, OLDER)


def test_an_older_agent_without_threats_needs_no_superseding() -> None:
    assert not retires(_rival("lookout:new", since=1, secured=6), _rival("lookout:old", since=0))


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


def test_a_late_mark_of_a_move_does_not_touch_a_device_the_agent_came_back_to() -> None:
    here = phone().model_copy(update={"slots": {AGENT_ID: a_slot(revision=3)}})
    late = new_agent(a_threat(), "agent-1").model_copy(update={"level_revision": 2})
    assert without_agent(here, late) == here
    assert without_agent(here, late.model_copy(update={"level_revision": 4})).slots[AGENT_ID].moved


# --- a link that is undone, or was cut off ------------------------------------------------------------


def an_agent(revision: int) -> Agent:
    return new_agent(a_threat(), "agent-1").model_copy(update={"level_revision": revision})


def holding(*placed: Slot) -> Device:
    return phone().model_copy(update={"slots": {each.agent: each for each in placed}})


def a_tombstone(revision: int) -> Slot:
    return Slot(agent=AGENT_ID, partner="lookout", revision=revision, since=START, withdrawn=True)


OTHERS = a_slot(agent="lookout:agent-2")


@pytest.mark.parametrize(
    "before",
    [
        holding(OTHERS),
        holding(OTHERS, a_slot(revision=2)),
        holding(OTHERS, a_slot(revision=3)),
        holding(OTHERS, a_slot(revision=2, moved=True)),
        holding(OTHERS, a_tombstone(revision=2)),
    ],
    ids=["no slot", "an older one", "one as new", "a moved one", "an older undoing"],
)
def test_of_an_agent_whose_link_is_undone_nothing_is_left_but_the_revision(before: Device) -> None:
    after = withdrawn(before, an_agent(revision=3))
    assert after.slots == {OTHERS.agent: OTHERS, AGENT_ID: a_tombstone(revision=3)}
    assert withdrawn(after, an_agent(revision=3)) is after


@pytest.mark.parametrize("newer", [a_slot(revision=4), a_slot(revision=4, moved=True), a_tombstone(4)])
def test_a_late_undoing_takes_nothing_from_an_agent_that_was_linked_again(newer: Slot) -> None:
    before = holding(OTHERS, newer)
    assert withdrawn(before, an_agent(revision=3)) == before
