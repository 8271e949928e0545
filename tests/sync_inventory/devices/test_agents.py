"""Agents that came before their device."""

import pytest

from evaluate_risk.enforce import retry_pending
from evaluate_risk.evaluation import evaluate
from shared.domain.model import Link, link_id
from shared.errors import StoreUnavailable
from tests.evaluate_risk.stories import AGENT_ID, by_hand
from tests.sync_inventory.tenant import agent, put_phone, put_policy, run, spoil, step
from tests.world import ENTRA_ID, INTUNE_ID, World, a_threat


async def _report(world: World, **ids: str | None) -> None:
    put_policy(world)
    report = a_threat(**{"mdm_device_id": None, **ids})  # type: ignore[arg-type]
    await evaluate(world.services, [report.model_dump(mode="json")])


@pytest.mark.parametrize(
    "ids",
    [
        {"mdm_device_id": INTUNE_ID},
        {"mdm_device_id": ENTRA_ID},
        {"serial": "sn-test-1"},
        {"mdm_device_id": "nobody knows", "serial": "SN-TEST-1"},
    ],
)
async def test_a_threat_reported_before_its_device_is_known_blocks_it_at_the_next_sync(
    tenant_world: World, ids: dict[str, str]
) -> None:
    await _report(tenant_world, **ids)
    assert (await step(tenant_world, "agents")).counts == {"unknown": 1}
    put_phone(tenant_world)
    tenant_world.operations.clear()
    assert (await step(tenant_world, "agents")).counts == {"linked": 1, "tags_applied": 1}
    assert tenant_world.operations["links", "read"] == 0
    assert (await agent(tenant_world)).device == ENTRA_ID
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_an_agent_whose_ids_name_two_devices_is_linked_to_neither(tenant_world: World) -> None:
    await _report(tenant_world, mdm_device_id=INTUNE_ID, serial="SN-2")
    put_phone(tenant_world)
    put_phone(tenant_world, "intune-2", "entra-2", serialNumber="SN-2")
    assert (await step(tenant_world, "agents")).counts == {"ambiguous": 1}
    assert (await agent(tenant_world)).device is None
    assert tenant_world.entra_tag() is None


async def test_an_agent_known_only_by_a_shared_serial_number_is_not_linked(tenant_world: World) -> None:
    await _report(tenant_world, serial="SN-TEST-1")
    put_phone(tenant_world)
    put_phone(tenant_world, "intune-2", "entra-2")
    assert (await step(tenant_world, "agents")).counts == {"ambiguous": 1}
    assert (await agent(tenant_world)).device is None


async def test_without_a_sweep_the_stored_links_serve(tenant_world: World) -> None:
    await _report(tenant_world, serial="SN-TEST-1")
    await tenant_world.put_device()
    await tenant_world.services.store.upsert(Link(id=link_id("serial", "SN-TEST-1"), device=ENTRA_ID))
    tenant_world.graph_faults.fail(500, 9, path_contains="managedDevices")
    done = await run(tenant_world)
    assert [step.step for step in done.steps if not step.ok] == ["devices"]
    assert (await agent(tenant_world)).device == ENTRA_ID
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_a_link_to_a_device_that_is_not_stored_yet_waits(tenant_world: World) -> None:
    await _report(tenant_world, serial="SN-TEST-1")
    await tenant_world.services.store.upsert(Link(id=link_id("serial", "SN-TEST-1"), device=ENTRA_ID))
    assert (await step(tenant_world, "agents")).counts == {"device_missing": 1}
    assert (await agent(tenant_world)).device is None


async def test_a_run_cut_off_before_the_tag_leaves_it_to_the_timer(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _report(tenant_world, mdm_device_id=INTUNE_ID)
    put_phone(tenant_world)

    async def cut_off(*_: object) -> None:
        raise StoreUnavailable("cut off")

    with monkeypatch.context() as patched:
        patched.setattr("sync_inventory.tags.enforce_all", cut_off)
        assert not (await step(tenant_world, "agents")).ok
    assert tenant_world.entra_tag() is None
    await retry_pending(tenant_world.services)
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_a_slot_placed_without_its_link_is_placed_again_by_the_next_run(tenant_world: World) -> None:
    await _report(tenant_world, mdm_device_id=INTUNE_ID)
    put_phone(tenant_world)
    tenant_world.cosmos_faults.fail_next(503, container="agents", operation="replace", times=9)
    assert not (await step(tenant_world, "agents")).ok
    tenant_world.cosmos_faults.clear()
    await run(tenant_world)
    assert (await agent(tenant_world)).device == ENTRA_ID
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_one_incomplete_sweep_does_not_link_an_agent_to_the_other_phone_of_its_serial_number(
    tenant_world: World,
) -> None:
    await _report(tenant_world, serial="SN-TEST-1")
    put_phone(tenant_world)
    put_phone(tenant_world, "intune-2", "entra-2")
    await run(tenant_world)
    tenant_world.tenant.remove_managed_device(INTUNE_ID)
    assert (await step(tenant_world, "agents")).counts == {"ambiguous": 1}
    assert (await agent(tenant_world)).device is None
    put_phone(tenant_world, serialNumber="SN-OWN")
    assert (await step(tenant_world, "agents")).counts["linked"] == 1
    assert (await agent(tenant_world)).device == "entra-2"


NEW_INTUNE, NEW_ENTRA = "intune-2", "22222222-aaaa-4bbb-8ccc-222222222222"


async def _enrolled_again(world: World) -> None:
    """A blocked phone; its agent gives the new Intune id before a sync has seen the new device."""
    put_phone(world)
    await run(world)
    await _report(world, mdm_device_id=INTUNE_ID)
    again = a_threat(minutes=1, mdm_device_id=NEW_INTUNE)
    await evaluate(world.services, [again.model_dump(mode="json")])
    put_phone(world, NEW_INTUNE, NEW_ENTRA)


async def test_an_agent_that_gave_its_new_id_before_the_device_came_is_on_it_by_the_next_sync(
    tenant_world: World,
) -> None:
    await _enrolled_again(tenant_world)
    assert (await step(tenant_world, "agents")).counts == {"followed": 1, "tags_applied": 1}
    assert tenant_world.entra_tag(NEW_ENTRA) == "mtd-block-high"
    moved = await agent(tenant_world)
    assert (moved.device, moved.linked_by, moved.looked_up) == (NEW_ENTRA, "intune:intune-2", None)
    assert (await step(tenant_world, "agents")).counts == {}


async def test_a_move_cut_off_before_the_old_device_is_changed_is_finished_by_the_next_run(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _enrolled_again(tenant_world)

    async def cut_off(*_: object) -> None:
        raise StoreUnavailable("cut off")

    with monkeypatch.context() as patched:
        patched.setattr("evaluate_risk.linking.finish_move", cut_off)
        assert not (await step(tenant_world, "agents")).ok
    assert (await agent(tenant_world)).moving_from == ENTRA_ID
    assert (await step(tenant_world, "agents")).counts == {"moves_finished": 1}
    assert (await agent(tenant_world)).moving_from is None
    assert (await tenant_world.device()).slots[AGENT_ID].moved


async def test_an_undo_that_was_cut_off_lets_the_phone_in_though_its_agent_reports_no_more(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _report(tenant_world, mdm_device_id=INTUNE_ID)
    put_phone(tenant_world)
    await run(tenant_world)

    async def cut_off(*_: object) -> None:
        raise StoreUnavailable("cut off")

    with monkeypatch.context() as patched:
        patched.setattr("evaluate_risk.linking.finish_move", cut_off)
        with pytest.raises(StoreUnavailable):
            await by_hand(tenant_world.services, None)
    assert tenant_world.entra_tag() == "mtd-block-high"
    await run(tenant_world)
    await retry_pending(tenant_world.services)
    assert tenant_world.entra_tag() == "mtd-ok"


async def test_an_agent_linked_by_hand_stays_whatever_its_new_id_names(tenant_world: World) -> None:
    await _enrolled_again(tenant_world)
    await by_hand(tenant_world.services, ENTRA_ID)
    assert (await step(tenant_world, "agents")).counts == {}
    assert (await agent(tenant_world)).device == ENTRA_ID


async def test_a_better_id_of_the_same_device_is_the_one_an_agent_is_linked_by(tenant_world: World) -> None:
    put_phone(tenant_world)
    await run(tenant_world)
    await _report(tenant_world, serial="SN-TEST-1")
    await _report(tenant_world, serial="SN-TEST-1", mdm_device_id=INTUNE_ID)
    linked = await agent(tenant_world)
    assert (linked.device, linked.linked_by, linked.looked_up) == (
        ENTRA_ID,
        link_id("intune", INTUNE_ID),
        None,
    )


async def test_an_agent_whose_device_cannot_be_read_does_not_stop_the_others(tenant_world: World) -> None:
    await _report(tenant_world, mdm_device_id=INTUNE_ID)
    report = a_threat(device="agent-2", mdm_device_id="intune-2")
    await evaluate(tenant_world.services, [report.model_dump(mode="json")])
    await tenant_world.put_device()
    await spoil(tenant_world, ENTRA_ID, history="secret")
    put_phone(tenant_world)
    put_phone(tenant_world, "intune-2", "entra-2", serialNumber="SN-2")
    done = {each.step: each for each in (await run(tenant_world)).steps}["agents"]
    assert done.error == "lookout:agent-1: a stored Device cannot be read (1 fields)"
    assert done.counts == {"failed": 1, "linked": 1, "tags_applied": 1}
