"""An admin lets a blocked device in for a while: who, why and until when are recorded, and what it covers.

It covers the threats that are open at that moment, as far as the device's document lists them, and nothing
that is reported later; and it stands in for no partner that must scan and has not.
"""

from collections.abc import Callable
from datetime import timedelta

from pydantic import BaseModel, Field

from evaluate_risk.decide import change
from evaluate_risk.enforce import enforce
from serve_console.named_device import found_device
from serve_console.request import Request
from shared.domain.model import Device, Override, TagState, Verdict
from shared.domain.moment import Moment, in_words
from shared.entra import Caller
from shared.errors import BadRequest, NotThere
from shared.log import LogEvent, log_event
from shared.services import Services

MAX_DURATION = timedelta(days=7)


class OverrideRequest(Request):
    """For how long, and why."""

    hours: float = Field(gt=0, le=MAX_DURATION / timedelta(hours=1), allow_inf_nan=False)


class EndRequest(Request):
    """Why an override ends before its time."""


class Overridden(BaseModel):
    """A device after an override, or after its end."""

    device: str
    until: Moment | None
    covers: int
    verdict: Verdict | None
    reasons: list[str]
    tag_state: TagState


async def override(services: Services, caller: Caller, id_: str, request: OverrideRequest) -> Overridden:
    """Let the device `id_` in. Raises NotThere without it, BadRequest where nothing is open to be
    overridden."""
    now = services.now()
    until = now + timedelta(hours=request.hours)
    words = f"override until {in_words(until)} by {caller.who}: {request.reason}"

    def edit(device: Device) -> Device:
        given = Override(until=until, at=now, who=caller.who, why=request.reason, covers=_covered(device))
        return device.noting(now, words).model_copy(update={"override": given})

    device = await _changed(services, id_, edit)
    log_event(LogEvent.OVERRIDDEN, device=device.id, hours=request.hours, by=caller.object_id)
    return _answer(device)


async def end_override(services: Services, caller: Caller, id_: str, request: EndRequest) -> Overridden:
    """End the override of the device `id_` now; nothing happens where it has none."""
    words = f"override ended by {caller.who}: {request.reason}"

    def edit(device: Device) -> Device:
        if device.override is None:
            return device
        return device.noting(services.now(), words).model_copy(update={"override": None})

    return _answer(await _changed(services, id_, edit))


async def _changed(services: Services, id_: str, edit: Callable[[Device], Device]) -> Device:
    named = await found_device(services, id_)
    found = await change(services, named.document.id, edit, known=named)
    if found is None:
        raise NotThere(f"no device {id_[:100]!r} any more")
    return await enforce(services, found)


def _covered(device: Device) -> tuple[str, ...]:
    live = [slot for slot in device.slots.values() if not (slot.moved or slot.withdrawn)]
    reports = {finding.report for slot in live for finding in slot.findings}
    reports |= {slot.own_report for slot in live if slot.own_report}
    if not reports:
        raise BadRequest("nothing is open on this device that could be overridden")
    return tuple(sorted(reports))


def _answer(device: Device) -> Overridden:
    decision, given = device.decision, device.override
    return Overridden(
        device=device.id,
        until=given.until if given else None,
        covers=len(given.covers) if given else 0,
        verdict=decision.verdict if decision else None,
        reasons=list(decision.reasons) if decision else [],
        tag_state=device.tag.state,
    )
