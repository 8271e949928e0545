"""How listings are asked for: `?top=` rows from `?token=` on."""

from typing import TypeVar

from pydantic import BaseModel

from shared.cosmos import Page
from shared.errors import BadRequest, StoreRefused
from shared.services import Services

MAX_ROWS = 1000

V = TypeVar("V", bound=BaseModel)


async def page(
    services: Services,
    view: type[V],
    container: str,
    sql: str,
    top: str | None,
    token: str | None,
    *,
    partition: str | None = None,
    **parameters: object,
) -> Page[V]:
    """`top` rows (100 where it is not said, at most 1,000) from `token` on. Raises BadRequest."""
    size = rows_asked_for(top, MAX_ROWS)
    if token is not None and not (token.isascii() and token.isprintable()):
        raise BadRequest("token: expected the token of an earlier page")
    try:
        return await services.store.page(
            view, container, sql, size=size, token=token or None, partition=partition, **parameters
        )
    except StoreRefused as error:
        raise BadRequest("token: expected the token of an earlier page") from error


def rows_asked_for(top: str | None, most: int) -> int:
    """How many rows a page is to have, 100 where it is not said. Raises BadRequest."""
    if top is None:
        return 100
    if not (top.isascii() and top.isdigit() and len(top) <= len(str(most)) and 1 <= int(top) <= most):
        raise BadRequest(f"top: expected a whole number from 1 to {most}")
    return int(top)
