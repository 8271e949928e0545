"""The app's routes on a loopback port, as a page's commands reach them: the table of routes, and nothing of
the host."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import azure.functions as func
import pytest
from aiohttp import web

from function_app import PARTNERS, ROUTES
from shared import services as composed
from shared.route import Route, respond
from tests.world import World, serving


@asynccontextmanager
async def served(one: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Serve every route against the services of `one`; yields the address, without a path."""
    monkeypatch.setattr(composed, "services", lambda: one.services)
    app = web.Application()
    for route in sorted(ROUTES, key=lambda route: len(route.parameters)):  # literal ones win, as in the host
        app.router.add_route(route.method, f"/api/{route.path}", _handler(route))
    async with serving(app) as address:
        yield address


def _handler(route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        asked = func.HttpRequest(
            request.method,
            str(request.url),
            headers=dict(request.headers),
            params=dict(request.query),
            route_params=dict(request.match_info),
            body=await request.read(),
        )
        answer = await respond(route, asked, PARTNERS)
        return web.Response(status=answer.status_code, body=answer.get_body(), headers=dict(answer.headers))

    return handle
