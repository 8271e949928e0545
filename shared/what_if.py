"""Asking Entra's What If about a phone: what Conditional Access would do with its sign-in to an app."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from shared.domain.model import Device
from shared.domain.sign_in import (
    DISABLED,
    FROM_AN_APP,
    NOT_EVALUATED,
    PLATFORM_WORD,
    Circumstances,
    NotEvaluated,
    SignIn,
    seen,
    sign_in,
)
from shared.errors import BadRequest, GraphRefused, GraphUnavailable
from shared.graph.wire import RegisteredDeviceAnswer, WhatIfAnswer
from shared.services import Services
from shared.waiting import Waiting

WAITS = (1.1, 2.2)
"""Seconds before What If is asked again."""
SPACING = 1.1
"""Seconds before each question where nobody waits for the answers."""


async def registered(services: Services, device: Device) -> RegisteredDeviceAnswer:
    """A device as Entra has it now. Raises BadRequest where What If cannot be asked about it; GraphError."""
    _user_and_platform(device)
    return await services.graph.entra_device(device.id)


async def ask(
    services: Services,
    device: Device,
    entra: RegisteredDeviceAnswer,
    app: str,
    tag: str | None,
    circumstances: Circumstances = FROM_AN_APP,
) -> SignIn:
    """What becomes of the sign-in of the device's user to `app`, were `tag` the value of its attribute.

    `entra` is the device as Entra has it now. What Conditional Access does not see at a sign-in is not sent
    either: the attributes of a device that is neither managed nor compliant, everything of one that is not
    shown. Raises BadRequest where the device has no user, is not in Entra or is no phone, and GraphError,
    which says that it was What If.
    """
    user, platform = _user_and_platform(device)
    conditions: dict[str, object] = {
        "devicePlatform": circumstances.platform or platform,
        "clientAppType": circumstances.client,
    }
    if circumstances.flow:
        conditions["authenticationFlow"] = {"transferMethod": circumstances.flow}
    if circumstances.shows_device:
        conditions["deviceInfo"] = _shown(entra, services.settings.attribute, tag)
    answers = await _in_turn(services.waiting, lambda: services.graph.what_if(user, app, conditions))
    compliant = entra.compliant and circumstances.shows_device
    return sign_in(
        app,
        tag if circumstances.shows_device else None,
        [
            seen(each.name, each.state, each.grant.controls, each.grant.operator, compliant=compliant)
            for each in answers
            if each.applies
        ],
        list(_not_evaluated(answers)),
    )


async def ask_each(
    services: Services, device: Device, entra: RegisteredDeviceAnswer, apps: Iterable[str], tag: str | None
) -> AsyncIterator[tuple[str, SignIn]]:
    """The same for several apps, each with its answer, at a pace that leaves others a turn: Conditional
    Access takes one call a second from the whole tenant."""
    for app in apps:
        await services.waiting.sleep(SPACING)
        yield app, await ask(services, device, entra, app, tag)


def _user_and_platform(device: Device) -> tuple[str, str]:
    facts = device.facts
    platform = PLATFORM_WORD.get(facts.platform)
    if facts.user_id is None or facts.entra_id is None:
        raise BadRequest("What If needs a device that is registered in Entra and has a user")
    if platform is None:
        raise BadRequest("What If is asked about iOS and Android alone, and this device has neither")
    return facts.user_id, platform


def _shown(entra: RegisteredDeviceAnswer, attribute: str, tag: str | None) -> dict[str, object]:
    attributes = {**entra.attributes, attribute: tag} if entra.attributes_seen else {}
    return {**entra.device_info, **attributes}


def _not_evaluated(answers: Iterable[WhatIfAnswer]) -> Iterable[NotEvaluated]:
    for each in answers:
        reasons = {word.strip() for word in each.reason.split(",")}
        if not each.applies and each.state != DISABLED and reasons & NOT_EVALUATED:
            controls = list(each.grant.controls)
            yield NotEvaluated(name=each.name, state=each.state, controls=controls, reason=each.reason)


async def _in_turn(
    waiting: Waiting, ask: Callable[[], Awaitable[tuple[WhatIfAnswer, ...]]]
) -> tuple[WhatIfAnswer, ...]:
    """Ask, and again where Graph throttles: it takes one call a second from the whole tenant, whoever
    asks."""
    try:
        for wait in WAITS:
            try:
                return await ask()
            except GraphUnavailable:
                await waiting.sleep(wait)
        return await ask()
    except GraphUnavailable as error:
        raise GraphUnavailable(
            f"What If does not answer, so nothing is known of the policies; they refuse as they did: {error}",
            retry_after=error.retry_after,
        ) from error
    except GraphRefused as error:
        raise GraphRefused(f"What If refuses to answer: {error}") from error
