"""What a source is: a module of `sources/` with a `SOURCE`, found by its being there, and off until its
settings are whole. A partner may have several.

What differs between kinds is how a page is had: by HTTP with a key of the vendor's (`Source`, `Roster`), or
by a library of Microsoft's, as the app itself. How far one is read is found and kept alike for all.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import JsonValue

from poll_partners.client import Authentication, Client, Login, VendorAnswer, bearer, session
from poll_partners.connection import Connection
from poll_partners.windows import Reach
from shared.domain.poll_settings import PollSettings
from shared.domain.polling import Gap
from shared.services import Services

if TYPE_CHECKING:
    from aiohttp import ClientSession

C = TypeVar("C", bound=Connection)
PAUSE = 0.7
"""Seconds between two pages of a list: Lookout answers 100 requests a minute, of the whole tenant."""


@dataclass(frozen=True)
class Asked:
    """One page that is asked for."""

    begin: datetime
    """Of the window: nothing older is wanted. Aware, UTC."""
    page: str | None
    """The position, as the page before it gave it; None for the first."""
    mark: str | None
    """What the source has remembered, as the page before it, or the last window, left it."""


@dataclass(frozen=True)
class VendorPage:
    """What a vendor gave."""

    rows: Sequence[JsonValue]
    envelope: str
    """The key under which the partner's adapter takes a list of them; empty: each is a line as it came."""
    next: str | None
    """The position of the next page; None at the vendor's own sign that there is none."""
    mark: str | None = None
    otherwise: str | None = None
    """The position to go on from where the rows are in another format, and what holds them is kept: no run
    waits for them then."""
    delivery: str = ""
    """What a repeat of these rows keeps, where their place says which they are."""
    gap: Gap | None = None
    """What turned out to be unreadable, and where it is kept."""


def _never(answer: VendorAnswer) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Interface:
    """What every interface of a vendor has: whose it is, and what has to be set."""

    partner: str
    needed: tuple[str, ...] = ("secret",)
    """The fields of PollSettings without which it is off."""
    unless: tuple[str, ...] = ()
    """The fields that switch it off, because another of the partner's is read in its stead."""
    url: str = ""
    """The vendor's address where no setting gives one."""

    def settings(self, given: PollSettings | None) -> PollSettings | None:
        """What is set, with the interface's own address where none is; None while something is missing."""
        if given is None or self.missing(given):
            return None
        return given if given.url else given.model_copy(update={"url": self.url})

    def missing(self, given: PollSettings | None) -> tuple[str, ...]:
        """Names of the settings without which it is off."""
        given = given or PollSettings()
        missing = [self._setting(name) for name in self.needed if not getattr(given, name)]
        instead = [name for name in self.unless if getattr(given, name)]
        return (*missing, *(self._setting(name) + "=false" for name in instead))

    def forgotten(self, given: PollSettings | None) -> tuple[str, ...]:
        """Names of the settings without which it is off although its key is set: the partner counts by that,
        and nothing is read of it. A switch that is off is none."""
        if given is None or not given.secret or "secret" not in self.needed:
            return ()
        return tuple(self._setting(name) for name in self.needed if getattr(given, name) == "")

    def _setting(self, field: str) -> str:
        return f"POLL_{field}_{self.partner}".upper()


@dataclass(frozen=True, kw_only=True)
class Events(Interface, ABC, Generic[C]):
    """One that reports events.

    `fetch` gives one page and raises a SourceError; what is no page of the vendor's is SourceUnreadable,
    never an empty one. It stores nothing: pages may be asked for again at any time.
    """

    reach: Reach
    fetch: Callable[[C, Asked], Awaitable[VendorPage]]
    max_pages: int | None = None
    """Of one run; None: as many as of any."""
    is_vendors_own: bool = True
    """Whether the vendor itself answers: that it does, with nothing to report, is its heartbeat."""

    @abstractmethod
    def opened(self, services: Services, name: str, settings: PollSettings) -> AbstractAsyncContextManager[C]:
        """The connection for one run."""


@dataclass(frozen=True, kw_only=True)
class ByHttp(Interface):
    """One that is asked by HTTP, with a token that a credential of the vendor's is traded for."""

    login: Login
    authentication: Authentication = bearer
    """The headers that show whose a request is."""
    is_dead: Callable[[VendorAnswer], bool] = _never
    """Whether an answer that is no 401 says that the token is not good any more."""

    def client(
        self, session: "ClientSession", services: Services, name: str, settings: PollSettings
    ) -> Client:
        """What asks the vendor within one run."""
        return Client(
            session,
            services,
            name,
            settings,
            login=self.login,
            is_dead=self.is_dead,
            authentication=self.authentication,
        )

    @asynccontextmanager
    async def opened(self, services: Services, name: str, settings: PollSettings) -> AsyncIterator[Client]:
        """The client for one run."""
        async with session() as its_session:
            yield self.client(its_session, services, name, settings)


@dataclass(frozen=True, kw_only=True)
class Source(ByHttp, Events[Client]):
    """A vendor's own interface that reports events."""


@dataclass(frozen=True)
class Row:
    """One device of a vendor's list."""

    device: str
    """The partner's id of it, as its records have it."""
    said: str
    """What the row says that matters, alike as long as nothing of it changes."""
    seen_on: str | None
    """The day of the agent's last contact, as `2026-01-31`; None where the row gives none."""
    changed: str | None
    """When the vendor last changed the row, as it writes it."""
    is_clean: bool
    """Whether it calls the device secure."""
    content: JsonValue
    """What of it the partner's adapter is given."""
    group: str | None = None
    """The vendor's group that the device is in, where a key may see some groups alone."""
    named: frozenset[str] | None = None
    """Keys of the threats that are open by its word; None where it names none, or is not to be relied on."""
    is_complete: bool = False
    """Whether it has what the list itself does not give."""


@dataclass(frozen=True)
class ListPage:
    """Some rows of a vendor's list."""

    rows: Sequence[Row]
    next: str | None
    """The position of the next page; None at the vendor's own sign that there is none."""
    total: int | None = None
    """At least so many devices are in the whole list; None where the vendor does not say."""


@dataclass(frozen=True)
class Unnamed:
    """A threat that is open here, and that its device's row does not name any more."""

    key: str
    at: datetime
    """When it was detected."""


@dataclass(frozen=True, kw_only=True)
class Roster(ByHttp):
    """One that lists the devices, as they are now. Only a list that was read to its end says anything."""

    envelope: str
    """The key under which the partner's adapter takes a list of rows."""
    fetch: Callable[[Client, str | None, datetime], Awaitable[ListPage]]
    """One page from a position on, of a list that was computed at the given time at the latest. What shows
    that the list is not whole is SourceUnreadable."""
    pause: float = PAUSE
    """Seconds between two pages."""
    every: timedelta = timedelta(0)
    """It is read no more often than that, whatever is set."""
    look_up: Callable[[Client, Unnamed], Awaitable[JsonValue]] | None = None
    """What became of a threat, as the adapter takes it under `envelope`; None where it is not found. A row's
    silence ends no threat: its own row does."""
    missed: int = 1
    """So many lists in a row must lack a device before it counts as gone: more where rows may slip from one
    page to another while they are read."""
    complete: Callable[[Client, Row], Awaitable[Row]] | None = None
    """The row with what the vendor says of each device by itself, which is asked once; None where a list
    gives everything. Raises a SourceError, which costs the list nothing."""
