"""Documented quotas and ordered faults."""

import asyncio
import time

import pytest
from aiohttp.test_utils import TestClient, TestServer
from kiota_abstractions.api_error import APIError
from msgraph import GraphServiceClient

from local.graph.problem import GraphProblem
from local.graph.server import create_app
from local.graph.throttling import Throttle
from tests.local.graph.simulator import Clock, Simulator, raw_json

DEVICES = "/deviceManagement/managedDevices"
CONNECTORS = "/deviceManagement/mobileThreatDefenseConnectors"
DEVICE = "/devices(deviceId='{id}')"
EXPORTS = "/deviceManagement/reports/exportJobs"
ACCESS = "/identity/conditionalAccess/policies"


@pytest.mark.parametrize(
    ("method", "path", "limit", "window"),
    [
        ("GET", DEVICES, 2000, 20),
        ("POST", DEVICES + "/{id}/syncDevice", 200, 20),
        ("PATCH", CONNECTORS + "/{id}", 100, 20),
        ("PATCH", DEVICE, 3000, 150),
        ("GET", ACCESS, 1, 1),
        ("POST", EXPORTS, 48, 60),
        ("GET", EXPORTS + "/{id}", 48, 60),
        ("GET", "/deviceAppManagement/mobileApps", 1000, 20),
        ("POST", "/users/{id}/revokeSignInSessions", 3000, 150),
    ],
)
def test_a_quota_lasts_for_its_window_and_no_longer(method: str, path: str, limit: int, window: int) -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(limit):
        throttle.admit(method, path)
    clock.now += window - 0.5
    with pytest.raises(GraphProblem) as refusal:
        throttle.admit(method, path)
    assert refusal.value.status == 429
    assert refusal.value.retry_after == (None if path == ACCESS else "1")
    clock.now += 0.5
    throttle.admit(method, path)


def test_retry_after_is_the_time_until_the_oldest_request_leaves() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(200):
        throttle.admit("PATCH", DEVICES)
    clock.now += 3
    with pytest.raises(GraphProblem) as refusal:
        throttle.admit("PATCH", DEVICES)
    assert refusal.value.retry_after == "17"
    throttle.admit("GET", DEVICES)


def test_ordering_and_polling_exports_share_one_quota() -> None:
    throttle = Throttle(Clock())
    for _ in range(24):
        throttle.admit("POST", EXPORTS)
        throttle.admit("GET", EXPORTS + "/{id}")
    with pytest.raises(GraphProblem):
        throttle.admit("POST", EXPORTS)


def test_reading_devices_of_entra_is_not_counted_as_writing() -> None:
    throttle = Throttle(Clock())
    for _ in range(3001):
        throttle.admit("GET", DEVICE)
    throttle.admit("PATCH", DEVICE)


async def test_conditional_access_takes_one_request_a_second_and_does_not_say_when(
    simulator: Simulator,
) -> None:
    async with simulator.http.get("/v1.0" + ACCESS) as first, simulator.http.get("/v1.0" + ACCESS) as second:
        assert (first.status, second.status) == (200, 429)
        assert "Retry-After" not in second.headers
        assert (await second.json())["error"]["code"] == "TooManyRequests"
    simulator.clock.now += 1
    assert (await simulator.ask("GET", "/v1.0" + ACCESS))[0] == 200


async def test_quotas_can_be_off(simulator: Simulator) -> None:
    app = create_app(None, quotas=False)
    async with TestClient(TestServer(app)) as client:
        query = {"resource": "r", "api-version": "2019-08-01"}
        answer = await client.get("/msi/token", params=query, headers={"X-IDENTITY-HEADER": "local"})
        token = (await answer.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        for _ in range(3):
            assert (await client.get("/v1.0" + ACCESS, headers=headers)).status == 200


@pytest.mark.parametrize("retry_after", ["0.5", "Wed, 21 Oct 2026 07:28:00 GMT", None])
async def test_a_throttle_sends_its_retry_after_verbatim(
    simulator: Simulator, retry_after: str | None
) -> None:
    simulator.faults.throttle(1, retry_after, method="GET", path_contains="managedDevices")
    assert (await simulator.ask("GET", "/v1.0" + CONNECTORS))[0] == 200
    async with simulator.http.get("/v1.0" + DEVICES) as response:
        assert (response.status, response.headers.get("Retry-After")) == (429, retry_after)
    assert (await simulator.ask("GET", "/v1.0" + DEVICES))[0] == 200
    assert simulator.calls("GET", DEVICES) == 2


async def test_the_sdk_sees_a_failure_as_many_times_as_ordered(
    simulator: Simulator, sdk: GraphServiceClient
) -> None:
    simulator.faults.fail(503, 2, path_contains="mobileThreat")
    builder = sdk.device_management.mobile_threat_defense_connectors
    for _ in range(2):
        with pytest.raises(APIError) as failure:
            await raw_json(sdk, builder.to_get_request_information())
        assert failure.value.response_status_code == 503
    assert (await raw_json(sdk, builder.to_get_request_information()))["value"] == []


async def test_a_failed_write_has_no_effect(simulator: Simulator) -> None:
    simulator.state.put_connector({"id": "c1", "iosEnabled": False})
    simulator.faults.fail(500, 1, method="PATCH")
    status, body = await simulator.ask("PATCH", f"/v1.0{CONNECTORS}/c1", {"iosEnabled": True})
    assert (status, body["error"]["code"]) == (500, "InternalServerError")
    assert (await simulator.ask("GET", f"/v1.0{CONNECTORS}/c1"))[1]["iosEnabled"] is False


async def test_the_token_endpoint_fails_only_when_named(simulator: Simulator) -> None:
    simulator.faults.fail(500, 1)
    simulator.faults.fail(503, 1, path_contains="/msi/token")
    assert (await simulator.ask("GET", "/msi/token"))[0] == 503
    assert (await simulator.ask("GET", "/msi/token"))[0] == 401


async def test_a_delay_holds_answers_until_cleared(simulator: Simulator) -> None:
    simulator.faults.delay(0.1, "managedDevices")
    simulator.faults.throttle(1)
    started = time.monotonic()
    assert (await simulator.ask("GET", "/v1.0" + DEVICES))[0] == 429
    assert time.monotonic() - started >= 0.1
    simulator.faults.throttle(9)
    simulator.faults.empty_page("managedDevices")
    simulator.faults.delay(60)
    simulator.faults.clear()
    async with asyncio.timeout(30):
        status, body = await simulator.ask("GET", "/v1.0" + DEVICES)
    assert (status, "@odata.nextLink" in body) == (200, False)
