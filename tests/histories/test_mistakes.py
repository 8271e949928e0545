"""Each seeded mistake has its shortest history, which holds without it: the invariants are seen to fail."""

import pytest

from tests.histories.history import Step
from tests.histories.instances import Trouble
from tests.histories.mistakes import MISTAKES
from tests.histories.operation import Operation
from tests.histories.operations.admins import LinkByHand, UnlinkByHand
from tests.histories.operations.intune import FOREIGN, AppSync, Write
from tests.histories.operations.machine import Feed, Pass, Sync
from tests.histories.operations.partners import Deliver, NameAnother
from tests.histories.stories import play

_KNOWN = [Step.of(Sync()), Step.of(Deliver(0, "check_in", "x", -60))]


def _fed(*lanes: Operation, stands_still: int = 0) -> Step:
    return Step(tuple((each, Feed(100)) for each in lanes), stands_still=stands_still)


CASES = {
    "the cursor is written before its work": [
        Step(((Deliver(2, "detection", "y", -2), Feed(100)),), 4, Trouble.AWAY)
    ],
    "the slot is written without its revision": [
        *_KNOWN,
        _fed(Deliver(0, "resolution", "x", -2), Deliver(0, "detection", "x", 0), stands_still=2),
    ],
    "a device is frozen": [
        *_KNOWN,
        _fed(Deliver(1, "check_in", "x", -60)),
        _fed(NameAnother(0, 1)),
        Step.of(Pass(1)),
        _fed(Deliver(0, "check_in", "x", 0)),
        _fed(Deliver(1, "detection", "x", 0)),
    ],
    "the guard is entered after the PATCH": [
        *_KNOWN,
        _fed(Deliver(2, "detection", "y", -2)),
        _fed(Deliver(0, "detection", "x", -2)),
    ],
    "the purge is left to the next run": [
        *map(Step.of, (AppSync(on=True, personal=True), *[Sync()] * 2, AppSync(on=False, personal=False)))
    ],
    "an undone link is withdrawn over a live slot": [
        *_KNOWN,
        Step.of(Feed(100)),
        _fed(UnlinkByHand(0, "own"), LinkByHand(0, 0, "own"), stands_still=2),
    ],
    "somebody else's value is overwritten": [
        *_KNOWN,
        Step.of(Write(0, FOREIGN)),
        _fed(Deliver(0, "detection", "x", 0)),
    ],
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_fails_its_history_which_holds_without_it(name: str) -> None:
    play(CASES[name])
    with MISTAKES[name](), pytest.raises(AssertionError):
        play(CASES[name])
