"""One run at a time, whoever starts it, and none that died in the way of the next."""

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.model import Document
from shared.domain.runs import Lease, Run, Runs
from shared.errors import StoreRefused
from sync_inventory import lease
from sync_inventory.lease import LASTS, acquire_lease, renew_lease
from sync_inventory.run import sync
from tests.sync_inventory.tenant import put_phone, run
from tests.world import World


async def _runs(world: World) -> Runs:
    found = await world.services.store.read(Runs, "run:sync")
    assert found is not None
    return found.document


async def _sweeping(world: World) -> asyncio.Task[Run | None]:
    """A sync whose sweep is under way, and takes five seconds."""
    put_phone(world)
    world.graph_faults.delay(5, "managedDevices?")
    running = asyncio.create_task(sync(world.services))
    for _ in range(1000):  # until the call to Graph before it was made
        if ("GET", "/beta/deviceManagement/deviceCompliancePolicies") in world.graph_calls:
            break
        await asyncio.sleep(0.01)
    return running


async def test_a_second_run_does_not_begin_beside_the_first(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    put_phone(tenant_world)
    tenant_world.graph_faults.delay(0.2, "managedDevices?")
    first, second = await asyncio.gather(sync(tenant_world.services), sync(tenant_world.services))
    assert [first is None, second is None].count(True) == 1
    assert "sync_skipped" in caplog.text
    assert len((await _runs(tenant_world)).runs) == 1
    assert tenant_world.graph_calls["GET", "/deviceManagement/managedDevices"] == 1


async def test_a_finished_run_releases_its_lease(tenant_world: World) -> None:
    await run(tenant_world)
    assert (await _runs(tenant_world)).lease is None
    await run(tenant_world)


async def test_the_lease_of_a_run_that_died_is_free_after_a_while(tenant_world: World) -> None:
    assert await acquire_lease(tenant_world.services) is not None
    assert await sync(tenant_world.services) is None
    tenant_world.clock.pass_time(seconds=LASTS.total_seconds())
    await run(tenant_world)


async def test_who_comes_after_a_run_that_died_learns_of_it(tenant_world: World) -> None:
    first = await acquire_lease(tenant_world.services)
    assert first is not None
    tenant_world.clock.pass_time(seconds=LASTS.total_seconds())
    second = await acquire_lease(tenant_world.services)
    assert second is not None
    assert second.before.lease is not None
    assert second.before.lease.owner == first.owner


async def test_a_run_that_lives_keeps_its_lease(tenant_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 0.01)
    ours = await acquire_lease(tenant_world.services)
    assert ours is not None
    keeping = asyncio.create_task(renew_lease(tenant_world.services, ours))
    tenant_world.clock.pass_time(seconds=20)
    renewed = Lease(owner=ours.owner, until=tenant_world.clock() + LASTS)
    for _ in range(1000):
        if (await _runs(tenant_world)).lease == renewed:
            break
        await asyncio.sleep(0.01)
    tenant_world.clock.pass_time(seconds=20)
    assert await acquire_lease(tenant_world.services) is None
    keeping.cancel()


async def test_a_run_that_was_overtaken_stops(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 0.05)
    running = await _sweeping(tenant_world)
    found = await tenant_world.services.store.read(Runs, "run:sync")
    assert found is not None
    other = Lease(owner="other", until=tenant_world.clock() + timedelta(minutes=1))
    await tenant_world.services.store.upsert(found.document.model_copy(update={"lease": other}))
    assert await running is None
    assert "sync_overtaken by=other" in caplog.text
    after = await _runs(tenant_world)
    assert (after.lease, after.runs) == (other, ())


async def test_a_store_that_is_away_for_a_moment_does_not_lose_the_lease(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 0.02)
    ours = await acquire_lease(tenant_world.services)
    assert ours is not None
    tenant_world.cosmos_faults.fail_next(503, container="settings", times=9)
    keeping = asyncio.create_task(renew_lease(tenant_world.services, ours))
    await asyncio.sleep(0.1)
    tenant_world.cosmos_faults.clear()
    assert not keeping.done()
    keeping.cancel()


FOR_GOOD = range(1_000_000)


def _silent(world: World, monkeypatch: pytest.MonkeyPatch, edits: range) -> list[bool]:
    """Let the store not answer those of the edits to come; whether each of them was given up."""
    edit, number, given_up = world.services.store.edit, itertools.count(), list[bool]()

    async def never(*asked: Any, **options: Any) -> Any:
        if next(number) not in edits:
            return await edit(*asked, **options)
        place = len(given_up)
        given_up.append(False)
        try:
            await asyncio.Event().wait()
        finally:
            given_up[place] = True

    monkeypatch.setattr(world.services.store, "edit", never)
    return given_up


async def test_a_renewal_that_is_not_answered_does_not_keep_the_next_from_being_tried(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(lease, "MAX_RENEWAL_SECONDS", 0.1)
    ours = await acquire_lease(tenant_world.services)
    assert ours is not None
    given_up = _silent(tenant_world, monkeypatch, range(2))
    tenant_world.clock.pass_time(seconds=20)
    renewed = Lease(owner=ours.owner, until=tenant_world.clock() + LASTS)
    keeping = asyncio.create_task(renew_lease(tenant_world.services, ours))
    for _ in range(200):
        if (await _runs(tenant_world)).lease == renewed:
            break
        await asyncio.sleep(0.01)
    assert (await _runs(tenant_world)).lease == renewed
    assert given_up == [True, True]
    assert not keeping.done()
    keeping.cancel()


async def test_a_run_whose_store_is_silent_ends_with_its_lease(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(lease, "MAX_RENEWAL_SECONDS", 0.02)
    ours = await acquire_lease(tenant_world.services)
    assert ours is not None
    given_up = _silent(tenant_world, monkeypatch, FOR_GOOD)
    monkeypatch.setattr(lease, "LASTS", timedelta(seconds=0.15))
    async with asyncio.timeout(5):
        await renew_lease(tenant_world.services, ours)
    assert len(given_up) > 1
    assert all(given_up)
    assert "sync_overtaken why=the store renewed nothing for 0.15 seconds" in caplog.text


async def test_a_run_that_may_have_been_overtaken_stops(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 0.01)
    running = await _sweeping(tenant_world)
    monkeypatch.setattr(lease, "LASTS", timedelta(seconds=0.1))
    _silent(tenant_world, monkeypatch, FOR_GOOD[1:])
    async with asyncio.timeout(4):
        assert await running is None


async def test_a_lease_lasts_from_before_its_writing(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(tenant_world)
    replace = tenant_world.services.store.replace

    async def replace_slowly(document: Document, etag: str) -> str:
        written = await replace(document, etag)
        await asyncio.sleep(0.2)
        return written

    monkeypatch.setattr(tenant_world.services.store, "replace", replace_slowly)
    before = asyncio.get_running_loop().time()
    ours = await acquire_lease(tenant_world.services)
    assert ours is not None
    assert before <= ours.at < asyncio.get_running_loop().time() - 0.19
    _silent(tenant_world, monkeypatch, FOR_GOOD)
    monkeypatch.setattr(lease, "LASTS", timedelta(seconds=0.2))
    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 60.0)
    async with asyncio.timeout(5):
        await renew_lease(tenant_world.services, ours)


async def test_each_renewal_makes_the_lease_last_anew(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 0.05)
    ours = await acquire_lease(tenant_world.services)
    assert ours is not None
    monkeypatch.setattr(lease, "LASTS", timedelta(seconds=1))
    keeping = asyncio.create_task(renew_lease(tenant_world.services, ours))
    await asyncio.sleep(1.2)
    assert not keeping.done()
    keeping.cancel()
    assert "sync_overtaken" not in caplog.text


async def test_a_run_whose_lease_cannot_be_renewed_ends_with_the_reason(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY_SECONDS", 0.05)
    running = await _sweeping(tenant_world)
    tenant_world.clock.pass_time(seconds=1)
    tenant_world.cosmos_faults.fail_next(413, container="settings", operation="replace")
    with pytest.raises(StoreRefused):
        await running
    assert (await _runs(tenant_world)).runs == ()
