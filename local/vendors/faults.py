"""Faults on demand: what a test or the scenario wants a vendor to get wrong, at which request."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from aiohttp import web
from aiohttp.typedefs import Handler

Act = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
"""What is answered instead; None where the request goes on as if nothing were wrong."""


@dataclass
class _Order:
    path_contains: str
    after: int
    times: int
    act: Act


@dataclass
class Faults:
    """What was asked for and has not struck yet."""

    orders: list[_Order] = field(default_factory=list)

    def order(self, act: Act, path_contains: str, *, after: int = 0, times: int = 1) -> None:
        """The requests to this path behind the next `after` get this."""
        self.orders.append(_Order(path_contains, after, times, act))

    async def strike(self, request: web.Request) -> web.StreamResponse | None:
        """What strikes this request; None where nothing does."""
        for order in self.orders:
            if order.path_contains not in request.path_qs:
                continue
            if order.after > 0:
                order.after -= 1
            elif order.times > 0:
                order.times -= 1
                return await order.act(request)
        return None

    def clear(self) -> None:
        """No faults any more."""
        self.orders.clear()


FAULTS = web.AppKey("VENDOR_FAULTS", Faults)


async def answered_at(now: datetime, request: web.Request, handler: Handler) -> web.StreamResponse:
    """What `handler` answers, or the fault that strikes; with the time of the vendors' clock."""
    struck = await request.app[FAULTS].strike(request)
    response = struck if struck is not None else await handler(request)
    if not response.prepared:
        response.headers["Date"] = format_datetime(now, usegmt=True)
    return response


def answered(status: int, body: bytes = b"", kind: str = "application/json", **headers: str) -> Act:
    """This answer; in the names of headers `_` stands for `-`."""

    async def act(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, content_type=kind, headers=named)

    return act


def done(deed: Callable[[], object]) -> Act:
    """Something happens at the vendor's just before it answers, as it then must."""

    async def act(_: web.Request) -> None:
        deed()

    return act


def cut_off() -> Act:
    """Headers of a long body, the beginning of it, and the connection closed."""

    async def act(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "5000", "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"events":[{"oid":"')
        assert request.transport is not None
        request.transport.close()
        return response

    return act


def slow(seconds_a_byte: float) -> Act:
    """Headers at once, then a byte at a time."""

    async def act(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for _ in range(600):
            await response.write(b" ")
            await asyncio.sleep(seconds_a_byte)
        return response

    return act


def huge(mib: int) -> Act:
    """A body of so many MiB."""

    async def act(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for _ in range(mib):
            await response.write(b" " * 1024 * 1024)
        return response

    return act
