"""A failing history loses all that it fails without."""

import pytest

from tests.histories import shrinking
from tests.histories.history import Step
from tests.histories.instances import Trouble
from tests.histories.operations.machine import Feed, Minute, Pass, Sync


def test_what_is_left_is_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    def play(story: list[Step]) -> None:
        kinds = [type(each) for step in story for lane in step.lanes for each in lane]
        if Minute in kinds and Sync in kinds[kinds.index(Minute) :]:
            raise AssertionError

    monkeypatch.setattr(shrinking, "play", play)
    story = [
        Step.of(Pass(1)),
        Step(((Minute(),), (Feed(1),)), stands_still=1),
        *[Step.of(Feed(1))] * 5,
        Step(((Sync(),),), 3, Trouble.SLOW),
        Step.of(Pass(1)),
    ]
    assert shrinking.shrunk(story) == [Step.of(Minute()), Step.of(Sync())]
    assert shrinking.shrunk(story, seconds=0) == story
