"""Whether a Conditional Access policy refuses what it is to refuse: everything that narrows it is named."""

from typing import Any

import pytest

from infra.access.templates import APPLICATIONS, policies
from shared.domain.access_policy import BLOCK_TAGS, TEAMS, AccessPolicy, Role, beyond
from shared.domain.access_words import EXCHANGE_ONLINE, SHAREPOINT_ONLINE

GROUP = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
ATTRIBUTE = "extensionAttribute7"


def shipped(role: Role, **conditions: Any) -> AccessPolicy:
    """The template of a role as Graph serves it: with null and empty for what is not said."""
    block, companion = policies(GROUP, APPLICATIONS, 7)[:2]
    policy = block if role is Role.BLOCK else companion
    nothing: dict[str, Any] = {
        "signInRiskLevels": [],
        "userRiskLevels": [],
        "locations": None,
        "clientApplications": None,
        "authenticationFlows": {"transferMethods": "none"},
        "insiderRiskLevels": None,
    }
    grant = policy["grantControls"]
    return AccessPolicy(
        id=f"policy-{role}",
        name=policy["displayName"],
        state="enabled",
        conditions={**nothing, **policy["conditions"], **conditions},
        operator=grant["operator"],
        controls=tuple(grant["builtInControls"]),
    )


def filtered(rule: str, mode: str = "include") -> dict[str, Any]:
    return {"devices": {"deviceFilter": {"mode": mode, "rule": rule}}}


@pytest.mark.parametrize("role", Role)
def test_the_shipped_policies_are_known_and_nothing_narrows_them(role: Role) -> None:
    policy = shipped(role)
    assert policy.role(ATTRIBUTE) is role
    assert policy.faults(role, ATTRIBUTE) == ()
    assert policy.excluded == {GROUP}
    assert policy.covers(EXCHANGE_ONLINE)
    assert policy.covers(SHAREPOINT_ONLINE)
    assert not policy.covers(TEAMS)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    ("conditions", "fault"),
    [
        ({"users": {"includeUsers": ["None"]}}, "is not for all users"),
        ({"users": {"includeGroups": [GROUP]}}, "is not for all users"),
        ({"clientAppTypes": ["browser"]}, "is only for the client apps browser"),
        ({"clientAppTypes": ["other", "browser"]}, "is only for the client apps browser, other"),
        ({"clientAppTypes": "browser"}, "is only for the client apps browser"),
        ({"aSwitchOfNextYear": True}, "is narrowed by aSwitchOfNextYear"),
        (
            {"platforms": {"includePlatforms": ["all"], "excludePlatforms": ["all"]}},
            "is not for all",
        ),
        ({"platforms": {"includePlatforms": ["iOS"]}}, "is only for iOS"),
        ({"platforms": {"includePlatforms": ["all"], "excludePlatforms": ["android"]}}, "is not for android"),
        (
            {"locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}},
            "is narrowed by locations",
        ),
        ({"locations": {"includeLocations": ["some"]}}, "is narrowed by locations"),
        ({"signInRiskLevels": ["high"]}, "is narrowed by signInRiskLevels"),
        (
            {"authenticationFlows": {"transferMethods": "deviceCodeFlow"}},
            "is narrowed by authenticationFlows",
        ),
        ({"aConditionOfNextYear": {"levels": ["one"]}}, "is narrowed by aConditionOfNextYear"),
        (
            {"applications": {"includeApplications": ["All"], "applicationFilter": {"rule": "x"}}},
            "is narrowed by a filter for apps",
        ),
        ({"devices": {"includeDeviceStates": ["All"]}}, "is narrowed by devices.includeDeviceStates"),
        (
            {"users": {"includeUsers": ["All"], "excludeOfNextYear": ["x"]}},
            "is narrowed by users.excludeOfNextYear",
        ),
        (
            {"applications": {"includeApplications": ["All"], "excludeOfNextYear": ["x"]}},
            "is narrowed by applications.excludeOfNextYear",
        ),
        (
            {"platforms": {"includePlatforms": ["all"], "excludeOfNextYear": ["x"]}},
            "is narrowed by platforms.excludeOfNextYear",
        ),
    ],
)
def test_what_narrows_it_is_named(role: Role, conditions: dict[str, Any], fault: str) -> None:
    assert fault in shipped(role, **conditions).faults(role, ATTRIBUTE)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    "conditions",
    [
        {"clientAppTypes": ["browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "other"]},
        *({"clientAppTypes": every} for every in (["all"], ["all", "browser"], [], "", None)),
        *({"platforms": {"includePlatforms": every}} for every in (["all"], [], None)),
        {"platforms": {"includePlatforms": ["iOS", "android", "macOS"]}},
        {"aSwitchOfNextYear": False},
        {"platforms": {"includePlatforms": ["all"], "excludePlatforms": ["windows"]}},
        {"locations": {"includeLocations": ["All"], "excludeLocations": []}},
        {"sessions@odata.context": "https://graph.microsoft.com/…"},
    ],
)
def test_what_narrows_nothing_is_no_fault(role: Role, conditions: dict[str, Any]) -> None:
    assert shipped(role, **conditions).faults(role, ATTRIBUTE) == ()


MISSED = "does not match every device tagged "
EVERY = "mtd-block-high, mtd-block-low, mtd-block-medium, mtd-block-nodata, mtd-block-rule"


@pytest.mark.parametrize(
    ("rule", "mode", "fault"),
    [
        ('device.extensionAttribute7 -startsWith "mtd-block"', "include", None),
        ('device.extensionAttribute7 -startsWith "MTD-"', "include", "matches devices that are not blocked"),
        ('device.extensionAttribute7 -contains "block" -or device.model -eq "x"', "include", None),
        ('device.extensionAttribute7 -notStartsWith "mtd-block"', "exclude", None),
        (
            'device.extensionAttribute7 -eq "mtd-block-high"',
            "include",
            f"{MISSED}{EVERY.removeprefix('mtd-block-high, ')}",
        ),
        (
            'device.extensionAttribute7 -startsWith "mtd-block" -and device.isCompliant -eq True',
            "include",
            f"{MISSED}{EVERY}",
        ),
        ('DEVICE.extensionattribute7 -startsWith "mtd-block"', "include", None),
        (
            'device.extensionAttribute7 -startsWith "mtd-block"',
            "exclude",
            "matches devices that are not blocked",
        ),
        (
            'device.extensionAttribute7 -eq "mtd-ok',
            "include",
            "has a filter for devices that cannot be read: cannot be read at character 31",
        ),
    ],
)
def test_a_filter_is_asked_for_every_value_of_the_tag(rule: str, mode: str, fault: str | None) -> None:
    policy = shipped(Role.BLOCK, **filtered(rule, mode))
    assert policy.role(ATTRIBUTE) is Role.BLOCK
    found = policy.faults(Role.BLOCK, ATTRIBUTE)
    assert (found == ()) if fault is None else (fault in found)


def test_a_filter_that_no_blocked_device_meets_refuses_nothing() -> None:
    other = shipped(Role.BLOCK, **filtered('device.extensionAttribute7 -startsWith "xyz-block"'))
    assert other.matches_nothing(ATTRIBUTE)
    narrowed = shipped(Role.BLOCK, **filtered(f'device.extensionAttribute7 -eq "{BLOCK_TAGS[0]}"'))
    assert not narrowed.matches_nothing(ATTRIBUTE)
    unread = shipped(Role.BLOCK, **filtered('device.extensionAttribute7 -startsWith "xyz'))
    assert not unread.matches_nothing(ATTRIBUTE), "nobody can say what it matches"


@pytest.mark.parametrize(
    "policy",
    [
        shipped(Role.BLOCK, **filtered('device.extensionAttribute15 -startsWith "mtd-block"')),
        shipped(Role.BLOCK, **filtered('device.model -eq "extensionAttribute7"')),
        shipped(Role.BLOCK, devices=None),
        shipped(Role.COMPANION, platforms={"includePlatforms": ["windows", "macOS"]}),
        AccessPolicy("1", "another", "enabled", controls=("mfa",)),
        AccessPolicy("1", "nothing said", "enabled"),
    ],
)
def test_a_policy_for_something_else_is_not_watched(policy: AccessPolicy) -> None:
    assert policy.role(ATTRIBUTE) is None


@pytest.mark.parametrize(
    "platforms", [None, {}, {"includePlatforms": ["all"]}, {"includePlatforms": ["iOS"]}]
)
def test_a_policy_for_every_platform_is_one_for_phones(platforms: Any) -> None:
    assert shipped(Role.COMPANION, platforms=platforms).role(ATTRIBUTE) is Role.COMPANION


def test_another_attribute_whose_name_begins_alike_is_another() -> None:
    policy = shipped(Role.BLOCK, **filtered('device.extensionAttribute15 -startsWith "mtd-block"'))
    assert policy.role("extensionAttribute1") is None
    assert policy.role("extensionAttribute15") is Role.BLOCK


@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({"controls": ("compliantDevice", "compliantApplication")}, ()),
        ({"controls": ("compliantDevice", "mfa")}, ("lets in without a device: mfa",)),
        (
            {"controls": ("compliantDevice", "passwordChange", "mfa"), "other_controls": True},
            ("lets in without a device: mfa, passwordChange",),
        ),
        ({"controls": ("compliantDevice", "mfa"), "operator": "AND"}, ()),
        (
            {"controls": ("compliantDevice",), "other_controls": True},
            ("lets in without a device: another control is enough",),
        ),
    ],
)
def test_a_companion_that_a_user_alone_can_meet_is_none(
    fields: dict[str, Any], faults: tuple[str, ...]
) -> None:
    policy = shipped(Role.COMPANION)
    changed = AccessPolicy(**{**vars(policy), **fields})
    assert changed.faults(Role.COMPANION, ATTRIBUTE) == faults


def test_every_kind_of_exclusion_counts() -> None:
    users = {
        "includeUsers": ["All"],
        "excludeUsers": ["ABCD", "GuestsOrExternalUsers"],
        "excludeGroups": [GROUP.upper()],
        "excludeRoles": ["Role-1"],
        "excludeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "b2bCollaborationGuest"},
    }
    assert shipped(Role.BLOCK, users=users).excluded == {"abcd", GROUP, "role:role-1", "guests"}


@pytest.mark.parametrize(
    ("guests", "excluded"),
    [
        (None, set()),
        ({"guestOrExternalUserTypes": None, "externalTenants": None}, set()),
        ({"guestOrExternalUserTypes": "b2bCollaborationGuest"}, {"guests:b2bcollaborationguest"}),
        ({"guestOrExternalUserTypes": "internalGuest,none, x"}, {"guests:internalguest", "guests:x"}),
        ({"guestOrExternalUserTypes": "none", "externalTenants": {"membershipKind": "all"}}, {"guests"}),
        ({"guestOrExternalUserTypes": 7}, {"guests:7"}),
        ("odd", {"guests"}),
    ],
)
def test_each_kind_of_guests_is_an_exclusion(guests: Any, excluded: set[str]) -> None:
    users = {"includeUsers": ["All"], "excludeGuestsOrExternalUsers": guests}
    assert shipped(Role.BLOCK, users=users).excluded == excluded


def test_who_accepts_all_guests_accepts_each_kind_and_not_the_other_way_round() -> None:
    assert beyond({"guests:a", "x"}, {"guests"}) == {"x"}
    assert beyond({"guests", "guests:b"}, {"guests:a"}) == {"guests", "guests:b"}


@pytest.mark.parametrize(
    ("included", "excluded", "app", "covered"),
    [
        (["All"], [], EXCHANGE_ONLINE, True),
        (["Office365"], [], EXCHANGE_ONLINE, True),
        (["Office365"], [], TEAMS, True),
        (["Office365"], [], GROUP, False),
        (["Office365"], [], "All", False),
        (["All"], [], "Office365", True),
        (["All"], [EXCHANGE_ONLINE], "Office365", False),
        (["All"], [GROUP], "All", False),
        (["All"], ["Office365"], SHAREPOINT_ONLINE, False),
        ([EXCHANGE_ONLINE.upper()], [], EXCHANGE_ONLINE, True),
        ([], [], EXCHANGE_ONLINE, False),
    ],
)
def test_which_apps_it_is_for(included: list[str], excluded: list[str], app: str, covered: bool) -> None:
    apps = {"includeApplications": included, "excludeApplications": excluded}
    assert shipped(Role.BLOCK, applications=apps).covers(app) is covered


@pytest.mark.parametrize("odd", [None, [], "text", 7, {"includeUsers": None}])
def test_odd_conditions_are_a_fault_and_no_error(odd: Any) -> None:
    policy = shipped(Role.BLOCK, users=odd, applications=odd, platforms=odd, locations=odd)
    assert "is not for all users" in policy.faults(Role.BLOCK, ATTRIBUTE)
    assert not policy.covers(EXCHANGE_ONLINE)


@pytest.mark.parametrize("odd", [7, "text", [["all"]], [{"a": 1}], {"a": 1}, [7, "x"]])
@pytest.mark.parametrize("role", Role)
def test_an_odd_list_narrows_and_is_no_error(role: Role, odd: Any) -> None:
    for conditions in ({"clientAppTypes": odd}, {"platforms": {"includePlatforms": odd}}):
        assert any("is only for" in fault for fault in shipped(role, **conditions).faults(role, ATTRIBUTE)), (
            conditions
        )
    assert "is not for all users" in shipped(role, users={"includeUsers": odd}).faults(role, ATTRIBUTE)
    shut_out = shipped(role, users={"includeUsers": ["All"], "excludeUsers": odd})
    assert shut_out.excluded
    assert shut_out.role(ATTRIBUTE) is role
    places = shipped(role, locations={"includeLocations": odd})
    assert "is narrowed by locations" in places.faults(role, ATTRIBUTE)
