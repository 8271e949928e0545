"""Pradeo's Security API, as far as it is polled: the list of devices.

Written from the vendor's documents: two keys in headers, `take` (50, at most 500) and `skip`, `{total,
items}`. Inferred there, and so here: that the list of devices pages as that of its groups does. Left out:
quotas, every other path.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

MAX_TAKE = 500


@dataclass
class Pradeo:
    """What the service holds."""

    clock: Callable[[], datetime]
    access_key: str = "pradeo-access-key"
    secret_key: str = "pradeo-secret-key"
    devices: list[dict[str, Any]] = field(default_factory=list)
    skips: bool = True
    """Whether it keeps to `skip`."""


PRADEO = web.AppKey("PRADEO", Pradeo)


async def devices(request: web.Request) -> web.Response:
    """`GET /v2/devices`."""
    state, query = request.app[PRADEO], request.query
    given = request.headers.get("x-access-key"), request.headers.get("x-secret-key")
    if given != (state.access_key, state.secret_key):
        return web.json_response({"message": "Unauthorized"}, status=401)
    take, skip = min(int(query.get("take", "50")), MAX_TAKE), int(query.get("skip", "0"))
    rows = state.devices[skip if state.skips else 0 :][:take]
    return web.json_response({"total": len(state.devices), "items": rows})


ROUTES = (web.get("/pradeo/v2/devices", devices),)
