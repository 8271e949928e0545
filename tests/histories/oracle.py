"""What must come out of a history, said from the set of reports alone, as the promises have it.

Written from the design's words and not from the code: the newest opening of a threat counts where it is newer
than its own resolution and than the newest word that the whole device is secure; times after receipt do not
stand; a device's risk is the highest that is open on it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.level import Level
from shared.domain.model import Report
from shared.domain.record import Clears, DeviceStateRecord, Status, ThreatRecord

AHEAD = timedelta(minutes=10)


@dataclass
class AgentState:
    """What is open at one agent."""

    opened: dict[str, tuple[datetime, Level]] = field(default_factory=dict)
    resolved: dict[str, datetime] = field(default_factory=dict)
    cleared: datetime | None = None
    own: tuple[datetime, Level] | None = None

    def open(self) -> dict[str, Level]:
        """The threats that count, with their severity."""
        return {
            key: severity
            for key, (at, severity) in self.opened.items()
            if not (key in self.resolved and self.resolved[key] >= at)
            and not (self.cleared is not None and self.cleared >= at)
        }

    def level(self) -> Level:
        """The risk it brings to its device."""
        own = [self.own[1]] if self.own else []
        return max([Level.SECURED, *own, *self.open().values()], key=lambda level: level.rank)


def agents(reports: Iterable[Report]) -> dict[str, AgentState]:
    """Every agent there is a report of."""
    states: dict[str, AgentState] = defaultdict(AgentState)
    for report in reports:
        record, state = report.record, states[report.agent]
        if isinstance(record, ThreatRecord):
            _threat(state, record, report.received_at)
        elif isinstance(record, DeviceStateRecord):
            _state(state, record, report.received_at)
    return states


def _at(stated: datetime | None, received_at: datetime) -> datetime:
    return received_at if stated is None or stated > received_at + AHEAD else stated


def _threat(state: AgentState, record: ThreatRecord, received_at: datetime) -> None:
    key = record.threat_key
    if record.status is Status.RESOLVED:
        at = _at(record.resolved_at or record.detected_at, received_at)
        state.resolved[key] = max(at, state.resolved.get(key, at))
    elif record.status is Status.OPEN:
        at = _at(record.detected_at, received_at)
        seen = state.opened.get(key)
        if seen is None or (at, record.severity.rank) > (seen[0], seen[1].rank):
            state.opened[key] = (at, record.severity)


def _state(state: AgentState, record: DeviceStateRecord, received_at: datetime) -> None:
    at = _at(record.detected_at, received_at)
    if state.own is None or (at, record.severity.rank) > (state.own[0], state.own[1].rank):
        state.own = (at, record.severity)
    if record.clears is Clears.ALL:
        state.cleared = max(at, state.cleared or at)
