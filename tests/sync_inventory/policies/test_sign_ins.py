"""Once an hour What If is asked about a blocked and a clean phone of each platform, at each chosen app."""

from typing import Any

import pytest

from serve_console.enforcement import show_enforcement
from shared.domain.access_words import EXCHANGE_ONLINE, SHAREPOINT_ONLINE
from shared.domain.enforcement import SIGN_INS_ID, SignIns
from shared.domain.level import Level
from shared.domain.model import Decision, Verdict
from shared.domain.record import Platform
from shared.domain.sign_in import SignInVerdict
from shared.domain.tag import HIGH_TAG
from sync_inventory.policies.sign_ins import check_sign_ins
from sync_inventory.tally import Tally
from tests.sync_inventory.tenant import put_access_policies
from tests.world import ENTRA_ID, USER_ID, World, a_device, world

EVALUATE = ("POST", "/identity/conditionalAccess/evaluate")
BLOCKED_ID = "99999999-aaaa-4bbb-8ccc-222222222222"
OTHER_ID = "99999999-bbbb-4bbb-8ccc-222222222222"


async def put(one: World, entra_id: str, verdict: Verdict, tag: str | None = None, **facts: Any) -> None:
    """A phone in the mirror with a decision, and in Entra with a tag."""
    device = a_device(entra_id=entra_id, intune_id=f"intune-{entra_id}", **facts)
    decision = Decision(
        verdict=verdict, risk=Level.SECURED, reasons=("a test",), rules_version="1", decided_at=one.clock()
    )
    await one.services.store.create(device.model_copy(update={"decision": decision}))
    one.tenant.put_entra_device(
        {
            "deviceId": entra_id,
            "isCompliant": True,
            "isManaged": True,
            "extensionAttributes": {one.services.settings.attribute: tag},
        }
    )


async def sign_ins(one: World) -> SignIns | None:
    found = await one.services.store.read(SignIns, SIGN_INS_ID)
    return found.document if found else None


async def asked(one: World) -> dict[str, int]:
    """What the step counted."""
    tally = Tally()
    await check_sign_ins(one.services, tally)
    assert tally.error is None
    return dict(tally.counts)


async def test_a_blocked_and_a_clean_phone_are_asked_about_at_each_app(tenant_world: World) -> None:
    put_access_policies(tenant_world)
    await put(tenant_world, ENTRA_ID, Verdict.ALLOW)
    await put(tenant_world, BLOCKED_ID, Verdict.BLOCK, HIGH_TAG)
    assert await asked(tenant_world) == {"asked": 4}
    found = await sign_ins(tenant_world)
    assert found is not None
    assert [(c.platform, c.device, c.blocked, c.verdict) for c in found.checks] == [
        (Platform.IOS, BLOCKED_ID, True, SignInVerdict.REFUSES),
        (Platform.IOS, BLOCKED_ID, True, SignInVerdict.REFUSES),
        (Platform.IOS, ENTRA_ID, False, SignInVerdict.LETS_IN),
        (Platform.IOS, ENTRA_ID, False, SignInVerdict.LETS_IN),
    ]
    assert all(check.is_expected for check in found.checks)
    shown = await show_enforcement(tenant_world.services)
    assert shown.sign_ins == list(found.checks)
    assert shown.sign_ins_answered_at == tenant_world.clock()


async def test_where_no_phone_is_blocked_it_is_asked_as_if_one_were(tenant_world: World) -> None:
    put_access_policies(tenant_world)
    await put(tenant_world, ENTRA_ID, Verdict.ALLOW, platform=Platform.ANDROID)
    await asked(tenant_world)
    found = await sign_ins(tenant_world)
    assert found is not None
    assert [(c.device, c.blocked, c.verdict) for c in found.checks[::2]] == [
        (ENTRA_ID, True, SignInVerdict.REFUSES),
        (ENTRA_ID, False, SignInVerdict.LETS_IN),
    ]
    assert tenant_world.entra_tag() is None, "asking writes nothing"


async def test_it_is_asked_once_an_hour_and_its_calls_are_spaced(tenant_world: World) -> None:
    put_access_policies(tenant_world)
    await put(tenant_world, ENTRA_ID, Verdict.ALLOW)
    await asked(tenant_world)
    assert tenant_world.graph_calls[EVALUATE] == 4
    assert tenant_world.skipping.slept.count(1.1) == 4
    tenant_world.clock.pass_time(minutes=59)
    await asked(tenant_world)
    assert tenant_world.graph_calls[EVALUATE] == 4
    tenant_world.clock.pass_time(minutes=1)
    await asked(tenant_world)
    assert tenant_world.graph_calls[EVALUATE] == 8


async def test_what_is_not_as_expected_is_logged_when_it_first_is(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    put_access_policies(tenant_world, "enabledForReportingButNotEnforced")
    await put(tenant_world, BLOCKED_ID, Verdict.BLOCK, HIGH_TAG)
    await asked(tenant_world)
    assert f"sign_in_unexpected device={BLOCKED_ID} platform=ios" in caplog.text
    assert USER_ID not in caplog.text
    found = await sign_ins(tenant_world)
    assert found is not None
    assert [(c.verdict, c.verdict_once_on) for c in found.checks if c.blocked] == [
        (SignInVerdict.LETS_IN, SignInVerdict.REFUSES)
    ] * 2
    caplog.clear()
    tenant_world.clock.pass_time(hours=1)
    await asked(tenant_world)
    assert "sign_in_unexpected" not in caplog.text


async def test_what_if_away_for_a_day_leaves_the_last_answers_with_their_time(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    put_access_policies(tenant_world)
    await put(tenant_world, ENTRA_ID, Verdict.ALLOW)
    await asked(tenant_world)
    before = await sign_ins(tenant_world)
    tenant_world.graph_faults.fail(503, times=10_000, path_contains="conditionalAccess/evaluate")
    tenant_world.clock.pass_time(hours=2)
    assert await asked(tenant_world) == {"unanswered": 1}
    assert "what_if_away" not in caplog.text
    tenant_world.clock.pass_time(hours=22)
    await asked(tenant_world)
    assert "what_if_away since=2026-06-01T12:00:00.000000Z" in caplog.text
    assert await sign_ins(tenant_world) == before


async def test_of_a_group_of_apps_those_are_asked_about_that_can_be() -> None:
    async with world(access_apps=("Office365", EXCHANGE_ONLINE)) as one:
        put_access_policies(one, applications={"includeApplications": ["Office365"]})
        await put(one, ENTRA_ID, Verdict.ALLOW)
        await asked(one)
        found = await sign_ins(one)
        assert found is not None
        assert [(c.app, c.is_expected) for c in found.checks[:2]] == [
            (EXCHANGE_ONLINE, True),
            (SHAREPOINT_ONLINE, True),
        ]


async def test_where_it_may_not_be_asked_nothing_is_logged(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await put(tenant_world, ENTRA_ID, Verdict.ALLOW)
    tenant_world.graph_faults.fail(403, times=10_000, path_contains="conditionalAccess/evaluate")
    assert await asked(tenant_world) == {"unanswered": 1}
    assert (await sign_ins(tenant_world), caplog.text) == (None, "")


async def test_phones_that_it_cannot_be_asked_about_are_passed_over(tenant_world: World) -> None:
    put_access_policies(tenant_world)
    await put(tenant_world, BLOCKED_ID, Verdict.ALLOW, user_id=None)
    assert await asked(tenant_world) == {"asked": 0}
    await put(tenant_world, ENTRA_ID, Verdict.ALLOW)
    tenant_world.tenant.remove_entra_device(BLOCKED_ID)
    tenant_world.clock.pass_time(hours=1)
    assert await asked(tenant_world) == {"asked": 4}


async def test_a_phone_that_entra_has_no_more_stops_nothing(tenant_world: World) -> None:
    put_access_policies(tenant_world)
    await put(tenant_world, BLOCKED_ID, Verdict.BLOCK, HIGH_TAG)
    await put(tenant_world, ENTRA_ID, Verdict.ALLOW)
    tenant_world.tenant.remove_entra_device(BLOCKED_ID)
    assert await asked(tenant_world) == {"asked": 4}
    found = await sign_ins(tenant_world)
    assert found is not None
    assert {check.device for check in found.checks} == {ENTRA_ID}, "asked about as if it were blocked"


@pytest.mark.parametrize("status", [400, 404])
async def test_a_phone_whose_user_entra_has_no_more_costs_no_other_its_answer(
    tenant_world: World, status: int
) -> None:
    put_access_policies(tenant_world)
    await put(tenant_world, BLOCKED_ID, Verdict.BLOCK, HIGH_TAG)
    await put(tenant_world, ENTRA_ID, Verdict.ALLOW, platform=Platform.ANDROID)
    tenant_world.graph_faults.fail(status, times=2, path_contains="conditionalAccess/evaluate")
    assert await asked(tenant_world) == {"asked": 4}, "of Android"
    await put(tenant_world, OTHER_ID, Verdict.BLOCK, HIGH_TAG)
    tenant_world.clock.pass_time(hours=1)
    tenant_world.graph_faults.fail(status, times=1, path_contains="conditionalAccess/evaluate")
    assert await asked(tenant_world) == {"asked": 8}
