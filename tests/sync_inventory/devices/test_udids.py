"""UDIDs, which Intune's list does not give."""

from typing import Any

import pytest

from evaluate_risk.evaluation import evaluate
from shared.domain.model import link_id, link_of_agent
from shared.domain.record import Platform
from sync_inventory.devices import udids
from tests.sync_inventory.tenant import agent, link, put_phone, put_policy, run, step
from tests.world import ENTRA_ID, World, a_threat

UDID = "00008030-001A2B3C4D5E6F70"
ONE = ("GET", "/deviceManagement/managedDevices/{id}")


async def _report(world: World, number: int = 1, **ids: Any) -> None:
    put_policy(world)
    values = {"mdm_device_id": None, "udid": UDID, "platform": Platform.IOS, **ids}
    report = a_threat(device=f"agent-{number}", **values)
    await evaluate(world.services, [report.model_dump(mode="json")])


def _put(world: World, count: int) -> None:
    """That many other phones, each with a UDID of its own."""
    for number in range(count):
        put_phone(world, f"i-{number}", f"e-{number}", serialNumber=f"S-{number}", udid=f"udid-{number}")


async def test_a_udid_names_the_device_intune_has_it_of(tenant_world: World) -> None:
    await _report(tenant_world)
    put_phone(tenant_world, udid=UDID.lower())
    _put(tenant_world, 3)
    done = await run(tenant_world)
    assert {step.step: step.counts for step in done.steps}["agents"]["linked"] == 1
    assert (await agent(tenant_world)).linked_by == link_id("udid", UDID)
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_a_udid_that_came_once_names_its_device_without_asking_again(tenant_world: World) -> None:
    await _report(tenant_world)
    put_phone(tenant_world, udid=UDID)
    await run(tenant_world)
    asked = tenant_world.graph_calls[ONE]
    await _report(tenant_world, 2)
    tenant_world.operations.clear()
    assert (await step(tenant_world, "devices")).counts == {"devices": 1, "unchanged": 1}
    assert (await agent(tenant_world, "lookout:agent-2")).device == ENTRA_ID
    assert tenant_world.graph_calls[ONE] == asked


async def test_nobody_is_asked_while_no_agent_waits_for_a_udid(tenant_world: World) -> None:
    await _report(tenant_world, udid=None, serial="nobody's")
    _put(tenant_world, 3)
    await run(tenant_world)
    assert tenant_world.graph_calls[ONE] == 0


async def test_an_agent_on_android_waits_for_no_udid(tenant_world: World) -> None:
    await _report(tenant_world, platform=Platform.ANDROID)
    _put(tenant_world, 1)
    await run(tenant_world)
    assert tenant_world.graph_calls[ONE] == 0


async def test_phones_with_android_are_not_asked_for_theirs(tenant_world: World) -> None:
    await _report(tenant_world)
    put_phone(tenant_world, operatingSystem="Android")
    await run(tenant_world)
    assert tenant_world.graph_calls[ONE] == 0


async def test_for_an_agent_that_an_admin_keeps_apart_nobody_is_asked(tenant_world: World) -> None:
    await _report(tenant_world)
    apart = (await agent(tenant_world)).model_copy(update={"linked_by": link_of_agent("lookout:agent-1")})
    await tenant_world.services.store.upsert(apart)
    put_phone(tenant_world, udid=UDID)
    await run(tenant_world)
    assert tenant_world.graph_calls[ONE] == 0


async def test_one_run_asks_so_many_at_most_and_in_the_end_each_was_asked_once(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udids, "MAX_ASKED", 4)
    monkeypatch.setattr(udids, "AT_ONCE", 2)
    await _report(tenant_world)
    _put(tenant_world, 9)
    put_phone(tenant_world, udid="")
    counts = [(await step(tenant_world, "devices")).counts for _ in range(4)]
    assert [count.get("udids_asked", 0) for count in counts] == [4, 4, 2, 0]
    assert [count.get("udids_wanted") for count in counts] == [1, 1, 1, 1]
    assert tenant_world.graph_calls[ONE] == 10
    assert (await agent(tenant_world)).device is None


async def test_asking_ends_with_the_last_udid_that_was_wanted(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udids, "AT_ONCE", 1)
    await _report(tenant_world)
    put_phone(tenant_world, udid=UDID)
    put_phone(tenant_world, "i-2", "e-2", serialNumber="S-2", udid=UDID)
    counts = (await step(tenant_world, "devices")).counts
    assert (counts["udids_asked"], counts.get("udids_wanted")) == (1, None)


async def test_a_udid_two_devices_share_names_neither(tenant_world: World) -> None:
    await _report(tenant_world)
    put_phone(tenant_world, udid=UDID)
    put_phone(tenant_world, "i-2", "e-2", serialNumber="S-2", udid=UDID)
    await run(tenant_world)
    shared = await link(tenant_world, link_id("udid", UDID))
    assert shared is not None
    assert shared.ambiguous
    assert (await agent(tenant_world)).device is None


async def test_a_device_intune_says_nothing_of_is_asked_again(tenant_world: World) -> None:
    await _report(tenant_world)
    put_phone(tenant_world, udid=UDID)
    tenant_world.graph_faults.fail(500, 1, path_contains="select=udid")
    first = await step(tenant_world, "devices")
    assert first.counts["udids_unanswered"] == 1
    assert first.ok
    assert (await step(tenant_world, "agents")).counts["linked"] == 1


async def test_two_records_of_one_phone_are_asked_for_one_udid(tenant_world: World) -> None:
    await _report(tenant_world)
    put_phone(tenant_world, udid=UDID)
    put_phone(tenant_world, "stale", udid=UDID, lastSyncDateTime="2026-01-01T00:00:00Z")
    await run(tenant_world)
    assert (await agent(tenant_world)).device == ENTRA_ID
    assert tenant_world.graph_calls[ONE] == 1
    await _report(tenant_world, 2, udid="another")
    await run(tenant_world)
    assert tenant_world.graph_calls[ONE] == 1


async def test_a_graph_that_asks_to_wait_is_asked_for_no_more_of_them(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udids, "AT_ONCE", 2)
    await _report(tenant_world)
    _put(tenant_world, 6)
    tenant_world.graph_faults.throttle(2, "60", path_contains="select=udid")
    counts = (await step(tenant_world, "devices")).counts
    assert (counts["udids_unanswered"], counts["udids_wanted"]) == (2, 1)
    assert tenant_world.graph_calls[ONE] == 2
