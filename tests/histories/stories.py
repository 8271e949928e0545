"""Histories as hypothesis draws them, and how one is played."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.histories.history import Step, history
from tests.histories.instances import Trouble
from tests.histories.invariants import after_step, check, rest
from tests.histories.operation import Operation, all_kinds, operations_of
from tests.histories.operations.machine import Feed, Sync
from tests.histories.operations.partners import Deliver

ORDERS = st.lists(st.integers(0, 1), max_size=12).map(tuple)
SHORTEST, LONGEST = 4, 18
"""Steps."""
EVERY_DAY: tuple[type[Operation], ...] = (Deliver, Feed, Sync)
FEW = 4
"""Kinds of operations besides those of every day."""
PATIENCE_SECONDS = 60.0
"""For one history; longer means that something waits for ever."""


_KNOWN = (Sync(), *(Deliver(place, "check_in", "x", -60) for place in range(3)), Feed(100))


@st.composite
def steps(draw: Any, operation: st.SearchStrategy[Operation]) -> Step:
    """One operation, or two at once; some of them meet trouble at one of their first calls."""
    ops = tuple(draw(st.lists(operation, min_size=1, max_size=2)))
    trouble = draw(st.none() | st.sampled_from(list(Trouble)))
    at = draw(st.integers(1, ops[0].calls)) if trouble else 0
    return Step(ops, at, trouble, draw(ORDERS) if len(ops) > 1 else ())


@st.composite
def stories(draw: Any) -> list[Step]:
    """Any history there is: from nothing, or from phones that are known and clean.

    Each has a few kinds of operations besides those of every day: so they meet each other more often than
    where all are drawn from all.
    """
    others = [kind for kind in all_kinds() if kind not in EVERY_DAY]
    some = draw(st.lists(st.sampled_from(others), max_size=FEW, unique=True))
    step = steps(operations_of([*EVERY_DAY, *some, *some]))
    begun = [Step((each,)) for each in _KNOWN] if draw(st.booleans()) else []
    then: list[Step] = draw(st.lists(step, min_size=SHORTEST, max_size=LONGEST))
    return begun + then


def play(story: Sequence[Step]) -> None:
    """Play it, let it come to rest, and look; AssertionError says what is wrong, its notes what happened."""
    asyncio.run(asyncio.wait_for(_played(story), PATIENCE_SECONDS))


async def _played(story: Sequence[Step]) -> None:
    async with history() as one:
        try:
            for step in story:
                await one.play(step)
                await after_step(one, step)
            await rest(one)
            await check(one)
        except Exception as error:
            error.add_note("\n".join(one.log))
            raise


@dataclass
class Batch:
    """Histories of one seed, until `until` (of the monotonic clock): then the rest is passed over."""

    seed: int
    size: int = 50
    until: float = math.inf
    shrinks: bool = True
    """Whether one that fails is made as short as it can be, which takes as long again and more."""
    played: int = 0

    def run(self, each: Callable[[], None] = lambda: None) -> BaseException | None:
        """Play them; what was wrong with one, if any. `each` is called after each."""
        phases = (Phase.generate, Phase.shrink) if self.shrinks else (Phase.generate,)
        chosen = settings(
            max_examples=self.size,
            deadline=None,
            database=None,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        )

        @seed(self.seed)
        @chosen
        @given(stories())
        def histories(story: list[Step]) -> None:
            if time.monotonic() < self.until:
                play(story)
                self.played += 1
                each()

        try:
            histories()
        except Exception as wrong:  # noqa: BLE001 - whatever it is, it is what was looked for
            return wrong
        return None
