"""Every error the project raises on purpose.

MtdError
├── SettingsError            a setting is missing or senseless; refused at start
├── UnreadableReport         a whole body cannot be read (413, 400 or 422)
├── NotAuthentic             who sends or asks is not authenticated (401)
├── KeysUnavailable          the keys that authenticate a sender cannot be read: try again (503)
├── TooMany                  a partner sends more than is taken in at once: later (429)
├── UnknownPartner           no adapter of that name (404)
├── WrongContentType         a body that says it is no JSON, NDJSON or plain text (415)
├── NotThere                 an admin asks for something there is not (404)
├── BadRequest               an admin's request makes no sense (400)
├── Overtaken                another admin has decided the same already (409)
├── StoreError
│   ├── StoreUnavailable     Cosmos throttles, is away, or no token: try again (503; the feed replays)
│   │   └── Contended        one document is written by too many at once
│   ├── AlreadyStored        create found the document there
│   ├── Conflict             If-Match failed: read again, redo
│   ├── NotStored            replace or read found no document
│   └── StoreRefused         Cosmos will not take this document, however often
├── GraphError
│   ├── GraphUnavailable     throttled, timed out, 5xx, or no token: try again later
│   ├── GraphNotFound        404
│   └── GraphRefused         any other 4xx, or an answer that cannot be read
└── SourceError              a vendor that is polled does not give what it is asked for
    ├── SourceUnavailable    throttled, timed out, 5xx, cut off: the next run tries again
    ├── CredentialRefused    it does not take the credential: an admin has to act
    ├── SourceRefused        any other refusal: the address, the role or the licence
    └── SourceUnreadable     an answer that is not in its format
"""

from enum import StrEnum


class MtdError(Exception):
    """Root of the tree."""


class SettingsError(MtdError):
    """A setting is missing or senseless. The message names it and says what is expected."""


class Unreadable(StrEnum):
    """Why a whole body cannot be read."""

    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    NOT_THIS_FORMAT = "not_this_format"

    @property
    def http_status(self) -> int:
        """413, 400 or 422."""
        return {"too_large": 413, "malformed": 400, "not_this_format": 422}[self.value]


class UnreadableReport(MtdError):
    """A whole body cannot be read; `kind` says how, the message says why, without quoting the body."""

    def __init__(self, kind: Unreadable, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class NotAuthentic(MtdError):
    """Who sends a message, or asks, is not authenticated. The reason is for the log, never for the answer."""


class KeysUnavailable(MtdError):
    """Entra's signing keys cannot be read, so nobody can say who sends; `retry_after` is in seconds."""

    def __init__(self, reason: str, *, retry_after: float = 5.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class TooMany(MtdError):
    """A partner sends more than is taken in at once, or in a minute; `retry_after` is in seconds."""

    def __init__(self, reason: str, *, retry_after: float) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class UnknownPartner(MtdError):
    """No adapter of that name."""


class WrongContentType(MtdError):
    """The body says it is something no partner sends. The message names what is taken."""


class NotThere(MtdError):
    """There is no such device, agent or dead letter. The message names what was asked for."""


class BadRequest(MtdError):
    """A request makes no sense. The message says what is expected."""


class Overtaken(MtdError):
    """Another admin has decided the same already. The message says who, when and why."""


class StoreError(MtdError):
    """Something the store said no to."""


class StoreUnavailable(StoreError):
    """Cosmos throttles, cannot be reached, or the app has no token for it; `retry_after` is in seconds."""

    def __init__(self, reason: str, *, retry_after: float = 5.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Contended(StoreUnavailable):
    """Others kept being faster at one document; the store itself answers."""


class AlreadyStored(StoreError):
    """A create found a document of that id."""


class Conflict(StoreError):
    """The document changed since it was read."""


class NotStored(StoreError):
    """There is no such document."""


class StoreRefused(StoreError):
    """Cosmos refuses the document for good (too large, malformed)."""


class DocumentTooLarge(StoreRefused):
    """Cosmos refuses the document for its size: it takes 2 MB."""


class GraphError(MtdError):
    """Something Microsoft Graph said no to."""


class GraphUnavailable(GraphError):
    """Throttled, timed out, 5xx or no token; `retry_after` is in seconds, None where Graph gave none."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class GraphNotFound(GraphError):
    """Graph has no such object."""


class GraphRefused(GraphError):
    """Graph refuses the request for good, or answered something that cannot be read."""


class SourceError(MtdError):
    """A vendor that is polled does not give what it is asked for. The message holds nothing of an answer."""


class SourceUnavailable(SourceError):
    """Throttled, timed out, 5xx or cut off; `retry_after` is in seconds, None where the vendor gave none."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class CredentialRefused(SourceError):
    """The vendor does not take the credential, or a token it gave a moment ago."""


class SourceRefused(SourceError):
    """The vendor refuses the request: a wrong address, a role or licence that is missing, a redirect.
    `status` is HTTP's, None where the reason is another."""

    def __init__(self, reason: str, *, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class SourceUnreadable(SourceError):
    """An answer that is not in the vendor's format, or leads nowhere."""
