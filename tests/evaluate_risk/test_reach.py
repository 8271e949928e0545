"""Whom a rule reaches: every combination that matters, held and not."""

import pytest

from evaluate_risk.reach import Reached, reached
from shared.level import Level
from shared.model import DeviceFacts, Enrolment, Ownership
from shared.record import Platform
from shared.rule import Reach, Rule

YES, NO, UNKNOWN = Reached.YES, Reached.NO, Reached.UNKNOWN


def a_rule(reach: Reach, **fields: object) -> Rule:
    values = {"id": "r", "name": "r", "platform": Platform.IOS, "allowed": Level.LOW, "reach": reach}
    return Rule.model_validate({**values, **fields})


def facts(**fields: object) -> DeviceFacts:
    return DeviceFacts.model_validate({"intune_id": "i", "platform": Platform.IOS, "user_id": "u", **fields})


@pytest.mark.parametrize(
    ("reach", "with_user", "in_group", "userless"),
    [
        (Reach(), NO, NO, NO),
        (Reach(all_users=True), YES, YES, NO),
        (Reach(all_devices=True), YES, YES, YES),
        (Reach(groups=("g",)), NO, YES, NO),
        (Reach(groups=("g", "x"), unknown=("x",)), UNKNOWN, YES, NO),
        (Reach(all_users=True, excluded=("g",)), YES, NO, NO),
        (Reach(all_devices=True, excluded=("g",)), YES, NO, YES),
        (Reach(all_users=True, excluded=("x",), unknown=("x",)), UNKNOWN, UNKNOWN, NO),
        (Reach(all_devices=True, excluded=("x",), unknown=("x",)), UNKNOWN, UNKNOWN, YES),
        (Reach(groups=("g",), excluded=("g",)), NO, NO, NO),
        (Reach(all_users=True, groups=("x",), unknown=("x",)), YES, YES, NO),
    ],
)
def test_an_assignment_reaches_users_and_an_exclusion_goes_before(
    reach: Reach, with_user: Reached, in_group: Reached, userless: Reached
) -> None:
    rule = a_rule(reach)
    assert reached(rule, facts()) is with_user
    assert reached(rule, facts(groups=("g",))) is in_group
    assert reached(rule, facts(user_id=None)) is userless


EVERY = Reach(all_devices=True)


def test_another_platform_is_not_reached() -> None:
    assert reached(a_rule(EVERY), facts(platform=Platform.ANDROID)) is NO


@pytest.mark.parametrize(
    ("enrolment", "expected"),
    [(Enrolment.WORK_PROFILE, YES), (Enrolment.DEVICE_OWNER, NO), (Enrolment.UNKNOWN, YES)],
)
def test_a_policy_for_one_way_of_enrolment_leaves_the_others_alone(
    enrolment: Enrolment, expected: Reached
) -> None:
    rule = a_rule(EVERY, platform=Platform.ANDROID, enrolments=(Enrolment.WORK_PROFILE,))
    assert reached(rule, facts(platform=Platform.ANDROID, enrolment=enrolment)) is expected


@pytest.mark.parametrize(
    ("ownership", "expected"),
    [(Ownership.COMPANY, YES), (Ownership.PERSONAL, NO), (Ownership.UNKNOWN, YES)],
)
def test_a_local_rule_may_be_for_one_ownership_and_doubt_counts_as_reached(
    ownership: Ownership, expected: Reached
) -> None:
    assert reached(a_rule(EVERY, ownership=Ownership.COMPANY), facts(ownership=ownership)) is expected
