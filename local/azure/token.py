"""Whether a request bears a token: any is taken, but for as many as are to have died."""

from typing import Protocol

from aiohttp import web


class HasTokens(Protocol):
    """What answers to tokens."""

    tokens_die: int
    """How many of the next requests are answered as if their token were over."""


def is_refused(request: web.Request, state: HasTokens) -> bool:
    """Whether the request is to be answered 401."""
    if not request.headers.get("Authorization", "").startswith("Bearer "):
        return True
    if not state.tokens_die:
        return False
    state.tokens_die -= 1
    return True
