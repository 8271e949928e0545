"""Tags that are not what we left in Entra: put right where the value is ours or gone, reported where not."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel

from evaluate_risk.decide import HISTORY, change, is_ours
from shared.cosmos import DEVICE_MIRRORS
from shared.events import Event, tell
from shared.model import Device, HistoryEntry, Tag, TagState
from shared.services import Services
from shared.settings import Mode
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tags import Tags
from sync_inventory.tally import Tally

SETTLING = timedelta(minutes=10)
"""How long after our last write Entra's answer is not judged: its reads lag."""


class TaggedDevice(BaseModel):
    """A device's tag as mirrored."""

    id: str
    tag: Tag


class Finding(StrEnum):
    """What a look at Entra says of a tag."""

    AS_IT_SHOULD_BE = "as_it_should_be"
    PENDING = "pending"
    """Not written yet: the timer of every minute is at it."""
    STILL_FOREIGN = "still_foreign"
    TOO_EARLY = "too_early"
    DRIFTED = "drifted"
    FOREIGN = "foreign"
    FREE_AGAIN = "free_again"
    """What kept the tag from being written is gone."""


CALL_FOR_WORK = frozenset({Finding.DRIFTED, Finding.FOREIGN, Finding.FREE_AGAIN})


async def repair_tags(services: Services, tally: Tally) -> None:
    """Compare every wanted tag with Entra, in one sweep; only what differs is read, written and enforced.

    A value of somebody else's is never overwritten. Only in mode `enforce`.
    """
    if services.settings.mode is not Mode.ENFORCE:
        tally.add("skipped_by_mode")
        return
    rows = services.store.rows(TaggedDevice, Device.container, DEVICE_MIRRORS)
    wanted = {row.id: row.tag async for row in rows if row.tag.wanted is not None}
    drifted: list[tuple[str, Finding, str | None]] = []
    async for entra in services.graph.entra_devices():
        id_, value = entra.device_id.lower(), entra.attributes.get(services.settings.attribute)
        tag = wanted.get(id_)
        if tag is None:
            tally.add("ours_unasked", int(value is not None and is_ours(value)))
            continue
        finding = judge(tag, value, services.now())
        tally.add(finding)
        if finding in CALL_FOR_WORK:
            drifted.append((id_, finding, value))
    tags = Tags(services, tally)

    async def one(item: tuple[str, Finding, str | None]) -> None:
        id_, finding, value = item
        tell(Event.TAG_DRIFTED, device=id_, finding=finding, tag=wanted[id_].applied)
        found = await change(services, id_, _marking(wanted[id_], finding, value, services.now()))
        if found is not None:
            await tags.bring(found)

    await side_by_side(drifted, one, tally)


def judge(tag: Tag, value: str | None, now: datetime) -> Finding:
    """What `value`, standing in Entra at `now`, says of a tag."""
    free = not value or is_ours(value)
    if tag.state is TagState.FOREIGN:
        return Finding.FREE_AGAIN if free else Finding.STILL_FOREIGN
    if tag.state is TagState.NO_DEVICE:
        return Finding.FREE_AGAIN if free else Finding.FOREIGN
    if tag.state is not TagState.APPLIED:
        return Finding.PENDING
    if value == tag.applied:
        return Finding.AS_IT_SHOULD_BE
    if tag.applied_at is not None and now - tag.applied_at < SETTLING:
        return Finding.TOO_EARLY
    return Finding.DRIFTED if free else Finding.FOREIGN


def _marking(judged: Tag, finding: Finding, value: str | None, now: datetime) -> Callable[[Device], Device]:
    """The edit that follows from a finding, unless the tag is no longer the one that was judged."""
    foreign = finding is Finding.FOREIGN
    state = TagState.FOREIGN if foreign else TagState.PENDING
    words = {
        Finding.FOREIGN: "somebody else's value stands where our tag should be",
        Finding.DRIFTED: f"tag drifted: Entra shows {value or 'nothing'} in place of {judged.applied}",
        Finding.FREE_AGAIN: "what kept the tag from being written is gone",
    }

    def edit(device: Device) -> Device:
        if device.tag != judged:
            return device
        update = {"state": state, "attempts": 0, "error": None, **({"before": value} if foreign else {})}
        history = (HistoryEntry(at=now, what=words[finding]), *device.history)[:HISTORY]
        return device.model_copy(update={"tag": device.tag.model_copy(update=update), "history": history})

    return edit
