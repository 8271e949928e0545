"""The commands against the Graph simulator with its quotas: what they create, switch off, and never do."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from infra.access.__main__ import main
from infra.access.templates import BLOCK, BROWSERS, FLOWS, REQUIRE, REQUIRE_DEVICE, SHIPPED, template
from infra.access.tenant import POLICIES, ImportedPolicy, check_break_glass, create_missing
from infra.graph_session import GraphSession
from local.graph.admin import REFUSED
from local.graph.directory import Directory, Kind
from local.graph.faults import Faults
from local.graph.server import CALLS, FAULTS, STATE, create_app
from tests.world import serving

GROUP = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
USER = "aaaaaaaa-1111-4222-8333-bbbbbbbbbbbb"
NAMES = [template(name)["displayName"] for name in SHIPPED]
WHICH = {
    template(name)["displayName"]: which
    for which, name in {
        "block": BLOCK,
        "require": REQUIRE,
        "require device": REQUIRE_DEVICE,
        "browsers": BROWSERS,
        "flows": FLOWS,
    }.items()
}
SET = 4
"""Policies of a set."""
REPORT_ONLY = "enabledForReportingButNotEnforced"


@dataclass
class Tenant:
    """The simulated tenant, and what a command said about it."""

    address: str
    state: Directory
    app: web.Application
    capsys: pytest.CaptureFixture[str]
    slept: list[float]

    @property
    def refused(self) -> int:
        return sum(self.app[REFUSED].values())

    @property
    def faults(self) -> Faults:
        return self.app[FAULTS]

    async def run(self, command: str, *arguments: str) -> tuple[int, str]:
        given = [] if command == "off" else ["--break-glass", GROUP]
        options = [command, "--graph", f"{self.address}/v1.0", *given, *arguments]
        status = await asyncio.to_thread(main, options)
        output = self.capsys.readouterr()
        return status, output.out + output.err

    def policies(self) -> dict[str, dict[str, Any]]:
        """By what they do, as in WHICH."""
        return {WHICH[each["displayName"]]: each for _, each in self.state.page(Kind.ACCESS_POLICY)}

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
    slept: list[float] = []
    monkeypatch.setattr("infra.graph_session.sleep", slept.append)
    monkeypatch.setattr("infra.graph_session.monotonic", lambda: time.monotonic() + sum(slept))
    app = create_app(None, clock=lambda: time.time() + sum(slept))
    async with serving(app) as address:
        async with aiohttp.ClientSession() as http:
            query = {"resource": "https://graph.microsoft.com", "api-version": "2019-08-01"}
            headers = {"X-IDENTITY-HEADER": "local"}
            async with http.get(f"{address}/msi/token", params=query, headers=headers) as answer:
                monkeypatch.setenv("GRAPH_TOKEN", (await answer.json())["access_token"])
        app[STATE].put_group({"id": GROUP, "members": [USER]})
        yield Tenant(address, app[STATE], app, capsys, slept)


async def test_preview_tells_what_would_be_created_and_creates_nothing(tenant: Tenant) -> None:
    status, output = await tenant.run("preview")
    assert status == 1
    assert output.count("would be created, report-only") == SET
    assert tenant.policies() == {}


async def test_create_makes_all_report_only_and_a_second_run_makes_none(tenant: Tenant) -> None:
    status, output = await tenant.run("create", "--attribute", "9")
    assert (status, output.count("created, report-only")) == (0, SET)
    assert {*tenant.policies()} == {"block", "require", "browsers", "flows"}
    assert {each["state"] for each in tenant.policies().values()} == {REPORT_ONLY}
    rule = tenant.policies()["block"]["conditions"]["devices"]["deviceFilter"]["rule"]
    assert rule == 'device.extensionAttribute9 -startsWith "mtd-block"'
    assert (await tenant.run("create", "--attribute", "9"))[0] == 0
    assert tenant.calls("POST") == SET
    status, output = await tenant.run("preview", "--attribute", "9")
    assert (status, output.count("stands as it should, report-only")) == (0, SET)


async def test_a_compliant_phone_can_be_required_whatever_the_app(tenant: Tenant) -> None:
    assert (await tenant.run("create", "--require", "compliant"))[0] == 0
    assert {*tenant.policies()} == {"block", "require device", "browsers", "flows"}
    tenant.change("require device", state="enabled")
    assert (await tenant.run("off"))[0] == 0
    assert tenant.policies()["require device"]["state"] == "disabled"


async def test_the_order_of_flags_is_no_difference_and_one_that_is_missing_is(tenant: Tenant) -> None:
    await tenant.run("create")
    conditions = tenant.policies()["flows"]["conditions"]
    for methods, difference in (("authenticationTransfer,deviceCodeFlow", 0), ("deviceCodeFlow", 1)):
        flows = {"authenticationFlows": {"transferMethods": methods}}
        tenant.change("flows", conditions=conditions | flows)
        status, output = await tenant.run("preview")
        assert (status, output.count("conditions.authenticationFlows.transferMethods")) == (
            difference,
            difference,
        )


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


async def test_rolling_back_is_one_command_and_switches_the_whole_set_off(tenant: Tenant) -> None:
    await tenant.run("create")
    for which in tenant.policies():
        tenant.change(which, state="enabled")
    status, output = await tenant.run("off")
    assert (status, output.count("switched off")) == (0, SET)
    assert {each["state"] for each in tenant.policies().values()} == {"disabled"}
    assert (await tenant.run("off"))[1].count(": off") == SET


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


async def test_calls_to_conditional_access_keep_their_distance(tenant: Tenant) -> None:
    assert (await tenant.run("create"))[0] == 0
    assert tenant.refused == 0
    assert len([seconds for seconds in tenant.slept if 0.9 < seconds <= 1.1]) == SET  # GET, then POSTs
    assert (await tenant.run("off"))[0] == 0, "a new session, within the same second as the last call"


async def test_a_roll_back_that_meets_another_tools_call_waits_and_goes_on(tenant: Tenant) -> None:
    await tenant.run("create")
    tenant.change("block", state="enabled")
    tenant.faults.throttle(3, None, "PATCH", POLICIES)
    status, output = await tenant.run("off")
    assert (status, output.count("switched off")) == (0, SET)
    assert output.count("Microsoft Graph is busy: waiting") >= 3
    assert {each["state"] for each in tenant.policies().values()} == {"disabled"}


@pytest.mark.parametrize("status", [503, 504])
async def test_a_roll_back_waits_for_a_graph_that_is_away(tenant: Tenant, status: int) -> None:
    await tenant.run("create")
    tenant.faults.fail(status, 2, path_contains=POLICIES)
    assert (await tenant.run("off"))[0] == 0
    assert {each["state"] for each in tenant.policies().values()} == {"disabled"}


async def test_as_long_as_graph_asks_is_waited_and_no_longer_than_a_minute(tenant: Tenant) -> None:
    await tenant.run("create")
    tenant.faults.throttle(1, "7", "PATCH", POLICIES)
    assert (await tenant.run("off"))[0] == 0
    assert 7 in tenant.slept
    tenant.slept.clear()
    tenant.faults.throttle(99, None, "GET", POLICIES)
    status, output = await tenant.run("off")
    assert status == 2
    assert 30 < sum(tenant.slept) <= 61
    assert "answered 429" in output
    assert "nothing was switched off: switch them off in the Entra portal" in output


async def test_a_policy_that_cannot_be_switched_off_holds_up_no_other_and_is_named(tenant: Tenant) -> None:
    await tenant.run("create")
    for each in ("block", "require"):
        tenant.change(each, state="enabled")
    blocking = tenant.policies()["block"]
    tenant.faults.fail(403, 1, "PATCH", blocking["id"])
    status, output = await tenant.run("off")
    assert status == 2
    assert f"{blocking['displayName']}: STILL ON: Microsoft Graph answered 403" in output
    assert "try again, or switch them off in the Entra portal" in output
    assert tenant.policies()["require"]["state"] == "disabled"
    assert (await tenant.run("off"))[0] == 0


async def test_where_nobody_can_say_how_a_policy_stands_that_is_said(tenant: Tenant) -> None:
    await tenant.run("create")
    tenant.faults.fail(403, 2, path_contains=tenant.policies()["block"]["id"])
    status, output = await tenant.run("off")
    assert (status, output.count("state not known: ")) == (2, 1)


async def test_a_name_that_stands_twice_is_switched_off_twice(tenant: Tenant) -> None:
    await tenant.run("create")
    copy = {**tenant.policies()["block"], "id": "cccccccc-0000-4000-8000-000000000001", "state": "enabled"}
    tenant.state.put(Kind.ACCESS_POLICY, copy["id"], copy)
    status, output = await tenant.run("off")
    assert (status, output.count("switched off")) == (0, SET + 1)
    assert {row["state"] for _, row in tenant.state.page(Kind.ACCESS_POLICY)} == {"disabled"}


async def test_a_policy_that_was_renamed_is_switched_off_all_the_same(tenant: Tenant) -> None:
    await tenant.run("create")
    blocking = tenant.policies()["block"]
    tenant.change("block", displayName="MTD, as we call it", state="enabled")
    status, output = await tenant.run("off")
    assert (status, output.count("MTD, as we call it: switched off")) == (0, 1)
    assert f"{blocking['displayName']}: missing" in output
    assert {row["state"] for _, row in tenant.state.page(Kind.ACCESS_POLICY)} == {"disabled"}


async def test_a_policy_of_the_admins_own_is_left_on(tenant: Tenant) -> None:
    await tenant.run("create")
    own = {**tenant.policies()["require"], "id": "cccccccc-0000-4000-8000-000000000001"}
    tenant.state.put(Kind.ACCESS_POLICY, own["id"], {**own, "displayName": "own", "state": "enabled"})
    assert (await tenant.run("off"))[0] == 0
    assert [
        row["displayName"] for _, row in tenant.state.page(Kind.ACCESS_POLICY) if row["state"] == "enabled"
    ] == ["own"]


async def test_a_policy_that_never_stood_is_called_missing(tenant: Tenant) -> None:
    assert await tenant.run("off") == (0, "".join(f"{name}: missing\n" for name in NAMES))


async def test_a_creation_graph_does_not_answer_is_looked_for_before_it_is_tried_again(
    tenant: Tenant,
) -> None:
    tenant.faults.fail(503, 1, "POST", POLICIES)
    status, output = await tenant.run("create")
    assert (status, output.count("created, report-only")) == (0, SET)
    assert len(tenant.state.page(Kind.ACCESS_POLICY)) == SET


async def test_what_was_created_before_graph_refused_is_said(tenant: Tenant) -> None:
    tenant.faults.let_through(1, "POST", POLICIES)
    tenant.faults.fail(403, 1, "POST", POLICIES)
    status, output = await tenant.run("create")
    assert (status, output.count("created, report-only"), len(tenant.policies())) == (2, 1, 1)
    left = SET - 1
    assert (await tenant.run("create"))[1].count(": created, report-only") == left, (
        "it finishes what it began"
    )


async def test_a_creation_that_went_through_unanswered_makes_no_second_one() -> None:
    stored: list[dict[str, Any]] = []

    async def listed(_: web.Request) -> web.Response:
        return web.json_response({"value": stored})

    async def created(request: web.Request) -> web.Response:
        stored.append(await request.json())
        return web.json_response({}, status=504)

    app = web.Application()
    app.router.add_get(f"/v1.0{POLICIES}", listed)
    app.router.add_post(f"/v1.0{POLICIES}", created)
    async with serving(app) as address:
        session = GraphSession("an administrator's", f"{address}/v1.0")
        wanted = ImportedPolicy({"displayName": "ours", "state": "enabled"}, None)
        assert await asyncio.to_thread(lambda: list(create_missing(session, [wanted]))) == ["ours"]
    assert [each["state"] for each in stored] == [REPORT_ONLY]
