"""From reports to an agent's open threats. Pure.

Folding keeps, per threat, the newest detection and the newest resolution, and per agent the newest snapshot
and the newest moment everything was declared clean. Each of these is a maximum, so the order and the number
of reports never matter. A threat is open while its last detection is newer than its own resolution and than
the watermark over it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from evaluate_risk.bounds import MAX_BYTES, cleared, fitted
from shared.domain.model import (
    Agent,
    DeadLetterKind,
    Detection,
    Known,
    Mark,
    Report,
    Snapshot,
    Threat,
    id_part,
)
from shared.domain.moment import in_words
from shared.domain.record import (
    Clears,
    DeviceStateRecord,
    Status,
    ThreatRecord,
)

FUTURE_TOLERANCE = timedelta(minutes=10)
"""How far after receipt a partner's time may lie before the time of receipt stands instead."""
KEPT_WORDS = 100
"""Characters of a threat's type and name kept in the agent, for that reason; the report has them whole."""
MAX_ALIASES = 20
"""Aliases kept of one threat."""
COMPLIANCE = "compliance"
"""vendor_category of the findings a compliance snapshot clears."""

M = TypeVar("M", bound=Mark)


@dataclass(frozen=True)
class RejectedReport:
    """A report the fold could not apply, and why."""

    report: Report
    kind: DeadLetterKind
    reason: str


@dataclass(frozen=True)
class Folded:
    """An agent after its reports, and those that could not be applied."""

    agent: Agent
    rejected: tuple[RejectedReport, ...] = ()


def new_agent(report: Report, partner_device_id: str) -> Agent:
    """The agent a first report makes, before that report is folded in."""
    return Agent(
        id=report.agent,
        partner=report.record.partner,
        partner_device_id=partner_device_id,
        first_received_at=report.received_at,
        last_received_at=report.received_at,
    )


def event_time(report: Report) -> tuple[datetime, bool]:
    """When the report's event happened, and whether the partner's own time could not stand.

    A missing time is the time of receipt; one more than 10 minutes after receipt is clamped to it.
    """
    stated = report.record.event_at
    if stated is None:
        return report.received_at, False
    if stated > report.received_at + FUTURE_TOLERANCE:
        return report.received_at, True
    return stated, False


def fold(agent: Agent, reports: Iterable[Report], now: datetime, max_bytes: int = MAX_BYTES) -> Folded:
    """`agent` after `reports`, in whatever order they come; the link and the revision are left alone.

    At most `max_bytes` of it are kept.
    """
    state = _Fold(agent)
    for report in reports:
        state.apply(report)
    return state.finish(now, max_bytes)


class _Fold:
    """An agent while reports are poured into it."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.threats = dict(agent.threats)
        self.cleared_all = agent.cleared_all
        self.cleared_compliance = agent.cleared_compliance
        self.snapshot = agent.snapshot
        self.scanned = agent.scanned
        self.identity = {
            name: getattr(agent, name) for name in ("mdm_device_id", "serial", "udid", "platform")
        }
        self.first = agent.first_received_at
        self.last = agent.last_received_at
        self.rejected: list[RejectedReport] = []

    def apply(self, report: Report) -> None:
        at, clamped = event_time(report)
        record = report.record
        if isinstance(record, ThreatRecord):
            key = id_part(record.threat_key)
            floor = self._floor_above(key, at)
            if floor is not None:
                reason = f"happened before {in_words(floor)}, older than what is still remembered"
                self.rejected.append(RejectedReport(report, DeadLetterKind.TOO_LATE, reason))
                return
            self._threat(key, record, report, at, clamped)
        elif isinstance(record, DeviceStateRecord):
            self._state(record, _mark(report, at))
            self._scan(record, report, at)
        for name in self.identity:
            value = getattr(record, name)
            if value is not None:
                known = Known(**dict(_mark(report, at)), value=str(value))
                self.identity[name] = _newest(self.identity[name], known)
        self.first = min(filter(None, (self.first, report.received_at)))
        self.last = max(filter(None, (self.last, report.received_at)))

    def _floor_above(self, key: str, at: datetime) -> datetime | None:
        """The floor that an event of a threat nobody remembers lies below: it comes too late."""
        floor = self.agent.floor
        return floor if floor is not None and at < floor and key not in self.threats else None

    def _threat(self, key: str, record: ThreatRecord, report: Report, at: datetime, clamped: bool) -> None:
        if record.status is Status.UNKNOWN:
            return
        self._scan(record, report, at)
        if record.prevented:
            return
        alias = record.alias and id_part(record.alias)
        if record.status is Status.RESOLVED:
            for each in filter(None, (key, alias)):
                self._resolve(each, _mark(report, at))
            return
        threat = self.threats.get(key, Threat())
        detection = Detection(
            **dict(_mark(report, at)),
            severity=record.severity,
            category=record.category,
            threat_type=record.threat_type[:KEPT_WORDS],
            name=record.threat_name and record.threat_name[:KEPT_WORDS],
            compliance=record.vendor_category == COMPLIANCE,
            clamped=clamped,
        )
        known: dict[str, object] = {"detection": _newest_detection(threat.detection, detection)}
        if alias:
            known["aliases"] = _with_alias(threat.aliases, alias, _mark(report, at))
        self.threats[key] = threat.model_copy(update=known)

    def _scan(self, record: ThreatRecord | DeviceStateRecord, report: Report, at: datetime) -> None:
        if record.scanned:
            self.scanned = _newest(self.scanned, _mark(report, at))

    def _state(self, record: DeviceStateRecord, mark: Mark) -> None:
        if record.clears is not Clears.COMPLIANCE:  # that is a word on some findings, not on the device
            snapshot = Snapshot(**dict(mark), severity=record.severity, levels=record.levels or {})
            self.snapshot = max(
                filter(None, (self.snapshot, snapshot)), key=lambda s: (s.at, s.severity.rank, s.report)
            )
        # What the phone found after its last contact is not in the partner's word yet.
        cleared = mark.model_copy(update={"at": min(mark.at, record.clears_until or mark.at)})
        if record.clears is Clears.ALL:
            self.cleared_all = _newest(self.cleared_all, cleared)
        elif record.clears is Clears.COMPLIANCE:
            self.cleared_compliance = _newest(self.cleared_compliance, cleared)
        for key in map(id_part, record.closed_keys):
            if self._floor_above(key, mark.at) is None:  # or what it closed could open again
                self._resolve(key, mark)

    def _resolve(self, key: str, mark: Mark) -> None:
        threat = self.threats.get(key, Threat())
        self.threats[key] = threat.model_copy(update={"resolved": _newest(threat.resolved, mark)})

    def finish(self, now: datetime, max_bytes: int) -> Folded:
        settled = {key: self._settle(threat) for key, threat in self.threats.items()}
        settled = {key: threat for key, threat in settled.items() if not threat.is_forgotten}
        unlisted = cleared(self.agent.unlisted, self.cleared_all)
        kept, unlisted, floor = fitted(settled, unlisted, self.agent.floor, now, max_bytes)
        agent = self.agent.model_copy(
            update={
                "threats": dict(sorted(kept.items())),
                "unlisted": unlisted,
                "cleared_all": self.cleared_all,
                "cleared_compliance": self.cleared_compliance,
                "snapshot": self.snapshot,
                "scanned": self.scanned,
                **self.identity,
                "first_received_at": self.first,
                "last_received_at": self.last,
                "floor": floor,
            }
        )
        return Folded(agent, tuple(self.rejected))

    def _settle(self, threat: Threat) -> Threat:
        """The threat without what can never count again; itself where it has nothing of the kind, as nearly
        all of an agent's when one more is reported."""
        detection, resolved = threat.detection, self._resolved(threat)
        if threat.covered:
            detection = _newest_detection(detection, threat.covered)
        if resolved and self.cleared_all and resolved.at <= self.cleared_all.at:
            resolved = None
        if detection and _closes(self.cleared_all, detection):
            detection = None
        if detection and _closes(resolved, detection):
            detection = None
        covered = None
        if detection and detection.compliance and _closes(self.cleared_compliance, detection):
            detection, covered = None, detection
        if detection is threat.detection and covered is threat.covered and resolved is threat.resolved:
            return threat
        return Threat(detection=detection, covered=covered, resolved=resolved, aliases=threat.aliases)

    def _resolved(self, threat: Threat) -> Mark | None:
        """The threat's newest resolution, under its own key or an alias."""
        resolved = threat.resolved
        for alias in threat.aliases:
            other = self.threats.get(alias)
            if other and other.resolved:
                resolved = _newest(resolved, other.resolved)
        return resolved


def _mark(report: Report, at: datetime) -> Mark:
    return Mark(at=at, report=report.id, received_at=report.received_at)


def _closes(closer: Mark | None, detection: Detection) -> bool:
    """Whether `closer` is as new as the detection: at the same moment, resolved wins."""
    return closer is not None and closer.at >= detection.at


def _newest(one: M | None, other: M) -> M:
    return max(filter(None, (one, other)), key=lambda mark: (mark.at, mark.report))


def _newest_detection(one: Detection | None, other: Detection) -> Detection:
    return max(filter(None, (one, other)), key=lambda mark: (mark.at, mark.severity.rank, mark.report))


def _with_alias(aliases: Mapping[str, Mark], alias: str, mark: Mark) -> dict[str, Mark]:
    """`aliases` with one more; of too many the newest, so that what is kept does not depend on any order."""
    named = {**aliases, alias: _newest(aliases.get(alias), mark)}
    newest = sorted(named, key=lambda each: (named[each].at, each), reverse=True)[:MAX_ALIASES]
    return {each: named[each] for each in sorted(newest)}
