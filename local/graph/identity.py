"""App Service's managed identity endpoint (2019-08-01), and the check of the tokens it gave out.

Tokens are good for 24 real hours (azure-identity caches them by the real clock), for any resource and with
every permission: audiences, roles and consent are left out.
"""

import hashlib
import hmac
import time

from aiohttp import web

from local.graph.problem import GraphProblem

API_VERSION = "2019-08-01"
IDENTITY_HEADER = "local"
LIFETIME = 24 * 60 * 60


class Identity:
    """Issues tokens under one key and knows them again."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    async def token(self, request: web.Request) -> web.Response:
        """GET /msi/token, as `IDENTITY_ENDPOINT` (App Service: how to use managed identities)."""
        if request.headers.get("X-IDENTITY-HEADER") != IDENTITY_HEADER:
            return web.json_response({"statusCode": 401, "message": "X-IDENTITY-HEADER is wrong"}, status=401)
        resource = request.query.get("resource")
        if not resource or request.query.get("api-version") != API_VERSION:
            return web.json_response({"statusCode": 400, "message": "resource or api-version"}, status=400)
        expires = str(int(time.time()) + LIFETIME)
        access_token = f"{expires}.{self._signature(expires)}"
        answer = {"access_token": access_token, "expires_on": expires, "resource": resource}
        return web.json_response(answer | {"token_type": "Bearer"})

    def check(self, authorization: str) -> None:
        """Refuses with 401 what is not `Bearer` and one of our unexpired tokens."""
        expires, _, signature = authorization.removeprefix("Bearer ").partition(".")
        ours = hmac.compare_digest(self._signature(expires).encode(), signature.encode(errors="replace"))
        if not authorization.startswith("Bearer ") or not ours or int(expires) <= time.time():
            raise GraphProblem(
                401, "InvalidAuthenticationToken", "Access token is empty, expired or not ours."
            )

    def _signature(self, expires: str) -> str:
        return hmac.new(self._key, expires.encode(errors="replace"), hashlib.sha256).hexdigest()
