"""What Conditional Access would do, before anybody switches a policy on."""

from collections.abc import Sequence
from typing import Any

import aiohttp
import pytest

from evaluate_risk.evaluation import evaluate
from infra.access.templates import APPLICATIONS, policies
from local.graph.directory import Kind
from local.graph.policy import Policy
from serve_console.what_if import prove
from shared.domain.level import Level
from shared.domain.record import Platform
from shared.domain.sign_in import SignInVerdict
from shared.errors import BadRequest, GraphRefused, GraphUnavailable, NotThere
from tests.evaluate_risk.stories import feed, put_phone
from tests.world import ENTRA_ID, INTUNE_ID, World, a_threat

GROUP = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
EXCHANGE_ONLINE = APPLICATIONS[0]
INTUNE_APP = "0000000a-0000-0000-c000-000000000000"
BLOCK = {"builtInControls": ["block"]}
DEPENDS = "whether blocked devices are refused depends on what the sign-in meets"
NOT_REFUSED = "blocked devices are not refused"
EITHER_WAY = "the device is refused whether it is blocked or not"
COMPANION = (SignInVerdict.DEPENDS, ["compliantApplication"])


async def _imported(one: World, state: str, apps: Sequence[str] = APPLICATIONS, **companion: Any) -> None:
    """The shipped set, as an admin imports it, in a state; `companion`: what the second asks for."""
    async with aiohttp.ClientSession() as http:
        asked = f"{one.graph_endpoint}/msi/token?resource=https://graph.microsoft.com&api-version=2019-08-01"
        async with http.get(asked, headers={"X-IDENTITY-HEADER": "local"}) as answer:
            token = (await answer.json())["access_token"]
        imported = policies(GROUP, apps, 7)
        imported[1]["grantControls"] |= companion
        for policy in imported:
            async with http.post(
                f"{one.graph_endpoint}/v1.0/identity/conditionalAccess/policies",
                json={**policy, "state": state},
                headers={"Authorization": f"Bearer {token}"},
            ) as answer:
                assert answer.status == 201, await answer.text()


async def _put(
    one: World, grant: Any, name: str = "a policy", state: str = "enabled", **conditions: Any
) -> None:
    """A policy for everybody and everything, except as said."""
    everything = {
        "users": {"includeUsers": ["All"]},
        "applications": {"includeApplications": ["All"]},
        "clientAppTypes": ["all"],
    }
    policy = {
        "id": name,
        "displayName": name,
        "state": state,
        "conditions": everything | conditions,
        "grantControls": {"operator": "OR", **grant},
    }
    Policy.model_validate(policy)
    one.tenant.put(Kind.ACCESS_POLICY, name, policy)


def _entra(one: World, **fields: Any) -> None:
    one.tenant.put_entra_device({"deviceId": ENTRA_ID, "isCompliant": True, **fields})


async def test_in_report_only_a_blocked_device_would_be_refused_once_the_policies_are_on(
    tenant_world: World,
) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world)
    await _imported(tenant_world, "enabledForReportingButNotEnforced")
    proof = await prove(tenant_world.services, ENTRA_ID, None)
    assert proof.conclusion == "blocked devices would be refused once the policies are on"
    assert [(each.app, each.tag, each.verdict, each.verdict_once_on) for each in proof.sign_ins] == [
        ("Exchange Online", None, "lets_in", "lets_in"),
        ("Exchange Online", "mtd-block-high", "lets_in", "refuses"),
        ("SharePoint Online", None, "lets_in", "lets_in"),
        ("SharePoint Online", "mtd-block-high", "lets_in", "refuses"),
    ]


async def test_once_they_are_on_a_blocked_device_is_refused_as_it_is_and_a_clean_one_is_not(
    tenant_world: World,
) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world)
    await tenant_world.put_rule(Level.LOW)
    await _imported(tenant_world, "enabled")
    await evaluate(tenant_world.services, feed(a_threat()))
    proof = await prove(tenant_world.services, ENTRA_ID, "00000002-0000-0ff1-ce00-000000000000")
    assert proof.conclusion == "blocked devices are refused"
    as_it_is, as_if_clean = proof.sign_ins
    assert (as_it_is.tag, as_it_is.verdict) == ("mtd-block-high", SignInVerdict.REFUSES)
    assert [each.verdict for each in as_it_is.policies if each.controls == ["block"]] == [
        SignInVerdict.REFUSES
    ]
    assert (as_if_clean.tag, as_if_clean.verdict) == ("mtd-ok", SignInVerdict.LETS_IN)


async def test_a_device_that_is_not_compliant_is_let_in_by_a_protected_app_alone(tenant_world: World) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world, isCompliant=False)
    await _imported(tenant_world, "enabled")
    proof = await prove(tenant_world.services, ENTRA_ID, "00000003-0000-0ff1-ce00-000000000000")
    as_it_is, as_if_blocked = proof.sign_ins
    assert not proof.compliant
    assert (as_it_is.verdict, as_if_blocked.verdict) == (SignInVerdict.DEPENDS, SignInVerdict.REFUSES)
    assert [(each.verdict, each.depends_on) for each in as_it_is.policies] == [COMPANION]
    assert proof.conclusion == "blocked devices are refused"


@pytest.mark.parametrize("state", ["enabled", "enabledForReportingButNotEnforced"])
async def test_where_a_clean_device_is_refused_too_the_block_is_not_proven(
    tenant_world: World, state: str
) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world, isCompliant=False)
    await _imported(tenant_world, state, builtInControls=["compliantDevice"])
    proof = await prove(tenant_world.services, ENTRA_ID, None)
    assert proof.conclusion == "the device is refused whether it is blocked or not"


async def test_without_policies_nothing_refuses_and_that_is_said(tenant_world: World) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world)
    proof = await prove(tenant_world.services, ENTRA_ID, None)
    assert proof.conclusion == "blocked devices are not refused"
    assert all(not sign_in.policies for sign_in in proof.sign_ins)


async def test_a_policy_that_is_off_proves_nothing(tenant_world: World) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world)
    await _imported(tenant_world, "disabled")
    assert (
        await prove(tenant_world.services, ENTRA_ID, None)
    ).conclusion == "blocked devices are not refused"


async def test_a_device_without_a_user_cannot_be_asked_about(tenant_world: World) -> None:
    await put_phone(tenant_world, user_id=None)
    with pytest.raises(BadRequest, match="has a user"):
        await prove(tenant_world.services, ENTRA_ID, None)


async def test_a_platform_without_a_word_is_refused_in_a_sentence(tenant_world: World) -> None:
    await put_phone(tenant_world, platform=Platform.OTHER)
    _entra(tenant_world)
    with pytest.raises(BadRequest, match="iOS and Android alone"):
        await prove(tenant_world.services, ENTRA_ID, None)


@pytest.mark.parametrize("app", ["office", "Exchange Online", ""])
async def test_what_is_no_app_is_refused(tenant_world: World, app: str) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world)
    with pytest.raises(BadRequest, match="the id of an app, Office365 or All"):
        await prove(tenant_world.services, ENTRA_ID, app)


@pytest.mark.parametrize("group", ["Office365", "All"])
async def test_a_group_of_apps_which_would_match_nothing_is_asked_about_by_its_apps(
    tenant_world: World, group: str
) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world)
    await _imported(tenant_world, "enabled", apps=[group])
    proof = await prove(tenant_world.services, ENTRA_ID, group)
    assert {sign_in.app for sign_in in proof.sign_ins} == {"Exchange Online", "SharePoint Online"}
    assert proof.conclusion == "blocked devices are refused"


@pytest.mark.parametrize(
    ("grant", "compliant", "conclusion", "depends_on"),
    [
        ({"builtInControls": ["mfa"]}, False, DEPENDS, ["mfa"]),
        ({"builtInControls": ["compliantDevice", "mfa"]}, False, DEPENDS, ["mfa"]),
        ({"builtInControls": ["compliantDevice", "mfa"]}, True, NOT_REFUSED, []),
        ({"builtInControls": ["domainJoinedDevice"]}, True, EITHER_WAY, []),
        (
            {"authenticationStrength": {"displayName": "Passkeys"}, "builtInControls": []},
            True,
            DEPENDS,
            ["authenticationStrength: Passkeys"],
        ),
        (
            {"builtInControls": ["compliantDevice"], "termsOfUse": ["a"], "operator": "AND"},
            True,
            DEPENDS,
            ["termsOfUse"],
        ),
        (
            {"builtInControls": ["compliantDevice"], "customAuthenticationFactors": ["a"]},
            False,
            DEPENDS,
            ["customAuthenticationFactors"],
        ),
    ],
)
async def test_where_it_depends_nothing_else_is_claimed(
    tenant_world: World, grant: Any, compliant: bool, conclusion: str, depends_on: list[str]
) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world, isCompliant=compliant)
    await _put(tenant_world, grant)
    proof = await prove(tenant_world.services, ENTRA_ID, EXCHANGE_ONLINE)
    assert proof.conclusion == conclusion
    assert [policy.depends_on for policy in proof.sign_ins[0].policies] == [depends_on]


async def test_policies_that_hang_on_place_or_risk_are_listed_apart_and_warned_of(
    tenant_world: World,
) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world)
    await _put(
        tenant_world, BLOCK, name="abroad", locations={"includeLocations": ["AllTrusted"]}, state="enabled"
    )
    await _put(tenant_world, BLOCK, name="at risk", signInRiskLevels=["high"])
    await _put(tenant_world, BLOCK, name="off", signInRiskLevels=["high"], state="disabled")
    proof = await prove(tenant_world.services, ENTRA_ID, EXCHANGE_ONLINE)
    for sign_in in proof.sign_ins:
        assert not sign_in.policies
        assert [(each.name, each.reason, each.controls) for each in sign_in.not_evaluated] == [
            ("abroad", "notEnoughInformation", ["block"]),
            ("at risk", "signInRisk", ["block"]),
        ]
    assert proof.warnings == ["not evaluated, and may apply at a real sign-in: abroad, at risk"]


@pytest.mark.parametrize(
    "rule",
    [
        'device.trustType -eq "Workplace"',
        'device.deviceOwnership -eq "Company"',
        'device.operatingSystem -eq "iOS" -and device.operatingSystemVersion -startsWith "26"',
        'device.model -eq "iPhone" -and device.manufacturer -eq "Apple"',
        f'device.mdmAppId -eq "{INTUNE_APP}"',
        'device.systemLabels -contains "MultiUser" -and device.physicalIds -contains "[GID]:g:1"',
        'device.profileType -eq "RegisteredDevice" -and device.displayName -eq "a phone"',
        'device.enrollmentProfileName -eq "corporate"',
    ],
)
async def test_what_entra_knows_of_the_device_is_asked_with(tenant_world: World, rule: str) -> None:
    await put_phone(tenant_world)
    _entra(
        tenant_world,
        trustType="Workplace",
        deviceOwnership="company",
        operatingSystem="iOS",
        operatingSystemVersion="26.1",
        manufacturer="Apple",
        model="iPhone",
        mdmAppId=INTUNE_APP,
        systemLabels=["MultiUser"],
        physicalIds=["[GID]:g:1"],
        profileType="RegisteredDevice",
        displayName="a phone",
        enrollmentProfileName="corporate",
    )
    await _put(tenant_world, BLOCK, devices={"deviceFilter": {"mode": "include", "rule": rule}})
    proof = await prove(tenant_world.services, ENTRA_ID, EXCHANGE_ONLINE)
    assert [sign_in.verdict for sign_in in proof.sign_ins] == [SignInVerdict.REFUSES, SignInVerdict.REFUSES]


async def test_of_a_device_nobody_manages_the_tag_is_not_seen_and_that_is_said(tenant_world: World) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world, isManaged=False, isCompliant=False, trustType="Workplace")
    await _imported(tenant_world, "enabled")
    proof = await prove(tenant_world.services, ENTRA_ID, EXCHANGE_ONLINE)
    assert proof.conclusion == DEPENDS
    assert len(proof.warnings) == 1
    assert "its attributes are not seen" in proof.warnings[0]


@pytest.mark.parametrize("fact", [{"isManaged": True}, {"isCompliant": True}, {"trustType": "ServerAd"}])
async def test_one_of_three_is_enough_for_the_tag_to_be_seen(tenant_world: World, fact: Any) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world, **{"isManaged": False, "isCompliant": False, **fact})
    await _imported(tenant_world, "enabled")
    proof = await prove(tenant_world.services, ENTRA_ID, EXCHANGE_ONLINE)
    assert (proof.conclusion, proof.warnings) == ("blocked devices are refused", [])


async def test_an_unknown_device_is_not_there(tenant_world: World) -> None:
    for name in ("nobody", "..", "intune:nobody"):
        with pytest.raises(NotThere):
            await prove(tenant_world.services, name, None)


async def test_a_device_is_asked_about_by_its_intune_id_too(tenant_world: World) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world)
    assert (await prove(tenant_world.services, f"intune:{INTUNE_ID}", None)).device == ENTRA_ID


async def test_a_throttled_question_is_asked_again_a_little_later(tenant_world: World) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world)
    tenant_world.graph_faults.throttle(2, None, path_contains="conditionalAccess")
    assert (await prove(tenant_world.services, ENTRA_ID, None)).sign_ins
    tenant_world.graph_faults.throttle(3, None, path_contains="conditionalAccess")
    with pytest.raises(GraphUnavailable):
        await prove(tenant_world.services, ENTRA_ID, None)


async def test_a_what_if_that_is_away_is_named_and_keeps_no_tag_waiting(tenant_world: World) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world)
    tenant_world.graph_faults.throttle(1_000, "3600", path_contains="conditionalAccess")
    for _ in range(24):
        with pytest.raises(GraphUnavailable, match="What If does not answer") as away:
            await prove(tenant_world.services, ENTRA_ID, EXCHANGE_ONLINE)
    assert away.value.retry_after == 3600
    assert tenant_world.services.graph.resting() == 0
    await tenant_world.services.graph.write_tag(ENTRA_ID, "mtd-block-high")


async def test_each_question_waits_until_a_second_after_the_one_before_it(tenant_world: World) -> None:
    await put_phone(tenant_world)
    _entra(tenant_world)
    tenant_world.skipping.slept.clear()
    assert len((await prove(tenant_world.services, ENTRA_ID, None)).sign_ins) == 4
    assert len(tenant_world.skipping.slept) == 3
    assert all(0 < seconds <= 1 for seconds in tenant_world.skipping.slept)


async def test_a_permission_that_is_missing_is_reported(tenant_world: World) -> None:
    await put_phone(tenant_world)
    tenant_world.graph_faults.fail(403, 1, path_contains="conditionalAccess")
    with pytest.raises(GraphRefused, match=r"What If refuses to answer: .* 403"):
        await prove(tenant_world.services, ENTRA_ID, None)
