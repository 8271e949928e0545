"""A simulator on a loopback port, an authenticated HTTP session, and the real SDK."""

from collections.abc import AsyncIterator

import aiohttp
import httpx
import pytest
from aiohttp.test_utils import TestServer
from azure.identity.aio import ManagedIdentityCredential
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph_core import GraphClientFactory

from local.graph.server import create_app
from tests.local.graph.exporting import NAMES
from tests.local.graph.simulator import PHONE, Clock, Simulator


def pytest_configure(config: pytest.Config) -> None:
    """The SDK's modules warn of themselves when they are first imported, and here warnings are errors."""
    for package in ("msgraph", "kiota_abstractions"):
        config.addinivalue_line("filterwarnings", f"ignore::DeprecationWarning:{package}[.]")


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    clock = Clock()
    app = create_app(None, clock=clock, page_size=2)
    async with TestServer(app) as server:
        base = server.make_url("/")
        query = {"resource": "https://graph.microsoft.com", "api-version": "2019-08-01"}
        async with aiohttp.ClientSession(base) as anonymous:
            headers = {"X-IDENTITY-HEADER": "local"}
            async with anonymous.get("/msi/token", params=query, headers=headers) as response:
                token = (await response.json())["access_token"]
        async with aiohttp.ClientSession(base, headers={"Authorization": f"Bearer {token}"}) as http:
            yield Simulator(app, base, http, clock)


@pytest.fixture
async def sdk(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[GraphServiceClient]:
    monkeypatch.setenv("IDENTITY_ENDPOINT", str(simulator.url / "msi/token"))
    monkeypatch.setenv("IDENTITY_HEADER", "local")
    async with ManagedIdentityCredential() as credential:
        # The SDK's transport does not close the one it wraps (msgraph-core 1.5.2): close that one.
        transport = httpx.AsyncHTTPTransport()
        client = httpx.AsyncClient(transport=transport)
        http = GraphClientFactory.create_with_default_middleware(client=client)
        scopes = ["https://graph.microsoft.com/.default"]
        adapter = GraphRequestAdapter(AzureIdentityAuthenticationProvider(credential, scopes=scopes), http)
        adapter.base_url = str(simulator.url / "v1.0")
        yield GraphServiceClient(request_adapter=adapter)
        await transport.aclose()


@pytest.fixture
def phone(simulator: Simulator) -> str:
    """The deviceId of a registered iPhone."""
    simulator.state.put_entra_device({"deviceId": PHONE, "displayName": "phone", "operatingSystem": "iOS"})
    return PHONE


@pytest.fixture
async def apps(simulator: Simulator) -> None:
    """An iPhone whose apps have difficult names, and an Android phone with one app."""
    simulator.state.put_managed_device({"id": "i1", "operatingSystem": "iOS", "deviceName": "phone"})
    simulator.state.put_managed_device({"id": "a1", "operatingSystem": "Android"})
    named = [{"ApplicationName": name} for name in NAMES]
    put = [{"deviceId": "i1", "apps": named}, {"deviceId": "a1", "apps": [{"ApplicationName": "other"}]}]
    assert (await simulator.ask("POST", "/_sim/detected-apps", put))[0] == 204
