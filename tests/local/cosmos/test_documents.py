"""Documents through the SDK: conditions, partitions, patch, batch, time to live."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.cosmos import exceptions
from azure.cosmos.aio import ContainerProxy

from tests.local.cosmos.conftest import Running


async def status_of(request: Awaitable[object]) -> int:
    with pytest.raises(exceptions.CosmosHttpResponseError) as caught:
        await request
    return int(caught.value.status_code or 0)


async def ids(container: ContainerProxy) -> list[str]:
    return [item["id"] async for item in container.read_all_items()]


async def test_a_created_document_carries_the_system_fields(cosmos: Running, reports: ContainerProxy) -> None:
    created = await reports.create_item({"id": "1", "agent": "a"})
    assert {"_rid", "_self", "_etag", "_attachments"} <= created.keys()
    assert created["_ts"] == int(cosmos.clock.now)


async def test_an_id_is_taken_once_per_partition(reports: ContainerProxy) -> None:
    await reports.create_item({"id": "1", "agent": "a"})
    await reports.create_item({"id": "1", "agent": "b"})
    assert await status_of(reports.create_item({"id": "1", "agent": "a"})) == 409


async def test_a_document_is_found_in_its_own_partition_only(reports: ContainerProxy) -> None:
    await reports.create_item({"id": "1", "agent": "a"})
    assert await status_of(reports.read_item("1", "b")) == 404


async def test_a_number_and_a_boolean_are_different_partitions(reports: ContainerProxy) -> None:
    await reports.create_item({"id": "1", "agent": 1})
    await reports.create_item({"id": "1", "agent": True})
    assert (await reports.read_item("1", 1))["agent"] == 1
    assert (await reports.read_item("1", True))["agent"] is True


@pytest.mark.parametrize("id_", ["a b", "é–ü", "x:y", "50%", "a+b", "a%2Fb"])
async def test_an_odd_id_is_stored_and_read(reports: ContainerProxy, id_: str) -> None:
    await reports.create_item({"id": id_, "agent": "dév–1"})
    assert (await reports.read_item(id_, "dév–1"))["id"] == id_


async def test_replace_with_a_stale_etag_is_refused(reports: ContainerProxy) -> None:
    first = await reports.create_item({"id": "1", "agent": "a"})
    document = {"id": "1", "agent": "a", "n": 2}
    kept: dict[str, Any] = {"etag": first["_etag"], "match_condition": MatchConditions.IfNotModified}
    await reports.replace_item("1", document, **kept)
    assert await status_of(reports.replace_item("1", document | {"n": 3}, **kept)) == 412
    assert (await reports.read_item("1", "a"))["n"] == 2


async def test_upsert_patch_and_delete_with_a_stale_etag_are_refused(reports: ContainerProxy) -> None:
    await reports.create_item({"id": "1", "agent": "a"})
    stale: dict[str, Any] = {"etag": '"x"', "match_condition": MatchConditions.IfNotModified}
    assert await status_of(reports.upsert_item({"id": "1", "agent": "a"}, **stale)) == 412
    set_n = [{"op": "set", "path": "/n", "value": 1}]
    assert await status_of(reports.patch_item("1", "a", set_n, **stale)) == 412
    assert await status_of(reports.delete_item("1", "a", **stale)) == 412


async def test_patch_applies_every_operation(reports: ContainerProxy) -> None:
    await reports.create_item({"id": "1", "agent": "a", "n": 1, "gone": 1, "list": [1, 3], "old": {"k": 1}})
    patched = await reports.patch_item(
        "1",
        "a",
        [
            {"op": "add", "path": "/list/1", "value": 2},
            {"op": "add", "path": "/list/-", "value": 4},
            {"op": "set", "path": "/list/0", "value": 0},
            {"op": "incr", "path": "/n", "value": 4},
            {"op": "incr", "path": "/new", "value": 1},
            {"op": "replace", "path": "/old/k", "value": 2},
            {"op": "remove", "path": "/gone"},
            {"op": "move", "from": "/old", "path": "/moved"},
        ],
    )
    assert {name: value for name, value in patched.items() if not name.startswith("_")} == {
        "id": "1",
        "agent": "a",
        "n": 5,
        "new": 1,
        "list": [0, 2, 3, 4],
        "moved": {"k": 2},
    }


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/none", "value": 1},
        {"op": "remove", "path": "/none"},
        {"op": "set", "path": "/none/deeper", "value": 1},
        {"op": "incr", "path": "/text", "value": 1},
        {"op": "set", "path": "/id", "value": "2"},
        {"op": "set", "path": "/agent", "value": "b"},
        {"op": "set", "path": "/_etag", "value": "b"},
        {"op": "add", "path": "/list/7", "value": 1},
        {"op": "copy", "path": "/text", "value": 1},
        {"op": "move", "from": "/object", "path": "/object/k"},
        {"op": "set", "path": "/text"},
    ],
)
async def test_a_patch_that_cannot_be_applied_changes_nothing(
    reports: ContainerProxy, operation: dict[str, object]
) -> None:
    created = await reports.create_item({"id": "1", "agent": "a", "text": "t", "list": [], "object": {}})
    first = {"op": "set", "path": "/text", "value": "changed"}
    assert await status_of(reports.patch_item("1", "a", [first, operation])) == 400
    assert dict(await reports.read_item("1", "a")) == dict(created)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("FROM c WHERE c.n = 1", True),
        ("from c where c.n = 2", False),
        ("FROM c WHERE c.state.level = 'low'", True),
        ('FROM c WHERE c.state.level = "high"', False),
        ("FROM c WHERE c.n = true", False),
        ("FROM c WHERE c.none = null", False),
    ],
)
async def test_a_patch_is_applied_when_its_condition_holds(
    reports: ContainerProxy, condition: str, holds: bool
) -> None:
    await reports.create_item({"id": "1", "agent": "a", "n": 1, "state": {"level": "low"}})
    patch = reports.patch_item(
        "1", "a", [{"op": "set", "path": "/done", "value": True}], filter_predicate=condition
    )
    if holds:
        assert (await patch)["done"] is True
    else:
        assert await status_of(patch) == 412


async def test_a_failed_batch_leaves_nothing_behind(reports: ContainerProxy) -> None:
    await reports.create_item({"id": "taken", "agent": "a", "n": 0})
    with pytest.raises(exceptions.CosmosBatchOperationError) as caught:
        await reports.execute_item_batch(
            [
                ("create", ({"id": "1", "agent": "a"},)),
                ("patch", ("taken", [{"op": "incr", "path": "/n", "value": 1}])),
                ("create", ({"id": "taken", "agent": "a"},)),
                ("create", ({"id": "2", "agent": "a"},)),
            ],
            partition_key="a",
        )
    assert [item["statusCode"] for item in caught.value.operation_responses or []] == [424, 424, 409, 424]
    assert await ids(reports) == ["taken"]
    assert (await reports.read_item("taken", "a"))["n"] == 0


async def test_a_batch_does_all_its_operations(reports: ContainerProxy) -> None:
    await reports.create_item({"id": "r", "agent": "a"})
    results = await reports.execute_item_batch(
        [
            ("create", ({"id": "1", "agent": "a"},)),
            ("replace", ("r", {"id": "r", "agent": "a", "n": 1})),
            ("read", ("r",)),
            ("delete", ("1",)),
        ],
        partition_key="a",
    )
    assert [item["statusCode"] for item in results] == [201, 200, 200, 204]
    assert results[2]["resourceBody"]["n"] == 1
    assert await ids(reports) == ["r"]


async def test_a_batch_over_two_partitions_or_a_hundred_operations_is_refused(
    reports: ContainerProxy,
) -> None:
    other = [("create", ({"id": "1", "agent": "a"},)), ("create", ({"id": "2", "agent": "b"},))]
    many = [("create", ({"id": str(n), "agent": "a"},)) for n in range(101)]
    assert await status_of(reports.execute_item_batch(other, partition_key="a")) == 400
    assert await status_of(reports.execute_item_batch(many, partition_key="a")) == 400
    assert await ids(reports) == []


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_a_document_over_two_megabytes_is_refused(reports: ContainerProxy) -> None:
    assert await status_of(reports.create_item({"id": "1", "agent": "a", "x": "x" * 2_200_000})) == 413


async def test_documents_expire_with_the_clock(cosmos: Running) -> None:
    container = await cosmos.container("expiring", default_ttl=60)
    await container.create_item({"id": "default", "agent": "a"})
    await container.create_item({"id": "longer", "agent": "a", "ttl": 100})
    await container.create_item({"id": "never", "agent": "a", "ttl": -1})
    cosmos.clock.now += 59
    assert await ids(container) == ["default", "longer", "never"]
    cosmos.clock.now += 1
    assert await ids(container) == ["longer", "never"]
    cosmos.clock.now += 1_000_000
    assert await ids(container) == ["never"]
    assert [item["id"] async for item in container.query_items_change_feed(start_time="Beginning")] == [
        "never"
    ]


async def test_an_expired_document_gives_its_id_free(cosmos: Running) -> None:
    container = await cosmos.container("expiring", default_ttl=60)
    await container.create_item({"id": "1", "agent": "a"})
    cosmos.clock.now += 60
    assert await status_of(container.read_item("1", "a")) == 404
    await container.create_item({"id": "1", "agent": "a"})


async def test_an_own_ttl_does_nothing_where_the_container_has_none(
    cosmos: Running, reports: ContainerProxy
) -> None:
    await reports.create_item({"id": "1", "agent": "a", "ttl": 1})
    cosmos.clock.now += 100
    assert await ids(reports) == ["1"]


async def test_a_thousand_creates_at_once_are_all_kept(reports: ContainerProxy) -> None:
    await asyncio.gather(*[reports.create_item({"id": str(n), "agent": f"a{n % 9}"}) for n in range(1000)])
    assert len(await ids(reports)) == 1000
