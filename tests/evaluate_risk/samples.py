"""Reports, agents and devices as the tests of this room compose them."""

from datetime import timedelta
from typing import Any

from evaluate_risk.policy import Policy
from evaluate_risk.risk import fold, new_agent
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Agent, Device, Report, Slot, Tag
from shared.domain.record import Category, Clears, DeviceIdentityRecord, DeviceStateRecord, Platform
from shared.domain.rule import Rule
from shared.domain.switches import Switches
from tests.evaluate_risk.stories import AGENT_ID
from tests.world import EVERYBODY, START, a_device

NOW = START + timedelta(days=1)
AGENT = "agent-1"
RULE = Rule(id="r", name="low", platform=Platform.IOS, allowed=Level.LOW, assignment=EVERYBODY)


def a_state(
    severity: Level = Level.SECURED,
    *,
    minutes: float = 0,
    clears: Clears = Clears.NONE,
    received: float = 0,
    **fields: Any,
) -> Report:
    """A partner's word on the whole device; `minutes` and `received` count from the tests' beginning."""
    values: dict[str, Any] = {
        "partner": "lookout",
        "index": 0,
        "report_id": f"state:{minutes}:{severity}:{clears}",
        "partner_device_id": AGENT,
        "severity": severity,
        "clears": clears,
        "detected_at": START + timedelta(minutes=minutes),
    }
    record = DeviceStateRecord(**{**values, **fields})
    return Report.of(record, AGENT, START + timedelta(minutes=received))


def an_identity(*, minutes: float = 0, **fields: Any) -> Report:
    """A report that says nothing but which device the agent is."""
    values: dict[str, Any] = {
        "partner": "lookout",
        "index": 0,
        "report_id": f"identity:{minutes}:{sorted(fields.items())}",
        "partner_device_id": AGENT,
        "detected_at": START + timedelta(minutes=minutes),
    }
    return Report.of(DeviceIdentityRecord(**{**values, **fields}), AGENT, START)


def folded(*reports: Report) -> Agent:
    """The agent that `reports` make."""
    return fold(new_agent(reports[0], AGENT), reports, NOW).agent


def a_slot(severity: Level = Level.HIGH, revision: int = 1, **fields: Any) -> Slot:
    values: dict[str, Any] = {"agent": AGENT_ID, "partner": "lookout", "since": START}
    return Slot(revision=revision, levels={Category.NETWORK: severity}, **{**values, **fields})


def phone(severity: Level = Level.HIGH, tag: Tag | None = None, **facts: Any) -> Device:
    """A device with one agent's level, and a tag as it was left."""
    return a_device(**facts).model_copy(update={"slots": {AGENT_ID: a_slot(severity)}, "tag": tag or Tag()})


def a_policy(mode: Mode = Mode.ENFORCE, **fields: Any) -> Policy:
    """One rule that allows low, for a partner on iOS; `fields` override what is invented here."""
    values = {"rules": (RULE,), "switches": Switches({Platform.IOS: ("lookout",)})}
    return Policy(mode, **{**values, **fields})
