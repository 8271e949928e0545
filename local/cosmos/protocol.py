"""What a Cosmos REST request carries, what an answer carries, and the errors among the answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

CONNECTION_DROPPED = 0
MAX_PAGE = 1000
USUAL_PAGE = 100

_CODES = {
    400: "BadRequest",
    401: "Unauthorized",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    410: "Gone",
    412: "PreconditionFailed",
    413: "RequestEntityTooLarge",
    429: "TooManyRequests",
    449: "RetryWith",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class CosmosError(Exception):
    """A request refused with a status, and where the service has one a substatus."""

    def __init__(
        self, status: int, message: str, *, substatus: int | None = None, retry_after_ms: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers: dict[str, str] = {}
        if substatus is not None:
            self.headers["x-ms-substatus"] = str(substatus)
        if retry_after_ms is not None:
            self.headers["x-ms-retry-after-ms"] = str(retry_after_ms)

    def answer(self) -> Answer:
        message = self.message.encode("utf-8", "replace").decode()
        code = _CODES.get(self.status, "Error")
        return Answer(self.status, encode({"code": code, "message": message}), self.headers)


@dataclass(frozen=True)
class Call:
    """One request: its resource names (database, container, document, as far as given), headers and body."""

    names: tuple[str, ...]
    headers: Mapping[str, str]
    body: bytes

    @property
    def partition(self) -> str | None:
        """The partition key value named by the request, as canonical JSON; None where none is named."""
        header = self.headers.get("x-ms-documentdb-partitionkey")
        if header is None:
            return None
        values = decode(header)
        if not isinstance(values, list) or len(values) != 1:
            raise CosmosError(400, "the partition key header must be a JSON array of one value")
        return canonical(values[0])

    @property
    def page_size(self) -> int:
        size = self.headers.get("x-ms-max-item-count")
        if size is None:
            return USUAL_PAGE
        try:
            return int(size) if 0 < int(size) <= MAX_PAGE else MAX_PAGE
        except ValueError:
            raise CosmosError(400, "x-ms-max-item-count must be a whole number") from None

    @property
    def is_query(self) -> bool:
        query_body = self.headers.get("content-type", "").startswith("application/query+json")
        return query_body or self.flag("x-ms-documentdb-isquery")

    def flag(self, header: str) -> bool:
        return self.headers.get(header, "").lower() == "true"


def decode(text: str | bytes) -> object:
    """The JSON value of a text, or 400."""
    try:
        value: object = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise CosmosError(400, "the request holds no valid JSON") from None
    return value


def decode_object(text: str | bytes) -> dict[str, object]:
    value = decode(text)
    if not isinstance(value, dict):
        raise CosmosError(400, "a JSON object is expected")
    return value


def encode(value: object) -> bytes:
    """Compact UTF-8 JSON; 400 for what UTF-8 or JSON cannot hold (lone surrogates, infinity)."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise CosmosError(400, "the value cannot be written as UTF-8 JSON") from None


def canonical(value: object) -> str:
    """A text equal for equal Cosmos values: 7 and 7.0 are one number, 1 and true are two values."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return encode(value).decode()


def listing(kind: str, items: list[bytes], rid: str) -> bytes:
    """A page of resources already encoded, as the service wraps it."""
    head = b'{"_rid":"%s","%s":[' % (rid.encode(), kind.encode())
    return head + b",".join(items) + b'],"_count":%d}' % len(items)


def _no_constant(name: str) -> object:
    raise ValueError(name)
