"""Work side by side, and no more of it than there is."""

import asyncio
from collections.abc import Iterable, Iterator

import pytest

from shared.bounded import bounded_gather


@pytest.mark.parametrize(
    ("items", "tasks"), [([1], 0), ([1, 2, 3], 3), (range(50), 8), (iter([1]), 8), ([], 0)]
)
async def test_there_are_no_more_tasks_than_items_where_they_can_be_counted(
    items: Iterable[int], tasks: int
) -> None:
    """A message of one report is most of what comes in."""
    made: list[int] = []
    before = len(asyncio.all_tasks())

    async def work(item: int) -> int:
        made.append(len(asyncio.all_tasks()) - before)
        await asyncio.sleep(0)
        return item

    expected = list(items) if isinstance(items, list | range) else [1]
    assert await bounded_gather(work, items, limit=8) == expected
    assert max(made, default=0) == tasks


@pytest.mark.parametrize("limit", [1, 3])
async def test_where_the_items_end_in_an_error_all_that_was_begun_is_done_first(limit: int) -> None:
    done: list[int] = []

    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("disk")

    async def work(item: int) -> None:
        await asyncio.sleep(0.01)
        done.append(item)

    with pytest.raises(OSError, match="disk"):
        await bounded_gather(work, items(), limit=limit)
    assert done == [1, 2]
