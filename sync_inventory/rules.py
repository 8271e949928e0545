"""Intune's compliance policies, read as rules: the most a platform's devices may risk."""

from collections.abc import Mapping

from shared.events import Event, tell
from shared.graph import CompliancePolicyAnswer
from shared.level import Level
from shared.model import Assignment, Rule, Rules
from shared.record import Platform
from shared.services import Services
from sync_inventory.tally import Tally

PLATFORM: Mapping[str, Platform] = {
    "iosCompliancePolicy": Platform.IOS,
    "androidCompliancePolicy": Platform.ANDROID,
    "androidWorkProfileCompliancePolicy": Platform.ANDROID,
    "androidDeviceOwnerCompliancePolicy": Platform.ANDROID,
}
"""By derived type; androidDeviceOwnerCompliancePolicy is beta, v1.0 may serve it under its base type."""
ELSEWHERE = ("windows", "macOS", "linux", "aosp")
"""Beginnings of the types of platforms that are not looked after here."""
NO_LEVEL = frozenset({None, "unavailable", "notSet"})
"""Words of deviceThreatProtectionRequiredSecurityLevel that ask for nothing."""
ALL_USERS = "allLicensedUsersAssignmentTarget"
ALL_DEVICES = "allDevicesAssignmentTarget"
EXCLUSION = "exclusionGroupAssignmentTarget"


async def mirror_rules(services: Services, tally: Tally) -> None:
    """Mirror the policies that ask for a threat level; written only when a rule changed."""
    policies = await services.graph.compliance_policies()
    standing = await services.store.read(Rules, "rules")
    before = {rule.id: rule for rule in standing.document.rules} if standing else {}
    found = [rule for policy in policies if (rule := read_rule(policy, tally, before.get(policy.id)))]
    rules = tuple(sorted(found, key=lambda rule: rule.id))
    tally.add("rules", len(rules))
    tally.add("unresolved", sum(rule.assignment is Assignment.UNRESOLVED for rule in rules))
    if standing and standing.document.rules == rules:
        return
    await services.store.upsert(Rules(rules=rules, read_at=services.now()))
    tally.add("written")


def read_rule(policy: CompliancePolicyAnswer, tally: Tally, before: Rule | None = None) -> Rule | None:
    """The rule a policy makes; None where it makes none.

    A level or a policy type nobody knows is counted and logged by its name. It makes no rule, but where the
    policy made one before, that one stands: a word nobody knows must not let a platform in.
    """
    kind = _kind(policy.type)
    if kind.startswith(ELSEWHERE):
        tally.add("other_platform")
        return None
    platform = PLATFORM.get(kind)
    if platform is None:  # asked first: under a base type the fields of the threat level may not be served
        tally.add("unknown_type")
        tell(Event.UNKNOWN_WORD, what="policy_type", word=policy.type, policy=policy.id)
        return before
    if not policy.required or policy.level in NO_LEVEL:
        tally.add("without_level")
        return None
    try:
        allowed = Level(policy.level or "")
    except ValueError:
        tally.add("unknown_level")
        tell(Event.UNKNOWN_WORD, what="level", word=policy.level, policy=policy.id)
        return before
    return Rule(
        id=policy.id,
        name=policy.name or policy.id,
        platform=platform,
        allowed=allowed,
        assignment=assignment(policy),
        grace_hours=grace_hours(policy),
    )


def assignment(policy: CompliancePolicyAnswer) -> Assignment:
    """Whom the policy reaches, as far as can be said without looking up groups.

    A policy for all with an excluded group does not decide either: the device at hand may be in that group,
    and then Intune would not hold it to this rule. Its devices stay undecided, which leaves their tags alone.
    """
    targets = {_kind(each.target.type) for each in policy.assignments}
    if not targets:
        return Assignment.NONE
    if EXCLUSION not in targets:
        if ALL_USERS in targets:
            return Assignment.ALL_USERS
        if ALL_DEVICES in targets:
            return Assignment.ALL_DEVICES
    return Assignment.UNRESOLVED


def grace_hours(policy: CompliancePolicyAnswer) -> float:
    """Hours over the line before access is refused: gracePeriodHours of the action `block`, else 0."""
    hours = [
        action.grace_hours or 0.0
        for scheduled in policy.scheduled
        for action in scheduled.configurations
        if action.action == "block"
    ]
    return max(0.0, min(hours, default=0.0))


def _kind(odata_type: str) -> str:
    return odata_type.removeprefix("#").removeprefix("microsoft.graph.")
