"""Groups and who is in them."""

import pytest
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_abstractions.request_information import RequestInformation
from msgraph import GraphServiceClient
from msgraph.generated.groups.item.transitive_members.graph_user import (
    graph_user_request_builder as user_builder,
)

from tests.local.graph.simulator import Simulator, pages, raw_json

MEMBERS = "/v1.0/groups/{}/transitiveMembers/microsoft.graph.user?$count=true"
EVENTUAL = {"ConsistencyLevel": "eventual"}
BUILDER = user_builder.GraphUserRequestBuilder


def users_of(sdk: GraphServiceClient, group: str) -> RequestInformation:
    """The SDK's request for the users of a group."""
    headers = HeadersCollection()
    headers.try_add("ConsistencyLevel", "eventual")
    query = BUILDER.GraphUserRequestBuilderGetQueryParameters(count=True)
    asked = RequestConfiguration(query_parameters=query, headers=headers)
    builder = sdk.groups.by_group_id(group).transitive_members.graph_user
    return builder.to_get_request_information(asked)


@pytest.fixture
def groups(simulator: Simulator) -> None:
    """All holds Sales and somebody; Sales holds two users and, in a circle, All."""
    simulator.state.put_group({"id": "All", "members": ["Sales", "u1"]})
    simulator.state.put_group({"id": "sales", "members": ["u2", "u3", "all"]})
    simulator.state.put_user({"id": "u2", "displayName": "two", "mail": "two@example.com"})


@pytest.mark.usefixtures("groups")
async def test_the_sdk_reads_the_users_of_nested_groups_by_pages(sdk: GraphServiceClient) -> None:
    found = [[user["id"] for user in page["value"]] async for page in pages(sdk, users_of(sdk, "All"))]
    assert found == [["u1", "u2"], ["u3"]]


@pytest.mark.usefixtures("groups")
async def test_users_show_what_is_selected(simulator: Simulator) -> None:
    _, body = await simulator.ask(
        "GET", MEMBERS.format("all") + "&$select=id,displayName&$top=999", **EVENTUAL
    )
    assert body["value"] == [{"id": "u1"}, {"id": "u2", "displayName": "two"}]


@pytest.mark.usefixtures("groups")
async def test_who_was_removed_is_in_no_group(simulator: Simulator) -> None:
    for kind, id_ in (("user", "u1"), ("group", "sales")):
        assert (await simulator.ask("POST", "/_sim/remove", {"kind": kind, "id": id_}))[0] == 204
    assert (await simulator.ask("GET", MEMBERS.format("all"), **EVENTUAL))[1]["value"] == []
    simulator.state.put_group({"id": "sales", "members": ["u2"]})
    assert (await simulator.ask("GET", MEMBERS.format("all"), **EVENTUAL))[1]["value"][0]["id"] == "u2"


@pytest.mark.usefixtures("groups")
@pytest.mark.parametrize(("path", "status"), [("no-group", 404), ("u1", 404), ("all?$top=1000", 400)])
async def test_an_unknown_group_or_too_large_a_page_is_refused(
    simulator: Simulator, path: str, status: int
) -> None:
    group, _, query = path.partition("?")
    assert (await simulator.ask("GET", f"{MEMBERS.format(group)}&{query}", **EVENTUAL))[0] == status


@pytest.mark.usefixtures("groups")
async def test_a_user_is_in_the_groups_around_a_group(simulator: Simulator, sdk: GraphServiceClient) -> None:
    simulator.state.put_group({"id": "others", "members": ["u9"]})
    assert simulator.state.groups_of("U3") == {"all", "sales"}
    assert simulator.state.groups_of("u1") == {"all", "sales"}
    assert simulator.state.groups_of("u9") == {"others"}
    assert (await raw_json(sdk, users_of(sdk, "others")))["value"] == [{"id": "u9"}]


@pytest.mark.usefixtures("groups")
@pytest.mark.parametrize(("headers", "query"), [({}, "$count=true"), (EVENTUAL, ""), ({}, "")])
async def test_a_cast_is_an_advanced_query(simulator: Simulator, headers: dict[str, str], query: str) -> None:
    path = MEMBERS.partition("?")[0].format("all")
    status, body = await simulator.ask("GET", f"{path}?{query}", **headers)
    assert (status, body["error"]["code"]) == (400, "Request_UnsupportedQuery")


async def test_devices_and_hidden_members_are_no_users_of_a_group(simulator: Simulator) -> None:
    simulator.state.put_group({"id": "phones", "members": [], "others": ["a device's object id"]})
    simulator.state.put_group({"id": "board", "members": ["u1"], "visibility": "HiddenMembership"})
    for group in ("phones", "board"):
        assert (await simulator.ask("GET", MEMBERS.format(group), **EVENTUAL))[1]["value"] == []
