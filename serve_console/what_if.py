"""What Conditional Access would do with a device, asked of What If before anybody switches a policy on.

Each app is asked about twice: with the device as it is, and as if it were blocked, or clean where it is
blocked. What If says which policies apply, also those that only report; whether their controls are met is
worked out from the device.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from pydantic import BaseModel

from serve_console.named_device import stored_device
from shared.domain.sign_in import APPS, SignIn, Verdict
from shared.domain.tag import HIGH_TAG, OK_TAG, is_block
from shared.errors import BadRequest
from shared.services import Services
from shared.what_if import ask

AS_IF_BLOCKED, AS_IF_CLEAN = HIGH_TAG, OK_TAG

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


async def prove(services: Services, id_: str, app: str | None = None) -> Proof:
    """Ask What If about the device `id_` and an app, or Exchange and SharePoint where none is named.

    Raises NotThere, BadRequest where the device has no user, is not in Entra or is no phone, and GraphError.
    """
    device = await stored_device(services, id_)
    if device.facts.entra_id is None:
        raise BadRequest("What If needs a device that is registered in Entra and has a user")
    entra = await services.graph.entra_device(device.id)
    now = entra.attributes.get(services.settings.attribute)
    sign_ins = [
        await ask(services, device, entra, which, tag)
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


def _conclusion(blocked: Sequence[SignIn], clean: Sequence[SignIn]) -> Conclusion:
    """What the sign-ins say of the block: it counts only where a clean device is not refused."""
    for verdict, refused in _READINGS:
        if all(verdict(sign_in) is Verdict.REFUSES for sign_in in blocked):
            if any(verdict(sign_in) is Verdict.REFUSES for sign_in in clean):
                return "the device is refused whether it is blocked or not"
            return refused
    if any(sign_in.verdict_once_on is Verdict.LETS_IN for sign_in in blocked):
        return "blocked devices are not refused"
    return "whether blocked devices are refused depends on what the sign-in meets"


_READINGS: Iterable[tuple[Callable[[SignIn], Verdict], Conclusion]] = (
    (lambda sign_in: sign_in.verdict, "blocked devices are refused"),
    (lambda sign_in: sign_in.verdict_once_on, "blocked devices would be refused once the policies are on"),
)
"""What is on now, then what is on once all are; and what follows where blocked devices are refused."""
