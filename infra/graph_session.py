"""Microsoft Graph as an administrator at a terminal calls it: with the administrator's own token.

The token is GRAPH_TOKEN where that is set. Else a browser opens (with `--device-code`: a code is shown) and
the administrator signs in to "Microsoft Graph Command Line Tools", Microsoft's own public client, which asks
for the scopes that are needed. The Azure CLI's token does not do: it has no Conditional Access scopes.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

GRAPH = "https://graph.microsoft.com/v1.0"
GRAPH_COMMAND_LINE_TOOLS = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
TIMEOUT_SECONDS = 30
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?(/|$)")


class GraphError(Exception):
    """What went wrong, in words for the terminal. `status` is 0 where Graph did not answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class GraphSession:
    """Calls to one Graph with one token. GraphError for every answer that is not a success."""

    def __init__(self, token: str, base_url: str = GRAPH) -> None:
        if not base_url.startswith("https://") and not _LOOPBACK.match(base_url):
            raise GraphError(f"{base_url}: a token is sent over https only")
        self._token = token
        self._base_url = base_url.rstrip("/")

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
        """Create."""
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
        url = path if path.startswith(self._base_url) else f"{self._base_url}{path}"
        data = None if body is None else json.dumps(body).encode()
        own = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = Request(url, data, {**own, **(headers or {})}, method=method)  # noqa: S310 - https or loopback, see above
        try:
            with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                raw = answer.read()
        except HTTPError as error:
            raise GraphError(_words(method, path, error), error.code) from error
        except (URLError, TimeoutError) as error:
            raise GraphError(f"Microsoft Graph cannot be reached: {error}") from error
        answered: dict[str, Any] = json.loads(raw) if raw else {}
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
    return f"Microsoft Graph answered {error.code} to {method} {path.split('?')[0]}: {said}"
