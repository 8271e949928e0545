"""What follows from a tag beyond sign-in: the templates, and the commands against as much of a tenant as they
ask for."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from infra.consequences.__main__ import main
from infra.consequences.templates import FOLDER, TYPES, membership_rule, wanted
from infra.consequences.tenant import MARK, group_faults
from shared.domain.rule import CONSEQUENCE
from shared.domain.tag import is_block
from tests.world import serving

GROUP_ID = "9a000000-0000-4000-8000-00000000000d"
STRANGERS = "9a000000-0000-4000-8000-0000000000aa"
ALL_USERS, ALL_DEVICES = "allLicensedUsersAssignmentTarget", "allDevicesAssignmentTarget"


def test_the_group_goes_by_the_attribute_of_the_tag_and_by_high_alone() -> None:
    group = wanted(9, 0).group
    assert group["membershipRule"] == '(device.extensionAttribute9 -eq "mtd-block-high")'
    assert is_block("mtd-block-high")
    assert (group["groupTypes"], group["securityEnabled"]) == (["DynamicMembership"], True)


def test_no_phone_meets_a_policy_that_asks_for_no_threat_level_and_bears_the_mark_the_app_goes_by() -> None:
    assert MARK == CONSEQUENCE
    policies = wanted(7, 8760).policies
    assert [each["@odata.type"].rpartition(".")[2] for each in policies] == list(TYPES)
    assert len({each["displayName"] for each in policies}) == len(TYPES)
    for policy in policies:
        assert policy["osMinimumVersion"] == "99.0"
        assert CONSEQUENCE in policy["description"]
        assert not any(name.startswith("deviceThreatProtection") for name in policy)
        assert "assignments" not in policy


@pytest.mark.parametrize("hours", [0, 8760])
def test_a_policy_blocks_after_its_grace_and_sends_its_messages_at_once(hours: int) -> None:
    for policy in wanted(7, hours).policies:
        [rule] = policy["scheduledActionsForRule"]
        actions = {a["actionType"]: a["gracePeriodHours"] for a in rule["scheduledActionConfigurations"]}
        assert actions == {"block": hours, "notification": 0, "pushNotification": 0}


def test_a_phone_stays_compliant_unless_the_administrator_says_otherwise(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["render"]) == 0
    policies = [each["body"] for each in json.loads(capsys.readouterr().out) if "Policies" in each["post"]]
    assert policies == list(wanted(7, 8760).policies)


def test_every_message_keeps_to_intunes_limits_and_one_is_the_default() -> None:
    texts = wanted(7, 0).messages
    assert [text["locale"] for text in texts if text["isDefault"]] == [wanted(7, 0).message["defaultLocale"]]
    assert len({text["locale"] for text in texts}) == len(texts)
    for text in texts:
        assert len(text["subject"]) <= 78
        assert len(text["messageTemplate"]) <= 2000
        assert "{{DeviceName}}" in text["messageTemplate"]
    assert {path.stem for path in FOLDER.glob("*.json")} == {"group", "message", "messages", "policy"}


@pytest.mark.parametrize("given", [["--attribute", "16"], ["--grace-hours", "9000"], ["--grace-hours", "-1"]])
def test_a_parameter_that_makes_no_sense_is_reported_in_one_line(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", *given]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_rule_that_says_the_same_in_other_letters_is_the_same() -> None:
    group = {"groupTypes": ["DynamicMembership"], "membershipRuleProcessingState": "On"}
    same = {**group, "membershipRule": 'device.extensionattribute7  -eq "MTD-block-high"'}
    assert group_faults(same, membership_rule(7)) == []
    assert group_faults(same, membership_rule(17 - 9)) != []


class Tenant:
    """As much of Entra's groups and Intune's policies and messages as the commands ask for."""

    def __init__(self) -> None:
        self.groups: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.texts: list[dict[str, Any]] = []
        self.policies: list[dict[str, Any]] = []
        self.assigned: list[str] = []
        self.refuse_assign = ""
        self.app = web.Application()
        message = "/v1.0/deviceManagement/notificationMessageTemplates"
        policy = "/beta/deviceManagement/deviceCompliancePolicies"
        self.app.router.add_get("/v1.0/groups", self.list_groups)
        self.app.router.add_post("/v1.0/groups", self.create("groups", GROUP_ID))
        self.app.router.add_get(message, self.listed("messages"))
        self.app.router.add_post(message, self.create("messages", "message-1"))
        self.app.router.add_get(message + "/{id}", self.one_message)
        self.app.router.add_post(message + "/{id}/localizedNotificationMessages", self.create("texts", "t"))
        self.app.router.add_get(policy, self.listed("policies"))
        self.app.router.add_post(policy, self.create("policies", None))
        self.app.router.add_post(policy + "/{id}/assign", self.assign)

    def listed(self, what: str) -> Any:
        async def handle(_: web.Request) -> web.Response:
            return web.json_response({"value": getattr(self, what)})

        return handle

    async def list_groups(self, request: web.Request) -> web.Response:
        found = [g for g in self.groups if request.query["$filter"] == f"displayName eq '{g['displayName']}'"]
        return web.json_response({"value": found})

    async def one_message(self, _: web.Request) -> web.Response:
        return web.json_response({**self.messages[0], "localizedNotificationMessages": self.texts})

    def create(self, what: str, id_: str | None) -> Any:
        async def handle(request: web.Request) -> web.Response:
            rows = getattr(self, what)
            row = {**await request.json(), "id": id_ or f"{what}-{len(rows)}"}
            assert "assignments" not in row
            rows.append(row)
            return web.json_response(row, status=201)

        return handle

    async def assign(self, request: web.Request) -> web.Response:
        id_ = request.match_info["id"]
        if id_ == self.refuse_assign:
            return web.json_response({"error": {"code": "Forbidden", "message": "no"}}, status=403)
        policy = next(each for each in self.policies if each["id"] == id_)
        policy["assignments"] = (await request.json())["assignments"]
        self.assigned.append(id_)
        return web.json_response({"value": []})

    def target(self, number: int, kind: str, group: str | None = None) -> None:
        target = {"@odata.type": f"#microsoft.graph.{kind}", "groupId": group}
        self.policies[number]["assignments"] = [{"target": target}]


@pytest.fixture
async def tenant() -> Tenant:
    return Tenant()


@pytest.fixture
async def graph(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setenv("GRAPH_TOKEN", "an administrator's")
    async with serving(tenant.app) as address:
        yield f"{address}/v1.0"


async def run(graph: str, *arguments: str) -> int:
    return await asyncio.to_thread(main, [*arguments, "--graph", graph])


async def test_what_is_missing_is_created_once_and_assigned_to_nobody(
    tenant: Tenant, graph: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(graph, "show") == 1
    assert capsys.readouterr().out.count(": missing\n") == 5
    assert await run(graph, "create", "--attribute", "9", "--grace-hours", "0") == 0
    assert capsys.readouterr().out.count(": created, assigned to nobody\n") == 9
    again = wanted(9, 0)
    assert tenant.groups[0]["membershipRule"] == again.group["membershipRule"]
    assert [text["locale"] for text in tenant.texts] == [text["locale"] for text in again.messages]
    sent = json.dumps(tenant.policies)
    assert sent.count('"notificationTemplateId": "message-1"') == 3
    assert "<" not in sent
    assert await run(graph, "create", "--attribute", "9", "--grace-hours", "0") == 0
    assert (len(tenant.groups), len(tenant.texts), len(tenant.policies)) == (1, len(again.messages), 3)
    assert await run(graph, "show", "--attribute", "9") == 0
    assert tenant.assigned == []


async def test_what_stands_otherwise_is_left_as_it_is_and_named(
    tenant: Tenant, graph: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(graph, "create")
    tenant.groups[0]["membershipRule"] = '(device.extensionAttribute7 -startsWith "mtd-")'
    tenant.target(0, ALL_USERS)
    tenant.target(1, "groupAssignmentTarget", STRANGERS)
    tenant.policies[2]["description"] = "changed"
    tenant.policies[2] |= {
        "deviceThreatProtectionEnabled": True,
        "deviceThreatProtectionRequiredSecurityLevel": "low",
    }
    before = json.dumps([tenant.groups, tenant.policies])
    capsys.readouterr()
    assert await run(graph, "create") == 1
    assert await run(graph, "show") == 1
    output = capsys.readouterr().out
    for fault in (
        'its rule is (device.extensionAttribute7 -startsWith "mtd-"), not ',
        "it is assigned to everybody",
        f"it is assigned to the group {STRANGERS}, which is not that of tagged devices",
        f"{MARK} is gone from its description",
        "it asks for a threat level",
    ):
        assert output.count(fault) == 2, fault
    assert json.dumps([tenant.groups, tenant.policies]) == before


async def test_one_assigned_to_the_group_is_as_it_should_be(
    tenant: Tenant, graph: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(graph, "create")
    tenant.target(0, "groupAssignmentTarget", GROUP_ID.upper())
    capsys.readouterr()
    assert await run(graph, "show") == 0
    assert "(iOS): stands, assigned to 1\n" in capsys.readouterr().out


async def test_off_takes_every_assignment_back_and_one_that_cannot_be_holds_up_no_other(
    tenant: Tenant, graph: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(graph, "create")
    for number in range(3):
        tenant.target(number, ALL_DEVICES)
    tenant.refuse_assign = "policies-0"
    assert await run(graph, "off") == 2
    assert tenant.assigned == ["policies-1", "policies-2"]
    assert "STILL ASSIGNED" in (output := capsys.readouterr().out)
    assert "take the assignments back in Intune" in output
    tenant.refuse_assign = ""
    assert await run(graph, "off") == 0
    assert all(policy["assignments"] == [] for policy in tenant.policies)
    assert "left as they are: the group, and the profiles that exclude it" in capsys.readouterr().out


async def test_a_name_that_stands_twice_is_refused(
    tenant: Tenant, graph: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(graph, "create")
    tenant.policies.append({**tenant.policies[0], "id": "again"})
    for command in ("show", "create"):
        assert await run(graph, command) == 2
        assert "two are called" in capsys.readouterr().err


async def test_off_takes_back_both_of_a_name_and_one_that_was_renamed_and_asks_for_nothing_else(
    tenant: Tenant, graph: str
) -> None:
    await run(graph, "create")
    tenant.policies.append({**tenant.policies[0], "id": "again"})
    tenant.target(0, ALL_DEVICES)
    tenant.target(3, ALL_DEVICES)
    tenant.target(1, ALL_DEVICES)
    tenant.policies[1]["displayName"] = "renamed"
    tenant.groups.append({**tenant.groups[0], "id": STRANGERS})
    assert await run(graph, "off") == 0
    assert tenant.assigned == ["policies-0", "policies-1", "again"]
