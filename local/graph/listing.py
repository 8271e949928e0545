"""OData reads: one object, lists by pages, `$select`, `$expand`.

`$filter` is not evaluated. Intune may ignore one too (microsoft-graph-docs#19890), so there the whole list
comes back; Entra honours filters, so there one is refused rather than ignored. A name in `$select` that the
type does not have is refused, as by Graph; one the object lacks is left out, where Graph would send null.
"""

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.typedefs import Handler

from local.graph.directory import STATE, Kind
from local.graph.faults import FAULTS
from local.graph.problem import Document, bad_request, not_found
from local.graph.schema import PROPERTIES, TYPES

PAGE_SIZE = web.AppKey("PAGE_SIZE", int)
OF_INTUNE = frozenset(
    {
        Kind.MANAGED_DEVICE,
        Kind.CONNECTOR,
        Kind.COMPLIANCE_POLICY,
        Kind.ASSIGNMENT_FILTER,
        Kind.MOBILE_APP,
    }
)

Shape = Callable[[Document], Document]
Rows = Callable[[str, int], list[tuple[str, Document]]]
"""Up to so many objects with their keys, in key order, from the first beyond a key."""


def found(request: web.Request, kind: Kind) -> Document:
    """The object the path names, else 404."""
    document = request.app[STATE].get(kind, request.match_info["id"])
    if document is None:
        raise not_found(request.match_info["id"], kind in OF_INTUNE)
    return document


def single(kind: Kind) -> Handler:
    """GET of one object."""

    async def handle(request: web.Request) -> web.Response:
        return web.json_response(selection(request, kind)(found(request, kind)))

    return handle


def many(kind: Kind) -> Handler:
    """GET of a list."""

    async def handle(request: web.Request) -> web.Response:
        return listing(request, kind)

    return handle


def listing(
    request: web.Request, kind: Kind, shape: Shape = dict, *, default: int = 1000, most: int | None = None
) -> web.Response:
    """One page of a kind, as `paged`."""
    return paged(request, kind, partial(request.app[STATE].page, kind), shape, default=default, most=most)


def paged(
    request: web.Request,
    kind: Kind,
    rows_after: Rows,
    shape: Shape = dict,
    *,
    default: int = 1000,
    most: int | None = None,
) -> web.Response:
    """One page: of `default` objects unless `$top` says otherwise, refused beyond `most`."""
    size = min(_top(request, default, most), request.app[PAGE_SIZE])
    token = request.query.get("$skiptoken", "")
    after = _after(token)
    empty = request.app[FAULTS].takes_empty_page(request)
    cut = request.app[FAULTS].takes_truncation(request)
    rows = [] if empty else rows_after(after, size + 1)[:cut]
    select = selection(request, kind)
    origin = f"{request.scheme}://{request.host}"
    _, version, path = request.path.split("/", 2)
    context = f"{origin}/{version}/$metadata#{path}"
    body: Document = {"@odata.context": context, "value": [select(shape(row)) for _, row in rows[:size]]}
    if empty or (cut is None and len(rows) > size):
        # The mark parts the link from the address it was asked at: same place, no loop.
        following = token + "-" if empty else rows[size - 1][0].encode().hex()
        query = urlencode({**request.query, "$skiptoken": following}, safe="$,'")
        body["@odata.nextLink"] = f"{origin}{request.path}?{query}"
    return web.json_response(body)


def expanded(request: web.Request) -> dict[str, str]:
    """`$expand=a,b($expand=c)` as {"a": "", "b": "$expand=c"}."""
    return dict(re.findall(r"(\w+)(?:\(([^()]*)\))?", request.query.get("$expand", "")))


def selected(request: web.Request) -> set[str]:
    """The names in `$select`; none: everything."""
    return {*request.query.get("$select", "").split(",")} - {""}


def selection(request: web.Request, kind: Kind) -> Shape:
    """What `$select` leaves of an object of a kind; 400 for a name its type does not have."""
    names = selected(request)
    for name in sorted(names - PROPERTIES[kind] - expanded(request).keys()):
        raise bad_request(
            f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type "
            f"'microsoft.graph.{TYPES[kind]}'."
        )
    if not names:
        return dict
    names |= expanded(request).keys()
    return lambda document: {k: v for k, v in document.items() if k in names or k.startswith("@")}


def _top(request: web.Request, default: int, most: int | None) -> int:
    text = request.query.get("$top", str(default))
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text) or (most is not None and int(text) > most):
        raise bad_request(f"Invalid page size specified: '{text}'.")
    return int(text)


def _after(token: str) -> str:
    try:
        return bytes.fromhex(token.rstrip("-")).decode()
    except ValueError as error:
        raise bad_request("Skip token is not valid.") from error
