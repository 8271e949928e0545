"""Whether a blocked phone's user gets in by another way than the phone itself, asked of What If.

A block by tag refuses a device that is seen. Each way here shows none, or another one; what closes it are the
other policies of the shipped set.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel

from serve_console.named_device import stored_device
from serve_console.what_if import AS_IF_CLEAN, asked_for, warnings
from shared.domain.sign_in import Circumstances, SignIn, SignInVerdict
from shared.services import Services
from shared.what_if import ask, registered


class Way(StrEnum):
    """A way round a block by tag."""

    UNREGISTERED_PHONE = "unregistered_phone"
    """An app on a phone that is not registered, or not any more."""
    PRIVATE_TAB = "private_tab"
    """A browser on the phone that does not say which device it is on."""
    DESKTOP_USER_AGENT = "desktop_user_agent"
    """The same, calling itself a Mac: the platform is what the user agent says (Entra: "Conditions")."""
    DEVICE_CODE = "device_code"
    """A code that is shown on the blocked phone and entered on a clean one, whose state then counts."""
    AUTHENTICATION_TRANSFER = "authentication_transfer"
    """A sign-in that a clean device hands over."""


WAYS: Mapping[Way, Circumstances] = {
    Way.UNREGISTERED_PHONE: Circumstances(shows_device=False),
    Way.PRIVATE_TAB: Circumstances(client="browser", shows_device=False),
    Way.DESKTOP_USER_AGENT: Circumstances(client="browser", platform="macOS", shows_device=False),
    Way.DEVICE_CODE: Circumstances(flow="deviceCodeFlow"),
    Way.AUTHENTICATION_TRANSFER: Circumstances(flow="authenticationTransfer"),
}

Conclusion = Literal[
    "every way round is refused",
    "every way round would be refused once the policies are on",
    "a way round depends on what the sign-in meets",
    "a way round is open",
]


class WaySeen(BaseModel):
    """What becomes of one sign-in by one way."""

    way: Way
    sign_in: SignIn


class WaysRound(BaseModel):
    """What becomes of the sign-ins of a phone's user that do not show the phone."""

    device: str
    ways: list[WaySeen]
    conclusion: Conclusion
    warnings: list[str] = []
    """What stands in the way of taking the conclusion for the whole truth."""


async def ways_round(services: Services, id_: str, app: str | None = None) -> WaysRound:
    """Ask What If about every way, for the user of the device `id_`, at an app or at Exchange and SharePoint.

    There are five questions an app, a second each. The clean device of the last two ways is taken to be one
    like it, and compliant. Raises NotThere, BadRequest where the device has no user, is not in Entra or is no
    phone, and GraphError.
    """
    apps = asked_for(app)
    device = await stored_device(services, id_)
    clean = (await registered(services, device)).model_copy(update={"compliant": True})
    ways = [
        WaySeen(way=way, sign_in=await ask(services, device, clean, which, AS_IF_CLEAN, circumstances))
        for which in apps
        for way, circumstances in WAYS.items()
    ]
    return WaysRound(
        device=device.id,
        ways=ways,
        conclusion=_conclusion([way.sign_in for way in ways]),
        warnings=warnings(clean, [way.sign_in for way in ways]),
    )


def _conclusion(sign_ins: list[SignIn]) -> Conclusion:
    """By the way that is least closed."""
    once_on = {sign_in.verdict_once_on for sign_in in sign_ins}
    if SignInVerdict.LETS_IN in once_on:
        return "a way round is open"
    if SignInVerdict.DEPENDS in once_on:
        return "a way round depends on what the sign-in meets"
    if any(sign_in.verdict is not SignInVerdict.REFUSES for sign_in in sign_ins):
        return "every way round would be refused once the policies are on"
    return "every way round is refused"
