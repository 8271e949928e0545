"""Histories as hypothesis draws them, and how one is played."""

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.engine import ConjectureRunner

from tests.histories.history import QUIET, Step, history
from tests.histories.instances import Trouble
from tests.histories.invariants import (
    after_step,
    check,
    inventory_arrives,
    quiet,
    rest,
    silence_lets_nobody_in,
)
from tests.histories.operation import PLACES, Operation, Subject, all_kinds, operations_of
from tests.histories.operations.intune import AppSync
from tests.histories.operations.machine import Feed, Sync
from tests.histories.operations.partners import Deliver

EPISODES, LONGEST = 5, 20
"""Of a history, and steps of each."""
FEW = 2
"""Kinds of operations besides those of every day and those about one thing."""
PATIENCE_SECONDS = 60.0
"""For one history; longer means that something waits for ever."""

_CLEAN = (Sync(), *(Deliver(place, "check_in", "x", -60) for place in range(3)), Feed(100))
_BEGUN = ((), _CLEAN, _CLEAN, (AppSync(on=True, personal=True), *_CLEAN, Sync()))
"""What a history begins with: nothing, phones that are known and clean, or their apps besides."""

_SHARES = st.sampled_from([20, 50, 80])
"""In a hundred."""
_QUIET = 20
"""Of so many episodes in a hundred there is quiet after them, and a look."""
_HUNDRED = st.integers(0, 99)
_TOGETHER = [None] * 24 + [each for each in Trouble if each is not Trouble.SLOW]
"""What the first meets while the second is at work. Time passes for both, and a lease of half a minute
would be lost while it is used."""
_ORDERS = st.lists(st.integers(0, 1), max_size=12).map(tuple)
_WRITES = st.sampled_from([0, 1, 2, 2, 2, 3, 3])
"""After which an instance stands still: the second is most often an agent's, whose devices follow."""

_FIRST_CALLS = 6
"""Those of an operation that meet trouble more often, as not every one makes more."""

_SUBJECTS = st.sampled_from([*Subject, Subject.LINKS, Subject.LINKS])
"""Links have more to them than anything else; those of every day are drawn besides."""

_Ops = st.SearchStrategy[Operation]


@st.composite
def episodes(draw: Any) -> list[Step]:
    """Some steps of one character: what they are about, which phones, and how often two things happen at
    once.

    Besides operations of every day they have those about one thing, and few others: so these meet each other
    more often than where all are drawn from all.
    """
    usual = [kind for kind in all_kinds() if kind.subject is Subject.EVERY_DAY]
    others = [kind for kind in all_kinds() if kind not in usual]
    subject = draw(_SUBJECTS)
    theme = [kind for kind in others if kind.subject is subject]
    some = theme + draw(st.lists(st.sampled_from(others), min_size=not theme, max_size=FEW))
    places = draw(st.sampled_from([PLACES, st.integers(0, 1)]))
    every_day, rare = operations_of(usual, places), operations_of(some, places)
    often, together = draw(_SHARES), draw(_SHARES)
    step = steps(_either(rare, every_day, often), rare, together)
    drawn = [each for _ in range(draw(st.integers(1, LONGEST))) for each in draw(step)]
    return drawn + [QUIET] * (draw(_HUNDRED) < _QUIET)


def _either(one: _Ops, other: _Ops, share: int) -> _Ops:
    return _HUNDRED.flatmap(lambda at: one if at < share else other)


@st.composite
def steps(draw: Any, operation: _Ops, rare: _Ops, together: int) -> list[Step]:
    """What one instance does; now and then what another does meanwhile, or a call of the first that meets
    trouble. The feed may bring at once what came of it.

    What the other does, it did before as well now and then: so that the first has something to undo.
    """
    first, fed = draw(operation), (Feed(100),) * draw(st.integers(0, 1))
    if draw(_HUNDRED) >= together:
        trouble = draw(st.sampled_from([None, *Trouble]))
        most = first.calls + len(fed) * Feed.calls
        at = draw(st.integers(1, min(most, _FIRST_CALLS)) | st.integers(1, most)) if trouble else 0
        return [Step(((first, *fed),), at, trouble)]
    like = type(first).drawn() if first.subject is Subject.EVERY_DAY else rare
    second = draw(like) if draw(st.integers(0, 3)) else draw(operation)
    if draw(st.integers(0, 3)):
        second = _about_the_same(first, second)
    fed = fed or (Feed(100),) * draw(st.integers(0, 1))  # what came of both is what meets
    stands_still = draw(_WRITES)
    order = () if stands_still else draw(_ORDERS)
    before = [Step.of(second)] * draw(st.integers(0, 1))
    trouble = draw(st.sampled_from(_TOGETHER))
    at = draw(st.integers(1, _FIRST_CALLS)) if trouble else 0
    return [*before, Step(((first, *fed), (second, *fed)), at, trouble, order, stands_still)]


def _about_the_same(first: Operation, second: Operation) -> Operation:
    """`second` about the phone, the agent or the partner that `first` is about."""
    names = {each.name for each in fields(first)} & {each.name for each in fields(second)}
    return replace(second, **{name: getattr(first, name) for name in names & _WHAT})


_WHAT = {"place", "agent", "partner", "system"}


@st.composite
def stories(draw: Any) -> list[Step]:
    """Any history there is."""
    begun = [Step.of(each) for each in draw(st.sampled_from(_BEGUN))]
    return begun + [step for _ in range(draw(st.integers(1, EPISODES))) for step in draw(episodes())]


def play(story: Sequence[Step]) -> int:
    """Play it, let it come to rest, and look; how many calls met trouble.

    AssertionError says what is wrong, its notes what happened.
    """
    return asyncio.run(asyncio.wait_for(_played(story), PATIENCE_SECONDS))


async def _played(story: Sequence[Step]) -> int:
    async with history() as one:
        try:
            for step in story:
                if step.is_quiet:
                    await quiet(one)
                    await check(one)
                    continue
                await one.play(step)
                await after_step(one, step)
            await rest(one)
            await check(one)
            await inventory_arrives(one)
            await silence_lets_nobody_in(one)
            return one.troubles
        except Exception as error:
            error.add_note("\n".join(one.log))
            raise


@dataclass
class Batch:
    """Histories of one seed, until `until` (of the monotonic clock): then the rest is passed over."""

    seed: int
    size: int = 50
    until: float = math.inf
    played: int = 0
    """How many held."""
    troubles: int = 0
    """How many of their calls met one."""
    failed: Sequence[Step] = ()
    """The one that did not."""

    def run(self) -> BaseException | None:
        """Play them; what was wrong with one, if any: after that the others are passed over."""
        chosen = settings(
            max_examples=self.size,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        wrong: list[BaseException] = []

        @seed(self.seed)
        @chosen
        @given(stories())
        def histories(story: list[Step]) -> None:
            if wrong or time.monotonic() >= self.until:
                return
            try:
                self.troubles += play(story)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what was looked for
                wrong.append(error)
                self.failed = story
            else:
                self.played += 1

        # Each is drawn anew: none is an earlier one in which some steps stand twice.
        with patch.object(ConjectureRunner, "generate_mutations_from", lambda _runner, _data: None):
            histories()
        return wrong[0] if wrong else None
