"""What counts of a device's slots: which partners' agents, without what an admin has overridden. Pure.

An agent that has moved to another device is not present any more, and what it had found stays open: nobody is
let in because an agent left. It holds nobody else's word back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from evaluate_risk.slots import MAX_FINDINGS, against, retires
from shared.domain.heartbeats import Heartbeats
from shared.domain.level import Level, highest
from shared.domain.model import Device, Finding, Override, Slot
from shared.domain.moment import in_words
from shared.domain.on_silence import OnSilence
from shared.domain.record import Category
from shared.domain.rule import Rule


@dataclass(frozen=True)
class Counted:
    """The slots that speak for or against a device, and what is left out and why."""

    partners: tuple[str, ...]
    """Partners whose word counts here, in the order of the settings."""
    slots: tuple[Slot, ...]
    silences: tuple[str, ...] = ()
    """Sentences about silence that blocks the device."""
    ignored: tuple[str, ...] = ()
    """Sentences about silence for which somebody does not count; only where silence is ignored."""
    silent: tuple[str, ...] = ()
    """The partners those first sentences are about."""
    speaking: frozenset[str] = frozenset()
    """Partners with an agent on the device that is not silent."""
    aside: tuple[str, ...] = ()
    """Sentences about what partners have open here that do not count: it is shown and decides nothing."""
    overridden: tuple[str, ...] = ()
    taken_for_present: frozenset[str] = frozenset()
    """Partners whose linked agents are present before they have scanned, because a setting says so."""
    due: datetime | None = None
    """When time alone changes what counts: an override ends, an agent has been silent for too long."""

    @property
    def risk(self) -> Level:
        """The highest level of any open threat, or of a partner's own for the whole device."""
        return highest(level for slot in self.slots for level in (*slot.levels.values(), slot.own) if level)

    def level(self, category: Category | None) -> Level:
        """The risk in one category, or in all. A partner's own level of no category is in none."""
        if category is None:
            return self.risk
        return highest(
            levels[category]
            for slot in self.slots
            for levels in (slot.levels, slot.own_levels)
            if category in levels
        )

    @property
    def present(self) -> frozenset[str]:
        """The partners whose agent is on the device still, and has scanned it or is taken for present."""
        linked = {slot.partner for slot in self.slots if not slot.moved}
        return frozenset(self._scanned | (linked & self.taken_for_present))

    @property
    def by_setting_alone(self) -> tuple[str, ...]:
        """Sentences about partners that are present by a setting alone."""
        return tuple(
            f"{partner} reports threats alone, and its agent none yet: by a setting it is taken for present"
            for partner in self.partners
            if partner in self.present - self._scanned
        )

    @property
    def _scanned(self) -> set[str]:
        return {slot.partner for slot in self.slots if slot.scanned and not slot.moved}

    @property
    def moved(self) -> tuple[str, ...]:
        """Sentences about agents that have left threats open here."""
        return tuple(
            f"{slot.partner}'s agent has moved to another device, and what it had found here stays open"
            for slot in self.slots
            if slot.moved and against(slot)
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The gravest open threats."""
        findings = [finding for slot in self.slots for finding in slot.findings]
        findings.sort(key=lambda finding: (-finding.severity.rank, finding.at, finding.key))
        return tuple(findings[:MAX_FINDINGS])

    def own_levels(self, rule: Rule) -> list[str]:
        """The partners that rate the device itself above what the rule allows, in words."""
        if rule.category is not None:
            return []
        return [
            f"{slot.partner} itself rates the device {slot.own}"
            for slot in self.slots
            if slot.own and slot.own.rank > rule.allowed.rank
        ]


def counted(
    device: Device,
    switched_on: Sequence[str],
    heartbeats: Heartbeats,
    now: datetime,
    taken_for_present: frozenset[str] = frozenset(),
) -> Counted:
    """What counts for `device` of the partners that are switched on."""
    live = _live(device.slots.values(), switched_on)
    quiet = [slot for slot in live if _is_quiet(slot, heartbeats, now)]
    silent = tuple(dict.fromkeys(slot.partner for slot in quiet if not slot.moved))
    said = tuple(dict.fromkeys(_silence(slot, heartbeats) for slot in quiet if not slot.moved))
    partners = tuple(switched_on)
    if heartbeats.on_silence is OnSilence.IGNORE:
        live = tuple(slot for slot in live if slot not in quiet)
        reporting = {slot.partner for slot in live if slot.since and not slot.moved}
        partners = tuple(
            p for p in partners if p in reporting or p not in {*silent, *heartbeats.unresponsive}
        )
    override = device.override if device.override and device.override.until > now else None
    slots = tuple(_without(slot, override) for slot in live) if override else live
    ends = [heartbeats.agent_due(slot.last_reported_at) for slot in live if not slot.moved]
    return Counted(
        partners=partners,
        slots=slots,
        silences=said if heartbeats.on_silence is OnSilence.BLOCK else (),
        ignored=said if heartbeats.on_silence is OnSilence.IGNORE else (),
        speaking=frozenset(slot.partner for slot in live if slot not in quiet and not slot.moved),
        aside=_aside(device.slots.values(), switched_on),
        silent=silent if heartbeats.on_silence is OnSilence.BLOCK else (),
        overridden=_override_in_words(override, live, slots),
        taken_for_present=taken_for_present,
        due=min((end for end in (*ends, override and override.until) if end and end > now), default=None),
    )


def _aside(slots: Iterable[Slot], switched_on: Sequence[str]) -> tuple[str, ...]:
    others = [slot.partner for slot in slots if slot.partner not in switched_on]
    return tuple(
        f"{slot.partner} does not count here, and has open: {_worst(slot)}"
        for slot in _live(slots, others)
        if against(slot)
    )


def _worst(slot: Slot) -> str:
    """The gravest of what a slot has open, and how much more there is."""
    if not slot.findings or (slot.own and slot.own.rank > slot.findings[0].severity.rank):
        return f"its own level of the device, {slot.own}"
    more = f", and {slot.open_threats - 1} more" if slot.open_threats > 1 else ""
    return f"{sentence(slot.findings[0])}{more}"


def sentence(finding: Finding) -> str:
    """An open threat in words."""
    what = finding.name or finding.threat_type
    kind = f"{finding.severity} {finding.category} threat"
    return f"{kind} {what!r} ({finding.threat_type}), open since {in_words(finding.at, seconds=True)}"


def _is_quiet(slot: Slot, heartbeats: Heartbeats, now: datetime) -> bool:
    """Whether an agent that has reported is silent, or its partner is; who never has is not."""
    if slot.since is None:
        return False
    return slot.partner in heartbeats.unresponsive or (
        not slot.moved and heartbeats.is_silent(slot.last_reported_at, now)
    )


def _live(slots: Iterable[Slot], partners: Sequence[str]) -> tuple[Slot, ...]:
    """The slots that count, in the order of agents: of a counting partner, not withdrawn and not
    superseded."""
    here = [slot for slot in slots if slot.partner in partners and not slot.withdrawn]
    here.sort(key=lambda slot: slot.agent)
    return tuple(slot for slot in here if not any(retires(newer, slot) for newer in here))


def _without(slot: Slot, override: Override) -> Slot:
    """`slot` without what the override covers.

    Of more open threats than the slot lists, the others are taken for as grave as the mildest that is listed:
    an override never covers what it could not have seen.
    """
    covers = {*override.covers}
    left = tuple(finding for finding in slot.findings if finding.report not in covers)
    levels: dict[Category, Level] = {
        category: level
        for category in slot.levels
        if (level := highest(f.severity for f in left if f.category is category)) is not Level.SECURED
    }
    if slot.open_threats > len(slot.findings):
        mildest = slot.findings[-1].severity
        for category, level in slot.levels.items():
            unseen = min(level, mildest, key=lambda each: each.rank)
            levels[category] = highest((levels.get(category, Level.SECURED), unseen))
    own_covered = slot.own_report is not None and slot.own_report in covers
    return slot.model_copy(
        update={
            "findings": left,
            "levels": levels,
            "own": None if own_covered else slot.own,
            "own_levels": {} if own_covered else slot.own_levels,
        }
    )


def _override_in_words(
    override: Override | None, before: Sequence[Slot], after: Sequence[Slot]
) -> tuple[str, ...]:
    if override is None or before == after:
        return ()
    at, until = in_words(override.at), in_words(override.until)
    return (f"what was open at {at} is overridden until {until}: {override.why}",)


def _silence(slot: Slot, heartbeats: Heartbeats) -> str:
    since = heartbeats.unresponsive.get(slot.partner)
    if since is not None:
        return f"{slot.partner} has been silent since {in_words(since)}"
    last = slot.last_reported_at or slot.since
    # Who has not reported is not silent.
    assert last is not None  # noqa: S101
    return f"{slot.partner}'s agent on this device has been silent since {in_words(last)}"
