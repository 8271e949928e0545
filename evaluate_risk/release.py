"""Every block of ours taken back at once, for whoever leaves mode `enforce`: `mtd-ok` is written over it.

Not by emptying the attribute: that Entra takes an empty value from an app was never seen on a tenant.
"""

from pydantic import BaseModel

from shared.cosmos import DEVICE_TAGS, Found
from shared.domain.mode import Mode
from shared.domain.model import Device, Tag, TagState
from shared.domain.tag import OK_TAG, is_block
from shared.errors import BadRequest, Conflict, NotStored
from shared.graph.graph import SeenTag
from shared.log import LogEvent, log_event
from shared.services import Services

TOGETHER = 20
SECONDS = 100.0
"""The longest one request works at it; asked again, it goes on."""


class Released(BaseModel):
    """How far it came."""

    released: int = 0
    failed: int = 0
    remaining: bool = False
    """Whether time ran out, or Graph asked to wait: ask again."""


class _Row(BaseModel):
    id: str
    tag: Tag


async def release(services: Services, who: str, why: str) -> Released:
    """Take back every block that stands in Entra. Raises BadRequest in mode `enforce`, which would write
    it again."""
    if services.settings.mode is Mode.ENFORCE:
        raise BadRequest("the mode is enforce, which would write every block again: set another first")
    done, ends = Released(), services.waiting.clock() + SECONDS
    rows = services.store.rows(_Row, Device.container, DEVICE_TAGS)
    blocked = [row.id async for row in rows if _may_block(row.tag)]
    for first in range(0, len(blocked), TOGETHER):
        if services.graph.resting() or services.waiting.clock() >= ends:
            done.remaining = True
            break
        ids = blocked[first : first + TOGETHER]
        found = await services.store.read_many(Device, ids, limit=TOGETHER)
        done.failed += found.unreadable
        await _released(services, found.readable, f"block taken back by {who}: {why}", done)
    log_event(LogEvent.TAGS_RELEASED, released=done.released, failed=done.failed)
    return done


def _may_block(tag: Tag) -> bool:
    """Whether a block of ours stands in Entra, or may: asked for, and its outcome not recorded."""
    return is_block(tag.applied) or tag.is_uncertain


async def _released(services: Services, founds: list[Found[Device]], words: str, done: Released) -> None:
    ids = [found.document.id for found in founds]
    seen = dict(zip(ids, await services.graph.tags(ids), strict=True))
    ours = {id_: OK_TAG for id_, tag in seen.items() if isinstance(tag, SeenTag) and is_block(tag.value)}
    errors = dict(zip(ours, await services.graph.write_tags(ours), strict=True))
    for found in founds:
        id_ = found.document.id
        if errors.get(id_) is not None or isinstance(seen[id_], Exception):
            done.failed += 1
            continue
        device, stands = found.document, OK_TAG if id_ in ours else None
        let_go = {"applied": stands, "state": TagState.NONE, "outcome_unknown": False, "stop": None}
        tag = device.tag.model_copy(update=let_go)
        # Decided by no version of the rules: whoever goes back to enforce finds it due, a sync before or not.
        decision = device.decision and device.decision.model_copy(update={"rules_version": ""})
        after = device.noting(services.now(), words).model_copy(update={"tag": tag, "decision": decision})
        try:  # not Store.edit: one that changed meanwhile is counted, and left to the next call
            await services.store.replace(after, found.etag)
        except (Conflict, NotStored):
            done.failed += 1
            continue
        done.released += id_ in ours
