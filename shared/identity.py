"""The app's own identity, as Azure's libraries ask it for tokens, with an end to the asking.

By itself azure-identity waits five minutes for each silent answer, asks four times, and sleeps as long as a
Retry-After says; all that is done as the app would wait with it.
"""

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AccessTokenInfo

MAX_TOKEN_SECONDS = 15.0
"""The longest a token is waited for, whatever comes of it."""
SILENCE_SECONDS = 4.0
"""The longest the identity endpoint says nothing before it is asked again."""

T = TypeVar("T")


class AppIdentity:
    """Whoever the app is where it runs: its managed identity, or what else azure-identity finds.

    Raises ClientAuthenticationError where there is no token in time. azure-identity is imported with it.
    """

    def __init__(self) -> None:
        from azure.identity.aio import DefaultAzureCredential

        self._credential = DefaultAzureCredential(
            connection_timeout=SILENCE_SECONDS, read_timeout=SILENCE_SECONDS
        )

    async def get_token(self, *scopes: str, **options: Any) -> "AccessToken":
        """A token for `scopes`."""
        return await _in_time(self._credential.get_token(*scopes, **options))

    async def get_token_info(self, *scopes: str, **options: Any) -> "AccessTokenInfo":
        """The same, with when to ask anew."""
        return await _in_time(self._credential.get_token_info(*scopes, **options))

    async def close(self) -> None:
        """Give the connections back."""
        await self._credential.close()

    async def __aenter__(self) -> Self:
        await self._credential.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def _in_time(token: Awaitable[T]) -> T:
    from azure.core.exceptions import ClientAuthenticationError

    try:
        async with asyncio.timeout(MAX_TOKEN_SECONDS):
            return await token
    except TimeoutError:
        raise ClientAuthenticationError(f"no token in {MAX_TOKEN_SECONDS:.0f} seconds") from None
