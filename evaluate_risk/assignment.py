"""Whether a rule applies to a device: platform, enrollment, ownership, and Intune's assignment to users.
Pure."""

from enum import Enum

from shared.domain.model import DeviceFacts, EnrollmentType, Ownership
from shared.domain.rule import Assignment, Rule


class Applies(Enum):
    """What can be said of a rule and a device."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """An assignment that could not be looked up may include the device, or exclude it."""


def applies(rule: Rule, facts: DeviceFacts) -> Applies:
    """Whether `rule` is for the device of `facts`.

    Exclusion goes before inclusion, as in Intune. A group nobody could look up makes the answer unknown where
    it could change it.
    """
    if rule.platform is not facts.platform or not _fits(rule, facts):
        return Applies.NO
    return _assigned(rule.assignment, facts)


def _fits(rule: Rule, facts: DeviceFacts) -> bool:
    kind = facts.enrollment_type
    enrolled = kind is EnrollmentType.UNKNOWN or kind in rule.enrollment_types
    owned = rule.ownership in {None, facts.ownership} or facts.ownership is Ownership.UNKNOWN
    return (not rule.enrollment_types or enrolled) and owned


def _assigned(assignment: Assignment, facts: DeviceFacts) -> Applies:
    has_user, groups, unresolved = facts.user_id is not None, {*facts.groups}, {*assignment.unresolved}
    if groups & {*assignment.excluded}:
        return Applies.NO
    by_user = has_user and (assignment.all_users or bool(groups & {*assignment.groups}))
    if assignment.all_devices or by_user:
        return Applies.UNKNOWN if has_user and unresolved & {*assignment.excluded} else Applies.YES
    return Applies.UNKNOWN if has_user and unresolved & {*assignment.groups} else Applies.NO
