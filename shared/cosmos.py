"""The store: Cosmos DB for NoSQL, and every query text the app sends to it.

Documents are read with their etag, and agents and devices are written only by create or by replace with
If-Match. The SDK is imported on first use: nothing here costs the host anything at indexing.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from shared.bounded import bounded_gather
from shared.containers import DATABASE
from shared.domain.model import Document, unreadable
from shared.errors import (
    AlreadyStored,
    Conflict,
    Contended,
    DocumentTooLarge,
    NotStored,
    SettingsError,
    StoreRefused,
    StoreUnavailable,
)
from shared.identity import AppIdentity
from shared.joined import Joined
from shared.log import LogEvent, log_event
from shared.settings import Settings

if TYPE_CHECKING:
    from azure.cosmos.aio import ContainerProxy, CosmosClient, DatabaseProxy

PENDING_TAGS = (
    "SELECT c.id, c.tag.attempts, c.tag.retry_at FROM c"
    " WHERE c.tag.state = 'pending' AND c.tag.blocks = @blocks"
)
WAITING_FOR_APPROVAL = "SELECT c.id, c.tag.attempts, c.tag.stop FROM c WHERE c.tag.state = 'pending_approval'"
FOLLOW_UPS = "SELECT VALUE c.id FROM c WHERE c.tag.state = 'applied' AND c.tag.follow_up != null"
DEVICES_TO_DECIDE = (
    "SELECT VALUE c.id FROM c WHERE c.decision.rules_version != @version OR c.decision.next_due <= @now"
)
DEVICE_MIRRORS = (
    "SELECT c.id, c.facts, c.replaced_by, c.missing_since, c.gone_at, c.restricted, c.newer_registration"
    " FROM c"
)
DEVICE_TAGS = "SELECT c.id, c.tag FROM c WHERE c.tag.wanted != null OR c.tag.state != 'none'"
DEVICES_TO_PURGE = "SELECT VALUE c.id FROM c WHERE c.gone_at <= @before AND c.purged_at = null"
GONE_DEVICES = (
    "SELECT c.id, c.facts, c.slots, c.gone_at FROM c WHERE c.gone_at != null AND c.purged_at = null"
)
DEVICE_SUMMARIES = (
    "SELECT c.id, c.facts, c.decision, c.tag, c.override, c.gone_at, c.restricted, c.newer_registration"
    " FROM c WHERE c.replaced_by = null"
)
DEVICES_RESTRICTED = f"{DEVICE_SUMMARIES} AND c.restricted = true"
DEVICES_REGISTERED_ANEW = f"{DEVICE_SUMMARIES} AND c.newer_registration.id != null"
DEVICES_WHOLE = "SELECT * FROM c WHERE c.replaced_by = null"
DEVICE_COUNT = "SELECT VALUE COUNT(1) FROM c WHERE c.replaced_by = null"
DEVICE_COUNT_BY_VERDICT = f"{DEVICE_COUNT} AND c.decision.verdict = @verdict"
DEVICE_COUNT_BY_TAG_STATE = f"{DEVICE_COUNT} AND c.tag.state = @state"
PHONES_WITH_VERDICT = (
    "SELECT c.id, c.facts FROM c WHERE c.replaced_by = null AND c.gone_at = null"
    " AND c.decision.verdict = @verdict AND c.facts.platform = @platform"
)
UNLINKED_AGENTS = (
    "SELECT c.id, c.mdm_device_id, c.serial, c.udid, c.platform, c.linked_by FROM c WHERE c.device = null"
)
AGENTS_TO_FOLLOW = (
    "SELECT c.id, c.device, c.linked_by, c.looked_up FROM c WHERE c.device != null AND c.looked_up != null"
)
AGENTS_ON_THEIR_WAY = "SELECT VALUE c.id FROM c WHERE c.moving_from != null OR c.unplaced = true"
PENDING_LINKS = "SELECT VALUE c.id FROM c WHERE c.pending = true"
THREATENED_AGENTS = (
    "SELECT c.id, c.partner_device_id, c.threats, c.snapshot FROM c "
    "WHERE c.partner = @partner AND c.has_threats = true"
)
AGENT_SUMMARIES = (
    "SELECT c.id, c.partner, c.partner_device_id, c.threats, c.mdm_device_id, c.serial, c.udid, c.platform, "
    "c.first_received_at, c.last_received_at, c.device, c.linked_by FROM c"
)
UNLINKED_AGENT_SUMMARIES = f"{AGENT_SUMMARIES} WHERE c.device = null"
AGENTS_OF_DEVICE = (
    "SELECT c.id, c.device, c.linked_by FROM c WHERE c.device = @device OR c.moving_from = @device"
)
LINKS = "SELECT c.id, c.device, c.ambiguous, c.why, c.who FROM c"
INVENTORIES = "SELECT c.id, c.ownership, c.partners, c.withdrawn, c.digest, c.partner FROM c"
CONNECTOR_MIRRORS = "SELECT * FROM c WHERE STARTSWITH(c.id, 'connector:')"

DEAD_LETTERS = (
    "SELECT c.id, c.partner, c.reason, c.kind, c.received_at, c.size, c.sha256, c.index, c.redriven_at FROM c"
)
HOMELESS_THREATS = (
    "SELECT c.id, c.partner, c.record.threat_key AS threat_key FROM c WHERE c.kind = 'no_device'"
)
DEAD_LETTERS_OF_PARTNER = f"{DEAD_LETTERS} WHERE c.partner = @partner ORDER BY c.received_at DESC"

HISTORY = "SELECT * FROM c WHERE c.what = @what ORDER BY c.started_at DESC"

_NOT_OF_THE_DOCUMENT = {
    1002: "Cosmos DB has not caught up with this session",
    1003: "Cosmos DB has no such container any more",
}
"""Sub-statuses of a 404 that say nothing about the document (the SDK's `SubStatusCodes`)."""
_CONTINUATION = re.compile(r"(?![0-9]+$)[A-Za-z0-9+/]+={0,2}")
"""What the SDK makes of a position in the change feed: base64. A number alone would be the position in one
partition, which it takes as well."""
MAX_ATTEMPTS = 50
"""How often a document is read again because others were faster, before that is an error."""
MAX_SILENCE_SECONDS = 10.0
"""Seconds without a byte of an answer, after which it is not waited for: the SDK asks three times in all, and
four times when the store is opened, so that no call takes much longer than half a minute.

Nothing of ours needs as long: Cosmos DB ends an operation, be it a page of a query, after 5 seconds with what
it has ("Azure Cosmos DB service quotas", per-request limits), and what takes many pages is many answers.
"""
_TRANSIENT = frozenset({408, 410, 429, 449, 500, 502, 503, 504})
_REFUSED = frozenset({400, 413})

D = TypeVar("D", bound=Document)
V = TypeVar("V", bound=BaseModel)


@dataclass(frozen=True)
class Found(Generic[D]):
    """A document as it was read, with the etag a replace must name."""

    document: D
    etag: str


@dataclass(frozen=True)
class FoundMany(Generic[D]):
    """Documents as they were read."""

    readable: list[Found[D]]
    unreadable: int


@dataclass(frozen=True)
class Edited(Generic[D]):
    """What an edit came to."""

    before: D | None
    """The document the edit that stands was made of; None where there was none."""
    found: Found[D] | None
    """The document after it; None where there is none."""

    @property
    def written(self) -> bool:
        """Whether anything was."""
        return self.found is not None and self.found.document != self.before


@dataclass(frozen=True)
class Page(Generic[V]):
    """Some rows of a listing, and the token that continues it; None at the end."""

    rows: tuple[V, ...]
    token: str | None


class Store:
    """One per process and event loop; the client is made on first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: AsyncExitStack | None = None
        self._database: DatabaseProxy | None = None
        self._opening = Joined(self._open)
        self._seen: set[str] = set()
        """Containers that were there."""

    async def create(self, document: Document) -> str:
        """Store a new document and return its etag; AlreadyStored where there is one of that id."""
        container = await self._container(document.container)
        with _sdk_errors():
            stored = await container.create_item(_body(document))
        return str(stored["_etag"])

    async def read(self, kind: type[D], id_: str, partition: str | None = None) -> Found[D] | None:
        """The document `id_`; None where there is none."""
        container = await self._container(kind.container)
        try:
            with _sdk_errors():
                item = await container.read_item(id_, partition if partition is not None else id_)
        except NotStored:
            return None
        return Found(kind.model_validate(item), str(item["_etag"]))

    async def read_many(self, kind: type[D], ids: Sequence[str], *, limit: int) -> FoundMany[D]:
        """The documents `ids` that there are, in their order; at most `limit` are read at a time.

        One that cannot be read is logged and counted: it does not keep the others from being worked on.
        """
        unreadable = 0

        async def one(id_: str) -> Found[D] | None:
            nonlocal unreadable
            try:
                return await self.read(kind, id_)
            except ValidationError as error:
                _log_unreadable(kind.container, id_, error)
                unreadable += 1
                return None

        read = await bounded_gather(one, ids, limit=limit)
        return FoundMany([found for found in read if found is not None], unreadable)

    async def replace(self, document: Document, etag: str) -> str:
        """Write over the version `etag` names and return the new etag; Conflict where it changed since."""
        from azure.core import MatchConditions

        container = await self._container(document.container)
        with _sdk_errors():
            stored = await container.replace_item(
                document.id, _body(document), etag=etag, match_condition=MatchConditions.IfNotModified
            )
        return str(stored["_etag"])

    async def edit(
        self,
        kind: type[D],
        id_: str,
        change: Callable[[D | None], D | Awaitable[D | None] | None],
        *,
        partition: str | None = None,
        known: Found[D] | None = None,
    ) -> Edited[D]:
        """Read the document `id_`, change it, and replace it; again from the start where others were faster.

        `change` makes the new document of the one that is there, or of None where there is none: then what it
        makes is created. Where it gives None, or what was there already, nothing is written. It may run
        several times: another effect it has is one that may be done again. `known` is a version read before,
        which spares the first reading. Raises Contended where others keep being faster.
        """
        found = known
        for attempt in range(MAX_ATTEMPTS):
            if found is None:
                found = await self.read(kind, id_, partition)
            before = found.document if found else None
            made = change(before)
            after = await made if isawaitable(made) else made
            if after is None or after == before:
                return Edited(before, found)
            try:
                etag = await (self.replace(after, found.etag) if found else self.create(after))
            except (AlreadyStored, Conflict, NotStored):
                await pause(attempt)
                found = None
                continue
            return Edited(before, Found(after, etag))
        raise Contended(f"{id_} in {kind.container} is written by too many at once")

    async def upsert(self, document: Document) -> None:
        """Write whatever stands there. Not for agents and devices: their writers must see each other."""
        container = await self._container(document.container)
        with _sdk_errors():
            await container.upsert_item(_body(document))

    async def delete(
        self, kind: type[D], id_: str, partition: str | None = None, *, etag: str | None = None
    ) -> None:
        """Remove the document `id_`, and only the version `etag` names where it is given: Conflict where that
        changed. Nothing happens where there is none."""
        from azure.core import MatchConditions

        container = await self._container(kind.container)
        only: dict[str, Any] = (
            {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
        )
        try:
            with _sdk_errors():
                await container.delete_item(id_, partition if partition is not None else id_, **only)
        except NotStored:
            return

    async def ids(self, container: str, sql: str, **parameters: object) -> AsyncIterator[str]:
        """Ids a `SELECT VALUE c.id` text finds, over all partitions. Not for hot paths."""
        async for row in self._rows(container, sql, parameters):
            yield str(row)

    async def count(self, container: str, sql: str, **parameters: object) -> int:
        """What a `SELECT VALUE COUNT(1)` text counts, over all partitions; the index answers it."""
        return sum([int(str(row)) async for row in self._rows(container, sql, parameters)])

    async def rows(self, view: type[V], container: str, sql: str, **parameters: object) -> AsyncIterator[V]:
        """What a projecting text finds, over all partitions, read into `view`. Not for hot paths.

        A row that cannot be read is logged and left out: it does not keep the others from being seen.
        """
        async for row in self._rows(container, sql, parameters):
            for read in _readable(view, container, [row]):
                yield read

    async def page(
        self,
        view: type[V],
        container: str,
        sql: str,
        *,
        size: int,
        token: str | None,
        partition: str | None = None,
        **parameters: object,
    ) -> Page[V]:
        """One page of a listing, from `token` on; a text with an order needs the `partition` it is about."""
        proxy = await self._container(container)
        options: dict[str, Any] = {} if partition is None else {"partition_key": partition}
        with _sdk_errors():
            pages = proxy.query_items(
                sql, parameters=_named_parameters(parameters), max_item_count=size, **options
            ).by_page(token)
            try:
                rows = [view.model_validate(row) async for row in await anext(pages)]
            except StopAsyncIteration:
                return Page((), None)
        return Page(tuple(rows), getattr(pages, "continuation_token", None))

    async def changes(self, view: type[V], container: str, *, size: int, token: str | None) -> Page[V]:
        """Up to `size` documents written after `token`, each as it is now, in the order of their last writes;
        all there are, from the first on, where there is no token.

        The page's token goes on after it; it is `token` itself where nothing was written since. What was
        removed does not show. A document that cannot be read is logged and left out. Raises StoreRefused for
        a token that is none of this container's.
        """
        seen: list[Mapping[str, str]] = []
        proxy = await self._container(container)
        with _sdk_errors(), _going_on(token):
            pages = proxy.query_items_change_feed(
                start_time="Beginning",
                max_item_count=size,
                # The SDK enters the position after the page into the headers it hands out here. Its own
                # `continuation_token` goes by the client's latest headers, which another call may have set.
                response_hook=lambda headers, _: seen.append(headers),
            ).by_page(token)
            try:
                items = [item async for item in await anext(pages)]
            except StopAsyncIteration:
                return Page((), token)
        return Page(tuple(_readable(view, container, items)), seen[-1]["etag"])

    async def _rows(
        self, container: str, sql: str, parameters: Mapping[str, object]
    ) -> AsyncIterator[object]:
        proxy = await self._container(container)
        with _sdk_errors():
            async for row in proxy.query_items(sql, parameters=_named_parameters(parameters)):
                yield row

    async def close(self) -> None:
        """Give the connections back."""
        if self._connection is not None:
            await self._connection.aclose()
            self._connection = self._database = None
            self._seen.clear()

    async def _container(self, name: str) -> "ContainerProxy":
        """The container `name`; StoreUnavailable where there is none.

        It is read once, as the SDK would by itself before its first operation there: that 404 is the same as
        a document's.
        """
        database = await self._opened()
        container = database.get_container_client(name)
        if name not in self._seen:
            try:
                with _sdk_errors():
                    await container.read()
            except NotStored as error:
                raise StoreUnavailable(f"there is no container {name}") from error
            self._seen.add(name)
        return container

    async def _opened(self) -> "DatabaseProxy":
        return self._database or await self._opening.result()

    async def _open(self) -> "DatabaseProxy":
        with _sdk_errors():
            async with AsyncExitStack() as connection:
                client = await _client(self._settings, connection)
                self._connection = connection.pop_all()
        self._database = client.get_database_client(DATABASE)
        return self._database


async def pause(attempt: int) -> None:
    """A short random wait before doing again what another instance was faster at."""
    await asyncio.sleep(random.uniform(0, min(0.005 * 2**attempt, 0.25)))  # noqa: S311 - no secret


async def _client(settings: Settings, connection: AsyncExitStack) -> "CosmosClient":
    """A client that is connected; what it consists of is closed with `connection`."""
    from urllib.request import getproxies

    from azure.core.pipeline.transport import AioHttpTransport
    from azure.cosmos.aio import CosmosClient

    options: dict[str, Any] = {
        # Else each request looks for a proxy and a .netrc, in a thread each.
        "transport": AioHttpTransport(use_env_settings=bool(getproxies().keys() - {"no"})),
        "connection_timeout": 10,
        "read_timeout": MAX_SILENCE_SECONDS,
        "retry_throttle_total": 3,
        "retry_throttle_backoff_max": 5,
        "retry_total": 2,
        "enable_compact_utf8_item_writes": True,
    }
    if settings.cosmos_connection_string:
        client = CosmosClient.from_connection_string(settings.cosmos_connection_string, **options)
    elif not settings.cosmos_endpoint:
        raise SettingsError("COSMOS or COSMOS__accountEndpoint is missing: expected where Cosmos DB is")
    else:
        identity = await connection.enter_async_context(AppIdentity())
        client = CosmosClient(settings.cosmos_endpoint, identity, **options)
    connection.push_async_callback(client.close)
    return await client.__aenter__()


def _readable(view: type[V], container: str, items: Sequence[object]) -> Iterator[V]:
    for item in items:
        try:
            read = view.model_validate(item)
        except ValidationError as error:
            _log_unreadable(container, item.get("id") if isinstance(item, dict) else None, error)
            continue
        yield read


def _log_unreadable(container: str, id_: str | None, error: ValidationError) -> None:
    log_event(LogEvent.UNEXPECTED, where=container, id=id_, what=unreadable(error))


@contextmanager
def _going_on(token: str | None) -> Iterator[None]:
    """Turn what the SDK stumbles over in a token that is none into StoreRefused."""
    if token is None:
        yield
        return
    if not _CONTINUATION.fullmatch(token):
        raise StoreRefused("no token of the change feed")
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError) as error:
        raise StoreRefused("no token of the change feed") from error


def _named_parameters(parameters: Mapping[str, object]) -> list[dict[str, object]]:
    return [{"name": f"@{name}", "value": value} for name, value in parameters.items()]


def _body(document: Document) -> dict[str, Any]:
    return document.model_dump(mode="json", exclude_none=document.sparse)


@contextmanager
def _sdk_errors() -> Iterator[None]:
    """Turn what the SDK raises into the project's own tree."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError
    from azure.cosmos.exceptions import CosmosHttpResponseError

    try:
        yield
    except CosmosHttpResponseError as error:
        raise _error(error.status_code, error) from error
    except ClientAuthenticationError as error:
        raise StoreUnavailable("no token for Cosmos DB: check the app's identity") from error
    except (AzureError, TimeoutError, ConnectionError) as error:
        raise StoreUnavailable(f"Cosmos DB cannot be reached ({type(error).__name__})") from error


def _error(status: int | None, error: Exception) -> Exception:
    if status == 404:
        elsewhere = _NOT_OF_THE_DOCUMENT.get(getattr(error, "sub_status", None) or 0)
        return StoreUnavailable(elsewhere) if elsewhere else NotStored("no such document")
    if status == 409:
        return AlreadyStored("a document of that id is there")
    if status == 412:
        return Conflict("the document changed since it was read")
    if status in _REFUSED:
        kind = DocumentTooLarge if status == 413 else StoreRefused
        return kind(f"Cosmos DB refuses the document ({status})")
    if status is None or status in _TRANSIENT:
        return StoreUnavailable(f"Cosmos DB answered {status}", retry_after=_retry_after(error))
    return StoreUnavailable(f"Cosmos DB answered {status}: check the identity's role and the containers")


def _retry_after(error: Exception) -> float:
    headers: Mapping[str, str] = getattr(error, "headers", None) or {}
    try:
        return max(1.0, float(headers.get("x-ms-retry-after-ms", "5000")) / 1000)
    except ValueError:
        return 5.0
