"""Policies imported over HTTP, and What If through the SDK."""

import json
from typing import Any

import pytest
from msgraph import GraphServiceClient
from msgraph.generated.identity.conditional_access.evaluate.evaluate_post_request_body import (
    EvaluatePostRequestBody,
)
from msgraph.generated.models.application_context import ApplicationContext
from msgraph.generated.models.conditional_access_device_platform import ConditionalAccessDevicePlatform
from msgraph.generated.models.device_info import DeviceInfo
from msgraph.generated.models.sign_in_conditions import SignInConditions
from msgraph.generated.models.user_sign_in import UserSignIn

from tests.local.graph.simulator import (
    ADMIN,
    BREAK_GLASS,
    EXCHANGE,
    TEMPLATES,
    USER,
    Simulator,
    raw_json,
    template,
)

POLICIES = "/v1.0/identity/conditionalAccess/policies"
EVALUATE = "/v1.0/identity/conditionalAccess/evaluate"


async def ask(simulator: Simulator, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """One request a second is all Conditional Access allows."""
    simulator.clock.now += 1
    return await simulator.ask(method, path, body)


def sign_in(user: str = USER, **conditions: Any) -> dict[str, Any]:
    context = {"@odata.type": "#microsoft.graph.applicationContext", "includeApplications": [EXCHANGE]}
    identity = {"@odata.type": "#microsoft.graph.userSignIn", "userId": user}
    return {"signInIdentity": identity, "signInContext": context, "signInConditions": conditions}


@pytest.mark.parametrize("name", sorted(path.stem for path in TEMPLATES.glob("*.json")))
async def test_a_template_is_accepted_once_its_placeholder_is_filled(simulator: Simulator, name: str) -> None:
    raw = json.loads((TEMPLATES / f"{name}.json").read_text())
    status, answer = await ask(simulator, "POST", POLICIES, raw)
    assert (status, answer["error"]["code"]) == (400, "BadRequest")
    assert "excludeGroups" in answer["error"]["message"]
    status, created = await ask(simulator, "POST", POLICIES, template(name))
    assert status == 201
    assert created["state"] == "enabledForReportingButNotEnforced"
    assert await ask(simulator, "GET", f"{POLICIES}/{created['id']}") == (200, created)


async def test_a_policy_is_changed_by_merging_and_deleted(simulator: Simulator) -> None:
    _, created = await ask(simulator, "POST", POLICIES, template("block-by-tag"))
    path = f"{POLICIES}/{created['id']}"
    change = {"state": "enabled", "conditions": {"users": {"excludeUsers": [ADMIN]}}}
    assert await ask(simulator, "PATCH", path, change) == (204, None)
    _, listed = await ask(simulator, "GET", POLICIES)
    (changed,) = listed["value"]
    assert changed["state"] == "enabled"
    users = {"includeUsers": ["All"], "excludeGroups": [BREAK_GLASS], "excludeUsers": [ADMIN]}
    assert changed["conditions"]["users"] == users
    assert (await ask(simulator, "PATCH", path, {"state": "on"}))[0] == 400
    assert (await ask(simulator, "GET", path))[1]["state"] == "enabled"
    assert (await ask(simulator, "DELETE", path))[0] == 204
    for method in ("GET", "PATCH", "DELETE"):
        assert (await ask(simulator, method, path, {}))[0] == 404


def changed(policy: dict[str, Any], at: str, value: object) -> dict[str, Any]:
    """The policy with the value at a dotted path replaced, or removed for None."""
    *parents, last = at.split(".")
    inner = policy
    for name in parents:
        inner = inner[name]
    inner[last] = value
    return policy


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("state", "on"),
        ("displayName", ""),
        ("displayName", None),
        ("conditions", None),
        ("conditions.users", None),
        ("conditions.applications", {"includeApplications": []}),
        ("conditions.clientAppTypes", ["fax"]),
        ("conditions.users.includeUsers", ["everyone"]),
        ("conditions.platforms", {"includePlatforms": ["symbian"]}),
        ("conditions.locations", {"includeLocations": []}),
        ("conditions.times", {"includedRanges": ["a night"]}),
        ("conditions.authenticationFlows", {"transferMethods": "deviceCodeFlow,fax"}),
        ("conditions.devices.deviceFilter.mode", "maybe"),
        ("conditions.devices.deviceFilter.rule", "device.model"),
        ("conditions.devices.deviceFilter.rule", f'device.model -eq "{"x" * 3072}"'),
        ("grantControls", None),
        ("grantControls.builtInControls", []),
        ("grantControls.builtInControls", ["block", "mfa"]),
        ("grantControls.operator", "XOR"),
    ],
)
async def test_a_wrong_policy_gets_400_and_is_not_kept(simulator: Simulator, at: str, value: object) -> None:
    wrong = changed(template("block-by-tag"), at, value)
    assert (await ask(simulator, "POST", POLICIES, wrong))[0] == 400
    assert (await ask(simulator, "GET", POLICIES))[1]["value"] == []


async def test_a_policy_with_graphs_empty_fields_can_be_imported(simulator: Simulator) -> None:
    policy = template("require-compliant") | {"templateId": None, "sessionControls": None}
    policy["conditions"] |= {"locations": None, "signInRiskLevels": [], "devices": None}
    assert (await ask(simulator, "POST", POLICIES, policy))[0] == 201


async def test_the_sdk_asks_what_if_and_the_tag_decides(
    simulator: Simulator, sdk: GraphServiceClient
) -> None:
    await ask(simulator, "POST", POLICIES, template("block-by-tag"))

    async def what_if(tag: str) -> dict[str, Any]:
        simulator.clock.now += 1
        body = EvaluatePostRequestBody(
            sign_in_identity=UserSignIn(user_id=USER),
            sign_in_context=ApplicationContext(include_applications=[EXCHANGE]),
            sign_in_conditions=SignInConditions(
                device_platform=ConditionalAccessDevicePlatform.IOS,
                device_info=DeviceInfo(is_compliant=True, extension_attribute7=tag),
            ),
        )
        builder = sdk.identity.conditional_access.evaluate
        answer = await raw_json(sdk, builder.to_post_request_information(body))
        result: dict[str, Any] = answer["value"][0]
        return result

    blocked, clean = await what_if("mtd-block-high"), await what_if("mtd-ok")
    assert (blocked["policyApplies"], blocked["analysisReasons"]) == (True, "notSet")
    assert (clean["policyApplies"], clean["analysisReasons"]) == (False, "devices")
    assert blocked["state"] == "enabledForReportingButNotEnforced"
    assert blocked["grantControls"]["builtInControls"] == ["block"]


async def test_a_break_glass_user_is_left_out_through_their_group(simulator: Simulator) -> None:
    simulator.state.put_group({"id": BREAK_GLASS, "members": [ADMIN.upper()]})
    await ask(simulator, "POST", POLICIES, template("require-compliant"))
    for user, reason in ((USER, "notSet"), (ADMIN, "users")):
        _, answer = await ask(simulator, "POST", EVALUATE, sign_in(user, devicePlatform="android"))
        assert [each["analysisReasons"] for each in answer["value"]] == [reason]


async def test_only_applied_policies_when_asked(simulator: Simulator) -> None:
    for name in ("block-by-tag", "require-compliant"):
        await ask(simulator, "POST", POLICIES, template(name))
    body = sign_in(devicePlatform="android")
    assert len((await ask(simulator, "POST", EVALUATE, body))[1]["value"]) == 2
    (applied,) = (await ask(simulator, "POST", EVALUATE, body | {"appliedPoliciesOnly": True}))[1]["value"]
    assert applied["grantControls"]["builtInControls"] == ["compliantDevice", "compliantApplication"]


@pytest.mark.parametrize("missing", ["signInIdentity", "signInContext", "signInConditions"])
async def test_what_if_needs_all_three_parts(simulator: Simulator, missing: str) -> None:
    body = sign_in()
    del body[missing]
    assert (await ask(simulator, "POST", EVALUATE, body))[0] == 400
