"""A request's body: a small JSON object, read into its model."""

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError

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


class _GivenTwice(Exception):
    """A key that an object has twice: which of its values is meant, nobody can say."""


def _once(pairs: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            raise _GivenTwice(key)
        seen.add(key)


def _key_given_twice(body: bytes) -> str | None:
    """The first key that an object in `body` has twice; None where there is none, or no JSON."""
    try:
        json.loads(body, object_pairs_hook=_once)
    except _GivenTwice as error:
        return str(error)
    except (ValueError, RecursionError):
        return None
    return None
