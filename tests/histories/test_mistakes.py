"""Each seeded mistake has its shortest history, which holds without it: the invariants are seen to fail."""

import pytest

from shared.domain.level import Level
from shared.domain.mode import Mode
from tests.histories.history import QUIET, Step
from tests.histories.instances import Trouble
from tests.histories.mistakes import MISTAKES
from tests.histories.operation import Operation
from tests.histories.operations.admins import (
    ChooseMode,
    GiveOverride,
    LinkByHand,
    Redrive,
    Release,
    UnlinkByHand,
)
from tests.histories.operations.intune import FOREIGN, AppSync, Own, Rule, Switch, Write
from tests.histories.operations.machine import Feed, Pass, Sync
from tests.histories.operations.partners import Deliver, HalfReadable, NameAnother
from tests.histories.stories import play

_KNOWN = [Step.of(Sync()), Step.of(Deliver(0, "check_in", "x", -60))]


def _fed(*lanes: Operation, stands_still: int = 0) -> Step:
    return Step(tuple((each, Feed(100)) for each in lanes), stands_still=stands_still)


_ALL_KNOWN = [Step.of(Sync()), *(Step.of(Deliver(place, "check_in", "x", -60)) for place in range(3))]
_HIGH = _fed(Deliver(0, "detection", "x", 0))
_REPORTS_ALONE = Step.of(ChooseMode(Mode.REPORT))


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
        _HIGH,
    ],
    "an agent takes with it what it had found": [*_ALL_KNOWN, _HIGH, _fed(NameAnother(0, 1))],
    "who is silent does not count": [*_KNOWN, _HIGH],
    "an override covers what is reported later": [
        *_KNOWN,
        _HIGH,
        Step.of(GiveOverride(0, 6)),
        _fed(Deliver(0, "detection", "y", 0)),
        QUIET,
    ],
    "an override does nothing": [*_KNOWN, _HIGH, Step.of(GiveOverride(0, 6)), QUIET],
    "a link does nothing": [*_ALL_KNOWN, Step.of(Feed(100)), Step.of(LinkByHand(0, 1, "own"))],
    "an undone link stays": [*_ALL_KNOWN, Step.of(Feed(100)), Step.of(UnlinkByHand(0, "own"))],
    "a release does nothing": [*_KNOWN, _HIGH, _REPORTS_ALONE, Step.of(Release())],
    "sessions are never revoked": [*_KNOWN, _HIGH],
    "sessions are revoked at every block": [
        Step.of(Rule("iOS", Level.SECURED)),
        *_KNOWN,
        _fed(Deliver(0, "low_threat", "x", 0)),
    ],
    "a letter is lost": [*map(Step.of, (HalfReadable(0, "x"), Pass(1), HalfReadable(0, "x"), Redrive(0)))],
    "Entra is written in any mode": [*_KNOWN, Step.of(Feed(100)), _REPORTS_ALONE, _HIGH],
    "every sync writes every tag": [*_KNOWN, _HIGH],
    "two syncs run at once": [*_KNOWN, Step(((Sync(),), (Sync(),)), order=(0, 0, 1, 1, 0, 1, 0, 1))],
    "a partner that is switched off counts": [*_KNOWN, Step.of(Switch("lookout", on=False)), _HIGH],
    "somebody's own phone is taken for the company's": [
        *map(Step.of, (AppSync(on=True, personal=False), *[Sync()] * 3, Own(0, personal=True), Sync()))
    ],
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_fails_its_history_which_holds_without_it(name: str) -> None:
    play(CASES[name])
    with MISTAKES[name](), pytest.raises(AssertionError):
        play(CASES[name])
