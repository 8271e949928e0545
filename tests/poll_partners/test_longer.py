"""The longer readings that find what came late, at Lookout."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from local.vendors.faults import answered
from poll_partners import reading
from poll_partners.sources import lookout
from shared.domain.polling import Again
from tests.poll_partners.vendors import Vendors, event, vendors

PAGE = 3
LATE = 8
"""Events that came two hours late."""


@pytest.fixture
async def one(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Vendors]:
    """Lookout was read an hour ago, and some of its events came late since."""
    monkeypatch.setattr(lookout, "PAGE_SIZE", PAGE)
    async with vendors() as there:
        await there.polled()
        there.world.clock.pass_time(minutes=61)
        for number in range(LATE):
            there.lookout.arrive(event(number, there.world.clock() - timedelta(hours=2)))
        yield there


async def _state(one: Vendors) -> Again:
    return (await one.cursor()).again["4h"]


async def test_what_came_late_is_found_page_by_page_and_counted(one: Vendors) -> None:
    """By the ordinary window's one page, the late ones' three, and the empty one behind them."""
    run = await one.polled()
    assert (run.accepted, run.late, run.duplicates, run.pages) == (LATE, LATE, 0, 1 + 4)
    assert await _state(one) == Again(at=one.world.clock())
    one.world.clock.pass_time(minutes=5)
    run = await one.polled()
    assert (run.pages, run.late) == (1, 0), "it is not its turn"


async def test_a_longer_reading_goes_on_where_the_last_run_stopped(
    one: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MAX_PAGES", 3)
    begun = one.world.clock()
    runs = []
    for _ in range(3):
        runs.append(await one.polled())
        one.world.clock.pass_time(minutes=5)
    assert [run.late for run in runs] == [6, 2, 0]
    assert [run.duplicates for run in runs] == [0, 0, 0]
    assert await _state(one) == Again(at=begun)


async def test_what_is_odd_in_a_longer_reading_ends_it_until_its_next_turn(one: Vendors) -> None:
    one.faults.order(answered(200, b'{"success": false}'), lookout.EVENTS, after=1)
    run = await one.polled()
    assert (run.error, run.late, run.gaps) == (None, 0, ())
    assert await _state(one) == Again(at=one.world.clock())
    one.world.clock.pass_time(minutes=5)
    assert (await one.polled()).pages == 1
    one.world.clock.pass_time(minutes=56)
    assert (await one.polled()).late == LATE


async def test_a_longer_reading_that_is_given_one_page_again_and_again_ends(one: Vendors) -> None:
    rows = [{"uuid": f"{each}", "kind": "alarm"} for each in range(2)]
    again = answered(200, json.dumps({"events": rows, "last_oid": "00000007"}).encode())
    one.faults.order(again, lookout.EVENTS, after=1, times=30)
    run = await one.polled()
    assert (run.error, run.pages) == (None, 1 + 2)
