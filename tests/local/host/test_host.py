"""Starting and stopping."""

import asyncio
import pathlib
import threading

import azure.functions as func
import pytest

from local.host import host as host_module
from local.host.errors import HostError
from tests.local.host.conftest import Bench, Clock, Until


def waiting_app(started: asyncio.Event, ended: list[str]) -> func.FunctionApp:
    app = func.FunctionApp()

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 * * *", run_on_startup=True)
    async def tick(timer: func.TimerRequest) -> None:
        started.set()
        try:
            await asyncio.sleep(0.3)
            ended.append("well")
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    return app


async def test_stop_waits_for_what_runs(bench: Bench) -> None:
    started, ended = asyncio.Event(), list[str]()
    host = await bench.start(waiting_app(started, ended))
    await started.wait()
    await host.stop()
    assert ended == ["well"]


async def test_stop_does_not_wait_for_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "PATIENCE", 0.01)
    started, ended = asyncio.Event(), list[str]()
    host = await bench.start(waiting_app(started, ended))
    await started.wait()
    await host.stop()
    assert ended == ["cancelled"]


async def test_stop_leaves_no_task(bench: Bench) -> None:
    before = asyncio.all_tasks()
    host = await bench.start(waiting_app(asyncio.Event(), []))
    assert asyncio.all_tasks() > before
    await host.stop()
    assert asyncio.all_tasks() == before


async def test_one_function_that_blocks_does_not_hold_up_another(bench: Bench, until: Until) -> None:
    app, release, seen = func.FunctionApp(func.AuthLevel.ANONYMOUS), threading.Event(), list[str]()

    @app.route("slow")
    def slow(req: func.HttpRequest) -> str:
        seen.append("slow")
        release.wait(5)
        return "slow"

    @app.route("quick")
    def quick(req: func.HttpRequest) -> str:
        return "quick"

    client = await bench.web(app)
    waiting = asyncio.create_task(client.get("/api/slow"))
    await until(lambda: seen)
    assert await (await client.get("/api/quick")).text() == "quick"
    release.set()
    assert (await waiting).status == 200


async def test_a_loop_that_breaks_is_reported(bench: Bench, clock: Clock, until: Until) -> None:
    host = await bench.start(waiting_app(asyncio.Event(), []))
    clock.now = None  # type: ignore[assignment]
    await until(lambda: host.failures)
    assert host.failures[0].function == "tick"


async def test_a_broken_status_file_is_named(bench: Bench, tmp_path: pathlib.Path) -> None:
    (tmp_path / "tick.timer.json").write_text("{}")
    with pytest.raises(HostError, match=r"function tick: .*tick\.timer\.json is no timer status"):
        await bench.start(waiting_app(asyncio.Event(), []), state=tmp_path)
