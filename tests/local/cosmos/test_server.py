"""The server around the documents: disk, key, faults, counters, and requests no SDK sends."""

import asyncio
import base64
import pathlib
import sys

import pytest
from azure.core.exceptions import AzureError
from azure.cosmos import PartitionKey, exceptions
from azure.cosmos.aio import ContainerProxy, CosmosClient

from local.cosmos.account import EMULATOR_KEY
from local.ports import free_port
from tests.local.cosmos.conftest import Running, Serve
from tests.local.cosmos.test_reading_many import changes

DOCUMENTS = "/dbs/mtd/colls/reports/docs"
OF_A = {"x-ms-documentdb-partitionkey": '["a"]'}


async def test_a_restart_keeps_documents_order_and_continuation(serve: Serve, tmp_path: pathlib.Path) -> None:
    async with serve(tmp_path / "cosmos.sqlite") as server:
        container = await server.container()
        for id_ in "123":
            await container.create_item({"id": id_, "agent": "a"})
        await container.upsert_item({"id": "1", "agent": "a"})
        _, left = await changes(container, start_time="Beginning")
        await container.delete_item("1", "a")
    async with serve(tmp_path / "cosmos.sqlite") as server:
        container = server.database.get_container_client("reports")
        await container.create_item({"id": "4", "agent": "a"})
        assert (await changes(container, continuation=left))[0] == ["4"]
        assert (await changes(container, start_time="Beginning"))[0] == ["2", "3", "4"]


async def test_a_kill_after_the_answer_loses_nothing(serve: Serve, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "cosmos.sqlite"
    port = free_port()
    program = (
        "import pathlib; from aiohttp import web; from local.cosmos.server import create_app;"
        f"web.run_app(create_app(pathlib.Path({str(path)!r})), host='127.0.0.1', port={port})"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        await child.stdout.readline()
        async with CosmosClient(f"http://127.0.0.1:{port}", EMULATOR_KEY) as client:
            database = await client.create_database("mtd")
            container = await database.create_container("reports", PartitionKey("/agent"))
            await container.create_item({"id": "1", "agent": "a"})
    finally:
        child.kill()
        await child.wait()
    async with serve(path) as server:
        found = server.database.get_container_client("reports")
        assert (await found.read_item("1", "a"))["id"] == "1"


async def test_a_wrong_key_is_refused(serve: Serve) -> None:
    wrong = base64.b64encode(b"another key").decode()
    async with serve(key=wrong) as server:
        with pytest.raises(exceptions.CosmosHttpResponseError) as caught:
            await server.database.read()
        assert caught.value.status_code == 401


async def test_an_entra_token_is_refused(cosmos: Running, reports: ContainerProxy) -> None:
    token = {"authorization": "type%3Daad%26ver%3D1.0%26sig%3DeyJhbGciOiJub25lIn0.e30."}
    assert await cosmos.raw("GET", f"{DOCUMENTS}/1", headers=OF_A | token) == 401


async def test_the_sdk_waits_out_injected_throttling(cosmos: Running, reports: ContainerProxy) -> None:
    cosmos.faults.fail_next(429, times=2, operation="create")
    await reports.create_item({"id": "1", "agent": "a"})
    assert cosmos.count("create") == 3


async def test_a_fault_meets_only_its_container_and_operation(
    cosmos: Running, reports: ContainerProxy
) -> None:
    agents = await cosmos.container("agents")
    cosmos.faults.fail_next(449, container="agents", operation="create")
    await reports.create_item({"id": "1", "agent": "a"})
    with pytest.raises(exceptions.CosmosHttpResponseError) as caught:
        await agents.create_item({"id": "1", "agent": "a"})
    assert caught.value.status_code == 449
    await agents.create_item({"id": "1", "agent": "a"})


async def test_cleared_faults_do_not_strike(cosmos: Running, reports: ContainerProxy) -> None:
    cosmos.faults.fail_next(500, times=9)
    cosmos.faults.clear()
    await reports.create_item({"id": "1", "agent": "a"})


@pytest.mark.parametrize("status", [0, 500])
async def test_a_lost_answer_has_its_write_done(
    cosmos: Running, reports: ContainerProxy, status: int
) -> None:
    cosmos.faults.fail_next(status, after_commit=True, operation="create")
    with pytest.raises(AzureError):
        await reports.create_item({"id": "1", "agent": "a"})
    assert (await reports.read_item("1", "a"))["id"] == "1"


async def test_every_document_request_is_counted(cosmos: Running, reports: ContainerProxy) -> None:
    await reports.create_item({"id": "1", "agent": "a"})
    for missing in ("1", "2"):
        with pytest.raises(exceptions.CosmosHttpResponseError):
            await reports.read_item(missing, "b")
    await reports.upsert_item({"id": "1", "agent": "a"})
    await reports.replace_item("1", {"id": "1", "agent": "a"})
    await reports.patch_item("1", "a", [{"op": "set", "path": "/n", "value": 1}])
    await reports.execute_item_batch([("read", ("1",))], partition_key="a")
    await changes(reports, start_time="Now")
    await anext(reports.query_items("SELECT * FROM c", partition_key="a"))
    await reports.delete_item("1", "a")
    kinds = ("create", "read", "upsert", "replace", "patch", "batch", "feed", "query", "delete")
    assert {kind: cosmos.count(kind) for kind in kinds} == dict.fromkeys(kinds, 1) | {"read": 2}


async def test_a_container_created_anew_is_empty_and_the_sdk_finds_it(
    cosmos: Running, reports: ContainerProxy
) -> None:
    await reports.create_item({"id": "1", "agent": "a"})
    await cosmos.database.delete_container("reports")
    await cosmos.container()
    assert [item async for item in reports.read_all_items()] == []
    await reports.create_item({"id": "1", "agent": "a"})


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", DOCUMENTS, "{not json", OF_A, 400),
        ("POST", DOCUMENTS, "null", OF_A, 400),
        ("POST", DOCUMENTS, '{"id":"1","agent":"a"}', {}, 400),
        ("POST", DOCUMENTS, '{"id":"1","agent":"b"}', OF_A, 400),
        ("POST", DOCUMENTS, '{"agent":"a"}', OF_A, 400),
        ("POST", DOCUMENTS, '{"id":{"a":1},"agent":"a"}', OF_A, 400),
        ("POST", DOCUMENTS, '{"id":"a/b","agent":"a"}', OF_A, 400),
        ("POST", DOCUMENTS, '{"id":"\\ud800","agent":"a"}', OF_A, 400),
        ("POST", DOCUMENTS, '{"id":"1","agent":"a","x":NaN}', OF_A, 400),
        ("POST", DOCUMENTS, '{"id":"1","agent":"a","x":1e999}', OF_A, 400),
        ("POST", DOCUMENTS, '{"id":"1","agent":["a"]}', OF_A, 400),
        ("POST", DOCUMENTS, '{"id":"1","agent":"a","ttl":0}', OF_A, 400),
        ("POST", DOCUMENTS, "[" * 100_000, OF_A, 400),
        ("POST", DOCUMENTS, '{"query": 5}', OF_A | {"x-ms-documentdb-isquery": "true"}, 400),
        ("POST", DOCUMENTS, '{"query": "SELECT * FROM c"}', {"x-ms-documentdb-isquery": "true"}, 400),
        ("POST", DOCUMENTS, '{"query": "\\ud800"}', OF_A | {"x-ms-documentdb-isquery": "true"}, 400),
        ("POST", DOCUMENTS, "[]", OF_A | {"x-ms-cosmos-is-batch-request": "True"}, 400),
        ("POST", DOCUMENTS, "[1]", OF_A | {"x-ms-cosmos-is-batch-request": "True"}, 400),
        ("GET", DOCUMENTS, "", {"a-im": "Incremental feed", "if-none-match": '"x"'}, 400),
        ("GET", DOCUMENTS, "", {"a-im": "Incremental feed", "if-modified-since": "never"}, 400),
        ("GET", DOCUMENTS, "", {"x-ms-continuation": "[1]"}, 400),
        ("GET", DOCUMENTS, "", {"x-ms-max-item-count": "many"}, 400),
        ("GET", f"{DOCUMENTS}/x", "", {"x-ms-documentdb-partitionkey": "zzz"}, 400),
        ("GET", f"{DOCUMENTS}/x", "", OF_A, 404),
        ("GET", f"{DOCUMENTS}/x", "", OF_A | {"authorization": "\u00e9"}, 401),
        ("PATCH", f"{DOCUMENTS}/x", "[]", OF_A, 404),
        ("PUT", f"{DOCUMENTS}/x", "", OF_A, 400),
        ("DELETE", DOCUMENTS, "", OF_A, 405),
        ("POST", "/dbs/none/colls/none/docs", '{"id":"1"}', OF_A, 404),
        ("GET", "/dbs/none/colls", "", {}, 404),
        ("GET", "/dbs/mtd/colls/reports/sprocs", "", {}, 404),
        ("PUT", "/dbs", "", {}, 405),
        ("POST", "/dbs/mtd/colls", '{"id":"x","partitionKey":{"paths":[]}}', {}, 400),
    ],
)
@pytest.mark.usefixtures("reports")
async def test_a_malformed_request_is_refused(
    cosmos: Running, method: str, path: str, body: str, headers: dict[str, str], status: int
) -> None:
    assert await cosmos.raw(method, path, body, headers) == status
