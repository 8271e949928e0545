"""Rules and switches, read from the store once in a while."""

import asyncio
import itertools
from typing import Any

import pytest

from shared.domain.connector import Connector, connector_document_id
from shared.domain.level import Level
from shared.domain.record import Platform
from shared.errors import StoreUnavailable
from shared.mirror import KEPT
from tests.world import World, world

READ = ("settings", "read")
ONE_READING = 3
"""Intune's rules, who is silent, and the tenant's size; where the settings name connectors, each of them
too."""


async def test_without_rules_there_are_none(tenant_world: World) -> None:
    reading = await tenant_world.services.mirror.read()
    assert reading.rules == ()
    assert reading.switches.counting(Platform.IOS) == ("lookout",)


async def test_a_reading_serves_thirty_seconds_and_no_longer(tenant_world: World) -> None:
    mirror = tenant_world.services.mirror
    await asyncio.gather(*(mirror.read() for _ in range(5)))
    assert tenant_world.operations[READ] == ONE_READING
    await tenant_world.put_rule(Level.LOW)
    mirror = (other := await tenant_world.another_instance()).mirror
    tenant_world.operations.clear()
    await mirror.read()
    tenant_world.clock.pass_time(seconds=KEPT.total_seconds() - 0.001)
    await mirror.read()
    assert tenant_world.operations[READ] == ONE_READING
    tenant_world.clock.pass_time(seconds=0.001)
    assert [rule.allowed for rule in (await mirror.read()).rules] == [Level.LOW]
    assert tenant_world.operations[READ] == 2 * ONE_READING
    await other.close()


async def test_a_clock_that_is_set_back_keeps_no_old_reading(tenant_world: World) -> None:
    other = await tenant_world.another_instance()
    await other.mirror.read()
    await tenant_world.put_rule(Level.LOW)
    tenant_world.clock.pass_time(hours=-1)
    assert len((await other.mirror.read()).rules) == 1
    await other.close()


async def test_a_sync_that_wrote_makes_it_read_anew(tenant_world: World) -> None:
    mirror = tenant_world.services.mirror
    assert (await mirror.read()).rules == ()
    await tenant_world.put_rule(Level.LOW)
    assert len((await mirror.read()).rules) == 1


async def test_a_reading_on_its_way_while_a_sync_writes_is_not_kept(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror, store = tenant_world.services.mirror, tenant_world.services.store
    read, has_read, go_on = store.read, asyncio.Event(), asyncio.Event()

    async def slow(*asked: Any) -> Any:
        found = await read(*asked)
        if not has_read.is_set():
            has_read.set()
            await go_on.wait()
        return found

    monkeypatch.setattr(store, "read", slow)
    reading = asyncio.create_task(mirror.read())
    await has_read.wait()
    await tenant_world.put_rule(Level.LOW)
    go_on.set()
    assert (await reading).rules == ()
    assert len((await mirror.read()).rules) == 1


async def test_connectors_are_those_the_settings_name() -> None:
    async with world(connector_ids={"lookout": "C-1", "zimperium": "never mirrored"}) as one:
        connector = Connector(
            id=connector_document_id("C-1"), intune_id="C-1", state="enabled", read_at=one.clock()
        )
        await one.services.store.upsert(connector)
        switches = (await one.services.mirror.read()).switches
        assert switches.connectors == {"lookout": connector}
        assert switches.counting(Platform.IOS) == ()
        assert switches.counting(Platform.ANDROID) == ("zimperium",)


async def test_a_reading_that_fails_is_not_kept(tenant_world: World) -> None:
    tenant_world.cosmos_faults.fail_next(503, times=20, container="settings")
    with pytest.raises(StoreUnavailable):
        await tenant_world.services.mirror.read()
    tenant_world.cosmos_faults.clear()
    assert (await tenant_world.services.mirror.read()).rules == ()


async def test_who_waits_for_a_reading_shares_its_failure(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror, asked = tenant_world.services.mirror, itertools.count(1)

    async def away(*_: object) -> None:
        number = next(asked)
        await asyncio.sleep(0.02)
        raise StoreUnavailable(f"away at reading {number}")

    monkeypatch.setattr(tenant_world.services.store, "read", away)
    errors = await asyncio.gather(*(mirror.read() for _ in range(6)), return_exceptions=True)
    assert [str(error) for error in errors] == ["away at reading 1"] * 6
    with pytest.raises(StoreUnavailable, match="reading 2"):
        await mirror.read()


async def test_who_asks_after_a_sync_wrote_does_not_share_a_reading_from_before(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror, store = tenant_world.services.mirror, tenant_world.services.store
    read, go_on = store.read, asyncio.Event()

    async def slow(*asked: Any) -> Any:
        found = await read(*asked)
        await go_on.wait()
        return found

    with monkeypatch.context() as patched:
        patched.setattr(store, "read", slow)
        before = asyncio.create_task(mirror.read())
        await asyncio.sleep(0.05)
    await tenant_world.put_rule(Level.LOW)
    after = asyncio.create_task(mirror.read())
    await asyncio.sleep(0)
    go_on.set()
    assert (await before).rules == ()
    assert len((await after).rules) == 1
    tenant_world.operations.clear()
    assert len((await mirror.read()).rules) == 1
    assert tenant_world.operations[READ] == 0


async def test_the_switches_alone_are_read_at_once_whatever_was_kept() -> None:
    async with world(connector_ids={"lookout": "c1"}) as one:
        mirror = one.services.mirror
        await mirror.read()
        connector = Connector(
            id=connector_document_id("c1"), intune_id="c1", state="enabled", read_at=one.clock()
        )
        await one.services.store.upsert(connector)
        assert (await mirror.switches()).connectors == {"lookout": connector}
        assert (await mirror.read()).switches.connectors == {}
