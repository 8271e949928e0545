"""Work that is done once for all who wait, and who is left with what when one of them goes."""

import asyncio
from collections.abc import Iterator

import pytest

from shared.joined import Joined


class _Work:
    """Work that lasts until `go_on` is set; each attempt gives its number, or fails with it."""

    def __init__(self) -> None:
        self.begun = self.under_way = self.cancelled = 0
        self.fails = False
        self.go_on = asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        self.under_way += 1
        assert self.under_way == 1
        number = self.begun
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            await asyncio.sleep(0)  # a connection that is closed takes its turns
            raise
        finally:
            self.under_way -= 1
        if self.fails:
            raise ValueError(number)
        return number


@pytest.fixture
def work() -> _Work:
    return _Work()


@pytest.fixture
def joined(work: _Work) -> Iterator[Joined[int]]:
    joined = Joined(work)
    yield joined
    assert joined._latest is None, "what came of an attempt is kept after it"


async def _waiting(joined: Joined[int], count: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(joined.result()) for _ in range(count)]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def test_who_waits_shares_the_result_and_who_comes_later_has_another(
    work: _Work, joined: Joined[int]
) -> None:
    tasks = await _waiting(joined, 6)
    work.go_on.set()
    assert await asyncio.gather(*tasks) == [1] * 6
    assert await joined.result() == 2


async def test_who_waits_shares_the_error_and_who_comes_later_tries_anew(
    work: _Work, joined: Joined[int]
) -> None:
    work.fails = True
    tasks = await _waiting(joined, 6)
    work.go_on.set()
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert [repr(error) for error in errors] == ["ValueError(1)"] * 6
    work.fails = False
    assert await joined.result() == 2


async def test_who_asks_in_the_turn_an_attempt_failed_tries_anew(joined: Joined[int], work: _Work) -> None:
    work.fails = True
    (task,) = await _waiting(joined, 1)
    assert joined._latest is not None
    later: list[asyncio.Task[int]] = []
    joined._latest.task.add_done_callback(lambda _: later.append(asyncio.create_task(joined.result())))
    work.go_on.set()
    with pytest.raises(ValueError, match="1"):
        await task
    with pytest.raises(ValueError, match="2"):
        await later[0]


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_who_is_cancelled_goes_alone(work: _Work, joined: Joined[int], place: int) -> None:
    tasks = await _waiting(joined, 3)
    tasks[place].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[place]
    work.go_on.set()
    assert await asyncio.gather(*(task for task in tasks if not task.cancelled())) == [1, 1]
    assert work.cancelled == 0


async def test_a_cancellation_that_comes_with_the_result_is_not_lost(
    work: _Work, joined: Joined[int]
) -> None:
    tasks = await _waiting(joined, 2)
    assert joined._latest is not None
    joined._latest.task.add_done_callback(lambda _: tasks[0].cancel())
    work.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    assert await tasks[1] == 1


async def test_an_attempt_nobody_waits_for_is_cancelled_and_ended_before_the_next(
    work: _Work, joined: Joined[int]
) -> None:
    tasks = await _waiting(joined, 2)
    for task in tasks:
        task.cancel()
    await asyncio.sleep(0)
    (next_one,) = await _waiting(joined, 1)
    work.go_on.set()
    assert await next_one == 2
    assert work.cancelled == 1
    assert [task.cancelled() for task in tasks] == [True, True]


async def test_an_attempt_that_is_left_behind_serves_those_who_asked_before(
    work: _Work, joined: Joined[int]
) -> None:
    before = await _waiting(joined, 2)
    joined.begin_anew()
    after = await _waiting(joined, 2)
    assert work.begun == 1
    work.go_on.set()
    assert await asyncio.gather(*before, *after) == [1, 1, 2, 2]


async def test_one_attempt_at_a_time_also_where_one_that_waited_for_its_turn_is_given_up(
    work: _Work, joined: Joined[int]
) -> None:
    (first,) = await _waiting(joined, 1)
    joined.begin_anew()
    (given_up,) = await _waiting(joined, 1)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    (last,) = await _waiting(joined, 1)
    assert work.begun == 1
    work.go_on.set()
    assert (await first, await last) == (1, 2)
