"""Reports that are evaluated without a store: folded into their agent, and a device decided by it."""

from collections.abc import Sequence
from functools import cache

from benchmarks.one_report import NOW
from evaluate_risk.decide import settle
from evaluate_risk.policy import Policy
from evaluate_risk.risk import fold, new_agent
from evaluate_risk.slots import slot, with_slot
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Agent, Device, DeviceFacts, Report
from shared.domain.record import Platform
from shared.domain.rule import Assignment, Rule


def evaluated(before: Agent | None, reports: Sequence[Report]) -> Agent:
    """The agent after `reports`, all of them its own; its device is decided, too."""
    agent = fold(before or new_agent(reports[0], "agent-1"), reports, NOW).agent
    settle(with_slot(_device(), slot(agent)), _policy(), NOW)
    return agent


@cache
def _device() -> Device:
    facts = DeviceFacts(
        intune_id="intune-1",
        entra_id="device-1",
        serial="SN-1",
        user_id="user-1",
        platform=Platform.IOS,
        name="iPhone",
    )
    return Device(id="device-1", facts=facts)


@cache
def _policy() -> Policy:
    everybody = Assignment(all_users=True)
    rule = Rule(id="1", name="at most low", platform=Platform.IOS, allowed=Level.LOW, assignment=everybody)
    return Policy(Mode.ENFORCE, rules=(rule,))
