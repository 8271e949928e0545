"""Intune's compliance policies, read as rules: the most a platform's devices may risk."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from shared.domain.level import Level
from shared.domain.model import EnrollmentType
from shared.domain.record import Platform
from shared.domain.rule import Assignment, Rule, Rules
from shared.errors import GraphNotFound
from shared.graph.wire import CompliancePolicyAnswer
from shared.log import LogEvent, log_event
from shared.services import Services
from sync_inventory.policies.groups import Groups
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
ALL_USERS = "allLicensedUsersAssignmentTarget"
ALL_DEVICES = "allDevicesAssignmentTarget"
INCLUSION = "groupAssignmentTarget"
EXCLUSION = "exclusionGroupAssignmentTarget"
MAX_GRACE_HOURS = 8760.0


async def mirror_rules(services: Services, groups: Groups, tally: Tally) -> None:
    """Mirror the policies that ask for a threat level, and look up whom they are assigned to.

    The rules are written only when one changed. Where Graph does not answer, neither rules nor groups of this
    run count, and both stay as the last one had them. A group that no rule named before is among the unknown
    until the sweep has found its users' devices (`settle_rules`): until then a rule newly assigned to it
    would seem to reach nobody, and a looser one would let them in.
    """
    policies = await services.graph.compliance_policies()
    stored = await services.store.read(Rules, "rules")
    before = {rule.id: rule for rule in stored.document.rules} if stored else {}
    policies += await _not_listed(services, before.keys() - {policy.id for policy in policies}, tally)
    found = [rule for policy in policies if (rule := read_rule(policy, tally, before.get(policy.id)))]
    unknown = await groups.look_up({group for rule in found for group in _groups(rule.assignment)}, tally)
    rules = tuple(sorted((_without_guesses(rule, unknown) for rule in found), key=lambda rule: rule.id))
    tally.add("rules", len(rules))
    tally.add("unresolved", sum(bool(rule.assignment.unresolved) for rule in rules))
    if stored:
        swept = {group for rule in before.values() for group in _groups(rule.assignment)}
        new = frozenset(group for rule in rules for group in _groups(rule.assignment)) - swept
        groups.settled = rules if new else None
        rules = tuple(_without_guesses(rule, new) for rule in rules)
    if stored and stored.document.rules == rules:
        return
    await services.store.upsert(Rules(rules=rules, read_at=services.now()))
    tally.add("written")


async def settle_rules(services: Services, groups: Groups, tally: Tally) -> None:
    """After the sweep, every device knows its groups: the newly named ones are unknown no more."""
    if groups.settled is None:
        return
    await services.store.upsert(Rules(rules=groups.settled, read_at=services.now()))
    services.mirror.forget()
    tally.add("rules_settled", len(groups.settled))


async def _not_listed(
    services: Services, ids: AbstractSet[str], tally: Tally
) -> list[CompliancePolicyAnswer]:
    """The policies of these ids that Intune has though its list lacks them: lists may be incomplete, and a
    rule that silently vanished would let devices in."""
    policies: list[CompliancePolicyAnswer] = []
    for id_ in sorted(ids):
        try:
            policies.append(await services.graph.compliance_policy(id_))
        except GraphNotFound:
            continue
        tally.add("not_listed")
    return policies


def read_rule(policy: CompliancePolicyAnswer, tally: Tally, before: Rule | None = None) -> Rule | None:
    """The rule a policy makes; None where it makes none.

    A level or a policy type nobody knows is counted and logged by its name. It makes no rule, but where the
    policy made one before, that one stands: a word nobody knows must not let a platform in.
    """
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
    if not policy.required or policy.level in NO_LEVEL:
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
    odd = {f"kind:{kind}" for kind in kinds - {ALL_USERS, ALL_DEVICES, INCLUSION, EXCLUSION}}
    return Assignment(
        all_users=ALL_USERS in kinds,
        all_devices=ALL_DEVICES in kinds,
        groups=tuple(sorted(groups | odd)),
        excluded=tuple(sorted(excluded)),
        unresolved=tuple(sorted(each for each in groups | excluded | odd if each.startswith("kind:"))),
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
