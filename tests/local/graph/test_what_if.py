"""What If, evaluated without a server."""

from typing import Any

import pytest
from pydantic import ValidationError

from local.graph.policy import Policy
from local.graph.what_if import Reason, SignIn, as_seen, evaluate
from tests.local.graph.simulator import ADMIN, BREAK_GLASS, EXCHANGE, SHAREPOINT, USER, template

TEAMS = "cc15fd57-2c6c-4117-a88c-83b1d56b4bbe"
IN_BREAK_GLASS = frozenset({BREAK_GLASS})


def policy(**conditions: Any) -> Policy:
    """Everyone, everything, everywhere, except as said."""
    default = {
        "users": {"includeUsers": ["All"]},
        "applications": {"includeApplications": ["All"]},
        "clientAppTypes": ["all"],
    }
    grant = {"operator": "OR", "builtInControls": ["block"]}
    body = {
        "displayName": "p",
        "state": "enabled",
        "conditions": default | conditions,
        "grantControls": grant,
    }
    return Policy.model_validate(body)


def sign_in(application: str = EXCHANGE, **conditions: Any) -> SignIn:
    identity = {"@odata.type": "#microsoft.graph.userSignIn", "userId": USER}
    context = {"@odata.type": "#microsoft.graph.applicationContext", "includeApplications": [application]}
    body = {"signInIdentity": identity, "signInContext": context, "signInConditions": conditions}
    return SignIn.model_validate(body)


def test_a_policy_for_all_applies() -> None:
    assert evaluate(policy(), sign_in(), frozenset()) is Reason.NOT_SET


@pytest.mark.parametrize(
    ("users", "groups", "reason"),
    [
        ({"includeUsers": [USER.upper()]}, frozenset(), Reason.NOT_SET),
        ({"includeUsers": [ADMIN]}, frozenset(), Reason.USERS),
        ({"includeUsers": ["None"]}, frozenset(), Reason.USERS),
        ({"includeUsers": ["All"], "excludeUsers": [USER]}, frozenset(), Reason.USERS),
        ({"includeUsers": ["All"], "excludeGroups": [BREAK_GLASS]}, frozenset(), Reason.NOT_SET),
        ({"includeUsers": ["All"], "excludeGroups": [BREAK_GLASS]}, IN_BREAK_GLASS, Reason.USERS),
        ({"includeGroups": [BREAK_GLASS]}, IN_BREAK_GLASS, Reason.NOT_SET),
        ({"includeGroups": [BREAK_GLASS]}, frozenset(), Reason.USERS),
    ],
)
def test_users_are_included_and_excluded(users: Any, groups: frozenset[str], reason: Reason) -> None:
    assert evaluate(policy(users=users), sign_in(), groups) is reason


@pytest.mark.parametrize(
    ("applications", "opened", "reason"),
    [
        ({"includeApplications": ["Office365"]}, EXCHANGE, Reason.NOT_SET),
        ({"includeApplications": ["Office365"]}, SHAREPOINT, Reason.NOT_SET),
        ({"includeApplications": ["Office365"]}, ADMIN, Reason.APPLICATION),
        ({"includeApplications": [SHAREPOINT]}, SHAREPOINT.upper(), Reason.NOT_SET),
        ({"includeApplications": [SHAREPOINT]}, EXCHANGE, Reason.APPLICATION),
        ({"includeApplications": ["None"]}, EXCHANGE, Reason.APPLICATION),
        ({"includeApplications": ["Office365"]}, "Office365", Reason.APPLICATION),
        ({"includeApplications": ["All"], "excludeApplications": [TEAMS]}, TEAMS, Reason.APPLICATION),
        (
            {"includeApplications": ["All"], "excludeApplications": ["Office365"]},
            EXCHANGE,
            Reason.APPLICATION,
        ),
    ],
)
def test_applications_are_included_and_excluded(applications: Any, opened: str, reason: Reason) -> None:
    assert evaluate(policy(applications=applications), sign_in(opened), frozenset()) is reason


@pytest.mark.parametrize(
    ("platforms", "platform", "reason"),
    [
        ({"includePlatforms": ["iOS", "android"]}, "iOS", Reason.NOT_SET),
        ({"includePlatforms": ["iOS", "android"]}, "windows", Reason.DEVICE_PLATFORM),
        ({"includePlatforms": ["all"], "excludePlatforms": ["macOS"]}, "macOS", Reason.DEVICE_PLATFORM),
        ({"includePlatforms": ["all"], "excludePlatforms": ["macOS"]}, "iOS", Reason.NOT_SET),
        ({"includePlatforms": ["iOS"]}, None, Reason.NOT_ENOUGH_INFORMATION),
        ({"includePlatforms": ["all"]}, None, Reason.NOT_SET),
        (None, "iOS", Reason.NOT_SET),
    ],
)
def test_platforms_are_included_and_excluded(platforms: Any, platform: str | None, reason: Reason) -> None:
    asked = sign_in(devicePlatform=platform)
    assert evaluate(policy(platforms=platforms), asked, frozenset()) is reason


@pytest.mark.parametrize(
    ("wanted", "used", "reason"),
    [
        (["all"], None, Reason.NOT_SET),
        (["browser"], "browser", Reason.NOT_SET),
        (["browser", "other"], "mobileAppsAndDesktopClients", Reason.CLIENT_APPS),
        (["browser"], None, Reason.NOT_ENOUGH_INFORMATION),
    ],
)
def test_client_apps(wanted: list[str], used: str | None, reason: Reason) -> None:
    asked = sign_in(clientAppType=used)
    assert evaluate(policy(clientAppTypes=wanted), asked, frozenset()) is reason


@pytest.mark.parametrize(
    ("blocked", "used", "reason"),
    [
        ("deviceCodeFlow,authenticationTransfer", "deviceCodeFlow", Reason.NOT_SET),
        ("deviceCodeFlow,authenticationTransfer", "authenticationTransfer", Reason.NOT_SET),
        ("deviceCodeFlow", "authenticationTransfer", Reason.AUTHENTICATION_FLOW),
        ("deviceCodeFlow", "none", Reason.AUTHENTICATION_FLOW),
        ("none", "deviceCodeFlow", Reason.NOT_SET),
    ],
)
def test_a_flow_is_one_of_those_that_are_named(blocked: str, used: str, reason: Reason) -> None:
    flows = policy(authenticationFlows={"transferMethods": blocked})
    assert evaluate(flows, sign_in(authenticationFlow={"transferMethod": used}), frozenset()) is reason


@pytest.mark.parametrize(
    ("conditions", "given", "reason"),
    [
        ({"signInRiskLevels": ["high"]}, {}, Reason.SIGN_IN_RISK),
        ({"signInRiskLevels": ["high"]}, {"signInRiskLevel": "high"}, Reason.NOT_SET),
        ({"userRiskLevels": ["high"]}, {"userRiskLevel": "low"}, Reason.USER_RISK),
        ({"locations": {"includeLocations": ["All"]}}, {}, Reason.NOT_SET),
        ({"locations": {"includeLocations": ["AllTrusted"]}}, {}, Reason.NOT_ENOUGH_INFORMATION),
        ({"locations": {"includeLocations": ["AllTrusted"]}}, {"country": "DE"}, Reason.LOCATION),
    ],
)
def test_risk_is_none_unless_given_and_a_place_that_is_not_given_is_not_evaluated(
    conditions: Any, given: Any, reason: Reason
) -> None:
    assert evaluate(policy(**conditions), sign_in(**given), frozenset()) is reason


@pytest.mark.parametrize(
    "given",
    [
        {"devicePlatform": ""},
        {"clientAppType": "app"},
        {"deviceInfo": {"isManaged": True}},
        {"authenticationFlow": {"transferMethod": "qrCode"}},
    ],
)
def test_what_graph_does_not_know_cannot_be_asked_with(given: Any) -> None:
    with pytest.raises(ValidationError):
        sign_in(**given)


POSITIVE, NEGATIVE = 'device.extensionAttribute7 -eq "x"', 'device.extensionAttribute7 -ne "x"'


@pytest.mark.parametrize(
    ("mode", "rule", "device", "reason"),
    [
        ("include", POSITIVE, {"extensionAttribute7": "x"}, Reason.NOT_SET),
        ("include", POSITIVE, {"extensionAttribute7": "y"}, Reason.DEVICES),
        ("include", POSITIVE, None, Reason.DEVICES),
        ("include", NEGATIVE, None, Reason.NOT_SET),
        ("exclude", POSITIVE, {"extensionAttribute7": "x"}, Reason.DEVICES),
        ("exclude", POSITIVE, None, Reason.NOT_SET),
        ("exclude", NEGATIVE, None, Reason.DEVICES),
    ],
)
def test_a_device_filter_includes_or_excludes_also_unregistered_devices(
    mode: str, rule: str, device: Any, reason: Reason
) -> None:
    filtered = policy(devices={"deviceFilter": {"mode": mode, "rule": rule}})
    assert evaluate(filtered, sign_in(deviceInfo=device), frozenset()) is reason


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("enabled", Reason.NOT_SET),
        ("enabledForReportingButNotEnforced", Reason.NOT_SET),
        ("disabled", Reason.POLICY_NOT_ENABLED),
    ],
)
def test_report_only_applies_and_off_does_not(state: str, reason: Reason) -> None:
    body = policy().model_dump(by_alias=True) | {"state": state}
    assert evaluate(Policy.model_validate(body), sign_in(), frozenset()) is reason


def test_the_block_template_hits_tagged_devices_only_and_the_other_one_what_slips_through() -> None:
    block = Policy.model_validate(template("block-by-tag"))
    require = Policy.model_validate(template("require-compliant"))
    tagged = sign_in(devicePlatform="iOS", deviceInfo={"extensionAttribute7": "mtd-block-low"})
    clean = sign_in(devicePlatform="iOS", deviceInfo={"extensionAttribute7": "mtd-ok"})
    unregistered = sign_in(devicePlatform="android")
    assert [evaluate(block, each, frozenset()) for each in (tagged, clean, unregistered)] == [
        Reason.NOT_SET,
        Reason.DEVICES,
        Reason.DEVICES,
    ]
    assert evaluate(require, unregistered, frozenset()) is Reason.NOT_SET
    assert evaluate(block, tagged, IN_BREAK_GLASS) is Reason.USERS
    assert evaluate(require, sign_in(devicePlatform="windows"), frozenset()) is Reason.DEVICE_PLATFORM


@pytest.mark.parametrize(
    ("given", "registered", "seen"),
    [
        ({}, {"isManaged": True}, True),
        ({}, {"isManaged": False}, False),
        ({}, None, False),
        ({"isCompliant": True}, None, True),
        ({"trustType": "ServerAD"}, {"isManaged": False}, True),
        ({"trustType": "ServerAd"}, {"isManaged": False}, True),
        ({"trustType": "Workplace"}, {"isManaged": False}, False),
        ({"mdmAppId": "0000000a-0000-0000-c000-000000000000"}, None, True),
    ],
)
def test_attributes_are_seen_of_a_managed_compliant_or_joined_device_alone(
    given: dict[str, Any], registered: dict[str, Any] | None, seen: bool
) -> None:
    device = {**given, "extensionAttribute7": "mtd-block-high", "model": "iPhone"}
    assert as_seen(device, registered) == (device if seen else {**given, "model": "iPhone"})
