"""Tags that are not what we left in Entra: put right where the value is ours or gone, reported where not.

A block of ours that no document knows of (the answer to its writing was lost, the store was restored) would
keep a clean phone out for ever: where the device is allowed, it is recorded as ours and so replaced.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ValidationError

from evaluate_risk.decide import change
from shared.cosmos import DEVICE_TAGS
from shared.domain.mode import Mode
from shared.domain.model import Device, Tag, TagState, Verdict, id_part
from shared.domain.tag import is_block, is_ours
from shared.log import LogEvent, log_event
from shared.services import Services
from sync_inventory.registrations import Registrations
from sync_inventory.scratch import Scratch
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tags import Tags
from sync_inventory.tally import Tally


class TaggedDevice(BaseModel):
    """A device's tag as mirrored."""

    id: str
    tag: Tag


class DriftState(StrEnum):
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
    OURS_UNASKED = "ours_unasked"
    """A value of ours on a device we want none on, or that is not mirrored."""
    UNRECORDED = "unrecorded"
    """A block of ours nobody asked for and no document knows of: taken back where the device is allowed."""
    UNTAGGED = "untagged"
    """Neither wanted nor there."""


CALL_FOR_WORK = frozenset(
    {DriftState.DRIFTED, DriftState.FOREIGN, DriftState.FREE_AGAIN, DriftState.UNRECORDED}
)


@dataclass(frozen=True)
class Look:
    """What a look at Entra found out about one device: the tag it was judged by, and the value seen."""

    id: str
    state: DriftState
    tag: Tag
    value: str | None


async def repair_tags(services: Services, scratch: Scratch, tally: Tally) -> None:
    """Compare every wanted tag with Entra, in one sweep; only what differs is read, written and enforced.

    A value of somebody else's is never overwritten. What else the sweep says of a device goes into its
    document (`registrations`). Only in mode `enforce`.
    """
    if services.settings.mode is not Mode.ENFORCE:
        tally.add("skipped_by_mode")
        return
    tags = await _Tags.read(services, scratch)
    registrations = Registrations(services, scratch)
    looks: list[Look] = []
    async for entra in services.graph.entra_devices():
        tally.add("restricted", entra.restricted)
        id_, value = entra.device_id.lower(), entra.attributes.get(services.settings.attribute)
        tag = tags.of(id_)
        registrations.see(entra, tag)
        if tag is None and (value is None or not is_ours(value) or id_part(id_) != id_):
            continue
        look = await _look(services, id_, tag, value)
        if look.state in CALL_FOR_WORK:
            looks.append(look)
        elif look.state is not DriftState.UNTAGGED:
            tally.add(look.state)
    async with Tags(services, tally) as on_their_way:

        async def one(look: Look) -> None:
            found = await change(services, look.id, _marking(look, services.now()))
            if look.state is DriftState.UNRECORDED and (found is None or found.document.tag == look.tag):
                tally.add(DriftState.OURS_UNASKED)
                return
            tally.add(look.state)
            log_event(LogEvent.TAG_DRIFTED, device=look.id, state=look.state, tag=look.tag.applied)
            if found is not None:
                await on_their_way.bring(found)

        await side_by_side(looks, one, tally)
    await registrations.settle(tally)


class _Tags:
    """The tags that are asked for, or have a story, on scratch paper."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        scratch.script(
            "DROP TABLE IF EXISTS tag; CREATE TABLE tag (id TEXT PRIMARY KEY, tag TEXT) WITHOUT ROWID;"
        )

    @classmethod
    async def read(cls, services: Services, scratch: Scratch) -> "_Tags":
        tags = cls(scratch)
        async for row in services.store.rows(TaggedDevice, Device.container, DEVICE_TAGS):
            scratch.write("INSERT OR REPLACE INTO tag VALUES (?, ?)", row.id, row.tag.model_dump_json())
        return tags

    def of(self, id_: str) -> Tag | None:
        found = self._scratch.one("SELECT tag FROM tag WHERE id = ?", id_)
        return Tag.model_validate_json(found[0]) if found else None


async def _look(services: Services, id_: str, tag: Tag | None, value: str | None) -> Look:
    """What is to be said of one device; one whose tag has no story is read only where a value of ours
    stands."""
    if tag is None:
        try:
            found = await services.store.read(Device, id_)
        except ValidationError:
            found = None
        if found is None:
            return Look(id_, DriftState.OURS_UNASKED, Tag(), value)
        tag = found.document.tag
    return Look(id_, judge(tag, value, _judged_before(services)), tag, value)


def judge(tag: Tag, value: str | None, before: datetime) -> DriftState:
    """What `value`, standing in Entra, says of a tag; not of one we wrote after `before`."""
    if tag.wanted is None:
        return _judge_unasked(tag, value, before)
    free = not value or is_ours(value)
    if tag.state is TagState.FOREIGN:
        return DriftState.FREE_AGAIN if free else DriftState.STILL_FOREIGN
    if tag.state is TagState.NO_DEVICE:
        return DriftState.FREE_AGAIN if free else DriftState.FOREIGN
    if tag.state is not TagState.APPLIED:
        return DriftState.PENDING
    if value == tag.applied:
        return DriftState.AS_IT_SHOULD_BE
    if _settling(tag, before):
        return DriftState.TOO_EARLY
    return DriftState.DRIFTED if free else DriftState.FOREIGN


def _judge_unasked(tag: Tag, value: str | None, before: datetime) -> DriftState:
    """What `value` says of a tag that should have none."""
    if not value or not is_ours(value):
        return DriftState.UNTAGGED
    if not is_block(value) or tag.applied is not None or tag.state is not TagState.NONE:
        return DriftState.OURS_UNASKED
    return DriftState.TOO_EARLY if _settling(tag, before) else DriftState.UNRECORDED


def _settling(tag: Tag, before: datetime) -> bool:
    return tag.applied_at is not None and tag.applied_at > before


def _judged_before(services: Services) -> datetime:
    """Our writes since then are not judged yet: Entra's reads lag behind them."""
    return services.now() - timedelta(minutes=services.settings.drift_after_minutes)


def _marking(look: Look, now: datetime) -> Callable[[Device], Device]:
    """The edit that follows from a look, unless the tag is no longer the one that was judged.

    A block nobody knows of is recorded on an allowed device only: undecided ones keep what they have.
    """
    value = look.value
    updates: dict[DriftState, tuple[str, dict[str, object]]] = {
        DriftState.FOREIGN: (
            "somebody else's value stands where our tag should be",
            {"state": TagState.FOREIGN, "before": value},
        ),
        DriftState.DRIFTED: (
            f"tag drifted: Entra shows {value or 'nothing'} in place of {look.tag.applied}",
            {"state": TagState.PENDING},
        ),
        DriftState.FREE_AGAIN: (
            "what kept the tag from being written is gone",
            {"state": TagState.PENDING},
        ),
        DriftState.UNRECORDED: (
            f"Entra shows {value}, which is ours though no record says so",
            {"state": TagState.NONE, "applied": value},
        ),
    }
    words, update = updates[look.state]

    def edit(device: Device) -> Device:
        allowed = device.decision is not None and device.decision.verdict is Verdict.ALLOW
        if device.tag != look.tag:
            return device
        if look.state is DriftState.UNRECORDED and not allowed:
            return device
        tag = device.tag.model_copy(update={"attempts": 0, "retry_at": None, "error": None, **update})
        return device.noting(now, words).model_copy(update={"tag": tag})

    return edit
