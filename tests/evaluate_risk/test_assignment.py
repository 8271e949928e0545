"""Whom a rule reaches: every combination that matters, held and not."""

import pytest

from evaluate_risk.assignment import Applies, applies
from shared.domain.level import Level
from shared.domain.model import DeviceFacts, EnrollmentType, Ownership
from shared.domain.record import Platform
from shared.domain.rule import Assignment, Rule

YES, NO, UNKNOWN = Applies.YES, Applies.NO, Applies.UNKNOWN


def a_rule(assignment: Assignment, **fields: object) -> Rule:
    values = {
        "id": "r",
        "name": "r",
        "platform": Platform.IOS,
        "allowed": Level.LOW,
        "assignment": assignment,
    }
    return Rule.model_validate({**values, **fields})


def facts(**fields: object) -> DeviceFacts:
    return DeviceFacts.model_validate({"intune_id": "i", "platform": Platform.IOS, "user_id": "u", **fields})


@pytest.mark.parametrize(
    ("assignment", "with_user", "in_group", "userless"),
    [
        (Assignment(), NO, NO, NO),
        (Assignment(all_users=True), YES, YES, NO),
        (Assignment(all_devices=True), YES, YES, YES),
        (Assignment(groups=("g",)), NO, YES, NO),
        (Assignment(groups=("g", "x"), unresolved=("x",)), UNKNOWN, YES, NO),
        (Assignment(all_users=True, excluded=("g",)), YES, NO, NO),
        (Assignment(all_devices=True, excluded=("g",)), YES, NO, YES),
        (Assignment(all_users=True, excluded=("x",), unresolved=("x",)), UNKNOWN, UNKNOWN, NO),
        (Assignment(all_devices=True, excluded=("x",), unresolved=("x",)), UNKNOWN, UNKNOWN, YES),
        (Assignment(groups=("g",), excluded=("g",)), NO, NO, NO),
        (Assignment(all_users=True, groups=("x",), unresolved=("x",)), YES, YES, NO),
    ],
)
def test_an_assignment_reaches_users_and_an_exclusion_goes_before(
    assignment: Assignment, with_user: Applies, in_group: Applies, userless: Applies
) -> None:
    rule = a_rule(assignment)
    assert applies(rule, facts()) is with_user
    assert applies(rule, facts(groups=("g",))) is in_group
    assert applies(rule, facts(user_id=None)) is userless


EVERY = Assignment(all_devices=True)


def test_another_platform_is_not_reached() -> None:
    assert applies(a_rule(EVERY), facts(platform=Platform.ANDROID)) is NO


@pytest.mark.parametrize(
    ("enrollment_type", "expected"),
    [(EnrollmentType.WORK_PROFILE, YES), (EnrollmentType.DEVICE_OWNER, NO), (EnrollmentType.UNKNOWN, YES)],
)
def test_a_policy_for_one_way_of_enrollment_leaves_the_others_alone(
    enrollment_type: EnrollmentType, expected: Applies
) -> None:
    rule = a_rule(EVERY, platform=Platform.ANDROID, enrollment_types=(EnrollmentType.WORK_PROFILE,))
    assert applies(rule, facts(platform=Platform.ANDROID, enrollment_type=enrollment_type)) is expected


@pytest.mark.parametrize(
    ("ownership", "expected"),
    [(Ownership.COMPANY, YES), (Ownership.PERSONAL, NO), (Ownership.UNKNOWN, YES)],
)
def test_a_local_rule_may_be_for_one_ownership_and_doubt_counts_as_reached(
    ownership: Ownership, expected: Applies
) -> None:
    assert applies(a_rule(EVERY, ownership=Ownership.COMPANY), facts(ownership=ownership)) is expected
