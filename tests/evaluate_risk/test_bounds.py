"""Whatever is reported, an agent fits into its document, and nothing that is open stops counting."""

import random
from datetime import timedelta

import pytest

from evaluate_risk import bounds
from evaluate_risk.bounds import MAX_BYTES, MAX_TOMBSTONES
from evaluate_risk.risk import MAX_ALIASES, fold, new_agent
from evaluate_risk.slots import slot
from shared.domain.level import Level
from shared.domain.model import Agent, Report
from shared.domain.record import Category, Clears, Status
from tests.evaluate_risk.samples import AGENT, NOW, a_state, folded
from tests.world import START, a_threat

WORD = "\U0001f4f1" * 500
"""Each of its characters takes twelve bytes as ASCII JSON."""


def size(agent: Agent) -> int:
    """As the SDK sends it: JSON in ASCII."""
    return len(agent.model_dump_json().encode("ascii", "backslashreplace"))


def by_lots(reports: list[Report], lot: int) -> Agent:
    """The agent that `reports` make, so many at a time."""
    agent = new_agent(reports[0], AGENT)
    for first in range(0, len(reports), lot):
        agent = fold(agent, reports[first : first + lot], NOW).agent
    return agent


def is_open(agent: Agent) -> list[str]:
    return sorted(key for key, threat in agent.threats.items() if threat.detection)


def test_a_full_agent_fits_into_a_document() -> None:
    opened = [
        a_threat(f"{n:0200}", threat_type=WORD, threat_name=WORD, alias=f"{n:0200}a", minutes=n / 1000)
        for n in range(3000)
    ]
    closed = [
        a_threat(f"c{n:0199}", status=Status.RESOLVED, minutes=-n / 1000) for n in range(MAX_TOMBSTONES + 500)
    ]
    agent = by_lots(opened + closed, 1000)
    assert size(agent) < MAX_BYTES
    assert agent.unlisted[Category.NETWORK].severity is Level.HIGH


def test_six_hundred_threats_of_twenty_alerts_are_let_in_again_once_all_are_resolved() -> None:
    keys = [f"jamf:{n:040}" for n in range(600)]
    opened = [
        a_threat(key, alias=f"alert:{key}:{alert}", minutes=alert - 60) for key in keys for alert in range(20)
    ]
    agent = by_lots(opened, 400)
    assert size(agent) < MAX_BYTES
    assert (len(is_open(agent)), agent.unlisted) == (600, {})
    resolved = [a_threat(key, status=Status.RESOLVED, minutes=-1) for key in keys]
    for first in range(0, len(resolved), 20):
        agent = fold(agent, resolved[first : first + 20], NOW).agent
    assert is_open(agent) == []
    assert slot(agent).levels == {}


def _few() -> list[Report]:
    return [
        a_threat("low", severity=Level.LOW, minutes=9),
        a_threat("app", severity=Level.LOW, minutes=3, category=Category.APP),
        a_threat("high", severity=Level.HIGH),
        a_threat("older", severity=Level.MEDIUM, minutes=1),
        a_threat("newer", severity=Level.MEDIUM, minutes=2),
    ]


@pytest.fixture
def room_for_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "OPEN_SHARE", 1_000 / MAX_BYTES)


@pytest.mark.usefixtures("room_for_two")
def test_open_threats_beyond_the_bound_leave_a_mark_that_counts_whatever_the_order() -> None:
    expected = folded(*_few())
    assert is_open(expected) == ["high", "newer"]
    network, app = expected.unlisted[Category.NETWORK], expected.unlisted[Category.APP]
    assert (network.severity, network.at) == (Level.MEDIUM, START + timedelta(minutes=9))
    assert (app.severity, app.at) == (Level.LOW, START + timedelta(minutes=3))
    assert slot(expected).levels == {Category.NETWORK: Level.HIGH, Category.APP: Level.LOW}
    assert slot(expected).open_threats == 4
    shuffled = random.Random(7)
    for _ in range(20):
        reports = _few()
        shuffled.shuffle(reports)
        agent = new_agent(reports[0], AGENT)
        for report in reports:
            agent = fold(agent, [report], NOW).agent
        assert (agent.threats, agent.unlisted) == (expected.threats, expected.unlisted)


@pytest.mark.parametrize(
    "reports",
    [
        [a_threat()],
        [a_threat("k" * 200)],
        [a_threat(threat_name="n" * 200, threat_type="t" * 200)],
        [a_threat(threat_name=WORD, threat_type=WORD)],
        [a_threat(threat_name="\t\n" * 100)],
        [a_threat(alias=f"a{number}" * 20, minutes=number) for number in range(9)],
        [a_threat(), a_threat(status=Status.RESOLVED, minutes=5)],
        [a_threat(vendor_category="compliance"), a_state(minutes=5, clears=Clears.COMPLIANCE)],
        [
            a_threat(vendor_category="compliance", threat_name=WORD),
            a_state(minutes=5, clears=Clears.COMPLIANCE),
        ],
    ],
)
def test_a_threat_takes_no_more_bytes_than_are_counted_and_not_much_fewer(reports: list[Report]) -> None:
    [(key, threat)] = folded(*reports).threats.items()
    without = folded(*reports).model_copy(update={"threats": {}})
    taken = size(without.model_copy(update={"threats": {key: threat}})) - size(without)
    assert taken <= bounds._bytes(key, threat) <= taken + 600


def test_a_mark_has_the_highest_level_by_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "OPEN_SHARE", 0)
    agent = folded(*(a_threat(level, severity=level) for level in (Level.LOW, Level.HIGH, Level.MEDIUM)))
    assert (is_open(agent), agent.unlisted[Category.NETWORK].severity) == ([], Level.HIGH)


def test_what_takes_exactly_the_bytes_there_are_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    size_of_one = bounds._bytes("one", folded(a_threat("one")).threats["one"])
    for share, kept in ((2 * size_of_one, ["one", "two"]), (2 * size_of_one - 1, ["two"])):
        monkeypatch.setattr(bounds, "OPEN_SHARE", share / MAX_BYTES)
        assert is_open(folded(a_threat("one"), a_threat("two"), a_threat("low", severity=Level.LOW))) == kept


@pytest.mark.usefixtures("room_for_two")
def test_the_mark_counts_until_the_whole_agent_is_called_clean() -> None:
    agent = folded(*_few())
    every = [a_threat(key, status=Status.RESOLVED, minutes=20) for key in ("high", "newer", "older", "low")]
    agent = fold(agent, every, NOW).agent
    assert slot(agent).levels == {Category.NETWORK: Level.MEDIUM, Category.APP: Level.LOW}
    early = fold(agent, [a_state(minutes=5, clears=Clears.ALL)], NOW).agent
    assert set(early.unlisted) == {Category.NETWORK}
    assert fold(agent, [a_state(minutes=10, clears=Clears.ALL)], NOW).agent.unlisted == {}


def test_of_too_many_aliases_those_of_resolved_threats_go_first_then_the_oldest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "ALIAS_SHARE", 3 * 190 / MAX_BYTES)
    reports = [
        a_threat("closed", alias="c", minutes=8),
        a_threat("closed", status=Status.RESOLVED, minutes=9),
        *(a_threat("open", alias=f"o{n}", minutes=n) for n in range(4)),
    ]
    agent = folded(*reports)
    assert set(agent.threats["open"].aliases) == {"o1", "o2", "o3"}
    assert agent.threats["closed"].aliases == {}
    assert MAX_ALIASES > 4


def test_tombstones_go_by_bytes_before_their_days_and_the_floor_rises() -> None:
    closed = [a_threat(f"c{n:0190}", status=Status.RESOLVED, minutes=-n) for n in range(100)]
    agent = fold(new_agent(closed[0], AGENT), closed, NOW, 40_000).agent
    assert 0 < len(agent.threats) < 100
    count = len(agent.threats)
    assert set(agent.threats) == {f"c{n:0190}" for n in range(count)}, "the newest stay"
    assert agent.floor == START - timedelta(minutes=count)


def test_what_fits_is_all_kept() -> None:
    agent = folded(*_few())
    assert (len(agent.threats), agent.unlisted) == (5, {})
