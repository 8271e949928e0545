"""The way to Microsoft Graph: the one place that knows msgraph.

The SDK gives addresses, authentication and its middleware; answers are read as bytes into the models of
`wire`, because its own take about 3 ms a device. A call that fails is never repeated here but for single
items of a batch: it raises GraphUnavailable, and whoever asked leaves the work pending for the next run.
"""

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from pydantic import ValidationError

from shared.dates import date_of
from shared.domain.json_text import clean
from shared.errors import GraphError, GraphNotFound, GraphRefused, GraphUnavailable
from shared.graph.pacing import Pacer
from shared.graph.wire import Wire
from shared.headers import Headers
from shared.identity import AppIdentity
from shared.log import LogEvent, log_event
from shared.settings import Settings
from shared.span_counts import HOUR, SpanCounts
from shared.waiting import Waiting

if TYPE_CHECKING:
    from ssl import SSLContext

    from httpx import AsyncHTTPTransport, Response
    from kiota_abstractions.request_information import RequestInformation
    from msgraph import GraphServiceClient

MAX_PAGES = 100_000
TIMEOUT_SECONDS = 30.0
"""The longest a call takes, whatever comes of it."""
SILENCE_SECONDS = 20.0
"""The longest nothing comes: less than TIMEOUT_SECONDS, so that it is the connection that fails, and is not
kept; a call that is broken off says nothing of its connection."""
CONNECT_SECONDS = 10.0
UNREACHABLE_REST_SECONDS = 10.0
"""How long a Graph that did not answer is left alone."""
THROTTLED_REST_SECONDS = 1.0
"""How long a throttling Graph is left alone where it does not say, and an item of a batch it did not take."""
MAX_REST_SECONDS = 3600.0
"""How long Graph is left alone where it asks for longer: then the next run asks it again."""
PATIENCE_SECONDS = 5.0
"""The longest a call waits for its turn, or an item of a batch to be sent again."""
BATCH_SIZE = 20
BATCH_ATTEMPTS = 3
MAX_ODD_LOGGED = 100
"""Odd fields of one name that are logged within an hour."""
_TRANSIENT = frozenset({401, 408, 409, 429, 500, 502, 503, 504})
CLIENT_REQUEST_ID = "client-request-id"
_REQUEST_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_PLACE = re.compile(r"[0-9]{1,6}")
"""Ids that we give the items of a batch."""
_AGAIN = frozenset({429, 503, 504})
"""Answers to an item of a batch after which it is sent again."""

W = TypeVar("W", bound=Wire)


@dataclass(frozen=True)
class Call:
    """One call: a path of Graph's, with values in braces, and what is sent."""

    method: str
    path: str
    values: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    eventual: bool = False
    """Whether it asks for `ConsistencyLevel: eventual`, which Entra wants for a cast in a path, on every
    page."""
    beta: bool = False
    """Whether it goes to Graph's beta: only for what v1.0 does not have."""
    aside: bool = False
    """Whether its trouble is its own: where it fails, Graph is not left alone for it."""


@dataclass(frozen=True)
class _Reply:
    """What a failed request carried."""

    status: int
    retry_after: float | None
    code: str
    request_id: str
    """What Microsoft's support asks for; empty where none came."""
    client_request_id: str
    """The one we gave, all there is where no answer came; of an item of a batch the one Graph gives."""

    @classmethod
    def of(cls, status: int, headers: Headers, body: object, now: datetime) -> "_Reply":
        """Read from an answer at `now`; `body` is the JSON of it, if any."""
        error = body.get("error") if isinstance(body, dict) else None
        detail = error if isinstance(error, dict) else {}
        inner = detail.get("innerError")
        further = inner if isinstance(inner, dict) else {}
        ids = (_id(headers.get(name) or further.get(name)) for name in ("request-id", CLIENT_REQUEST_ID))
        return cls(status, _seconds(headers.get("retry-after"), now), str(detail.get("code", "")), *ids)


@dataclass(frozen=True)
class _ItemAnswer:
    """What came of one item of a batch."""

    result: bytes | GraphError
    again: bool = False
    """Whether it may be sent again."""

    @property
    def wait(self) -> float:
        """Seconds Graph asks to wait."""
        error = self.result
        return (error.retry_after or 0.0) if isinstance(error, GraphUnavailable) else 0.0


class GraphClient:
    """One per process and event loop; the SDK is loaded on first use."""

    def __init__(self, settings: Settings, waiting: Waiting) -> None:
        self._base = settings.graph_base_url
        self._beta = f"{self._base.removesuffix('/v1.0')}/beta"
        self._waiting = waiting
        self._client: GraphServiceClient | None = None
        self._identity: AppIdentity | None = None
        self._transport: AsyncHTTPTransport | None = None
        self._rests_until = 0.0
        self._pacer = Pacer(waiting.clock)
        self._odd = SpanCounts(HOUR)

    async def send(self, call: Call) -> bytes:
        """Make one call, in its turn, and return what is answered."""
        return await self._send(self._request(call), call)

    async def read(self, kind: type[W], call: Call) -> W:
        """Make one call and read the object it answers."""
        return read_object(kind, await self.send(call))

    async def pages(self, kind: type[W], call: Call, *, whole: bool = False) -> AsyncIterator[W]:
        """Items over all pages: past empty pages, never round in a circle, never to another host.

        An item that cannot be read is left out and logged, unless the list must be `whole`: a rule or a
        switch that silently vanished would let devices in.
        """
        request, seen = self._request(call), set[str]()
        while True:
            page = _json(await self._send(request, call))
            if "value" not in page:
                raise GraphUnavailable("Microsoft Graph answered a list without its items")
            items = page["value"] or []
            if not isinstance(items, list):
                raise GraphRefused("Microsoft Graph answered a list that is none")
            for item in items:
                try:
                    yield self._item(kind, item)
                except GraphRefused as refused:
                    if whole:
                        raise
                    log_event(LogEvent.UNEXPECTED, where="graph", what=refused)
            link = page.get("@odata.nextLink")
            if not link:
                return
            if not self._ours(link) or link in seen or len(seen) >= MAX_PAGES:
                raise GraphRefused("Graph gave a next page that leads nowhere")
            seen.add(link)
            request = _following(link, call)

    def _item(self, kind: type[W], item: object) -> W:
        """`item` as a wire model. A field that the item makes sense without costs that field, and a line."""
        try:
            return read_item(kind, item)
        except GraphRefused as refused:
            odd = _odd_fields(refused)
            if not isinstance(item, dict) or odd & kind.needed:
                raise
            found = read_item(kind, {name: value for name, value in item.items() if name not in odd})
        for name in sorted(odd):
            if self._odd.count(name, self._waiting.now()) <= MAX_ODD_LOGGED:
                log_event(LogEvent.ODD_FIELD, of=kind.__name__, id=item.get("id"), field=name)
        return found

    async def batch(self, calls: Sequence[Call]) -> list[bytes | GraphError]:
        """Make many calls by twenties ($batch); what each came to, in their order.

        Each item is throttled on its own: those are sent again after the wait they ask for, if it is short.
        Where it is not, the twenties after them are left for later.
        """
        outcomes: list[bytes | GraphError] = [
            GraphUnavailable("Microsoft Graph asked to be left alone before it was this call's turn")
        ] * len(calls)
        for first in range(0, len(calls), BATCH_SIZE):
            if first and self.resting():
                break
            places = range(first, min(first + BATCH_SIZE, len(calls)))
            for place, outcome in (await self._twenty({place: calls[place] for place in places})).items():
                outcomes[place] = outcome
        return outcomes

    async def _twenty(self, calls: Mapping[int, Call]) -> dict[int, bytes | GraphError]:
        outcomes: dict[int, _ItemAnswer] = {}
        left = dict(calls)
        for _ in range(BATCH_ATTEMPTS):
            outcomes |= await self._posted(left)
            left = {place: calls[place] for place, outcome in outcomes.items() if outcome.again}
            wait = max((outcomes[place].wait for place in left), default=0.0)
            if not left or wait > PATIENCE_SECONDS or len(left) == len(calls):
                break  # where none went through, Graph is to be left alone
            await self._waiting.sleep(wait or THROTTLED_REST_SECONDS)
        self._rest(max(outcome.wait for outcome in outcomes.values()))
        return {place: outcome.result for place, outcome in outcomes.items()}

    async def _posted(self, calls: Mapping[int, Call]) -> dict[int, "_ItemAnswer"]:
        """One $batch. Items whose turn is too far away are not sent; where the whole fails, so does each."""
        outcomes: dict[int, _ItemAnswer] = {}
        items: list[dict[str, object]] = []
        for place, call in calls.items():
            url = self._request(call).url.removeprefix(self._base)
            try:
                await self._turn(call, url)
            except GraphUnavailable as error:
                outcomes[place] = _ItemAnswer(error)
                continue
            item: dict[str, object] = {"id": str(place), "method": call.method, "url": url}
            if call.method != "GET":  # an item without a body makes the whole batch a bad request
                item |= {"headers": {"Content-Type": "application/json"}, "body": call.body or {}}
            items.append(item)
        if not items:
            return outcomes
        sent = [int(str(item["id"])) for item in items]
        try:
            answered = _json(await self.send(Call("POST", "/$batch", body={"requests": items})))
        except GraphError as error:
            return outcomes | {place: _ItemAnswer(error) for place in sent}
        responses = answered.get("responses")
        now = self._waiting.now()
        read = dict(_response(each, now) for each in responses) if isinstance(responses, list) else {}
        silent = _ItemAnswer(GraphUnavailable("Microsoft Graph left an item of a batch unanswered"))
        return outcomes | {place: read.get(place, silent) for place in sent}

    def resting(self) -> float:
        """Seconds for which Graph is to be left alone: it said so, or did not answer; else 0."""
        return max(0.0, self._rests_until - self._waiting.clock())

    async def close(self) -> None:
        """Give the connections back."""
        if self._transport is not None:
            await self._transport.aclose()
        if self._identity is not None:
            await self._identity.close()
        self._client = self._identity = self._transport = None

    def _request(self, call: Call) -> "RequestInformation":
        from kiota_abstractions.method import Method
        from kiota_abstractions.request_information import RequestInformation

        request = RequestInformation(
            Method(call.method),
            "{+root}" + call.path,  # not `baseurl`, which the adapter puts its own address into
            {"root": self._beta if call.beta else self._base, **call.values},
        )
        _add_headers(request, call)
        if call.body is not None:
            request.headers.try_add("Content-Type", "application/json")
            request.content = json.dumps(call.body, separators=(",", ":")).encode()
        request.url = request.url  # worked out once: else the SDK does it anew each of the four times it asks
        return request

    def _ours(self, link: object) -> bool:
        try:
            return isinstance(link, str) and urlsplit(link)[:2] == urlsplit(self._base)[:2]
        except ValueError:
            return False

    async def _turn(self, call: Call, url: str) -> None:
        """Wait for the turn of a call to a path; GraphUnavailable where that takes too long."""
        waited = 0.0
        while wait := self._pacer.wait(call.method, url):
            if waited + wait > PATIENCE_SECONDS:
                self._rest(wait, call)
                raise GraphUnavailable("Microsoft Graph's quota is used up for now", retry_after=wait)
            await self._waiting.sleep(wait)
            waited += wait

    async def _send(self, request: "RequestInformation", call: Call) -> bytes:
        from azure.core.exceptions import AzureError
        from httpx import HTTPError, HTTPStatusError, InvalidURL
        from kiota_abstractions.api_error import APIError

        client, ours = self._sdk(), "".join(request.headers.get(CLIENT_REQUEST_ID))
        await self._turn(call, request.url.removeprefix(self._base).removeprefix(self._beta))
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await client.request_adapter.send_primitive_async(request, "bytes", _error_map())
        except APIError as error:
            named = _named(replace(_reply(error, self._waiting.now()), client_request_id=ours))
            if isinstance(named, GraphUnavailable) and named.retry_after:
                self._rest(named.retry_after, call)
            raise named from error
        except AzureError as error:
            raise GraphUnavailable("no token for Microsoft Graph: check the app's identity") from error
        except InvalidURL as error:
            raise GraphRefused("an address that is none: nothing was asked") from error
        except (HTTPError, TimeoutError, OSError) as error:
            self._rest(UNREACHABLE_REST_SECONDS, call)
            what = str(error) if isinstance(error, HTTPStatusError) else type(error).__name__
            said = f"Microsoft Graph cannot be reached ({what}, {CLIENT_REQUEST_ID} {ours})"
            raise GraphUnavailable(said) from error
        return answer or b""

    def _rest(self, seconds: float, call: Call | None = None) -> None:
        """Leave Graph alone; asked for longer than a run is away, until the next run asks again."""
        if call is not None and call.aside:
            return
        seconds = min(seconds, MAX_REST_SECONDS)
        self._rests_until = max(self._rests_until, self._waiting.clock() + seconds)

    def _sdk(self) -> "GraphServiceClient":
        if self._client is None:
            from httpx import AsyncClient, AsyncHTTPTransport, Timeout
            from kiota_authentication_azure.azure_identity_authentication_provider import (
                AzureIdentityAuthenticationProvider,
            )
            from kiota_http.middleware.options import RedirectHandlerOption, RetryHandlerOption
            from msgraph import GraphRequestAdapter, GraphServiceClient
            from msgraph_core import GraphClientFactory

            where = urlsplit(self._base)
            self._identity = AppIdentity()
            self._transport = AsyncHTTPTransport(http2=True, verify=_authorities())
            provider = AzureIdentityAuthenticationProvider(
                self._identity,
                scopes=[f"{where.scheme}://{where.netloc}/.default"],
                allowed_hosts=[where.hostname or ""],
            )
            adapter = GraphRequestAdapter(
                provider,
                GraphClientFactory.create_with_default_middleware(
                    client=AsyncClient(
                        transport=self._transport,
                        timeout=Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS),
                        event_hooks={"response": [_refuse_redirect]},
                    ),
                    options={
                        RetryHandlerOption.get_key(): RetryHandlerOption(0, 0, False),
                        RedirectHandlerOption.get_key(): RedirectHandlerOption(0, False),
                    },
                ),
            )
            adapter.base_url = self._base
            self._client = GraphServiceClient(request_adapter=adapter)
        return self._client


async def _refuse_redirect(answer: "Response") -> None:
    """What stands between us and Graph may redirect: a PATCH would be followed as a GET, or taken for done by
    the SDK."""
    from httpx import HTTPStatusError

    if 300 <= answer.status_code < 400:
        raise HTTPStatusError(f"redirected, {answer.status_code}", request=answer.request, response=answer)


@cache
def _authorities() -> "SSLContext":
    """Whom to trust for TLS. Reading them takes 40 ms of a processor: once a process."""
    from httpx import create_ssl_context

    return create_ssl_context()


def _error_map() -> dict[str, Any]:
    """The SDK's generated error class costs half a second to import; this one does."""
    from kiota_abstractions.api_error import APIError
    from kiota_abstractions.serialization import AdditionalDataHolder, Parsable

    class Refusal(APIError, AdditionalDataHolder, Parsable):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.additional_data: dict[str, Any] = {}

        @staticmethod
        def create_from_discriminator_value(_node: object) -> "Refusal":
            return Refusal()

        def get_field_deserializers(self) -> dict[str, Any]:
            return {}

        def serialize(self, writer: object) -> None:
            raise NotImplementedError

    return {"XXX": Refusal}


def _reply(error: Any, now: datetime) -> _Reply:
    headers = Headers(error.response_headers or {})
    return _Reply.of(error.response_status_code or 0, headers, getattr(error, "additional_data", {}), now)


def _id(given: object) -> str:
    return str(given) if _REQUEST_ID.fullmatch(str(given)) and given is not None else ""


def _seconds(text: str | None, now: datetime) -> float | None:
    """What Retry-After asks for, as a number of seconds or as a date (RFC 9110); None where it is neither."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        until = date_of(text)
        if until is None:
            return None
        seconds = max(0.0, (until - now).total_seconds())
    return seconds if 0 <= seconds < math.inf else None


def _named(reply: _Reply) -> GraphNotFound | GraphRefused | GraphUnavailable:
    said = f"Microsoft Graph answered {reply.status} {reply.code}".strip()
    ids = {"request-id": reply.request_id, CLIENT_REQUEST_ID: reply.client_request_id}
    if any(ids.values()):
        said += f" ({', '.join(f'{name} {id_}' for name, id_ in ids.items() if id_)})"
    if reply.status == 404:
        return GraphNotFound(said)
    if reply.status in _TRANSIENT or reply.status == 0:
        wait = reply.retry_after
        if wait is None and reply.status == 429:
            wait = THROTTLED_REST_SECONDS
        return GraphUnavailable(said, retry_after=wait)
    return GraphRefused(said)


def _json(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8-sig")
        page = json.loads(text)
        if _SURROGATE.search(text):
            page = clean(page)  # lone ones nobody can store
    except (ValueError, RecursionError) as error:
        raise GraphUnavailable("Microsoft Graph answered something that is not JSON") from error
    if not isinstance(page, dict):
        raise GraphUnavailable("Microsoft Graph answered JSON that is not an object")
    return page


def read_item(kind: type[W], item: object) -> W:
    """`item` as a wire model; GraphRefused where it is none."""
    try:
        return kind.model_validate(item)
    except ValidationError as error:
        id_ = item.get("id") if isinstance(item, dict) else None
        what = f"{kind.__name__} {str(id_)[:100]!r}" if id_ else kind.__name__
        fields = ", ".join(sorted(_fields(error)))
        raise GraphRefused(f"Microsoft Graph answered a {what} that cannot be read: {fields}") from error


def _odd_fields(refused: GraphRefused) -> set[str]:
    return _fields(refused.__cause__) if isinstance(refused.__cause__, ValidationError) else set()


def _fields(error: ValidationError) -> set[str]:
    """Names of the fields, by Graph's names, that are wrong; `item` where it is no object at all."""
    return {str(each["loc"][0]) if each["loc"] else "item" for each in error.errors(include_url=False)}


def read_object(kind: type[W], body: bytes) -> W:
    """An answer as a wire model; GraphUnavailable where it is no object, GraphRefused where it is another."""
    return read_item(kind, _json(body))


def _add_headers(request: "RequestInformation", call: Call) -> None:
    request.headers.try_add("Accept", "application/json")
    request.headers.try_add(CLIENT_REQUEST_ID, str(uuid4()))
    if call.eventual:
        request.headers.try_add("ConsistencyLevel", "eventual")


def _following(link: str, call: Call) -> "RequestInformation":
    from kiota_abstractions.method import Method
    from kiota_abstractions.request_information import RequestInformation

    request = RequestInformation(Method.GET)
    request.url = link
    _add_headers(request, call)
    return request


def _written(body: object) -> bytes | GraphError:
    """What an item of a batch holds, as JSON again."""
    try:
        return json.dumps(body).encode() if body is not None else b""
    except RecursionError:
        return GraphUnavailable("Microsoft Graph answered an item that is nested too deep")


def _response(item: object, now: datetime) -> tuple[int, _ItemAnswer]:
    """The place and the outcome of one item of a batch."""
    item = item if isinstance(item, dict) else {}
    id_, status = str(item.get("id", "")), item.get("status")
    place, body, headers = int(id_) if _PLACE.fullmatch(id_) else -1, item.get("body"), item.get("headers")
    if not isinstance(status, int):
        return place, _ItemAnswer(GraphUnavailable("Microsoft Graph answered an item that cannot be read"))
    if 200 <= status < 300:
        return place, _ItemAnswer(_written(body))
    found = Headers(headers) if isinstance(headers, dict) else Headers({})
    reply = _Reply.of(status, found, body, now)
    return place, _ItemAnswer(_named(reply), again=status in _AGAIN)
