"""Which device an agent is, and how a link that is cut off or overtaken ends."""

from typing import Any

import pytest

from evaluate_risk.decide import change
from evaluate_risk.evaluation import evaluate
from evaluate_risk.linking import link_agent, link_key, link_keys
from shared.domain.level import Level
from shared.domain.model import Agent, Link, Report, Verdict, link_id
from shared.domain.record import Status
from shared.errors import StoreUnavailable
from tests.evaluate_risk.samples import an_identity, folded
from tests.evaluate_risk.stories import (
    AGENT_ID,
    OTHER_ENTRA_ID,
    OTHER_INTUNE_ID,
    Stop,
    agent,
    by_hand,
    feed,
    put_other_phone,
    put_phone,
    state,
)
from tests.world import ENTRA_ID, INTUNE_ID, World, a_threat, world

# --- which device an agent is -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ids", "key"),
    [
        ({"mdm_device_id": "ABC", "serial": "SN", "udid": "U"}, "intune:abc"),
        ({"mdm_device_id": "U-1", "udid": "U-1"}, "udid:u-1"),
        ({"mdm_device_id": "U-1", "udid": "U-1", "serial": "SN"}, "serial:sn"),
        ({"serial": "SN", "udid": "U"}, "serial:sn"),
        ({"udid": "U"}, "udid:u"),
        ({}, None),
    ],
)
def test_the_best_id_is_the_one_looked_up(ids: dict[str, Any], key: str | None) -> None:
    assert link_key(folded(an_identity(**ids))) == key


def test_an_mdm_id_may_be_any_of_three_kinds() -> None:
    assert link_keys([("mdm", "A"), ("serial", None), ("serial", "B")]) == [
        "intune:a",
        "entra:a",
        "udid:a",
        "serial:b",
    ]


# --- linking outside the feed -------------------------------------------------------------------------


async def _unlinked(one: World) -> None:
    """An agent with a threat, and two devices none of its ids leads to."""
    await one.put_rule(Level.LOW)
    await evaluate(one.services, feed(a_threat(mdm_device_id=None)))
    await put_phone(one)
    await put_other_phone(one)


async def _linked_and_relinked(one: World) -> None:
    for device in (ENTRA_ID, OTHER_ENTRA_ID):
        for _ in range(3):
            try:
                assert await link_agent(one.services, AGENT_ID, device, "admin: test") is not None
            except StoreUnavailable:
                continue
            break


LINK_STEPS = 12
"""Calls to the store that linking and relinking makes."""
UNDISTURBED: dict[str, Any] = {}
"""How it ends when nothing stops it; worked out once for all."""


async def test_linking_takes_the_steps_that_are_stopped_below(tenant_world: World) -> None:
    await _unlinked(tenant_world)
    stop = Stop(0)
    stop.begin(tenant_world)
    await _linked_and_relinked(tenant_world)
    stop.end()
    assert len(stop.calls) == LINK_STEPS, stop.calls
    end = await state(tenant_world)
    assert (end[AGENT_ID]["device"], end[AGENT_ID]["linked_by"]) == (OTHER_ENTRA_ID, "admin: test")
    assert end[ENTRA_ID]["slots"][AGENT_ID]["moved"]
    assert end[ENTRA_ID]["decision"]["verdict"] == end[OTHER_ENTRA_ID]["decision"]["verdict"] == "block"


@pytest.mark.parametrize("lost_answer", [False, True], ids=["stopped before", "answer lost"])
@pytest.mark.parametrize("step", range(1, LINK_STEPS + 1))
async def test_a_link_stopped_in_the_middle_is_finished_when_it_is_made_again(
    step: int, lost_answer: bool
) -> None:
    if not UNDISTURBED:
        async with world() as one:
            await _unlinked(one)
            await _linked_and_relinked(one)
            UNDISTURBED.update(await state(one))
    async with world() as one:
        await _unlinked(one)
        stop = Stop(step, lost_answer=lost_answer)
        stop.begin(one)
        await _linked_and_relinked(one)
        stop.end()
        assert stop.struck
        assert await state(one) == UNDISTURBED


async def test_the_agent_is_written_first_then_the_new_device_and_the_old_one_last(
    tenant_world: World,
) -> None:
    await _unlinked(tenant_world)
    await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "serial:sn-test-1")
    replace = tenant_world.services.store.replace
    written: list[str] = []

    async def noted(document: Any, etag: str) -> str:
        written.append(document.id)
        return await replace(document, etag)

    tenant_world.services.store.replace = noted  # type: ignore[method-assign]
    await link_agent(tenant_world.services, AGENT_ID, OTHER_ENTRA_ID, "admin: test")
    assert written == [AGENT_ID, OTHER_ENTRA_ID, ENTRA_ID, AGENT_ID]


async def test_an_agent_linked_back_to_a_device_it_left_counts_there_again(tenant_world: World) -> None:
    await _unlinked(tenant_world)
    for device in (ENTRA_ID, OTHER_ENTRA_ID, ENTRA_ID):
        await link_agent(tenant_world.services, AGENT_ID, device, "admin: test")
    slot = (await tenant_world.device()).slots[AGENT_ID]
    assert not slot.moved
    assert slot.revision == (await agent(tenant_world)).level_revision
    assert (await tenant_world.device(OTHER_ENTRA_ID)).slots[AGENT_ID].moved


async def test_what_an_agent_left_open_anywhere_is_withdrawn_by_an_undo(tenant_world: World) -> None:
    await _unlinked(tenant_world)
    for device in (ENTRA_ID, OTHER_ENTRA_ID):
        await link_agent(tenant_world.services, AGENT_ID, device, "admin: test")
    assert (await agent(tenant_world)).left_open == (ENTRA_ID,)
    left = (await tenant_world.device()).decision
    assert left is not None
    assert (left.verdict, left.risk) == (Verdict.BLOCK, Level.HIGH)
    await by_hand(tenant_world.services, None)
    for device in (ENTRA_ID, OTHER_ENTRA_ID):
        freed = await tenant_world.device(device)
        assert freed.slots[AGENT_ID].withdrawn
        assert freed.decision is not None
        assert freed.decision.verdict is Verdict.ALLOW
    apart = await agent(tenant_world)
    assert (apart.device, apart.moving_from, apart.left_open) == (None, None, ())


async def test_an_undo_finds_what_was_left_open_at_a_device_whose_record_went_elsewhere(
    tenant_world: World,
) -> None:
    await _unlinked(tenant_world)
    for device in (ENTRA_ID, OTHER_ENTRA_ID):
        await link_agent(tenant_world.services, AGENT_ID, device, "admin: test")
    gone_on = (await tenant_world.device()).model_copy(update={"id": "entra-3"})
    await tenant_world.services.store.create(gone_on)
    await change(
        tenant_world.services, ENTRA_ID, lambda old: old.model_copy(update={"replaced_by": "entra-3"})
    )
    await by_hand(tenant_world.services, None)
    assert (await tenant_world.device("entra-3")).slots[AGENT_ID].withdrawn


@pytest.mark.parametrize(
    ("reports", "left_open"),
    [
        ((a_threat(mdm_device_id=None),), (ENTRA_ID,)),
        ((a_threat(mdm_device_id=None), a_threat(mdm_device_id=None, status=Status.RESOLVED, minutes=1)), ()),
    ],
    ids=["infected", "clean"],
)
async def test_an_agent_remembers_where_it_left_something_open_and_the_log_says_so(
    tenant_world: World,
    caplog: pytest.LogCaptureFixture,
    reports: tuple[Report, ...],
    left_open: tuple[str, ...],
) -> None:
    caplog.set_level("INFO", logger="mtd")
    await evaluate(tenant_world.services, feed(*reports))
    await put_phone(tenant_world)
    await put_other_phone(tenant_world)
    for device in (ENTRA_ID, OTHER_ENTRA_ID):
        await link_agent(tenant_world.services, AGENT_ID, device, "admin: test")
    assert (await agent(tenant_world)).left_open == left_open
    [line] = [line for line in caplog.messages if line.startswith("agent_moved ")]
    assert line == (
        f"agent_moved agent={AGENT_ID} source={ENTRA_ID} target={OTHER_ENTRA_ID}"
        f" open={'high' if left_open else 'secured'}"
    )


async def test_an_agent_that_came_back_has_left_nothing_open_there(tenant_world: World) -> None:
    await _unlinked(tenant_world)
    for device in (ENTRA_ID, OTHER_ENTRA_ID, ENTRA_ID):
        await link_agent(tenant_world.services, AGENT_ID, device, "admin: test")
    assert (await agent(tenant_world)).left_open == (OTHER_ENTRA_ID,)


async def test_a_stray_partner_holds_no_phone(tenant_world: World) -> None:
    """Of a partner that is not switched on, an agent names the phone, then another one."""
    phone = tenant_world
    await phone.put_rule(Level.LOW)
    await put_phone(phone)
    await put_other_phone(phone)
    stray: dict[str, Any] = {"partner": "sophos", "device": "stray"}
    await evaluate(phone.services, feed(a_threat("s1", **stray)))
    await evaluate(phone.services, feed(a_threat("s2", minutes=1, mdm_device_id=OTHER_INTUNE_ID, **stray)))
    assert (await phone.device()).slots["sophos:stray"].moved
    await evaluate(phone.services, feed(a_threat()))
    assert phone.entra_tag() == "mtd-block-high", "an infected phone is blocked"
    await evaluate(phone.services, feed(a_threat(status=Status.RESOLVED, minutes=1)))
    assert phone.entra_tag() == "mtd-ok", "a phone that is clean again is let in"
    assert phone.entra_tag(OTHER_ENTRA_ID) is None


async def test_an_agent_whose_device_vanished_in_a_move_can_be_linked_to_the_one_it_left(
    tenant_world: World,
) -> None:
    await _unlinked(tenant_world)
    await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "admin: test")
    stop = Stop(5)  # linked to the other device; the first does not know
    stop.begin(tenant_world)
    with pytest.raises(StoreUnavailable):
        await link_agent(tenant_world.services, AGENT_ID, OTHER_ENTRA_ID, "admin: test")
    stop.end()
    assert (await agent(tenant_world)).moving_from == ENTRA_ID
    await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "admin: test")
    linked = await agent(tenant_world)
    assert (linked.device, linked.moving_from) == (ENTRA_ID, None)
    assert not (await tenant_world.device()).slots[AGENT_ID].moved
    assert (await tenant_world.device(OTHER_ENTRA_ID)).slots[AGENT_ID].moved


async def test_a_report_that_arrives_while_its_agent_is_linked_is_not_lost(tenant_world: World) -> None:
    await _unlinked(tenant_world)
    replace = tenant_world.services.store.replace

    async def overtaken(document: Any, etag: str) -> str:
        if isinstance(document, Agent):
            tenant_world.services.store.replace = replace  # type: ignore[method-assign]
            graver = a_threat("t2", mdm_device_id=None)
            await evaluate(tenant_world.services, feed(graver))
        return await replace(document, etag)

    tenant_world.services.store.replace = overtaken  # type: ignore[method-assign]
    await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "admin: test")
    device = await tenant_world.device()
    assert sorted(f.key for f in device.slots[AGENT_ID].findings) == ["t1", "t2"]


@pytest.mark.parametrize("crash", [False, True])
async def test_a_graver_report_the_feed_links_by_meanwhile_is_not_covered_by_the_older_slot(
    tenant_world: World, crash: bool
) -> None:
    await tenant_world.put_device()
    await tenant_world.put_rule(Level.LOW)
    await evaluate(tenant_world.services, feed(a_threat("t1", severity=Level.LOW)))
    await tenant_world.services.store.upsert(Link(id=link_id("intune", INTUNE_ID), device=ENTRA_ID))
    replace = tenant_world.services.store.replace
    graver = feed(a_threat("t2"))

    async def overtaken(document: Any, etag: str) -> str:
        if isinstance(document, Agent):
            tenant_world.services.store.replace = replace  # type: ignore[method-assign]
            if crash:
                raise StoreUnavailable("cut off before the link was written")
            await evaluate(tenant_world.services, graver)
        return await replace(document, etag)

    tenant_world.services.store.replace = overtaken  # type: ignore[method-assign]
    if crash:
        with pytest.raises(StoreUnavailable):
            await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "sync")
        await evaluate(tenant_world.services, graver)
    else:
        await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "sync")
    device = await tenant_world.device()
    assert sorted(f.key for f in device.slots[AGENT_ID].findings) == ["t1", "t2"]
    assert device.decision is not None
    assert device.decision.verdict is Verdict.BLOCK


async def test_a_link_by_hand_to_where_an_agent_is_already_covers_no_graver_report_when_cut_off(
    tenant_world: World,
) -> None:
    await tenant_world.put_rule(Level.LOW)
    await put_phone(tenant_world)
    await evaluate(tenant_world.services, feed(a_threat("t1", severity=Level.LOW)))
    tenant_world.cosmos_faults.fail_next(503, container="agents", operation="replace", times=9)
    with pytest.raises(StoreUnavailable):
        await by_hand(tenant_world.services, ENTRA_ID)
    tenant_world.cosmos_faults.clear()
    await evaluate(tenant_world.services, feed(a_threat("t2")))
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_what_is_not_there_cannot_be_linked(tenant_world: World) -> None:
    assert await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "admin: test") is None
    await evaluate(tenant_world.services, feed(a_threat(mdm_device_id=INTUNE_ID)))
    assert await link_agent(tenant_world.services, AGENT_ID, ENTRA_ID, "admin: test") is None
    assert (await agent(tenant_world)).device is None
