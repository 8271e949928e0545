"""What closes the ways round a block by tag, policy by policy."""

from collections.abc import Sequence
from typing import Any

import pytest

from infra.access.templates import APPLICATIONS, DEFAULT_COMPANION, policies
from local.graph.directory import Kind
from serve_console.ways_round import Way, WaysRound, ways_round
from shared.domain.sign_in import SignInVerdict
from shared.errors import BadRequest, NotThere
from tests.evaluate_risk.stories import put_phone
from tests.world import ENTRA_ID, World

GROUP = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
BLOCK, COMPANION, BROWSERS, FLOWS = range(4)
OPEN, DEPENDS, CLOSED = SignInVerdict.LETS_IN, SignInVerdict.DEPENDS, SignInVerdict.REFUSES


async def _asked(
    one: World,
    which: Sequence[int] = range(4),
    companion: str = DEFAULT_COMPANION,
    state: str = "enabled",
    app: str | None = APPLICATIONS[0],
    **entra: Any,
) -> WaysRound:
    """With these policies of the set in force."""
    await put_phone(one)
    one.tenant.put_entra_device({"deviceId": ENTRA_ID, "isCompliant": True, **entra})
    shipped = policies(GROUP, APPLICATIONS, 7, companion)
    for number in which:
        policy = {**shipped[number], "id": f"policy-{number}", "state": state}
        one.tenant.put(Kind.ACCESS_POLICY, policy["id"], policy)
    return await ways_round(one.services, ENTRA_ID, app)


def _by_way(found: WaysRound) -> dict[Way, SignInVerdict]:
    return {each.way: each.sign_in.verdict for each in found.ways}


async def test_a_block_by_tag_alone_closes_none(tenant_world: World) -> None:
    found = await _asked(tenant_world, [BLOCK])
    assert _by_way(found) == dict.fromkeys(Way, OPEN)
    assert found.conclusion == "a way round is open"


@pytest.mark.parametrize(
    ("policy", "companion", "closed"),
    [
        (COMPANION, "compliant", {Way.UNREGISTERED_PHONE: CLOSED, Way.PRIVATE_TAB: CLOSED}),
        (COMPANION, DEFAULT_COMPANION, {Way.UNREGISTERED_PHONE: DEPENDS, Way.PRIVATE_TAB: DEPENDS}),
        (BROWSERS, DEFAULT_COMPANION, {Way.PRIVATE_TAB: CLOSED, Way.DESKTOP_USER_AGENT: CLOSED}),
        (FLOWS, DEFAULT_COMPANION, {Way.DEVICE_CODE: CLOSED, Way.AUTHENTICATION_TRANSFER: CLOSED}),
    ],
)
async def test_each_policy_of_the_set_closes_its_own(
    tenant_world: World, policy: int, companion: str, closed: dict[Way, SignInVerdict]
) -> None:
    found = await _asked(tenant_world, [BLOCK, policy], companion)
    assert _by_way(found) == dict.fromkeys(Way, OPEN) | closed


@pytest.mark.parametrize(
    ("companion", "state", "conclusion"),
    [
        ("compliant", "enabled", "every way round is refused"),
        (
            "compliant",
            "enabledForReportingButNotEnforced",
            "every way round would be refused once the policies are on",
        ),
        (DEFAULT_COMPANION, "enabled", "a way round depends on what the sign-in meets"),
    ],
)
async def test_the_whole_set_closes_all_but_for_protected_apps(
    tenant_world: World, companion: str, state: str, conclusion: str
) -> None:
    found = await _asked(tenant_world, companion=companion, state=state)
    assert found.conclusion == conclusion
    hanging = {each.way for each in found.ways if each.sign_in.verdict_once_on is DEPENDS}
    assert hanging == ({Way.UNREGISTERED_PHONE} if companion == DEFAULT_COMPANION else set())


async def test_a_code_is_entered_on_a_compliant_device_whatever_the_phone_is(tenant_world: World) -> None:
    found = await _asked(tenant_world, [BLOCK, COMPANION], "compliant", isCompliant=False, isManaged=False)
    assert _by_way(found)[Way.DEVICE_CODE] is OPEN
    assert found.warnings == []


async def test_exchange_and_sharepoint_are_asked_about_where_no_app_is_named(tenant_world: World) -> None:
    found = await _asked(tenant_world, app=None)
    assert [(each.sign_in.app, each.way) for each in found.ways] == [
        (app, way) for app in ("Exchange Online", "SharePoint Online") for way in Way
    ]


async def test_what_is_no_app_and_a_stranger_are_refused_before_anything_is_asked(
    tenant_world: World,
) -> None:
    with pytest.raises(BadRequest, match="the id of an app"):
        await ways_round(tenant_world.services, ENTRA_ID, "office")
    with pytest.raises(NotThere):
        await ways_round(tenant_world.services, "nobody")
