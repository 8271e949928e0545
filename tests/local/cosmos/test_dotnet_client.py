"""What Microsoft's .NET client asks for, and with it the trigger of the real Functions host, by the wire."""

import base64
import json

import pytest
from azure.cosmos.aio import ContainerProxy

from tests.local.cosmos.conftest import Running

DOCUMENTS = "/dbs/mtd/colls/reports/docs"
QUERY = {"content-type": "application/query+json", "x-ms-documentdb-isquery": "True"}
ACROSS = {"x-ms-documentdb-query-enablecrosspartition": "True"}
PLAN = {**QUERY, "x-ms-cosmos-is-query-plan-request": "True"}


@pytest.fixture
async def rids(cosmos: Running, reports: ContainerProxy) -> tuple[str, str]:
    """The `_rid` of the database, and of its container."""
    database = await cosmos.database.read()
    return str(database["_rid"]), str((await reports.read())["_rid"])


async def test_a_resource_is_found_by_its_rid_signed_by_the_last_one_in_lower_case(
    cosmos: Running, rids: tuple[str, str]
) -> None:
    database, container = rids
    path = f"/dbs/{database}/colls/{container}"
    ranges = await cosmos.ask("GET", f"{path}/pkranges", rid=container)
    assert (ranges.status, [row["id"] for row in ranges.body["PartitionKeyRanges"]]) == (200, ["0"])
    assert (await cosmos.ask("GET", path, rid=container)).body["id"] == "reports"
    assert (await cosmos.ask("GET", f"/dbs/{database}", rid=database)).body["id"] == "mtd"


async def test_a_rid_that_is_signed_as_a_name_or_by_another_rid_is_refused(
    cosmos: Running, rids: tuple[str, str]
) -> None:
    database, container = rids
    path = f"/dbs/{database}/colls/{container}/pkranges"
    assert (await cosmos.ask("GET", path)).status == 401
    assert (await cosmos.ask("GET", path, rid=database)).status == 401
    assert (await cosmos.ask("GET", "/dbs/mtd/colls/reports/pkranges", rid=container)).status == 401


async def test_a_containers_rid_is_its_databases_and_four_bytes_with_the_high_bit(
    cosmos: Running, rids: tuple[str, str]
) -> None:
    for number in range(8):
        await cosmos.container(f"c{number}")
    found = [str(each["_rid"]) async for each in cosmos.database.list_containers()]
    assert len(found) == 9
    above = base64.b64decode(rids[0], altchars=b"+-")
    for rid in (base64.b64decode(each, altchars=b"+-") for each in found):
        assert (len(rid), rid[:4]) == (8, above)
        assert rid[4] & 0x80, "without it clients take it for a user's"


async def test_the_account_says_what_its_query_engine_takes(cosmos: Running) -> None:
    engine = json.loads((await cosmos.ask("GET", "/")).body["queryEngineConfiguration"])
    assert engine["maxSqlQueryInputLength"] > 0
    assert engine["sqlAllowAggregateFunctions"] is True


async def test_a_drained_feed_counts_no_items(cosmos: Running, reports: ContainerProxy) -> None:
    await reports.create_item({"id": "1", "agent": "a"})
    feed = {"a-im": "Incremental feed"}
    page = await cosmos.ask("GET", DOCUMENTS, headers=feed)
    assert (page.status, page.headers["x-ms-item-count"]) == (200, "1")
    drained = await cosmos.ask("GET", DOCUMENTS, headers={**feed, "if-none-match": page.headers["etag"]})
    assert (drained.status, drained.headers["x-ms-item-count"]) == (304, "0")


@pytest.mark.usefixtures("reports")
async def test_a_plan_passes_a_query_on_to_the_one_partition_there_is(cosmos: Running) -> None:
    plan = (await cosmos.ask("POST", DOCUMENTS, '{"query": "SELECT * FROM c"}', PLAN)).body
    assert plan["partitionedQueryExecutionInfoVersion"] == 2
    assert plan["queryInfo"]["rewrittenQuery"] == ""
    assert [(each["min"], each["max"]) for each in plan["queryRanges"]] == [("", "FF")]


@pytest.mark.usefixtures("reports")
@pytest.mark.parametrize(
    "text", ["SELECT * FROM c ORDER BY c.n", "SELECT VALUE COUNT(1) FROM c", "SELECT TOP 3 * FROM c"]
)
async def test_a_plan_that_would_be_wrong_is_refused(cosmos: Running, text: str) -> None:
    asked = await cosmos.ask("POST", DOCUMENTS, json.dumps({"query": text}), PLAN)
    assert asked.status == 400
    assert "makes no plan" in asked.body["message"]


async def test_a_processor_finds_its_leases_by_the_beginning_of_their_ids(
    cosmos: Running, reports: ContainerProxy
) -> None:
    for id_ in ("host_1..0", "host_1..info", "other..0"):
        await reports.create_item({"id": id_, "agent": id_})
    query = json.dumps({"query": "SELECT * FROM c WHERE STARTSWITH(c.id, 'host_1..')", "parameters": []})
    found = await cosmos.ask("POST", DOCUMENTS, query, {**QUERY, **ACROSS})
    assert [each["id"] for each in found.body["Documents"]] == ["host_1..0", "host_1..info"]
