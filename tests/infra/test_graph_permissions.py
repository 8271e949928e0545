"""The Graph permissions: one table, read by the template and the script, and what the code really needs."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from infra.grant_permissions import MICROSOFT_GRAPH, choices, main, needed, options, table
from infra.graph_session import GraphError, GraphSession
from tests.infra.code import ROOT
from tests.world import serving

PERMISSION = re.compile(r"\b[A-Z]\w+\.(?:[A-Z]\w+\.)*(?:All|ConditionalAccess)\b")
PRINCIPAL = "77777777-1111-4222-8333-888888888888"


def test_the_table_is_what_graph_py_says_its_calls_need() -> None:
    said = set(PERMISSION.findall((ROOT / "shared" / "graph" / "graph.py").read_text()))
    assert said == {row.permission for row in table()}


def test_the_guide_has_each_permission_with_what_it_is_for_and_the_page_that_names_it() -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text()
    rows = re.findall(r"^\| `([\w.]+)` \| (\S+) \| .*\]\((https://\S+)\)", guide, re.MULTILINE)
    assert rows == [(row.permission, row.option.strip(), row.page) for row in table()]


def test_conditional_access_is_read_in_every_mode_and_with_every_option() -> None:
    """Who lacks Policy.Read.All does not see that the policy which refuses blocked phones is off."""
    for mode in ("off", "report", "enforce"):
        assert "Policy.Read.All" in {row.permission for row in needed(options(mode, []))}
    assert not [row for row in table() if row.permission == "Policy.Read.ConditionalAccess"]


def test_each_permission_stands_once_with_its_reason() -> None:
    rows = table()
    assert len({row.permission for row in rows}) == len(rows)
    assert all(len(row.reason) > 40 for row in rows)
    writing = {row.permission for row in rows if "Write" in row.permission}
    assert writing == {"Device.ReadWrite.All"}, "above all none that writes Conditional Access"


@pytest.mark.parametrize("mode", ["off", "report"])
def test_only_enforce_may_write_to_devices(mode: str) -> None:
    names = {row.permission for row in needed(options(mode))}
    assert "Device.Read.All" in names
    assert not any("ReadWrite" in name for name in names)
    enforcing = {row.permission for row in needed(options("enforce"))}
    assert enforcing - names == {"Device.ReadWrite.All"}
    assert names - enforcing == {"Device.Read.All"}


def test_each_choice_adds_one_permission_and_no_other() -> None:
    bare = {row.permission for row in needed(options("report", []))}
    added = {each: {row.permission for row in needed(options("report", [each]))} - bare for each in choices()}
    assert added == {
        "app_inventory": {"DeviceManagementApps.Read.All"},
        "groups": {"GroupMember.ReadBasic.All"},
        "revoke_sessions": {"User.RevokeSessions.All"},
        "sync_after_remediation": {"DeviceManagementManagedDevices.PrivilegedOperations.All"},
    }


class Tenant:
    """As much of Entra's service principals as the script asks for."""

    def __init__(self) -> None:
        names = [row.permission for row in table()]
        self.roles = {name: f"role-{number}" for number, name in enumerate([*names, "Mail.Read"])}
        self.granted: dict[str, dict[str, Any]] = {}
        self.app = web.Application()
        self.app.router.add_get("/v1.0/servicePrincipals(appId='{id}')", self.graph)
        path = f"/v1.0/servicePrincipals/{PRINCIPAL}/appRoleAssignments"
        self.app.router.add_get(path, self.listed)
        self.app.router.add_post(path, self.grant)
        self.app.router.add_delete(path + "/{id}", self.revoke)

    def names(self) -> set[str]:
        held = {each["appRoleId"] for each in self.granted.values()}
        return {name for name, id_ in self.roles.items() if id_ in held}

    def give(self, name: str) -> None:
        self.granted[f"assignment-{name}"] = {"appRoleId": self.roles[name], "resourceId": "graph"}

    async def graph(self, request: web.Request) -> web.Response:
        assert request.match_info["id"] == MICROSOFT_GRAPH
        roles = [{"value": name, "id": id_} for name, id_ in self.roles.items()]
        return web.json_response({"id": "graph", "appRoles": roles})

    async def listed(self, request: web.Request) -> web.Response:
        rows = [{"id": id_, **each} for id_, each in self.granted.items()]
        rows.append({"id": "elsewhere", "appRoleId": "role-0", "resourceId": "another resource"})
        return web.json_response({"value": rows})

    async def grant(self, request: web.Request) -> web.Response:
        body = await request.json()
        assert body["principalId"] == PRINCIPAL
        self.granted[f"assignment-{len(self.granted)}"] = body
        return web.json_response(body, status=201)

    async def revoke(self, request: web.Request) -> web.Response:
        del self.granted[request.match_info["id"]]
        return web.Response(status=204)


@pytest.fixture
async def tenant() -> Tenant:
    return Tenant()


@pytest.fixture
async def graph(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setenv("GRAPH_TOKEN", "an administrator's")
    async with serving(tenant.app) as address:
        yield f"{address}/v1.0"


async def run(graph: str, *arguments: str) -> int:
    return await asyncio.to_thread(main, ["--principal", PRINCIPAL, "--graph", graph, *arguments])


async def test_without_apply_it_only_shows(
    tenant: Tenant, graph: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(graph) == 1
    assert tenant.names() == set()
    assert (
        "grant DeviceManagementServiceConfig.Read.All: Reads the Mobile Threat Defense"
        in capsys.readouterr().out
    )


async def test_it_grants_what_the_mode_needs_and_a_second_run_finds_nothing_to_do(
    tenant: Tenant, graph: str
) -> None:
    assert await run(graph, "--mode", "enforce", "--apply") == 0
    assert tenant.names() == {row.permission for row in needed(options("enforce"))}
    assert await run(graph, "--mode", "enforce") == 0


async def test_it_grants_what_is_chosen_and_takes_back_what_is_chosen_no_more(
    tenant: Tenant, graph: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(graph, "--mode", "enforce", "--options", "groups", "revoke_sessions", "--apply") == 0
    assert tenant.names() == {r.permission for r in needed(options("enforce", ["groups", "revoke_sessions"]))}
    assert await run(graph, "--mode", "enforce", "--options", "groups") == 1
    assert "take back User.RevokeSessions.All: no option needs it" in capsys.readouterr().out
    assert await run(graph, "--mode", "enforce", "--options", "--apply") == 0
    assert tenant.names() == {row.permission for row in needed(options("enforce", []))}


async def test_what_no_option_needs_is_taken_back(tenant: Tenant, graph: str) -> None:
    tenant.give("Mail.Read")
    tenant.give("Device.ReadWrite.All")
    assert await run(graph, "--mode", "report", "--apply") == 0
    assert tenant.names() == {row.permission for row in needed(options("report"))}


UNKNOWN, WIDER = "GroupMember.ReadBasic.All", "GroupMember.Read.All"


async def test_a_permission_this_graph_lacks_is_named_and_stops_no_other(
    tenant: Tenant, graph: str, capsys: pytest.CaptureFixture[str]
) -> None:
    del tenant.roles[UNKNOWN]
    assert await run(graph, "--apply") == 1, "something is left to do"
    assert tenant.names() == {row.permission for row in needed(options("report"))} - {UNKNOWN}
    output = capsys.readouterr().out
    assert f"not known to this tenant's Graph: {UNKNOWN}: " in output
    assert f"--wider grants {WIDER} instead" in output


async def test_a_wider_permission_is_granted_only_on_demand_and_then_left_alone(
    tenant: Tenant, graph: str
) -> None:
    del tenant.roles[UNKNOWN]
    tenant.roles[WIDER] = "role-wider"
    assert await run(graph, "--wider", "--apply") == 0
    assert tenant.names() == {row.permission for row in needed(options("report"))} - {UNKNOWN} | {WIDER}
    assert await run(graph, "--apply") == 1
    assert WIDER in tenant.names(), "what stands in for an unknown one is not taken back"
    tenant.roles[UNKNOWN] = "role-least"
    assert await run(graph, "--apply") == 0
    assert WIDER not in tenant.names()


def test_each_permission_names_its_source_and_none_a_wider_one_that_writes_devices() -> None:
    assert all(row.source.startswith(("Graph: ", "Intune: ")) for row in table())
    assert all(row.page.startswith("https://learn.microsoft.com/") for row in table())
    assert {row.permission: row.wider for row in table() if row.wider} == {
        UNKNOWN: WIDER,
        "User.RevokeSessions.All": "User.ReadWrite.All",
    }


async def test_an_administrator_without_the_right_is_shown_what_graph_says(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def refuse(_: web.Request) -> web.Response:
        error = {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}
        return web.json_response({"error": error}, status=403)

    monkeypatch.setenv("GRAPH_TOKEN", "somebody's")
    app = web.Application()
    app.router.add_get("/v1.0/{anything:.*}", refuse)
    async with serving(app) as address:
        assert await run(f"{address}/v1.0") == 2
    assert "answered 403" in (output := capsys.readouterr().err)
    assert "Insufficient privileges" in output


def test_a_token_goes_over_https_or_loopback_only() -> None:
    for address in ("http://graph.example.com/v1.0", "http://127.0.0.1.example.com"):
        with pytest.raises(GraphError, match="over https only"):
            GraphSession("secret", address)
    GraphSession("secret", "http://127.0.0.1:8082/v1.0")
