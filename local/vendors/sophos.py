"""Sophos Central's interfaces, as far as they are polled: token, who-am-I, a tenant of a partner's or an
organization's, SIEM events, the list of mobile devices and one property of a device.

Written from the vendor's Postman collection and its SIEM script. Who-am-I gives the region with `http` and a
slash, as the collection's sample does. Of the feed: `from_date` beside a `cursor` is ignored, one of more
than a day ago is 400 (seen in public clients), and so is one still to come (chosen); a cursor of more than a
day ago begins a day back, in silence. Not documented, and chosen as what loses most: events are dated,
ordered and asked for by `created_at`, and a cursor is the time up to which the feed was given, so that what
comes later and is dated before is behind it. The three hosts are one here. Left out: alerts, quotas, every
other list and filter.
"""

import base64
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

MIN_LIMIT, MAX_LIMIT = 200, 1000
"""What `limit` of events may be."""
KEPT = timedelta(hours=24)
HOLLOW = "~"
"""What a cursor ends with whose page before was empty."""
HEADERS = {"partner": "X-Partner-ID", "organization": "X-Organization-ID"}
Place = tuple[datetime, int]
"""Where in the feed: the time up to which it was given, and the number of the last event of that time."""


@dataclass
class Sophos:
    """What the service holds."""

    clock: Callable[[], datetime]
    client_id: str = "sophos-client"
    secret: str = "sophos-client-secret"
    kind: str = "tenant"
    """Whose the credential is: a `tenant`'s, a `partner`'s or an `organization`'s."""
    id: str = "5f1c2d3e-0000-4000-8000-00000000a001"
    tenant: str = "5f1c2d3e-0000-4000-8000-00000000a001"
    region: str = "http://api-eu01.central.sophos.com/"
    events: list[dict[str, Any]] = field(default_factory=list)
    devices: list[dict[str, Any]] = field(default_factory=list)
    serials: dict[str, str] = field(default_factory=dict)
    """Of devices, by id."""
    tokens: dict[str, datetime] = field(default_factory=dict)
    token_lives: timedelta = timedelta(hours=1)
    hollow: bool = False
    """Whether an empty page comes before each that has rows."""
    stuck: bool = False
    """Whether every page is followed by itself."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The parameters of every request for events that was answered."""
    looked_up: list[str] = field(default_factory=list)
    """The devices whose property was asked for."""
    logins: int = 0

    def arrive(self, event: dict[str, Any]) -> str:
        """An event comes in, dated now where it does not say otherwise."""
        now = self.clock().isoformat()
        self.events.append({"created_at": now, "when": now, **event, "customer_id": self.tenant})
        return str(event["id"])

    def kill_tokens(self) -> None:
        """No token that was given is good any more."""
        self.tokens.clear()

    def page(self, place: Place, limit: int, *, hollow: bool) -> dict[str, Any]:
        """What comes after a place."""
        numbered = ((_time(event["created_at"]), number) for number, event in enumerate(self.events))
        oldest = self.clock() - KEPT
        places = sorted(each for each in numbered if each > place and each[0] >= oldest)
        if places and self.hollow and not hollow:
            return {"has_more": True, "next_cursor": cursor_of(place) + HOLLOW, "items": []}
        given, more = places[:limit], len(places) > limit
        end = given[-1] if more else max([place, (self.clock(), len(self.events) - 1), *given])
        if self.stuck:
            end, more = place, True
        items = [self.events[number] for _, number in given]
        return {"has_more": more, "next_cursor": cursor_of(end), "items": items}


SOPHOS = web.AppKey("SOPHOS", Sophos)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def cursor_of(place: Place) -> str:
    """A place as the service writes it."""
    return base64.b64encode(f"{place[0].isoformat()} {place[1]}".encode()).decode()


def _error(status: int, code: str) -> web.Response:
    numbers = {"correlationId": str(uuid.uuid4()), "requestId": str(uuid.uuid4())}
    return web.json_response({"error": code, "message": code, **numbers}, status=status)


async def token(request: web.Request) -> web.Response:
    """`POST /api/v2/oauth2/token` of the login's host."""
    state, form = request.app[SOPHOS], await request.post()
    if (form.get("client_id"), form.get("client_secret")) != (state.client_id, state.secret):
        refused = {"errorCode": "oauth.invalid_client_secret", "message": "Unauthorized"}
        return web.json_response({**refused, "trackingId": str(uuid.uuid4())}, status=401)
    state.logins += 1
    given = f"token-{state.logins}-{uuid.uuid4()}"
    state.tokens[given] = state.clock() + state.token_lives
    answer = {"access_token": given, "token_type": "bearer", "refresh_token": "none", "expires_in": 3600}
    return web.json_response({**answer, "errorCode": "success", "message": "OK", "trackingId": "none"})


def _refusal(request: web.Request) -> web.Response | None:
    """Why who asks for a tenant's data is not let in."""
    state = request.app[SOPHOS]
    if not _has_token(request):
        return _error(401, "notAuthorized")
    if request.headers.get("X-Tenant-ID") != state.tenant:
        return _error(403, "forbidden")
    return None


def _has_token(request: web.Request) -> bool:
    state = request.app[SOPHOS]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return state.tokens.get(given, datetime.min.replace(tzinfo=UTC)) > state.clock()


async def whoami(request: web.Request) -> web.Response:
    """`GET /whoami/v1` of the global host."""
    if not _has_token(request):
        return _error(401, "notAuthorized")
    state = request.app[SOPHOS]
    hosts = {"global": "http://api.central.sophos.com/"}
    if state.kind == "tenant":
        hosts["dataRegion"] = state.region
    return web.json_response({"id": state.id, "idType": state.kind, "apiHosts": hosts})


async def tenant(request: web.Request) -> web.Response:
    """`GET /partner/v1/tenants/{id}` and `/organization/v1/tenants/{id}` of the global host."""
    state, kind = request.app[SOPHOS], request.match_info["kind"]
    if not _has_token(request):
        return _error(401, "notAuthorized")
    if kind != state.kind or request.headers.get(HEADERS[kind]) != state.id:
        return _error(403, "forbidden")
    if request.match_info["id"] != state.tenant:
        return _error(404, "notFound")
    return web.json_response({"id": state.tenant, "name": "One of several", "apiHost": state.region})


async def events(request: web.Request) -> web.Response:
    """`GET /siem/v1/events` of the region's host."""
    if (refusal := _refusal(request)) is not None:
        return refusal
    state, query = request.app[SOPHOS], dict(request.query)
    limit, cursor, now = int(query.get("limit", MIN_LIMIT)), query.get("cursor", ""), state.clock()
    if not MIN_LIMIT <= limit <= MAX_LIMIT:
        return _error(400, "badRequest")
    place: Place = (now - KEPT, -1)
    try:
        if cursor:
            time, number = base64.b64decode(cursor.removesuffix(HOLLOW)).decode().split()
            place = max(place, (_time(time), int(number)))
        elif "from_date" in query:
            place = (datetime.fromtimestamp(int(query["from_date"]), UTC), -1)
            if not now - KEPT <= place[0] <= now:
                return _error(400, "badRequest")
    except ValueError:
        return _error(400, "badRequest")
    state.asked.append(query)
    return web.json_response(state.page(place, limit, hollow=cursor.endswith(HOLLOW)))


async def devices(request: web.Request) -> web.Response:
    """`GET /mobile/v1/devices` of the region's host. Only the full view has the times of a device."""
    if (refusal := _refusal(request)) is not None:
        return refusal
    query, rows = request.query, request.app[SOPHOS].devices
    number, size = int(query.get("page", "1")), min(int(query.get("pageSize", "50")), 500)
    shown = rows[(number - 1) * size : number * size]
    if query.get("view") != "full":
        shown = [{name: row[name] for name in row if not name.endswith("At")} for row in shown]
    pages = {"current": number, "size": size, "maxSize": 500}
    if query.get("pageTotal") == "true":
        pages |= {"total": -(-len(rows) // size), "items": len(rows)}
    return web.json_response({"items": shown, "pages": pages})


async def properties(request: web.Request) -> web.Response:
    """`GET /mobile/v1/devices/{id}/properties`: the serial number, where the service knows one."""
    if (refusal := _refusal(request)) is not None:
        return refusal
    state, id_, key = request.app[SOPHOS], request.match_info["id"], request.query.get("devicePropertyKey")
    if all(row["id"] != id_ for row in state.devices):
        return _error(404, "notFound")
    state.looked_up.append(id_)
    known = key == "device.serial-number" and id_ in state.serials
    items = [{"key": key, "value": state.serials[id_], "type": "string"}] if known else []
    return web.json_response({"items": items, "pages": {"current": 1, "size": 50, "maxSize": 500}})


ROUTES = (
    web.post("/sophos/api/v2/oauth2/token", token),
    web.get("/sophos/whoami/v1", whoami),
    web.get("/sophos/{kind:partner|organization}/v1/tenants/{id}", tenant),
    web.get("/sophos/siem/v1/events", events),
    web.get("/sophos/mobile/v1/devices", devices),
    web.get("/sophos/mobile/v1/devices/{id}/properties", properties),
)
