"""The running simulator as tests hold it, and the real SDK pointed at it."""

import json
import pathlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import yarl
from aiohttp import web
from kiota_abstractions.api_error import APIError
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from kiota_http.middleware.options import RetryHandlerOption
from msgraph import GraphServiceClient

from local.graph.directory import Directory
from local.graph.faults import Faults
from local.graph.server import CALLS, FAULTS, STATE

ERRORS = {"XXX": APIError}
USER = "11111111-1111-1111-1111-111111111111"
ADMIN = "22222222-2222-2222-2222-222222222222"
BREAK_GLASS = "33333333-3333-3333-3333-333333333333"
PHONE = "aaaaaaaa-0000-0000-0000-000000000001"
EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
SHAREPOINT = "00000003-0000-0ff1-ce00-000000000000"
TEMPLATES = pathlib.Path(__file__).parents[3] / "infra" / "conditional-access"


def template(name: str) -> dict[str, Any]:
    """A shipped policy with its placeholder filled in."""
    text = (TEMPLATES / f"{name}.json").read_text().replace("<BREAK-GLASS-GROUP-ID>", BREAK_GLASS)
    policy: dict[str, Any] = json.loads(text)
    return policy


@dataclass
class Clock:
    """A clock that tests set."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Simulator:
    """One running simulator."""

    app: web.Application
    url: yarl.URL
    http: aiohttp.ClientSession
    clock: Clock

    @property
    def state(self) -> Directory:
        return self.app[STATE]

    @property
    def faults(self) -> Faults:
        return self.app[FAULTS]

    def calls(self, method: str, path: str) -> int:
        return self.app[CALLS][method, path]

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON (None without a body)."""
        async with self.http.request(method, path, json=body, headers=headers) as response:
            raw = await response.read()
            return response.status, json.loads(raw) if raw else None


async def raw_json(sdk: GraphServiceClient, request: RequestInformation) -> dict[str, Any]:
    """The SDK's authentication, URL and pipeline without its models and without retries."""
    request.add_request_options([RetryHandlerOption(max_retries=0, should_retry=False)])
    body = await sdk.request_adapter.send_primitive_async(request, "bytes", ERRORS)
    answer: dict[str, Any] = json.loads(body) if body else {}
    return answer


async def pages(sdk: GraphServiceClient, request: RequestInformation) -> AsyncIterator[dict[str, Any]]:
    """Every page, by the next links; an advanced query's header goes with each."""
    advanced = request.headers.get("ConsistencyLevel")
    while True:
        page = await raw_json(sdk, request)
        yield page
        if "@odata.nextLink" not in page:
            return
        request = RequestInformation(Method.GET)
        request.url = page["@odata.nextLink"]
        for level in advanced or ():
            request.headers.add("ConsistencyLevel", level)
