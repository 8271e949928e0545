"""What must come out of a history, said from the set of reports and of admins' words alone.

Written from the design's words and not from the code: the newest opening of a threat counts where it is newer
than its own resolution and than the newest word that the whole device is secure; times after receipt do not
stand; a device's risk is the highest that is open on it; a rule allows up to a level; an agent is where an
admin put it, else where its newest word about itself says.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.level import Level
from shared.domain.model import Report
from shared.domain.record import Clears, DeviceStateRecord, Status, ThreatRecord

AHEAD = timedelta(minutes=10)
RANK = {Level.SECURED: 0, Level.LOW: 1, Level.MEDIUM: 2, Level.HIGH: 3}


@dataclass
class AgentState:
    """What is known of one agent."""

    partner: str
    opened: dict[str, tuple[datetime, Level]] = field(default_factory=dict)
    resolved: dict[str, datetime] = field(default_factory=dict)
    cleared: datetime | None = None
    own: tuple[datetime, Level] | None = None
    named: dict[datetime, set[str]] = field(default_factory=dict)
    """Intune's ids it named itself by, by when it did."""

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
        return highest(*own, *self.open().values())

    def names(self) -> str | None:
        """The one id it named itself by last; None where there is none, or where two came at once."""
        last = self.named[max(self.named)] if self.named else set()
        return next(iter(last)) if len(last) == 1 else None


def highest(*levels: Level) -> Level:
    """The highest of some levels."""
    return max((Level.SECURED, *levels), key=RANK.__getitem__)


def blocks(risk: Level, allowed: Level) -> bool:
    """Whether a risk is over what a rule allows."""
    return RANK[risk] > RANK[allowed]


def agents(reports: Iterable[Report]) -> dict[str, AgentState]:
    """Every agent there is a report of."""
    states: dict[str, AgentState] = {}
    for report in reports:
        record = report.record
        if not isinstance(record, ThreatRecord | DeviceStateRecord):
            continue
        state = states.setdefault(report.agent, AgentState(record.partner))
        if record.mdm_device_id:
            at = _happened(record, report.received_at)
            state.named.setdefault(at, set()).add(record.mdm_device_id)
        if isinstance(record, ThreatRecord):
            _threat(state, record, report.received_at)
        else:
            _state(state, record, report.received_at)
    return states


def _happened(record: ThreatRecord | DeviceStateRecord, received_at: datetime) -> datetime:
    """When what is reported happened: a threat's end, where that is reported."""
    if isinstance(record, ThreatRecord) and record.status is Status.RESOLVED:
        return _at(record.resolved_at or record.detected_at, received_at)
    return _at(record.detected_at, received_at)


def _at(stated: datetime | None, received_at: datetime) -> datetime:
    return received_at if stated is None or stated > received_at + AHEAD else stated


def _threat(state: AgentState, record: ThreatRecord, received_at: datetime) -> None:
    key, at = record.threat_key, _happened(record, received_at)
    if record.status is Status.RESOLVED:
        state.resolved[key] = max(at, state.resolved.get(key, at))
    elif record.status is Status.OPEN:
        seen = state.opened.get(key)
        if seen is None or (at, RANK[record.severity]) > (seen[0], RANK[seen[1]]):
            state.opened[key] = (at, record.severity)


def _state(state: AgentState, record: DeviceStateRecord, received_at: datetime) -> None:
    at = _happened(record, received_at)
    if state.own is None or (at, RANK[record.severity]) > (state.own[0], RANK[state.own[1]]):
        state.own = (at, record.severity)
    if record.clears is Clears.ALL:
        until = min(at, record.clears_until or at)
        state.cleared = max(until, state.cleared or until)


def by_device(places: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Agents by the device each is on."""
    found: dict[str, list[str]] = defaultdict(list)
    for agent, device in places:
        found[device].append(agent)
    return found
