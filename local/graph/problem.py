"""Refusals in Graph's error format, and reading a request body so that a bad one becomes such a refusal."""

import datetime
import json
import uuid
from typing import Any, TypeVar

import pydantic
from aiohttp import web

Model = TypeVar("Model", bound=pydantic.BaseModel)
Document = dict[str, Any]
"""One JSON object as it goes over the wire."""


class GraphProblem(Exception):
    """A refusal. `retry_after` goes out verbatim; None leaves the header away."""

    def __init__(self, status: int, code: str, message: str, *, retry_after: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after

    def response(self) -> web.Response:
        """The answer: `error` with `code`, `message` and `innerError` (Graph: errors)."""
        request_id = str(uuid.uuid4())
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S")
        inner = {"date": now, "request-id": request_id, "client-request-id": request_id}
        error = {"code": self.code, "message": str(self), "innerError": inner}
        headers = {"request-id": request_id}
        if self.retry_after is not None:
            headers["Retry-After"] = self.retry_after
        return web.json_response({"error": error}, status=self.status, headers=headers)


def not_found(what: str, of_intune: bool = False) -> GraphProblem:
    """404; Entra and Intune have codes of their own."""
    code = "ResourceNotFound" if of_intune else "Request_ResourceNotFound"
    return GraphProblem(404, code, f"Resource '{what}' does not exist.")


def bad_request(message: str) -> GraphProblem:
    """400."""
    return GraphProblem(400, "BadRequest", message)


async def read_object(request: web.Request) -> Document:
    """The body as one JSON object, else 400."""
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise bad_request("Unable to read JSON request payload.") from error
    if not isinstance(body, dict):
        raise bad_request("An object was expected.")
    return body


def validated(model: type[Model], document: Document) -> Model:
    """The document as a model, else 400 naming the first thing wrong."""
    try:
        return model.model_validate(document)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise bad_request(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
