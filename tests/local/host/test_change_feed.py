"""The Cosmos DB trigger against the local Cosmos server, through the real SDK."""

import asyncio
from typing import Any

import azure.functions as func
import pytest
from aiohttp.test_utils import TestServer
from azure.cosmos import PartitionKey
from azure.cosmos.aio import CosmosClient

from local.cosmos.account import EMULATOR_KEY
from local.cosmos.server import create_app
from local.host.errors import HostError
from tests.local.host.conftest import Bench, Cosmos, Until

FIXED: dict[str, Any] = {"strategy": "fixed_delay", "max_retry_count": "2", "delay_interval": "00:00:00"}
ENDLESS = FIXED | {"max_retry_count": "-1"}


class Feed:
    """An app with one function on `threats` that keeps the ids of each batch, and fails while asked to."""

    def __init__(self, *, retry: dict[str, Any] | None = None, failing: bool = False, **options: Any) -> None:
        self.app = func.FunctionApp()
        self.batches: list[list[str]] = []
        self.retries: list[tuple[int, int, str]] = []
        self.failing = failing

        def feed(docs: func.DocumentList, context: func.Context) -> None:
            self.batches.append([document["id"] for document in docs])
            retry = context.retry_context
            message = retry.exception.message if retry.exception else ""
            self.retries.append((retry.retry_count, retry.max_retry_count, message))
            docs.clear()  # what a function does to its batch is not seen by a retry
            if self.failing:
                raise ValueError("no")

        fields: dict[str, Any] = {
            "connection": "MTD",
            "database_name": "mtd",
            "container_name": "threats",
            "lease_container_prefix": "dev-",
            "feed_poll_delay": 20,
            "start_from_beginning": True,
        }
        function = self.app.retry(**retry)(feed) if retry else feed
        self.app.cosmos_db_trigger(arg_name="docs", **(fields | options))(function)

    @property
    def ids(self) -> list[str]:
        return [name for batch in self.batches for name in batch]


async def test_changes_from_the_beginning_arrive_in_batches_of_the_asked_size(
    bench: Bench, cosmos: Cosmos, until: Until
) -> None:
    await cosmos.add("1", "2", "3")
    feed = Feed(max_items_per_invocation=2)
    await bench.start(feed.app, settings=cosmos.settings)
    await until(lambda: len(feed.ids) == 3)
    await cosmos.add("4")
    await until(lambda: len(feed.ids) == 4)
    assert feed.batches == [["1", "2"], ["3"], ["4"]]
    assert feed.retries[0] == (0, 0, "")


async def test_what_one_transaction_wrote_is_one_batch_whatever_the_asked_size(
    bench: Bench, cosmos: Cosmos, until: Until
) -> None:
    await cosmos.add("1")
    creates = [("create", ({"id": id_, "deviceId": "d"},)) for id_ in ("2", "3", "4", "5")]
    await cosmos.threats.execute_item_batch(creates, partition_key="d")
    feed = Feed(retry=FIXED, failing=True, max_items_per_invocation=2)
    host = await bench.start(feed.app, settings=cosmos.settings)
    await until(lambda: len(host.failures) == 3)
    feed.failing = False
    await cosmos.add("6")
    await until(lambda: "6" in feed.ids)
    assert feed.batches == [["1", "2", "3", "4", "5"]] * 3 + [["6"]]


async def test_a_whole_document_reaches_the_function(bench: Bench, cosmos: Cosmos, until: Until) -> None:
    app, seen = func.FunctionApp(), list[func.Document]()

    @app.cosmos_db_trigger("docs", "MTD", "mtd", "threats", feed_poll_delay=20, start_from_beginning=True)  # type: ignore[arg-type]
    async def feed(docs: func.DocumentList) -> None:
        seen.extend(docs)

    await cosmos.threats.upsert_item({"id": "1", "deviceId": "d", "nested": {"list": [1, None, "ä"]}})
    await bench.start(app, settings=cosmos.settings)
    await until(lambda: seen)
    assert isinstance(seen[0], func.Document)
    assert dict(seen[0])["nested"] == {"list": [1, None, "ä"]}
    assert {"_etag", "_ts"} <= set(seen[0].keys())


async def test_without_from_beginning_only_later_changes_arrive(
    bench: Bench, cosmos: Cosmos, until: Until
) -> None:
    await cosmos.add("old")
    feed = Feed(start_from_beginning=False)
    host = await bench.start(feed.app, settings=cosmos.settings)
    await asyncio.sleep(0.2)
    await cosmos.add("new")
    await until(lambda: feed.ids)
    assert feed.ids == ["new"]
    await host.stop()


async def test_a_restart_resumes_behind_the_last_batch_even_from_the_beginning(
    bench: Bench, cosmos: Cosmos, until: Until
) -> None:
    await cosmos.add("1")
    first, second = Feed(), Feed()
    host = await bench.start(first.app, settings=cosmos.settings)
    await until(lambda: first.ids)
    await host.stop()
    await cosmos.add("2")
    await bench.start(second.app, settings=cosmos.settings)
    await until(lambda: second.ids)
    assert (first.ids, second.ids) == (["1"], ["2"])
    assert await cosmos.lease_ids() == ["dev-feed.threats"]


async def test_a_crash_between_invocation_and_lease_replays_the_batch(
    bench: Bench, cosmos: Cosmos, until: Until
) -> None:
    await cosmos.add("1")
    cosmos.faults.fail_next(403, times=1000, container="leases", operation="upsert")
    first, second = Feed(), Feed()
    host = await bench.start(first.app, settings=cosmos.settings)
    await until(lambda: first.ids)
    await host.stop()
    cosmos.faults.clear()
    assert await cosmos.lease_ids() == []
    await bench.start(second.app, settings=cosmos.settings)
    await until(lambda: second.ids)
    assert second.batches == [["1"]]


async def test_a_lease_that_cannot_be_written_replays_the_batch_until_it_can(
    bench: Bench, cosmos: Cosmos, until: Until
) -> None:
    await cosmos.add("1")
    cosmos.faults.fail_next(403, container="leases", operation="upsert")
    feed = Feed()
    await bench.start(feed.app, settings=cosmos.settings)
    await until(lambda: len(feed.batches) == 2)
    await cosmos.add("2")
    await until(lambda: len(feed.batches) == 3)
    assert feed.batches == [["1"], ["1"], ["2"]]


async def test_other_prefixes_have_leases_of_their_own(bench: Bench, cosmos: Cosmos, until: Until) -> None:
    await cosmos.add("1")
    feeds = [Feed(), Feed(lease_container_prefix="other-")]
    for feed in feeds:
        await bench.start(feed.app, settings=cosmos.settings)
    await until(lambda: all(feed.ids for feed in feeds))


async def test_without_a_policy_a_failed_batch_is_skipped(bench: Bench, cosmos: Cosmos, until: Until) -> None:
    await cosmos.add("1")
    feed = Feed(failing=True)
    host = await bench.start(feed.app, settings=cosmos.settings)
    await until(lambda: host.failures)
    feed.failing = False
    await cosmos.add("2")
    await until(lambda: len(feed.batches) == 2)
    await host.stop()
    assert feed.batches == [["1"], ["2"]]
    assert [(failure.function, str(failure.error)) for failure in host.failures] == [("feed", "no")]


async def test_with_a_policy_a_failed_batch_is_retried_and_then_skipped(
    bench: Bench, cosmos: Cosmos, until: Until
) -> None:
    await cosmos.add("1")
    feed = Feed(retry=FIXED, failing=True)
    host = await bench.start(feed.app, settings=cosmos.settings)
    await until(lambda: len(host.failures) == 3)
    feed.failing = False
    await cosmos.add("2")
    await until(lambda: len(feed.batches) == 4)
    assert feed.batches == [["1"], ["1"], ["1"], ["2"]]
    assert feed.retries == [(0, 2, ""), (1, 2, "ValueError: no"), (2, 2, "ValueError: no"), (0, 2, "")]


async def test_an_endless_policy_keeps_the_batch_even_over_a_restart(
    bench: Bench, cosmos: Cosmos, until: Until
) -> None:
    await cosmos.add("1", "2")
    feed = Feed(retry=ENDLESS, failing=True, max_items_per_invocation=1)
    host = await bench.start(feed.app, settings=cosmos.settings)
    await until(lambda: len(feed.batches) >= 20)
    await host.stop()
    assert feed.ids == ["1"] * len(feed.batches)
    again = Feed(retry=ENDLESS)
    await bench.start(again.app, settings=cosmos.settings)
    await until(lambda: len(again.ids) == 2)
    assert again.ids == ["1", "2"]


async def test_stop_does_not_wait_for_the_delay_of_a_retry(
    bench: Bench, cosmos: Cosmos, until: Until
) -> None:
    await cosmos.add("1")
    feed = Feed(retry=ENDLESS | {"delay_interval": "01:00:00"}, failing=True)
    host = await bench.start(feed.app, settings=cosmos.settings)
    await until(lambda: host.failures)
    async with asyncio.timeout(20):
        await host.stop()


@pytest.mark.parametrize("status", [429, 503, 0])
async def test_a_fetch_that_fails_is_tried_again(
    bench: Bench, cosmos: Cosmos, until: Until, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """The SDK tries again by itself; here the trouble outlasts that (0 drops the connection)."""
    await cosmos.add("1")
    cosmos.faults.fail_next(status, times=1000, container="threats", operation="feed", retry_after_ms=1)
    feed = Feed()
    host = await bench.start(feed.app, settings=cosmos.settings)
    await until(lambda: "feed: change feed, next try in 0.25 s" in caplog.text)
    cosmos.faults.clear()
    await until(lambda: feed.ids)
    assert feed.ids == ["1"]
    assert not host.failures


async def test_an_account_that_does_not_answer_yet_is_waited_for(
    bench: Bench, until: Until, unused_tcp_port: int
) -> None:
    endpoint, feed, account = f"http://127.0.0.1:{unused_tcp_port}/", Feed(), create_app(None)
    settings = {"MTD__accountEndpoint": endpoint, "MTD__accountKey": EMULATOR_KEY}
    await bench.start(feed.app, settings=settings)
    async with TestServer(account, port=unused_tcp_port), CosmosClient(endpoint, EMULATOR_KEY) as client:
        database = await client.create_database("mtd")
        threats = await database.create_container("threats", PartitionKey("/deviceId"))
        await database.create_container("leases", PartitionKey("/id"))
        await threats.create_item({"id": "1", "deviceId": "d"})
        await until(lambda: feed.ids)
        await bench.stop()


async def test_stop_does_not_wait_for_an_account_that_does_not_answer(
    bench: Bench, unused_tcp_port: int
) -> None:
    endpoint = f"http://127.0.0.1:{unused_tcp_port}/"
    settings = {"MTD__accountEndpoint": endpoint, "MTD__accountKey": EMULATOR_KEY}
    host = await bench.start(Feed().app, settings=settings)
    async with asyncio.timeout(20):
        await host.stop()


async def test_a_missing_lease_container_is_named(bench: Bench, cosmos: Cosmos) -> None:
    feed = Feed(lease_container_name="elsewhere")
    with pytest.raises(HostError, match="function feed: container elsewhere does not exist in database mtd"):
        await bench.start(feed.app, settings=cosmos.settings)


async def test_a_missing_source_container_is_named(bench: Bench, cosmos: Cosmos) -> None:
    feed = Feed(container_name="nothing")
    with pytest.raises(HostError, match="function feed: container nothing does not exist"):
        await bench.start(feed.app, settings=cosmos.settings)


async def test_the_lease_container_is_made_when_asked_for(bench: Bench, cosmos: Cosmos, until: Until) -> None:
    await cosmos.add("1")
    feed = Feed(lease_container_name="made", create_lease_container_if_not_exists=True)
    await bench.start(feed.app, settings=cosmos.settings)
    await until(lambda: feed.ids)
