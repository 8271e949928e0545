"""Whether a rule applies to a device: platform, enrollment, ownership, and Intune's assignment to users, with
its filters. Pure."""

from enum import Enum

from shared.domain.assignment_filter import read_filter
from shared.domain.device_rule import Answer, FilterError, all_of, any_of, opposite
from shared.domain.model import DeviceFacts, EnrollmentType, Ownership
from shared.domain.rule import ALL_DEVICES, ALL_USERS, EXCLUDED, Assignment, Rule, RuleSource


class Applies(Enum):
    """What can be said of a rule and a device."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """What could not be looked up of its assignment may include the device, or exclude it."""


def applies(rule: Rule, facts: DeviceFacts) -> Applies:
    """Whether `rule` is for the device of `facts`.

    Exclusion goes before inclusion, as in Intune. A group nobody could look up, and a filter nobody can
    evaluate, make the answer unknown where they could change it.
    """
    if rule.platform is not facts.platform or not _fits(rule, facts):
        return Applies.NO
    return _assigned(rule, facts)


def _fits(rule: Rule, facts: DeviceFacts) -> bool:
    kind = facts.enrollment_type
    enrolled = kind is EnrollmentType.UNKNOWN or kind in rule.enrollment_types
    owned = rule.ownership in {None, facts.ownership} or facts.ownership is Ownership.UNKNOWN
    return (not rule.enrollment_types or enrolled) and owned


def _assigned(rule: Rule, facts: DeviceFacts) -> Applies:
    if facts.user_id is None and rule.source is RuleSource.INTUNE:
        return Applies.NO
    of, has_user = rule.assignment, facts.user_id is not None
    included = [
        all_of(of.all_devices, _filtered(of, ALL_DEVICES, facts)),
        all_of(has_user and of.all_users, _filtered(of, ALL_USERS, facts)),
        *(all_of(_in(group, of, facts), _filtered(of, group, facts)) for group in of.groups),
    ]
    excluded = [
        all_of(_in(group, of, facts), _filtered(of, EXCLUDED + group, facts)) for group in of.excluded
    ]
    return _APPLIES[all_of(any_of(*included), opposite(any_of(*excluded)))]


_APPLIES = {True: Applies.YES, False: Applies.NO, None: Applies.UNKNOWN}


def _in(group: str, assignment: Assignment, facts: DeviceFacts) -> Answer:
    """Whether the device's user is in a group; open where nobody could look it up."""
    if group in facts.groups:
        return True
    return None if facts.user_id is not None and group in assignment.unresolved else False


def _filtered(assignment: Assignment, target: str, facts: DeviceFacts) -> Answer:
    """Whether a target's filter lets the device be meant."""
    chosen = assignment.filters.get(target)
    if chosen is None:
        return True
    try:
        meets = None if chosen.rule is None else read_filter(chosen.rule)(facts)
    except FilterError:
        return None
    return meets if chosen.include else opposite(meets)
