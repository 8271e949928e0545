"""A request's body: a small JSON object, read into its model."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from shared.domain.json_text import NotJson, TooDeep, read_json
from shared.errors import BadRequest

MAX_BYTES = 10_000

R = TypeVar("R", bound=BaseModel)


def read_request(kind: type[R], body: bytes) -> R:
    """The request in `body`; BadRequest, which says what was expected, where it is none."""
    shape = f"{{{', '.join(kind.model_fields)}}}"
    if len(body) > MAX_BYTES:
        raise BadRequest(f"expected {shape} in at most {MAX_BYTES} bytes")
    twice = _key_given_twice(body)
    if twice is not None:
        raise BadRequest(f"expected {shape}; {twice[:100]!r} is given twice")
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise BadRequest(f"expected {shape}; {where}: {first['msg']}") from None


def _key_given_twice(body: bytes) -> str | None:
    """A key that an object in `body` has twice: which of its values is meant, nobody can say. None where
    there is none, or no JSON."""
    try:
        return read_json(body.decode()).key_twice
    except (UnicodeDecodeError, NotJson, TooDeep):
        return None
