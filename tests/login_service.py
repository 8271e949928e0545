"""A login service for tests: publishes keys, can be made to fail, and signs whatever a test claims."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.world import TENANT_ID, serving

AUDIENCE = "api://mtd-connector"
APP = "aaaaaaaa-1111-4222-8333-bbbbbbbbbbbb"
PERSON = "cccccccc-4444-4555-8666-dddddddddddd"


def private_key(name: str, size: int = 2048) -> rsa.RSAPrivateKey:
    """One key for each name, made once: it takes a while."""
    return _made(name, size)


@cache
def _made(name: str, size: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def published(name: str, size: int = 2048) -> dict[str, Any]:
    """The public half of a key as Entra publishes it."""
    key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private_key(name, size).public_key()))
    return {"kty": "RSA", "use": "sig", "kid": name, "n": key["n"], "e": key["e"]}


@dataclass
class LoginService:
    """One that runs. What it answers to whoever asks for keys is `body`, with `status`."""

    authority: str = ""
    status: int = 200
    body: bytes = field(default_factory=lambda: json.dumps({"keys": [published("first")]}).encode())
    asked: list[str] = field(default_factory=list)

    def publish(self, *keys: dict[str, Any]) -> None:
        self.body = json.dumps({"keys": keys}).encode()

    def claims(self, *, tenant: str = TENANT_ID, minutes: float = 0, **changed: Any) -> dict[str, Any]:
        """Those of a version 2.0 token asked for `minutes` from now; a claim set to None is left out."""
        now = int(time.time() + minutes * 60)
        claims = {
            "iss": f"{self.authority}/{tenant}/v2.0",
            "tid": tenant,
            "aud": AUDIENCE,
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "oid": PERSON,
            "azp": APP,
            "name": "Some One",
            "roles": ["Mtd.Admin", "Mtd.Report.Write"],
            "ver": "2.0",
        }
        return {name: value for name, value in {**claims, **changed}.items() if value is not None}

    def token(self, *, key: str = "first", headers: dict[str, Any] | None = None, **changed: Any) -> str:
        """A token signed by the key of that name; `changed` as in `claims`."""
        return jwt.encode(self.claims(**changed), private_key(key), "RS256", {"kid": key, **(headers or {})})


@asynccontextmanager
async def login_service() -> AsyncIterator[LoginService]:
    """A login service on a free loopback port."""
    service = LoginService()

    async def keys(request: web.Request) -> web.Response:
        service.asked.append(request.path)
        return web.Response(status=service.status, body=service.body, content_type="application/json")

    app = web.Application()
    app.router.add_get("/{tenant}/discovery/v2.0/keys", keys)
    async with serving(app) as service.authority:
        yield service
