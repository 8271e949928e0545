"""The public keys a tenant of Entra signs its tokens with: fetched when needed, kept for an hour.

Entra rolls its keys without notice (Microsoft identity platform, "Signing key rollover"): an unknown key id
asks for them again, at most once a minute, so that senseless tokens cost the tenant's endpoint nothing.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from shared.errors import KeysUnavailable, NotAuthentic
from shared.log import LogEvent, log_event

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LIFETIME = 3600.0
"""Seconds after which fetched keys are not trusted any more; a key that is withdrawn counts no longer."""
PAUSE = 60.0
"""Seconds between two fetches for key ids that are not known."""
PAUSE_WITHOUT_KEYS = 5.0
"""Seconds between two fetches while there are no keys at all."""
SOCKET_TIMEOUT = 5.0
"""Of each read: a service that sends a byte now and then keeps a fetch going for as long as it likes."""
MAX_WAIT = 10.0
"""Seconds a request waits for the keys. No other fetch begins before the thread of one that was given up has
ended."""


class SigningKeys:
    """The keys published at one address. `clock` counts seconds and never goes back."""

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = address
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._read_at = self._tried_at = float("-inf")
        self._failed = False
        self._under_way: set[asyncio.Task[Mapping[str, RSAPublicKey]]] = set()
        """The fetch whose thread is at work, also where nobody waits for it any more."""

    async def key(self, key_id: str) -> "RSAPublicKey":
        """The RSA key of that id. NotAuthentic where there is none, KeysUnavailable where nobody can say."""
        if not self._holds(key_id):
            async with self._lock:
                if not self._holds(key_id):
                    await self._refresh()
        try:
            return self._keys[key_id]
        except KeyError:
            raise NotAuthentic("the token is signed by a key that its tenant does not publish") from None

    def _holds(self, key_id: str) -> bool:
        return key_id in self._keys and not self._too_old()

    def _too_old(self) -> bool:
        return self._clock() - self._read_at > LIFETIME

    async def _refresh(self) -> None:
        wait = self._tried_at + (PAUSE_WITHOUT_KEYS if self._too_old() else PAUSE) - self._clock()
        if wait > 0:
            if self._failed:
                raise KeysUnavailable("the keys could not be read a moment ago", retry_after=wait)
            return
        if self._under_way:
            raise KeysUnavailable("the keys are being read still", retry_after=PAUSE_WITHOUT_KEYS)
        self._tried_at, self._failed = self._clock(), True
        await self._fetched()

    async def _fetched(self) -> None:
        from jwt import PyJWTError

        fetch = asyncio.create_task(asyncio.to_thread(self._fetch))
        self._under_way.add(fetch)
        fetch.add_done_callback(self._ended)
        try:
            async with asyncio.timeout(MAX_WAIT):
                await asyncio.shield(fetch)
        except (PyJWTError, HTTPException, OSError, ValueError, TypeError, RecursionError) as error:
            log_event(LogEvent.KEYS_UNAVAILABLE, address=self._address, what=repr(error))
            raise KeysUnavailable(f"{self._address} cannot be read") from error

    def _ended(self, fetch: "asyncio.Task[Mapping[str, RSAPublicKey]]") -> None:
        """Take the keys over, also those that came after the last who asked had given up."""
        self._under_way.discard(fetch)
        if not fetch.cancelled() and fetch.exception() is None:
            self._keys, self._read_at, self._failed = fetch.result(), self._clock(), False

    def _fetch(self) -> Mapping[str, "RSAPublicKey"]:
        """Runs in a thread: PyJWT's client waits. Keys of other kinds, and those whose id is no text, are not
        taken.

        The client lets TypeError through for an `alg` that is no text, and what json raises.
        """
        from jwt import PyJWKClient

        client = PyJWKClient(self._address, cache_jwk_set=False, timeout=SOCKET_TIMEOUT)
        return {
            key.key_id: key.key
            for key in client.get_signing_keys()
            if isinstance(key.key_id, str) and key.key_id and key.key_type == "RSA"
        }


_BY_LOOP: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, SigningKeys]] = WeakKeyDictionary()
"""A lock belongs to the event loop it was first waited for in: so does what it guards."""


def signing_keys(authority: str, tenant: str) -> SigningKeys:
    """The keys of a tenant, shared by everything that runs in this event loop."""
    address = f"{authority}/{tenant}/discovery/v2.0/keys"
    by_address = _BY_LOOP.setdefault(asyncio.get_running_loop(), {})
    return by_address.setdefault(address, SigningKeys(address))
