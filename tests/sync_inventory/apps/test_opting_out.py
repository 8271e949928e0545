"""Purging single documents: what is written, what is logged, and what stays."""

import pytest

from shared.domain.app_sync import OptIn, OptIns
from shared.domain.inventory import AppRow, Collected, Inventory
from shared.domain.model import Ownership
from shared.errors import StoreUnavailable
from sync_inventory.apps.eligibility import Eligibilities
from sync_inventory.apps.opting_out import OptingOut
from sync_inventory.apps.stored import StoredInventories
from sync_inventory.scratch import Scratch
from sync_inventory.tally import Tally
from tests.sync_inventory.tenant import inventory, writes
from tests.world import START, World

ON, FULL = OptIn(app_sync=True), OptIn(app_sync=True, app_sync_personal=True)
ROWS = (AppRow("Game", managed=False), AppRow("Mail", managed=True))


async def _put(one: World, id_: str, **partners: OptIn) -> Inventory:
    document = Collected.of(id_, "i", Ownership.PERSONAL, partners, ROWS).document({}, START)
    await one.services.store.create(document)
    return document


async def _purge(one: World, allowed: OptIns, *ids: str) -> tuple[bool, Tally, dict[str, str | None]]:
    tally = Tally()
    with Scratch() as scratch:
        stored = StoredInventories(one.services.store, scratch)
        opting_out = OptingOut(one.services, Eligibilities(scratch), allowed, tally)
        whole = await opting_out.purge(ids, stored)
        return whole, tally, {id_: stored.digest(id_) for id_ in ids}


async def test_each_document_is_brought_down_to_what_may_be_held(tenant_world: World) -> None:
    await _put(tenant_world, "a", lookout=FULL)
    await _put(tenant_world, "b", zimperium=FULL)
    await _put(tenant_world, "c", lookout=ON)
    tenant_world.operations.clear()
    whole, tally, digests = await _purge(tenant_world, {"lookout": ON}, "a", "b", "c", "nobody")
    assert (whole, tally.counts) == (True, {"trimmed": 1, "purged": 1})
    assert writes(tenant_world) == {("inventory", "replace"): 2}
    left = [await inventory(tenant_world, id_) for id_ in ("a", "b", "c")]
    assert [[app.name for app in each.apps] for each in left] == [["Mail"], [], ["Mail"]]
    assert (digests["a"], digests["b"]) == (left[0].digest, left[1].digest)


async def test_a_document_somebody_wrote_meanwhile_is_left_to_the_next_run(tenant_world: World) -> None:
    await _put(tenant_world, "a", lookout=FULL)
    tenant_world.cosmos_faults.fail_next(412, container="inventory", operation="replace")
    whole, tally, _ = await _purge(tenant_world, {}, "a")
    assert not whole
    assert tally.error is not None


async def test_a_store_that_is_away_ends_it(tenant_world: World) -> None:
    await _put(tenant_world, "a", lookout=FULL)
    tenant_world.cosmos_faults.fail_next(503, container="inventory", times=9)
    with pytest.raises(StoreUnavailable):
        await _purge(tenant_world, {}, "a")
