"""The mass-change stop as an admin meets it."""

import re

import pytest

from evaluate_risk.evaluation import evaluate
from serve_console.approvals import ApprovalRequest, approve_stop, listing
from shared.domain.level import Level
from shared.errors import NotThere, Overtaken
from tests.evaluate_risk.stories import feed, put_other_phone, put_phone
from tests.serve_console.hands import ADA, BOB
from tests.world import ENTRA_ID, World, a_threat, world

OTHER = "cccccccc-3333-4eee-8fff-dddddddddddd"


async def _stopped(one: World) -> None:
    await put_phone(one)
    await put_other_phone(one)
    await one.put_rule(Level.LOW)
    await evaluate(one.services, feed(a_threat(), a_threat(device="agent-2", mdm_device_id=OTHER)))


async def test_a_stop_is_listed_and_its_approval_writes_what_waits() -> None:
    async with world(guard_devices=1, guard_percent=0) as one:
        await _stopped(one)
        before = await listing(one.services)
        assert (before.newly_blocked, before.waiting, before.approvals) == (1, 1, [])
        assert before.stop is not None
        request = ApprovalRequest(reason="seen on both phones")
        approved = await approve_stop(one.services, ADA, before.stop.id, request)
        assert (approved.tried, approved.settled) == (1, 1)
        assert (approved.approval.who, approved.approval.why) == (ADA.who, "seen on both phones")
        with pytest.raises(
            Overtaken, match=f"approved already by {re.escape(ADA.who)} at .*: seen on both phones"
        ):
            await approve_stop(one.services, BOB, before.stop.id, request)
        after = await listing(one.services)
        assert (after.newly_blocked, after.stop, after.waiting) == (0, None, 0)
        assert [approval.stop for approval in after.approvals] == [before.stop.id]
        assert one.entra_tag(ENTRA_ID) == "mtd-block-high"


async def test_without_a_stop_there_is_nothing_to_approve(tenant_world: World) -> None:
    assert (await listing(tenant_world.services)).stop is None
    with pytest.raises(NotThere):
        await approve_stop(tenant_world.services, ADA, "x", ApprovalRequest(reason="why not"))
