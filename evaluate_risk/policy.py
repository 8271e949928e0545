"""Risk against rules: whether a device is over the line, which rule says so, and why. Pure.

What counts is decided here, at decision time: every report is folded, but only the partners are looked at
that are enabled in the settings for the device's platform and not switched off there in Intune.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from evaluate_risk.assignment import Applies, applies
from evaluate_risk.counting import Counted, counted, sentence
from evaluate_risk.grace import Grace, for_missing_data
from evaluate_risk.presence import Presence
from shared.domain.canary_run import AGENT
from shared.domain.follow_up import FollowUp
from shared.domain.heartbeats import Heartbeats
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Decision, Device, DeviceFacts, Finding, Verdict, digest
from shared.domain.moment import in_words
from shared.domain.os_version import older
from shared.domain.record import PLATFORMS, Platform
from shared.domain.rule import Rule
from shared.domain.switches import Switches
from shared.domain.tag import NO_DATA_TAG, OK_TAG, RULE_TAG, block_tag


@dataclass(frozen=True)
class Policy:
    """Everything a decision depends on beside the device itself."""

    mode: Mode
    tag_all: bool = False
    """Whether devices that were never blocked are tagged `mtd-ok` too."""
    rules: tuple[Rule, ...] = ()
    switches: Switches = field(default_factory=Switches)
    heartbeats: Heartbeats = field(default_factory=Heartbeats)
    enrollment_grace: timedelta = timedelta()
    """How long after its enrollment a device is let in without data."""
    canary: tuple[str, str] = ("", "")
    """The canary's device and its user, by their Entra ids; empty where there is none."""
    follow_ups: frozenset[FollowUp] = frozenset()
    """What may be done once a tag is applied: no decision depends on it."""

    @cached_property
    def version(self) -> str:
        """Changes whenever a decision or its tag could come out differently for a reason that lies here."""
        rules = sorted(
            (rule.model_dump(mode="json") for rule in self.rules), key=lambda rule: str(rule["id"])
        )
        parts = [
            *(self.mode, self.tag_all, rules, self.switches.state(), self.heartbeats.state()),
            self.enrollment_grace.total_seconds(),
            *self.canary,
        ]
        return digest(parts)[:16]

    def without_canarys(self, device: Device) -> Device:
        """`device` without the agent that a canary's reports invent, unless it is the canary: once the phone
        is somebody's, that agent neither keeps it out nor speaks for it."""
        if (device.id, (device.facts.user_id or "").lower()) == self.canary:
            return device
        slots = {id_: slot for id_, slot in device.slots.items() if not slot.agent.endswith(f":{AGENT}")}
        return device.model_copy(update={"slots": slots})

    def rules_for(self, facts: DeviceFacts) -> tuple[Rule, ...]:
        """The rules that hold for a device."""
        return tuple(rule for rule in self.rules if applies(rule, facts) is Applies.YES)

    def unresolved_rules_for(self, facts: DeviceFacts) -> tuple[Rule, ...]:
        """Rules that might reach the device: somebody their assignment names could not be looked up."""
        return tuple(rule for rule in self.rules if applies(rule, facts) is Applies.UNKNOWN)


def decide(device: Device, policy: Policy, now: datetime) -> Decision:
    """The decision for `device` at `now`; its previous one only says since when it is over the line."""
    return _Case(device, policy, now).decision()


class _Case:
    """One device before its judge."""

    def __init__(self, device: Device, policy: Policy, now: datetime) -> None:
        self.device = device
        self.policy = policy
        self.now = now
        self.before = device.decision
        self.facts = device.facts
        self.switched_on = policy.switches.counting(device.facts.platform)
        self.counted = self._counted(device)
        self.rules = policy.rules_for(device.facts)
        self.presence = Presence(self.counted, policy.switches, device.facts.platform, self.rules)

    def decision(self) -> Decision:
        undecidable = self._undecidable()
        if undecidable:
            return self._decision(Verdict.UNDECIDED, [undecidable], tag=None, over_since=self._since_before())
        broken = [rule for rule in self.rules if self._is_over(rule)]
        if broken:
            decision = self._over_the_line(broken)
        else:
            for_all_categories = [rule for rule in self.rules if rule.category is None]
            decision = self._within_the_line(self._strictest(for_all_categories or self.rules))
        return self._doubted(decision) if decision.verdict is Verdict.ALLOW else decision

    def _counted(self, device: Device) -> Counted:
        policy = self.policy
        present = policy.switches.event_only_present
        counting = policy.without_canarys(device)
        return counted(counting, self.switched_on, policy.heartbeats, self.now, present)

    def _is_over(self, rule: Rule) -> bool:
        return _exceeds(self.counted, rule)

    def _is_over_but_for_the_override(self) -> bool:
        if not self.counted.overridden:
            return False
        device = self.device.model_copy(update={"override": None})
        bare = self._counted(device)
        return any(_exceeds(bare, rule) for rule in self.rules)

    def _undecidable(self) -> str | None:
        platform = self.facts.platform
        if self.device.gone_at is not None:
            return f"Intune has had no such device since {in_words(self.device.gone_at)}"
        if self.device.replaced_by is not None:
            return f"Intune's record belongs to device {self.device.replaced_by} now"
        if platform is Platform.OTHER:
            return "no Mobile Threat Defense rule exists for this operating system"
        if self.policy.mode is Mode.OFF:
            return "the connector's mode is off"
        if not self.rules:
            return self._without_rule()
        if not self.policy.switches.enabled.get(platform):
            return f"no partner is enabled on {platform}"
        return None

    def _doubted(self, allowed: Decision) -> Decision:
        """`allowed`, unless a rule that may reach the device would refuse it: nobody is let in because a
        group could not be looked up, and the tag stays as it is."""
        unresolved = self.policy.unresolved_rules_for(self.facts)
        broken = sorted(rule.name for rule in unresolved if self._is_over(rule))
        impatient = sorted(rule.name for rule in unresolved if self._wants_data_now(rule))
        if broken:
            doubt = f"it is over the line of {', '.join(broken)}, whose assignment is unresolved"
        elif impatient:
            doubt = f"{', '.join(impatient)} may want data at once, and its assignment is unresolved"
        else:
            return allowed
        return allowed.model_copy(
            update={
                "verdict": Verdict.UNDECIDED,
                "reasons": (doubt, *allowed.reasons),
                "tag": None,
                "grace_until": None,
                "over_since": allowed.over_since or self._since_before(),
            }
        )

    def _wants_data_now(self, rule: Rule) -> bool:
        """Whether data are missing and `rule`, by itself, would not let the device in without them."""
        return bool(self.presence.missing) and self.now >= self._grace_for_missing_data([rule]).until

    def _since_before(self) -> datetime | None:
        """Since when the device was over the line as last decided: being undecided or overridden for a while
        is no end of it, or a grace period would begin anew and let in who was refused."""
        is_clean = self.counted.risk is Level.SECURED and not self.counted.overridden
        return self.before.over_since if self.before and not is_clean else None

    def _without_rule(self) -> str:
        unresolved = self.policy.unresolved_rules_for(self.facts)
        if unresolved:
            names = ", ".join(sorted(rule.name for rule in unresolved))
            return f"no rule decides: the assignment of {names} is unresolved"
        if self.facts.user_id is None:
            return "no rule for a device without a user: policies for users do not reach it, a local rule may"
        return (
            f"no rule for {self.facts.platform}: no compliance policy that reaches it asks for a threat level"
        )

    def _over_the_line(self, broken: Sequence[Rule]) -> Decision:
        rule = self._strictest(broken)
        since = self.before.over_since if self.before and self.before.over_since else self.now
        # Each rule grants its own grace: a patient one does not shield from another that is broken too.
        grace_end = since + timedelta(hours=min(rule.grace_hours for rule in broken))
        reasons = [
            self._comparison(rule),
            *(sentence(finding) for finding in self.counted.findings if _speaks(finding, rule)),
            *self.counted.own_levels(rule),
            *self.counted.moved,
            *self.counted.overridden,
        ]
        absent = self._absent()
        verdict, tag, due = Verdict.BLOCK, block_tag(self.counted.risk), None
        if self.now < grace_end:
            reasons.append(f"the rule's grace period runs until {in_words(grace_end)}")
            verdict, tag, due = Verdict.ALLOW, OK_TAG, grace_end
            if absent.tag:
                verdict, tag = Verdict.BLOCK, absent.tag
        reasons += absent.reasons
        return self._decision(
            verdict, reasons, rule=rule, tag=tag, absent=absent, over_since=since, grace_end=due
        )

    def _within_the_line(self, rule: Rule) -> Decision:
        absent = self._absent()
        since = self._since_before() if self._is_over_but_for_the_override() else None
        verdict, tag, reasons = Verdict.BLOCK, absent.tag, absent.reasons
        if tag is None:
            verdict, tag, reasons = Verdict.ALLOW, OK_TAG, [*absent.reasons, *self._allowed_reasons(rule)]
        return self._decision(verdict, reasons, rule=rule, tag=tag, absent=absent, over_since=since)

    def _comparison(self, rule: Rule) -> str:
        what = f"{rule.category} risk" if rule.category else "risk"
        return f"{what} is {self.counted.level(rule.category)}, rule {rule.name!r} allows {rule.allowed}"

    @staticmethod
    def _strictest(rules: Sequence[Rule]) -> Rule:
        """The rule that decides: it allows least; among equals, one for every category, then less grace."""
        return min(rules, key=lambda r: (r.allowed.rank, r.category is not None, r.grace_hours, r.id))

    def _absent(self) -> "_Absent":
        """Who must have spoken for the device and has not, or no longer does; and an unsupported system."""
        missing, silences, silent = self.presence.missing, self.counted.silences, self.counted.silent
        if self.presence.one_is_enough and self.counted.present & self.counted.speaking:
            silences, silent = (), ()
        since = (self._missing_since_before() or self.now) if missing else None
        grace = self._grace_for_missing_data(self.rules) if missing else None
        if grace is not None and self.now >= grace.until:
            grace = None
        granted = [f"{grace.why} for missing data runs until {in_words(grace.until)}"] if grace else []
        reasons = [*silences, *granted, *self.presence.missing_in_words]
        tag = NO_DATA_TAG if silences or (missing and grace is None) else None
        too_old = self._unsupported()
        if too_old:
            reasons, tag = [too_old, *reasons], tag or RULE_TAG
        return _Absent(missing, since, grace.until if grace else None, silent, reasons, tag)

    def _grace_for_missing_data(self, rules: Sequence[Rule]) -> Grace:
        since = self._missing_since_before() or self.now
        enrolled_at, granted = self.facts.enrolled_at, self.policy.enrollment_grace
        return for_missing_data(rules, since, enrolled_at, granted, self.now)

    def _missing_since_before(self) -> datetime | None:
        """Since when data were missing as last decided, while they still are: a time in which nothing was
        decided is no end of it."""
        return self.before.missing_since if self.before and self.presence.missing else None

    def _unsupported(self) -> str | None:
        """Where a partner's connector blocks systems the partner does not support, and this is one."""
        version, platform = self.facts.os_version, self.facts.platform
        for partner in self.counted.partners:
            least = self.policy.switches.oldest_supported(partner, platform)
            if least and version and older(version, least):
                return f"{platform} {version} is older than {least}, the oldest {partner} supports"
        return None

    def _allowed_reasons(self, rule: Rule) -> list[str]:
        if not self.counted.partners:
            return [self._nobody_counts(), *self.counted.ignored]
        excused = self.presence.excused_in_words
        if not self.counted.present:
            return [*excused, *self.counted.ignored]
        seen = [sentence(f) for f in self.counted.findings if f.severity is not Level.SECURED]
        return [
            self._comparison(rule),
            *self.counted.overridden,
            *seen,
            *self.counted.moved,
            *self.counted.by_setting_alone,
            *excused,
            *self.counted.ignored,
        ]

    def _nobody_counts(self) -> str:
        if self.policy.switches.counting(self.facts.platform):
            return f"every partner enabled on {self.facts.platform} is silent, and silence is ignored"
        return f"every partner enabled on {self.facts.platform} is switched off in Intune"

    def _decision(
        self,
        verdict: Verdict,
        reasons: list[str],
        *,
        tag: str | None,
        rule: Rule | None = None,
        absent: "_Absent | None" = None,
        over_since: datetime | None = None,
        grace_end: datetime | None = None,
    ) -> Decision:
        lacking = absent.grace_end if absent else None
        ends = [end for end in (grace_end, lacking) if end]
        return Decision(
            verdict=verdict,
            risk=self.counted.risk,
            allowed=rule.allowed if rule else None,
            rule=rule.id if rule else None,
            rule_name=rule.name if rule else None,
            reasons=(*reasons, *(self.counted.aside if self.facts.platform in PLATFORMS else ())),
            findings=self.counted.findings,
            missing=absent.missing if absent else (),
            silent=absent.silent if absent else (),
            tag=tag,
            rules_version=self.policy.version,
            decided_at=self.now,
            over_since=over_since,
            missing_since=absent.since if absent else self._missing_since_before(),
            grace_until=min(ends, default=None) if verdict is Verdict.ALLOW else None,
            next_due=min(filter(None, (*ends, self.counted.due)), default=None),
        )


@dataclass(frozen=True)
class _Absent:
    """Who is absent, why that matters, and the tag that follows; None where nothing does."""

    missing: tuple[str, ...]
    since: datetime | None
    grace_end: datetime | None
    """Until when what is missing is overlooked; None where nothing is, or it is not."""
    silent: tuple[str, ...]
    reasons: list[str]
    tag: str | None


def same(one: Decision | None, other: Decision) -> bool:
    """Whether two decisions differ in nothing but the moment they were taken."""
    if one is None:
        return False
    return one.model_dump(exclude={"decided_at"}) == other.model_dump(exclude={"decided_at"})


def _exceeds(counted: Counted, rule: Rule) -> bool:
    return counted.level(rule.category).rank > rule.allowed.rank


def _speaks(finding: Finding, rule: Rule) -> bool:
    """Whether a finding is over what the rule allows, in the category it looks at."""
    return finding.severity.rank > rule.allowed.rank and rule.category in {None, finding.category}
