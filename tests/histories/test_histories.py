"""Histories: whatever happens, in whatever order, and whatever goes wrong at any call, comes out as the
reports and the admins have it."""

from hypothesis import HealthCheck, given, settings

from tests.histories.history import Step
from tests.histories.stories import play, stories


@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(stories())
def test_every_history_comes_out_as_its_reports_and_admins_have_it(story: list[Step]) -> None:
    play(story)
