"""Histories: whatever happens, in whatever order, and whatever goes wrong at any call, comes out as the
reports and the admins have it."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.histories.history import Step, history
from tests.histories.instances import Trouble
from tests.histories.invariants import after_step, check, rest
from tests.histories.operation import any_operation

ORDERS = st.lists(st.integers(0, 1), max_size=12).map(tuple)
LONGEST = 14
"""Steps."""


@st.composite
def steps(draw: Any) -> Step:
    """One operation, or two at once; some of them meet trouble at one of their first calls."""
    ops = tuple(draw(st.lists(any_operation(), min_size=1, max_size=2)))
    trouble = draw(st.none() | st.sampled_from(list(Trouble)))
    at = draw(st.integers(1, 40)) if trouble else 0
    return Step(ops, at, trouble, draw(ORDERS) if len(ops) > 1 else ())


def stories() -> st.SearchStrategy[list[Step]]:
    """Any history there is."""
    return st.lists(steps(), min_size=1, max_size=LONGEST)


async def played(story: Sequence[Step]) -> None:
    """Play it, let it come to rest, and look."""
    async with history() as one:
        try:
            for step in story:
                await one.play(step)
                await after_step(one, step)
            await rest(one)
            await check(one)
        except AssertionError as error:
            error.add_note("\n".join(one.log))
            raise


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """What a history logs is thousands of lines."""
    logging.getLogger("mtd").setLevel(logging.CRITICAL)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(stories())
def test_every_history_comes_out_as_its_reports_and_admins_have_it(story: list[Step]) -> None:
    asyncio.run(asyncio.wait_for(played(story), 60))
