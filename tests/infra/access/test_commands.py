"""The commands against the Graph simulator: what they create, switch off, and what they never do."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from infra.access.__main__ import main
from infra.access.tenant import POLICIES, check_break_glass
from infra.graph_session import GraphSession
from local.graph.directory import Directory, Kind
from local.graph.server import CALLS, STATE, create_app
from tests.world import serving

GROUP = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
USER = "aaaaaaaa-1111-4222-8333-bbbbbbbbbbbb"
REPORT_ONLY = "enabledForReportingButNotEnforced"


@dataclass
class Tenant:
    """The simulated tenant, and what a command said about it."""

    address: str
    state: Directory
    app: web.Application
    capsys: pytest.CaptureFixture[str]

    async def run(self, command: str, *arguments: str) -> tuple[int, str]:
        given = [] if command == "off" else ["--break-glass", GROUP]
        options = [command, "--graph", f"{self.address}/v1.0", *given, *arguments]
        status = await asyncio.to_thread(main, options)
        output = self.capsys.readouterr()
        return status, output.out + output.err

    def policies(self) -> dict[str, dict[str, Any]]:
        """By what they do: `block` or `require`."""
        rows = [document for _, document in self.state.page(Kind.ACCESS_POLICY)]
        return {
            "block" if each["grantControls"]["builtInControls"] == ["block"] else "require": each
            for each in rows
        }

    def calls(self, method: str) -> int:
        return sum(
            count for (verb, path), count in self.app[CALLS].items() if verb == method and POLICIES in path
        )

    def change(self, which: str, **values: Any) -> None:
        policy = self.policies()[which]
        self.state.put(Kind.ACCESS_POLICY, policy["id"], {**policy, **values})


@pytest.fixture
async def tenant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Tenant]:
    app = create_app(None, quotas=False)
    async with serving(app) as address:
        async with aiohttp.ClientSession() as http:
            query = {"resource": "https://graph.microsoft.com", "api-version": "2019-08-01"}
            headers = {"X-IDENTITY-HEADER": "local"}
            async with http.get(f"{address}/msi/token", params=query, headers=headers) as answer:
                monkeypatch.setenv("GRAPH_TOKEN", (await answer.json())["access_token"])
        app[STATE].put_group({"id": GROUP, "members": [USER]})
        yield Tenant(address, app[STATE], app, capsys)


async def test_preview_tells_what_would_be_created_and_creates_nothing(tenant: Tenant) -> None:
    status, output = await tenant.run("preview")
    assert status == 1
    assert output.count("would be created, report-only") == 2
    assert tenant.policies() == {}


async def test_create_makes_both_report_only_and_a_second_run_makes_none(tenant: Tenant) -> None:
    status, output = await tenant.run("create", "--attribute", "9")
    assert (status, output.count("created, report-only")) == (0, 2)
    assert {each["state"] for each in tenant.policies().values()} == {REPORT_ONLY}
    rule = tenant.policies()["block"]["conditions"]["devices"]["deviceFilter"]["rule"]
    assert rule == 'device.extensionAttribute9 -startsWith "mtd-block"'
    assert (await tenant.run("create", "--attribute", "9"))[0] == 0
    assert tenant.calls("POST") == 2
    status, output = await tenant.run("preview", "--attribute", "9")
    assert (status, output.count("stands as it should, report-only")) == (0, 2)


async def test_what_stands_is_never_changed_whatever_its_state(tenant: Tenant) -> None:
    await tenant.run("create")
    tenant.change("block", state="enabled")
    before = tenant.policies()
    status, output = await tenant.run("create", "--attribute", "3")
    assert status == 1
    assert "stands, on, left as it is; differs in conditions.devices.deviceFilter.rule" in output
    assert tenant.policies() == before
    assert tenant.calls("PATCH") == 0


@pytest.mark.parametrize("command", ["preview", "create"])
@pytest.mark.parametrize(
    ("members", "output"),
    [(None, "there is no break-glass group"), ([], "nobody is in the break-glass group")],
)
async def test_without_a_break_glass_group_nothing_is_created(
    tenant: Tenant, command: str, members: list[str] | None, output: str
) -> None:
    tenant.state.remove(Kind.GROUP, GROUP)
    if members is not None:
        tenant.state.put_group({"id": GROUP, "members": members})
    status, said = await tenant.run(command)
    assert status == 2
    assert output in said
    assert tenant.policies() == {}


async def test_the_groups_members_are_asked_for_as_entra_takes_it() -> None:
    async def members(request: web.Request) -> web.Response:
        advanced = request.headers.get("ConsistencyLevel") == "eventual" and "$count" in request.query
        return web.json_response({"value": [{"id": USER}]}, status=200 if advanced else 400)

    app = web.Application()
    app.router.add_get("/v1.0/groups/{id}/transitiveMembers/microsoft.graph.user", members)
    async with serving(app) as address:
        session = GraphSession("an administrator's", f"{address}/v1.0")
        await asyncio.to_thread(check_break_glass, session, GROUP)


async def test_rolling_back_is_one_command_and_switches_both_off(tenant: Tenant) -> None:
    await tenant.run("create")
    tenant.change("block", state="enabled")
    status, output = await tenant.run("off")
    assert (status, output.count("switched off")) == (0, 2)
    assert {each["state"] for each in tenant.policies().values()} == {"disabled"}
    assert (await tenant.run("off"))[1].count(": off") == 2


async def test_a_name_that_stands_twice_is_reported_and_nothing_is_done(tenant: Tenant) -> None:
    await tenant.run("create")
    copy = {**tenant.policies()["block"], "id": "cccccccc-0000-4000-8000-000000000001"}
    tenant.state.put(Kind.ACCESS_POLICY, copy["id"], copy)
    status, output = await tenant.run("create")
    assert status == 2
    assert "remove all but one" in output


async def test_nothing_the_commands_send_turns_a_policy_on(tenant: Tenant) -> None:
    for command in ("preview", "create", "create", "off", "create"):
        await tenant.run(command)
        assert not any(each["state"] == "enabled" for each in tenant.policies().values())
