"""What Conditional Access would do with a device, asked of What If before anybody switches a policy on.

Each app is asked about twice: with the device as it is, and as if it were blocked, or clean where it is
blocked. What If says which policies apply, also those that only report; whether their controls are met is
worked out here from the device's compliance.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from pydantic import BaseModel

from serve_console.named_device import stored_device
from shared.domain.model import Device
from shared.domain.record import Platform
from shared.domain.tag import HIGH_TAG, OK_TAG, is_block
from shared.errors import BadRequest, GraphUnavailable
from shared.graph.wire import EntraDeviceAnswer, WhatIfAnswer
from shared.services import Services
from shared.waiting import Waiting

APPS: Mapping[str, str] = {
    "00000002-0000-0ff1-ce00-000000000000": "Exchange Online",
    "00000003-0000-0ff1-ce00-000000000000": "SharePoint Online",
}
"""Asked about where no app is named; ids are the same in every tenant."""
WAITS = (1.1, 2.2)
"""Seconds before What If is asked again."""
AS_IF_BLOCKED, AS_IF_CLEAN = HIGH_TAG, OK_TAG
PLATFORM = {Platform.IOS: "iOS", Platform.ANDROID: "android"}


class PolicySeen(BaseModel):
    """A policy that applies to the sign-in."""

    name: str
    state: str
    """`enabled`, or `enabledForReportingButNotEnforced`: then it only reports."""
    controls: list[str]
    refuses: bool
    """Whether the device does not meet it."""


class SignIn(BaseModel):
    """One sign-in from the device to one app."""

    app: str
    tag: str | None
    """The value of the attribute that was asked with."""
    refused: bool
    """By the policies that are on."""
    refused_once_on: bool
    """By those that only report, too."""
    policies: list[PolicySeen]


Conclusion = Literal[
    "blocked devices are refused",
    "blocked devices would be refused once the policies are on",
    "blocked devices are not refused",
    "the device is refused whether it is blocked or not",
]


class Proof(BaseModel):
    """What Conditional Access would do, and what follows from it for an admin."""

    device: str
    attribute: str
    compliant: bool
    sign_ins: list[SignIn]
    conclusion: Conclusion


async def prove(services: Services, id_: str, app: str | None = None) -> Proof:
    """Ask What If about the device `id_` and an app, or Exchange and SharePoint where none is named.

    Raises NotThere, BadRequest where the device has no user or is not in Entra, and GraphError.
    """
    device = await stored_device(services, id_)
    if device.facts.user_id is None or device.facts.entra_id is None:
        raise BadRequest("What If needs a device that is registered in Entra and has a user")
    entra = await services.graph.entra_device(device.id)
    now = entra.attributes.get(services.settings.attribute)
    sign_ins = [
        await _asked(services, device, entra, which, tag)
        for which in ([app] if app else APPS)
        for tag in (now, AS_IF_CLEAN if is_block(now) else AS_IF_BLOCKED)
    ]
    return Proof(
        device=device.id,
        attribute=services.settings.attribute,
        compliant=bool(entra.compliant),
        sign_ins=sign_ins,
        conclusion=_conclusion(
            blocked=[sign_in for sign_in in sign_ins if is_block(sign_in.tag)],
            clean=[sign_in for sign_in in sign_ins if not is_block(sign_in.tag)],
        ),
    )


async def _asked(
    services: Services, device: Device, entra: EntraDeviceAnswer, app: str, tag: str | None
) -> SignIn:
    attributes = {**entra.attributes, services.settings.attribute: tag}
    about = {"deviceId": device.id, "isCompliant": bool(entra.compliant), **attributes}
    platform = PLATFORM.get(device.facts.platform, "")
    answers = await _in_turn(
        services.waiting,
        lambda: services.graph.what_if(device.facts.user_id or "", app, platform, about),
    )
    policies = [_seen(answer, compliant=bool(entra.compliant)) for answer in answers if answer.applies]
    refusing = [policy for policy in policies if policy.refuses]
    return SignIn(
        app=APPS.get(app, app),
        tag=tag,
        refused=any(policy.state == "enabled" for policy in refusing),
        refused_once_on=any(policy.state != "disabled" for policy in refusing),
        policies=policies,
    )


async def _in_turn(
    waiting: Waiting, ask: Callable[[], Awaitable[tuple[WhatIfAnswer, ...]]]
) -> tuple[WhatIfAnswer, ...]:
    """Ask, and again where Graph throttles: it takes one call a second from the whole tenant, whoever
    asks."""
    for wait in WAITS:
        try:
            return await ask()
        except GraphUnavailable:
            await waiting.sleep(wait)
    return await ask()


def _seen(answer: WhatIfAnswer, *, compliant: bool) -> PolicySeen:
    """A policy and whether it refuses. With several controls joined by OR, a compliant device needs no
    other."""
    controls = list(answer.grant.controls)
    met = compliant and "compliantDevice" in controls and answer.grant.operator.upper() != "AND"
    only_compliance = compliant and controls == ["compliantDevice"]
    refuses = "block" in controls or ("compliantDevice" in controls and not (met or only_compliance))
    return PolicySeen(name=answer.name, state=answer.state, controls=controls, refuses=refuses)


def _conclusion(blocked: list[SignIn], clean: list[SignIn]) -> Conclusion:
    """What the sign-ins say of the block: it counts only where a clean device gets in."""
    if all(sign_in.refused for sign_in in blocked):
        if any(sign_in.refused for sign_in in clean):
            return "the device is refused whether it is blocked or not"
        return "blocked devices are refused"
    if all(sign_in.refused_once_on for sign_in in blocked):
        if any(sign_in.refused_once_on for sign_in in clean):
            return "the device is refused whether it is blocked or not"
        return "blocked devices would be refused once the policies are on"
    return "blocked devices are not refused"
