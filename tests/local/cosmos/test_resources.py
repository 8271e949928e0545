"""Databases and containers through the SDK: queries of them, conditions, and what is said of missing ones."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from azure.cosmos import PartitionKey, exceptions
from azure.cosmos.aio import ContainerProxy

from tests.local.cosmos.conftest import Running

OWNER_NOT_FOUND = 1003
ITEM = {"id": "1", "agent": "a"}


async def refusal(request: Awaitable[object]) -> tuple[int | None, int | None]:
    """Status and substatus."""
    with pytest.raises(exceptions.CosmosHttpResponseError) as caught:
        await request
    return caught.value.status_code, caught.value.sub_status


async def ids(found: AsyncIterator[dict[str, Any]]) -> list[str]:
    return [properties["id"] async for properties in found]


# --- queries ------------------------------------------------------------------------------------------

NAMED: list[dict[str, object]] = [{"name": "@id", "value": "reports"}]


@pytest.mark.parametrize(
    ("query", "parameters", "expected"),
    [
        ("SELECT * FROM c", None, ["agents", "reports"]),
        ("select * from root", None, ["agents", "reports"]),
        ("SELECT *  FROM r\n WHERE r.id=@id", NAMED, ["reports"]),
        ("SELECT * FROM c WHERE c.id = 'reports'", None, ["reports"]),
        ('SELECT * FROM c WHERE c.id = "agents"', None, ["agents"]),
        ("SELECT * FROM c WHERE c.id = @none", NAMED, []),
        ("SELECT * FROM c WHERE c.id = 'none'", None, []),
        ("SELECT * FROM c WHERE c.id = ''", None, []),
    ],
)
async def test_databases_and_containers_are_found_by_a_query(
    cosmos: Running, query: str, parameters: list[dict[str, object]] | None, expected: list[str]
) -> None:
    for name in ("agents", "reports"):
        await cosmos.container(name)
        await cosmos.client.create_database(name)
    containers = cosmos.database.query_containers(query=query, parameters=parameters)
    databases = cosmos.client.query_databases(query=query, parameters=parameters)
    assert await ids(containers) == expected
    assert [id_ for id_ in await ids(databases) if id_ != "mtd"] == expected


async def test_an_unknown_query_of_containers_is_refused_and_named(
    cosmos: Running, reports: ContainerProxy
) -> None:
    query = "SELECT VALUE c.id FROM c"
    for found in (cosmos.database.query_containers(query=query), cosmos.client.query_databases(query=query)):
        with pytest.raises(
            exceptions.CosmosHttpResponseError, match=r"does not know the query.*c\.id"
        ) as caught:
            await anext(found)
        assert caught.value.status_code == 400


# --- conditions ---------------------------------------------------------------------------------------


def if_match(etag: str) -> dict[str, Any]:
    """What makes the SDK send the header for a container, whose methods warn of `etag`."""
    return {"access_condition": {"type": "IfMatch", "condition": etag}}


async def test_a_container_is_replaced_in_the_version_the_request_names_alone(
    cosmos: Running, reports: ContainerProxy
) -> None:
    key, first = PartitionKey("/agent"), (await reports.read())["_etag"]
    await cosmos.database.replace_container(reports, key, default_ttl=60, **if_match(first))
    stale = cosmos.database.replace_container(reports, key, default_ttl=90, **if_match(first))
    assert await refusal(stale) == (412, None)
    assert (await reports.read())["defaultTtl"] == 60
    await cosmos.database.replace_container(reports, key, default_ttl=90, **if_match("*"))
    assert (await reports.read())["defaultTtl"] == 90


async def test_a_container_is_deleted_in_the_version_the_request_names_alone(
    cosmos: Running, reports: ContainerProxy
) -> None:
    assert await refusal(cosmos.database.delete_container(reports, **if_match('"x"'))) == (412, None)
    present = (await reports.read())["_etag"]
    await cosmos.database.delete_container(reports, **if_match(present))
    assert await ids(cosmos.database.list_containers()) == []


# --- what is missing ----------------------------------------------------------------------------------


OPERATIONS: dict[str, Callable[[ContainerProxy], Awaitable[object]]] = {
    "create": lambda container: container.create_item(ITEM),
    "read": lambda container: container.read_item("1", "a"),
    "replace": lambda container: container.replace_item("1", ITEM),
    "upsert": lambda container: container.upsert_item(ITEM),
    "patch": lambda container: container.patch_item("1", "a", [{"op": "set", "path": "/n", "value": 1}]),
    "delete": lambda container: container.delete_item("1", "a"),
    "batch": lambda container: container.execute_item_batch([("read", ("1",))], partition_key="a"),
    "query": lambda container: anext(container.query_items("SELECT * FROM c", partition_key="a")),
    "feed": lambda container: anext(container.query_items_change_feed(start_time="Beginning")),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
async def test_an_operation_in_a_container_that_is_gone_misses_its_owner(
    cosmos: Running, reports: ContainerProxy, operation: Callable[[ContainerProxy], Awaitable[object]]
) -> None:
    await reports.create_item({"id": "other", "agent": "a"})
    await cosmos.database.delete_container("reports")
    assert await refusal(operation(reports)) == (404, OWNER_NOT_FOUND)


@pytest.mark.parametrize("name", ["read", "replace", "patch", "delete"])
async def test_an_operation_on_an_item_that_is_not_there_misses_that_alone(
    reports: ContainerProxy, name: str
) -> None:
    assert await refusal(OPERATIONS[name](reports)) == (404, None)


async def test_the_sdk_reads_a_container_it_does_not_know_and_that_one_is_missing_itself(
    cosmos: Running, reports: ContainerProxy
) -> None:
    """So an application sees no 1003 at its first operation, but the plain 404 of the container."""
    missing = cosmos.database.get_container_client("missing")
    assert await refusal(missing.read()) == (404, None)
    assert await refusal(missing.read_item("1", "a")) == (404, None)
    assert cosmos.count("read", "missing") == 0


async def test_a_missing_database_is_the_owner_of_its_containers(cosmos: Running) -> None:
    missing = cosmos.client.get_database_client("missing")
    assert await refusal(missing.read()) == (404, None)
    assert await refusal(missing.get_container_client("reports").read()) == (404, OWNER_NOT_FOUND)
    created = missing.create_container("reports", PartitionKey("/agent"))
    assert await refusal(created) == (404, OWNER_NOT_FOUND)
    assert await refusal(anext(missing.list_containers())) == (404, OWNER_NOT_FOUND)
    assert await refusal(cosmos.client.delete_database("missing")) == (404, None)
