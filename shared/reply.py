"""HTTP answers: JSON, and RFC 9457 problems. The one place where errors become status codes."""

import hashlib
import json
import math
from collections.abc import Awaitable, Callable

import azure.functions as func
from pydantic import BaseModel, ValidationError

from shared.errors import (
    BadRequest,
    GraphError,
    GraphUnavailable,
    KeysUnavailable,
    MtdError,
    NotAuthentic,
    NotThere,
    Overtaken,
    StoreUnavailable,
    TooMany,
    UnknownPartner,
    UnreadableReport,
    WrongContentType,
)
from shared.headers import Headers
from shared.log import LogEvent, log_event, place

_TITLES = {
    400: "Bad request",
    401: "Unauthorized",
    404: "Not found",
    409: "Conflict",
    413: "Content too large",
    415: "Unsupported media type",
    422: "Not this partner's format",
    429: "Too many requests",
    500: "Internal error",
    502: "Microsoft Graph refused",
    503: "Try again later",
}


def reply(content: BaseModel, status: int = 200) -> func.HttpResponse:
    """`content` as JSON; never to be kept by a cache on the way."""
    return func.HttpResponse(
        content.model_dump_json(),
        status_code=status,
        mimetype="application/json",
        headers={"Cache-Control": "no-store"},
    )


def reply_unless_known(content: BaseModel, headers: Headers) -> func.HttpResponse:
    """`content` with an ETag of its own; 304 where the request's If-None-Match names that one."""
    body = content.model_dump_json()
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()}"'
    asked = headers.get("if-none-match", "")
    known = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    kept = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if known & {etag, "*"}:
        return func.HttpResponse(status_code=304, headers=kept)
    return func.HttpResponse(body, mimetype="application/json", headers=kept)


async def answered(work: Callable[[], Awaitable[func.HttpResponse]]) -> func.HttpResponse:
    """What `work` answers, or the problem its error is. Internals stay in the log."""
    try:
        return await work()
    except MtdError as error:
        return problem(error)
    except ValidationError as error:
        log_event(LogEvent.UNEXPECTED, where="http", what=f"a stored {error.title} cannot be read")
        return _problem(500)


def problem(error: MtdError) -> func.HttpResponse:
    """`error` as application/problem+json."""
    match error:
        case UnreadableReport():
            return _problem(error.kind.http_status, error.reason)
        case NotAuthentic():
            return _problem(401)
        case UnknownPartner() | NotThere():
            return _problem(404, str(error))
        case BadRequest():
            return _problem(400, str(error))
        case Overtaken():
            return _problem(409, str(error))
        case WrongContentType():
            return _problem(415, str(error))
        case TooMany() | StoreUnavailable() | KeysUnavailable():
            return _later(error)
        case GraphUnavailable():
            return _problem(503, str(error), retry_after=error.retry_after or 5.0)
        case GraphError():
            return _problem(502, str(error))
        case _:
            log_event(LogEvent.UNEXPECTED, where="http", what=place(error))
            return _problem(500)


def _later(error: TooMany | StoreUnavailable | KeysUnavailable) -> func.HttpResponse:
    """What may be sent again: why it is put off concerns its sender, what of ours is away does not."""
    if isinstance(error, TooMany):
        return _problem(429, str(error), retry_after=error.retry_after)
    return _problem(503, retry_after=error.retry_after)


def _problem(
    status: int, detail: str | None = None, *, retry_after: float | None = None
) -> func.HttpResponse:
    body: dict[str, object] = {"type": "about:blank", "title": _TITLES[status], "status": status}
    if detail:
        body["detail"] = detail
    headers = {"Cache-Control": "no-store"}
    if retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(retry_after)))
    return func.HttpResponse(
        json.dumps(body), status_code=status, mimetype="application/problem+json", headers=headers
    )
