"""HTTP functions behind aiohttp: routes, keys, and the admin endpoint that runs a timer.

Routing follows ASP.NET Core as far as functions use it: literal segments win over parameters, case and a
trailing slash do not matter, `{name}`, `{name:int}`, `{name?}`, `{*rest}`. A known route asked with another
method is 404, as unknown routes are. Defaults (`{name=x}`) and other constraints are refused at start.
"""

import hmac
import re
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web
from azure.functions.http import HttpRequestConverter
from azure.functions.meta import Datum

from local.host.binding import Function, HttpTrigger
from local.host.errors import HostError
from local.host.invocation import Invoker, TraceContext

MAX_BODY = 210 * 1024 * 1024
"""Bytes; the limit of Azure Functions for a request's body, where FUNCTIONS_REQUEST_BODY_SIZE_LIMIT is not
set. What is larger is answered 500, as the host does (Azure/azure-functions-host#10519)."""
CONSTRAINTS = {
    "": "[^/]+",
    "int": "-?[0-9]+",
    "long": "-?[0-9]+",
    "alpha": "[a-z]+",
    "bool": "true|false",
    "guid": "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}
PARAMETER = re.compile(r"\{(?P<rest>\*{0,2})(?P<name>\w+):?(?P<constraint>\w*)(?P<optional>\??)\}")
OWN_HEADERS = {"content-length", "transfer-encoding", "connection"}


@dataclass(frozen=True)
class Route:
    """A function's route; of those that match, the lowest `rank` is taken."""

    function: Function
    trigger: HttpTrigger
    pattern: re.Pattern[str]
    rank: tuple[int, ...]


def read_route(function: Function, trigger: HttpTrigger, *, prefix: str) -> Route:
    """Raises HostError for a template that is not understood."""
    segments = [segment for segment in f"{prefix}/{trigger.route}".split("/") if segment]
    try:
        pattern = re.compile("".join(_pattern(segment) for segment in segments), re.IGNORECASE)
    except (ValueError, re.error) as error:
        raise HostError(f"function {function.name}: route {trigger.route}: {error}") from error
    return Route(function, trigger, pattern, tuple(_rank(segment) for segment in segments))


def _pattern(segment: str) -> str:
    if (whole := PARAMETER.fullmatch(segment)) and (whole["optional"] or whole["rest"]):
        return f"(?:/{_group(whole)})?"
    pattern, end = "/", 0
    for part in PARAMETER.finditer(segment):
        pattern += re.escape(segment[end : part.start()]) + _group(part)
        end = part.end()
    if "{" in segment[end:]:
        raise ValueError(f"{segment[end:]} is not served here")
    return pattern + re.escape(segment[end:])


def _group(parameter: re.Match[str]) -> str:
    if parameter["constraint"] not in CONSTRAINTS:
        raise ValueError(f"{parameter[0]} is not served here")
    values = ".*" if parameter["rest"] else CONSTRAINTS[parameter["constraint"]]
    return f"(?P<{parameter['name']}>{values})"


def _rank(segment: str) -> int:
    """Literal; then a constrained or mixed one; then a bare parameter; then the rest of the path."""
    parameter = PARAMETER.fullmatch(segment)
    if parameter is None:
        return int("{" in segment)
    return 3 if parameter["rest"] else 1 if parameter["constraint"] else 2


class Front:
    """Answers requests by calling functions. Without a `key` every function that needs one answers 401."""

    def __init__(
        self,
        routes: list[Route],
        invoker: Invoker,
        *,
        key: str,
        start_timer: Callable[[str], bool],
        body_limit: int,
    ) -> None:
        self._routes = sorted(routes, key=lambda route: route.rank)
        self._invoker = invoker
        self._key = key
        self._start_timer = start_timer
        self._body_limit = body_limit

    def application(self) -> web.Application:
        application = web.Application(client_max_size=self._body_limit)
        application.router.add_post("/admin/functions/{name}", self._run_timer)
        application.router.add_route("*", "/{path:.*}", self._dispatch)
        return application

    async def _run_timer(self, request: web.Request) -> web.Response:
        if not self._has_key(request):
            return web.Response(status=401)
        return web.Response(status=202 if self._start_timer(request.match_info["name"]) else 404)

    async def _dispatch(self, request: web.Request) -> web.Response:
        path = _decoded(request.rel_url.raw_path)
        for route in self._routes:
            match = route.pattern.fullmatch(path)
            if match and (not route.trigger.methods or request.method in route.trigger.methods):
                if route.trigger.needs_key and not self._has_key(request):
                    return web.Response(status=401)
                return await self._call(route.function, request, match.groupdict())
        return web.Response(status=404)

    async def _call(
        self, function: Function, request: web.Request, path: Mapping[str, str | None]
    ) -> web.Response:
        try:
            datum = await _datum(request, path)
        except web.HTTPRequestEntityTooLarge:
            return web.Response(status=500)
        argument = HttpRequestConverter.decode(datum, trigger_metadata=None)
        headers = request.headers
        trace = None
        if "traceparent" in headers:
            trace = TraceContext(headers["traceparent"], headers.get("tracestate", ""))
        outcome = await self._invoker.spare(self._invoker.invoke(function, argument, trace=trace))
        return web.Response(status=500) if outcome.response is None else _answer(outcome.response)

    def _has_key(self, request: web.Request) -> bool:
        given = request.headers.get("x-functions-key") or request.query.get("code", "")
        return bool(self._key) and hmac.compare_digest(given.encode(), self._key.encode())


async def _datum(request: web.Request, path: Mapping[str, str | None]) -> Datum:
    """The request as the host hands it to the worker; what is given several times is joined by commas."""

    def joined(values: Mapping[str, str], get_all: Callable[[str], list[str]]) -> dict[str, Datum]:
        return {name: Datum(",".join(get_all(name)), "string") for name in values}

    content = {
        "method": Datum(request.method, "string"),
        "url": Datum(str(request.url), "string"),
        "headers": joined(request.headers, request.headers.getall),
        "query": joined(request.query, request.query.getall),
        "params": {name: Datum(value, "string") for name, value in path.items() if value},
        "body": Datum(await request.read(), "bytes"),
    }
    return Datum(content, "http")


def _answer(datum: Datum) -> web.Response:
    if datum.type == "string":
        return web.Response(text=datum.value)
    value = datum.value
    response = web.Response(status=int(value["status_code"].value), body=value["body"].value)
    for name, header in value["headers"].items():
        if name.lower() not in OWN_HEADERS:
            response.headers[name] = header.value
    for cookies in value["cookies"] or ():
        for cookie in cookies.values():
            response.headers.add("Set-Cookie", cookie.OutputString())
    return response


def _decoded(raw_path: str) -> str:
    """Percent-decoded, but `%2F` stays: it separates nothing."""
    parts = re.split("%2f", raw_path.rstrip("/"), flags=re.IGNORECASE)
    return "%2F".join(urllib.parse.unquote(part) for part in parts)
