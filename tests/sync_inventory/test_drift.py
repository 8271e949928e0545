"""Tags in Entra that are not what was left there."""

from typing import Any

import pytest

from evaluate_risk.decide import change
from evaluate_risk.evaluation import evaluate
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Device, Slot, Tag, TagState
from shared.domain.record import Category, Status
from shared.domain.tag import BLOCK_PREFIX, OK_TAG
from shared.errors import StoreUnavailable
from tests.sync_inventory.tenant import put_phone, put_policy, put_tag, run, spoil, step, writes
from tests.world import ENTRA_ID, World, a_threat, world


async def _blocked(world: World) -> None:
    """A phone whose block was written a quarter of an hour ago."""
    put_policy(world)
    put_phone(world)
    await run(world)
    await evaluate(world.services, [a_threat().model_dump(mode="json")])
    world.clock.pass_time(minutes=15)
    world.operations.clear()
    world.graph_calls.clear()


@pytest.mark.parametrize("value", [None, "", "mtd-ok", "mtd-block-low"])
async def test_a_block_taken_off_or_changed_by_hand_is_put_back(
    tenant_world: World, value: str | None
) -> None:
    await _blocked(tenant_world)
    put_tag(tenant_world, value)
    done = await step(tenant_world, "drift")
    assert done.counts == {"drifted": 1, "tags_applied": 1}
    assert tenant_world.entra_tag() == "mtd-block-high"
    device = await tenant_world.device()
    assert device.tag.applied_at == tenant_world.clock()
    assert any("drifted" in entry.what for entry in device.history)
    assert (await step(tenant_world, "drift")).counts == {"as_it_should_be": 1}


async def test_a_tag_that_stands_costs_one_sweep_and_nothing_else(tenant_world: World) -> None:
    await _blocked(tenant_world)
    assert (await step(tenant_world, "drift")).counts == {"as_it_should_be": 1}
    assert writes(tenant_world) == {("settings", "replace"): 2}
    assert tenant_world.operations["devices", "read"] == 0
    assert tenant_world.graph_calls["GET", "/devices"] == 1
    assert not [call for call in tenant_world.graph_calls if "deviceId" in call[1]]


async def test_drift_is_not_judged_within_ten_minutes_of_our_write(tenant_world: World) -> None:
    await _blocked(tenant_world)
    tenant_world.clock.pass_time(minutes=-5.01)
    put_tag(tenant_world, None)
    assert (await step(tenant_world, "drift")).counts == {"too_early": 1}
    assert tenant_world.entra_tag() is None
    tenant_world.clock.pass_time(minutes=0.02)
    assert (await step(tenant_world, "drift")).counts["drifted"] == 1


async def test_somebody_elses_value_is_reported_and_never_overwritten(tenant_world: World) -> None:
    await _blocked(tenant_world)
    put_tag(tenant_world, "kiosk")
    assert (await step(tenant_world, "drift")).counts == {"foreign": 1}
    assert tenant_world.entra_tag() == "kiosk"
    device = await tenant_world.device()
    assert (device.tag.state, device.tag.before) == (TagState.FOREIGN, "kiosk")
    tenant_world.operations.clear()
    assert (await step(tenant_world, "drift")).counts == {"still_foreign": 1}
    assert writes(tenant_world) == {("settings", "replace"): 2}
    assert tenant_world.entra_tag() == "kiosk"


async def test_the_tag_is_written_once_the_foreign_value_is_gone(tenant_world: World) -> None:
    await _blocked(tenant_world)
    put_tag(tenant_world, "kiosk")
    await run(tenant_world)
    put_tag(tenant_world, None)
    assert (await step(tenant_world, "drift")).counts == {"free_again": 1, "tags_applied": 1}
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_a_device_entra_did_not_know_is_blocked_once_it_does(tenant_world: World) -> None:
    put_policy(tenant_world)
    put_phone(tenant_world)
    tenant_world.tenant.remove_entra_device(ENTRA_ID)
    await run(tenant_world)
    await evaluate(tenant_world.services, [a_threat().model_dump(mode="json")])
    assert (await tenant_world.device()).tag.state is TagState.NO_DEVICE
    assert (await step(tenant_world, "drift")).counts == {}
    put_tag(tenant_world, None)
    assert (await step(tenant_world, "drift")).counts == {"free_again": 1, "tags_applied": 1}
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_a_device_that_appears_in_entra_with_a_foreign_value_keeps_it(tenant_world: World) -> None:
    put_policy(tenant_world)
    put_phone(tenant_world)
    tenant_world.tenant.remove_entra_device(ENTRA_ID)
    await run(tenant_world)
    await evaluate(tenant_world.services, [a_threat().model_dump(mode="json")])
    put_tag(tenant_world, "kiosk")
    assert (await step(tenant_world, "drift")).counts == {"foreign": 1}
    assert tenant_world.entra_tag() == "kiosk"


async def test_a_value_of_ours_nobody_asked_for_is_counted_only(tenant_world: World) -> None:
    put_phone(tenant_world)
    put_tag(tenant_world, "mtd-block-low")
    assert (await step(tenant_world, "drift")).counts == {"ours_unasked": 1}
    assert tenant_world.entra_tag() == "mtd-block-low"


async def test_a_device_removed_from_entra_is_found_by_the_next_write(tenant_world: World) -> None:
    await _blocked(tenant_world)
    put_tag(tenant_world, None)
    tenant_world.graph_faults.fail(404, 1, path_contains="deviceId=")
    assert (await step(tenant_world, "drift")).counts == {"drifted": 1, "tags_no_device": 1}
    assert (await step(tenant_world, "drift")).counts == {"free_again": 1, "tags_applied": 1}


async def test_without_mode_enforce_nothing_is_looked_at(tenant_world: World) -> None:
    async with world(mode=Mode.REPORT) as reporting:
        put_phone(reporting)
        assert (await step(reporting, "drift")).counts == {"skipped_by_mode": 1}
        assert reporting.graph_calls["GET", "/devices"] == 0


async def test_a_tag_that_graph_does_not_take_stays_pending_for_the_timer(tenant_world: World) -> None:
    await _blocked(tenant_world)
    put_tag(tenant_world, None)
    tenant_world.graph_faults.fail(503, 9, "PATCH")
    done = await step(tenant_world, "drift")
    assert not done.ok
    assert done.counts == {"drifted": 1, "tags_pending": 1}
    tenant_world.graph_faults.clear()
    assert (await step(tenant_world, "drift")).counts == {"pending": 1}


async def test_once_graph_throttles_the_rest_is_left_to_the_timer(tenant_world: World) -> None:
    put_policy(tenant_world)
    reports = []
    for number in range(40):
        put_phone(tenant_world, f"intune-{number}", f"entra-{number}", serialNumber=f"SN-{number}")
        reports.append(a_threat(device=f"agent-{number}", mdm_device_id=f"intune-{number}"))
    await run(tenant_world)
    await evaluate(tenant_world.services, [report.model_dump(mode="json") for report in reports])
    tenant_world.clock.pass_time(minutes=15)
    for number in range(40):
        put_tag(tenant_world, None, f"entra-{number}")
    tenant_world.graph_faults.throttle(1000, path_contains="deviceId=")
    tenant_world.graph_calls.clear()
    done = await step(tenant_world, "drift")
    assert done.counts == {"drifted": 40, "tags_pending": 40}
    assert sum(count for call, count in tenant_world.graph_calls.items() if "deviceId" in call[1]) <= 20


async def test_a_repair_cut_off_in_the_middle_is_done_by_the_next_run(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _blocked(tenant_world)
    put_tag(tenant_world, None)

    async def cut_off(*_: object) -> None:
        raise StoreUnavailable("cut off")

    with monkeypatch.context() as patched:
        patched.setattr("sync_inventory.drift.change", cut_off)
        assert not (await step(tenant_world, "drift")).ok
    await run(tenant_world)
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_a_tag_written_anew_while_the_sweep_goes_on_is_not_judged_by_what_it_was(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _blocked(tenant_world)
    put_tag(tenant_world, None)

    async def after_the_resolution(*args: Any) -> object:
        resolved = a_threat(status=Status.RESOLVED, minutes=1)
        await evaluate(tenant_world.services, [resolved.model_dump(mode="json")])
        return await change(*args)

    monkeypatch.setattr("sync_inventory.drift.change", after_the_resolution)
    assert (await step(tenant_world, "drift")).counts == {"drifted": 1}
    device = await tenant_world.device()
    assert (device.tag.state, device.tag.applied) == (TagState.APPLIED, "mtd-ok")
    assert not any("drifted" in entry.what for entry in device.history)


async def _allowed(world: World) -> None:
    """A phone within its rule, of whose tag no document knows."""
    put_policy(world)
    put_phone(world)
    await run(world)
    assert (await world.device()).tag == Tag(state=TagState.NONE)


@pytest.mark.parametrize("kind", ["high", "nodata"])
async def test_a_block_of_ours_no_record_knows_of_does_not_keep_an_allowed_phone_out(
    tenant_world: World, kind: str
) -> None:
    await _allowed(tenant_world)
    put_tag(tenant_world, f"{BLOCK_PREFIX}-{kind}")
    assert (await step(tenant_world, "drift")).counts == {"unrecorded": 1, "tags_applied": 1}
    assert tenant_world.entra_tag() == OK_TAG
    device = await tenant_world.device()
    assert (device.tag.wanted, device.tag.applied, device.tag.before) == (
        OK_TAG,
        OK_TAG,
        f"{BLOCK_PREFIX}-{kind}",
    )
    assert any("no record says so" in entry.what for entry in device.history)
    assert (await step(tenant_world, "drift")).counts == {"as_it_should_be": 1}


async def test_the_ok_of_ours_nobody_asked_for_stays_and_is_counted(tenant_world: World) -> None:
    await _allowed(tenant_world)
    put_tag(tenant_world, OK_TAG)
    tenant_world.operations.clear()
    assert (await step(tenant_world, "drift")).counts == {"ours_unasked": 1}
    assert writes(tenant_world) == {("settings", "replace"): 2}
    assert (await tenant_world.device()).tag.applied is None


async def test_somebody_elses_value_on_an_allowed_phone_is_left_alone(tenant_world: World) -> None:
    await _allowed(tenant_world)
    put_tag(tenant_world, "kiosk")
    assert (await step(tenant_world, "drift")).counts == {}
    assert tenant_world.entra_tag() == "kiosk"


async def _edit(world: World, **update: Any) -> None:
    """What another moment of the same device would have left in its document."""
    found = await world.services.store.read(Device, ENTRA_ID)
    assert found is not None
    await world.services.store.replace(found.document.model_copy(update=update), found.etag)


async def test_a_block_no_record_knows_of_is_not_judged_within_ten_minutes_of_our_write(
    tenant_world: World,
) -> None:
    await _allowed(tenant_world)
    await _edit(tenant_world, tag=Tag(applied_at=tenant_world.clock()))
    put_tag(tenant_world, "mtd-block-high")
    tenant_world.clock.pass_time(minutes=9.9)
    assert (await step(tenant_world, "drift")).counts == {"too_early": 1}
    assert tenant_world.entra_tag() == "mtd-block-high"
    tenant_world.clock.pass_time(minutes=0.2)
    assert (await step(tenant_world, "drift")).counts == {"unrecorded": 1, "tags_applied": 1}


async def test_a_phone_where_an_agent_left_something_open_keeps_a_block_no_record_knows_of(
    tenant_world: World,
) -> None:
    await _allowed(tenant_world)
    moved = Slot(
        agent="lookout:agent-1",
        partner="lookout",
        revision=2,
        since=tenant_world.clock(),
        moved=True,
        levels={Category.NETWORK: Level.HIGH},
    )
    await _edit(tenant_world, slots={moved.agent: moved})
    put_tag(tenant_world, "mtd-block-high")
    await step(tenant_world, "drift")
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_a_block_written_while_the_sweep_goes_on_is_not_taken_for_one_no_record_knows_of(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _allowed(tenant_world)
    put_tag(tenant_world, "mtd-block-low")

    async def after_the_threat(*args: Any) -> object:
        await evaluate(tenant_world.services, [a_threat().model_dump(mode="json")])
        return await change(*args)

    monkeypatch.setattr("sync_inventory.drift.change", after_the_threat)
    await run(tenant_world)
    assert tenant_world.entra_tag() == "mtd-block-high"
    assert not any("no record" in entry.what for entry in (await tenant_world.device()).history)


async def test_a_tag_that_cannot_be_read_does_not_stop_the_repair_of_the_others(tenant_world: World) -> None:
    await _blocked(tenant_world)
    put_phone(tenant_world, "intune-2", "entra-2", serialNumber="SN-2")
    await run(tenant_world)
    await spoil(tenant_world, "entra-2", tag={"state": "nobody knows"})
    put_tag(tenant_world, "mtd-block-high", "entra-2")
    put_tag(tenant_world, None)
    assert (await step(tenant_world, "drift")).counts == {"drifted": 1, "ours_unasked": 1, "tags_applied": 1}
    assert tenant_world.entra_tag("entra-2") == "mtd-block-high"


@pytest.mark.parametrize("odd", ["", "odd/../id?#"])
async def test_a_device_of_entra_that_no_document_can_be_named_for_stops_nobody(
    tenant_world: World, odd: str
) -> None:
    await _blocked(tenant_world)
    put_tag(tenant_world, "mtd-block-high", odd)
    done = await step(tenant_world, "drift")
    assert (done.counts, done.error) == ({"as_it_should_be": 1}, None)
