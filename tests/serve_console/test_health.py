"""One word on whether the app can do its work."""

from serve_console.health import health
from shared.domain.runs import Run, Runs, StepRun
from tests.world import World


async def _run(world: World, *, ok: bool = True) -> None:
    step = StepRun(step="connectors", ok=ok, seconds=0.1)
    run = Run(started_at=world.clock(), seconds=0.1, steps=(step,))
    await world.services.store.upsert(Runs(runs=(run,)))


async def test_without_a_sync_it_is_degraded(tenant_world: World) -> None:
    assert (await health(tenant_world.services)).status == "degraded"


async def test_after_a_sync_it_is_ok_until_the_sync_is_stale(tenant_world: World) -> None:
    await _run(tenant_world)
    assert (await health(tenant_world.services)).status == "ok"
    tenant_world.clock.pass_time(minutes=61)
    assert (await health(tenant_world.services)).status == "degraded"


async def test_a_sync_with_a_failed_step_does_not_count(tenant_world: World) -> None:
    await _run(tenant_world, ok=False)
    assert (await health(tenant_world.services)).status == "degraded"


async def test_a_store_that_is_away_is_degraded(tenant_world: World) -> None:
    await _run(tenant_world)
    tenant_world.cosmos_faults.fail_next(503, times=50)
    assert (await health(tenant_world.services)).status == "degraded"
