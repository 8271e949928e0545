"""Bearer tokens: what stands in the header, signed claims of every kind, and the keys a tenant publishes."""

import asyncio
import base64
import io
import json
import time
from collections.abc import Iterator
from unittest import mock
from urllib.request import OpenerDirector

from jwt.algorithms import RSAAlgorithm

from shared import entra, signing_keys
from shared.errors import KeysUnavailable, NotAuthentic
from shared.headers import Headers
from shared.signing_keys import SigningKeys
from tests.fuzz.target import Target
from tests.login_service import APP, AUDIENCE, PERSON, private_key, published
from tests.world import TENANT_ID

AUTHORITY = "https://login.example"
EXPECTED = entra.Expected(AUTHORITY, TENANT_ID, AUDIENCE, frozenset({"Mtd.Reader"}))
HEADER = {"alg": "RS256", "kid": "first", "typ": "JWT"}
CLAIMS = {
    "iss": f"{AUTHORITY}/{TENANT_ID}/v2.0",
    "tid": TENANT_ID,
    "aud": AUDIENCE,
    "oid": PERSON,
    "azp": APP,
    "iat": 1,
    "nbf": 1,
    "exp": 4_000_000_000,
    "name": "Some One",
    "roles": ["Mtd.Reader"],
    "ver": "2.0",
}


def targets() -> Iterator[Target]:
    """A header of anybody's, and what only the tenant can sign or publish."""
    refuses = (NotAuthentic, KeysUnavailable)
    anybodys = f"Bearer {_token(json.dumps({'header': HEADER, 'claims': CLAIMS}).encode())[:-8]}".encode()
    yield Target(
        "authorization", _authorization, (anybodys,), refuses, (b".", b"Bearer ", b"eyJhbGciOiJub25lIn0.")
    )
    signed = json.dumps({"header": HEADER, "claims": CLAIMS}).encode()
    yield Target("signed token", _signed, (signed,), refuses)
    keys = json.dumps({"keys": [published("first"), {**published("first"), "kid": "second", "use": "enc"}]})
    yield Target("published keys", _keys, (keys.encode(),), refuses)


def _authorization(content: bytes) -> None:
    headers = Headers({"authorization": content.decode("utf-8", "surrogateescape")})
    _verified(entra.bearer(headers))
    raise AssertionError("taken without the tenant's signature")


def _signed(content: bytes) -> None:
    _verified(entra.bearer(Headers({"authorization": f"Bearer {_token(content)}"})))


def _token(content: bytes) -> str:
    """What `content` has of header and claims, as it stands, signed by the tenant."""
    parts = _members(content)
    text = b".".join(base64.urlsafe_b64encode(each).rstrip(b"=") for each in parts)
    signature = RSAAlgorithm(RSAAlgorithm.SHA256).sign(text, private_key("first"))
    return (text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def _members(content: bytes) -> tuple[bytes, bytes]:
    """The bytes of header and claims: those of good ones where `content` has none."""
    head, found, claims = content.partition(b', "claims": ')
    if not found:
        return json.dumps(HEADER).encode(), content
    return head.partition(b'"header": ')[2], claims[:-1]


def _verified(token: str) -> None:
    async def run() -> None:
        keys = signing_keys.signing_keys(AUTHORITY, TENANT_ID)
        keys._keys = {"first": private_key("first").public_key()}
        keys._read_at = keys._tried_at = time.monotonic()
        caller = await entra.verified(token, EXPECTED)
        assert caller.roles >= EXPECTED.roles
        caller.who.encode()

    asyncio.run(run())


def _keys(content: bytes) -> None:
    """What stands at the address of the keys."""
    with mock.patch.object(OpenerDirector, "open", return_value=io.BytesIO(content)):
        asyncio.run(SigningKeys(f"{AUTHORITY}/keys").key("first"))
