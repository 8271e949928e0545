"""What becomes of a sign-in, by the controls its policies ask for."""

import pytest

from shared.domain.access_words import EXCHANGE_ONLINE, SHAREPOINT_ONLINE
from shared.domain.sign_in import NotEvaluated, SignInVerdict, apps_of, each_app, seen, sign_in

REFUSES, DEPENDS, LETS_IN = SignInVerdict.REFUSES, SignInVerdict.DEPENDS, SignInVerdict.LETS_IN


@pytest.mark.parametrize(
    ("operator", "controls", "compliant", "verdict", "depends_on"),
    [
        ("OR", ["block"], True, REFUSES, []),
        ("OR", ["compliantDevice"], True, LETS_IN, []),
        ("OR", ["compliantDevice"], False, REFUSES, []),
        ("OR", ["domainJoinedDevice"], True, REFUSES, []),
        ("OR", ["compliantDevice", "domainJoinedDevice"], True, LETS_IN, []),
        ("OR", ["compliantDevice", "domainJoinedDevice"], False, REFUSES, []),
        ("OR", ["compliantDevice", "compliantApplication"], True, LETS_IN, []),
        ("OR", ["compliantDevice", "compliantApplication"], False, DEPENDS, ["compliantApplication"]),
        ("OR", ["compliantDevice", "mfa"], False, DEPENDS, ["mfa"]),
        ("AND", ["compliantDevice", "mfa"], True, DEPENDS, ["mfa"]),
        ("AND", ["compliantDevice", "mfa"], False, REFUSES, []),
        (
            "AND",
            ["compliantDevice", "compliantApplication", "mfa"],
            True,
            DEPENDS,
            ["compliantApplication", "mfa"],
        ),
        ("and", ["compliantDevice", "domainJoinedDevice"], True, REFUSES, []),
        ("OR", ["approvedApplication"], True, DEPENDS, ["approvedApplication"]),
        ("OR", ["unknownFutureValue"], True, DEPENDS, ["unknownFutureValue"]),
        ("OR", [], False, LETS_IN, []),
    ],
)
def test_a_policy_refuses_lets_in_or_depends_by_its_controls(
    operator: str, controls: list[str], compliant: bool, verdict: SignInVerdict, depends_on: list[str]
) -> None:
    policy = seen("p", "enabled", controls, operator, compliant=compliant)
    assert (policy.verdict, policy.depends_on) == (verdict, depends_on)


def test_every_policy_has_to_be_met_and_those_that_report_count_once_they_are_on() -> None:
    report = "enabledForReportingButNotEnforced"
    asked_for = {"enabled": ["mfa"], report: ["block"]}
    policies = [seen("p", state, each, "OR", compliant=True) for state, each in asked_for.items()]
    both = sign_in("an app", None, policies)
    assert (both.verdict, both.verdict_once_on) == (DEPENDS, REFUSES)
    none = sign_in("an app", None, [])
    assert (none.verdict, none.verdict_once_on) == (LETS_IN, LETS_IN)


def test_what_is_off_and_what_cannot_be_evaluated_is_in_no_verdict() -> None:
    off = seen("off", "disabled", ["block"], "OR", compliant=True)
    perhaps = NotEvaluated(name="abroad", state="enabled", controls=["block"], reason="location")
    found = sign_in(EXCHANGE_ONLINE, "mtd-ok", [off], [perhaps])
    assert (found.verdict, found.verdict_once_on) == (LETS_IN, LETS_IN)
    assert (found.app, found.tag, found.policies) == ("Exchange Online", "mtd-ok", [off])
    assert found.not_evaluated == [perhaps]


@pytest.mark.parametrize(("written", "read"), [("and", "AND"), ("AND", "AND"), ("OR", "OR"), ("", "OR")])
def test_whether_all_or_one_of_it_is_needed_is_said(written: str, read: str) -> None:
    assert seen("p", "enabled", ["mfa", "termsOfUse"], written, compliant=True).operator == read


@pytest.mark.parametrize(
    ("chosen", "apps"),
    [
        ("Office365", (EXCHANGE_ONLINE, SHAREPOINT_ONLINE)),
        ("All", (EXCHANGE_ONLINE, SHAREPOINT_ONLINE)),
        ("cc15fd57-2c6c-4117-a88c-83b1d56b4bbe", ("cc15fd57-2c6c-4117-a88c-83b1d56b4bbe",)),
    ],
)
def test_a_group_of_apps_is_asked_about_by_its_apps(chosen: str, apps: tuple[str, ...]) -> None:
    assert apps_of(chosen) == apps


@pytest.mark.parametrize(
    ("chosen", "asked"),
    [
        ([], ()),
        (["b", "a", "b"], ("b", "a")),
        (["Office365"], (EXCHANGE_ONLINE, SHAREPOINT_ONLINE)),
        ([SHAREPOINT_ONLINE, "All", "a"], (SHAREPOINT_ONLINE, EXCHANGE_ONLINE, "a")),
    ],
)
def test_what_if_is_asked_about_each_app_once(chosen: list[str], asked: tuple[str, ...]) -> None:
    assert each_app(chosen) == asked
