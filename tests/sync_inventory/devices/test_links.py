"""Which device an id names."""

import pytest

from shared import cosmos
from shared.domain.model import Document, Link, link_id
from tests.sync_inventory.tenant import link, put_phone, run, step, writes
from tests.world import ENTRA_ID, INTUNE_ID, World

SERIAL = link_id("serial", "SN-TEST-1")
OTHER = "55555555-aaaa-4bbb-8ccc-222222222222"


async def test_a_device_is_named_by_intune_id_entra_id_and_serial_number(tenant_world: World) -> None:
    put_phone(tenant_world)
    await run(tenant_world)
    for key in (link_id("intune", INTUNE_ID), link_id("entra", ENTRA_ID), SERIAL):
        assert await link(tenant_world, key) == Link(id=key, device=ENTRA_ID)


async def test_a_serial_number_two_devices_share_names_neither_until_it_names_one_again(
    tenant_world: World,
) -> None:
    put_phone(tenant_world)
    await run(tenant_world)
    put_phone(tenant_world, "intune-2", OTHER)
    assert (await step(tenant_world, "devices")).counts["links_ambiguous"] == 1
    assert await link(tenant_world, SERIAL) == Link(id=SERIAL, ambiguous=True)
    tenant_world.operations.clear()
    await run(tenant_world)
    assert writes(tenant_world) == {("settings", "replace"): 2}
    put_phone(tenant_world, "intune-2", OTHER, serialNumber="SN-TEST-2")
    await run(tenant_world)
    assert await link(tenant_world, SERIAL) == Link(id=SERIAL, device=ENTRA_ID)


async def test_a_junk_serial_number_makes_no_link(tenant_world: World) -> None:
    put_phone(tenant_world, serialNumber="Unknown")
    await run(tenant_world)
    assert await link(tenant_world, link_id("serial", "unknown")) is None


async def test_a_serial_number_a_device_no_longer_has_names_it_no_longer(tenant_world: World) -> None:
    put_phone(tenant_world)
    await run(tenant_world)
    put_phone(tenant_world, serialNumber="SN-NEW")
    await run(tenant_world)
    assert await link(tenant_world, SERIAL) == Link(id=SERIAL)
    assert await link(tenant_world, link_id("serial", "SN-NEW")) is not None


async def test_a_link_an_admin_made_is_never_written_over(tenant_world: World) -> None:
    is_manual = Link(id=SERIAL, device="somewhere-else", why="swapped at the repair shop")
    await tenant_world.services.store.upsert(is_manual)
    put_phone(tenant_world)
    await run(tenant_world)
    assert await link(tenant_world, SERIAL) == is_manual


async def test_a_link_an_admin_makes_while_the_sync_runs_stands(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_phone(tenant_world)
    is_manual = Link(id=SERIAL, device="somewhere-else", why="by hand")
    store = tenant_world.services.store
    create = store.create

    async def after_the_admin(document: Document) -> str:
        if document.id == SERIAL:
            await store.upsert(is_manual)
        return await create(document)

    monkeypatch.setattr(store, "create", after_the_admin)
    await run(tenant_world)
    assert await link(tenant_world, SERIAL) == is_manual


async def test_links_to_a_device_missing_from_a_sweep_stay(tenant_world: World) -> None:
    put_phone(tenant_world)
    await run(tenant_world)
    tenant_world.tenant.remove_managed_device(INTUNE_ID)
    await run(tenant_world)
    assert await link(tenant_world, SERIAL) == Link(id=SERIAL, device=ENTRA_ID)


async def test_a_link_deleted_while_the_sync_runs_is_made_again(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_phone(tenant_world)
    await tenant_world.services.store.upsert(Link(id=SERIAL, device="before"))
    store = tenant_world.services.store
    read = store.read

    async def after_the_deletion(kind: type[Document], id_: str, partition: str | None = None) -> object:
        if id_ == SERIAL:
            await store.delete(Link, SERIAL)
        return await read(kind, id_, partition)

    monkeypatch.setattr(store, "read", after_the_deletion)
    await run(tenant_world)
    monkeypatch.undo()
    assert await link(tenant_world, SERIAL) == Link(id=SERIAL, device=ENTRA_ID)


async def test_a_link_others_keep_writing_is_named_and_left_to_the_next_run(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cosmos, "MAX_ATTEMPTS", 3)
    put_phone(tenant_world)
    await tenant_world.services.store.upsert(Link(id=SERIAL, device="before"))
    tenant_world.cosmos_faults.fail_next(412, container="links", operation="replace", times=3)
    done = await step(tenant_world, "devices")
    assert (done.ok, done.counts["failed"]) == (False, 1)
    await run(tenant_world)
    assert await link(tenant_world, SERIAL) == Link(id=SERIAL, device=ENTRA_ID)
