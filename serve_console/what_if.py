"""What Conditional Access would do with a device, asked of What If before anybody switches a policy on.

Each app is asked about twice: with the device as it is, and as if it were blocked, or clean where it is
blocked. What If says which policies apply, also those that only report; whether their controls are met is
worked out from the device.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from pydantic import BaseModel

from serve_console.named_device import stored_device
from shared.domain.access_words import APPS, GROUPS_OF_APPS
from shared.domain.sign_in import SignIn, SignInVerdict, apps_of
from shared.domain.tag import HIGH_TAG, OK_TAG, is_block
from shared.environment import GUID
from shared.errors import BadRequest
from shared.graph.wire import RegisteredDeviceAnswer
from shared.services import Services
from shared.what_if import ask, registered

AS_IF_BLOCKED, AS_IF_CLEAN = HIGH_TAG, OK_TAG
UNSEEN = (
    "Entra has this device neither as managed nor as compliant nor as hybrid joined: its attributes are not "
    "seen at a sign-in, so that a tag refuses nothing"
)

Conclusion = Literal[
    "blocked devices are refused",
    "blocked devices would be refused once the policies are on",
    "blocked devices are not refused",
    "whether blocked devices are refused depends on what the sign-in meets",
    "the device is refused whether it is blocked or not",
]


class Proof(BaseModel):
    """What Conditional Access would do, and what follows from it for an admin."""

    device: str
    attribute: str
    compliant: bool
    sign_ins: list[SignIn]
    conclusion: Conclusion
    warnings: list[str] = []
    """What stands in the way of taking the conclusion for the whole truth."""


async def prove(services: Services, id_: str, app: str | None = None) -> Proof:
    """Ask What If about the device `id_` and an app, or Exchange and SharePoint where none is named.

    Raises NotThere, BadRequest where the device has no user, is not in Entra or is no phone, and GraphError.
    """
    apps = asked_for(app)
    device = await stored_device(services, id_)
    entra = await registered(services, device)
    now = entra.attributes.get(services.settings.attribute)
    sign_ins = [
        await ask(services, device, entra, which, tag)
        for which in apps
        for tag in (now, AS_IF_CLEAN if is_block(now) else AS_IF_BLOCKED)
    ]
    return Proof(
        device=device.id,
        attribute=services.settings.attribute,
        compliant=entra.compliant,
        sign_ins=sign_ins,
        conclusion=_conclusion(
            blocked=[sign_in for sign_in in sign_ins if is_block(sign_in.tag)],
            clean=[sign_in for sign_in in sign_ins if not is_block(sign_in.tag)],
        ),
        warnings=warnings(entra, sign_ins),
    )


def asked_for(app: str | None) -> Sequence[str]:
    """The apps to ask about: of what is named, else Exchange and SharePoint. BadRequest for a mere name."""
    if app is None:
        return tuple(APPS)
    if app not in GROUPS_OF_APPS and not GUID.fullmatch(app):
        raise BadRequest("app: expected the id of an app, Office365 or All")
    return apps_of(app)


def warnings(entra: RegisteredDeviceAnswer, sign_ins: Sequence[SignIn]) -> list[str]:
    """What an admin has to know before the answers are relied on."""
    left = sorted({policy.name for sign_in in sign_ins for policy in sign_in.not_evaluated})
    unseen = [] if entra.attributes_seen else [UNSEEN]
    missing = [f"not evaluated, and may apply at a real sign-in: {', '.join(left)}"] if left else []
    return unseen + missing


def _conclusion(blocked: Sequence[SignIn], clean: Sequence[SignIn]) -> Conclusion:
    """What the sign-ins say of the block: it counts only where a clean device is not refused."""
    for verdict, refused in _READINGS:
        if all(verdict(sign_in) is SignInVerdict.REFUSES for sign_in in blocked):
            if any(verdict(sign_in) is SignInVerdict.REFUSES for sign_in in clean):
                return "the device is refused whether it is blocked or not"
            return refused
    if any(sign_in.verdict_once_on is SignInVerdict.LETS_IN for sign_in in blocked):
        return "blocked devices are not refused"
    return "whether blocked devices are refused depends on what the sign-in meets"


_READINGS: Iterable[tuple[Callable[[SignIn], SignInVerdict], Conclusion]] = (
    (lambda sign_in: sign_in.verdict, "blocked devices are refused"),
    (lambda sign_in: sign_in.verdict_once_on, "blocked devices would be refused once the policies are on"),
)
"""What is on now, then what is on once all are; and what follows where blocked devices are refused."""
