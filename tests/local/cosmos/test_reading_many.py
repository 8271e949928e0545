"""Queries by known text, paging, and the change feed, through the SDK."""

import datetime
from collections.abc import AsyncIterator
from typing import Any

import pytest
from azure.cosmos import exceptions
from azure.cosmos.aio import ContainerProxy

from local.cosmos import queries
from local.cosmos.server import STORE
from tests.local.cosmos.conftest import Running

DESCENDING = "SELECT VALUE c.n FROM c ORDER BY c.n DESC"


@pytest.fixture
async def numbered(reports: ContainerProxy) -> ContainerProxy:
    for n in range(10):
        await reports.create_item({"id": f"i{n}", "agent": "ab"[n % 2], "n": n})
    return reports


async def all_of(found: AsyncIterator[Any]) -> list[object]:
    return [item async for item in found]


async def pages(container: ContainerProxy, text: str) -> list[list[object]]:
    found = container.query_items(text, max_item_count=4).by_page()
    return [await all_of(page) async for page in found]


async def changes(container: ContainerProxy, **start: object) -> tuple[list[str], str]:
    found = container.query_items_change_feed(**start)  # type: ignore[call-overload]
    return [item["id"] async for item in found], container.client_connection.last_response_headers["etag"]


async def test_a_query_sees_its_parameters_and_partition(numbered: ContainerProxy) -> None:
    given: list[dict[str, object]] = [{"name": "@n", "value": 6}]
    text = "SELECT *  FROM c\n WHERE c.n >= @n"
    found = numbered.query_items(text, parameters=given, partition_key="a")
    assert [item["n"] async for item in found] == [6, 8]


async def test_an_unknown_query_is_refused_and_named(numbered: ContainerProxy) -> None:
    with pytest.raises(exceptions.CosmosHttpResponseError, match=r"SELECT c\.x FROM c") as caught:
        await anext(numbered.query_items("SELECT c.x FROM c"))
    assert caught.value.status_code == 400


async def test_a_page_ends_where_it_has_looked_at_enough_and_the_next_goes_on(
    numbered: ContainerProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "LOOKED_AT", 3)
    given: list[dict[str, object]] = [{"name": "@n", "value": 6}]
    found = numbered.query_items("SELECT * FROM c WHERE c.n >= @n", parameters=given, max_item_count=4)
    numbers = [[item["n"] async for item in page] async for page in found.by_page()]
    assert numbers == [[6, 7, 8], [9]], "the SDK passes over pages without a row"
    assert await pages(numbered, DESCENDING) == [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]


async def test_an_ordered_query_is_paged_in_order(numbered: ContainerProxy) -> None:
    assert await pages(numbered, DESCENDING) == [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]


async def test_a_page_after_a_delete_neither_skips_nor_repeats(numbered: ContainerProxy) -> None:
    for text, gone in ((DESCENDING, "i6"), ("SELECT * FROM c", "i3")):
        first = numbered.query_items(text, max_item_count=4).by_page()
        seen = [item async for item in await anext(first)]
        await numbered.delete_item(gone, "ab"[int(gone[1]) % 2])
        later = numbered.query_items(text, max_item_count=4).by_page(first.continuation_token)  # type: ignore[attr-defined]
        seen += [item async for page in later async for item in page]
        assert len(seen) == len({str(item) for item in seen}) == (10 if gone == "i6" else 9)


async def test_top_and_count_answer_once(numbered: ContainerProxy) -> None:
    top = "SELECT TOP 3 VALUE c.n FROM c ORDER BY c.n DESC"
    assert await all_of(numbered.query_items(top, max_item_count=2)) == [9, 8, 7]
    counted = numbered.query_items("SELECT VALUE COUNT(1) FROM c", partition_key="a")
    assert await all_of(counted) == [5]


async def test_read_items_finds_documents_of_one_and_of_several_partitions(numbered: ContainerProxy) -> None:
    one = await numbered.read_items([("i0", "a"), ("i2", "a"), ("i1", "a")])
    several = await numbered.read_items([("i0", "a"), ("i1", "b"), ("i2", "b")])
    assert [item["id"] for item in one] == ["i0", "i2"]
    assert [item["id"] for item in several] == ["i0", "i1"]


async def test_the_feed_goes_on_where_it_was_left(reports: ContainerProxy) -> None:
    for id_ in "123":
        await reports.create_item({"id": id_, "agent": "a"})
    first, left = await changes(reports, start_time="Beginning")
    nothing, _ = await changes(reports, continuation=left)
    await reports.create_item({"id": "4", "agent": "a"})
    await reports.upsert_item({"id": "1", "agent": "a", "n": 1})
    await reports.upsert_item({"id": "1", "agent": "a", "n": 2})
    assert (first, nothing) == (["1", "2", "3"], [])
    assert (await changes(reports, continuation=left))[0] == ["4", "1"]


async def test_the_feed_shows_neither_old_versions_nor_deleted_documents(numbered: ContainerProxy) -> None:
    await numbered.upsert_item({"id": "i0", "agent": "a"})
    await numbered.delete_item("i4", "a")
    found, _ = await changes(numbered, start_time="Beginning", partition_key="a", max_item_count=2)
    assert found == ["i2", "i6", "i8", "i0"]


async def test_the_feed_from_now_shows_what_comes_later(numbered: ContainerProxy) -> None:
    found, left = await changes(numbered, start_time="Now")
    await numbered.create_item({"id": "new", "agent": "a"})
    assert found == []
    assert (await changes(numbered, continuation=left))[0] == ["new"]


async def transaction(container: ContainerProxy, *ids: str, key: str = "a") -> None:
    creates = [("create", ({"id": id_, "agent": key},)) for id_ in ids]
    await container.execute_item_batch(creates, partition_key=key)


async def feed_pages(container: ContainerProxy, size: int, **start: Any) -> list[list[dict[str, Any]]]:
    found = container.query_items_change_feed(max_item_count=size, **start).by_page()
    return [[item async for item in page] async for page in found]


def ids_of(found: list[list[dict[str, Any]]]) -> list[list[str]]:
    return [[item["id"] for item in page] for page in found]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1, [["0"], ["1", "2", "3"], ["4"], ["5", "6"]]),
        (2, [["0", "1", "2", "3"], ["4", "5", "6"]]),
        (4, [["0", "1", "2", "3"], ["4", "5", "6"]]),
        (5, [["0", "1", "2", "3", "4"], ["5", "6"]]),
        (100, [["0", "1", "2", "3", "4", "5", "6"]]),
    ],
)
async def test_a_page_of_the_feed_goes_beyond_its_size_rather_than_cut_a_transaction(
    reports: ContainerProxy, size: int, expected: list[list[str]]
) -> None:
    await reports.create_item({"id": "0", "agent": "a"})
    await transaction(reports, "1", "2", "3")
    await reports.create_item({"id": "4", "agent": "b"})
    await transaction(reports, "5", "6", key="b")
    assert ids_of(await feed_pages(reports, size, start_time="Beginning")) == expected


async def test_the_feed_goes_on_behind_a_whole_transaction(reports: ContainerProxy) -> None:
    await transaction(reports, "1", "2", "3")
    first = reports.query_items_change_feed(start_time="Beginning", max_item_count=1).by_page()
    assert [item["id"] async for item in await anext(first)] == ["1", "2", "3"]
    left = first.continuation_token  # type: ignore[attr-defined]
    assert (await changes(reports, continuation=left))[0] == []
    await transaction(reports, "4", "5")
    assert (await changes(reports, continuation=left, max_item_count=1))[0] == ["4", "5"]


async def test_what_a_transaction_wrote_and_a_later_one_wrote_again_comes_with_the_later(
    reports: ContainerProxy,
) -> None:
    await transaction(reports, "1", "2", "3")
    _, left = await changes(reports, start_time="Beginning")
    again = [("upsert", ({"id": id_, "agent": "a"},)) for id_ in ("2", "4", "2")]
    await reports.execute_item_batch(again, partition_key="a")
    pages_ = await feed_pages(reports, 1, start_time="Beginning")
    assert ids_of(pages_) == [["1", "3"], ["4", "2"]]
    assert (await changes(reports, continuation=left))[0] == ["4", "2"]


async def test_documents_of_the_feed_bear_the_log_number_of_their_transaction(
    reports: ContainerProxy,
) -> None:
    await reports.create_item({"id": "0", "agent": "a"})
    await transaction(reports, "1", "2")
    await reports.upsert_item({"id": "0", "agent": "a", "_lsn": 0})
    (page,) = await feed_pages(reports, 100, start_time="Beginning")
    numbers = {item["id"]: item["_lsn"] for item in page}
    assert list(numbers) == ["1", "2", "0"]
    assert 0 < numbers["1"] == numbers["2"] < numbers["0"]
    assert "_lsn" not in await reports.read_item("0", "a")
    assert all("_lsn" not in item for item in [each async for each in reports.read_all_items()])


async def test_one_transaction_has_one_time(cosmos: Running, reports: ContainerProxy) -> None:
    cosmos.app[STORE]._clock = iter(float(second) for second in range(1000, 2000)).__next__
    await transaction(reports, "1", "2", "3")
    assert len({item["_ts"] async for item in reports.read_all_items()}) == 1


async def test_the_feed_starts_at_a_time(cosmos: Running, numbered: ContainerProxy) -> None:
    cosmos.clock.now += 100
    await numbered.create_item({"id": "late", "agent": "a"})
    start = datetime.datetime.fromtimestamp(cosmos.clock.now - 50, datetime.UTC)
    assert (await changes(numbered, start_time=start))[0] == ["late"]


async def test_the_feed_ranges_of_two_keys_are_apart(numbered: ContainerProxy) -> None:
    whole = [item async for item in numbered.read_feed_ranges()]
    of_a = await numbered.feed_range_from_partition_key("a")
    assert len((await changes(numbered, start_time="Beginning", feed_range=whole[0]))[0]) == 10
    assert len((await changes(numbered, start_time="Beginning", feed_range=of_a))[0]) == 5
