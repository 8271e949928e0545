"""What Conditional Access does with a sign-in, as far as its policies and the device say. Pure.

A policy that applies asks for controls, some or all of them (Graph: conditionalAccessGrantControls). Whether
a device meets one is known of `block`, of compliance and of being joined to a domain; the others are met by
the app or by the user, so that it depends on them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from shared.domain.access_words import APPS, GROUPS_OF_APPS
from shared.domain.record import Platform

PLATFORM_WORD: Mapping[Platform, str] = {Platform.IOS: "iOS", Platform.ANDROID: "android"}
"""Conditional Access' words for the platforms of phones; of another one it is not asked."""
ENABLED, DISABLED = "enabled", "disabled"
NOT_EVALUATED = frozenset(
    {"notEnoughInformation", "location", "signInRisk", "userRisk", "insiderRisk", "time"}
)
"""What If's reasons why a policy does not apply that hang on what nobody knows before a sign-in: a place, a
time and a risk. What is not given counts as none (Graph: signInConditions); it may apply all the same."""


@dataclass(frozen=True)
class Circumstances:
    """How a sign-in comes about, by the words of Graph's signInConditions."""

    client: str = "mobileAppsAndDesktopClients"
    platform: str | None = None
    """As the client calls itself; None: the device's own."""
    flow: str | None = None
    """`deviceCodeFlow` or `authenticationTransfer`, where it came from another device."""
    shows_device: bool = True
    """Whether it shows which device it is from. A private tab does not, nor does a phone that is not
    registered."""


FROM_AN_APP = Circumstances()
"""An app on the phone."""


class SignInVerdict(StrEnum):
    """What becomes of a sign-in."""

    LETS_IN = "lets_in"
    DEPENDS = "depends"
    """On what the app or the user brings along: it is named beside."""
    REFUSES = "refuses"


GRAVITY = (SignInVerdict.LETS_IN, SignInVerdict.DEPENDS, SignInVerdict.REFUSES)
"""From mild to grave."""


class AppliedPolicy(BaseModel):
    """A policy that applies to the sign-in."""

    model_config = ConfigDict(defer_build=True)

    name: str
    state: str
    """`enabled`, or `enabledForReportingButNotEnforced`: then it only reports."""
    controls: list[str]
    verdict: SignInVerdict
    depends_on: list[str] = []
    """The controls that may still be met, where it depends: one of them, or all (`operator`)."""
    operator: str = "OR"


class NotEvaluated(BaseModel):
    """A policy of which What If cannot say whether it applies."""

    model_config = ConfigDict(defer_build=True)

    name: str
    state: str
    controls: list[str]
    reason: str
    """What is not known, by What If's word: `notEnoughInformation`, `location`, `signInRisk` and kin."""


class SignIn(BaseModel):
    """One sign-in from a device to one app."""

    model_config = ConfigDict(defer_build=True)

    app: str
    tag: str | None
    """The value of the attribute that was asked with."""
    verdict: SignInVerdict
    """By the policies that are on."""
    verdict_once_on: SignInVerdict
    """By those that only report, too."""
    policies: list[AppliedPolicy]
    """Those that apply."""
    not_evaluated: list[NotEvaluated] = []
    """Those that may apply as well, and are not in the verdict."""


def seen(name: str, state: str, controls: Sequence[str], operator: str, *, compliant: bool) -> AppliedPolicy:
    """A policy that applies, and what it does with a phone that is `compliant` or not."""
    each = {control: _MET.get(control, _left_open)(compliant) for control in controls}
    every = operator.upper() == "AND"
    verdict = _gravest(each.values()) if every else _mildest(each.values())
    return AppliedPolicy(
        name=name,
        state=state,
        controls=list(controls),
        verdict=verdict,
        depends_on=[name for name, one in each.items() if one is verdict is SignInVerdict.DEPENDS],
        operator="AND" if every else "OR",
    )


def sign_in(
    app: str, tag: str | None, policies: Sequence[AppliedPolicy], not_evaluated: Sequence[NotEvaluated] = ()
) -> SignIn:
    """What becomes of a sign-in to which `policies` apply: each of them has to be met."""
    return SignIn(
        app=APPS.get(app, app),
        tag=tag,
        verdict=_gravest(policy.verdict for policy in policies if policy.state == ENABLED),
        verdict_once_on=_gravest(policy.verdict for policy in policies if policy.state != DISABLED),
        policies=list(policies),
        not_evaluated=list(not_evaluated),
    )


def apps_of(chosen: str) -> Sequence[str]:
    """The apps by which What If is asked about what a policy may name: a group of apps itself matches no
    policy, not even one for that group (Entra: "What If tool")."""
    return tuple(APPS) if chosen in GROUPS_OF_APPS else (chosen,)


def each_app(chosen: Iterable[str]) -> Sequence[str]:
    """Those of all that is chosen, each once."""
    return tuple(dict.fromkeys(app for one in chosen for app in apps_of(one)))


def _gravest(verdicts: Iterable[SignInVerdict]) -> SignInVerdict:
    return max(verdicts, key=GRAVITY.index, default=SignInVerdict.LETS_IN)


def _mildest(verdicts: Iterable[SignInVerdict]) -> SignInVerdict:
    return min(verdicts, key=GRAVITY.index, default=SignInVerdict.LETS_IN)


def _left_open(_compliant: bool) -> SignInVerdict:
    return SignInVerdict.DEPENDS


_MET: Mapping[str, Callable[[bool], SignInVerdict]] = {
    "block": lambda _compliant: SignInVerdict.REFUSES,
    "compliantDevice": lambda compliant: SignInVerdict.LETS_IN if compliant else SignInVerdict.REFUSES,
    "domainJoinedDevice": lambda _compliant: SignInVerdict.REFUSES,
}
"""The controls that a phone meets or not by itself. None is ever joined to a domain (Entra: "Require
Microsoft Entra hybrid joined device" is for Windows)."""
