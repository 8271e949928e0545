"""The settings a run on this machine goes by."""

import pathlib
from contextlib import AsyncExitStack

import aiohttp
import pytest
from azure.cosmos.aio import CosmosClient

from ingest_threat import authentication, partners
from ingest_threat.start import check
from local.cosmos.account import EMULATOR_KEY
from local.host.settings import load_settings
from local.ports import free_port
from local.sample_tenant import PLATFORM
from local.stack import ADMINS, PORTS, ROOT, read_settings, servers
from shared.containers import CONTAINERS
from shared.domain.authentication import Scheme
from shared.settings import read


def test_admins_write_with_tokens_of_the_simulated_login_service(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_GRAPH_PORT", "8082")
    settings = read(read_settings(tmp_path))
    assert settings.entra_authority == "http://127.0.0.1:8082"
    assert settings.admin_tenant
    assert settings.admin_audience


def test_a_webhook_secret_is_made_once_for_who_needs_one(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEBHOOK_SECRETS_LOOKOUT", raising=False)
    made = read_settings(tmp_path)["WEBHOOK_SECRETS_LOOKOUT"]
    assert made.startswith("whsec_")
    assert read_settings(tmp_path)["WEBHOOK_SECRETS_LOOKOUT"] == made
    monkeypatch.setenv("AUTH_LOOKOUT", "header")
    assert read_settings(tmp_path)["WEBHOOK_SECRETS_LOOKOUT"] == ""


def test_every_partner_of_the_example_can_prove_itself(tmp_path: pathlib.Path) -> None:
    settings = read(read_settings(tmp_path))
    authentication.check(settings)
    assert {*settings.able()} == PLATFORM.keys() <= partners.known()
    assert {*settings.schemes.values()} | {Scheme.WEBHOOK} == {*Scheme}


def test_the_example_is_what_another_host_of_the_app_is_started_with(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`func start` reads it as it stands: the addresses are those that are served, and the app takes it."""
    for name in PORTS:
        monkeypatch.delenv(name, raising=False)
    example = load_settings(ROOT / "local.settings.json.example")
    filled = read_settings(tmp_path)
    addresses = {"COSMOS", "GRAPH_BASE_URL", "ENTRA_AUTHORITY", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"}
    assert {name: example[name] for name in addresses | ADMINS.keys()} == {
        name: filled[name] for name in addresses | ADMINS.keys()
    }
    assert example["FUNCTIONS_WORKER_RUNTIME"] == "python"
    assert example["AzureWebJobsStorage"] == "UseDevelopmentStorage=true"
    check(read(example))


async def test_what_stands_in_for_the_cloud_is_served_without_a_host(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PORTS:
        monkeypatch.setenv(name, str(free_port()))
    said: list[str] = []
    async with AsyncExitStack() as exits:
        settings = read_settings(tmp_path)
        await servers(exits, tmp_path, settings, said.append)
        async with CosmosClient(f"http://127.0.0.1:{settings['LOCAL_COSMOS_PORT']}", EMULATOR_KEY) as client:
            made = [each["id"] async for each in client.get_database_client("mtd").list_containers()]
        assert {*made} == CONTAINERS.keys()
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{settings['GRAPH_BASE_URL']}/devices") as answer,
        ):
            assert answer.status == 401, "there, and asks who calls"
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(f"http://127.0.0.1:{settings['LOCAL_HOST_PORT']}/api/health")
    assert [line.split()[0] for line in said] == ["Cosmos", "Graph", "Vendors", "Azure"]
