"""A partner's files, as they are dropped into a storage container: `<partner>/<anything>.json`, `.ndjson`,
`.jsonl` or `.log`, each also with `.gz` behind it. What exports them there is the customer's own.

A file is read in slices, and moved to `done/` once all of it is stored; one that cannot be read wholly, to
`failed/` with the reason, in the run after the one that recorded it. What is not moved yet is read again, and
nothing of it counts twice. Documented by Microsoft: a listing is by name and not by time, hence it is sorted;
a block blob is there all at once, an append blob while it grows. So a file is left until it has been still
for a while by the storage's own clock, and while somebody holds a lease on it. Inferred: that a copy within a
container needs no leave of its own. Not tried: Azure's own storage.
"""

import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from poll_partners import container as container_of
from poll_partners.container import DropContainer, Dropped, NotThatFile
from poll_partners.cuts import Cuts, Unfit, Unpacked
from poll_partners.slices import MAX_BYTES, MAX_ITEMS
from poll_partners.source import Asked, Events, VendorPage
from poll_partners.windows import Reach
from shared.domain.poll_settings import PollSettings
from shared.domain.polling import Gap
from shared.services import Services

STILL = timedelta(minutes=1)
"""So long a file has not changed before it is read."""
MAX_PAGES = 2_000
"""Of one run: a small file is a page."""
UNFINISHED = (".tmp", ".part")
LINES = (".ndjson", ".jsonl", ".log")
TAKEN = (".json", *LINES)
DONE, FAILED = "done", "failed"
WHY = 200
"""Characters of a reason, and of the name beside it."""
NO_FORMAT = "nothing in some of it is in the partner's format"


@dataclass(frozen=True)
class FilePlace:
    """Where in a file reading goes on; which version of the file it is, and from when."""

    name: str
    etag: str
    changed_at: datetime
    item: int = 0
    """How many of its items are stored."""
    is_read: bool = False
    """Whether those are all."""
    why: str | None = None
    """What of it could not be read, first."""

    def __str__(self) -> str:
        return json.dumps({**vars(self), "changed_at": self.changed_at.isoformat()})

    @classmethod
    def read(cls, text: str) -> "FilePlace":
        """The place that a page gave as a text."""
        given = json.loads(text)
        return cls(**{**given, "changed_at": datetime.fromisoformat(given["changed_at"])})

    def with_reason(self, why: str) -> "FilePlace":
        """With one more reason; the first one counts."""
        return replace(self, why=self.why or why[:WHY])


async def fetch(container: DropContainer, asked: Asked, partner: str) -> VendorPage:
    """One slice of a file; before it, what was read wholly is moved away."""
    failed = [FilePlace.read(each) for each in json.loads(asked.mark or "[]")]
    place = FilePlace.read(asked.page) if asked.page else None
    gap = None
    if container.left is None:
        # What an earlier run recorded.
        for each in failed:
            await container.moved(each.name, each.etag, FAILED, each.why)
        failed = []
    if place is not None and place.is_read:
        if place.why is None:
            await container.moved(place.name, place.etag, DONE)
        else:
            failed, gap = [*failed, place], _gap(container, place)
        place = None
    if container.left is None or asked.page is None:
        known = {(each.name, each.etag) for each in (*failed, place) if each is not None}
        container.left = await _left(container, partner, known)
    mark = json.dumps([str(each) for each in failed])
    while place is not None or container.left:
        place = place or _first(container.left.popleft())
        try:
            rows, following = await _slice(container, place)
        except NotThatFile:
            # Moved by another timer, or replaced: then it is listed again.
            place = None
            continue
        delivery, otherwise = f"{place.etag}:{place.item}", following.with_reason(NO_FORMAT)
        return VendorPage(rows, "", str(following), mark, str(otherwise), delivery, gap)
    return VendorPage([], "", None, mark, gap=gap)


def _gap(container: DropContainer, place: FilePlace) -> Gap:
    why = f"{place.name[-WHY:]} is kept below {FAILED}/: {place.why}"
    noted_at = container.now().earliest
    return Gap(begin=place.changed_at, end=place.changed_at, why=why, noted_at=noted_at)


async def _left(container: DropContainer, partner: str, known: set[tuple[str, str]]) -> deque[Dropped]:
    """The partner's files that are to be read and not known yet, the oldest first."""
    found = await container.listed(f"{partner}/")
    still_since = container.theirs() - STILL  # by whose clock files have their times
    return deque(
        each
        for each in found
        if each.size > 0
        and not each.name.endswith(UNFINISHED)
        and not each.is_leased
        and each.changed_at <= still_since
        and (each.name, each.etag) not in known
    )


def _first(file: Dropped) -> FilePlace:
    return FilePlace(file.name, file.etag, file.changed_at)


async def _slice(container: DropContainer, place: FilePlace) -> tuple[list[str], FilePlace]:
    """Some items from a place on, and the place behind them. Raises NotThatFile and SourceError."""
    at = (place.name, place.etag, place.item)
    if container.under_way is None or container.under_way[0] != at:
        await container.leave_off()
        items = _items(container, place.name, place.etag)
        container.under_way = at, items
        skipped = place.item
    else:
        items, skipped = container.under_way[1], 0
    rows: list[str] = []
    size = 0
    try:
        for _ in range(skipped):
            await anext(items, None)
        async for item in items:
            place = replace(place, item=place.item + 1)
            if isinstance(item, Unfit):
                place = place.with_reason(f"item {place.item}: {item}")
                continue
            rows.append(item)
            size += len(item)
            if len(rows) == MAX_ITEMS or size >= MAX_BYTES:
                container.under_way = (place.name, place.etag, place.item), items
                return rows, place
    except Unfit as unfit:
        place = place.with_reason(str(unfit))
    container.under_way = None
    return rows, replace(place, is_read=True)


async def _items(container: DropContainer, name: str, etag: str) -> AsyncGenerator[str | Unfit, None]:
    """The items of a file. Raises Unfit where nobody knows what follows, NotThatFile and SourceError."""
    packed = name.endswith(".gz")
    plain = name.removesuffix(".gz")
    if not plain.endswith(TAKEN):
        raise Unfit(f"its name ends in none of {', '.join(TAKEN)}, with or without .gz")
    unpacked, cuts = Unpacked(), Cuts(plain.endswith(LINES))
    async for piece in container.pieces(name, etag):
        for part in unpacked.feed(piece) if packed else (piece,):
            for item in cuts.feed(part):
                yield item
    if packed:
        unpacked.end()
    for item in cuts.end():
        yield item


class Files(Events[DropContainer]):
    """A partner's folder of a container."""

    def opened(
        self, services: Services, name: str, settings: PollSettings
    ) -> AbstractAsyncContextManager[DropContainer]:
        """The container, for one run."""
        return container_of.opened(services, name, settings)


def source(partner: str) -> Files:
    """The folder of one partner."""

    async def its(container: DropContainer, asked: Asked) -> VendorPage:
        return await fetch(container, asked, partner)

    return Files(
        partner=partner,
        needed=("drop",),
        reach=Reach(retention=None, lag=STILL),
        fetch=its,
        max_pages=MAX_PAGES,
        is_vendors_own=False,
    )
