"""Intune's endpoints through the SDK's request builders."""

from typing import Any

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph import GraphServiceClient
from msgraph.generated.device_management.managed_devices.managed_devices_request_builder import (
    ManagedDevicesRequestBuilder,
)

from tests.local.graph.simulator import Simulator, pages, raw_json

DEVICES = "/v1.0/deviceManagement/managedDevices"
APPS = "/v1.0/deviceAppManagement/mobileApps"
POLICIES = "/v1.0/deviceManagement/deviceCompliancePolicies"


@pytest.fixture
def devices(simulator: Simulator) -> None:
    for number in range(5):
        system = "iOS" if number < 2 else "Android"
        device = {"id": f"d{number}", "azureADDeviceId": f"a{number}", "operatingSystem": system}
        simulator.state.put_managed_device(device)


def list_request(sdk: GraphServiceClient, **query: Any) -> Any:
    parameters = ManagedDevicesRequestBuilder.ManagedDevicesRequestBuilderGetQueryParameters(**query)
    configuration = RequestConfiguration(query_parameters=parameters)
    return sdk.device_management.managed_devices.to_get_request_information(configuration)


@pytest.mark.usefixtures("devices")
async def test_pages_hold_every_device_once_and_keep_the_selection(sdk: GraphServiceClient) -> None:
    found = [page async for page in pages(sdk, list_request(sdk, select=["id", "osVersion"], top=1000))]
    assert [page["value"] for page in found] == [
        [{"id": "d0"}, {"id": "d1"}],
        [{"id": "d2"}, {"id": "d3"}],
        [{"id": "d4"}],
    ]
    assert found[0]["@odata.nextLink"].startswith("http://127.0.0.1:")


@pytest.mark.usefixtures("devices")
async def test_a_smaller_top_makes_smaller_pages(sdk: GraphServiceClient) -> None:
    assert [len(page["value"]) async for page in pages(sdk, list_request(sdk, top=1))] == [1] * 5


@pytest.mark.usefixtures("devices")
async def test_removing_a_device_between_pages_loses_no_other(
    simulator: Simulator, sdk: GraphServiceClient
) -> None:
    seen = []
    async for page in pages(sdk, list_request(sdk)):
        seen += [device["id"] for device in page["value"]]
        simulator.state.remove_managed_device("d0")
    assert seen == ["d0", "d1", "d2", "d3", "d4"]


@pytest.mark.usefixtures("devices")
async def test_an_empty_page_still_leads_to_the_rest(simulator: Simulator, sdk: GraphServiceClient) -> None:
    simulator.faults.empty_page("$skiptoken")
    simulator.faults.empty_page("managedDevices")
    found = [page async for page in pages(sdk, list_request(sdk))]
    assert [len(page["value"]) for page in found] == [0, 0, 2, 2, 1]
    links = [page.get("@odata.nextLink") for page in found]
    assert len(set(links)) == len(links)


@pytest.mark.usefixtures("devices")
async def test_a_filter_is_ignored_as_it_may_be_in_reality(sdk: GraphServiceClient) -> None:
    page = await raw_json(sdk, list_request(sdk, filter="operatingSystem eq 'Android'"))
    assert [device["id"] for device in page["value"]] == ["d0", "d1"]


@pytest.mark.parametrize("query", ["$top=0", "$top=x", "$skiptoken=zz"])
async def test_senseless_paging_gets_400(simulator: Simulator, query: str) -> None:
    assert (await simulator.ask("GET", f"{DEVICES}?{query}"))[0] == 400


@pytest.mark.usefixtures("devices")
async def test_one_device_answers_to_both_key_syntaxes(simulator: Simulator, sdk: GraphServiceClient) -> None:
    builder = sdk.device_management.managed_devices.by_managed_device_id("d1")
    by_segment = await raw_json(sdk, builder.to_get_request_information())
    assert (200, by_segment) == await simulator.ask("GET", DEVICES + "('d1')")
    assert by_segment["azureADDeviceId"] == "a1"
    assert simulator.calls("GET", "/deviceManagement/managedDevices/{id}") == 2


async def test_a_device_that_is_not_there_gets_404_in_graphs_format(simulator: Simulator) -> None:
    status, body = await simulator.ask("GET", DEVICES + "/gone")
    assert (status, body["error"]["code"]) == (404, "ResourceNotFound")
    assert set(body["error"]["innerError"]) == {"date", "request-id", "client-request-id"}


@pytest.mark.usefixtures("devices")
async def test_the_overview_counts_the_devices(sdk: GraphServiceClient) -> None:
    builder = sdk.device_management.managed_device_overview
    overview = await raw_json(sdk, builder.to_get_request_information())
    assert overview["enrolledDeviceCount"] == 5
    assert overview["deviceOperatingSystemSummary"] == {"androidCount": 3, "iosCount": 2, "windowsCount": 0}


@pytest.mark.usefixtures("devices")
async def test_a_list_that_is_cut_off_looks_like_a_whole_one(
    simulator: Simulator, sdk: GraphServiceClient
) -> None:
    simulator.faults.truncate(1, "$skiptoken")
    found = [page async for page in pages(sdk, list_request(sdk))]
    assert [device["id"] for page in found for device in page["value"]] == ["d0", "d1", "d2"]
    assert len([page async for page in pages(sdk, list_request(sdk))]) == 3


async def test_mobile_apps_come_by_pages_with_assignments_when_expanded(
    simulator: Simulator, sdk: GraphServiceClient
) -> None:
    for number in range(3):
        app = {
            "@odata.type": "#microsoft.graph.iosStoreApp",
            "id": f"m{number}",
            "bundleId": f"com.example.{number}",
        }
        simulator.state.put_mobile_app(app | {"displayName": "app", "assignments": [{"id": "a"}]})
    request = sdk.device_app_management.mobile_apps.to_get_request_information()
    plain = [app async for page in pages(sdk, request) for app in page["value"]]
    assert [app["bundleId"] for app in plain] == [f"com.example.{number}" for number in range(3)]
    assert not any("assignments" in app for app in plain)
    _, body = await simulator.ask("GET", f"{APPS}?$select=id&$expand=assignments")
    assert body["value"][0] == {
        "@odata.type": "#microsoft.graph.iosStoreApp",
        "id": "m0",
        "assignments": [{"id": "a"}],
    }


async def test_a_property_of_a_derived_type_cannot_be_selected(simulator: Simulator) -> None:
    status, body = await simulator.ask("GET", f"{APPS}?$select=id,bundleId")
    assert (status, "bundleId" in body["error"]["message"]) == (400, True)


async def test_a_connector_is_read_and_switched(simulator: Simulator, sdk: GraphServiceClient) -> None:
    simulator.state.put_connector({"id": "c1", "partnerState": "notSetUp", "iosEnabled": False})
    path = "/v1.0/deviceManagement/mobileThreatDefenseConnectors/c1"
    change = {"@odata.type": "#microsoft.graph.mobileThreatDefenseConnector", "iosEnabled": True, "id": "x"}
    status, changed = await simulator.ask("PATCH", path, change)
    assert (status, changed) == (200, {"id": "c1", "partnerState": "notSetUp", "iosEnabled": True})
    builder = sdk.device_management.mobile_threat_defense_connectors
    assert (await raw_json(sdk, builder.to_get_request_information()))["value"] == [changed]
    assert await simulator.ask("GET", path) == (200, changed)


@pytest.mark.parametrize(
    ("expand", "keys", "rule"),
    [
        ("", {"id"}, None),
        ("?$expand=assignments", {"id", "assignments"}, None),
        ("?$expand=scheduledActionsForRule", {"id", "scheduledActionsForRule"}, {"ruleName"}),
        (
            "?$expand=assignments,scheduledActionsForRule($expand=scheduledActionConfigurations)",
            {"id", "assignments", "scheduledActionsForRule"},
            {"ruleName", "scheduledActionConfigurations"},
        ),
    ],
)
async def test_a_policy_shows_relations_only_when_expanded(
    simulator: Simulator, expand: str, keys: set[str], rule: set[str] | None
) -> None:
    action = {"ruleName": "r", "scheduledActionConfigurations": [{"actionType": "block"}]}
    policy = {"id": "p", "assignments": [{}], "scheduledActionsForRule": [action]}
    simulator.state.put_policy(policy)
    _, body = await simulator.ask("GET", POLICIES + expand)
    assert body["value"][0].keys() == keys
    if rule is not None:
        assert body["value"][0]["scheduledActionsForRule"][0].keys() == rule


DEVICE_OWNERS = "#microsoft.graph.androidDeviceOwnerCompliancePolicy"
FILTERED = {
    "@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget",
    "deviceAndAppManagementAssignmentFilterId": "f1",
    "deviceAndAppManagementAssignmentFilterType": "include",
}


@pytest.mark.parametrize("path", ["", "/p1"])
async def test_filters_are_served_by_beta_and_not_by_v1(simulator: Simulator, path: str) -> None:
    kind = "#microsoft.graph.iosCompliancePolicy"
    policy = {"@odata.type": kind, "id": "p1", "assignments": [{"id": "a", "target": FILTERED}]}
    simulator.state.put_policy(policy)
    seen = []
    for root in ("/beta", "/v1.0"):
        address = f"{root}/deviceManagement/deviceCompliancePolicies{path}?$expand=assignments"
        _, body = await simulator.ask("GET", address)
        seen.append(body["value"][0] if not path else body)
    assert seen[0] == policy
    assert seen[1]["assignments"] == [{"id": "a", "target": {"@odata.type": FILTERED["@odata.type"]}}]
    template = "/beta/deviceManagement/deviceCompliancePolicies" + ("/{id}" if path else "")
    assert simulator.calls("GET", template) == 1


async def test_a_type_of_beta_is_served_by_v1_as_its_base_type(simulator: Simulator) -> None:
    level = {"deviceThreatProtectionRequiredSecurityLevel": "low"}
    simulator.state.put_policy({"@odata.type": DEVICE_OWNERS, "id": "p1", "displayName": "owners", **level})
    _, body = await simulator.ask("GET", POLICIES)
    base = "#microsoft.graph.deviceCompliancePolicy"
    assert body["value"] == [{"@odata.type": base, "id": "p1", "displayName": "owners"}]
    _, body = await simulator.ask("GET", POLICIES.replace("v1.0", "beta"))
    assert body["value"][0].items() >= level.items()


async def test_filters_are_listed_by_beta_alone(simulator: Simulator) -> None:
    rule = {"id": "f1", "displayName": "corporate", "rule": '(device.deviceOwnership -eq "Corporate")'}
    assert (await simulator.ask("POST", "/_sim/assignment-filters", rule))[0] == 204
    path = "/deviceManagement/assignmentFilters"
    assert (await simulator.ask("GET", f"/beta{path}"))[1]["value"] == [rule]
    assert (await simulator.ask("GET", f"/v1.0{path}"))[0] == 400


async def test_beta_uses_the_same_quota_and_is_struck_by_the_same_faults(simulator: Simulator) -> None:
    simulator.faults.fail(503, 1)
    path = "/beta/deviceManagement/assignmentFilters"
    assert [(await simulator.ask("GET", path))[0] for _ in range(2)] == [503, 200]


@pytest.mark.usefixtures("devices")
async def test_a_device_has_the_names_of_v1_and_no_others(simulator: Simulator) -> None:
    status, body = await simulator.ask("GET", f"{DEVICES}?$select=id,deviceModel")
    assert (status, body["error"]["code"]) == (400, "BadRequest")
    assert (await simulator.ask("GET", f"{DEVICES}?$select=id,model"))[0] == 200


async def test_a_udid_comes_for_one_device_and_only_where_it_is_selected(simulator: Simulator) -> None:
    simulator.state.put_managed_device({"id": "i1", "udid": "u1"})
    for path, expected in (
        (f"{DEVICES}/i1?$select=udid", {"udid": "u1"}),
        (f"{DEVICES}/i1", {"id": "i1", "udid": None}),
        (f"{DEVICES}?$select=udid", [{"udid": None}]),
    ):
        _, body = await simulator.ask("GET", path)
        assert body.get("value", body) == expected
