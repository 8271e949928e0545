"""What must come out of a history, said from the set of reports and of admins' words alone.

Written from the design's words and not from the code: the newest opening of a threat counts where it is newer
than its own resolution and than the newest word that the whole device is secure; times after receipt do not
stand; a device's risk is the highest that is open on it; a rule allows up to a level; an agent is where an
admin put it, else where its newest word about itself says.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from shared.domain.level import Level
from shared.domain.model import Report
from shared.domain.record import Clears, DeviceStateRecord, Status, ThreatRecord

AHEAD = timedelta(minutes=10)
RANK = {Level.SECURED: 0, Level.LOW: 1, Level.MEDIUM: 2, Level.HIGH: 3}


@dataclass(frozen=True)
class Word:
    """How grave something is, by the newest reports of it: of the same moment the gravest."""

    at: datetime
    level: Level
    reports: frozenset[str]

    def and_later(self, other: "Word | None") -> "Word":
        """What counts of two."""
        if other is None or (self.at, RANK[self.level]) > (other.at, RANK[other.level]):
            return self
        same = (self.at, self.level) == (other.at, other.level)
        return replace(other, reports=other.reports | self.reports) if same else other


@dataclass
class AgentState:
    """What is known of one agent."""

    partner: str
    opened: dict[str, "Word"] = field(default_factory=dict)
    resolved: dict[str, datetime] = field(default_factory=dict)
    cleared: datetime | None = None
    own: "Word | None" = None
    named: dict[datetime, set[str]] = field(default_factory=dict)
    """Intune's ids it named itself by, by when it did."""
    first: datetime = datetime(9999, 1, 1, tzinfo=UTC)
    """When the first report of it was received."""

    def open(self) -> dict[str, Level]:
        """The threats that count, with their severity."""
        return {key: word.level for key, word in self.opened.items() if self._is_open(key, word.at)}

    def level(self, covered: frozenset[str] = frozenset(), *, also_in_part: bool = False) -> Level:
        """The risk it brings to its device, but for what the reports of an override say.

        What an override covers is what was open when it was given. Of the same moment something may be said
        once more, later: whether that is covered too (`also_in_part`) no promise says.
        """
        own = [self.own] if self.own else []
        words = own + [word for key, word in self.opened.items() if self._is_open(key, word.at)]
        left = [w for w in words if not w.reports & covered] if also_in_part else words
        return highest(*(word.level for word in left if not word.reports <= covered))

    def _is_open(self, key: str, at: datetime) -> bool:
        resolved = key in self.resolved and self.resolved[key] >= at
        return not resolved and not (self.cleared is not None and self.cleared >= at)

    def retires(self, other: "AgentState") -> bool:
        """Whether it supersedes an agent of its partner's on its device: it reported first after the other
        did, and calls the device clean later than whatever speaks against the other."""
        against = [word.at for key, word in other.opened.items() if other._is_open(key, word.at)]
        against += [other.own.at] if other.own and other.own.level is not Level.SECURED else []
        later = self.cleared is not None and bool(against) and self.cleared > max(against)
        return self.partner == other.partner and self.first > other.first and later

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


def lack_data(counting: set[str], reported: set[str], allowed: Level) -> bool:
    """Whether a device is refused for want of data: where more partners than one count each must have scanned
    it, unless the rule refuses nothing."""
    return len(counting) > 1 and allowed is not Level.HIGH and not counting <= reported


def agents(reports: Iterable[Report]) -> dict[str, AgentState]:
    """Every agent there is a report of."""
    states: dict[str, AgentState] = {}
    for report in reports:
        record = report.record
        if not isinstance(record, ThreatRecord | DeviceStateRecord):
            continue
        state = states.setdefault(report.agent, AgentState(record.partner))
        state.first = min(state.first, report.received_at)
        if record.mdm_device_id:
            at = _happened(record, report.received_at)
            state.named.setdefault(at, set()).add(record.mdm_device_id)
        if isinstance(record, ThreatRecord):
            _threat(state, record, report)
        else:
            _state(state, record, report)
    return states


def _happened(record: ThreatRecord | DeviceStateRecord, received_at: datetime) -> datetime:
    """When what is reported happened: a threat's end, where that is reported."""
    if isinstance(record, ThreatRecord) and record.status is Status.RESOLVED:
        return _at(record.resolved_at or record.detected_at, received_at)
    return _at(record.detected_at, received_at)


def _at(stated: datetime | None, received_at: datetime) -> datetime:
    return received_at if stated is None or stated > received_at + AHEAD else stated


def _threat(state: AgentState, record: ThreatRecord, report: Report) -> None:
    key, at = record.threat_key, _happened(record, report.received_at)
    if record.status is Status.RESOLVED:
        state.resolved[key] = max(at, state.resolved.get(key, at))
    elif record.status is Status.OPEN:
        word = Word(at, record.severity, frozenset({report.id}))
        state.opened[key] = word.and_later(state.opened.get(key))


def _state(state: AgentState, record: DeviceStateRecord, report: Report) -> None:
    at = _happened(record, report.received_at)
    state.own = Word(at, record.severity, frozenset({report.id})).and_later(state.own)
    if record.clears is Clears.ALL:
        until = min(at, record.clears_until or at)
        state.cleared = max(until, state.cleared or until)


def by_device(places: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Agents by the device each is on."""
    found: dict[str, list[str]] = defaultdict(list)
    for agent, device in places:
        found[device].append(agent)
    return found
