"""Tokens: real azure-identity gets them, and nothing else opens /v1.0."""

import asyncio
import hashlib
import hmac

import azure.identity
import azure.identity.aio
import pytest

from local.graph.identity import Identity
from local.graph.problem import GraphProblem
from tests.local.graph.simulator import Simulator

SCOPE = "https://graph.microsoft.com/.default"
CONNECTORS = "/v1.0/deviceManagement/mobileThreatDefenseConnectors"


@pytest.fixture
def identity_endpoint(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", str(simulator.url / "msi/token"))
    monkeypatch.setenv("IDENTITY_HEADER", "local")


async def status_with(simulator: Simulator, authorization: str) -> int:
    async with simulator.http.get(CONNECTORS, headers={"Authorization": authorization}) as response:
        return response.status


@pytest.mark.usefixtures("identity_endpoint")
async def test_the_async_default_credential_gets_a_token_that_opens_graph(simulator: Simulator) -> None:
    async with azure.identity.aio.DefaultAzureCredential() as credential:
        token = await credential.get_token(SCOPE)
    assert await status_with(simulator, f"Bearer {token.token}") == 200


@pytest.mark.usefixtures("identity_endpoint")
async def test_the_sync_credential_gets_one_too(simulator: Simulator) -> None:
    with azure.identity.ManagedIdentityCredential(client_id="some-client") as credential:
        token = await asyncio.to_thread(credential.get_token, SCOPE)
    assert await status_with(simulator, f"Bearer {token.token}") == 200


@pytest.mark.parametrize(
    ("header", "query", "status"),
    [
        ("local", "?resource=r&api-version=2019-08-01", 200),
        ("wrong", "?resource=r&api-version=2019-08-01", 401),
        ("local", "?resource=r&api-version=2017-09-01", 400),
        ("local", "?api-version=2019-08-01", 400),
    ],
)
async def test_the_endpoint_wants_its_header_version_and_resource(
    simulator: Simulator, header: str, query: str, status: int
) -> None:
    headers = {"X-IDENTITY-HEADER": header}
    async with simulator.http.get("/msi/token" + query, headers=headers) as response:
        assert response.status == status


@pytest.mark.parametrize(
    "authorization", ["", "Bearer x", "Bearer 9999999999.00", "Basic eA==", "Bearer \udcff"]
)
async def test_anything_but_our_token_gets_401(simulator: Simulator, authorization: str) -> None:
    assert await status_with(simulator, authorization) == 401
    async with simulator.http.get(CONNECTORS, headers={"Authorization": authorization}) as response:
        assert (await response.json())["error"]["code"] == "InvalidAuthenticationToken"


def test_an_expired_token_is_refused_though_we_signed_it() -> None:
    def signed(expires: str) -> str:
        return f"Bearer {expires}.{hmac.new(b'key', expires.encode(), hashlib.sha256).hexdigest()}"

    Identity(b"key").check(signed("9999999999"))
    with pytest.raises(GraphProblem):
        Identity(b"key").check(signed("1000000000"))
