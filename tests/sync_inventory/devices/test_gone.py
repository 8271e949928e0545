"""Missing from a sweep is not gone; gone is when Intune says so; and after a while personal data go."""

import pytest

from evaluate_risk.evaluation import evaluate
from shared.domain.level import Level
from shared.domain.model import Verdict, link_id
from sync_inventory import side_by_side
from tests.evaluate_risk.stories import feed
from tests.sync_inventory.tenant import (
    ZERO,
    agent,
    link,
    put_phone,
    put_policy,
    put_tag,
    run,
    step,
    writes,
)
from tests.world import ENTRA_ID, INTUNE_ID, World, a_threat

UDID = "00008030-001A2B3C4D5E6F70"
ONE = ("GET", "/deviceManagement/managedDevices/{id}")
OTHER = "55555555-aaaa-4bbb-8ccc-222222222222"


async def _a_blocked_phone(world: World) -> None:
    put_policy(world)
    put_phone(world)
    await run(world)
    await evaluate(world.services, feed(a_threat(threat_name="Banker of somebody", serial="SN-TEST-1")))
    assert world.entra_tag() == "mtd-block-high"


async def test_a_device_the_list_leaves_out_is_marked_and_stays_as_it_is(tenant_world: World) -> None:
    await _a_blocked_phone(tenant_world)
    before = await tenant_world.device()
    tenant_world.graph_faults.truncate(0, "managedDevices?")
    devices = next(each for each in (await run(tenant_world)).steps if each.step == "devices")
    assert devices.counts == {"missing": 1, "not_listed": 1, "short_by": 1}
    assert devices.error == "Intune listed 0 devices and counts 1: the list is not whole"
    after = await tenant_world.device()
    assert after == before.model_copy(update={"missing_since": tenant_world.clock()})
    assert (await step(tenant_world, "devices")).counts == {"devices": 1, "changed": 1}
    assert await tenant_world.device() == before


async def test_a_device_that_stays_missing_is_written_once(tenant_world: World) -> None:
    await _a_blocked_phone(tenant_world)
    tenant_world.graph_faults.truncate(0, "managedDevices?")
    await run(tenant_world)
    tenant_world.graph_faults.truncate(0, "managedDevices?")
    tenant_world.operations.clear()
    await run(tenant_world)
    assert writes(tenant_world) == {("settings", "replace"): 2}  # its turn and its record


async def test_a_device_intune_says_is_not_there_is_gone_and_its_block_stays(tenant_world: World) -> None:
    await _a_blocked_phone(tenant_world)
    tenant_world.tenant.remove_managed_device(INTUNE_ID)
    assert (await step(tenant_world, "devices")).counts == {"missing": 1, "gone": 1}
    device = await tenant_world.device()
    assert device.gone_at == tenant_world.clock()
    assert device.decision is not None
    assert device.decision.verdict is Verdict.UNDECIDED
    assert tenant_world.entra_tag() == "mtd-block-high"
    assert (await step(tenant_world, "devices")).counts == {}


async def test_a_device_that_comes_back_is_decided_by_what_is_still_open(tenant_world: World) -> None:
    await _a_blocked_phone(tenant_world)
    tenant_world.tenant.remove_managed_device(INTUNE_ID)
    await run(tenant_world)
    put_phone(tenant_world)
    await run(tenant_world)
    device = await tenant_world.device()
    assert device.gone_at is None
    assert device.decision is not None
    assert (device.decision.verdict, device.decision.risk) == (Verdict.BLOCK, Level.HIGH)


async def test_a_gone_device_shares_its_serial_number_no_longer(tenant_world: World) -> None:
    put_phone(tenant_world)
    await run(tenant_world)
    tenant_world.tenant.remove_managed_device(INTUNE_ID)
    put_phone(tenant_world, "intune-2", OTHER)
    await run(tenant_world)
    serial = link_id("serial", "SN-TEST-1")
    found = await link(tenant_world, serial)
    assert found is not None
    assert found.ambiguous
    await run(tenant_world)
    found = await link(tenant_world, serial)
    assert found is not None
    assert (found.device, found.ambiguous) == (OTHER, False)


async def test_after_its_time_a_gone_devices_personal_data_go_and_its_level_stays(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await _a_blocked_phone(tenant_world)
    another = a_threat(device="agent-2", udid=UDID, mdm_device_id=None)
    await evaluate(tenant_world.services, feed(another))
    put_phone(tenant_world, udid=UDID)
    assert (await step(tenant_world, "devices")).counts["udids_asked"] == 1
    tenant_world.tenant.remove_managed_device(INTUNE_ID)
    await run(tenant_world)
    tenant_world.clock.pass_time(days=29)
    await run(tenant_world)
    assert (await tenant_world.device()).facts.serial == "SN-TEST-1"
    tenant_world.clock.pass_time(days=1)
    assert (await step(tenant_world, "devices")).counts == {"purged": 1}
    device = await tenant_world.device()
    known = await agent(tenant_world)
    for text in (device.model_dump_json(), known.model_dump_json()):
        for personal in ("SN-TEST-1", "test phone", "Banker", "19.1", UDID):
            assert personal not in text
    assert device.purged_at == tenant_world.clock()
    for kind, value in (("intune", INTUNE_ID), ("entra", ENTRA_ID), ("serial", "SN-TEST-1"), ("udid", UDID)):
        assert await link(tenant_world, link_id(kind, value)) is None
    assert (await step(tenant_world, "devices")).counts == {}
    put_phone(tenant_world)
    await run(tenant_world)
    back = await tenant_world.device()
    assert back.decision is not None
    assert (back.decision.verdict, back.purged_at) == (Verdict.BLOCK, None)


async def test_a_purge_that_was_cut_off_is_finished_by_the_next_run(tenant_world: World) -> None:
    await _a_blocked_phone(tenant_world)
    tenant_world.tenant.remove_managed_device(INTUNE_ID)
    await run(tenant_world)
    tenant_world.clock.pass_time(days=30)
    tenant_world.cosmos_faults.fail_next(503, container="devices", operation="replace", times=9)
    assert not (await step(tenant_world, "devices")).ok
    tenant_world.cosmos_faults.clear()
    assert (await step(tenant_world, "devices")).counts == {"purged": 1}


async def test_a_link_another_device_has_by_now_outlives_the_purge(tenant_world: World) -> None:
    put_phone(tenant_world)
    await run(tenant_world)
    tenant_world.tenant.remove_managed_device(INTUNE_ID)
    put_phone(tenant_world, "intune-2", OTHER)
    await run(tenant_world)
    tenant_world.clock.pass_time(days=30)
    await run(tenant_world)
    found = await link(tenant_world, link_id("serial", "SN-TEST-1"))
    assert found is not None
    assert found.device == OTHER


async def test_of_many_missing_devices_a_bounded_number_is_asked_for(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sync_inventory.devices import gone

    monkeypatch.setattr(gone, "MAX_ASKED", 3)
    for number in range(5):
        put_phone(tenant_world, f"intune-{number}", f"entra-{number}", serialNumber=f"SN-{number}")
    await run(tenant_world)
    for number in range(5):
        tenant_world.tenant.remove_managed_device(f"intune-{number}")
    assert (await step(tenant_world, "devices")).counts == {"missing": 5, "gone": 3}
    assert (await step(tenant_world, "devices")).counts == {"missing": 2, "gone": 2}


async def test_a_tag_somebody_writes_on_a_gone_device_is_none_of_ours(tenant_world: World) -> None:
    await _a_blocked_phone(tenant_world)
    tenant_world.tenant.remove_managed_device(INTUNE_ID)
    await run(tenant_world)
    put_tag(tenant_world, "somebody-elses")
    await run(tenant_world)
    assert tenant_world.entra_tag() == "somebody-elses"


async def test_what_a_gone_device_was_known_by_before_is_purged_with_it(tenant_world: World) -> None:
    put_policy(tenant_world)
    put_phone(tenant_world, entra_id=ZERO)
    await run(tenant_world)
    put_phone(tenant_world)
    await run(tenant_world)
    earlier = f"intune:{INTUNE_ID}"
    assert (await tenant_world.device(earlier)).facts.name == "test phone"
    tenant_world.tenant.remove_managed_device(INTUNE_ID)
    assert (await step(tenant_world, "devices")).counts == {"missing": 2, "gone": 2}
    tenant_world.clock.pass_time(days=30)
    assert (await step(tenant_world, "devices")).counts == {"purged": 2}
    for id_ in (earlier, ENTRA_ID):
        assert "test phone" not in (await tenant_world.device(id_)).model_dump_json()


async def test_a_serial_number_two_gone_devices_shared_is_purged_too(tenant_world: World) -> None:
    put_phone(tenant_world)
    put_phone(tenant_world, "intune-2", OTHER)
    await run(tenant_world)
    tenant_world.tenant.remove_managed_device(INTUNE_ID)
    tenant_world.tenant.remove_managed_device("intune-2")
    await run(tenant_world)
    assert await link(tenant_world, link_id("serial", "SN-TEST-1")) is not None
    tenant_world.clock.pass_time(days=30)
    assert (await step(tenant_world, "devices")).counts == {"purged": 2}
    assert await link(tenant_world, link_id("serial", "SN-TEST-1")) is None


async def test_a_graph_that_asks_to_wait_is_asked_for_no_other_missing_device(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_by_side, "CONCURRENCY", 1)
    for number in range(5):
        put_phone(tenant_world, f"intune-{number}", f"entra-{number}", serialNumber=f"SN-{number}")
    await run(tenant_world)
    tenant_world.graph_faults.truncate(0, "managedDevices?")
    tenant_world.graph_faults.throttle(9, "60", path_contains="managedDevices/")
    asked = tenant_world.graph_calls[ONE]
    devices = next(each for each in (await run(tenant_world)).steps if each.step == "devices")
    assert devices.counts == {"missing": 5, "failed": 1, "not_asked": 4, "short_by": 5}
    assert tenant_world.graph_calls[ONE] == asked + 1
