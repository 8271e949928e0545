"""Whom a rule reaches: every combination that matters, held and not."""

import pytest

from evaluate_risk.assignment import Applies, applies
from shared.domain.level import Level
from shared.domain.model import DeviceFacts, EnrollmentType, Ownership
from shared.domain.record import Platform
from shared.domain.rule import Assignment, Rule, TargetFilter

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
        (Assignment(all_devices=True), YES, YES, NO),
        (Assignment(groups=("g",)), NO, YES, NO),
        (Assignment(groups=("g", "x"), unresolved=("x",)), UNKNOWN, YES, NO),
        (Assignment(all_users=True, excluded=("g",)), YES, NO, NO),
        (Assignment(all_devices=True, excluded=("g",)), YES, NO, NO),
        (Assignment(all_users=True, excluded=("x",), unresolved=("x",)), UNKNOWN, UNKNOWN, NO),
        (Assignment(all_devices=True, excluded=("x",), unresolved=("x",)), UNKNOWN, UNKNOWN, NO),
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


def test_a_local_rule_reaches_a_device_without_a_user() -> None:
    assert applies(a_rule(Assignment(all_devices=True), source="local"), facts(user_id=None)) is YES


CORPORATE, ROOTED = '(device.deviceOwnership -eq "Corporate")', '(device.isRooted -eq "True")'
COMPANY, PERSONAL = {"ownership": "company"}, {"ownership": "personal"}


def narrowed(rule: str | None, target: str = "all_users", *, include: bool = True) -> Assignment:
    """An assignment to all users or devices, to group `g`, or (`not:g`) to all but those of group `g`."""
    chosen = TargetFilter(id="f", name="f", include=include, rule=rule)
    return Assignment(
        all_users=target in {"all_users", "not:g"},
        all_devices=target == "all_devices",
        groups=("g",) if target == "g" else (),
        excluded=("g",) if target == "not:g" else (),
        filters={target: chosen},
    )


@pytest.mark.parametrize(
    ("assignment", "corporate", "personal"),
    [
        (narrowed(CORPORATE), YES, NO),
        (narrowed(CORPORATE, include=False), NO, YES),
        (narrowed(CORPORATE, "all_devices"), YES, NO),
        (narrowed(CORPORATE, "all_devices", include=False), NO, YES),
        (narrowed(CORPORATE, "g"), YES, NO),
        (narrowed(CORPORATE, "not:g"), NO, YES),
        (narrowed(CORPORATE, "not:g", include=False), YES, NO),
        (narrowed(ROOTED), UNKNOWN, UNKNOWN),
        (narrowed(ROOTED, include=False), UNKNOWN, UNKNOWN),
        (narrowed(f"{CORPORATE} or {ROOTED}"), YES, UNKNOWN),
        (narrowed(f"{CORPORATE} and {ROOTED}"), UNKNOWN, NO),
        (narrowed("(device.nonsense"), UNKNOWN, UNKNOWN),
        (narrowed(None), UNKNOWN, UNKNOWN),
        (narrowed(None, "not:g"), UNKNOWN, UNKNOWN),
    ],
)
def test_a_filter_narrows_the_target_it_stands_at(
    assignment: Assignment, corporate: Applies, personal: Applies
) -> None:
    rule = a_rule(assignment)
    assert applies(rule, facts(groups=("g",), **COMPANY)) is corporate
    assert applies(rule, facts(groups=("g",), **PERSONAL)) is personal


def test_a_filter_of_one_target_leaves_the_others_whole() -> None:
    filters = {"all_users": TargetFilter(id="f", name="f", include=True, rule=CORPORATE)}
    rule = a_rule(Assignment(all_users=True, groups=("g",), filters=filters))
    assert applies(rule, facts(**PERSONAL)) is NO
    assert applies(rule, facts(groups=("g",), **PERSONAL)) is YES


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
