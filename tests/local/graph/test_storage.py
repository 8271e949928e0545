"""Links to files, and the files behind them."""

import asyncio
import pathlib

from aiohttp.test_utils import TestClient, TestServer

from local.graph.server import create_app
from tests.local.graph.exporting import JOBS, ORDER, export, fetch
from tests.local.graph.simulator import Simulator


def found(folder: pathlib.Path, pattern: str) -> list[pathlib.Path]:
    return [*folder.glob(pattern)]


async def test_storage_refuses_a_token_a_changed_link_and_an_expired_one(simulator: Simulator) -> None:
    url = (await export(simulator))["url"]
    assert await fetch(url, Authorization=simulator.http.headers["Authorization"]) == (
        400,
        b'<?xml version="1.0" encoding="utf-8"?><Error><Code>InvalidAuthenticationInfo</Code></Error>',
    )
    assert (await fetch(url.replace("se=1970", "se=2070")))[0] == 403
    assert (await fetch(url.replace("sig=", "sig=x")))[0] == 403
    simulator.clock.now += 6 * 3600 - 1
    assert (await fetch(url))[0] == 200
    simulator.clock.now += 1
    status, body = await fetch(url)
    assert (status, b"AuthenticationFailed" in body) == (403, True)


async def test_the_files_go_with_the_simulator_even_if_one_is_being_written(tmp_path: pathlib.Path) -> None:
    app = create_app(tmp_path / "graph.db")
    async with TestClient(TestServer(app)) as client:
        answer = await client.get(
            "/msi/token?resource=r&api-version=2019-08-01", headers={"X-IDENTITY-HEADER": "local"}
        )
        headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
        devices = [{"id": f"d{number}", "operatingSystem": "iOS"} for number in range(5000)]
        assert (await client.post("/_sim/devices", json=devices)).status == 204
        assert (await client.post("/_sim/synthetic-apps", json={"apps_per_device": 60})).status == 204
        assert (await client.post(JOBS, json=ORDER, headers=headers)).status == 201
        for _ in range(1000):
            if found(tmp_path, "exports-*/*.zip"):
                break
            await asyncio.sleep(0.01)
        assert len(found(tmp_path, "exports-*/*.zip")) == 1
    assert not found(tmp_path, "exports-*")
