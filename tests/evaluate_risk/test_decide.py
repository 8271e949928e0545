"""A device's document: when a decision is taken anew, what its history says, and who else may write it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from evaluate_risk.decide import change, outlook, partners_present, settle
from evaluate_risk.slots import with_slot
from shared import cosmos
from shared.domain.level import Level
from shared.domain.model import (
    MAX_HISTORY,
    Device,
    HistoryEntry,
    Verdict,
)
from shared.domain.record import Platform
from shared.domain.switches import Switches
from shared.errors import StoreUnavailable
from tests.evaluate_risk.samples import a_policy, a_slot, phone
from tests.evaluate_risk.stories import (
    put_phone,
)
from tests.evaluate_risk.test_policy import a_policy as pure_policy
from tests.evaluate_risk.test_policy import a_rule, with_slots
from tests.evaluate_risk.test_policy import a_slot as pure_slot
from tests.world import ENTRA_ID, START, World


def test_the_moment_of_a_decision_is_when_it_turned() -> None:
    once = settle(phone(), a_policy(), START)
    assert settle(once, a_policy(), START + timedelta(hours=1)) == once


def test_history_is_short_newest_first_and_only_of_changes() -> None:
    old = tuple(HistoryEntry(at=START, what=str(n)) for n in range(MAX_HISTORY))
    once = settle(phone().model_copy(update={"history": old}), a_policy(), START)
    assert len(once.history) == MAX_HISTORY
    assert once.history[0].what.startswith("block: risk is high")
    assert once.history[1].what == "0"
    assert settle(once, a_policy(), START).history == once.history


def test_the_outlook_is_what_comes_when_every_grace_has_ended_and_nothing_is_reported() -> None:
    both = Switches(enabled={Platform.IOS: ("lookout", "zimperium")})
    patient = pure_policy(a_rule(grace_hours=24), switches=both, enrollment_grace=timedelta(hours=48))
    over = with_slots(pure_slot(severity=Level.HIGH), enrolled_at=START)
    at_once, in_the_end = outlook(over, patient, START)
    assert (at_once.verdict, at_once.decided_at) == (Verdict.ALLOW, START)
    assert (in_the_end.tag, in_the_end.decided_at) == ("mtd-block-high", START + timedelta(hours=24))
    calm = with_slots(pure_slot(), enrolled_at=START)
    assert outlook(calm, patient, START)[1].tag == "mtd-block-nodata"
    assert outlook(calm, patient, START)[1].decided_at == START + timedelta(hours=48)
    hasty = pure_policy(switches=both)
    assert outlook(over, hasty, START)[0] == outlook(over, hasty, START)[1]
    assert partners_present(over, patient, START) == {"lookout"}


# --- change -------------------------------------------------------------------------------------------


def _adding(name: str) -> Any:
    def edit(device: Device) -> Device:
        return with_slot(device, a_slot(agent=f"lookout:{name}"))

    return edit


async def test_two_writers_at_once_both_find_their_edit(tenant_world: World) -> None:
    await put_phone(tenant_world)
    other = await tenant_world.another_instance()
    try:
        edits = [
            change(services, ENTRA_ID, _adding(f"{n}{side}"))
            for n in range(4)
            for side, services in (("a", tenant_world.services), ("b", other))
        ]
        await asyncio.gather(*edits)
    finally:
        await other.close()
    assert len((await tenant_world.device()).slots) == 8


async def test_a_change_that_changes_nothing_writes_nothing(tenant_world: World) -> None:
    await put_phone(tenant_world)
    await change(tenant_world.services, ENTRA_ID)
    tenant_world.operations.clear()
    await change(tenant_world.services, ENTRA_ID)
    assert tenant_world.operations["devices", "replace"] == 0


async def test_a_device_that_is_not_there_cannot_be_changed(tenant_world: World) -> None:
    assert await change(tenant_world.services, ENTRA_ID) is None


async def test_where_others_are_always_faster_the_store_is_called_unavailable(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cosmos, "MAX_ATTEMPTS", 3)
    await put_phone(tenant_world)
    tenant_world.cosmos_faults.fail_next(412, times=3, container="devices", operation="replace")
    with pytest.raises(StoreUnavailable):
        await change(tenant_world.services, ENTRA_ID, _adding("x"))
