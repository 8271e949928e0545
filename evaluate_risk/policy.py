"""Risk against rules: whether a device is over the line, which rule says so, and why. Pure.

What counts is decided here, at decision time: every report is folded, but only the partners are looked at
that are enabled in the settings for the device's platform and not switched off there in Intune.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from evaluate_risk.risk import retires
from shared.level import Level, highest
from shared.model import (
    Assignment,
    Decision,
    Device,
    DeviceFacts,
    Finding,
    Rule,
    Slot,
    Verdict,
    digest,
)
from shared.record import Platform
from shared.settings import Mode
from shared.switches import Switches

TAG_PREFIX = "mtd-"
BLOCK_PREFIX = "mtd-block-"
OK_TAG = "mtd-ok"
NO_DATA_TAG = "mtd-block-nodata"
DECIDES = frozenset({Assignment.ALL_USERS, Assignment.ALL_DEVICES})


@dataclass(frozen=True)
class Policy:
    """Everything a decision depends on beside the device itself."""

    mode: Mode
    tag_all: bool = False
    """Whether devices that were never blocked are tagged `mtd-ok` too."""
    rules: tuple[Rule, ...] = ()
    switches: Switches = field(default_factory=Switches)

    @cached_property
    def version(self) -> str:
        """Changes whenever a decision or its tag could come out differently for a reason that lies here."""
        rules = sorted(
            (rule.model_dump(mode="json") for rule in self.rules), key=lambda rule: str(rule["id"])
        )
        return digest([self.mode, self.tag_all, rules, self.switches.state()])[:16]

    def strictest(self, facts: DeviceFacts) -> Rule | None:
        """The rule that decides for a device: of those that reach it, the one that allows least."""
        return min(
            self.reaching(facts),
            key=lambda rule: (rule.allowed.rank, rule.grace_hours, rule.id),
            default=None,
        )

    def reaching(self, facts: DeviceFacts) -> tuple[Rule, ...]:
        """The rules that hold for a device, by platform and assignment."""
        return tuple(r for r in self.rules if r.platform is facts.platform and r.assignment in DECIDES)

    def unresolved(self, facts: DeviceFacts) -> tuple[Rule, ...]:
        """Rules that might reach the device, once their assignment is looked up."""
        return tuple(
            r for r in self.rules if r.platform is facts.platform and r.assignment is Assignment.UNRESOLVED
        )


def decide(device: Device, policy: Policy, now: datetime) -> Decision:
    """The decision for `device` at `now`; its previous one only says since when it is over the line."""
    return _Case(device, policy, now).decision()


class _Case:
    """One device before its judge."""

    def __init__(self, device: Device, policy: Policy, now: datetime) -> None:
        self.policy = policy
        self.now = now
        self.before = device.decision
        self.facts = device.facts
        self.partners = policy.switches.counting(device.facts.platform)
        self.slots = _live(device.slots.values(), self.partners)
        self.rule = policy.strictest(device.facts)
        self.risk = highest(
            level for slot in self.slots for level in (*slot.levels.values(), slot.own) if level
        )
        self.findings = _gravest(self.slots)

    def decision(self) -> Decision:
        undecidable = self._undecidable()
        if undecidable:
            return self._decision(Verdict.UNDECIDED, [undecidable], tag=None)
        assert self.rule is not None  # noqa: S101 - _undecidable has said so
        if self.risk.rank > self.rule.allowed.rank:
            return self._over_the_line(self.rule)
        missing = self._missing()
        if missing:
            return self._decision(
                Verdict.BLOCK, self._missing_reasons(missing), tag=NO_DATA_TAG, missing=missing
            )
        return self._decision(Verdict.ALLOW, self._allowed_reasons(self.rule), tag=OK_TAG)

    def _undecidable(self) -> str | None:
        platform = self.facts.platform
        if platform is Platform.OTHER:
            return "no Mobile Threat Defense rule exists for this operating system"
        if self.policy.mode is Mode.OFF:
            return "the connector's mode is off"
        if self.rule is None:
            unresolved = self.policy.unresolved(self.facts)
            if unresolved:
                names = ", ".join(sorted(rule.name for rule in unresolved))
                return f"no rule decides: the assignment of {names} is unresolved"
            return f"no rule for {platform}: no compliance policy that reaches it asks for a threat level"
        if not self.policy.switches.enabled.get(platform):
            return f"no partner is enabled on {platform}"
        return None

    def _over_the_line(self, rule: Rule) -> Decision:
        since = self.before.over_since if self.before and self.before.over_since else self.now
        grace_end = since + timedelta(hours=self._grace_hours())
        reasons = [
            f"risk is {self.risk}, rule {rule.name!r} allows {rule.allowed}",
            *(_sentence(finding) for finding in self.findings if finding.severity.rank > rule.allowed.rank),
            *self._own_levels(rule),
        ]
        missing = self._missing()
        verdict, tag, due = Verdict.BLOCK, f"{BLOCK_PREFIX}{self.risk}", None
        if self.now < grace_end:
            reasons.append(f"the rule's grace period runs until {grace_end:%Y-%m-%d %H:%M} UTC")
            verdict, tag = (Verdict.BLOCK, NO_DATA_TAG) if missing else (Verdict.ALLOW, OK_TAG)
            due = grace_end
        reasons += self._missing_reasons(missing)
        return self._decision(verdict, reasons, tag=tag, missing=missing, over_since=since, next_due=due)

    def _grace_hours(self) -> float:
        """Each rule grants its own grace: a patient one does not shield from another that is broken too."""
        broken = [r for r in self.policy.reaching(self.facts) if self.risk.rank > r.allowed.rank]
        return min(rule.grace_hours for rule in broken)

    def _own_levels(self, rule: Rule) -> list[str]:
        return [
            f"{slot.partner} itself rates the device {slot.own}"
            for slot in self.slots
            if slot.own and slot.own.rank > rule.allowed.rank
        ]

    def _missing(self) -> tuple[str, ...]:
        """Partners that must have reported and have not: all of several, or one whose connector says so."""
        present = {slot.partner for slot in self.slots if slot.scanned}
        absent = tuple(partner for partner in self.partners if partner not in present)
        if len(self.partners) > 1:
            return absent
        return tuple(p for p in absent if self.policy.switches.insists(p, self.facts.platform))

    def _missing_reasons(self, missing: Sequence[str]) -> list[str]:
        why = (
            "every enabled partner must scan"
            if len(self.partners) > 1
            else "its connector blocks without data"
        )
        return [f"{partner} has not reported on this device: {why}" for partner in missing]

    def _allowed_reasons(self, rule: Rule) -> list[str]:
        if not self.partners:
            return [f"every partner enabled on {self.facts.platform} is switched off in Intune"]
        if not any(slot.scanned for slot in self.slots):
            return [f"{self.partners[0]} has not reported on this device, and its connector does not insist"]
        counted = [_sentence(finding) for finding in self.findings if finding.severity is not Level.SECURED]
        return [f"risk is {self.risk}, rule {rule.name!r} allows {rule.allowed}", *counted]

    def _decision(
        self,
        verdict: Verdict,
        reasons: list[str],
        *,
        tag: str | None,
        missing: tuple[str, ...] = (),
        over_since: datetime | None = None,
        next_due: datetime | None = None,
    ) -> Decision:
        return Decision(
            verdict=verdict,
            risk=self.risk,
            allowed=self.rule.allowed if self.rule else None,
            rule=self.rule.id if self.rule else None,
            rule_name=self.rule.name if self.rule else None,
            reasons=tuple(reasons),
            findings=self.findings,
            missing=missing,
            tag=tag,
            rules_version=self.policy.version,
            decided_at=self.now,
            over_since=over_since,
            next_due=next_due,
        )


def same(one: Decision | None, other: Decision) -> bool:
    """Whether two decisions differ in nothing but the moment they were taken."""
    if one is None:
        return False
    return one.model_dump(exclude={"decided_at"}) == other.model_dump(exclude={"decided_at"})


def _live(slots: Iterable[Slot], partners: Sequence[str]) -> tuple[Slot, ...]:
    """The slots that count, in the order of agents: of a counting partner, and not gone or superseded."""
    here = [slot for slot in slots if slot.partner in partners and not (slot.moved or slot.withdrawn)]
    here.sort(key=lambda slot: slot.agent)
    return tuple(slot for slot in here if not any(retires(newer, slot) for newer in here))


def _gravest(slots: Iterable[Slot]) -> tuple[Finding, ...]:
    findings = [finding for slot in slots for finding in slot.findings]
    findings.sort(key=lambda finding: (-finding.severity.rank, finding.at, finding.key))
    return tuple(findings[:20])


def _sentence(finding: Finding) -> str:
    what = finding.name or finding.threat_type
    since = f"{finding.at:%Y-%m-%d %H:%M:%S} UTC"
    kind = f"{finding.severity} {finding.category} threat"
    return f"{kind} {what!r} ({finding.threat_type}), open since {since}"
