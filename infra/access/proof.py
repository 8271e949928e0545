"""What Conditional Access would say to a sign-in from one phone: asked of What If before anything is on.

Graph v1.0 "conditionalAccessRoot: evaluate": applicability only, of policies that are on or report-only.
Nobody is signed in and nothing is written; the tag that is asked about need not stand on the device.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infra.access.tenant import Standing, in_words
from infra.graph_session import GraphSession

EVALUATE = "/identity/conditionalAccess/evaluate"
PAUSE_SECONDS = 1.1
"""Between two questions: Conditional Access takes one call a second (Graph throttling limits)."""
BLOCKED, CLEAN = "mtd-block-high", "mtd-ok"


@dataclass(frozen=True)
class Phone:
    """Whose phone it is, which device, and the attribute that carries the tag."""

    user: str
    device: str
    platform: str
    attribute: str


@dataclass(frozen=True)
class Answer:
    """Whether one policy applies to a sign-in at one application with one value of the tag."""

    policy: str
    state: str
    application: str
    tag: str
    applies: bool
    reason: str

    def __str__(self) -> str:
        verb = "applies" if self.applies else f"does not apply ({self.reason})"
        return f"{self.tag:15} at {self.application}: {self.policy} [{self.state}] {verb}"


def ask(
    session: GraphSession, phone: Phone, applications: Sequence[str], ours: Sequence[Standing]
) -> list[Answer]:
    """What every policy of ours says, with the phone tagged as blocked and as clean, at every application."""
    return [
        answer
        for application in applications
        for tag in (BLOCKED, CLEAN)
        for answer in _answers(session, phone, application, tag, {each.name for each in ours})
    ]


def proves(answers: Sequence[Answer], blocking: str) -> list[str]:
    """What is not as it must be: the blocking policy applies to a blocked phone, and to no clean one."""
    about = [each for each in answers if each.policy == blocking]
    if not about:
        return [f"{blocking}: not in the tenant"]
    return [
        f"at {each.application}, {each.tag}: the policy {'applies' if each.applies else 'does not apply'}"
        for each in about
        if each.applies is not (each.tag == BLOCKED)
    ]


def _answers(
    session: GraphSession, phone: Phone, application: str, tag: str, names: set[str]
) -> Iterator[Answer]:
    time.sleep(PAUSE_SECONDS)
    for row in session.post(EVALUATE, _question(phone, application, tag))["value"]:
        if row["displayName"] in names:
            applies, reason = bool(row["policyApplies"]), str(row.get("analysisReasons", ""))
            yield Answer(row["displayName"], in_words(row), application, tag, applies, reason)


def _question(phone: Phone, application: str, tag: str) -> dict[str, Any]:
    return {
        "signInIdentity": {"@odata.type": "#microsoft.graph.userSignIn", "userId": phone.user},
        "signInContext": {
            "@odata.type": "#microsoft.graph.applicationContext",
            "includeApplications": [application],
        },
        "signInConditions": {
            "devicePlatform": phone.platform,
            "clientAppType": "mobileAppsAndDesktopClients",
            "deviceInfo": {"deviceId": phone.device, "isCompliant": True, phone.attribute: tag},
        },
        "appliedPoliciesOnly": False,
    }
