"""One running instance of the app, whose every call to the store and to Graph can go wrong.

The services are the real ones. What a call meets is a matter of the call alone: it is cut off before or
after, its answer is lost, it is refused, or it waits while the other instance goes on.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from httpx import ReadError
from kiota_abstractions.api_error import APIError

from local.cosmos.protocol import Answer, Call, CosmosError
from shared.domain.model import Device
from shared.mirror import Mirror
from shared.services import Services
from tests.histories.device_writes import DeviceWrites
from tests.histories.straight import StraightClient, StraightStore, authorization, requests_of
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
_OF_A_SYNC = "/deviceManagement/"
"""What is in the addresses that a sync alone asks."""


@dataclass
class Tap:
    """Every call of one instance goes through here."""

    name: str
    turns: Turns
    world: World
    devices: DeviceWrites
    synced: list[str]
    """Whose sync asked Graph: each call adds its instance's name."""
    look: Callable[[], None]
    """Called after each write to Graph."""
    at: int = 0
    """The number of the call, from one, that meets `trouble`; 0: none."""
    trouble: Trouble | None = None
    calls: int = 0
    """Of this step, so far."""
    met: int = 0
    """How often a call met trouble."""
    dead: bool = False

    def begin(self, at: int, trouble: Trouble | None) -> None:
        """A new step: calls are counted anew."""
        self.at, self.trouble, self.calls = at, trouble, 0

    async def call(
        self,
        work: Callable[[], Awaitable[T]],
        refused: Callable[[float | None], Exception],
        *,
        writes: bool,
    ) -> T:
        """Do a call in its turn, with what it meets."""
        async with self.turns.turn(self.name, writes=writes):
            if self.dead:
                raise Crashed
            self.calls += 1
            number = self.calls
            self.met += number == self.at and (writes or self.trouble is not Trouble.LOST_ANSWER)
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


def _store_is_away(retry_after: float | None) -> Exception:
    return CosmosError(429 if retry_after else 503, "not now", retry_after_ms=int(1000 * (retry_after or 1)))


def _graph_is_away(retry_after: float | None) -> Exception:
    if retry_after is None:
        return ReadError("the connection broke")
    throttled: Exception = APIError("too many requests", 429, {"Retry-After": str(retry_after)})
    return throttled


class _TappedClient(StraightClient):
    """The client of Graph, each of whose requests goes through the tap."""

    tap: Tap

    async def _answered(self, request: Any, kind: str, errors: object) -> bytes:
        async def answered() -> bytes:
            if _OF_A_SYNC in request.url:
                self.tap.synced.append(self.tap.name)
            answer = await StraightClient._answered(self, request, kind, errors)
            if writes:
                self.tap.look()
            return answer

        writes = request.http_method.value != "GET"
        return await self.tap.call(answered, _graph_is_away, writes=writes)


def untapped(one: World) -> StraightStore:
    """The store, which nothing stands before."""
    store = StraightStore(one.services.settings)
    store.requests = requests_of(one.cosmos)
    return store


async def tapped(services: Services, tap: Tap) -> Services:
    """`services`, every call of which goes through `tap`."""
    store, client, one = StraightStore(services.settings), services.graph._client, tap.world
    requests = requests_of(one.cosmos)

    async def tapped_request(method: str, call: Call) -> Answer:
        writes = method != "GET" and not call.is_query

        async def answered() -> Answer:
            answer = await requests(method, call)
            if writes and method != "DELETE" and call.names[1] == Device.container:
                tap.devices.written(answer.body)
            return answer

        return await tap.call(answered, _store_is_away, writes=writes)

    store.requests = tapped_request
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
