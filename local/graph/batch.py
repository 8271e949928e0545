"""JSON batching: up to 20 requests in one, each sent to this simulator as a request of its own.

So each is counted, checked, throttled and hit by faults like any other. Source: Graph "Combine multiple HTTP
requests using JSON batching"; that a write without body or Content-Type spoils the whole batch is from
msgraph-sdk-dotnet#2628. The answers come in reverse, because no order is promised. Left out: dependsOn (it is
refused), bodies that are not JSON, a limit of the size.
"""

import asyncio
import json
from typing import Self

import aiohttp
from aiohttp import web
from pydantic import Field, model_validator

from local.graph.policy import Wire
from local.graph.problem import Document, read_object, validated


class Item(Wire):
    """One request; its address is relative to /v1.0."""

    id: str = Field(min_length=1)
    method: str
    url: str = Field(pattern=r"^/?[A-Za-z]")
    headers: dict[str, str] = Field(default_factory=dict)
    body: Document | None = None
    depends_on: None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if "://" in self.url.partition("?")[0]:
            raise ValueError("url must be relative")
        names = {name.lower() for name in self.headers}
        writes = self.method.upper() in ("POST", "PATCH", "PUT")
        if (writes and self.body is None) or (self.body is not None and "content-type" not in names):
            raise ValueError(f"request {self.id} lacks a body or its Content-Type")
        return self


class Batch(Wire):
    """The body of the POST."""

    requests: list[Item] = Field(min_length=1, max_length=20)

    @model_validator(mode="after")
    def _different(self) -> Self:
        if len({item.id.lower() for item in self.requests}) < len(self.requests):
            raise ValueError("two requests have one id")
        return self


async def batch(request: web.Request) -> web.Response:
    """POST: 200, whatever became of the items."""
    wanted = validated(Batch, await read_object(request))
    # By the socket's own address, in case the caller's name for this machine leads elsewhere from here.
    host, port = request.transport.get_extra_info("sockname")[:2] if request.transport else ("", 0)
    ours = {name: request.headers[name] for name in ("Authorization", "Host") if name in request.headers}
    async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
        answers = await asyncio.gather(*(_ask(session, item, ours) for item in wanted.requests))
    return web.json_response({"responses": answers[::-1]})


async def _ask(session: aiohttp.ClientSession, item: Item, ours: dict[str, str]) -> Document:
    url = "/v1.0/" + item.url.removeprefix("/")
    async with session.request(item.method, url, json=item.body, headers=item.headers | ours) as answer:
        raw = await answer.read()
        shown = {"id": item.id, "status": answer.status, "headers": dict(answer.headers)}
        return shown | ({"body": json.loads(raw)} if raw else {})


ROUTES = (web.post("/v1.0/$batch", batch),)
