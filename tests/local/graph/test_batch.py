"""Many requests in one."""

from typing import Any

import pytest

from tests.local.graph.simulator import PHONE, Simulator

BATCH = "/v1.0/$batch"
TAG = {"extensionAttributes": {"extensionAttribute7": "mtd-ok"}}
JSON = {"Content-Type": "application/json"}


def get(id_: str, url: str = "/deviceManagement/managedDevices") -> dict[str, Any]:
    return {"id": id_, "method": "GET", "url": url}


def tag(id_: str, device: str = PHONE) -> dict[str, Any]:
    url = f"/devices(deviceId='{device}')"
    return {"id": id_, "method": "PATCH", "url": url, "headers": JSON, "body": TAG}


async def ask(simulator: Simulator, *items: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The answers by id."""
    status, answer = await simulator.ask("POST", BATCH, {"requests": items})
    assert status == 200
    assert len(answer["responses"]) == len(items)
    return {one["id"]: one for one in answer["responses"]}


async def test_each_request_is_answered_and_counted_as_its_own(simulator: Simulator, phone: str) -> None:
    simulator.state.put_managed_device({"id": "d1"})
    revoke = {
        "id": "r",
        "method": "POST",
        "url": "users/u1/revokeSignInSessions",
        "headers": JSON,
        "body": {},
    }
    query = "deviceManagement/managedDevices?$select=id&$filter=operatingSystem eq 'iOS'"
    answers = await ask(simulator, tag("t", phone), get("g", query), get("n", "/groups/none"), revoke)
    assert {id_: answer["status"] for id_, answer in answers.items()} == {
        "t": 204,
        "g": 200,
        "n": 400,
        "r": 200,
    }
    assert answers["g"]["body"]["value"] == [{"id": "d1"}]
    assert answers["r"]["body"]["value"] is True
    assert "body" not in answers["t"]
    device = simulator.state.entra_device(phone)
    assert device is not None
    assert device["extensionAttributes"]["extensionAttribute7"] == "mtd-ok"
    assert simulator.calls("POST", "/$batch") == 1
    assert simulator.calls("PATCH", "/devices(deviceId='{id}')") == 1
    assert simulator.calls("GET", "/deviceManagement/managedDevices") == 1


async def test_answers_come_in_another_order_and_lead_on_at_the_callers_address(simulator: Simulator) -> None:
    for number in range(3):
        simulator.state.put_managed_device({"id": f"d{number}"})
    _, answer = await simulator.ask("POST", BATCH, {"requests": [get("1"), get("2"), get("3")]})
    assert [one["id"] for one in answer["responses"]] == ["3", "2", "1"]
    link = answer["responses"][0]["body"]["@odata.nextLink"]
    assert link.startswith(str(simulator.url / "v1.0"))


async def test_each_request_meets_its_own_quota_and_faults(simulator: Simulator, phone: str) -> None:
    access = get("c", "/identity/conditionalAccess/policies")
    simulator.faults.throttle(1, "7", method="PATCH")
    answers = await ask(simulator, access, access | {"id": "d"}, get("g"), tag("t", phone))
    assert sorted([answers["c"]["status"], answers["d"]["status"]]) == [200, 429]
    assert (answers["t"]["status"], answers["t"]["headers"]["Retry-After"]) == (429, "7")
    assert answers["t"]["body"]["error"]["code"] == "TooManyRequests"
    assert answers["g"]["status"] == 200


async def test_the_token_of_the_batch_is_that_of_its_requests(simulator: Simulator) -> None:
    answers = await ask(simulator, get("1") | {"headers": {"Authorization": "Bearer none"}})
    assert answers["1"]["status"] == 200
    headers = {"Authorization": "Bearer none"}
    async with simulator.http.post(BATCH, json={"requests": [get("1")]}, headers=headers) as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    "items",
    [
        [],
        [get(str(number)) for number in range(21)],
        [get("a"), get("A")],
        [get("")],
        [get("1", "http://127.0.0.1/v1.0/devices")],
        [get("1", "/$batch")],
        [{"id": "1", "method": "POST", "url": "/users/u1/revokeSignInSessions"}],
        [{key: value for key, value in tag("1").items() if key != "headers"}],
        [get("1"), get("2") | {"dependsOn": ["1"]}],
    ],
)
async def test_a_malformed_batch_gets_400_and_nothing_of_it_is_done(
    simulator: Simulator, items: list[dict[str, Any]]
) -> None:
    assert (await simulator.ask("POST", BATCH, {"requests": items}))[0] == 400
    _, calls = await simulator.ask("GET", "/_sim/calls")
    assert [call["path"] for call in calls] == ["/$batch"]


async def test_twenty_requests_fit(simulator: Simulator) -> None:
    answers = await ask(simulator, *(get(str(number)) for number in range(20)))
    assert {answer["status"] for answer in answers.values()} == {200}
