"""The smoke test says yes to the app, and no to what is not it."""

import asyncio
import pathlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from infra import smoke
from tests.end_to_end.machine import environment, machine
from tests.world import serving


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "PAUSE_SECONDS", 0.05)


async def test_the_app_passes(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with machine(tmp_path, env=environment()) as one:
        await one.until("Functions")
        assert await asyncio.to_thread(smoke.main, [one.url]) == 0
    assert capsys.readouterr().out.count("ok ") == 4


@pytest.fixture
async def something_else() -> AsyncIterator[str]:
    async def open_to_all(_: web.Request) -> web.Response:
        return web.Response(text="welcome")

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", open_to_all)
    async with serving(app) as address:
        yield address


async def test_an_app_that_lets_everybody_in_fails(
    something_else: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(smoke, "PATIENCE_SECONDS", 0.2)
    assert await asyncio.to_thread(smoke.main, [something_else]) == 1
    assert "WRONG devices are not for everybody: 200" in capsys.readouterr().out


def test_an_address_that_is_none_is_reported() -> None:
    assert smoke.main([]) == 2
    assert smoke.main(["http://app.example.com"]) == 2
