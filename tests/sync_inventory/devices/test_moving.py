"""A device whose Entra id appears or changes takes its agents along."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from evaluate_risk.evaluation import evaluate
from shared.domain.level import Level
from shared.domain.model import Agent, Device, Document, TagState, Verdict, link_id
from shared.domain.record import Status
from shared.errors import StoreUnavailable
from shared.services import Services
from sync_inventory.devices import mirroring as devices
from sync_inventory.devices.moving import Heritage, heritage
from tests.sync_inventory.tenant import ZERO, agent, link, put_phone, put_policy, run, step, writes
from tests.world import ENTRA_ID, INTUNE_ID, World, a_threat

OLD = link_id("intune", INTUNE_ID)
NEXT = "99999999-aaaa-4bbb-8ccc-222222222222"


async def _infected_before_registration(world: World) -> None:
    """A phone Entra does not know yet, with two agents: one with a high threat."""
    put_policy(world)
    put_phone(world, entra_id=ZERO)
    await run(world)
    reports = [a_threat(), a_threat("t2", device="agent-2", severity=Level.LOW)]
    await evaluate(world.services, [report.model_dump(mode="json") for report in reports])
    device = await world.device(OLD)
    assert device.tag.state is TagState.NOT_ENFORCEABLE
    assert set(device.slots) == {"lookout:agent-1", "lookout:agent-2"}


async def _all_moved(world: World, target: str = ENTRA_ID, source: str = OLD) -> None:
    device = await world.device(target)
    assert device.decision is not None
    assert device.decision.verdict is Verdict.BLOCK
    assert {id_ for id_, slot in device.slots.items() if not slot.moved} == {
        "lookout:agent-1",
        "lookout:agent-2",
    }
    assert world.entra_tag(target) == "mtd-block-high"
    for id_ in ("lookout:agent-1", "lookout:agent-2"):
        one = await agent(world, id_)
        assert (one.device, one.moving_from) == (target, None)
    old = await world.device(source)
    assert old.replaced_by == target
    assert all(slot.moved for slot in old.slots.values())


async def test_an_entra_id_that_appears_later_takes_over_the_slots_and_blocks(tenant_world: World) -> None:
    await _infected_before_registration(tenant_world)
    put_phone(tenant_world)
    done = await step(tenant_world, "devices")
    assert done.counts["rekeyed"] == 1
    assert "missing" not in done.counts
    await _all_moved(tenant_world)
    named = await link(tenant_world, OLD)
    assert named is not None
    assert named.device == ENTRA_ID
    tenant_world.operations.clear()
    await run(tenant_world)
    assert writes(tenant_world) == {("settings", "replace"): 2}
    assert tenant_world.operations["devices", "read"] == 0


async def test_reports_after_the_move_count_at_the_new_device(tenant_world: World) -> None:
    await _infected_before_registration(tenant_world)
    put_phone(tenant_world)
    await run(tenant_world)
    resolved = [
        a_threat(minutes=5, status=Status.RESOLVED),
        a_threat("t2", device="agent-2", minutes=5, status=Status.RESOLVED),
    ]
    await evaluate(tenant_world.services, [report.model_dump(mode="json") for report in resolved])
    assert tenant_world.entra_tag() == "mtd-ok"


async def test_a_device_registered_anew_under_another_entra_id_is_blocked_there_too(
    tenant_world: World,
) -> None:
    await _infected_before_registration(tenant_world)
    put_phone(tenant_world)
    await run(tenant_world)
    put_phone(tenant_world, entra_id=NEXT)
    assert (await step(tenant_world, "devices")).counts["rekeyed"] == 1
    await _all_moved(tenant_world, NEXT, ENTRA_ID)
    assert tenant_world.entra_tag(ENTRA_ID) == "mtd-block-high"


async def test_a_device_that_comes_back_under_its_first_entra_id_is_decided_there_again(
    tenant_world: World,
) -> None:
    await _infected_before_registration(tenant_world)
    for entra_id in (ENTRA_ID, NEXT, ENTRA_ID):
        put_phone(tenant_world, entra_id=entra_id)
        await run(tenant_world)
    await _all_moved(tenant_world, ENTRA_ID, NEXT)
    device = await tenant_world.device()
    assert not any(slot.moved for slot in device.slots.values())
    assert device.replaced_by is None


async def test_an_entra_id_intune_leaves_out_for_a_while_is_kept(tenant_world: World) -> None:
    await _infected_before_registration(tenant_world)
    put_phone(tenant_world)
    await run(tenant_world)
    put_phone(tenant_world, entra_id="")
    assert (await step(tenant_world, "devices")).counts == {
        "devices": 1,
        "unchanged": 1,
        "kept_entra_ids": 1,
    }
    assert (await agent(tenant_world)).device == ENTRA_ID


async def test_the_grace_period_does_not_begin_anew_with_a_new_entra_id(tenant_world: World) -> None:
    grace = [{"actionType": "block", "gracePeriodHours": 2}]
    put_policy(tenant_world, scheduledActionsForRule=[{"scheduledActionConfigurations": grace}])
    put_phone(tenant_world, entra_id=ZERO)
    await run(tenant_world)
    await evaluate(tenant_world.services, [a_threat().model_dump(mode="json")])
    tenant_world.clock.pass_time(hours=1)
    put_phone(tenant_world)
    await run(tenant_world)
    tenant_world.clock.pass_time(hours=1.1)
    await run(tenant_world)
    assert tenant_world.entra_tag() == "mtd-block-high"


def _agents(document: Document) -> bool:
    return isinstance(document, Agent)


def _old_device(document: Document) -> bool:
    return isinstance(document, Device) and document.id == OLD


def _the_mark(document: Document) -> bool:
    return isinstance(document, Device) and document.replaced_by is not None


@pytest.mark.parametrize(
    ("written", "nth"),
    [
        (_agents, 1),
        (_agents, 2),
        (_agents, 3),
        (_agents, 4),
        (_old_device, 1),
        (_old_device, 2),
        (_the_mark, 1),
    ],
)
async def test_a_move_cut_off_in_the_middle_is_finished_by_the_next_run(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch, written: Callable[[Document], bool], nth: int
) -> None:
    await _infected_before_registration(tenant_world)
    put_phone(tenant_world)
    store = tenant_world.services.store
    written_over, left = store.replace, nth

    async def cut_off(document: Document, etag: str) -> str:
        nonlocal left
        left -= written(document)
        if left == 0:
            left = 1
            raise StoreUnavailable("cut off")
        return await written_over(document, etag)

    with monkeypatch.context() as patched:
        patched.setattr(store, "replace", cut_off)
        assert "devices" in [each.step for each in (await run(tenant_world)).steps if not each.ok]
    await run(tenant_world)
    await _all_moved(tenant_world)


async def test_a_move_cut_off_right_after_the_new_device_is_finished_by_the_next_run(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _infected_before_registration(tenant_world)
    put_phone(tenant_world)

    async def cut_off(*_: object) -> None:
        raise StoreUnavailable("cut off")

    with monkeypatch.context() as patched:
        patched.setattr(devices, "move", cut_off)
        assert not (await step(tenant_world, "devices")).ok
    assert (await tenant_world.device()).slots
    await run(tenant_world)
    await _all_moved(tenant_world)


async def test_an_agent_on_its_way_to_a_third_device_is_not_taken_along(tenant_world: World) -> None:
    await _infected_before_registration(tenant_world)
    put_phone(tenant_world, "intune-3", "entra-3", serialNumber="SN-3")
    await run(tenant_world)
    store = tenant_world.services.store
    found = await store.read(Agent, "lookout:agent-2")
    assert found is not None
    leaving = {"device": "entra-3", "moving_from": OLD, "level_revision": 9}
    await store.replace(found.document.model_copy(update=leaving), found.etag)
    put_phone(tenant_world)
    await run(tenant_world)
    assert set((await tenant_world.device()).slots) == {"lookout:agent-1"}
    moved = await agent(tenant_world, "lookout:agent-2")
    assert (moved.device, moved.moving_from) == ("entra-3", None)
    assert (await tenant_world.device(OLD)).replaced_by == ENTRA_ID


async def test_an_old_device_to_which_agents_keep_coming_is_not_marked(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _infected_before_registration(tenant_world)
    put_phone(tenant_world)

    async def still_coming(services: Services, device_id: str) -> Heritage:
        return replace(await heritage(services, device_id), agents=before.agents)

    before = await heritage(tenant_world.services, OLD)
    with monkeypatch.context() as patched:
        patched.setattr("sync_inventory.devices.moving.heritage", still_coming)
        assert (await step(tenant_world, "devices")).counts["failed"] == 1
    assert (await tenant_world.device(OLD)).replaced_by is None
    await run(tenant_world)
    await _all_moved(tenant_world)
