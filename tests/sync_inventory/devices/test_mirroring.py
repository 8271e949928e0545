"""The mirror of Intune's devices."""

from typing import Any

import pytest

from shared.domain.model import Document, Ownership, TagState, Verdict
from shared.domain.record import Platform
from tests.sync_inventory.tenant import absent, put_phone, put_policy, run, spoil, step, stored, writes
from tests.world import ENTRA_ID, World


async def test_a_device_is_mirrored_and_decided_at_once(tenant_world: World) -> None:
    put_policy(tenant_world)
    put_phone(tenant_world, entra_id=ENTRA_ID.upper(), managedDeviceOwnerType="personal")
    done = await step(tenant_world, "devices")
    assert done.counts == {"devices": 1, "created": 1, "links_written": 3}
    device = await tenant_world.device()
    assert device.facts.platform is Platform.IOS
    assert device.facts.ownership is Ownership.PERSONAL
    assert device.facts.serial == "SN-TEST-1"
    assert device.decision is not None
    assert device.decision.verdict is Verdict.ALLOW


async def test_an_unchanged_device_costs_neither_read_nor_write(tenant_world: World) -> None:
    put_policy(tenant_world)
    for number in range(20):
        put_phone(tenant_world, f"intune-{number}", f"entra-{number}", serialNumber=f"SN-{number}")
    await run(tenant_world)
    put_phone(
        tenant_world, "intune-1", "entra-1", serialNumber="SN-1", lastSyncDateTime="2026-06-01T11:30:00Z"
    )
    tenant_world.operations.clear()
    done = await step(tenant_world, "devices")
    assert done.counts == {"devices": 20, "unchanged": 20}
    assert writes(tenant_world) == {("settings", "replace"): 2}
    assert tenant_world.operations["devices", "read"] == 0
    assert tenant_world.operations["links", "read"] == 0


async def test_only_a_changed_device_is_written(tenant_world: World) -> None:
    put_phone(tenant_world)
    put_phone(tenant_world, "intune-2", "entra-2", serialNumber="SN-2")
    await run(tenant_world)
    put_phone(tenant_world, osVersion="19.2")
    tenant_world.operations.clear()
    assert (await step(tenant_world, "devices")).counts == {"devices": 2, "unchanged": 1, "changed": 1}
    assert writes(tenant_world) == {("devices", "replace"): 1, ("settings", "replace"): 2}
    assert (await tenant_world.device()).facts.os_version == "19.2"


async def test_of_several_intune_records_the_one_that_checked_in_last_counts(tenant_world: World) -> None:
    put_phone(tenant_world, "a-newer", osVersion="19.2", lastSyncDateTime="2026-06-01T11:00:00Z")
    put_phone(tenant_world, "b-older", osVersion="18.0", lastSyncDateTime="2026-01-01T11:00:00Z")
    put_phone(tenant_world, "c-never", osVersion="17.0", lastSyncDateTime=None)
    done = await step(tenant_world, "devices")
    assert done.counts["duplicates"] == 2
    assert done.counts["created"] == 1
    assert "links_ambiguous" not in done.counts
    assert (await tenant_world.device()).facts.intune_id == "a-newer"


async def test_devices_behind_an_empty_page_are_found(tenant_world: World) -> None:
    put_phone(tenant_world)
    tenant_world.graph_faults.empty_page("managedDevices")
    assert (await step(tenant_world, "devices")).counts["created"] == 1


async def test_words_nobody_knows_are_kept_as_served(tenant_world: World) -> None:
    put_phone(tenant_world, complianceState="quantum", managedDeviceOwnerType="rented")
    await run(tenant_world)
    facts = (await tenant_world.device()).facts
    assert facts.compliance_state == "quantum"
    assert facts.ownership is Ownership.UNKNOWN


async def test_half_a_sweep_changes_nothing(tenant_world: World) -> None:
    put_phone(tenant_world)
    for _ in range(3):
        tenant_world.graph_faults.empty_page("managedDevices")
    tenant_world.graph_faults.fail(503, 9, path_contains="skiptoken")
    done = await step(tenant_world, "devices")
    assert not done.ok
    assert await absent(tenant_world, ENTRA_ID)


async def test_a_crash_between_links_and_device_is_made_good_by_the_next_run(
    tenant_world: World,
) -> None:
    put_phone(tenant_world)
    tenant_world.cosmos_faults.fail_next(503, container="devices", operation="create", times=9)
    assert not (await step(tenant_world, "devices")).ok
    assert await absent(tenant_world, ENTRA_ID)
    tenant_world.cosmos_faults.clear()
    assert (await step(tenant_world, "devices")).counts == {"devices": 1, "created": 1}


async def test_a_device_another_instance_created_first_is_only_brought_up_to_date(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_phone(tenant_world)
    store = tenant_world.services.store
    create = store.create

    async def too_late(document: Document) -> str:
        if document.container == "devices":
            monkeypatch.undo()
            await tenant_world.put_device(name="as another instance has it")
        return await create(document)

    monkeypatch.setattr(store, "create", too_late)
    await step(tenant_world, "devices")
    assert (await tenant_world.device()).facts.name == "test phone"


async def test_one_device_that_cannot_be_stored_does_not_stop_the_others(
    tenant_world: World,
) -> None:
    put_phone(tenant_world, "intune-2", "entra-2", serialNumber="SN-2")
    put_phone(tenant_world)
    tenant_world.cosmos_faults.fail_next(413, container="devices", operation="create")
    done = await step(tenant_world, "devices")
    assert not done.ok
    assert done.counts["failed"] == 1
    assert done.error is not None
    assert "refuses" in done.error
    assert done.counts["created"] == 1
    assert (await step(tenant_world, "devices")).counts["created"] == 1


async def test_a_new_device_that_must_be_blocked_is_blocked_by_the_same_run(tenant_world: World) -> None:
    await tenant_world.services.close()
    settings = tenant_world.services.settings.model_copy(
        update={"partners": {Platform.IOS: ("lookout", "zimperium")}}
    )
    tenant_world.services = type(tenant_world.services).of(settings, tenant_world.clock)
    put_policy(tenant_world)
    put_phone(tenant_world)
    try:
        assert (await step(tenant_world, "devices")).counts["tags_applied"] == 1
        assert tenant_world.entra_tag() == "mtd-block-nodata"
        assert (await tenant_world.device()).tag.state is TagState.APPLIED
    finally:
        await tenant_world.services.close()


async def test_the_store_being_away_ends_the_step_with_one_error(tenant_world: World) -> None:
    for number in range(40):
        put_phone(tenant_world, f"intune-{number}", f"entra-{number}", serialNumber=f"SN-{number}")
    tenant_world.cosmos_faults.fail_next(503, container="links", operation="create", times=10_000)
    done = await step(tenant_world, "devices")
    assert done.error == "Cosmos DB answered 503"


@pytest.mark.parametrize("spoilt", [{"facts": {"serial": ["secret"]}}, {"history": "secret"}])
async def test_a_device_that_cannot_be_read_stays_as_it_is_and_stops_nobody(
    tenant_world: World, spoilt: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    put_phone(tenant_world)
    await run(tenant_world)
    before = await spoil(tenant_world, ENTRA_ID, **spoilt)
    put_phone(tenant_world, osVersion="19.2")
    put_phone(tenant_world, "intune-2", "entra-2", serialNumber="SN-2")
    for others in ({"created": 1}, {"unchanged": 1}):
        done = await step(tenant_world, "devices")
        assert done.error is not None
        assert done.error.startswith(f"{ENTRA_ID}: a stored Device cannot be read")
        assert done.counts["failed"] == 1
        assert others.items() <= done.counts.items()
    assert await stored(tenant_world, ENTRA_ID) == before
    assert "secret" not in caplog.text


async def test_a_link_that_cannot_be_read_stays_as_it_is_and_stops_nobody(tenant_world: World) -> None:
    put_phone(tenant_world)
    await run(tenant_world)
    before = await spoil(tenant_world, "serial:sn-test-1", "links", ambiguous="secret")
    put_phone(tenant_world, "intune-2", "entra-2", serialNumber="SN-2")
    done = await step(tenant_world, "devices")
    assert done.error == "serial:sn-test-1: a stored Link cannot be read (1 fields)"
    assert done.counts["created"] == 1
    assert await stored(tenant_world, "serial:sn-test-1", "links") == before


async def test_without_intunes_own_count_the_devices_are_mirrored_all_the_same(tenant_world: World) -> None:
    put_policy(tenant_world)
    put_phone(tenant_world)
    tenant_world.graph_faults.fail(403, 1, path_contains="managedDeviceOverview")
    done = await step(tenant_world, "devices")
    assert done.counts["created"] == 1
    assert done.error is not None
    assert "is not known" in done.error
