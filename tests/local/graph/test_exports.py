"""Export jobs, from order to link."""

import pytest
from msgraph import GraphServiceClient
from msgraph.generated.models.device_management_export_job import DeviceManagementExportJob

from tests.local.graph.exporting import JOBS, ORDER, export, fetch, rows
from tests.local.graph.simulator import Simulator, raw_json

pytestmark = pytest.mark.usefixtures("apps")


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


async def test_an_unknown_job_gets_404(simulator: Simulator) -> None:
    assert (await simulator.ask("GET", f"{JOBS}('AppInvRawData_x')"))[0] == 404


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


async def test_orders_and_polls_are_throttled_together_and_seen_so(simulator: Simulator) -> None:
    _, job = await simulator.ask("POST", JOBS, ORDER)
    statuses = [(await simulator.ask("GET", f"{JOBS}/{job['id']}"))[0] for _ in range(48)]
    assert statuses == [200] * 47 + [429]
    _, calls = await simulator.ask("GET", "/_sim/calls")
    assert [row["refused"] for row in calls] == [1, 0]
