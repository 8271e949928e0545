"""Blob storage, as far as files that were dropped are read: one container, its listing, a blob by ranges, a
copy within the container, a deletion.

Written from the REST reference: a listing is by name, in pages, and shows ETags without the quotation marks
that all else has; conditions are kept to (412), a lease refuses a deletion (412) and no copy from it; a copy
within an account is done when it is answered, or `pending`. Every answer names the version of the blob. Left
out: putting blobs by REST (the hands below do it), blocks, snapshots, versions, metadata but of copies, roles
but for one switch.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

from aiohttp import web

from local.azure.token import is_refused

CONTAINER = "/storage/drop"
PAGE = 5_000
"""Blobs of a listing."""


@dataclass(frozen=True)
class Blob:
    """A blob as it lies there."""

    content: bytes
    etag: str
    changed_at: datetime
    lease: str = "available"
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class Storage:
    """What the container holds."""

    clock: Callable[[], datetime]
    blobs: dict[str, Blob] = field(default_factory=dict)
    has_role: bool = True
    copies_pend: bool = False
    tokens_die: int = 0
    """How many of the next requests are answered as if their token were over."""
    page: int = PAGE
    versions: Any = field(default_factory=lambda: itertools.count(1))

    def put(self, name: str, content: bytes, **fields: Any) -> None:
        """A blob is written, in one piece."""
        etag = f'"0x8DD{next(self.versions):012X}"'
        self.blobs[name] = Blob(content, etag, self.clock(), **fields)

    def lease(self, name: str, state: str = "leased") -> None:
        """Somebody takes a lease of a blob, or gives it up."""
        self.blobs[name] = replace(self.blobs[name], lease=state)

    def names(self, folder: str) -> list[str]:
        """What lies below a folder, by the names it had before it was moved there."""
        found = (name.split("/", 2) for name in sorted(self.blobs) if name.startswith(f"{folder}/"))
        return [parts[-1] for parts in found]


STORAGE = web.AppKey("STORAGE", Storage)


def _error(status: int, code: str) -> web.Response:
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    )
    headers = {"x-ms-error-code": code}
    return web.Response(status=status, text=body, content_type="application/xml", headers=headers)


def _refusal(request: web.Request) -> web.Response | None:
    state = request.app[STORAGE]
    if is_refused(request, state):
        return _error(401, "InvalidAuthenticationInfo")
    return None if state.has_role else _error(403, "AuthorizationPermissionMismatch")


def _found(request: web.Request, name: str, condition: str) -> Blob | web.Response:
    """The blob of a request, or what is answered instead."""
    blob = request.app[STORAGE].blobs.get(name)
    if blob is None:
        return _error(404, "BlobNotFound")
    wanted = request.headers.get(condition)
    return blob if wanted in {None, "*", blob.etag} else _error(412, "ConditionNotMet")


def _dated(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


async def listed(request: web.Request) -> web.Response:
    """`GET /<container>?restype=container&comp=list`."""
    refusal = _refusal(request)
    if refusal is not None:
        return refusal
    state, query = request.app[STORAGE], request.query
    names = [name for name in sorted(state.blobs) if name.startswith(query.get("prefix", ""))]
    names = [name for name in names if name >= query.get("marker", "")]
    rows = "".join(_row(name, state.blobs[name]) for name in names[: state.page])
    following = escape(names[state.page]) if len(names) > state.page else ""
    body = (
        '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="drop">'
        f"<Blobs>{rows}</Blobs><NextMarker>{following}</NextMarker></EnumerationResults>"
    )
    return web.Response(text=body, content_type="application/xml")


def _row(name: str, blob: Blob) -> str:
    etag = blob.etag.strip('"')
    return (
        f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>{_dated(blob.changed_at)}</Last-Modified>"
        f"<Etag>{etag}</Etag><Content-Length>{len(blob.content)}</Content-Length><BlobType>BlockBlob</BlobType>"
        f"<LeaseState>{blob.lease}</LeaseState></Properties></Blob>"
    )


async def read(request: web.Request) -> web.Response:
    """`GET /<container>/<blob>`, a range of it."""
    refusal, name = _refusal(request), request.match_info["name"]
    blob = refusal or _found(request, name, "If-Match")
    if isinstance(blob, web.Response):
        return blob
    headers = {"ETag": blob.etag, "Last-Modified": _dated(blob.changed_at), "x-ms-blob-type": "BlockBlob"}
    wanted = request.headers.get("x-ms-range") or request.headers.get("Range")
    if wanted is None:
        return web.Response(body=blob.content, headers=headers)
    first, last = (int(each) for each in wanted.removeprefix("bytes=").split("-"))
    part, size = blob.content[first : last + 1], len(blob.content)
    if not part:
        return _error(416, "InvalidRange")
    headers["Content-Range"] = f"bytes {first}-{first + len(part) - 1}/{size}"
    return web.Response(status=206, body=part, headers=headers)


async def copied(request: web.Request) -> web.Response:
    """`PUT /<container>/<blob>` with a source of the same container."""
    source = unquote(urlsplit(request.headers["x-ms-copy-source"]).path).removeprefix(f"{CONTAINER}/")
    blob = _refusal(request) or _found(request, source, "x-ms-source-if-match")
    if isinstance(blob, web.Response):
        return blob
    state = request.app[STORAGE]
    begin = "x-ms-meta-"
    named = {name.lower(): value for name, value in request.headers.items()}
    metadata = {name.removeprefix(begin): value for name, value in named.items() if name.startswith(begin)}
    headers = {"x-ms-copy-id": "1", "x-ms-copy-status": "pending" if state.copies_pend else "success"}
    if not state.copies_pend:
        state.put(request.match_info["name"], blob.content, metadata=metadata)
    return web.Response(status=202, headers=headers)


async def deleted(request: web.Request) -> web.Response:
    """`DELETE /<container>/<blob>`."""
    name = request.match_info["name"]
    blob = _refusal(request) or _found(request, name, "If-Match")
    if isinstance(blob, web.Response):
        return blob
    if blob.lease == "leased":
        return _error(412, "LeaseIdMissing")
    del request.app[STORAGE].blobs[name]
    return web.Response(status=202)


async def drop(request: web.Request) -> web.Response:
    """`PUT /_sim/files/<name>`: the hand that drops a file, which has been still for long already."""
    state = request.app[STORAGE]
    name = request.match_info["name"]
    state.put(name, await request.read())
    state.blobs[name] = replace(state.blobs[name], changed_at=datetime(2026, 1, 1, tzinfo=UTC))
    return web.json_response({})


ROUTES = (
    web.get(CONTAINER, listed),
    web.get(CONTAINER + "/{name:.+}", read, allow_head=False),
    web.put(CONTAINER + "/{name:.+}", copied),
    web.delete(CONTAINER + "/{name:.+}", deleted),
    web.put("/_sim/files/{name:.+}", drop),
)
