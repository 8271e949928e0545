"""Jamf's Risk API, as far as it is polled: login and the list of devices, version 2.

Written from the vendor's documents (login, 100 rows a page at most, errors) and from what public clients read
(pages from 0, an empty list at the end, 403 for a token that is over). Left out: quotas, overrides, the order
of rows, every other path.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

MAX_SIZE = 100


@dataclass
class Jamf:
    """What the service holds."""

    clock: Callable[[], datetime]
    client_id: str = "jamf-application"
    secret: str = "jamf-secret"
    devices: list[dict[str, Any]] = field(default_factory=list)
    tokens: dict[str, datetime] = field(default_factory=dict)
    token_lives: timedelta = timedelta(minutes=15)
    pages: bool = True
    """Whether it keeps to `page` and `pageSize`."""
    logins: int = 0

    def kill_tokens(self) -> None:
        """No token that was given is good any more."""
        self.tokens.clear()


JAMF = web.AppKey("JAMF", Jamf)


def _error(status: int, code: str) -> web.Response:
    return web.json_response({"logref": "none", "message": code, "error": code}, status=status)


async def login(request: web.Request) -> web.Response:
    """`POST /v1/login`."""
    state = request.app[JAMF]
    pair = base64.b64encode(f"{state.client_id}:{state.secret}".encode()).decode()
    if request.headers.get("Authorization") != f"Basic {pair}":
        return _error(401, "UNAUTHORIZED")
    state.logins += 1
    token = f"token-{state.logins}"
    state.tokens[token] = state.clock() + state.token_lives
    return web.json_response({"token": token})


async def devices(request: web.Request) -> web.Response:
    """`GET /risk/v2/devices`."""
    state, query = request.app[JAMF], request.query
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token not in state.tokens or state.tokens[token] <= state.clock():
        return _error(403, "FORBIDDEN")
    size, page = int(query.get("pageSize", "20")), int(query.get("page", "0"))
    if not 1 <= size <= MAX_SIZE:
        return _error(400, "MAX_LIMIT_PER_PAGE")
    rows = state.devices[page * size : (page + 1) * size] if state.pages else state.devices
    return web.json_response({"customerId": "customer-1", "userDeviceList": rows})


ROUTES = (
    web.post("/jamf/v1/login", login),
    web.get("/jamf/risk/v2/devices", devices),
)
