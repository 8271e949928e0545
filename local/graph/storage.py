"""Azure Storage as far as it serves a finished export: links with a signature that holds for a time.

Source: Azure Storage "Create a service SAS" and its error codes. Left out: the account, times of beginning,
keys of users, and of a signature all but the name and the expiry.
"""

import base64
import datetime
import hmac
import pathlib
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from aiohttp import web


class Storage:
    """Files by links; `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float], beside: pathlib.Path | None) -> None:
        self.folder = pathlib.Path()
        self._clock = clock
        self._beside = beside
        self._key = secrets.token_bytes(32)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """The folder exists inside, beside that file, and is gone afterwards; a kill leaves it."""
        with tempfile.TemporaryDirectory(
            prefix="exports-", dir=self._beside and self._beside.parent
        ) as folder:
            self.folder = pathlib.Path(folder)
            yield

    def now(self, seconds_more: float = 0) -> str:
        """The time, in UTC and whole seconds."""
        moment = datetime.datetime.fromtimestamp(int(self._clock() + seconds_more), datetime.UTC)
        return moment.isoformat().replace("+00:00", "Z")

    def link(self, name: str, expires: str) -> str:
        """Path and query that lead to a file until then."""
        signature = self._signature(name, expires)
        query = {"sv": "2024-11-04", "sr": "b", "sp": "r", "se": expires, "sig": signature}
        return f"/_blob/{name}?{urlencode(query)}"

    def admits(self, name: str, expires: str, signature: str) -> bool:
        """Whether the link is ours and still good."""
        return signature == self._signature(name, expires) and self.now() < expires

    def _signature(self, name: str, expires: str) -> str:
        signed = hmac.digest(self._key, f"{name}\n{expires}".encode(errors="replace"), "sha256")
        return base64.b64encode(signed).decode()


STORAGE = web.AppKey("STORAGE", Storage)


async def download(request: web.Request) -> web.StreamResponse:
    """GET /_blob/{name}: the file. The link is all the authentication there may be: a token besides is
    refused."""
    storage, name = request.app[STORAGE], request.match_info["name"]
    if "Authorization" in request.headers:
        return _refusal(400, "InvalidAuthenticationInfo")
    if not storage.admits(name, request.query.get("se", ""), request.query.get("sig", "")):
        return _refusal(403, "AuthenticationFailed")
    return web.FileResponse(storage.folder / name)


def _refusal(status: int, code: str) -> web.Response:
    text = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code></Error>'
    headers = {"x-ms-error-code": code, "Content-Type": "application/xml"}
    return web.Response(text=text, status=status, headers=headers)


ROUTES = (web.get("/_blob/{name}", download),)
