"""The frame: state that outlives a kill, call counts, the admin's hands, unknown addresses."""

import os
import pathlib
import signal
import subprocess
import sys
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from local.graph.directory import Directory
from local.graph.server import create_app
from tests.local.graph.simulator import BREAK_GLASS, PHONE, USER, Simulator

ROOT = pathlib.Path(__file__).parents[3]
DEVICES = "/v1.0/deviceManagement/managedDevices"

WRITE_AND_DIE = """
import os, pathlib, signal, sys
from local.graph.directory import Directory
state = Directory(pathlib.Path(sys.argv[1]))
state.put_entra_device({"deviceId": sys.argv[2], "extensionAttributes": {"extensionAttribute7": "mtd-ok"}})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_state_survives_sigkill(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "graph.db"
    command = [sys.executable, "-c", WRITE_AND_DIE, str(path), PHONE]
    died = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert died.returncode == -signal.SIGKILL
    state = Directory(path)
    device = state.entra_device(PHONE)
    state.close()
    assert device is not None
    assert device["extensionAttributes"]["extensionAttribute7"] == "mtd-ok"


async def test_a_restarted_simulator_knows_its_objects_and_its_tokens(tmp_path: pathlib.Path) -> None:
    path, headers = tmp_path / "graph.db", {"X-IDENTITY-HEADER": "local"}
    async with TestClient(TestServer(create_app(path))) as client:
        answer = await client.get("/msi/token?resource=r&api-version=2019-08-01", headers=headers)
        token = (await answer.json())["access_token"]
        assert (await client.post("/_sim/devices", json={"id": "d1"})).status == 204
    async with TestClient(TestServer(create_app(path))) as client:
        answer = await client.get(DEVICES, headers={"Authorization": f"Bearer {token}"})
        assert (await answer.json())["value"] == [{"id": "d1"}]


async def test_two_simulators_do_not_trust_each_other(simulator: Simulator) -> None:
    stranger = {"Authorization": simulator.http.headers["Authorization"]}
    async with TestClient(TestServer(create_app(None))) as client:
        assert (await client.get(DEVICES, headers=stranger)).status == 401


async def test_the_admin_puts_devices_connectors_policies_and_groups(simulator: Simulator) -> None:
    bodies: dict[str, Any] = {
        "devices": [{"id": "d1"}, {"deviceId": PHONE}],
        "connectors": {"id": "c1"},
        "compliance-policies": [{"id": "p1"}],
        "groups": {"id": BREAK_GLASS, "members": [USER]},
        "users": {"id": USER, "displayName": "somebody"},
        "mobile-apps": {"id": "m1"},
    }
    for what, body in bodies.items():
        assert (await simulator.ask("POST", f"/_sim/{what}", body))[0] == 204
    management = "/v1.0/deviceManagement/"
    for where in ("managedDevices/d1", "mobileThreatDefenseConnectors/c1"):
        assert (await simulator.ask("GET", management + where))[0] == 200
    _, policies = await simulator.ask("GET", management + "deviceCompliancePolicies")
    assert policies["value"] == [{"id": "p1"}]
    _, apps = await simulator.ask("GET", "/v1.0/deviceAppManagement/mobileApps")
    assert apps["value"] == [{"id": "m1"}]
    device = simulator.state.entra_device(PHONE)
    assert device is not None
    assert device["id"] != PHONE
    assert simulator.state.groups_of(USER) == {BREAK_GLASS}
    assert simulator.state.groups_of(PHONE) == frozenset()


async def test_the_admin_orders_faults_and_reads_the_calls(simulator: Simulator) -> None:
    order = {"fault": "throttle", "arguments": {"times": 1, "path_contains": "managedDevices"}}
    assert (await simulator.ask("POST", "/_sim/faults", order))[0] == 204
    statuses = [(await simulator.ask("GET", DEVICES))[0] for _ in range(2)]
    assert statuses == [429, 200]
    _, calls = await simulator.ask("GET", "/_sim/calls")
    managed = "/deviceManagement/managedDevices"
    assert calls == [{"method": "GET", "path": managed, "count": 2, "refused": 1}]


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("devices", {}),
        ("devices", [1]),
        ("houses", {"id": "h"}),
        ("faults", {"fault": "explode"}),
        ("faults", {"fault": "throttle", "arguments": {"often": 1}}),
        ("remove", {"kind": "house", "id": "h"}),
        ("remove", {"kind": "managedDevice", "id": "was-never-there"}),
    ],
)
async def test_a_wrong_order_of_the_admin_gets_400(simulator: Simulator, what: str, body: object) -> None:
    async with simulator.http.post(f"/_sim/{what}", json=body) as response:
        assert response.status == 400


async def test_of_a_list_with_a_wrong_object_nothing_is_put(simulator: Simulator) -> None:
    async with simulator.http.post("/_sim/devices", json=[{"id": "d1"}, {"name": "without an id"}]) as answer:
        assert answer.status == 400
    assert (await simulator.ask("GET", DEVICES))[1]["value"] == []


async def test_the_admin_removes_a_device_from_intune_or_from_entra(simulator: Simulator) -> None:
    assert (await simulator.ask("POST", "/_sim/devices", [{"id": "d1"}, {"deviceId": PHONE}]))[0] == 204
    places = {
        "managedDevice": ("d1", f"{DEVICES}/d1"),
        "device": (PHONE, f"/v1.0/devices(deviceId='{PHONE}')"),
    }
    for kind, (id_, path) in places.items():
        assert (await simulator.ask("GET", path))[0] == 200
        assert (await simulator.ask("POST", "/_sim/remove", {"kind": kind, "id": id_}))[0] == 204
        assert (await simulator.ask("GET", path))[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1.0/deviceManagement/detectedApps", 400), ("DELETE", DEVICES, 405), ("GET", "/beta/me", 400)],
)
async def test_what_is_not_simulated_is_refused_in_graphs_format(
    simulator: Simulator, method: str, path: str, status: int
) -> None:
    answered, body = await simulator.ask(method, path)
    assert answered == status
    assert "code" in body["error"]


async def test_a_body_that_is_not_json_gets_400(simulator: Simulator) -> None:
    simulator.state.put_connector({"id": "c1"})
    path = "/v1.0/deviceManagement/mobileThreatDefenseConnectors/c1"
    async with simulator.http.patch(path, data=b"\xff{") as response:
        assert response.status == 400
