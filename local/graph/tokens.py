"""Entra's side of a bearer token: the tenant's keys as it publishes them, and tokens made on demand.

The keys are as in the Microsoft identity platform's discovery; every tenant has the same one key, and nothing
is rolled. POST /_sim/token stands in for signing in and for client credentials: it gives anyone on this
machine any role, in access tokens of version 2.0. Left out: consent, users, app registrations, policies.
"""

import base64
import hashlib
import json
import time
import uuid
from functools import cached_property

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import BaseModel, ValidationError

from local.graph.directory import STATE

LIFETIME = 3600
SOME_APP = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""Azure CLI, which people would get such a token with."""


class Wanted(BaseModel):
    """What a token is to say."""

    tenant: str
    audience: str
    roles: list[str] = []
    app_id: str = SOME_APP
    name: str = "local admin"


class Keys:
    """The one key of a simulated login service, from its PEM."""

    def __init__(self, pem: str) -> None:
        self._pem = pem

    @cached_property
    def key_id(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self._pem.encode()).digest()[:20]).decode().strip("=")

    @cached_property
    def _private(self) -> rsa.RSAPrivateKey:
        key = serialization.load_pem_private_key(self._pem.encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key

    def published(self) -> dict[str, object]:
        """The answer of the keys endpoint: Entra's names no algorithm."""
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._private.public_key()))
        numbers = {"kty": "RSA", "n": jwk["n"], "e": jwk["e"]}
        return {"keys": [{**numbers, "use": "sig", "kid": self.key_id, "x5t": self.key_id}]}

    def token(self, wanted: Wanted, issuer: str, now: float) -> str:
        """An access token, good for an hour."""
        claims = {
            "iss": issuer,
            "tid": wanted.tenant,
            "aud": wanted.audience,
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now) + LIFETIME,
            "ver": "2.0",
            "azp": wanted.app_id,
            "oid": str(uuid.uuid5(uuid.NAMESPACE_OID, wanted.name)),
            "name": wanted.name,
            "roles": wanted.roles,
        }
        return jwt.encode(claims, self._private, "RS256", {"kid": self.key_id})


def new_key() -> str:
    """A fresh private key, in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()


async def publish(request: web.Request) -> web.Response:
    """GET /{tenant}/discovery/v2.0/keys."""
    return web.json_response(_keys(request).published())


async def issue(request: web.Request) -> web.Response:
    """POST /_sim/token {"tenant", "audience", "roles", "app_id", "name"}: the token, as text."""
    try:
        wanted = Wanted.model_validate_json(await request.read())
    except ValidationError as error:
        raise web.HTTPBadRequest(text=f"cannot use this: {error}") from error
    # Written so whatever name the caller used for this machine: the app knows it by this one.
    issuer = f"http://127.0.0.1:{request.url.port}/{wanted.tenant}/v2.0"
    return web.Response(
        text=_keys(request).token(wanted, issuer, time.time()), content_type="application/jwt"
    )


def _keys(request: web.Request) -> Keys:
    return Keys(request.app[STATE].token_key(new_key))


ROUTES = (web.get("/{tenant}/discovery/v2.0/keys", publish), web.post("/_sim/token", issue))
"""Before those of `admin`, whose /_sim/{what} would take the second."""
