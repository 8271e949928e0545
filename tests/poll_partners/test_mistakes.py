"""Mistakes that public connectors made, each made here too, and found by a history."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from local.vendors import sophos as central
from poll_partners import reading, windows
from poll_partners.client import Answer, Client
from poll_partners.found import sources
from poll_partners.reading import Reading
from poll_partners.source import Asked, Page, Source
from poll_partners.sources import checkpoint_harmony, lookout, sophos, zimperium
from poll_partners.windows import Now, Reach
from shared.errors import SourceUnreadable, StoreUnavailable
from tests.poll_partners import vendors as vendors_module
from tests.poll_partners.histories import Operation
from tests.poll_partners.test_histories import lived

Patch = Callable[[pytest.MonkeyPatch], None]


def stored_later(patch: pytest.MonkeyPatch) -> None:
    """The cursor moves though a page was not stored."""
    store = Reading._store

    async def careless(self: Reading, page: Page) -> int:
        try:
            return await store(self, page)
        except StoreUnavailable:
            return 0

    patch.setattr(Reading, "_store", careless)


def empty_page(patch: pytest.MonkeyPatch) -> None:
    """An answer without its list is an empty page."""
    _set(patch, _careless(lookout.SOURCE))


def _careless(source: Source) -> Source:
    async def careless(client: Client, asked: Asked) -> Page:
        try:
            return await source.fetch(client, asked)
        except SourceUnreadable:
            return Page([], "events", None, asked.mark)

    return replace(source, fetch=careless)


def _set(patch: pytest.MonkeyPatch, source: Source) -> None:
    patch.setattr(vendors_module, "sources", lambda: {**sources(), source.partner: source})


def moved_on_failure(patch: pytest.MonkeyPatch) -> None:
    """The window advances in the end, whatever happened."""
    settle = Reading._settle

    def careless(self: Reading, error: Exception | None) -> None:
        self.cursor = windows.completed(self.cursor, self.services.now(), None, self.client.now())
        settle(self, error)

    patch.setattr(Reading, "_settle", careless)


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

    def never(answer: Answer) -> bool:
        return False

    _set(patch, _careless(replace(checkpoint_harmony.SOURCE, is_dead=never)))


def never_again(patch: pytest.MonkeyPatch) -> None:
    """What was read once is not read again, whatever becomes of it."""
    bare = replace(zimperium.REACH, overlap=timedelta(0), longer=())
    _set(patch, replace(zimperium.SOURCE, reach=bare))


def last_time_plus_one(patch: pytest.MonkeyPatch) -> None:
    """The next page begins a millisecond after the last row's time."""
    following = zimperium._following

    def careless(position: zimperium.Position, *page: Any) -> zimperium.Position | None:
        found = following(position, *page)
        return replace(found, after=found.after + 1) if found and found.after > position.after else found

    patch.setattr(zimperium, "_following", careless)


def first_page_alone(patch: pytest.MonkeyPatch) -> None:
    """A window has one page."""

    async def careless(client: Client, asked: Asked) -> Page:
        return replace(await zimperium.fetch(client, asked), next=None)

    _set(patch, replace(zimperium.SOURCE, fetch=careless))


def empty_is_the_end(patch: pytest.MonkeyPatch) -> None:
    """A page without rows is taken for the last, though it says that there are more."""

    async def careless(client: Client, asked: Asked) -> Page:
        page = await sophos.fetch(client, asked)
        return page if page.rows else replace(page, next=None)

    _set(patch, replace(sophos.SOURCE, fetch=careless))


def dead_cursor(patch: pytest.MonkeyPatch) -> None:
    """A cursor is followed alone, whatever its age: an outage that the vendor says nothing of is none."""

    async def careless(client: Client, asked: Asked) -> Page:
        if asked.page is None and asked.mark is not None:
            return await sophos.fetch(client, replace(asked, page=f"on {asked.mark.split()[0]}"))
        return await sophos.fetch(client, asked)

    forever = replace(sophos.REACH, retention=windows.OLDEST)
    _set(patch, replace(sophos.SOURCE, fetch=careless, reach=forever))


MISTAKES: dict[Patch, tuple[str, list[Operation]]] = {
    stored_later: ("lookout", [("poll",), ("arrive", 3, 0), ("pass", 5), ("store_away", 40), ("pass", 90)]),
    empty_page: ("lookout", [("poll",), ("arrive", 3, 0), ("pass", 5), ("fault", 4, 0)]),
    moved_on_failure: ("lookout", [("poll",), ("arrive", 3, 0), ("pass", 5), ("fault", 1, 0)]),
    own_clock: (
        "lookout",
        [("poll",), ("our_clock", 3000), ("poll",), ("arrive", 3, 0), ("pass", 5), ("poll",)],
    ),
    no_overlap: ("lookout", [("poll",), ("pass", 20), ("poll",), ("arrive", 3, 12)]),
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
    monkeypatch.setattr(lookout, "LIMIT", 3)
    monkeypatch.setattr(checkpoint_harmony, "LIMIT", 3)
    monkeypatch.setattr(zimperium, "SIZE", 3)
    monkeypatch.setattr(sophos, "LIMIT", 3)
    monkeypatch.setattr(central, "LEAST", 1)
    monkeypatch.setattr(reading, "MAX_PAGES", 4)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
async def test_a_mistake_is_found_and_without_it_the_history_holds(
    mistake: Patch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived(*MISTAKES[mistake])
    with monkeypatch.context() as patch:
        mistake(patch)
        with pytest.raises(AssertionError):
            await lived(*MISTAKES[mistake])
