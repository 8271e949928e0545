"""Phones enrolled again under other ids, whose agents are known by nothing but the serial number."""

from typing import Any

import pytest

from evaluate_risk.evaluation import evaluate
from tests.evaluate_risk.stories import AGENT_ID, by_hand, feed
from tests.sync_inventory.tenant import agent, put_phone, put_policy, run, step
from tests.world import ENTRA_ID, INTUNE_ID, World, a_threat

NEW = "55555555-aaaa-4bbb-8ccc-222222222222"


async def _reported(world: World, key: str, **fields: Any) -> None:
    ids: dict[str, Any] = {"mdm_device_id": None, "serial": "SN-TEST-1", **fields}
    await evaluate(world.services, feed(a_threat(key, received=world.clock(), **ids)))


async def _enrolled_again(world: World, **fields: Any) -> None:
    """A blocked phone that is on its new device now; its old one is confirmed gone."""
    put_policy(world)
    put_phone(world)
    await run(world)
    await _reported(world, "t1", **fields)
    world.tenant.remove_managed_device(INTUNE_ID)
    put_phone(world, "intune-2", NEW)
    for _ in range(2):
        world.clock.pass_time(minutes=15)
        await run(world)
    world.clock.pass_time(minutes=15)


@pytest.mark.parametrize("mdm_device_id", [None, INTUNE_ID])
async def test_an_agent_that_reports_on_is_on_the_phones_new_device(
    tenant_world: World, mdm_device_id: str | None
) -> None:
    await _enrolled_again(tenant_world, mdm_device_id=mdm_device_id)
    await _reported(tenant_world, "t2", mdm_device_id=mdm_device_id)
    assert tenant_world.entra_tag(NEW) is None
    assert (await step(tenant_world, "agents")).counts == {"reenrolled": 1, "tags_applied": 1}
    assert tenant_world.entra_tag(NEW) == "mtd-block-high"
    assert (await tenant_world.device()).slots[AGENT_ID].moved
    assert (await step(tenant_world, "agents")).counts == {}


async def test_an_agent_that_did_not_report_since_stays_with_what_is_gone(tenant_world: World) -> None:
    """The phone was wiped: what its old agent found, nobody could resolve."""
    await _enrolled_again(tenant_world)
    assert (await step(tenant_world, "agents")).counts == {}
    assert tenant_world.entra_tag(NEW) is None


async def test_an_agent_linked_by_hand_stays_and_is_counted(tenant_world: World) -> None:
    await _enrolled_again(tenant_world)
    await by_hand(tenant_world.services, ENTRA_ID)
    await _reported(tenant_world, "t2")
    assert (await step(tenant_world, "agents")).counts == {"kept_on_gone": 1}
    assert (await agent(tenant_world)).device == ENTRA_ID


async def test_a_serial_number_of_two_devices_leads_nowhere(tenant_world: World) -> None:
    await _enrolled_again(tenant_world)
    put_phone(tenant_world, "intune-3", "66666666-aaaa-4bbb-8ccc-222222222222")
    await _reported(tenant_world, "t2")
    assert (await step(tenant_world, "agents")).counts == {}


async def test_a_phone_that_comes_back_as_it_was_keeps_its_agent(tenant_world: World) -> None:
    put_policy(tenant_world)
    put_phone(tenant_world)
    await run(tenant_world)
    await _reported(tenant_world, "t1")
    tenant_world.tenant.remove_managed_device(INTUNE_ID)
    await run(tenant_world)
    tenant_world.clock.pass_time(minutes=15)
    await _reported(tenant_world, "t2")
    assert (await step(tenant_world, "agents")).counts == {}
    put_phone(tenant_world)
    assert (await step(tenant_world, "agents")).counts == {}
    assert (await agent(tenant_world)).device == ENTRA_ID


async def test_an_agent_whose_old_device_was_purged_finds_the_new_one_by_its_next_report(
    tenant_world: World,
) -> None:
    await _enrolled_again(tenant_world)
    tenant_world.clock.pass_time(days=31)
    await run(tenant_world)
    known = await agent(tenant_world)
    assert "sn-test-1" not in known.model_dump_json().lower()
    await _reported(tenant_world, "t2")
    assert (await agent(tenant_world)).device == NEW
    assert tenant_world.entra_tag(NEW) == "mtd-block-high"
