"""How a device stands with Intune and Entra."""

import pytest

from serve_console.standing import Standing, beside, intunes_level, standing
from shared.level import Level
from shared.model import Decision, DeviceFacts, Verdict
from tests.world import START, a_device


def facts(**fields: object) -> DeviceFacts:
    return a_device(**fields).facts


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Standing.MANAGED),
        ({"registration_state": "registered"}, Standing.MANAGED),
        ({"user_id": None}, Standing.USERLESS),
        ({"registration_state": "notRegistered"}, Standing.UNREGISTERED),
        ({"registration_state": "revoked", "user_id": None}, Standing.UNREGISTERED),
        ({"entra_id": None}, Standing.UNREGISTERED),
    ],
)
def test_a_device_is_of_one_class(fields: dict[str, object], expected: Standing) -> None:
    assert standing(facts(**fields), gone=False) is expected
    assert standing(facts(**fields), gone=True) is Standing.GONE


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
    assert intunes_level(facts(partner_reported_threat_state=state)) is level


@pytest.mark.parametrize(("state", "told"), [("highSeverity", True), ("secured", False), ("unknown", False)])
def test_intunes_level_is_told_beside_ours_where_they_differ(state: str, told: bool) -> None:
    device = a_device(partner_reported_threat_state=state)
    assert beside(device) is None
    decision = Decision(
        verdict=Verdict.ALLOW, risk=Level.SECURED, reasons=("x",), rules_version="v", decided_at=START
    )
    words = beside(device.model_copy(update={"decision": decision}))
    assert (words is not None) is told
    assert not told or "highSeverity" in str(words)
