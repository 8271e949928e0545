"""What follows an applied tag, where an option says so: sessions revoked, or the device asked to check in.

Done once per change of the tag: whoever begins with it writes that down first, and has it alone for a while.
Where Graph does not answer, it stays to be done, and the timer of every minute does it; where Graph refuses,
that is recorded and nothing more is tried. A crash between the call and its record repeats the call. What was
to follow when the option was on is not done once it is off.
"""

from collections.abc import Callable
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

MAX_TURN = timedelta(minutes=2)
"""So long who has begun has it alone: longer than the store and Graph are waited for. After a crash it is
done then."""


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
        return await _edited(services, begun, lambda device: _with(device, follow_up_begun=None))
    except GraphError as error:
        words = f"not done: {_DONE[what]} ({error})"
        log_event(LogEvent.FOLLOW_UP_REFUSED, device=device.id, what=what, why=error)
    return await _recorded(services, begun, words)


async def _begun(services: Services, found: Found[Device]) -> Found[Device] | None:
    """The device once it is written down that its follow-up is begun with; None where that is not to be done
    any more, or somebody else is at it."""
    due = found.document.tag

    def begun(device: Device | None) -> Device | None:
        now = services.now()
        if device is None or not _is_due(device.tag, due) or _is_taken(device.tag, now):
            return None
        return _with(device, follow_up_begun=now)

    edited = await services.store.edit(Device, found.document.id, begun, known=found)
    return edited.found if edited.written else None


def _is_due(tag: Tag, due: Tag) -> bool:
    return tag.state is TagState.APPLIED and _is_same(tag, due)


def _is_same(tag: Tag, other: Tag) -> bool:
    """Whether the same is to follow the same change."""
    return (tag.follow_up, tag.wanted_at) == (other.follow_up, other.wanted_at)


def _is_taken(tag: Tag, now: datetime) -> bool:
    """Another's clock may be a little behind ours."""
    return tag.follow_up_begun is not None and abs(now - tag.follow_up_begun) < MAX_TURN


def _with(device: Device, **update: object) -> Device:
    return device.model_copy(update={"tag": device.tag.model_copy(update=update)})


async def _recorded(services: Services, begun: Found[Device], words: str) -> Device:
    """Put on record what was done; on a document that changed meanwhile too, or it would be done again."""
    now = services.now()
    return await _edited(
        services,
        begun,
        lambda device: _with(device.noting(now, words), follow_up=None, follow_up_begun=None),
    )


async def _edited(services: Services, begun: Found[Device], change: Callable[[Device], Device]) -> Device:
    """Change the device; not where its tag became another: what follows that one is yet to be done."""

    def changed(device: Device | None) -> Device | None:
        return change(device) if device and _is_same(device.tag, begun.document.tag) else None

    edited = await services.store.edit(Device, begun.document.id, changed, known=begun)
    return edited.found.document if edited.found else begun.document


async def _done(services: Services, device: Device, what: FollowUp) -> None:
    if what is FollowUp.REVOKE_SESSIONS and device.facts.user_id:
        await services.graph.revoke_sessions(device.facts.user_id)
    elif what is FollowUp.SYNC_DEVICE:
        await services.graph.sync_device(device.facts.intune_id)
