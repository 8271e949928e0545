"""Pure evaluation: reports are folded into their agents, and devices decided, without a store."""

from collections.abc import AsyncIterator, Callable

from benchmarks.one_report import NOW, threat
from benchmarks.ratio import cpu_of
from benchmarks.row import Row
from evaluate_risk.decide import settle
from evaluate_risk.policy import Policy
from evaluate_risk.risk import fold, new_agent
from evaluate_risk.slots import slot, with_slot
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Device, DeviceFacts
from shared.domain.record import Platform
from shared.domain.rule import Assignment, Rule

BOUND = 60.0
LEAST = 12_000.0
AGENTS, REPORTS = 20, 5
"""A batch of the feed: so many agents, with so many reports each."""


async def rows() -> AsyncIterator[Row]:
    work = batch()
    work()
    each = cpu_of(work, 20) / (AGENTS * REPORTS)
    yield Row("reports evaluated without a store, by a core", 1 / each, " a second", least=LEAST)


def batch() -> Callable[[], object]:
    """Evaluate one batch."""
    device = Device(
        id="device-1",
        facts=DeviceFacts(
            intune_id="intune-1",
            entra_id="device-1",
            serial="SN-1",
            user_id="user-1",
            platform=Platform.IOS,
            name="iPhone",
        ),
    )
    everybody = Assignment(all_users=True)
    rule = Rule(id="1", name="at most low", platform=Platform.IOS, allowed=Level.LOW, assignment=everybody)
    policy = Policy(Mode.ENFORCE, rules=(rule,))
    reports = [threat(number) for number in range(REPORTS)]

    def evaluated() -> None:
        for _ in range(AGENTS):
            agent = fold(new_agent(reports[0], "agent-1"), reports, NOW).agent
            settle(with_slot(device, slot(agent)), policy, NOW)

    return evaluated
