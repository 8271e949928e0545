"""What the store holds, as listed, and which of it goes beyond what may be held."""

from typing import Any

import pytest

from shared.domain.app_sync import OptIn, OptIns
from shared.domain.inventory import AgentApps, AppRow, Collected
from shared.domain.model import Ownership
from sync_inventory.apps.eligibility import Eligibilities
from sync_inventory.apps.stored import StoredInventories
from sync_inventory.scratch import Scratch
from tests.world import START, World

ON, FULL = OptIn(app_sync=True), OptIn(app_sync=True, app_sync_personal=True)


async def _put(one: World, id_: str = "device-1", partners: OptIns | None = None, **update: Any) -> str:
    ours = {"lookout": ON} if partners is None else partners
    row = AppRow("Mail", managed=True)
    document = Collected.of(id_, "i", Ownership.COMPANY, ours, [row]).document({}, START)
    await one.services.store.create(document.model_copy(update=update))
    return document.digest


async def _listed(one: World, scratch: Scratch, **allowed: OptIn) -> StoredInventories:
    stored = StoredInventories(one.services.store, scratch)
    await stored.list_all(Eligibilities(scratch), allowed)
    return stored


async def test_digests_and_what_was_withdrawn_are_known_without_reading(tenant_world: World) -> None:
    digest = await _put(tenant_world, withdrawn={"zimperium": START})
    with Scratch() as scratch:
        stored = StoredInventories(tenant_world.services.store, scratch)
        assert stored.digest("device-1") is None
        await stored.list_all(Eligibilities(scratch), {"lookout": ON})
        assert stored.digest("device-1") == digest
        assert stored.withdrawn("device-1") == {"zimperium": START}
        assert (stored.digest("other"), stored.withdrawn("other")) == (None, {})
        stored.know(Collected.of("other", "i", Ownership.COMPANY, {}, []).document({"a": START}, START))
        assert stored.withdrawn("other") == {"a": START}
    assert tenant_world.operations["inventory", "read"] == 0


@pytest.mark.parametrize(
    ("partners", "allowed", "beyond"),
    [
        ({"lookout": ON}, {"lookout": ON}, False),
        ({"lookout": ON}, {"lookout": FULL, "zimperium": ON}, False),
        ({"lookout": FULL}, {"lookout": ON}, True),
        ({"lookout": ON, "zimperium": ON}, {"lookout": ON}, True),
        ({"lookout": ON}, {}, True),
        ({}, {}, False),
    ],
)
async def test_what_is_opted_out_of_goes_beyond(
    tenant_world: World, partners: OptIns, allowed: dict[str, OptIn], beyond: bool
) -> None:
    await _put(tenant_world, partners=partners)
    with Scratch() as scratch:
        stored = await _listed(tenant_world, scratch, **allowed)
        assert list(stored.beyond()) == ["device-1"] * beyond


async def test_an_agents_apps_go_beyond_where_its_partner_may_have_none(tenant_world: World) -> None:
    for partner in ("lookout", "zimperium"):
        agent = AgentApps(id=f"agent:{partner}:d", agent=f"{partner}:d", partner=partner)
        await tenant_world.services.store.create(agent)
    with Scratch() as scratch:
        stored = await _listed(tenant_world, scratch, lookout=ON)
        assert list(stored.beyond()) == ["agent:zimperium:d"]
        assert stored.digest("agent:lookout:d") is None
