"""Export jobs, from order to file, and what can be wrong with them."""

import asyncio
import csv
import io
import pathlib
import zipfile
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from msgraph import GraphServiceClient
from msgraph.generated.models.device_management_export_job import DeviceManagementExportJob

from local.graph.server import create_app
from tests.local.graph.simulator import Simulator, raw_json

JOBS = "/v1.0/deviceManagement/reports/exportJobs"
ORDER = {"reportName": "AppInvRawData", "format": "csv", "select": ["DeviceId", "ApplicationName"]}
APPS = [{"ApplicationName": name} for name in ('Karte, "neu"', "two\nlines", "Поиск 探索 🔭", "=1+1")]


@pytest.fixture
def phones(simulator: Simulator) -> None:
    """An iPhone with difficult names of apps, and an Android phone."""
    simulator.state.put_managed_device({"id": "i1", "operatingSystem": "iOS", "deviceName": "phone"})
    simulator.state.put_managed_device({"id": "a1", "operatingSystem": "Android"})


@pytest.fixture(autouse=True)
async def apps(simulator: Simulator, phones: None) -> None:
    put = [{"deviceId": "i1", "apps": APPS}, {"deviceId": "a1", "apps": [{"ApplicationName": "other"}]}]
    assert (await simulator.ask("POST", "/_sim/detected-apps", put))[0] == 204


async def export(simulator: Simulator, order: dict[str, Any] = ORDER) -> dict[str, Any]:
    """The job when it is over."""
    status, job = await simulator.ask("POST", JOBS, order)
    assert status == 201
    for _ in range(3):
        _, job = await simulator.ask("GET", f"{JOBS}('{job['id']}')")
    over: dict[str, Any] = job
    return over


async def fetch(url: str, **headers: str) -> tuple[int, bytes]:
    """Status and body, asked for without a token."""
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.read()


async def rows(job: dict[str, Any]) -> list[list[str]]:
    """The report, headings first."""
    status, body = await fetch(job["url"])
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.namelist() == [f"{job['id']}.csv"]
        content = archive.read(archive.namelist()[0])
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def found(folder: pathlib.Path, pattern: str) -> list[pathlib.Path]:
    return [*folder.glob(pattern)]


async def test_a_job_goes_through_its_states_to_a_link_outside_graph(simulator: Simulator) -> None:
    assert (await simulator.ask("POST", "/_sim/exports", {"not_started": 2, "in_progress": 3}))[0] == 204
    status, job = await simulator.ask("POST", JOBS, ORDER)
    assert (status, job["status"], job["url"]) == (201, "notStarted", None)
    assert (job["requestDateTime"], job["expirationDateTime"]) == (
        "1970-01-12T13:46:40Z",
        "0001-01-01T00:00:00Z",
    )
    polls = [(await simulator.ask("GET", f"{JOBS}/{job['id']}"))[1] for _ in range(6)]
    assert [poll["status"] for poll in polls] == ["notStarted"] * 2 + ["inProgress"] * 3 + ["completed"]
    assert [poll["url"] is None for poll in polls] == [True] * 5 + [False]
    assert polls[-1]["url"].startswith(str(simulator.url / "_blob"))
    assert polls[-1]["expirationDateTime"] == "1970-01-12T19:46:40Z"
    assert simulator.calls("GET", "/deviceManagement/reports/exportJobs/{id}") == 6


async def test_the_sdk_orders_and_polls(simulator: Simulator, sdk: GraphServiceClient) -> None:
    jobs = sdk.device_management.reports.export_jobs
    body = DeviceManagementExportJob(report_name="AppInvRawData", select=["DeviceId"])
    made = await raw_json(sdk, jobs.to_post_request_information(body))
    item = jobs.by_device_management_export_job_id(made["id"])
    for _ in range(3):
        job = await raw_json(sdk, item.to_get_request_information())
    assert sorted(await rows(job)) == [["DeviceId"]] + [["a1"]] + [["i1"]] * 4


async def test_the_report_keeps_every_character_and_the_selected_columns(simulator: Simulator) -> None:
    report = await rows(await export(simulator))
    assert report[0] == ["DeviceId", "ApplicationName"]
    assert sorted(report[1:]) == sorted([["a1", "other"], *(["i1", app["ApplicationName"]] for app in APPS)])


@pytest.mark.parametrize(
    ("condition", "count"),
    [("(Platform eq 'IOS')", 4), ("DeviceId eq 'a1'", 1), ("(DeviceName eq 'it''s')", 0), ("", 5)],
)
async def test_a_filter_leaves_what_equals(simulator: Simulator, condition: str, count: int) -> None:
    assert len(await rows(await export(simulator, ORDER | {"filter": condition}))) - 1 == count


@pytest.mark.parametrize(
    "wrong",
    [
        {"reportName": "Devices"},
        {"select": ["DeviceId", "BundleId"]},
        {"filter": "(Platform ne 'IOS')"},
        {"filter": "(ApplicationKey eq 'x')"},
        {"format": "json"},
    ],
)
async def test_what_the_report_lacks_or_is_not_simulated_gets_400(
    simulator: Simulator, wrong: dict[str, Any]
) -> None:
    assert (await simulator.ask("POST", JOBS, ORDER | wrong))[0] == 400


async def test_an_unknown_job_gets_404(simulator: Simulator) -> None:
    assert (await simulator.ask("GET", f"{JOBS}('AppInvRawData_x')"))[0] == 404


async def test_storage_refuses_a_token_a_changed_link_and_an_expired_one(simulator: Simulator) -> None:
    url = (await export(simulator))["url"]
    assert await fetch(url, Authorization=simulator.http.headers["Authorization"]) == (
        400,
        b'<?xml version="1.0" encoding="utf-8"?><Error><Code>InvalidAuthenticationInfo</Code></Error>',
    )
    assert (await fetch(url.replace("se=1970", "se=2070")))[0] == 403
    assert (await fetch(url.replace("sig=", "sig=x")))[0] == 403
    simulator.clock.now += 6 * 3600 - 1
    assert (await fetch(url))[0] == 200
    simulator.clock.now += 1
    status, body = await fetch(url)
    assert (status, b"AuthenticationFailed" in body) == (403, True)


async def test_a_stuck_job_never_starts_but_the_next_one_does(simulator: Simulator) -> None:
    simulator.faults.export(stuck=True)
    job = await export(simulator)
    for _ in range(9):
        assert (await simulator.ask("GET", f"{JOBS}('{job['id']}')"))[1]["status"] == "notStarted"
    assert (await export(simulator))["status"] == "completed"


async def test_a_job_fails_without_a_link(simulator: Simulator) -> None:
    order = {"fault": "export", "arguments": {"times": 2, "fails": True}}
    assert (await simulator.ask("POST", "/_sim/faults", order))[0] == 204
    for _ in range(2):
        job = await export(simulator)
        assert (job["status"], job["url"]) == ("failed", None)


async def test_a_link_is_expired_from_the_start(simulator: Simulator) -> None:
    simulator.faults.export(link_expired=True)
    assert (await fetch((await export(simulator))["url"]))[0] == 403
    assert (await fetch((await export(simulator))["url"]))[0] == 200


async def test_a_filter_is_ignored(simulator: Simulator) -> None:
    simulator.faults.export(filter_ignored=True)
    assert len(await rows(await export(simulator, ORDER | {"filter": "(Platform eq 'IOS')"}))) == 6


async def test_a_zip_hides_how_much_it_holds(simulator: Simulator) -> None:
    simulator.faults.export(padding_mib=64, claimed_size=1000)
    _, body = await fetch((await export(simulator))["url"])
    assert len(body) < 1024 * 1024
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        entry = archive.infolist()[0]
        assert entry.file_size == 1000
        with pytest.raises(zipfile.BadZipFile):
            archive.read(entry)
        entry.file_size = 2**40
        assert len(archive.read(entry)) > 64 * 1024 * 1024
    assert (1000).to_bytes(8, "little") in body[:100]


async def test_orders_and_polls_are_throttled_together_and_seen_so(simulator: Simulator) -> None:
    _, job = await simulator.ask("POST", JOBS, ORDER)
    statuses = [(await simulator.ask("GET", f"{JOBS}/{job['id']}"))[0] for _ in range(48)]
    assert statuses == [200] * 47 + [429]
    _, calls = await simulator.ask("GET", "/_sim/calls")
    assert [row["refused"] for row in calls] == [1, 0]


async def test_the_files_go_with_the_simulator_even_if_one_is_being_written(tmp_path: pathlib.Path) -> None:
    app = create_app(tmp_path / "graph.db")
    async with TestClient(TestServer(app)) as client:
        answer = await client.get(
            "/msi/token?resource=r&api-version=2019-08-01", headers={"X-IDENTITY-HEADER": "local"}
        )
        headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
        devices = [{"id": f"d{number}", "operatingSystem": "iOS"} for number in range(5000)]
        assert (await client.post("/_sim/devices", json=devices)).status == 204
        assert (await client.post("/_sim/synthetic-apps", json={"apps_per_device": 60})).status == 204
        assert (await client.post(JOBS, json=ORDER, headers=headers)).status == 201
        await asyncio.sleep(0.05)
        assert len(found(tmp_path, "exports-*/*.zip")) == 1
    assert not found(tmp_path, "exports-*")
