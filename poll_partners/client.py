"""The one client of the vendors that are polled: a token that is looked after, and bounded answers.

It follows no redirect and no address that an answer gives, so that a key goes nowhere but to the host that
the setting names, or, of a vendor with several hosts, to one that its source names (`at`). Nothing of a body
but the number that the vendor gave a refusal, and nothing of a key or a full address, gets into an error or a
log. It never waits for a vendor that wants to be asked later: that is stored, and the next run keeps to it.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import JsonValue

from poll_partners.connection import Connection
from poll_partners.frames import Frame, Frames
from poll_partners.waits import asked_later
from shared.domain.json_text import NotJson, TooDeep, read_json
from shared.domain.poll_settings import PollSettings
from shared.domain.polling import PolledToken
from shared.errors import (
    CredentialRefused,
    SourceRefused,
    SourceUnavailable,
    SourceUnreadable,
)
from shared.services import Services

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

MAX_BODY = 16 * 1024 * 1024
"""Bytes of an answer, before it is parsed."""
REQUEST_SECONDS = 60.0
READ_SECONDS = 30.0
"""The longest a request takes, and the longest it is silent."""
MAX_RENEWALS = 10
"""Of a token in one run: one that dies sooner than its vendor says is renewed, but not at every page."""
MIN_LIFE, MAX_LIFE = 60.0, 86_400.0
"""Seconds that a token is taken to live, whatever its vendor says, or where it says nothing."""
LIFE_USED = 0.8
"""The part of a token's life after which another is asked for."""
MILLISECONDS = "X-Rate-Limit-Retry-After-Milliseconds"
"""Jamf's way to say Retry-After."""
NUMBERS = ("correlationId", "requestId", "trackingId")
"""Names under which a refusal bears a number, by which the vendor's support finds it."""

_HEADER = re.compile(r"[ -~]*")


@dataclass(frozen=True)
class VendorAnswer:
    """What a vendor answered: its JSON, and with what status."""

    status: int
    content: JsonValue


Login = Callable[["Client"], Awaitable["Granted"]]
Authentication = Callable[[PollSettings, str], Mapping[str, str]]
"""The headers that show whose a request is, of settings and token."""


def bearer(settings: PollSettings, token: str) -> Mapping[str, str]:
    """The usual one: the token."""
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class Granted:
    """A token a vendor gave, and how many seconds it says that it lives."""

    token: str
    lives: float
    at: str | None = None
    """The address at which it is good, which the source has made sure is the vendor's; None: its own."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What goes with it in every request."""


class Client(Connection):
    """Asks one vendor, within one run of one source."""

    def __init__(
        self,
        session: "ClientSession",
        services: Services,
        name: str,
        settings: PollSettings,
        *,
        login: Login,
        is_dead: Callable[[VendorAnswer], bool],
        authentication: Authentication = bearer,
    ) -> None:
        super().__init__(services)
        self.settings = settings
        self._session = session
        self._name = name
        self._login = login
        self._is_dead = is_dead
        self._authentication = authentication
        self._renewals = 0

    async def get(self, path: str, parameters: Mapping[str, str | int]) -> JsonValue:
        """The JSON the vendor has under `path`. A token it does not take is renewed once, and the same is
        asked again. Raises a SourceError."""
        for fresh in (False, True):
            held = await self._token(renew=fresh)
            headers = self._shown(held)
            answer = await self._asked("GET", path, at=held.at, headers=headers, params=_texts(parameters))
            if answer.status == 401 or self._is_dead(answer):
                continue
            if answer.status == 403:
                # A role that was just given, or another place, may need another token: the next run's.
                self._services.polled_tokens.pop(self._name, None)
            _check(answer)
            return answer.content
        raise CredentialRefused("a token that was just given is refused")

    async def follow(
        self, path: str, parameters: Mapping[str, str | int], is_enough: Callable[[Sequence[Frame]], bool]
    ) -> list[Frame]:
        """The frames of a stream until they are enough, or it ends or falls silent. Raises a SourceError."""
        for fresh in (False, True):
            held = await self._token(renew=fresh)
            frames: list[Frame] = []
            headers = {**self._shown(held), "Accept": "text/event-stream"}
            take = partial(_take_frames, frames, is_enough)
            answer = await self._asked(
                "GET", path, at=held.at, take=take, headers=headers, params=_texts(parameters)
            )
            if answer.status == 401 or self._is_dead(answer):
                continue
            if answer.status != 200:
                _check(answer)
            return frames
        raise CredentialRefused("a token that was just given is refused")

    async def ask_for_token(
        self, path: str, *, at: str | None = None, headers: Mapping[str, str] | None = None, **body: Any
    ) -> dict[str, JsonValue]:
        """The object that the vendor's login answers with. Raises CredentialRefused where it refuses."""
        answer = await self._asked("POST", path, at=at, headers=dict(headers or {}), **body)
        if answer.status in {400, 401, 403}:
            raise CredentialRefused(f"the login was answered {answer.status}{_number(answer)}")
        return _object(answer)

    async def look_up(
        self, path: str, token: str, *, at: str | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, JsonValue]:
        """An object that a login asks for by the token it was just given, to learn where that is good. Raises
        a SourceError."""
        shown = {"Authorization": f"Bearer {token}", **(headers or {})}
        answer = await self._asked("GET", path, at=at, headers=shown)
        if answer.status == 401:
            raise CredentialRefused(f"a token that was just given is refused{_number(answer)}")
        return _object(answer)

    def _shown(self, held: PolledToken) -> dict[str, str]:
        return {**self._authentication(self.settings, held.value), **held.headers}

    async def _token(self, *, renew: bool) -> PolledToken:
        kept = self._services.polled_tokens.get(self._name)
        now = self._services.now()
        if kept is not None and not renew and kept.given_at <= now < kept.renew_at:
            return kept
        if renew:
            self._renewals += 1
            if self._renewals > MAX_RENEWALS:
                raise SourceUnavailable("its tokens die sooner than it says, again and again")
        try:
            granted = await self._login(self)
        except SourceUnreadable as odd:  # no page, that would be passed over
            raise SourceUnavailable(f"its login is no answer: {odd}") from None
        life = timedelta(seconds=min(max(granted.lives, MIN_LIFE), MAX_LIFE) * LIFE_USED)
        held = PolledToken(granted.token, now, now + life, granted.at, granted.headers)
        self._services.polled_tokens[self._name] = held
        return held

    async def _asked(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        at: str | None = None,
        take: "Callable[[ClientResponse], Awaitable[None]] | None" = None,
        **more: Any,
    ) -> VendorAnswer:
        """What is answered; where it is 200 and `take` takes the body, without its content."""
        import aiohttp

        url = f"{at or self.settings.url}{path}"
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **headers}
        if not all(map(_HEADER.fullmatch, headers.values())):
            raise CredentialRefused("it gave a token that no header can hold")
        try:
            async with self._session.request(
                method, url, headers=headers, allow_redirects=False, **more
            ) as response:
                self.look_at_clock(response.headers.get("Date"))
                self._refuse_unasked(response)
                if take is not None and response.status == 200:
                    await take(response)
                    return VendorAnswer(200, None)
                text = await _text(response)
        except (TimeoutError, aiohttp.ServerTimeoutError):
            raise SourceUnavailable("no answer in time") from None
        except aiohttp.InvalidURL:
            raise SourceRefused("the address is none") from None
        except (aiohttp.ClientError, ConnectionError, OSError) as error:
            raise SourceUnavailable(f"the connection failed ({type(error).__name__})") from None
        return _answer(response.status, text)

    def _refuse_unasked(self, response: "ClientResponse") -> None:
        """What is not worth reading: a redirect, a body in an encoding nobody asked for, and a later."""
        if 300 <= response.status < 400:
            raise SourceRefused("it redirects elsewhere, where the key is not sent")
        given = (response.headers.get("Retry-After"), response.headers.get(MILLISECONDS))
        later = asked_later(response.status, *given, self._services.now())
        if later is not None:
            raise later
        if response.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
            raise SourceUnavailable("it is answered in an encoding that was not asked for")


async def _take_frames(
    frames: list[Frame], is_enough: Callable[[Sequence[Frame]], bool], response: "ClientResponse"
) -> None:
    """Read frames into `frames`. A stream that ends or falls silent has given what it has."""
    import aiohttp

    parts, taken = Frames(), 0
    try:
        async for chunk in response.content.iter_any():
            taken += len(chunk)
            found = list(parts.feed(chunk))
            frames.extend(found)
            if (found and is_enough(frames)) or taken > MAX_BODY:
                break
    except (TimeoutError, aiohttp.ClientError):
        if not frames:
            raise
    response.close()
    if taken > MAX_BODY and not frames:
        raise SourceUnreadable(f"a frame of more than {MAX_BODY} bytes")


async def _text(response: "ClientResponse") -> str:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > MAX_BODY:
            response.close()
            raise SourceUnreadable(f"an answer of more than {MAX_BODY} bytes")
    return content.decode("utf-8", "replace")


def _answer(status: int, text: str) -> VendorAnswer:
    if status == 204 or not text.strip():
        content: JsonValue = None
    else:
        try:
            content = read_json(text.lstrip("\ufeff")).value
        except NotJson:
            if status == 200:
                raise SourceUnavailable("200, and a body that is no JSON: a proxy, or cut off") from None
            content = None
        except TooDeep as deep:
            if status == 200:
                raise SourceUnreadable(f"an answer that is {deep}") from None
            content = None
    return VendorAnswer(status, content)


def _object(answer: VendorAnswer) -> dict[str, JsonValue]:
    _check(answer)
    if not isinstance(answer.content, dict):
        raise SourceUnavailable("the login was answered with something else than an object")
    return answer.content


def _check(answer: VendorAnswer) -> None:
    if 400 <= answer.status < 600:
        words = {
            403: "403: the key's role or the licence does not let it read this",
            404: "404: there is no such thing at this address",
        }
        why = words.get(answer.status, f"it refuses the request ({answer.status})")
        raise SourceRefused(f"{why}{_number(answer)}", status=answer.status)
    if answer.status != 200 or answer.content is None:
        raise SourceUnavailable(f"{answer.status} without a body")


def _number(answer: VendorAnswer) -> str:
    """The number of a refusal, for its message: only what is a UUID, so that nothing else gets out."""
    said = answer.content if isinstance(answer.content, dict) else {}
    name, number = next(((name, said[name]) for name in NUMBERS if name in said), ("", None))
    try:
        return f"; its {name} is {UUID(number)}" if isinstance(number, str) else ""
    except ValueError:
        return ""


def _texts(parameters: Mapping[str, str | int]) -> dict[str, str]:
    return {name: str(value) for name, value in parameters.items()}


def session() -> "ClientSession":
    """A session for one run of one source; aiohttp is loaded here."""
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS, sock_read=READ_SECONDS)
    return aiohttp.ClientSession(
        timeout=timeout, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    )
