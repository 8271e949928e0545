"""Intune's compliance policies, read as rules: the most a platform's devices may risk."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from shared.domain.level import Level
from shared.domain.model import EnrollmentType
from shared.domain.record import Platform
from shared.domain.rule import (
    ALL_DEVICES,
    ALL_USERS,
    CONSEQUENCE,
    EXCLUDED,
    Assignment,
    Rule,
    Rules,
    TargetFilter,
)
from shared.errors import GraphNotFound
from shared.graph.graph import CompliancePolicies
from shared.graph.wire import AssignmentAnswer, CompliancePolicyAnswer, Target
from shared.log import LogEvent, log_event
from shared.services import Services
from sync_inventory.policies.filters import with_filters, with_filters_of
from sync_inventory.policies.groups import Groups, LookedUp
from sync_inventory.policies.remarks import on_consequence, remarks_on
from sync_inventory.tally import Tally

BETA_TYPE = "androidDeviceOwnerCompliancePolicy"


class Kind(NamedTuple):
    """What a type of policy is for."""

    platform: Platform
    enrollment_types: tuple[EnrollmentType, ...] = ()


KINDS: Mapping[str, Kind] = {
    "iosCompliancePolicy": Kind(Platform.IOS),
    "androidCompliancePolicy": Kind(Platform.ANDROID, (EnrollmentType.ADMINISTRATOR,)),
    "androidWorkProfileCompliancePolicy": Kind(Platform.ANDROID, (EnrollmentType.WORK_PROFILE,)),
    BETA_TYPE: Kind(Platform.ANDROID, (EnrollmentType.DEVICE_OWNER,)),
}
"""By derived type."""
BASE_TYPE = "deviceCompliancePolicy"
"""What v1.0 may serve a type as that only beta knows. Of those, androidDeviceOwnerCompliancePolicy alone
asks for a threat level (inferred: no other type with that field is missing in v1.0)."""
ELSEWHERE = ("windows", "macOS", "linux", "aosp")
"""Beginnings of the types of platforms that are not looked after here."""
NO_LEVEL = frozenset({None, "unavailable", "notSet"})
"""Words of deviceThreatProtectionRequiredSecurityLevel that ask for nothing."""
EVERY_USER = "allLicensedUsersAssignmentTarget"
EVERY_DEVICE = "allDevicesAssignmentTarget"
NAMES = {EVERY_USER: ALL_USERS, EVERY_DEVICE: ALL_DEVICES}
INCLUSION = "groupAssignmentTarget"
EXCLUSION = "exclusionGroupAssignmentTarget"
MAX_GRACE_HOURS = 8760.0


async def mirror_rules(services: Services, groups: Groups, tally: Tally) -> None:
    """Mirror the policies that ask for a threat level, and look up whom they are assigned to.

    The rules are written only when something of them changed. Where Graph does not answer, neither rules nor
    groups of this run count, and both stay as the last one had them. A group that no rule named before is
    among the unknown until the sweep has found its users' devices (`settle_rules`), and so is one that was
    deleted and is restored: until then a rule for it would seem to reach nobody, and a looser one would let
    them in.
    """
    listed = await services.graph.compliance_policies()
    stored = await services.store.read(Rules, "rules")
    last = stored.document if stored else Rules(read_at=services.now())
    before = {rule.id: rule for rule in last.rules}
    policies = listed.policies + await _not_listed(services, before, listed, tally)
    found = [rule for policy in policies if (rule := read_rule(policy, tally, before.get(policy.id)))]
    if listed.in_beta:
        found = await with_filters(services, found)
    else:
        log_event(LogEvent.FILTERS_UNREAD, why="beta refuses the list of compliance policies")
        tally.add("without_filters")
        found = [with_filters_of(rule, before.get(rule.id)) for rule in found]
        found += _of_beta_alone(last.rules, {policy.id for policy in policies})
    looked_up = await groups.look_up({group for rule in found for group in _groups(rule.assignment)}, tally)
    gone = _gone(looked_up, last.missing_groups)
    unknown = looked_up.refused | (looked_up.missing - gone)
    rules = tuple(sorted((_without_guesses(rule, unknown) for rule in found), key=lambda rule: rule.id))
    remarks = remarks_on(rules, looked_up.empty | gone, gone) | _on_consequences(policies)
    _log_new(remarks, last)
    tally.add("rules", len(rules))
    tally.add("unresolved", sum(bool(rule.assignment.unresolved) for rule in rules))
    tally.add("groups_gone", len(gone))
    tally.add("with_remarks", len(remarks))
    now = Rules(
        rules=rules,
        missing_groups=tuple(sorted(looked_up.missing)),
        remarks=remarks,
        filters_read=listed.in_beta,
        read_at=services.now(),
    )
    if stored:
        restored = {*last.missing_groups} - looked_up.missing
        swept = {group for rule in last.rules for group in _groups(rule.assignment)} - restored
        new = frozenset(group for rule in rules for group in _groups(rule.assignment)) - swept
        groups.settled = now if new else None
        now = now.model_copy(update={"rules": tuple(_without_guesses(rule, new) for rule in rules)})
    if stored and now.model_copy(update={"read_at": last.read_at}) == last:
        return
    await services.store.upsert(now)
    tally.add("written")


def _of_beta_alone(before: Sequence[Rule], served: AbstractSet[str]) -> list[Rule]:
    """The rules of a type that v1.0 does not have, where it serves no such policy: that it leaves them out is
    possible (documented nowhere), and no word that they are gone."""
    kind = KINDS[BETA_TYPE]
    return [
        rule for rule in before if (rule.platform, rule.enrollment_types) == kind and rule.id not in served
    ]


def _gone(looked_up: LookedUp, missing_before: tuple[str, ...]) -> frozenset[str]:
    """Groups Entra did not know at two syncs in a row: Intune applies no assignment of a deleted group, until
    it is restored (memdocs whats-new, soft-deleted groups)."""
    for group in sorted(looked_up.missing):
        if group in missing_before:
            continue
        log_event(
            LogEvent.GROUP_UNKNOWN, group=group, why="Entra knows no such group; at the next sync it is gone"
        )
    return looked_up.missing & {*missing_before}


def is_consequence(policy: CompliancePolicyAnswer) -> bool:
    """Whether a policy follows from a tag instead of deciding one: its description is marked."""
    return CONSEQUENCE in policy.description


def _on_consequences(policies: Sequence[CompliancePolicyAnswer]) -> dict[str, tuple[str, ...]]:
    found = {
        policy.id: on_consequence(assignment(policy), asks_for_a_level=_asks_for_a_level(policy))
        for policy in policies
        if is_consequence(policy)
    }
    return {id_: remarks for id_, remarks in found.items() if remarks}


def _asks_for_a_level(policy: CompliancePolicyAnswer) -> bool:
    return bool(policy.required) and policy.level not in NO_LEVEL


def _log_new(remarks: Mapping[str, tuple[str, ...]], last: Rules) -> None:
    for rule, said in remarks.items():
        for remark in said:
            if remark not in last.remarks.get(rule, ()):
                log_event(LogEvent.RULE_REMARK, rule=rule, what=remark)


async def settle_rules(services: Services, groups: Groups, tally: Tally) -> None:
    """After the sweep, every device knows its groups: the newly named ones are unknown no more."""
    if groups.settled is None:
        return
    await services.store.upsert(groups.settled)
    services.mirror.forget()
    tally.add("rules_settled", len(groups.settled.rules))


async def _not_listed(
    services: Services, before: Mapping[str, Rule], listed: CompliancePolicies, tally: Tally
) -> list[CompliancePolicyAnswer]:
    """The policies of these rules that Intune has though its list lacks them: lists may be incomplete, and a
    rule that silently vanished would let devices in."""
    policies: list[CompliancePolicyAnswer] = []
    for id_ in sorted(before.keys() - {policy.id for policy in listed.policies}):
        try:
            policies.append(await services.graph.compliance_policy(id_, in_beta=listed.in_beta))
        except GraphNotFound:
            continue
        tally.add("not_listed")
    return policies


def read_rule(policy: CompliancePolicyAnswer, tally: Tally, before: Rule | None = None) -> Rule | None:
    """The rule a policy makes; None where it makes none.

    A level or a policy type nobody knows is counted and logged by its name. It makes no rule, but where the
    policy made one before, that one stands: a word nobody knows must not let a platform in. A policy that
    follows from a tag never makes one: no phone meets it.
    """
    if is_consequence(policy):
        tally.add("consequences")
        return None
    name = _kind(policy.type)
    if name.startswith(ELSEWHERE):
        tally.add("other_platform")
        return None
    kind = KINDS.get(name)
    if name == BASE_TYPE and policy.required is not None:
        kind = Kind(before.platform, before.enrollment_types) if before else KINDS[BETA_TYPE]
    if kind is None:  # asked first: under a base type the fields of the threat level may not be served
        tally.add("unknown_type")
        log_event(LogEvent.UNKNOWN_WORD, what="policy_type", word=policy.type, policy=policy.id)
        return before
    if not _asks_for_a_level(policy):
        tally.add("without_level")
        return None
    try:
        allowed = Level(policy.level or "")
    except ValueError:
        tally.add("unknown_level")
        log_event(LogEvent.UNKNOWN_WORD, what="level", word=policy.level, policy=policy.id)
        return before
    return Rule(
        id=policy.id,
        name=policy.name or policy.id,
        platform=kind.platform,
        enrollment_types=kind.enrollment_types,
        allowed=allowed,
        assignment=assignment(policy),
        grace_hours=grace_hours(policy),
    )


def assignment(policy: CompliancePolicyAnswer) -> Assignment:
    """Whom a policy is assigned to. A target nobody knows, or a group without an id, is among the unknown."""
    targets = [(_kind(each.target.type), (each.target.group_id or "").lower()) for each in policy.assignments]
    kinds = {kind for kind, _ in targets}
    groups = {group or f"kind:{kind}" for kind, group in targets if kind == INCLUSION}
    excluded = {group or f"kind:{kind}" for kind, group in targets if kind == EXCLUSION}
    odd = {f"kind:{kind}" for kind in kinds - {*NAMES, INCLUSION, EXCLUSION}}
    return Assignment(
        all_users=EVERY_USER in kinds,
        all_devices=EVERY_DEVICE in kinds,
        groups=tuple(sorted(groups | odd)),
        excluded=tuple(sorted(excluded)),
        unresolved=tuple(sorted(each for each in groups | excluded | odd if each.startswith("kind:"))),
        filters=_filters(policy.assignments),
    )


def _filters(assignments: Sequence[AssignmentAnswer]) -> dict[str, TargetFilter]:
    """The filters by target, their rules not yet known. A target that stands twice with two filters is one
    nobody can evaluate; one that stands once without is for every device."""
    found: dict[str, set[TargetFilter | None]] = {}
    for each in assignments:
        kind, group = _kind(each.target.type), (each.target.group_id or "").lower()
        target = NAMES.get(kind) or (EXCLUDED if kind == EXCLUSION else "") + (group or f"kind:{kind}")
        found.setdefault(target, set()).add(_filter(each.target))
    several = TargetFilter(id="several", name="several", include=True)
    narrowed = {target: {each for each in filters if each} for target, filters in found.items()}
    return {
        target: next(iter(filters)) if len(filters) == 1 else several
        for target, filters in sorted(narrowed.items())
        if filters and None not in found[target]
    }


def _filter(target: Target) -> TargetFilter | None:
    if target.filter_type == "none" or not (target.filter_id or "").strip("0-"):
        return None
    id_ = (target.filter_id or "").lower()
    known = target.filter_type in {"include", "exclude"}
    return TargetFilter(
        id=id_ if known else f"{target.filter_type}:{id_}", name=id_, include=target.filter_type == "include"
    )


def _groups(assignment: Assignment) -> set[str]:
    return {*assignment.groups, *assignment.excluded} - {*assignment.unresolved}


def _without_guesses(rule: Rule, unknown: frozenset[str]) -> Rule:
    """`rule` with the groups that could not be looked up among the unknown."""
    missing = unknown & _groups(rule.assignment)
    if not missing:
        return rule
    known = tuple(sorted({*rule.assignment.unresolved, *missing}))
    return rule.model_copy(update={"assignment": rule.assignment.model_copy(update={"unresolved": known})})


def grace_hours(policy: CompliancePolicyAnswer) -> float:
    """Hours over the line before access is refused: gracePeriodHours of the action `block`, else 0; of the
    values Graph documents (deviceComplianceActionItem: 0 to 8760) the nearest."""
    hours = [
        action.grace_hours or 0.0
        for scheduled in policy.scheduled
        for action in scheduled.configurations
        if action.action == "block"
    ]
    return max(0.0, min(*hours, MAX_GRACE_HOURS)) if hours else 0.0


def _kind(odata_type: str) -> str:
    return odata_type.removeprefix("#").removeprefix("microsoft.graph.")
