"""Lookout's Mobile Risk API, as far as it is polled: token, events by REST and by the stream, one threat, the
list of devices.

Written from the vendor's description (swagger 2.0, 2024: token, `/mra/api/v2/threat`, `/pcp-threat`,
`/devices` with its descending `oid`, errors) and, for `/mra/api/v2/events`, which that description lacks,
from Microsoft Sentinel's connector of 2026: `types`, `limit`, `start_time`, `oid`, `last_oid`, and an `oid`
that brings nothing more after a day. Not documented, and chosen as what loses most: `start_time` compares
with `created_time`, so that what arrives late lies behind; events come in the order of their arrival. Left
out: quotas, filters of lists, and of the stream that it asks to be opened anew.
"""

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web

RETENTION = timedelta(days=10)
FRAME = 2
"""Events of a frame."""
OID_LIVES = timedelta(hours=24)


@dataclass
class Arrived:
    """An event, and when the service had it."""

    at: datetime
    oid: str
    event: dict[str, Any]


@dataclass
class Lookout:
    """What the service holds."""

    clock: Callable[[], datetime]
    key: str = "lookout-application-key"
    events: list[Arrived] = field(default_factory=list)
    devices: list[dict[str, Any]] = field(default_factory=list)
    threats: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, datetime] = field(default_factory=dict)
    token_lives: timedelta = timedelta(hours=2)
    token_said_to_live: int = 7200
    newest_first: bool = False
    """Whether the rows of a page come in the other order."""
    stuck: bool = False
    """Whether every page is the first one again."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The parameters of every request for events that was answered."""
    logins: int = 0

    def arrive(self, event: dict[str, Any]) -> str:
        """An event comes in; its `id` becomes the `oid` that REST gives instead."""
        oid = f"{len(self.events):08d}-{uuid.uuid5(uuid.NAMESPACE_OID, str(event.get('id')))}"
        named = {name: value for name, value in event.items() if name != "id"} | {"oid": oid}
        self.events.append(Arrived(self.clock(), oid, named))
        return oid

    def kill_tokens(self) -> None:
        """No token that was given is good any more."""
        self.tokens.clear()

    def page(self, begin: datetime, oid: str | None, limit: int) -> list[Arrived]:
        """Events made since `begin` that came after `oid`."""
        now = self.clock()
        kept = [each for each in self.events if now - each.at <= RETENTION]
        if oid is not None and not self.stuck:
            before = next((each for each in self.events if each.oid == oid), None)
            if before is None or now - before.at > OID_LIVES:
                return []
            kept = [each for each in kept if each.oid > oid]
        return [each for each in kept if _time(each.event) >= begin][:limit]


LOOKOUT = web.AppKey("LOOKOUT", Lookout)


def _time(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["created_time"].replace("Z", "+00:00"))


def _error(status: int, code: str) -> web.Response:
    return web.json_response({"error": code, "request-id": str(uuid.uuid4())}, status=status)


async def token(request: web.Request) -> web.Response:
    """`POST /oauth2/token`."""
    state = request.app[LOOKOUT]
    form = await request.post()
    if form.get("grant_type") != "client_credentials":
        return web.json_response({"error": "unsupported_grant_type"}, status=400)
    if request.headers.get("Authorization") != f"Bearer {state.key}":
        return web.json_response({"error": "invalid_client"}, status=401)
    state.logins += 1
    given = f"token-{state.logins}-{uuid.uuid4()}"
    state.tokens[given] = state.clock() + state.token_lives
    lives = state.token_said_to_live
    return web.json_response(
        {
            "access_token": given,
            "token_type": "Bearer",
            "expires_in": lives,
            "expires_at": round((state.clock().timestamp() + lives) * 1000),
        }
    )


def _is_let_in(request: web.Request) -> bool:
    state = request.app[LOOKOUT]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return state.tokens.get(given, datetime.min.replace(tzinfo=state.clock().tzinfo)) > state.clock()


async def events(request: web.Request) -> web.Response:
    """`GET /mra/api/v2/events`."""
    if not _is_let_in(request):
        return _error(401, "unauthorized")
    state, query = request.app[LOOKOUT], request.query
    try:
        begin = datetime.fromisoformat(query["start_time"].replace("Z", "+00:00"))
        limit = int(query.get("limit", "100"))
    except (KeyError, ValueError):
        return _error(400, "bad_request")
    if not 1 <= limit <= 1000:
        return _error(400, "bad_request")
    state.asked.append(dict(query))
    wanted = set(query.get("types", "").split(","))
    found = [each for each in state.page(begin, query.get("oid"), limit) if each.event["type"] in wanted]
    last = max((each.oid for each in found), default=query.get("oid"))
    rows = [each.event for each in found]
    return web.json_response({"events": rows[::-1] if state.newest_first else rows, "last_oid": last})


async def threat(request: web.Request) -> web.Response:
    """`GET /mra/api/v2/threat` and `/pcp-threat`."""
    if not _is_let_in(request):
        return _error(401, "unauthorized")
    row = request.app[LOOKOUT].threats.get(request.query.get("guid", ""))
    return web.json_response(row) if row else _error(404, "not_found")


async def devices(request: web.Request) -> web.Response:
    """`GET /mra/api/v2/devices`: newest first, the next page strictly below the `oid` given."""
    if not _is_let_in(request):
        return _error(401, "unauthorized")
    query = request.query
    below, limit = query.get("oid"), int(query.get("limit", "100"))
    rows = sorted(request.app[LOOKOUT].devices, key=lambda row: str(row["oid"]), reverse=True)
    rows = [row for row in rows if below is None or row["oid"] < below]
    return web.json_response({"count": len(rows), "devices": rows[:limit]})


async def stream(request: web.Request) -> web.StreamResponse:
    """`GET /mra/stream/v2/events`: what there is, in frames of a few events, and heartbeats until who follows
    it goes."""
    if not _is_let_in(request):
        return _error(401, "unauthorized")
    state, query = request.app[LOOKOUT], request.query
    begin = datetime.fromisoformat(query["start_time"]) if "start_time" in query else None
    wanted = set(query.get("types", "").split(","))
    found = [
        each
        for each in state.events
        if each.event["type"] in wanted
        and state.clock() - each.at <= RETENTION
        and (_time(each.event) >= begin if begin else each.oid > query.get("id", ""))
    ]
    state.asked.append(dict(query))
    now = format_datetime(state.clock(), usegmt=True)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Date": now})
    await response.prepare(request)
    for number in range(0, len(found), FRAME):
        some = found[number : number + FRAME]
        rows = [{"id": each.oid, **{k: v for k, v in each.event.items() if k != "oid"}} for each in some]
        frame = f"id: {some[-1].oid}\nevent: events\ndata: {json.dumps({'events': rows})}\n\n"
        await response.write(frame.encode())
    while True:
        await response.write(b"event: heartbeat\ndata: {}\n\n")
        await asyncio.sleep(0.02)


ROUTES = (
    web.get("/lookout/mra/stream/v2/events", stream),
    web.post("/lookout/oauth2/token", token),
    web.get("/lookout/mra/api/v2/events", events),
    web.get("/lookout/mra/api/v2/threat", threat),
    web.get("/lookout/mra/api/v2/pcp-threat", threat),
    web.get("/lookout/mra/api/v2/devices", devices),
)
