"""Entra's devices: reading them and writing the tag."""

from typing import Any

import pytest
from msgraph import GraphServiceClient
from msgraph.generated.models.device import Device

from tests.local.graph.simulator import PHONE, Simulator, raw_json

PATH = f"/v1.0/devices(deviceId='{PHONE}')"


async def test_the_sdk_reads_and_tags_a_phone(
    simulator: Simulator, sdk: GraphServiceClient, phone: str
) -> None:
    builder = sdk.devices_with_device_id(phone)
    tag = Device(additional_data={"extensionAttributes": {"extensionAttribute7": "mtd-block-high"}})
    assert await raw_json(sdk, builder.to_patch_request_information(tag)) == {}
    device = await raw_json(sdk, builder.to_get_request_information())
    assert device["extensionAttributes"]["extensionAttribute7"] == "mtd-block-high"
    assert device["displayName"] == "phone"
    assert simulator.calls("PATCH", "/devices(deviceId='{id}')") == 1


async def test_one_attribute_leaves_the_others_and_null_clears(simulator: Simulator, phone: str) -> None:
    both = {"extensionAttribute1": "asset", "extensionAttribute7": "mtd-ok"}
    for attributes in (both, {"extensionAttribute7": None}):
        status, _ = await simulator.ask("PATCH", PATH, {"extensionAttributes": attributes})
        assert status == 204
    device = simulator.state.entra_device(phone.upper())
    assert device is not None
    written = {name: value for name, value in device["extensionAttributes"].items() if value is not None}
    assert written == {"extensionAttribute1": "asset"}


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"accountEnabled": False}, 400),
        ({"isCompliant": False, "extensionAttributes": {"extensionAttribute7": "x"}}, 400),
        ({"extensionAttributes": {"extensionAttribute16": "x"}}, 400),
        ({"extensionAttributes": {"extensionAttribute7": 1}}, 400),
        ({"extensionAttributes": "x"}, 400),
        ([], 400),
    ],
)
async def test_a_phone_takes_nothing_but_its_attributes(
    simulator: Simulator, change: Any, status: int
) -> None:
    before = simulator.state.entra_device(PHONE)
    assert (await simulator.ask("PATCH", PATH, change))[0] == status
    assert simulator.state.entra_device(PHONE) == before


async def test_windows_takes_more(simulator: Simulator) -> None:
    simulator.state.put_entra_device({"deviceId": PHONE, "operatingSystem": "Windows"})
    assert (await simulator.ask("PATCH", PATH, {"accountEnabled": False}))[0] == 204


@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_an_unknown_device_gets_404(simulator: Simulator, method: str) -> None:
    body = {"extensionAttributes": {"extensionAttribute7": "mtd-ok"}}
    status, answer = await simulator.ask(method, PATH, body if method == "PATCH" else None)
    assert (status, answer["error"]["code"]) == (404, "Request_ResourceNotFound")


async def test_a_removed_device_is_gone(simulator: Simulator, phone: str) -> None:
    assert simulator.state.remove_entra_device(phone)
    assert (await simulator.ask("GET", PATH))[0] == 404


async def test_devices_are_listed_with_their_attributes(simulator: Simulator, phone: str) -> None:
    status, body = await simulator.ask("GET", "/v1.0/devices?$select=deviceId,extensionAttributes&$top=999")
    assert status == 200
    assert body["value"][0].keys() == {"deviceId", "extensionAttributes"}
    assert body["value"][0]["deviceId"] == phone


@pytest.mark.parametrize("query", ["$top=1000", "$filter=deviceId eq 'x'"])
async def test_what_entra_refuses_or_we_cannot_do_gets_400(simulator: Simulator, query: str) -> None:
    assert (await simulator.ask("GET", f"/v1.0/devices?{query}"))[0] == 400


async def test_a_device_in_a_restricted_unit_is_read_and_takes_no_tag(
    simulator: Simulator, phone: str
) -> None:
    simulator.state.put_entra_device({"deviceId": phone, "isManagementRestricted": True})
    body = {"extensionAttributes": {"extensionAttribute7": "mtd-ok"}}
    status, answer = await simulator.ask("PATCH", PATH, body)
    assert (status, answer["error"]["code"]) == (403, "Authorization_RequestDenied")
    assert (await simulator.ask("GET", PATH + "?$select=isManagementRestricted"))[1] == {
        "isManagementRestricted": True
    }


@pytest.mark.usefixtures("phone")
@pytest.mark.parametrize("path", [PATH, "/v1.0/devices"])
async def test_a_name_nobody_knows_cannot_be_selected(simulator: Simulator, path: str) -> None:
    status, answer = await simulator.ask("GET", f"{path}?$select=deviceId,extensionAttribute")
    assert status == 400
    assert "named 'extensionAttribute' on type 'microsoft.graph.device'" in answer["error"]["message"]
