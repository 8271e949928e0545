"""What becomes of a sign-in, by the controls its policies ask for."""

import pytest

from shared.domain.sign_in import Verdict, seen, sign_in

REFUSES, DEPENDS, LETS_IN = Verdict.REFUSES, Verdict.DEPENDS, Verdict.LETS_IN


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
    operator: str, controls: list[str], compliant: bool, verdict: Verdict, depends_on: list[str]
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
