"""The Conditional Access policies are read at every sync, and what they do not refuse is logged, shown, and
degrades the app's health where it enforces."""

import logging

import pytest

from local.graph.directory import Kind
from serve_console.devices import explain
from serve_console.enforcement import show_enforcement
from serve_console.health import health
from shared.domain.enforcement import ENFORCEMENT_ID, Enforcement, Refusal
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Device, TagState
from shared.domain.tag import HIGH_TAG
from tests.sync_inventory.tenant import GROUP, put_access_policies, put_phone, run, step, writes
from tests.world import ENTRA_ID, World, a_device, world


async def enforcement(one: World) -> Enforcement:
    found = await one.services.store.read(Enforcement, ENFORCEMENT_ID)
    assert found is not None
    return found.document


async def put_blocked(one: World) -> None:
    device = a_device()
    await one.services.store.create(
        device.model_copy(
            update={
                "tag": device.tag.model_copy(
                    update={"wanted": HIGH_TAG, "applied": HIGH_TAG, "state": TagState.APPLIED}
                )
            }
        )
    )
    put_phone(one)


async def test_policies_that_are_on_refuse_and_nothing_is_logged(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    put_access_policies(tenant_world)
    done = await step(tenant_world, "enforcement")
    assert done.counts == {"policies": 2, "written": 1}
    assert (await enforcement(tenant_world)).is_whole
    assert "access_" not in caplog.text


async def test_an_unchanged_tenant_is_not_written_again_though_time_passes(tenant_world: World) -> None:
    put_access_policies(tenant_world)
    await step(tenant_world, "enforcement")
    tenant_world.clock.pass_time(minutes=15)
    tenant_world.operations.clear()
    assert (await step(tenant_world, "enforcement")).counts == {"policies": 2}
    assert writes(tenant_world) == {("settings", "replace"): 2}, "its lease and its record"


async def test_a_policy_switched_off_between_two_syncs_is_logged_shown_and_degrades_health(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="mtd")
    put_access_policies(tenant_world)
    await put_blocked(tenant_world)
    await run(tenant_world)
    assert (await health(tenant_world.services)).status == "ok"
    assert (await explain(tenant_world.services, ENTRA_ID)).enforcement == (
        "tagged, and a Conditional Access policy refuses it"
    )
    tenant_world.clock.pass_time(hours=2, minutes=2)
    put_access_policies(tenant_world, "disabled")
    await run(tenant_world)
    assert (
        "access_not_refused policy=block refusal=none since=2026-06-01T14:02:00.000000Z mode=enforce"
        in caplog.text
    )
    assert (await health(tenant_world.services)).status == "degraded"
    tenant_world.clock.pass_time(minutes=15)
    caplog.clear()
    await run(tenant_world)
    assert "access_not_refused policy=block" in caplog.text, "at every sync, so that the alert goes on"
    said = (await explain(tenant_world.services, ENTRA_ID)).enforcement
    assert said is not None
    assert said.startswith("tagged, but nothing refuses it since 2026-06-01 14:02 UTC: ")
    assert said.endswith("is off")
    shown = await show_enforcement(tenant_world.services)
    assert shown.block is not None
    assert shown.block.refusal is Refusal.NONE
    caplog.clear()
    put_access_policies(tenant_world)
    await run(tenant_world)
    assert (await health(tenant_world.services)).status == "ok"
    assert "access_refused policy=block" in caplog.text


async def test_a_narrowed_policy_is_said_to_refuse_not_everywhere(tenant_world: World) -> None:
    await put_blocked(tenant_world)
    put_access_policies(tenant_world, users={"includeUsers": ["All"], "excludeGroups": [GROUP]})
    await run(tenant_world)
    put_access_policies(
        tenant_world, users={"includeUsers": ["All"], "excludeGroups": [GROUP, GROUP.replace("0d", "1d")]}
    )
    await run(tenant_world)
    said = (await explain(tenant_world.services, ENTRA_ID)).enforcement
    assert said is not None
    assert "not refused everywhere" in said
    assert "leaves out 1d9a7c52" in said
    assert (await health(tenant_world.services)).status == "degraded"


async def test_in_report_mode_it_is_shown_and_logged_once_and_degrades_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with world(mode=Mode.REPORT) as one:
        await run(one)
        assert "access_not_refused policy=block refusal=none" in caplog.text
        caplog.clear()
        await run(one)
        assert "access_not_refused" not in caplog.text
        assert (await health(one.services)).status == "ok"
        shown = await show_enforcement(one.services)
        assert shown.block is not None
        assert shown.block.why == ("there is no such policy",)


async def test_where_the_list_is_refused_it_is_not_watched_and_no_alarm_at_each_sync(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await put_blocked(tenant_world)
    put_access_policies(tenant_world)
    tenant_world.graph_faults.fail(403, times=100, path_contains="conditionalAccess/policies")
    await run(tenant_world)
    assert "access_not_watched policy=block" in caplog.text
    caplog.clear()
    await run(tenant_world)
    assert "access_" not in caplog.text
    assert (await health(tenant_world.services)).status == "ok"
    said = (await explain(tenant_world.services, ENTRA_ID)).enforcement
    assert said is not None
    assert "not watched" in said


async def test_a_policy_that_cannot_be_read_hides_none_of_the_others(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    put_access_policies(tenant_world, "disabled")
    tenant_world.tenant.put(Kind.ACCESS_POLICY, "odd", {"id": "odd", "grantControls": {"operator": 7}})
    await run(tenant_world)
    assert (await enforcement(tenant_world)).block.refusal is Refusal.NONE
    assert "access_not_refused policy=block refusal=none" in caplog.text
    odd = {"id": "block", "state": "enabled", "grantControls": {"operator": 7}}
    tenant_world.tenant.put(Kind.ACCESS_POLICY, "block", odd)
    await run(tenant_world)
    assert (await enforcement(tenant_world)).block.why == ("there is no such policy",)


async def test_while_graph_is_away_the_last_reading_stays(tenant_world: World) -> None:
    put_access_policies(tenant_world)
    await run(tenant_world)
    put_access_policies(tenant_world, "disabled")
    tenant_world.graph_faults.fail(503, times=100, path_contains="conditionalAccess/policies")
    done = await run(tenant_world)
    assert [each.step for each in done.steps if not each.ok] == ["enforcement"]
    assert (await enforcement(tenant_world)).is_whole


async def test_a_device_that_bears_no_block_is_said_nothing_of(tenant_world: World) -> None:
    await tenant_world.put_device()
    await tenant_world.put_rule(Level.LOW)
    assert (await explain(tenant_world.services, ENTRA_ID)).enforcement is None
    stored = await tenant_world.services.store.read(Device, ENTRA_ID)
    assert stored is not None


async def test_before_the_first_sync_that_is_said(tenant_world: World) -> None:
    await put_blocked(tenant_world)
    said = (await explain(tenant_world.services, ENTRA_ID)).enforcement
    assert said is not None
    assert "no sync has looked" in said
    shown = await show_enforcement(tenant_world.services)
    assert (shown.block, shown.companion, shown.policies) == (None, None, [])
