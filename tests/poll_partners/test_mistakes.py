"""Mistakes that public connectors made, each made here too, and found by a history."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from poll_partners import container, windows
from poll_partners.client import Client, VendorAnswer
from poll_partners.container import DropContainer
from poll_partners.found import sources
from poll_partners.reading import Reading
from poll_partners.source import Asked, Source, VendorPage
from poll_partners.sources import _tables, any_files, checkpoint_harmony, lookout, sophos, zimperium
from poll_partners.sources._tables import Row, RowPosition
from poll_partners.sources.any_files import FilePlace
from poll_partners.windows import Now, Reach
from poll_partners.workspace import CutShort, Workspace
from shared.errors import SourceUnreadable, StoreUnavailable
from tests.poll_partners import vendors as vendors_module
from tests.poll_partners.histories import Operation
from tests.poll_partners.test_histories import have_small_pages, lived

Patch = Callable[[pytest.MonkeyPatch], None]


def stored_later(patch: pytest.MonkeyPatch) -> None:
    """The cursor moves though a page was not stored."""
    store = Reading._store

    async def careless(self: Reading, page: VendorPage) -> int:
        try:
            return await store(self, page)
        except StoreUnavailable:
            return 0

    patch.setattr(Reading, "_store", careless)


def empty_page(patch: pytest.MonkeyPatch) -> None:
    """An answer without its list is an empty page."""
    _set(patch, _careless(lookout.SOURCE))


def _careless(source: Source) -> Source:
    async def careless(client: Client, asked: Asked) -> VendorPage:
        try:
            return await source.fetch(client, asked)
        except SourceUnreadable:
            return VendorPage([], "events", None, asked.mark)

    return replace(source, fetch=careless)


def _set(patch: pytest.MonkeyPatch, source: Source) -> None:
    patch.setattr(vendors_module, "sources", lambda: {**sources(), source.partner: source})


def moved_on_failure(patch: pytest.MonkeyPatch) -> None:
    """The window advances in the end, whatever happened."""
    settle = Reading.settle

    def careless(self: Reading, error: Exception | None) -> None:
        self.cursor = windows.completed(self.cursor, self.services.now(), None, self.connection.now())
        settle(self, error)

    patch.setattr(Reading, "settle", careless)


def own_clock(patch: pytest.MonkeyPatch) -> None:
    """The window ends by our clock alone."""

    def careless(reach: Reach, asked_at: Now) -> datetime:
        return asked_at.latest

    patch.setattr(windows, "end_of", careless)


def no_overlap(patch: pytest.MonkeyPatch) -> None:
    """A window begins where the last one ended, and nothing is read again."""
    bare = replace(lookout.REACH, overlap=lookout.REACH.overlap * 0, longer=())
    _set(patch, replace(lookout.SOURCE, reach=bare))


def token_is_the_end(patch: pytest.MonkeyPatch) -> None:
    """A token that died behind a 200 is taken for the end of the pages."""

    def never(answer: VendorAnswer) -> bool:
        return False

    _set(patch, _careless(replace(checkpoint_harmony.SOURCE, is_dead=never)))


def never_again(patch: pytest.MonkeyPatch) -> None:
    """What was read once is not read again, whatever becomes of it."""
    bare = replace(zimperium.REACH, overlap=timedelta(0), longer=())
    _set(patch, replace(zimperium.SOURCE, reach=bare))


def last_time_plus_one(patch: pytest.MonkeyPatch) -> None:
    """The next page begins a millisecond after the last row's time."""
    following = zimperium._following

    def careless(position: zimperium.ThreatPosition, *page: Any) -> zimperium.ThreatPosition | None:
        found = following(position, *page)
        return replace(found, after=found.after + 1) if found and found.after > position.after else found

    patch.setattr(zimperium, "_following", careless)


def first_page_alone(patch: pytest.MonkeyPatch) -> None:
    """A window has one page."""

    async def careless(client: Client, asked: Asked) -> VendorPage:
        return replace(await zimperium.fetch(client, asked), next=None)

    _set(patch, replace(zimperium.SOURCE, fetch=careless))


def empty_is_the_end(patch: pytest.MonkeyPatch) -> None:
    """A page without rows is taken for the last, though it says that there are more."""

    async def careless(client: Client, asked: Asked) -> VendorPage:
        page = await sophos.fetch(client, asked)
        return page if page.rows else replace(page, next=None)

    _set(patch, replace(sophos.SOURCE, fetch=careless))


def dead_cursor(patch: pytest.MonkeyPatch) -> None:
    """A cursor is followed alone, whatever its age: an outage that the vendor says nothing of is none."""

    async def careless(client: Client, asked: Asked) -> VendorPage:
        if asked.page is None and asked.mark is not None:
            return await sophos.fetch(client, replace(asked, page=f"on {asked.mark.split()[0]}"))
        return await sophos.fetch(client, asked)

    forever = replace(sophos.REACH, retention=windows.OLDEST)
    _set(patch, replace(sophos.SOURCE, fetch=careless, reach=forever))


def moved_before_stored(patch: pytest.MonkeyPatch) -> None:
    """A file is moved away once it was read, whatever becomes of what was in it."""
    fetch = any_files.fetch

    async def careless(container: DropContainer, asked: Asked, partner: str) -> VendorPage:
        page = await fetch(container, asked, partner)
        place = FilePlace.read(page.next) if page.next else None
        if place is not None and place.is_read:
            await container.moved(place.name, place.etag, any_files.DONE)
        return page

    patch.setattr(any_files, "fetch", careless)


def any_version(patch: pytest.MonkeyPatch) -> None:
    """A file goes by its name alone, whether or not it was replaced meanwhile."""

    def careless(etag: str, of: str = "") -> dict[str, str]:
        return {}

    patch.setattr(container, "_only", careless)


def end_is_a_slice(patch: pytest.MonkeyPatch) -> None:
    """A file has been read once a slice of it has."""
    slice_of = any_files._slice

    async def careless(container: DropContainer, place: FilePlace) -> tuple[list[str], FilePlace]:
        rows, following = await slice_of(container, place)
        return rows, replace(following, is_read=True)

    patch.setattr(any_files, "_slice", careless)


def partial_is_whole(patch: pytest.MonkeyPatch) -> None:
    """A result that was cut short is taken for the whole one, as the library gives it."""
    rows = Workspace.rows

    async def careless(self: Workspace, query: str, begin: datetime, end: datetime) -> list[Row]:
        try:
            return await rows(self, query, begin, end)
        except CutShort:
            return []

    patch.setattr(Workspace, "rows", careless)


def after_the_last(patch: pytest.MonkeyPatch) -> None:
    """A page begins behind the time of the last row, where others may have the same."""
    following = _tables._following

    def careless(position: RowPosition, rows: Sequence[Row], begin: str) -> RowPosition:
        found = following(position, rows, begin)
        if found.table != position.table:
            return found
        at = datetime.fromisoformat(f"{found.at[:26]}+00:00") + timedelta(microseconds=1)
        return replace(found, at=f"{at:%Y-%m-%dT%H:%M:%S.%f}Z", limit=_tables.PAGE_SIZE)

    patch.setattr(_tables, "_following", careless)


LOGS = "better_mobile_logs"
FILES = "symantec_sep_mobile_files"
MISTAKES: dict[Patch, tuple[str, list[Operation]]] = {
    stored_later: ("lookout", [("poll",), ("arrive", 3, 0), ("pass", 5), ("store_away", 40), ("pass", 90)]),
    empty_page: ("lookout", [("poll",), ("arrive", 3, 0), ("pass", 5), ("fault", 4, 0)]),
    moved_on_failure: ("lookout", [("poll",), ("arrive", 3, 0), ("pass", 5), ("fault", 1, 0)]),
    own_clock: (
        "lookout",
        [("poll",), ("our_clock", 3000), ("poll",), ("arrive", 3, 0), ("pass", 5), ("poll",)],
    ),
    no_overlap: ("lookout", [("poll",), ("pass", 20), ("poll",), ("arrive", 3, 12)]),
    moved_before_stored: (FILES, [("poll",), ("arrive", 3, 0), ("pass", 5), ("store_away", 40)]),
    any_version: (FILES, [("arrive", 26, 0), ("pass", 5), ("poll",), ("arrive", 2, 0), ("pass", 5)]),
    end_is_a_slice: (FILES, [("arrive", 3, 0), ("pass", 5), ("poll",)]),
    partial_is_whole: (LOGS, [("poll",), ("arrive", 3, 0), ("pass", 5), ("fault", 5, 0)]),
    after_the_last: (LOGS, [("arrive", 5, 0), ("pass", 5), ("poll",)]),
    token_is_the_end: ("checkpoint_harmony", [("poll",), ("arrive", 6, 0), ("pass", 20), ("token_dies", 1)]),
    never_again: (
        "zimperium",
        [("arrive", 3, 0), ("pass", 5), ("poll",), ("poll",), ("pass", 20), ("change", 1)],
    ),
    last_time_plus_one: ("zimperium", [("poll",), ("arrive", 2, 0), ("pass", 1), ("arrive", 6, 0)]),
    first_page_alone: ("zimperium", [("poll",), ("arrive", 2, 0), ("pass", 1), ("arrive", 6, 0)]),
    empty_is_the_end: ("sophos", [("poll",), ("arrive", 6, 0), ("pass", 5), ("poll",)]),
    dead_cursor: ("sophos", [("poll",), ("arrive", 3, 0), *[("pass", 700)] * 3, ("poll",)]),
}
"""Each mistake, and a history that shows it; it holds without."""


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    have_small_pages(monkeypatch)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
async def test_a_mistake_is_found_and_without_it_the_history_holds(
    mistake: Patch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived(*MISTAKES[mistake])
    with monkeypatch.context() as patch:
        mistake(patch)
        with pytest.raises(AssertionError):
            await lived(*MISTAKES[mistake])
