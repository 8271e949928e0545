"""From the wanted tag to the Entra device. One of the doors into this room.

The decision stands in the device's document before this begins; the outcome is recorded after it with
If-Match. Where another instance was faster, the newest wanted value is written once more, whatever the record
says, because nobody knows whose write reached Entra last. A Graph failure leaves the tag pending.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel

from evaluate_risk.follow_up import follow_up
from evaluate_risk.guard import Approval, Guard, Stop, admit, approve, guard
from evaluate_risk.release import Released, release
from evaluate_risk.wanted_tag import WAITING
from shared.cosmos import FOLLOW_UPS, MAX_ATTEMPTS, PENDING_TAGS, WAITING_FOR_APPROVAL, Found, pause
from shared.domain.mode import Mode
from shared.domain.model import Device, Tag, TagState
from shared.domain.moment import Moment
from shared.domain.tag import is_block, is_ours
from shared.errors import Conflict, Contended, GraphError, GraphNotFound, GraphRefused, NotStored
from shared.graph.graph import SeenTag
from shared.log import LogEvent, log_event
from shared.services import Services

__all__ = [
    "Approval",
    "Guard",
    "Released",
    "Stop",
    "approve",
    "enforce",
    "enforce_all",
    "guard",
    "release",
    "retry_pending",
]

TOGETHER = 20
"""Devices whose tags are read, and then written, in one batch."""
BUDGET_SECONDS = {True: 35.0, False: 15.0}
"""Wall time one run gives to blocks and to unblocks: neither keeps the other waiting for ever."""
FOLLOW_UP_SECONDS = 8.0
MAX_PAUSE = timedelta(hours=1)
"""Between attempts at a tag that Entra refuses."""
RESTRICTED = "the device is in a restricted management administrative unit, where the app needs a role"


class _Pending(BaseModel):
    """A device whose tag waits, how often it was tried, and until when it is left alone."""

    id: str
    attempts: int = 0
    retry_at: Moment | None = None
    stop: str | None = None


async def enforce(services: Services, found: Found[Device]) -> Device:
    """Bring a device's pending tag to Entra; the device with what came of it."""
    [device] = await enforce_all(services, [found])
    return device


async def enforce_all(services: Services, founds: Sequence[Found[Device]]) -> list[Device]:
    """Bring the pending tags of some devices to Entra together; the devices with what came of it, in order.

    A new block beyond the mass-change stop waits for an admin.
    """
    after = {found.document.id: found.document for found in founds}
    if services.settings.mode is not Mode.ENFORCE:
        return list(after.values())
    waiting = [found for found in founds if _waits(found.document, services.now())]
    held = await _held(services, [found.document for found in waiting])
    free = [found for found in waiting if found.document.id not in held]
    tags = dict(zip([f.document.id for f in free], await _attempted(services, free), strict=True))
    for found in waiting:
        device = found.document
        tag = tags.get(device.id) or _waiting(device.tag, held[device.id])
        after[device.id] = await _record(services, found, tag, raced=device.id in tags)
    return list(after.values())


def _waits(device: Device, now: datetime) -> bool:
    """Whether its tag is to be tried now: one that Entra refused is tried ever more slowly."""
    tag = device.tag
    return tag.wanted is not None and tag.state in WAITING and (tag.retry_at is None or tag.retry_at <= now)


async def _held(services: Services, devices: Sequence[Device]) -> dict[str, str]:
    """The devices whose block must wait, with the stop each waits under; never the canary, which is blocked
    to see that it works."""
    counted = [d for d in devices if _is_new_block(d.tag) and d.id != services.settings.canary_device]
    return await admit(services, {d.id: d.tag.stop for d in counted})


def _is_new_block(tag: Tag) -> bool:
    """Whether a device that was let in would be refused: a block of ours that is put back is none."""
    return is_block(tag.wanted) and not is_block(tag.applied)


def _waiting(tag: Tag, stop: str) -> Tag:
    return tag.model_copy(update={"state": TagState.PENDING_APPROVAL, "stop": stop, "error": None})


async def _attempted(
    services: Services, founds: Sequence[Found[Device]], *, raced: bool = False
) -> list[Tag]:
    """The tags after one attempt at Entra, for all at once. A value that is not ours is left alone."""
    devices = [found.document for found in founds]
    seen = dict(zip([d.id for d in devices], await services.graph.tags([d.id for d in devices]), strict=True))
    to_write = {d.id: d.tag.wanted or "" for d in devices if _must_write(d.tag, seen[d.id], raced=raced)}
    errors = dict(zip(to_write, await services.graph.write_tags(to_write), strict=True))
    return [_outcome(d, seen[d.id], errors.get(d.id), services) for d in devices]


def _must_write(tag: Tag, seen: SeenTag | GraphError, *, raced: bool) -> bool:
    """Whether Entra must be written: not over another's value, and not where ours is known to stand."""
    if isinstance(seen, GraphError) or _is_foreign(seen.value):
        return False
    outcome_unknown = raced or tag.outcome_unknown or tag.attempts > 0
    return outcome_unknown or seen.value != tag.wanted or tag.applied not in {None, tag.wanted}


def _is_foreign(value: str | None) -> bool:
    return bool(value) and not is_ours(value)


def _outcome(device: Device, seen: SeenTag | GraphError, error: GraphError | None, services: Services) -> Tag:
    tag, wanted = device.tag, device.tag.wanted or ""
    failure = seen if isinstance(seen, GraphError) else error
    if isinstance(failure, GraphNotFound):
        gone = {"state": TagState.NO_DEVICE, "stop": None, "error": "Entra does not know the device"}
        return tag.model_copy(update=gone)
    if failure is not None:
        refused = isinstance(failure, GraphRefused)
        restricted = refused and isinstance(seen, SeenTag) and seen.restricted
        why = f"{failure}; {RESTRICTED}" if restricted else str(failure)
        log_event(LogEvent.TAG_PENDING, device=device.id, tag=wanted, why=why)
        failed = {
            "state": TagState.PENDING,
            "attempts": tag.attempts + 1,
            "retry_at": services.now() + _pause(tag.attempts) if refused else None,
            "error": why,
        }
        return tag.model_copy(update=failed)
    before = None if isinstance(seen, GraphError) else seen.value
    if _is_foreign(before):
        log_event(LogEvent.TAG_FOREIGN, device=device.id)
        foreign = {"state": TagState.FOREIGN, "before": before, "stop": None, "error": None}
        return tag.model_copy(update=foreign)
    log_event(LogEvent.TAG_WRITTEN, device=device.id, tag=wanted, before=before, why=tag.why)
    applied = {
        "state": TagState.APPLIED,
        "applied": wanted,
        "before": _before(tag, before),
        "applied_at": services.now(),
        "outcome_unknown": False,
        "stop": None,
        "retry_at": None,
        "follow_up": tag.follow_up if tag.follow_up in services.settings.follow_ups else None,
        "error": None,
    }
    return tag.model_copy(update=applied)


def _pause(attempts: int) -> timedelta:
    """How long a refused tag is left alone after so many attempts before this one: not at all, then 1, 3, 7
    minutes and so on, an hour at most."""
    return min(timedelta(minutes=2 ** min(attempts, 6) - 1), MAX_PAUSE)


def _before(tag: Tag, value: str | None) -> str | None:
    """What stood in the attribute before the wanted value, also where an earlier attempt has written it."""
    if value != tag.wanted:
        return value
    return tag.before if tag.applied == tag.wanted else tag.applied


async def _record(services: Services, found: Found[Device], tag: Tag, *, raced: bool) -> Device:
    """Record what came of a device's tag; where another instance was faster, look and write once more.

    `raced` says whether Entra was asked, so that the order of our write and the other's is not known.
    """
    # Not Store.edit: Entra is asked between one try and the next
    for attempt in range(MAX_ATTEMPTS):
        after = _recorded(found.document, tag, services)
        if after == found.document:
            return after
        try:
            etag = await services.store.replace(after, found.etag)
        except (Conflict, NotStored):
            await pause(attempt)
        else:
            return await follow_up(services, Found(after, etag))
        again = await services.store.read(Device, found.document.id)
        if again is None or again.document.tag.wanted is None:
            return again.document if again else found.document
        if not raced and not _waits(again.document, services.now()):
            return again.document
        found = again
        held = await _held(services, [found.document]) if _waits(found.document, services.now()) else {}
        if held:
            tag = _waiting(found.document.tag, held[found.document.id])
            continue
        [tag] = await _attempted(services, [found], raced=raced)
        raced = True
    raise Contended(f"device {found.document.id} is written by too many at once")


def _recorded(device: Device, tag: Tag, services: Services) -> Device:
    after = device.model_copy(update={"tag": tag})
    words = _words(tag) if tag.state is not device.tag.state else None
    return after.noting(services.now(), words) if words else after


def _words(tag: Tag) -> str | None:
    """What a device's history says of a tag that came to its state."""
    words = {
        TagState.APPLIED: f"tag {tag.applied} written over {tag.before or 'nothing'}",
        TagState.FOREIGN: "tag not written: somebody else's value stands in the attribute",
        TagState.NO_DEVICE: "tag not written: Entra does not know the device",
        TagState.PENDING_APPROVAL: f"block held back: too many at once (stop {tag.stop})",
    }
    return words.get(tag.state)


async def retry_pending(services: Services) -> dict[str, int]:
    """Try every pending tag again, blocks before unblocks; how many were tried and are no longer pending.

    Blocks an admin has approved go with them. The least tried go first and the time is bounded, so that a few
    that never work hold up nobody: the next run goes on with the others. Waits as long as Graph asks.
    """
    counts = {"tried": 0, "settled": 0}
    if services.settings.mode is not Mode.ENFORCE:
        return counts
    for blocks, seconds in BUDGET_SECONDS.items():
        rows = services.store.rows(_Pending, "devices", PENDING_TAGS, blocks=blocks)
        due = [row async for row in rows if row.retry_at is None or row.retry_at <= services.now()]
        waiting = sorted(due, key=lambda row: (row.attempts, row.id))
        if blocks:
            waiting += await _approved(services)
        await _retry(services, waiting, services.waiting.clock() + seconds, counts)
    await _finish_follow_ups(services)
    return counts


async def _approved(services: Services) -> list[_Pending]:
    """Devices that waited for an approval that has been given."""
    approvals = (await guard(services)).approvals
    if not approvals:
        return []
    stops = {approval.stop for approval in approvals}
    rows = services.store.rows(_Pending, "devices", WAITING_FOR_APPROVAL)
    return [row async for row in rows if row.stop in stops]


async def _retry(
    services: Services, waiting: Sequence[_Pending], ends: float, counts: dict[str, int]
) -> None:
    for first in range(0, len(waiting), TOGETHER):
        left = max(0.0, ends - services.waiting.clock())
        await services.waiting.sleep(min(services.graph.resting(), left))
        if services.waiting.clock() >= ends:
            return
        ids = [row.id for row in waiting[first : first + TOGETHER]]
        found = await services.store.read_many(Device, ids, limit=TOGETHER)
        devices = await enforce_all(services, found.readable)
        counts["tried"] += len(devices)
        counts["settled"] += sum(device.tag.state not in WAITING for device in devices)


async def _finish_follow_ups(services: Services) -> None:
    if not services.settings.follow_ups:
        return
    ends = services.waiting.clock() + FOLLOW_UP_SECONDS
    async for id_ in services.store.ids("devices", FOLLOW_UPS):
        if services.graph.resting() or services.waiting.clock() >= ends:
            return
        for found in (await services.store.read_many(Device, [id_], limit=1)).readable:
            await follow_up(services, found)
