"""Whether a rule reaches a device: platform, enrolment, ownership, and Intune's assignment to users. Pure."""

from enum import Enum

from shared.model import DeviceFacts, Enrolment, Ownership
from shared.rule import Reach, Rule


class Reached(Enum):
    """What can be said of a rule and a device."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """An assignment that could not be looked up may include the device, or exclude it."""


def reached(rule: Rule, facts: DeviceFacts) -> Reached:
    """Whether `rule` is for the device of `facts`.

    Exclusion goes before inclusion, as in Intune. A group nobody could look up makes the answer unknown where
    it could change it.
    """
    if rule.platform is not facts.platform or not _fits(rule, facts):
        return Reached.NO
    return _assigned(rule.reach, facts)


def _fits(rule: Rule, facts: DeviceFacts) -> bool:
    enrolled = facts.enrolment is Enrolment.UNKNOWN or facts.enrolment in rule.enrolments
    owned = rule.ownership in {None, facts.ownership} or facts.ownership is Ownership.UNKNOWN
    return (not rule.enrolments or enrolled) and owned


def _assigned(reach: Reach, facts: DeviceFacts) -> Reached:
    has_user, groups, unknown = facts.user_id is not None, {*facts.groups}, {*reach.unknown}
    if groups & {*reach.excluded}:
        return Reached.NO
    included = reach.all_devices or (has_user and (reach.all_users or bool(groups & {*reach.groups})))
    if included:
        return Reached.UNKNOWN if has_user and unknown & {*reach.excluded} else Reached.YES
    return Reached.UNKNOWN if has_user and unknown & {*reach.groups} else Reached.NO
