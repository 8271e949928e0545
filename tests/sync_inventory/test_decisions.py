"""Decisions that a rule, a switch or the clock makes due."""

import pytest

from evaluate_risk.decide import change
from evaluate_risk.evaluation import evaluate
from shared.domain.level import Level
from shared.domain.model import Verdict
from shared.errors import StoreUnavailable
from tests.sync_inventory.tenant import put_connector, put_phone, put_policy, run, step, writes
from tests.world import World, a_threat, world


async def _infected(world: World, severity: Level = Level.MEDIUM) -> None:
    put_phone(world)
    await run(world)
    await evaluate(world.services, [a_threat(severity=severity).model_dump(mode="json")])


async def test_a_rule_made_stricter_blocks_and_made_looser_frees(tenant_world: World) -> None:
    put_policy(tenant_world, "medium")
    await _infected(tenant_world)
    assert tenant_world.entra_tag() is None
    put_policy(tenant_world, "low")
    done = await step(tenant_world, "decisions")
    assert done.counts == {"due": 1, "decided": 1, "tags_applied": 1}
    assert tenant_world.entra_tag() == "mtd-block-medium"
    put_policy(tenant_world, "high")
    await run(tenant_world)
    assert tenant_world.entra_tag() == "mtd-ok"


async def test_a_grace_period_that_ran_out_blocks(tenant_world: World) -> None:
    grace = [{"actionType": "block", "gracePeriodHours": 2}]
    put_policy(tenant_world, scheduledActionsForRule=[{"scheduledActionConfigurations": grace}])
    await _infected(tenant_world)
    tenant_world.clock.pass_time(hours=1)
    assert (await step(tenant_world, "decisions")).counts == {}
    assert tenant_world.entra_tag() is None
    tenant_world.clock.pass_time(hours=1)
    assert (await step(tenant_world, "decisions")).counts["due"] == 1
    assert tenant_world.entra_tag() == "mtd-block-medium"
    assert (await step(tenant_world, "decisions")).counts == {}


async def test_a_newcomers_grace_ends_without_anybodys_report() -> None:
    async with world(connector_ids={"lookout": "connector-1"}, enrollment_grace_hours=2) as tenant:
        put_connector(tenant, iosDeviceBlockedOnMissingPartnerData=True)
        put_policy(tenant)
        put_phone(tenant, enrolledDateTime="2026-06-01T11:00:00Z")
        await run(tenant)
        decision = (await tenant.device()).decision
        assert decision is not None
        assert (decision.verdict, decision.missing) == (Verdict.ALLOW, ("lookout",))
        assert tenant.entra_tag() is None
        tenant.clock.pass_time(minutes=59)
        assert (await step(tenant, "decisions")).counts == {}
        tenant.clock.pass_time(minutes=1)
        assert (await step(tenant, "decisions")).counts["due"] == 1
        assert tenant.entra_tag() == "mtd-block-nodata"


async def test_a_connector_switched_off_in_intune_frees_its_devices() -> None:
    async with world(connector_ids={"lookout": "connector-1"}) as tenant:
        put_connector(tenant)
        put_policy(tenant)
        await _infected(tenant)
        assert tenant.entra_tag() == "mtd-block-medium"
        put_connector(tenant, iosEnabled=False)
        await run(tenant)
        assert tenant.entra_tag() == "mtd-ok"


async def test_a_rule_taken_away_leaves_the_tag_as_it_is(tenant_world: World) -> None:
    put_policy(tenant_world)
    await _infected(tenant_world)
    put_policy(tenant_world, "notSet")
    await run(tenant_world)
    device = await tenant_world.device()
    assert device.decision is not None
    assert device.decision.verdict is Verdict.UNDECIDED
    assert tenant_world.entra_tag() == "mtd-block-medium"


async def test_what_a_run_cut_off_in_the_middle_left_the_next_one_decides(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        put_phone(tenant_world, f"intune-{number}", f"entra-{number}", serialNumber=f"SN-{number}")
    await run(tenant_world)
    put_policy(tenant_world)
    left = 25

    async def cut_off(*args: object) -> object:
        nonlocal left
        left -= 1
        if left < 0:
            raise StoreUnavailable("cut off")
        return await change(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr("sync_inventory.decisions.decide_again", cut_off)
        first = await step(tenant_world, "decisions")
    assert (first.ok, first.counts) == (False, {"due": 40, "decided": 25})
    assert (await step(tenant_world, "decisions")).counts == {"due": 15, "decided": 15}


async def test_while_graph_throttles_tags_stay_pending_and_are_named(tenant_world: World) -> None:
    put_policy(tenant_world, "medium")
    await _infected(tenant_world)
    put_policy(tenant_world, "low")
    tenant_world.graph_faults.throttle(9, "7", path_contains="deviceId=")
    done = await run(tenant_world)
    failed = next(step for step in done.steps if not step.ok)
    assert failed.step == "decisions"
    assert failed.counts == {"due": 1, "decided": 1, "tags_pending": 1}
    assert failed.error is not None
    assert "429" in failed.error
    tenant_world.graph_faults.clear()
    tenant_world.operations.clear()
    await run(tenant_world)
    assert writes(tenant_world) == {("settings", "replace"): 2}
