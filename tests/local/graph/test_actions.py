"""Actions on users and devices."""

from msgraph import GraphServiceClient

from tests.local.graph.simulator import USER, Simulator, raw_json


async def test_the_sdk_revokes_sessions_and_syncs_a_device_and_both_are_written_down(
    simulator: Simulator, sdk: GraphServiceClient
) -> None:
    simulator.state.put_managed_device({"id": "d1"})
    user = sdk.users.by_user_id(USER).revoke_sign_in_sessions
    device = sdk.device_management.managed_devices.by_managed_device_id("d1").sync_device
    answer = await raw_json(sdk, user.to_post_request_information())
    assert (answer["value"], "Edm.Boolean" in answer["@odata.context"]) == (True, True)
    assert await raw_json(sdk, device.to_post_request_information()) == {}
    assert await simulator.ask("GET", "/_sim/actions") == (
        200,
        [{"action": "revokeSignInSessions", "id": USER}, {"action": "syncDevice", "id": "d1"}],
    )


async def test_who_is_gone_gets_404_and_nothing_is_written_down(simulator: Simulator) -> None:
    assert (await simulator.ask("POST", "/_sim/remove", {"kind": "user", "id": USER}))[0] == 204
    assert (await simulator.ask("POST", f"/v1.0/users/{USER}/revokeSignInSessions"))[0] == 404
    status, body = await simulator.ask("POST", "/v1.0/deviceManagement/managedDevices/gone/syncDevice")
    assert (status, body["error"]["code"]) == (404, "ResourceNotFound")
    assert (await simulator.ask("GET", "/_sim/actions"))[1] == []
    simulator.state.put_user({"id": USER})
    assert (await simulator.ask("POST", f"/v1.0/users/{USER}/revokeSignInSessions"))[0] == 200
