"""What a canary's run says of its steps."""

import pytest

from shared.domain.canary_run import CanaryRun, CanaryStep
from tests.world import START


def a_run(*steps: CanaryStep) -> CanaryRun:
    return CanaryRun(id="r", device="d", partner="lookout", started_at=START, steps=steps)


BLOCKED = CanaryStep(step="blocked", seconds=41.5)
RELEASED = CanaryStep(step="released", seconds=12)
MISSED = CanaryStep(step="released", seconds=600, missed="the tag is still mtd-block-high")


@pytest.mark.parametrize(
    ("run", "blocked", "released", "missed"),
    [
        (a_run(BLOCKED, RELEASED), 41.5, 12, None),
        (a_run(BLOCKED, MISSED), 41.5, None, MISSED),
        (a_run(BLOCKED), 41.5, None, None),
        (a_run(), None, None, None),
    ],
    ids=["all happened", "the last was missed", "the last was not come to", "none was come to"],
)
def test_a_step_that_was_missed_or_not_come_to_took_no_time(
    run: CanaryRun, blocked: float | None, released: float | None, missed: CanaryStep | None
) -> None:
    assert (run.seconds("blocked"), run.seconds("released")) == (blocked, released)
    assert run.missed == missed


def test_a_run_is_kept_with_its_device() -> None:
    assert (a_run().partition, a_run().what) == ("d", "canary")
