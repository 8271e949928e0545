"""Timer functions: schedules, past-due runs, the status that survives a restart, the admin endpoint."""

import asyncio
import os
import pathlib
from contextlib import nullcontext
from typing import Any

import azure.functions as func
import pytest
from azure.functions.timer import TimerRequest

from local.host.errors import HostError
from tests.local.host.conftest import Bench, Clock, Until

NEVER = "0001-01-01T00:00:00+00:00"


class Timer:
    """An app with one timer function that keeps what it was given."""

    def __init__(self, schedule: str = "0 0 * * * *", *, retry: dict[str, Any] | None = None, **options: Any):
        self.app = func.FunctionApp()
        self.seen: list[TimerRequest] = []
        self.retries: list[int] = []
        self.errors: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.running = self.most = 0

        async def tick(timer: func.TimerRequest, context: func.Context) -> None:
            assert isinstance(timer, TimerRequest)
            self.seen.append(timer)
            self.retries.append(context.retry_context.retry_count)
            self.running += 1
            self.most = max(self.most, self.running)
            try:
                await self.gate.wait()
                if self.errors:
                    raise self.errors.pop(0)
            finally:
                self.running -= 1

        if retry:
            tick = self.app.retry(**retry)(tick)
        self.app.timer_trigger(arg_name="timer", schedule=schedule, **options)(tick)


async def settle() -> None:
    await asyncio.sleep(0.12)


@pytest.mark.parametrize(
    ("schedule", "next_run"),
    [
        ("*/30 * * * * *", "2026-01-01T00:00:30+00:00"),
        ("0 30 9 * * *", "2026-01-01T09:30:00+00:00"),
        ("0 0 0 * * 0", "2026-01-04T00:00:00+00:00"),
        ("0 0 9 * * MON-FRI", "2026-01-01T09:00:00+00:00"),
        ("0 0 9 1 * 1", "2026-06-01T09:00:00+00:00"),
        ("0 0 0 1 Feb,Mar *", "2026-02-01T00:00:00+00:00"),
    ],
)
async def test_a_schedule_has_seconds_first_and_both_days_must_match(
    bench: Bench, until: Until, schedule: str, next_run: str
) -> None:
    timer = Timer(schedule, run_on_startup=True)
    await bench.start(timer.app)
    await until(lambda: timer.seen)
    status = timer.seen[0].schedule_status
    if status:  # not kept for what runs every half minute
        assert status["Next"] == next_run
    else:
        assert schedule.startswith("*/30")


@pytest.mark.parametrize(
    "schedule",
    [
        "* * * * *",
        "0 0 0 30 2 *",
        "0 0 0 L * *",
        "0 0 0 * * 7",
        "@hourly",
        "01:00:00",
        "nonsense",
    ],
)
def test_a_schedule_that_is_not_understood_is_refused(bench: Bench, schedule: str) -> None:
    with pytest.raises(HostError, match="function tick: schedule "):
        bench.make(Timer(schedule).app)


def test_a_schedule_may_be_a_setting(bench: Bench) -> None:
    bench.make(Timer("%WHEN%").app, settings={"WHEN": "0 0 0 * * *"})
    with pytest.raises(HostError, match="function tick: schedule needs setting WHEN"):
        bench.make(Timer("%WHEN%").app)


async def test_a_timer_runs_when_its_time_comes_and_not_before(
    bench: Bench, clock: Clock, until: Until
) -> None:
    timer = Timer()
    await bench.start(timer.app)
    clock.advance(minutes=59, seconds=59)
    await settle()
    assert not timer.seen
    clock.advance(seconds=1)
    await until(lambda: len(timer.seen) == 1)
    assert not timer.seen[0].past_due
    assert timer.seen[0].schedule_status["Last"] == NEVER
    clock.advance(hours=1)
    await until(lambda: len(timer.seen) == 2)
    assert timer.seen[1].schedule_status == {
        "Last": "2026-01-01T01:00:00+00:00",
        "LastUpdated": "2026-01-01T01:00:00+00:00",
        "Next": "2026-01-01T02:00:00+00:00",
    }


async def test_a_slow_run_delays_the_next_and_missed_ones_come_as_one(
    bench: Bench, clock: Clock, until: Until
) -> None:
    timer = Timer()
    await bench.start(timer.app)
    timer.gate.clear()
    clock.advance(hours=1)
    await until(lambda: timer.running)
    clock.advance(hours=3)
    await settle()
    timer.gate.set()
    await until(lambda: len(timer.seen) == 2)
    await settle()
    assert (len(timer.seen), timer.most) == (2, 1)


async def test_a_timer_runs_at_start_up_only_when_asked_to(bench: Bench, until: Until) -> None:
    eager, lazy = Timer(run_on_startup=True), Timer()
    await bench.start(eager.app)
    await bench.start(lazy.app)
    await until(lambda: eager.seen)
    await settle()
    assert not eager.seen[0].past_due
    assert not lazy.seen


async def test_a_run_missed_while_the_host_was_away_is_past_due(
    bench: Bench, clock: Clock, until: Until, tmp_path: pathlib.Path
) -> None:
    await (await bench.start(Timer().app, state=tmp_path)).stop()
    clock.advance(hours=1, minutes=5)
    late = Timer()
    host = await bench.start(late.app, state=tmp_path)
    await until(lambda: late.seen)
    assert late.seen[0].past_due
    assert late.seen[0].schedule_status["Next"] == "2026-01-01T01:00:00+00:00"
    await host.stop()
    again = Timer()
    await bench.start(again.app, state=tmp_path)
    await settle()
    assert not again.seen


async def test_a_restart_before_the_next_run_is_not_past_due(
    bench: Bench, clock: Clock, tmp_path: pathlib.Path
) -> None:
    await (await bench.start(Timer().app, state=tmp_path)).stop()
    clock.advance(minutes=59)
    timer = Timer()
    await bench.start(timer.app, state=tmp_path)
    await settle()
    assert not timer.seen


@pytest.mark.parametrize("options", [{"use_monitor": False}, {"schedule": "*/30 * * * * *"}])
async def test_without_a_monitor_nothing_is_remembered(
    bench: Bench, clock: Clock, tmp_path: pathlib.Path, options: dict[str, Any]
) -> None:
    host = await bench.start(Timer(**options).app, state=tmp_path)
    await settle()
    await host.stop()
    assert not os.listdir(tmp_path)  # noqa: PTH208 - no coroutine of pathlib
    clock.advance(days=1)
    timer = Timer(**options)
    await bench.start(timer.app, state=tmp_path)
    await settle()
    assert not timer.seen


async def test_a_failed_run_is_not_repeated_without_a_policy(
    bench: Bench, clock: Clock, until: Until
) -> None:
    timer = Timer()
    timer.errors = [ValueError("no")]
    host = await bench.start(timer.app)
    clock.advance(hours=1)
    await until(lambda: host.failures)
    await settle()
    assert len(timer.seen) == 1
    clock.advance(hours=1)
    await until(lambda: len(timer.seen) == 2)


async def test_a_failed_run_is_repeated_by_its_policy(bench: Bench, clock: Clock, until: Until) -> None:
    policy: dict[str, Any] = {"strategy": "fixed_delay", "max_retry_count": "2", "delay_interval": "00:00:00"}
    timer = Timer(retry=policy)
    timer.errors = [ValueError("no")] * 3
    host = await bench.start(timer.app)
    clock.advance(hours=1)
    await until(lambda: len(host.failures) == 3)
    await settle()
    assert timer.retries == [0, 1, 2]


async def test_trigger_runs_a_timer_once_and_raises_what_it_raised(bench: Bench) -> None:
    timer = Timer()
    host = bench.make(timer.app)
    await host.trigger("tick")
    timer.errors = [ValueError("no")]
    with pytest.raises(ValueError, match="no"):
        await host.trigger("tick")
    assert len(timer.seen) == 2
    with pytest.raises(HostError, match="no timer function tock"):
        await host.trigger("tock")


@pytest.mark.parametrize(("value", "runs"), [("true", False), ("1", False), ("false", True), ("", True)])
async def test_a_disabled_function_is_not_there(bench: Bench, value: str, runs: bool) -> None:
    timer = Timer()
    host = bench.make(timer.app, settings={"AzureWebJobs.tick.Disabled": value})
    with nullcontext() if runs else pytest.raises(HostError, match="no timer function tick"):
        await host.trigger("tick")
    assert len(timer.seen) == runs


async def test_trigger_and_schedule_do_not_overlap(bench: Bench, clock: Clock, until: Until) -> None:
    timer = Timer()
    host = await bench.start(timer.app)
    timer.gate.clear()
    clock.advance(hours=1)
    await until(lambda: timer.running)
    asked = asyncio.create_task(host.trigger("tick"))
    await settle()
    timer.gate.set()
    await asked
    assert (len(timer.seen), timer.most) == (2, 1)


async def test_the_admin_endpoint_runs_a_timer_for_who_has_the_key(bench: Bench, until: Until) -> None:
    timer = Timer()
    client = await bench.web(timer.app, settings={"LOCAL_FUNCTION_KEY": "secret"})
    key = {"x-functions-key": "secret"}
    assert (await client.post("/admin/functions/tick")).status == 401
    assert (await client.post("/admin/functions/tock", headers=key)).status == 404
    assert not timer.seen
    assert (await client.post("/admin/functions/tick", headers=key, json={})).status == 202
    await until(lambda: len(timer.seen) == 1)


async def test_a_return_value_is_refused_where_nothing_takes_it(bench: Bench) -> None:
    app = func.FunctionApp()

    @app.timer_trigger(arg_name="timer", schedule="0 0 0 * * *")
    def tick(timer: func.TimerRequest) -> str:
        return "lost"

    with pytest.raises(RuntimeError, match=r"without a \$return binding"):
        await bench.make(app).trigger("tick")
