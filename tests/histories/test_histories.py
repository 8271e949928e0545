"""Histories: whatever happens, in whatever order, and whatever goes wrong at any call, comes out as the
reports and the admins have it."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.histories.history import Step, history
from tests.histories.instances import Trouble
from tests.histories.invariants import check, guard_held, rest
from tests.histories.operations import operations

ORDERS = st.lists(st.integers(0, 1), max_size=12).map(tuple)


@st.composite
def steps(draw: Any) -> Step:
    """One operation, or two at once; half of them meet trouble at one of their first calls."""
    ops = tuple(draw(st.lists(operations(), min_size=1, max_size=2)))
    trouble = draw(st.none() | st.sampled_from(list(Trouble)))
    at = draw(st.integers(1, 14)) if trouble else 0
    return Step(ops, at, trouble, draw(ORDERS) if len(ops) > 1 else ())


async def played(story: list[Step]) -> None:
    """Play it, let it come to rest, and look."""
    async with history() as one:
        try:
            for step in story:
                await one.play(step)
                guard_held(one)
            await rest(one)
            await check(one)
        except AssertionError as error:
            error.add_note("\n".join(one.log))
            raise


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps(), min_size=1, max_size=14))
def test_every_history_comes_out_as_its_reports_and_admins_have_it(story: list[Step]) -> None:
    asyncio.run(played(story))
