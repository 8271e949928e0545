"""What follows an applied tag, where an option says so: sessions revoked, or the device asked to check in.

Done once per change of the tag: whoever begins with it writes that down first, and has it alone for a while.
Where Graph does not answer, it stays to be done, and the timer of every minute does it; where Graph refuses,
that is recorded and nothing more is tried. A crash between the call and its record repeats the call. What was
to follow when the option was on is not done once it is off.
"""

from datetime import datetime, timedelta

from shared.cosmos import Found
from shared.domain.follow_up import FollowUp
from shared.domain.model import Device, Tag, TagState
from shared.errors import GraphError, GraphUnavailable
from shared.log import LogEvent, log_event
from shared.services import Services

_DONE = {
    FollowUp.REVOKE_SESSIONS: "the user's sign-in sessions were revoked",
    FollowUp.SYNC_DEVICE: "the device was asked to check in with Intune",
}

MAX_TURN = timedelta(seconds=45)
"""So long who has begun has it alone: Graph is waited for 35 seconds at most, the timer comes after 60."""


async def follow_up(services: Services, found: Found[Device]) -> Device:
    """Do what is to follow the tag of a device, if it is applied and nobody else is at it; the device after
    it."""
    what = found.document.tag.follow_up
    if what is None or what not in services.settings.follow_ups:
        return found.document
    begun = await _begun(services, found)
    if begun is None:
        return found.document
    device = begun.document
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
    return await _recorded(services, begun, words)


async def _begun(services: Services, found: Found[Device]) -> Found[Device] | None:
    """The device once it is written down that its follow-up is begun with; None where that is not to be done
    any more, or somebody else is at it."""
    due, now = found.document.tag, services.now()

    def begun(device: Device | None) -> Device | None:
        if device is None or not _is_due(device.tag, due) or _is_taken(device.tag, now):
            return None
        tag = device.tag.model_copy(update={"follow_up_begun": now})
        return device.model_copy(update={"tag": tag})

    edited = await services.store.edit(Device, found.document.id, begun, known=found)
    return edited.found if edited.written else None


def _is_due(tag: Tag, due: Tag) -> bool:
    return tag.state is TagState.APPLIED and _is_same(tag, due)


def _is_same(tag: Tag, other: Tag) -> bool:
    """Whether the same is to follow the same change."""
    return (tag.follow_up, tag.wanted_at) == (other.follow_up, other.wanted_at)


def _is_taken(tag: Tag, now: datetime) -> bool:
    begun = tag.follow_up_begun
    return begun is not None and timedelta() <= now - begun < MAX_TURN  # a clock may be set back


async def _recorded(services: Services, found: Found[Device], words: str) -> Device:
    """Put on record what was done; on a document that changed meanwhile too, or it would be done once more.

    Not where the tag became another: what follows that one is yet to be done.
    """
    done, now = found.document.tag, services.now()

    def recorded(device: Device | None) -> Device | None:
        if device is None or not _is_same(device.tag, done):
            return None
        tag = device.tag.model_copy(update={"follow_up": None, "follow_up_begun": None})
        return device.noting(now, words).model_copy(update={"tag": tag})

    edited = await services.store.edit(Device, found.document.id, recorded, known=found)
    return edited.found.document if edited.found else found.document


async def _done(services: Services, device: Device, what: FollowUp) -> None:
    if what is FollowUp.REVOKE_SESSIONS and device.facts.user_id:
        await services.graph.revoke_sessions(device.facts.user_id)
    elif what is FollowUp.SYNC_DEVICE:
        await services.graph.sync_device(device.facts.intune_id)
