"""Routes as a table: a row says path, method, who may call, request, answer and handler, and one function
registers them all.

Every route is anonymous to the host, which would refuse whoever has no key of its own before our code runs;
who may call is asked here, once for all. A row names its handler and its models and loads neither: they are
resolved when a request comes, so that indexing the app costs no room.
"""

import builtins
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

import azure.functions as func

from shared.headers import Headers
from shared.resolve import resolve

OF_THE_HOST = ("code", "clientId")
"""Parameters of any query that the host reads: a key of its own, and which of them it is."""


class Access(StrEnum):
    """Who may call a route."""

    ANYBODY = "anybody"
    PARTNER = "partner"
    """The partner that the path names, authenticated as for its reports."""
    READER = "reader"
    """Whoever bears an Entra token with the role Mtd.Reader or Mtd.Admin, or a read key."""
    ADMIN = "admin"
    """Whoever bears an Entra token with the role Mtd.Admin: who did it is recorded."""


@dataclass(frozen=True)
class Route:
    """One row. Names are written `room.module:name`."""

    name: str
    """Of the function, as the host and its log have it."""
    method: str
    path: str
    """Below `/api`; `{name}` is a parameter."""
    access: Access
    summary: str
    """What it does, in a sentence; it stands in docs/api.md."""
    handler: str
    """A coroutine function of the services, and by name of the path's and the query's parameters; of the
    `caller` where an admin calls; and of the `request`, or of `headers` and `body`."""
    answer: str
    """The model of its answer."""
    request: str = ""
    """The model of its body, or the media types that its handler reads itself; none where it takes no
    body."""
    query: tuple[str, ...] = ()
    """The parameters its handler takes from the query; others are refused."""
    ignored: tuple[str, ...] = ()
    """Those that clients made for another interface send along, and that say nothing here."""
    status: int = 200
    etag: bool = False
    """Whether a caller may ask for what it does not have already."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters of its path."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    def check_query(self, given: Iterable[str]) -> None:
        """Raises BadRequest for a parameter that is none of this route: misspelt, it would ask for something
        else and be answered all the same."""
        from shared.errors import BadRequest

        unknown = sorted(set(given) - {*self.query, *self.ignored, *OF_THE_HOST})
        if unknown:
            taken = ", ".join(self.query) or "no parameter"
            raise BadRequest(f"{unknown[0][:50]}: no parameter of this route; expected {taken}")

    @property
    def takes_model(self) -> bool:
        """Whether its body is read into a model, rather than by its handler."""
        return ":" in self.request


def argument(parameter: str) -> str:
    """How a handler calls a parameter: as it is, or with `_` behind it where Python has that name."""
    return f"{parameter}_" if hasattr(builtins, parameter) else parameter


def register(routes: Iterable[Route], *, partners: str) -> func.Blueprint:
    """A function for each row; `partners` names what authenticates a partner by its headers and body."""
    blueprint = func.Blueprint()  # type: ignore[no-untyped-call]
    for route in routes:
        declare = blueprint.route(
            route=route.path, methods=[route.method], auth_level=func.AuthLevel.ANONYMOUS
        )
        blueprint.function_name(route.name)(declare(_function(route, partners)))
    return blueprint


def _function(route: Route, partners: str) -> Callable[[func.HttpRequest], Awaitable[func.HttpResponse]]:
    async def answer(req: func.HttpRequest) -> func.HttpResponse:
        return await respond(route, req, partners)

    return answer


async def respond(route: Route, req: func.HttpRequest, partners: str) -> func.HttpResponse:
    """What `route` answers to a request, or the problem its error is."""
    from shared.reply import answered, reply, reply_unless_known

    async def work() -> func.HttpResponse:
        services, headers = resolve("shared.services:services")(), Headers(req.headers)
        # A question has no body: nobody could sign one that proxies may drop.
        body = b"" if route.method == "GET" else req.get_body()
        arguments: dict[str, object] = {
            argument(name): req.route_params.get(name, "") for name in route.parameters
        }
        match route.access:
            case Access.PARTNER:
                await resolve(partners)(services, req.route_params.get("partner", ""), headers, body)
            case Access.READER:
                await resolve("shared.access:reader")(services, headers, route.name)
            case Access.ADMIN:
                arguments["caller"] = await resolve("shared.access:admin")(services, headers)
            case Access.ANYBODY:
                pass
            case _:  # who may call is not said: nobody
                assert_never(route.access)
        route.check_query(req.params)
        arguments |= {argument(name): req.params[name] for name in route.query if name in req.params}
        if route.takes_model:
            arguments["request"] = resolve("shared.request:read_request")(resolve(route.request), body)
        elif route.request:
            arguments |= {"headers": headers, "body": body}
        content = await resolve(route.handler)(services, **arguments)
        status = getattr(content, "http_status", route.status)
        return reply_unless_known(content, headers) if route.etag else reply(content, status)

    return await answered(work)
