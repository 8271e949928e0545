"""What the interfaces that Microsoft's libraries ask have in common: that a library itself never tries again
or waits, and its errors in the words of all sources."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from poll_partners.connection import Connection
from poll_partners.waits import asked_later
from shared.errors import CredentialRefused, SourceRefused, SourceUnavailable

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError
    from azure.core.pipeline import PipelineResponse

OPTIONS: Mapping[str, Any] = {
    "retry_total": 0,
    "permit_redirects": False,
    "connection_timeout": 10,
    "read_timeout": 60,
}
"""Of a client. The libraries would wait as long as an answer's Retry-After says: that is for the next run."""


class ToMicrosoft(Connection):
    """To an interface that a library asks."""

    def look(self, response: "PipelineResponse[Any, Any]") -> None:
        """What a library calls with each answer: its time is noted."""
        self.look_at_clock(response.http_response.headers.get("Date"))

    @contextmanager
    def in_our_words(self) -> Iterator[None]:
        """Have what a library raises within be a SourceError, without anything of an answer's."""
        from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

        try:
            yield
        except HttpResponseError as error:
            if isinstance(error, ClientAuthenticationError) and not error.status_code:
                raise CredentialRefused("the app's identity is given no token") from None
            raise _refusal(error, self._services.now()) from None
        except AzureError as error:
            raise SourceUnavailable(f"the connection failed ({type(error).__name__})") from None
        except (ValueError, TypeError, LookupError, AttributeError, ParseError, RecursionError):
            # The libraries believe whatever answers 200.
            raise SourceUnavailable("200, and no answer of Azure's: a proxy") from None


def _refusal(error: "HttpResponseError", now: datetime) -> Exception:
    status = error.status_code or 0
    headers: Mapping[str, str] = getattr(error.response, "headers", None) or {}
    later = asked_later(status, headers.get("Retry-After"), headers.get("x-ms-retry-after-ms"), now)
    if later is not None:
        return later
    if 300 <= status < 400:
        return SourceRefused("it redirects elsewhere, where the token is not sent")
    if status == 401:
        return CredentialRefused("a token that was just given is refused")
    if status == 403:
        return SourceRefused("403: the app's identity has no role there (a new one may take an hour)")
    if status == 404:
        return SourceRefused("404: there is no such thing at this address")
    if 400 <= status < 500:
        return SourceRefused(f"it refuses the request ({status})")
    return SourceUnavailable(f"an answer that is cut off, or none ({status})")
