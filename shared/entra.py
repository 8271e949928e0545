"""Microsoft Entra bearer tokens: who calls, authenticated. For partners that hold one, and for people.

An access token of the app (Microsoft identity platform, "Access tokens", versions 1.0 and 2.0): RS256 under a
key the tenant publishes, issued by that tenant for our audience, within its time, by a known client, with a
role. PyJWT, and cryptography under it, are loaded with the first token.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from shared.domain.json_text import TooDeep, clean
from shared.errors import NotAuthentic
from shared.headers import Headers
from shared.signing_keys import signing_keys

LEEWAY_SECONDS = 60
"""How far our clock and Entra's may be apart."""

_BEARER = re.compile(r"bearer ([\w-]+\.[\w-]+\.[\w-]+)", re.ASCII | re.IGNORECASE)
_MAX_TOKEN = 16_384
_REQUIRED = ["exp", "nbf", "iss", "aud", "tid", "oid"]
_NAMES = ("preferred_username", "upn", "name", "app_displayname")


@dataclass(frozen=True)
class Expected:
    """What a token must say. Ids are GUIDs in lower case."""

    authority: str
    """Address of the login service, without a slash at its end."""
    tenant: str
    audience: str
    roles: frozenset[str]
    """Of which the token must have one."""
    app_ids: frozenset[str] | None = None
    """Clients that may have asked for the token; None where any may."""


@dataclass(frozen=True)
class Caller:
    """Who a token speaks for."""

    object_id: str
    """Of the user or service principal in the tenant: never changes, never passes to another."""
    app_id: str
    """The client that asked for the token."""
    name: str
    """For people to read; the object id where the token gives none."""
    roles: frozenset[str]

    @property
    def who(self) -> str:
        """As it is recorded: a name to read, and the object id that stays."""
        return f"{self.name} ({self.object_id})"


def bearer(headers: Headers) -> str:
    """The token in `Authorization: Bearer …`; NotAuthentic where there is none in that form."""
    given = headers.get("authorization", "")
    if not given:
        raise NotAuthentic("authorization is missing")
    found = _BEARER.fullmatch(given) if len(given) <= _MAX_TOKEN else None
    if found is None:
        raise NotAuthentic("authorization is not Bearer and one signed token")
    return found[1]


async def verified(token: str, expected: Expected) -> Caller:
    """Who `token` speaks for, once it is all that is `expected`; NotAuthentic else, without quoting it.

    KeysUnavailable where the tenant's keys cannot be read: then nobody is answered yes or no.
    """
    import jwt

    try:
        header = jwt.get_unverified_header(token)
        key = await signing_keys(expected.authority, expected.tenant).key(_key_id(header))
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=expected.audience,
            issuer=_issuers(expected),
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED, "strict_aud": True, "enforce_minimum_key_length": True},
        )
    except jwt.PyJWTError as error:
        raise NotAuthentic(f"the token is refused: {type(error).__name__}") from None
    caller = _caller(_storable(claims))
    _check(claims, caller, expected)
    return caller


def _storable(claims: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """The claims without what no record could keep of them."""
    try:
        return {name: clean(value) for name, value in claims.items()}
    except TooDeep:
        raise NotAuthentic("the token's claims are nested too deep") from None


def _key_id(header: Mapping[str, object]) -> str:
    if header.get("alg") != "RS256":
        raise NotAuthentic("the token is not signed by RS256")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise NotAuthentic("the token names no key")
    return key_id


def _issuers(expected: Expected) -> list[str]:
    """Version 1.0 tokens name sts.windows.net whatever the authority; 2.0 ones name the authority."""
    return [
        f"https://sts.windows.net/{expected.tenant}/",
        f"{expected.authority}/{expected.tenant}/v2.0",
    ]


def _caller(claims: Mapping[str, object]) -> Caller:
    object_id = claims["oid"]
    clients = {str(claims[name]).lower() for name in ("appid", "azp") if claims.get(name)}
    if not isinstance(object_id, str) or not object_id or len(clients) != 1:
        # An ID token names no client: it says who signed in, not that we may be called.
        raise NotAuthentic("the token is no access token of one object and one client")
    roles = claims.get("roles")
    name = next((str(claims[name]) for name in _NAMES if claims.get(name)), object_id)
    return Caller(
        object_id=object_id,
        app_id=clients.pop(),
        name=name[:200],
        roles=frozenset(map(str, roles)) if isinstance(roles, list) else frozenset(),
    )


def _check(claims: Mapping[str, object], caller: Caller, expected: Expected) -> None:
    if str(claims["tid"]).lower() != expected.tenant:
        raise NotAuthentic("the token is of another tenant")
    if expected.app_ids is not None and caller.app_id not in expected.app_ids:
        raise NotAuthentic("the token was asked for by another client")
    if not expected.roles & caller.roles:
        raise NotAuthentic(f"the token lacks the role {' or '.join(sorted(expected.roles))}")
