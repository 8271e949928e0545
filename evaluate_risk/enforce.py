"""From the wanted tag to the Entra device. One of the doors into this room.

The decision stands in the device's document before this begins; the outcome is recorded after it with
If-Match. Where another instance was faster, the newest wanted value is written once more, whatever the record
says, because nobody knows whose write reached Entra last. A Graph failure leaves the tag pending.
"""

import asyncio
from dataclasses import dataclass

from evaluate_risk.decide import ATTEMPTS, HISTORY, pause
from evaluate_risk.policy import TAG_PREFIX
from shared.cosmos import PENDING_TAGS, Found
from shared.errors import (
    Conflict,
    GraphError,
    GraphNotFound,
    GraphUnavailable,
    NotStored,
    StoreUnavailable,
)
from shared.events import Event, tell
from shared.model import Device, HistoryEntry, Tag, TagState
from shared.services import Services
from shared.settings import Mode

PATIENCE_SECONDS = 40.0
"""How long one run waits for a throttling Graph, all in all, before it leaves the rest to the next."""


@dataclass(frozen=True)
class Enforced:
    """A device after an attempt, and the seconds Graph asked to be left alone; None where it did not."""

    device: Device
    wait: float | None = None

    @property
    def pending(self) -> bool:
        """Whether Entra does not have the wanted value yet."""
        return self.device.tag.state is TagState.PENDING


async def enforce(services: Services, found: Found[Device]) -> Enforced:
    """Bring a device's pending tag to Entra, and record what came of it."""
    if services.settings.mode is not Mode.ENFORCE:
        return Enforced(found.document)
    raced = False
    for attempt in range(ATTEMPTS):
        device = found.document
        if device.tag.wanted is None or (device.tag.state is not TagState.PENDING and not raced):
            return Enforced(device)
        tag, wait = await _written(services, device, raced=raced)
        after = _recorded(device, tag, services)
        try:
            await services.store.replace(after, found.etag)
        except (Conflict, NotStored):
            raced = True
            await pause(attempt)
            again = await services.store.read(Device, device.id)
            if again is None:
                return Enforced(device)
            found = again
            continue
        return Enforced(after, wait)
    raise StoreUnavailable(f"device {found.document.id} is written by too many at once")


async def retry_pending(services: Services) -> dict[str, int]:
    """Try every pending tag again, blocks before unblocks; how many were tried and are no longer pending.

    Waits as Graph asks, but not for long: the next run begins where this one stopped.
    """
    counts = {"tried": 0, "settled": 0}
    if services.settings.mode is not Mode.ENFORCE:
        return counts
    patience = PATIENCE_SECONDS
    for blocks in (True, False):
        ids = [id_ async for id_ in services.store.ids("devices", PENDING_TAGS, blocks=blocks)]
        for id_ in ids:
            found = await services.store.read(Device, id_)
            if found is None:
                continue
            outcome = await enforce(services, found)
            counts["tried"] += 1
            counts["settled"] += not outcome.pending
            if outcome.wait is not None:
                patience -= outcome.wait
                if patience < 0:
                    return counts
                await asyncio.sleep(outcome.wait)
    return counts


async def _written(services: Services, device: Device, *, raced: bool) -> tuple[Tag, float | None]:
    """The tag after one attempt at Entra. A value that is not ours is left alone."""
    tag, now = device.tag, services.now()
    wanted = tag.wanted or ""
    try:
        standing = await services.graph.tag(device.id)
        if standing and not standing.startswith(TAG_PREFIX):
            tell(Event.TAG_FOREIGN, device=device.id)
            return tag.model_copy(update={"state": TagState.FOREIGN, "before": standing, "error": None}), None
        if raced or standing != wanted or tag.applied not in {None, wanted}:
            await services.graph.write_tag(device.id, wanted)
    except GraphNotFound:
        gone = {"state": TagState.NO_DEVICE, "error": "Entra does not know the device"}
        return tag.model_copy(update=gone), None
    except GraphError as error:
        tell(Event.TAG_PENDING, device=device.id, tag=wanted, why=error)
        failed = {"state": TagState.PENDING, "attempts": tag.attempts + 1, "error": str(error)}
        wait = (error.retry_after or 1.0) if isinstance(error, GraphUnavailable) else None
        return tag.model_copy(update=failed), wait
    tell(Event.TAG_WRITTEN, device=device.id, tag=wanted, before=standing, why=tag.why)
    applied = {
        "state": TagState.APPLIED,
        "applied": wanted,
        "before": _before(tag, standing),
        "applied_at": now,
        "error": None,
    }
    return tag.model_copy(update=applied), None


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
