"""Histories that failed once, as short as they are."""

import pytest

from shared.domain.mode import Mode
from tests.histories.history import QUIET, Step
from tests.histories.instances import Trouble
from tests.histories.operations.admins import ChooseMode, GiveOverride, LinkByHand, Release, UnlinkByHand
from tests.histories.operations.intune import AppSync, Count, Own, Switch
from tests.histories.operations.machine import Feed, Pass, Rewind, Sync
from tests.histories.operations.partners import Deliver, DeliverStray, NameAnother
from tests.histories.operations.polled import Happen
from tests.histories.stories import play
from tests.histories.tenant import STRAY

CASES = {
    "a message is received once its partner's heartbeat is recorded": [
        Step(((DeliverStray(0, "check_in", "x", -45), Feed(100)),), 1, Trouble.SLOW)
    ],
    "a partner without a connector cannot be switched off": [
        Step(((Count("iOS", on=True, partner=STRAY),), (Switch(STRAY, on=False),)), stands_still=2)
    ],
    "back in enforce a released phone is blocked again": [
        Step.of(Sync()),
        Step.of(Deliver(0, "check_in", "x", -60)),
        Step(((Deliver(0, "detection", "x", 0), Feed(100)),)),
        Step.of(ChooseMode(Mode.REPORT)),
        Step.of(Release()),
    ],
    "a device log clears up to what it has seen": [
        Step.of(DeliverStray(0, "check_in", "y", -45)),
        Step.of(Pass(12)),
        Step(((DeliverStray(0, "detection", "y", -45), Feed(100)),)),
    ],
    "a move that was cut off is finished before the agent moves on": [
        Step(((NameAnother(1, 0), Feed(100)),)),
        Step(((Sync(),),), 4, Trouble.SLOW),
        Step(((NameAnother(1, 2), Feed(100)),), 9, Trouble.CRASH_AFTER),
        Step(((Deliver(1, "check_in", "x", 30),),), 1, Trouble.SLOW),
    ],
    "what a mode that does nothing leaves undone is done in the next": [
        Step.of(Sync()),
        *(Step.of(Deliver(place, "check_in", "x", -60)) for place in (0, 2)),
        Step.of(Feed(100)),
        Step.of(Deliver(0, "detection", "x", -2)),
        Step(((Sync(), Feed(100)),), 61, Trouble.REFUSED),
        Step.of(ChooseMode(Mode.OFF)),
        QUIET,
    ],
    "a newer agent's all-clear supersedes an older agent": [
        Step.of(Sync()),
        *(Step.of(Deliver(place, "check_in", "x", -60)) for place in (0, 1)),
        Step.of(Feed(100)),
        Step.of(Deliver(0, "check_in", "y", 0)),
        Step(((LinkByHand(0, 1, "own"), Feed(100)),)),
        Step(((Pass(-3), Feed(100)),)),
        Step.of(Deliver(1, "detection", "x", 0)),
    ],
    "what a purge was cut off in is done by the next sync": [
        Step(((AppSync(on=True, personal=False), Feed(100)),)),
        Step(((Sync(), Feed(100)),)),
        Step.of(Own(0, personal=True)),
        Step(((Sync(), Feed(100)),), 29, Trouble.CRASH_AFTER),
        QUIET,
    ],
    "a block that was undone in the same step was one": [
        Step.of(Sync()),
        Step.of(Deliver(1, "check_in", "x", -60)),
        Step.of(Feed(100)),
        Step(((Deliver(1, "low_threat", "y", -2),), (Deliver(1, "detection", "x", 30),)), stands_still=2),
        Step(((UnlinkByHand(1, "own"), Feed(100)), (NameAnother(2, 1), Feed(100))), stands_still=2),
    ],
    "of the same moment something is said once more": [
        Step.of(Deliver(0, "check_in", "x", -60)),
        Step.of(Sync()),
        Step(((Happen(0, "detection", "y"), Feed(100)),)),
        Step.of(Deliver(0, "detection", "y", 30)),
        Step(((Rewind(), Feed(100)),)),
        Step.of(GiveOverride(0, 6)),
        QUIET,
    ],
    "what came late says where an agent was, not where it is": [
        Step.of(NameAnother(2, 0)),
        Step(((Sync(), Feed(100)),), 4, Trouble.SLOW),
        Step.of(Deliver(2, "check_in", "x", -45)),
    ],
}


@pytest.mark.parametrize("name", CASES)
def test_a_history_that_failed_once_holds(name: str) -> None:
    play(CASES[name])
