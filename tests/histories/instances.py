"""One running instance of the app, whose every call to the store and to Graph can go wrong.

The services are the real ones. What a call meets is a matter of the call alone: it is cut off before or
after, its answer is lost, it is refused, or it waits while the other instance goes on.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeVar

from shared.errors import GraphUnavailable, StoreUnavailable
from shared.mirror import Mirror
from shared.services import Services
from tests.histories.straight import StraightClient, StraightStore, authorization
from tests.histories.turns import Turns
from tests.world import World

T = TypeVar("T")


class Crashed(BaseException):
    """The process is gone: no handler of the app's sees it."""


class Trouble(StrEnum):
    """What a call meets."""

    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    LOST_ANSWER = "done, and its answer lost"
    REFUSED = "refused"
    AWAY = "away for a while"
    THROTTLED = "throttled"
    SLOW = "slow"


AWAY_CALLS = 6
"""How many calls meet what is away: more than the app tries again."""
SLOW_MINUTES = 12
"""How long a slow call takes: longer than a lease is held without being renewed."""
THROTTLED_SECONDS = 20.0


@dataclass
class Tap:
    """Every call of one instance goes through here."""

    name: str
    turns: Turns
    world: World
    at: int = 0
    """The number of the call, from one, that meets `trouble`; 0: none."""
    trouble: Trouble | None = None
    calls: list[str] = field(default_factory=list)
    dead: bool = False

    def begin(self, at: int, trouble: Trouble | None) -> None:
        """A new step: calls are counted anew."""
        self.at, self.trouble, self.calls = at, trouble, []

    async def call(
        self,
        what: str,
        work: Callable[[], Awaitable[T]],
        refused: Callable[[float | None], Exception],
        *,
        writes: bool,
    ) -> T:
        """Do a call in its turn, with what it meets."""
        async with self.turns.turn(self.name):
            if self.dead:
                raise Crashed
            self.calls.append(what)
            number = len(self.calls)
            if self.trouble is Trouble.AWAY and self.at <= number < self.at + AWAY_CALLS:
                raise refused(None)
            if number != self.at or self.trouble in {None, Trouble.AWAY}:
                return await work()
            if self.trouble is Trouble.CRASH_BEFORE:
                self.dead = True
                raise Crashed
            if self.trouble in {Trouble.REFUSED, Trouble.THROTTLED}:
                raise refused(THROTTLED_SECONDS if self.trouble is Trouble.THROTTLED else None)
            if self.trouble is Trouble.SLOW:
                self.world.clock.pass_time(minutes=SLOW_MINUTES)
            result = await work()
            if self.trouble is Trouble.CRASH_AFTER:
                self.dead = True
                raise Crashed
            if writes and self.trouble is Trouble.LOST_ANSWER:
                raise refused(None)
            return result


def _away(retry_after: float | None) -> Exception:
    return StoreUnavailable("the store does not answer", retry_after=retry_after or 5.0)


def _no_graph(retry_after: float | None) -> Exception:
    return GraphUnavailable("Graph does not answer", retry_after=retry_after)


class TappedStore(StraightStore):
    """The store, each of whose requests goes through the tap."""

    tap: Tap

    async def create(self, document: Any) -> str:
        name = f"create {type(document).__name__}"
        return await self.tap.call(name, lambda: StraightStore.create(self, document), _away, writes=True)

    async def read(self, kind: Any, id_: str, partition: str | None = None) -> Any:
        name = f"read {kind.__name__}"
        return await self.tap.call(
            name, lambda: StraightStore.read(self, kind, id_, partition), _away, writes=False
        )

    async def replace(self, document: Any, etag: str) -> str:
        name = f"replace {type(document).__name__}"
        return await self.tap.call(
            name, lambda: StraightStore.replace(self, document, etag), _away, writes=True
        )

    async def upsert(self, document: Any) -> None:
        name = f"upsert {type(document).__name__}"
        return await self.tap.call(name, lambda: StraightStore.upsert(self, document), _away, writes=True)

    async def delete(self, kind: Any, id_: str, partition: str | None = None, **only: Any) -> None:
        name = f"delete {kind.__name__}"
        work = lambda: StraightStore.delete(self, kind, id_, partition, **only)  # noqa: E731
        return await self.tap.call(name, work, _away, writes=True)

    async def _rows(
        self, container: str, sql: str, parameters: Mapping[str, object]
    ) -> AsyncIterator[object]:
        async def whole() -> list[object]:
            return [row async for row in StraightStore._rows(self, container, sql, parameters)]

        for row in await self.tap.call(f"query {container}", whole, _away, writes=False):
            yield row


class _TappedClient(StraightClient):
    """The client of Graph, likewise."""

    tap: Tap

    async def _send(self, request: Any, call: Any) -> Any:
        method = request.http_method.value
        work = lambda: StraightClient._send(self, request, call)  # noqa: E731

        def refused(retry_after: float | None) -> Exception:
            self._rest(retry_after or 0.0, call)
            return _no_graph(retry_after)

        return await self.tap.call(f"{method} {call.path}", work, refused, writes=method != "GET")


async def tapped(services: Services, tap: Tap) -> Services:
    """`services`, every call of which goes through `tap`."""
    store, client, one = TappedStore(services.settings), services.graph._client, tap.world
    store.tap, store.cosmos = tap, one.cosmos
    client.__class__ = _TappedClient
    vars(client).update(tap=tap, graph=one.graph, authorization=await authorization(one.graph))
    mirror = Mirror(services.settings, store, services.local_rules, services.now)
    return replace(services, store=store, mirror=mirror)


async def guarded(work: Awaitable[T]) -> T | BaseException:
    """What came of some work: its result, or what ended it."""
    try:
        return await work
    except (Exception, Crashed) as ended:  # noqa: BLE001 - each operation says which of them it may end with
        return ended
