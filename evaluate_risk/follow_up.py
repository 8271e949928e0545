"""What follows an applied tag, where an option says so: sessions revoked, or the device asked to check in.

Done once per change of the tag. Where Graph does not answer, it stays to be done, and the timer of every
minute does it; where Graph refuses, that is recorded and nothing more is tried. A crash between the call and
its record repeats the call. What was to follow when the option was on is not done once it is off.
"""

from shared.cosmos import Found
from shared.domain.follow_up import FollowUp
from shared.domain.model import Device, TagState
from shared.errors import GraphError, GraphUnavailable
from shared.log import LogEvent, log_event
from shared.services import Services

_DONE = {
    FollowUp.REVOKE_SESSIONS: "the user's sign-in sessions were revoked",
    FollowUp.SYNC_DEVICE: "the device was asked to check in with Intune",
}


async def follow_up(services: Services, found: Found[Device]) -> Device:
    """Do what is to follow the tag of a device, if it is applied; the device after it."""
    device = found.document
    what = device.tag.follow_up
    if what is None or device.tag.state is not TagState.APPLIED or what not in services.settings.follow_ups:
        return device
    try:
        await _done(services, device, what)
        words = _DONE[what]
        log_event(LogEvent.FOLLOWED_UP, device=device.id, what=what)
    except GraphUnavailable as error:
        log_event(LogEvent.FOLLOW_UP_PENDING, device=device.id, what=what, why=error)
        return device
    except GraphError as error:
        words = f"not done: {_DONE[what]} ({error})"
        log_event(LogEvent.FOLLOW_UP_REFUSED, device=device.id, what=what, why=error)
    return await _recorded(services, found, words)


async def _recorded(services: Services, found: Found[Device], words: str) -> Device:
    """Put on record what was done; on a document that changed meanwhile too, or it would be done once more.

    Not where the tag became another: what follows that one is yet to be done.
    """
    done, now = found.document.tag, services.now()

    def recorded(device: Device | None) -> Device | None:
        if device is None or (device.tag.follow_up, device.tag.wanted_at) != (done.follow_up, done.wanted_at):
            return None
        tag = device.tag.model_copy(update={"follow_up": None})
        return device.noting(now, words).model_copy(update={"tag": tag})

    edited = await services.store.edit(Device, found.document.id, recorded, known=found)
    return edited.found.document if edited.found else found.document


async def _done(services: Services, device: Device, what: FollowUp) -> None:
    if what is FollowUp.REVOKE_SESSIONS and device.facts.user_id:
        await services.graph.revoke_sessions(device.facts.user_id)
    elif what is FollowUp.SYNC_DEVICE:
        await services.graph.sync_device(device.facts.intune_id)
