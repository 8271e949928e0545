"""From the wanted tag to the Entra device. One of the doors into this room.

The decision stands in the device's document before this begins; the outcome is recorded after it with
If-Match. Where another instance was faster, the newest wanted value is written once more, whatever the record
says, because nobody knows whose write reached Entra last. A Graph failure leaves the tag pending.
"""

import asyncio
import time

from pydantic import BaseModel

from evaluate_risk.decide import ATTEMPTS, HISTORY, pause
from evaluate_risk.policy import TAG_PREFIX
from shared.cosmos import PENDING_TAGS, Found
from shared.errors import (
    Conflict,
    GraphError,
    GraphNotFound,
    NotStored,
    StoreUnavailable,
)
from shared.events import Event, tell
from shared.model import Device, HistoryEntry, Tag, TagState
from shared.services import Services
from shared.settings import Mode

BUDGET_SECONDS = {True: 35.0, False: 15.0}
"""Wall time one run gives to blocks and to unblocks: neither keeps the other waiting for ever."""


class _Pending(BaseModel):
    """A device whose tag waits, and how often it was tried."""

    id: str
    attempts: int = 0


async def enforce(services: Services, found: Found[Device]) -> Device:
    """Bring a device's pending tag to Entra; the device with what came of it."""
    if services.settings.mode is not Mode.ENFORCE:
        return found.document
    raced = False
    for attempt in range(ATTEMPTS):
        device = found.document
        if device.tag.wanted is None or (device.tag.state is not TagState.PENDING and not raced):
            return device
        tag = await _written(services, device, raced=raced)
        after = _recorded(device, tag, services)
        try:
            await services.store.replace(after, found.etag)
        except (Conflict, NotStored):
            raced = True
            await pause(attempt)
            again = await services.store.read(Device, device.id)
            if again is None:
                return device
            found = again
            continue
        return after
    raise StoreUnavailable(f"device {found.document.id} is written by too many at once")


async def retry_pending(services: Services) -> dict[str, int]:
    """Try every pending tag again, blocks before unblocks; how many were tried and are no longer pending.

    The least tried go first and the time is bounded, so that a few that never work hold up nobody: the next
    run goes on with the others. Waits as long as Graph asks.
    """
    counts = {"tried": 0, "settled": 0}
    if services.settings.mode is not Mode.ENFORCE:
        return counts
    for blocks, seconds in BUDGET_SECONDS.items():
        ends = time.monotonic() + seconds
        rows = services.store.rows(_Pending, "devices", PENDING_TAGS, blocks=blocks)
        waiting = sorted([row async for row in rows], key=lambda row: (row.attempts, row.id))
        for row in waiting:
            await asyncio.sleep(min(services.graph.resting(), max(0.0, ends - time.monotonic())))
            if time.monotonic() >= ends:
                break
            found = await services.store.read(Device, row.id)
            if found is not None:
                counts["tried"] += 1
                device = await enforce(services, found)
                counts["settled"] += device.tag.state is not TagState.PENDING
    return counts


async def _written(services: Services, device: Device, *, raced: bool) -> Tag:
    """The tag after one attempt at Entra. A value that is not ours is left alone."""
    tag, now = device.tag, services.now()
    wanted = tag.wanted or ""
    try:
        standing = await services.graph.tag(device.id)
        if standing and not standing.startswith(TAG_PREFIX):
            tell(Event.TAG_FOREIGN, device=device.id)
            return tag.model_copy(update={"state": TagState.FOREIGN, "before": standing, "error": None})
        heard = not (raced or tag.unheard or tag.attempts)
        if not heard or standing != wanted or tag.applied not in {None, wanted}:
            await services.graph.write_tag(device.id, wanted)
    except GraphNotFound:
        gone = {"state": TagState.NO_DEVICE, "error": "Entra does not know the device"}
        return tag.model_copy(update=gone)
    except GraphError as error:
        tell(Event.TAG_PENDING, device=device.id, tag=wanted, why=error)
        failed = {"state": TagState.PENDING, "attempts": tag.attempts + 1, "error": str(error)}
        return tag.model_copy(update=failed)
    tell(Event.TAG_WRITTEN, device=device.id, tag=wanted, before=standing, why=tag.why)
    applied = {
        "state": TagState.APPLIED,
        "applied": wanted,
        "before": _before(tag, standing),
        "applied_at": now,
        "unheard": False,
        "error": None,
    }
    return tag.model_copy(update=applied)


def _before(tag: Tag, standing: str | None) -> str | None:
    """What stood in the attribute before the wanted value, also where an earlier attempt has written it."""
    if standing != tag.wanted:
        return standing
    return tag.before if tag.applied == tag.wanted else tag.applied


def _recorded(device: Device, tag: Tag, services: Services) -> Device:
    history = device.history
    if tag.state is not device.tag.state:
        words = {
            TagState.APPLIED: f"tag {tag.applied} written over {tag.before or 'nothing'}",
            TagState.FOREIGN: "tag not written: somebody else's value stands in the attribute",
            TagState.NO_DEVICE: "tag not written: Entra does not know the device",
        }
        if tag.state in words:
            history = (HistoryEntry(at=services.now(), what=words[tag.state]), *history)[:HISTORY]
    return device.model_copy(update={"tag": tag, "history": history})
