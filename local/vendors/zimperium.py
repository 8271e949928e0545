"""Zimperium's zConsole, as far as it is polled: login, threats and the list of devices.

Written from what public clients call and read, and from two answers they recorded: Spring's page, `after` and
`before` with both bounds included, 20 rows where no `size` is asked for, and no order where no `sort` is; a
scroll with an id that is another one each time. Not documented, and chosen as what loses most: the filter
goes by when a phone detected a threat; a `size` too large is cut. Left out: filters by any other field,
teams, refresh tokens, quotas.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

MAX_SIZE = 2000
MITIGATED = 4


@dataclass
class Zimperium:
    """What the console holds."""

    clock: Callable[[], datetime]
    client_id: str = "zimperium-client"
    secret: str = "zimperium-secret"
    threats: list[dict[str, Any]] = field(default_factory=list)
    devices: list[dict[str, Any]] = field(default_factory=list)
    tokens: dict[str, datetime] = field(default_factory=dict)
    token_lives: timedelta = timedelta(minutes=60)
    jwt: bool = True
    """Whether its tokens say how long they live."""
    sorts: bool = True
    """Whether it keeps to `sort`."""
    filters: str | None = "timestamp"
    """The field by which `after` and `before` go; None: they are skipped."""
    scrolls: dict[str, tuple[list[dict[str, Any]], int, int]] = field(default_factory=dict)
    """What is left of each scroll, how many rows it began with, and how many come at a time."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The parameters of every request for threats that was answered."""
    logins: int = 0

    def arrive(self, threat: dict[str, Any]) -> str:
        """A threat comes in; what its report is called."""
        row = {"eventReceivedTimestamp": self._now(), "lastModified": threat["timestamp"], **threat}
        self.threats.append(row)
        return _called(row)

    def mitigate(self, id_: str) -> str:
        """A threat is over: its row says so, and keeps its time. What its report is called from now on."""
        [row] = [each for each in self.threats if each["id"] == id_]
        row.update(state=MITIGATED, mitigationEvents=[], mitigatedAt=self._now(), lastModified=self._now())
        return _called(row)

    def kill_tokens(self) -> None:
        """No token that was given is good any more."""
        self.tokens.clear()

    def _now(self) -> int:
        return round(self.clock().timestamp() * 1000)

    def matching(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """The threats that a request's filters leave, in the order they come in."""
        rows = list(self.threats)
        if self.filters is not None:
            first, last = _time(query.get("after"), 0), _time(query.get("before"), 1 << 62)
            rows = [row for row in rows if first <= int(row[self.filters]) <= last]
        return sorted(rows, key=lambda row: int(row["timestamp"])) if self.is_sorted(query) else rows

    def is_sorted(self, query: dict[str, str]) -> bool:
        """Whether the answer comes by time; else it comes as it was stored."""
        return self.sorts and query.get("sort") == "timestamp,asc"


def _called(row: dict[str, Any]) -> str:
    return f"{row['id']}:{row['state']}:{row['lastModified']}"


ZIMPERIUM = web.AppKey("ZIMPERIUM", Zimperium)


def _time(text: str | None, otherwise: int) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000) if text else otherwise


async def login(request: web.Request) -> web.Response:
    """`POST /api/auth/v1/api_keys/login`."""
    state, given = request.app[ZIMPERIUM], await request.json()
    if (given.get("clientId"), given.get("secret")) != (state.client_id, state.secret):
        return web.json_response({"message": "Invalid credentials"}, status=400)
    state.logins += 1
    ends = state.clock() + state.token_lives
    claims = json.dumps({"exp": round(ends.timestamp()), "jti": state.logins})
    token = f"e30.{_base64(claims)}.none" if state.jwt else f"token-{state.logins}"
    state.tokens[token] = ends
    return web.json_response({"accessToken": token, "refreshToken": "none"})


def _base64(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _is_let_in(request: web.Request) -> bool:
    state = request.app[ZIMPERIUM]
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return token in state.tokens and state.tokens[token] > state.clock()


async def threats(request: web.Request) -> web.Response:
    """`GET /api/threats/public/v1/threats`."""
    state, query = request.app[ZIMPERIUM], dict(request.query)
    if not _is_let_in(request):
        return web.json_response({"detail": "Full authentication is required"}, status=401)
    state.asked.append(query)
    size, page = min(int(query.get("size", "20")), MAX_SIZE), int(query.get("page", "0"))
    rows = state.matching(query)
    some, last = rows[page * size : (page + 1) * size], (page + 1) * size >= len(rows)
    return web.json_response(
        {
            "content": some,
            "number": page,
            "size": size,
            "totalElements": len(rows),
            "last": last,
            "empty": not some,
            "sort": {"sorted": state.is_sorted(query)},
        }
    )


async def devices(request: web.Request) -> web.Response:
    """`GET /api/devices/public/v2/devices/start-scroll`, and `/scroll/{scrollId}`: a scroll shows what was
    there when it began, and each of its ids is good once."""
    state = request.app[ZIMPERIUM]
    if not _is_let_in(request):
        return web.json_response({"detail": "Full authentication is required"}, status=401)
    scroll = request.match_info.get("scroll")
    if scroll is not None and scroll not in state.scrolls:
        return web.json_response({"message": "No search context found"}, status=400)
    begun = list(state.devices), len(state.devices), int(request.query.get("pageSize", "20"))
    left, total, size = state.scrolls.pop(scroll) if scroll else begun
    following = f"DnF1/ZXJ+{len(left)}=="
    state.scrolls[following] = (left[size:], total, size)
    return web.json_response(
        {"content": left[:size], "scrollId": following, "totalHits": total, "totalHitsRelation": "EQUAL_TO"}
    )


DEVICES = "/zimperium/api/devices/public/v2/devices"
ROUTES = (
    web.post("/zimperium/api/auth/v1/api_keys/login", login),
    web.get("/zimperium/api/threats/public/v1/threats", threats),
    web.get(f"{DEVICES}/start-scroll", devices),
    web.get(DEVICES + "/scroll/{scroll}", devices),
)
