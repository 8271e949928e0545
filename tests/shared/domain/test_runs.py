"""Whether the run before left something undone."""

import pytest

from shared.domain.runs import Lease, Run, Runs, StepRun
from tests.world import START

HELD = Lease(owner="ours", until=START)


def _run(**steps: bool) -> Run:
    each = tuple(StepRun(step=name, ok=ok, seconds=1) for name, ok in steps.items())
    return Run(started_at=START, seconds=1, steps=each)


@pytest.mark.parametrize(
    ("runs", "through"),
    [
        (Runs(), False),
        (Runs(runs=(_run(apps=True),)), True),
        (Runs(runs=(_run(apps=True, devices=False),)), True),
        (Runs(runs=(_run(apps=False, devices=True),)), False),
        (Runs(runs=(_run(devices=True),)), False),
        (Runs(runs=(_run(apps=False), _run(apps=True))), False),
        (Runs(runs=(_run(apps=True), _run(apps=False))), True),
        (Runs(runs=(_run(apps=True),), lease=HELD), False),
        (Runs(runs=(_run(apps=True).model_copy(update={"overtook": True}),)), False),
    ],
)
def test_a_step_of_the_latest_run_went_through(runs: Runs, through: bool) -> None:
    assert runs.went_through("apps") is through
