"""Scratch paper: there for a run, gone after it, and never taken from under who works on it."""

import asyncio
import threading

import pytest

from sync_inventory.scratch import Scratch


def test_the_paper_is_gone_after_the_run() -> None:
    with Scratch() as scratch:
        scratch.script("CREATE TABLE t (x)")
        scratch.write_many("INSERT INTO t VALUES (?)", [(number,) for number in range(10)])
        assert scratch.size > 0
        assert scratch.folder.exists()
        assert (scratch.has("t"), scratch.has("other")) == (True, False)
    assert not scratch.folder.exists()


def test_no_row_waits_for_the_end_of_a_transaction() -> None:
    with Scratch() as scratch:
        assert scratch._db.in_transaction
        scratch.script("CREATE TABLE t (x)")
        scratch.write("INSERT INTO t VALUES (?)", 1)
        scratch.write_many("INSERT INTO t VALUES (?)", [(2,), (3,)])
        assert scratch._db.in_transaction
        assert scratch.count("SELECT COUNT(*) FROM t") == 3


@pytest.mark.parametrize("cancellations", [1, 3])
async def test_who_is_cancelled_waits_for_the_end_of_its_thread(cancellations: int) -> None:
    begun, go_on = threading.Event(), threading.Event()
    ended: list[int] = []

    def work() -> None:
        begun.set()
        go_on.wait(10)
        ended.append(scratch.count("SELECT 7"))

    with Scratch() as scratch:
        task = asyncio.create_task(scratch.in_thread(work))
        await asyncio.to_thread(begun.wait, 10)
        for _ in range(cancellations):
            task.cancel()
            await asyncio.sleep(0.05)
            assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert ended == [7]


async def test_what_goes_wrong_in_the_thread_goes_wrong_outside() -> None:
    with Scratch() as scratch, pytest.raises(ZeroDivisionError):
        await scratch.in_thread(lambda: 1 // 0)
