"""The canary: a signed report is sent through the public door for one phone that nobody works with, and it is
watched how long it takes until Conditional Access refuses it; then all of it back.

Its blocks count in no guard and no statistic. It runs in mode `enforce` alone: nothing is tagged in another.
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pydantic import ValidationError

from shared.domain.canary_run import AGENT, DELIVERY, CanaryRun, CanaryStep
from shared.domain.mode import Mode
from shared.domain.model import Device
from shared.domain.sign_in import SignIn, SignInVerdict, each_app
from shared.domain.tag import is_block
from shared.environment import words
from shared.error_words import error_words
from shared.errors import BadRequest, GraphError, MtdError, StoreError
from shared.log import LogEvent, log_event
from shared.services import Services
from shared.standard_webhooks import signature
from shared.what_if import ask_each, registered
from sync_inventory.canary_reports import canary_report

PATIENCE_SECONDS = 180.0
"""How long a tag may take."""
POLL_SECONDS = 2.0
POST_SECONDS = 30.0


class _Missed(MtdError):
    """A step that was to happen did not; the text says why."""


@dataclass
class _Canary:
    """One run as it goes on."""

    services: Services
    id: str
    partner: str
    steps: list[CanaryStep] = field(default_factory=list)
    seen: Device | None = None
    """The device as it was when a report was last to be sent: the way back hangs on no reading."""

    async def step(self, name: str, work: Callable[[], Awaitable[None]]) -> bool:
        """Do a step and note how long it took; whether it happened."""
        clock = self.services.waiting.clock()
        missed: str | None = None
        try:
            await work()
        except (_Missed, BadRequest, GraphError, StoreError, ValidationError, OSError) as error:
            missed = error_words(error)
        seconds = round(self.services.waiting.clock() - clock, 3)
        self.steps.append(CanaryStep(step=name, seconds=seconds, missed=missed))
        return missed is None

    async def device(self) -> Device:
        """The canary as it is stored. _Missed where it is not there to be used, or no canary any more."""
        found = await self.services.store.read(Device, self.id)
        device = found.document if found else None
        if device is None or device.gone_at is not None or device.replaced_by is not None:
            raise _Missed("Intune has no such device any more: set CANARY_DEVICE anew")
        if device.facts.user_id is None or device.facts.user_id.lower() != self.services.settings.canary_user:
            raise _Missed("its user is not CANARY_USER: somebody may work with it now")
        return device

    async def ready(self) -> None:
        """Nothing but the canary's own agent speaks against it, and it is let in."""
        device = await self.device()
        others = [slot for slot in device.slots.values() if not slot.agent.endswith(f":{AGENT}")]
        if any(slot.findings for slot in others):
            raise _Missed("it has an open threat of its own")
        if is_block(device.tag.applied) or is_block(device.tag.wanted):
            raise _Missed(f"it is blocked already: {_why(device)}")

    async def leftover(self) -> None:
        """What a run that was cut off left open is ended first."""
        device = await self.device()
        own = device.slots.get(f"{self.partner}:{AGENT}")
        if own and own.open_threats:
            await self.post(is_open=False)
            await self.until(blocked=False)
            await self.services.waiting.sleep(POLL_SECONDS)  # what comes next is later than this

    async def post(self, *, is_open: bool) -> None:
        """Send the report as its partner would, from outside."""
        settings = self.services.settings
        self.seen = device = self.seen or await self.device()
        body = canary_report(
            self.partner,
            device.facts.intune_id,
            device.facts.platform,
            self.services.now(),
            is_open=is_open,
        )
        secret = words(settings.webhook_secrets[self.partner])[0]
        id_, stamp = f"{DELIVERY}{uuid.uuid4().hex}", str(int(self.services.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": id_,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{signature(secret, id_, stamp, body)}",
        }
        status = await _posted(f"{settings.public_url}/api/partners/{self.partner}/reports", body, headers)
        if status != 202:
            raise _Missed(f"the app answered {status} to its report")

    async def until(self, *, blocked: bool) -> None:
        """Wait until Entra has the tag."""
        ends = self.services.waiting.clock() + PATIENCE_SECONDS
        while True:
            device = await self.device()
            if is_block(device.tag.applied) is blocked and is_block(device.tag.wanted) is blocked:
                return
            if self.services.waiting.clock() >= ends:
                said = "no tag" if blocked else "its block stands"
                raise _Missed(f"{said} after {PATIENCE_SECONDS:.0f} seconds: {_why(device)}")
            await self.services.waiting.sleep(POLL_SECONDS)

    async def refused(self) -> None:
        """What If refuses it at every chosen app."""
        for sign_in in await self.sign_ins():
            if sign_in.verdict is not SignInVerdict.REFUSES:
                raise _Missed(f"What If does not refuse it at {sign_in.app}: {sign_in.verdict}")

    async def granted(self) -> None:
        """What If refuses it at no chosen app."""
        for sign_in in await self.sign_ins():
            if sign_in.verdict is SignInVerdict.REFUSES:
                raise _Missed(f"What If refuses it still at {sign_in.app}")

    async def sign_ins(self) -> list[SignIn]:
        """What If's word on each app, with the tag that stands in Entra."""
        device = await self.device()
        entra = await registered(self.services, device)
        tag = entra.attributes.get(self.services.settings.attribute)
        apps = each_app(self.services.settings.access_apps)
        return [sign_in async for _, sign_in in ask_each(self.services, device, entra, apps, tag)]


async def run_canary(services: Services) -> CanaryRun | None:
    """One run, recorded in `history` for 400 days; None where there is no canary, or nothing is enforced."""
    settings = services.settings
    if not settings.canary_device or settings.mode is not Mode.ENFORCE:
        return None
    started_at = services.now()
    canary = _Canary(services, settings.canary_device, settings.canary_partner)
    if await canary.step("ended", canary.leftover) and await canary.step("ready", canary.ready):
        await _there_and_back(canary)
    run = CanaryRun(
        id=f"canary:{started_at:%Y%m%dT%H%M%S}",
        device=settings.canary_device,
        partner=settings.canary_partner,
        started_at=started_at,
        steps=tuple(canary.steps),
    )
    missed = run.missed
    if missed:
        log_event(LogEvent.CANARY_MISSED, step=missed.step, why=missed.missed)
    else:
        log_event(LogEvent.CANARY_RETURNED, blocked=run.seconds("blocked"), released=run.seconds("released"))
    await services.store.create(run)
    return run


async def _there_and_back(canary: _Canary) -> None:
    """The way back is gone whatever was missed on the way: an answer may be lost, and its effect not."""
    accepted = await canary.step("accepted", lambda: canary.post(is_open=True))
    if accepted and await canary.step("blocked", lambda: canary.until(blocked=True)):
        await canary.step("refused", canary.refused)
    await canary.step("resolved", lambda: canary.post(is_open=False))
    if await canary.step("released", lambda: canary.until(blocked=False)):
        await canary.step("granted", canary.granted)


async def _posted(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer. _Missed or TimeoutError where there is none."""
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=POST_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status
    except aiohttp.ClientError as error:
        raise _Missed(f"the app was not reached: {type(error).__name__}") from error


def _why(device: Device) -> str:
    """What is decided of it, in a few words."""
    decided = device.decision
    said = f"{decided.verdict}, {decided.reasons[0]}" if decided and decided.reasons else "nothing decided"
    return f"{said}; tag {device.tag.state}"
