"""Asking Entra's What If about a phone: what Conditional Access would do with its sign-in to an app."""

from collections.abc import Awaitable, Callable

from shared.domain.model import Device
from shared.domain.sign_in import PLATFORM_WORD, SignIn, seen, sign_in
from shared.errors import BadRequest, GraphUnavailable
from shared.graph.wire import EntraDeviceAnswer, WhatIfAnswer
from shared.services import Services
from shared.waiting import Waiting

WAITS = (1.1, 2.2)
"""Seconds before What If is asked again."""


async def ask(
    services: Services, device: Device, entra: EntraDeviceAnswer, app: str, tag: str | None
) -> SignIn:
    """What becomes of the sign-in of the device's user to `app`, were `tag` the value of its attribute.

    `entra` is the device as Entra has it now. Raises BadRequest where the device has no user, is not in Entra
    or is no phone, and GraphError.
    """
    platform = PLATFORM_WORD.get(device.facts.platform)
    if device.facts.user_id is None or device.facts.entra_id is None:
        raise BadRequest("What If needs a device that is registered in Entra and has a user")
    if platform is None:
        raise BadRequest("What If is asked about iOS and Android alone: the device is neither")
    user, compliant = device.facts.user_id, bool(entra.compliant)
    attributes = {**entra.attributes, services.settings.attribute: tag}
    about = {"deviceId": device.id, "isCompliant": compliant, **attributes}
    answers = await _in_turn(services.waiting, lambda: services.graph.what_if(user, app, platform, about))
    return sign_in(
        app,
        tag,
        [
            seen(each.name, each.state, each.grant.controls, each.grant.operator, compliant=compliant)
            for each in answers
            if each.applies
        ],
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
