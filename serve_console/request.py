"""An admin's request: a small JSON object that always says why."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from shared.errors import BadRequest

MAX_BODY = 10_000
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
"""Why an admin does it, for whoever asks later."""


class Request(BaseModel):
    """What every request of an admin says."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


R = TypeVar("R", bound=Request)


def read_request(kind: type[R], body: bytes) -> R:
    """The request in `body`; BadRequest, which says what was expected, where it is none."""
    shape = f"{{{', '.join(kind.model_fields)}}}"
    if len(body) > MAX_BODY:
        raise BadRequest(f"expected {shape} in at most {MAX_BODY} bytes")
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise BadRequest(f"expected {shape}; {where}: {first['msg']}") from None
