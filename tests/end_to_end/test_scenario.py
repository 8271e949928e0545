"""The sample scenario, as `make scenario` plays it, also over a crash."""

import asyncio
import json
import pathlib
import uuid
from datetime import UTC, datetime

from local.scenario.app_inventory import collected_as_opted_in
from local.scenario.steps import STEPS
from tests.end_to_end.machine import environment, machine

[APPS] = [name for name, step in STEPS.items() if step is collected_as_opted_in]
"""The step that reads a partner's whole inventory, also what earlier runs left in it."""


async def test_the_scenario_holds_and_prints_its_steps_and_holds_again_on_the_same_data(
    tmp_path: pathlib.Path,
) -> None:
    data = tmp_path / "data"
    async with machine(data, "--scenario", env=environment()) as one:
        assert await one.ended() == 0, one.lines
    steps = [line[:3] for line in one.lines if line.startswith("(")]
    assert steps == [f"({name})" for name in STEPS]
    assert one.lines[-1] == "the scenario holds"
    # Of another run the step that reads every phone's apps: the whole would take minutes more.
    done = [name for name in STEPS if name != APPS]
    journal = {"run": uuid.uuid4().hex, "started": datetime.now(UTC).isoformat(), "done": done}
    (data / "scenario.json").write_text(json.dumps(journal))
    async with machine(data, "--scenario", env=environment()) as again:
        assert await again.ended() == 0, again.lines
    assert [line[:3] for line in again.lines if line.startswith("(")] == [f"({APPS})"]


async def test_a_crash_in_the_middle_of_step_b_loses_nothing(tmp_path: pathlib.Path) -> None:
    env = environment()
    async with machine(tmp_path / "data", "--scenario", env=env) as one:
        await one.until("(a)")
        await asyncio.sleep(0.05)
        await one.killed()
    async with machine(tmp_path / "data", "--scenario", env=env) as again:
        await again.until("(d)")
    assert any("going on with the run that was cut off after step (a)" in line for line in again.lines)
    assert next(line[:3] for line in again.lines if line.startswith("(")) == "(b)"
