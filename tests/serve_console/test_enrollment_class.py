"""How a device stands with Intune and Entra."""

import pytest

from serve_console.enrollment_class import (
    EnrollmentClass,
    enrollment_class,
    intune_level_differs,
    intune_threat_level,
)
from shared.domain.level import Level
from shared.domain.model import Decision, DeviceFacts, Verdict
from tests.world import START, a_device


def facts(**fields: object) -> DeviceFacts:
    return a_device(**fields).facts


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, EnrollmentClass.MANAGED),
        ({"registration_state": "registered"}, EnrollmentClass.MANAGED),
        ({"user_id": None}, EnrollmentClass.USERLESS),
        ({"registration_state": "notRegistered"}, EnrollmentClass.UNREGISTERED),
        ({"registration_state": "revoked", "user_id": None}, EnrollmentClass.UNREGISTERED),
        ({"entra_id": None}, EnrollmentClass.UNREGISTERED),
    ],
)
def test_a_device_is_of_one_class(fields: dict[str, object], expected: EnrollmentClass) -> None:
    assert enrollment_class(facts(**fields), gone=False) is expected
    assert enrollment_class(facts(**fields), gone=True) is EnrollmentClass.GONE


@pytest.mark.parametrize(
    ("state", "level"),
    [
        ("secured", Level.SECURED),
        ("activated", Level.SECURED),
        ("lowSeverity", Level.LOW),
        ("mediumSeverity", Level.MEDIUM),
        ("highSeverity", Level.HIGH),
        ("compromised", Level.HIGH),
        ("unknown", None),
        ("deactivated", None),
        ("unresponsive", None),
        ("misconfigured", None),
        ("somethingNew", None),
    ],
)
def test_the_vendors_own_state_in_intune_is_a_level_where_it_says_one(
    state: str, level: Level | None
) -> None:
    assert intune_threat_level(facts(partner_reported_threat_state=state)) is level


@pytest.mark.parametrize(("state", "shown"), [("highSeverity", True), ("secured", False), ("unknown", False)])
def test_intunes_level_is_shown_beside_ours_where_they_differ(state: str, shown: bool) -> None:
    device = a_device(partner_reported_threat_state=state)
    assert intune_level_differs(device) is None
    decision = Decision(
        verdict=Verdict.ALLOW, risk=Level.SECURED, reasons=("x",), rules_version="v", decided_at=START
    )
    words = intune_level_differs(device.model_copy(update={"decision": decision}))
    assert (words is not None) is shown
    assert not shown or "highSeverity" in str(words)
