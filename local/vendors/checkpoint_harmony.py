"""Check Point Harmony Mobile's interface, as far as it is polled: login, alerts and devices, behind the
Infinity Portal's path.

Written from what public clients call and read, and from the framework whose envelope it returns
(django-tastypie): filters `__gte` (bound included), `__lte`, `__gt`, `__lt`; one it does not know is skipped;
a limit too large is cut to 1,000; `meta.next` is relative, without the prefix. An expired token is answered
with 200 and `forceLogout`. Not documented, and chosen: newest first. Left out: quotas, every other path.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

MAX_LIMIT = 1000
FILTERS = ("backend_last_updated", "id")


@dataclass
class CheckPoint:
    """What the service holds."""

    clock: Callable[[], datetime]
    client_id: str = "checkpoint-client"
    key: str = "checkpoint-access-key"
    alerts: list[dict[str, Any]] = field(default_factory=list)
    devices: list[dict[str, Any]] = field(default_factory=list)
    tokens: dict[str, datetime] = field(default_factory=dict)
    token_lives: timedelta = timedelta(minutes=30)
    order: str = "newest"
    """`newest` or `oldest` first by id, or `any`."""
    filters: tuple[str, ...] = FILTERS
    """The fields it knows as filters."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The parameters of every request for alerts that was answered."""
    logins: int = 0

    def arrive(self, alert: dict[str, Any]) -> str:
        """An alert comes in, and gets the next id and, where it has none, its time of change."""
        id_ = len(self.alerts) + 1
        self.alerts.append({"backend_last_updated": self.clock().isoformat(), **alert, "id": id_})
        return str(id_)

    def kill_tokens(self) -> None:
        """No token that was given is good any more."""
        self.tokens.clear()

    def matching(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """The alerts that a request's filters leave, in the order they come in."""
        rows = [row for row in self.alerts if all(self._fits(row, *each) for each in query.items())]
        if self.order == "any":
            return sorted(rows, key=lambda row: row["id"] * 7919 % 1009)
        return sorted(rows, key=lambda row: int(row["id"]), reverse=self.order == "newest")

    def _fits(self, row: dict[str, Any], name: str, text: str) -> bool:
        of, _, how = name.rpartition("__")
        if of not in self.filters:
            return True
        value = row[of]
        if value is None:
            return False
        wanted: Any = int(text) if of == "id" else _time(text)
        value = int(value) if of == "id" else _time(value)
        return bool(
            {"gte": value >= wanted, "lte": value <= wanted, "gt": value > wanted, "lt": value < wanted}[how]
        )


REFUSED = {"success": False, "message": "Authentication required", "forceLogout": True}
"""The answer, with status 200, to a token that is not good any more."""
CHECKPOINT = web.AppKey("CHECKPOINT", CheckPoint)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def login(request: web.Request) -> web.Response:
    """`POST /auth/external`: a refused one is 200, too."""
    state, given = request.app[CHECKPOINT], await request.json()
    if (given.get("clientId"), given.get("accessKey")) != (state.client_id, state.key):
        return web.json_response({"success": False, "message": "Authentication required"})
    state.logins += 1
    token = f"token-{state.logins}-{uuid.uuid4()}"
    state.tokens[token] = state.clock() + state.token_lives
    data = {"token": token, "csrf": "none", "expiresIn": round(state.token_lives.total_seconds())}
    return web.json_response({"success": True, "data": data})


async def alerts(request: web.Request) -> web.Response:
    """`GET /app/SBM/external_api/v3/alert/`."""
    state, query = request.app[CHECKPOINT], dict(request.query)
    if not _is_let_in(request):
        return web.json_response(REFUSED)
    limit, offset = min(int(query.get("limit", "20")), MAX_LIMIT), int(query.get("offset", "0"))
    state.asked.append(query)
    return web.json_response(_page(state.matching(query), limit, offset, "/external_api/v3/alert/"))


def _is_let_in(request: web.Request) -> bool:
    state = request.app[CHECKPOINT]
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return token in state.tokens and state.tokens[token] > state.clock()


def _page(rows: list[dict[str, Any]], limit: int, offset: int, path: str) -> dict[str, Any]:
    following = f"{path}?limit={limit}&offset={offset + limit}" if offset + limit < len(rows) else None
    meta = {"limit": limit, "offset": offset, "total_count": len(rows), "previous": None, "next": following}
    return {"meta": meta, "objects": rows[offset : offset + limit]}


async def devices(request: web.Request) -> web.Response:
    """`GET /app/SBM/external_api/v1/device_status/`, by offset."""
    state, query = request.app[CHECKPOINT], dict(request.query)
    if not _is_let_in(request):
        return web.json_response(REFUSED)
    limit, offset = min(int(query.get("limit", "20")), MAX_LIMIT), int(query.get("offset", "0"))
    return web.json_response(_page(state.devices, limit, offset, "/external_api/v1/device_status/"))


ROUTES = (
    web.get("/checkpoint/app/SBM/external_api/v1/device_status/", devices),
    web.post("/checkpoint/auth/external", login),
    web.get("/checkpoint/app/SBM/external_api/v3/alert/", alerts),
)
