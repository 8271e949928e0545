"""Microsoft Graph as an administrator at a terminal calls it: with the administrator's own token.

A call that Graph is too busy for is made again, for a minute at most, and calls to Conditional Access keep
their distance: Graph takes one a second there, of all apps of a tenant together, and does not say how long to
wait (Graph: service-specific throttling limits, "Identity protection and conditional access").

The token is GRAPH_TOKEN where that is set. Else a browser opens (with `--device-code`: a code is shown) and
the administrator signs in to "Microsoft Graph Command Line Tools", Microsoft's own public client, which asks
for the scopes that are needed. The Azure CLI's token does not do: it has no Conditional Access scopes.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import HTTPException
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

GRAPH = "https://graph.microsoft.com/v1.0"
GRAPH_COMMAND_LINE_TOOLS = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
TIMEOUT_SECONDS = 30
PATIENCE_SECONDS = 60.0
"""The longest one call is tried again, all waits together."""
FIRST_WAIT_SECONDS = 1.1
"""Before the first repetition of a call, where Graph does not say; doubled before each further one."""
DISTANCE_SECONDS = 1.1
"""Between an answer of Conditional Access and the next call to it."""
CONDITIONAL_ACCESS = "/identity/conditionalAccess"
_BUSY = frozenset({429, 503, 504})
_NOT_DONE = frozenset({429})
"""After these alone it is sure that nothing was done, so that a POST may be repeated as well."""
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?(/|$)")


class GraphError(Exception):
    """What went wrong, in words for the terminal.

    `status` is 0 where Graph did not answer; `retry_after` is in seconds, None where Graph gave none.
    """

    def __init__(self, message: str, status: int = 0, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


class GraphSession:
    """Calls to one Graph with one token. GraphError for every answer that is not a success.

    `say` is given a line where a call has to wait.
    """

    def __init__(
        self, token: str, base_url: str = GRAPH, say: Callable[[str], None] = lambda line: None
    ) -> None:
        if not base_url.startswith("https://") and not _LOOPBACK.match(base_url):
            raise GraphError(f"{base_url}: a token is sent over https only")
        self._token = token
        self._base_url = base_url.rstrip("/")
        self._say = say
        self._free_at = 0.0

    def get(self, path: str, *, eventual: bool = False) -> dict[str, Any]:
        """One object or page; `eventual` where Entra answers only by an index that may lag, as for a cast."""
        return self._call("GET", path, headers={"ConsistencyLevel": "eventual"} if eventual else {})

    def every(self, path: str) -> Iterator[dict[str, Any]]:
        """The rows of a listing, page by page."""
        while path:
            page = self.get(path)
            yield from page.get("value", [])
            path = page.get("@odata.nextLink", "")

    def post(self, path: str, body: object) -> dict[str, Any]:
        """Create. Repeated only after 429: after 503 nobody knows whether it was done."""
        return self._call("POST", path, body)

    def patch(self, path: str, body: object) -> None:
        """Change."""
        self._call("PATCH", path, body)

    def delete(self, path: str) -> None:
        """Remove."""
        self._call("DELETE", path)

    def _call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """One call, repeated where Graph is too busy."""
        wait, waited = FIRST_WAIT_SECONDS, 0.0
        again = _NOT_DONE if method == "POST" else _BUSY
        while True:
            try:
                return self._once(method, path, body, headers or {})
            except GraphError as error:
                seconds = wait if error.retry_after is None else error.retry_after
                if error.status not in again or waited + seconds > PATIENCE_SECONDS:
                    raise
            self._say(f"Microsoft Graph is busy: waiting {seconds:.0f} s")
            sleep(seconds)
            waited += seconds
            wait *= 2

    def _once(self, method: str, path: str, body: object, headers: Mapping[str, str]) -> dict[str, Any]:
        url = path if path.startswith(self._base_url) else f"{self._base_url}{path}"
        data = None if body is None else json.dumps(body).encode()
        own = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = Request(url, data, {**own, **headers}, method=method)  # noqa: S310 - https or loopback, see above
        spaced = url.removeprefix(self._base_url).startswith(CONDITIONAL_ACCESS)
        if spaced:
            sleep(max(0.0, self._free_at - monotonic()))
        try:
            with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                raw = answer.read()
        except HTTPError as error:
            retry_after = _seconds(error.headers.get("Retry-After"))
            raise GraphError(_words(method, path, error), error.code, retry_after) from error
        except (OSError, HTTPException) as error:
            raise GraphError(f"Microsoft Graph cannot be reached: {error}") from error
        finally:
            if spaced:
                self._free_at = monotonic() + DISTANCE_SECONDS
        try:
            answered: dict[str, Any] = json.loads(raw) if raw else {}
        except ValueError as error:
            raise GraphError("Microsoft Graph answered something that is not JSON") from error
        return answered


def token(scopes: Sequence[str], *, device_code: bool = False) -> str:
    """The administrator's token for `scopes`, names such as Policy.Read.All."""
    given = os.environ.get("GRAPH_TOKEN", "").strip()
    if given:
        return given
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import DeviceCodeCredential, InteractiveBrowserCredential

    kind = DeviceCodeCredential if device_code else InteractiveBrowserCredential
    credential = kind(client_id=GRAPH_COMMAND_LINE_TOOLS)
    try:
        return credential.get_token(*(f"https://graph.microsoft.com/{scope}" for scope in scopes)).token
    except ClientAuthenticationError as error:
        raise GraphError(f"nobody signed in: {error.message.splitlines()[0]}") from error


def _words(method: str, path: str, error: HTTPError) -> str:
    try:
        detail = json.loads(error.read())["error"]
        said = f"{detail.get('code', '')}: {detail.get('message', '')}"
    except (ValueError, KeyError, TypeError, AttributeError):
        said = error.reason
    id_ = error.headers.get("request-id")
    asked = f" (request-id {id_})" if id_ else ""
    return f"Microsoft Graph answered {error.code} to {method} {path.split('?')[0]}: {said}{asked}"


def _seconds(text: str | None) -> float | None:
    """Retry-After as Graph writes it: whole seconds."""
    return float(text) if text is not None and text.isdecimal() else None
