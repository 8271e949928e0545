"""An admin lets a device in: for a while, for what is open now, and on record."""

from typing import Any

import pytest

from evaluate_risk.evaluation import evaluate
from serve_console.devices import listing
from serve_console.overrides import EndRequest, Overridden, OverrideRequest, end_override, override
from shared.domain.level import Level
from shared.domain.model import Link, Verdict, link_id
from shared.errors import BadRequest, NotThere
from shared.request import read_request
from sync_inventory.run import sync
from tests.evaluate_risk.stories import feed, put_phone
from tests.serve_console.hands import ADA
from tests.sync_inventory.tenant import put_phone as enroll
from tests.sync_inventory.tenant import put_policy
from tests.world import ENTRA_ID, INTUNE_ID, World, a_threat


async def _blocked(world: World) -> None:
    await put_phone(world)
    await world.put_rule(Level.LOW)
    await evaluate(world.services, feed(a_threat()))
    assert world.entra_tag() == "mtd-block-high"


async def _overridden(world: World, hours: float = 24, id_: str = ENTRA_ID) -> Overridden:
    request = OverrideRequest(hours=hours, reason="known false alarm")
    return await override(world.services, ADA, id_, request)


async def test_an_override_lets_the_device_in_and_is_on_record(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await _blocked(tenant_world)
    answer = await _overridden(tenant_world, id_=ENTRA_ID.upper())
    assert (answer.verdict, answer.covers, answer.tag_state) == (Verdict.ALLOW, 1, "applied")
    assert tenant_world.entra_tag() == "mtd-ok"
    device = await tenant_world.device()
    assert device.override is not None
    assert (device.override.who, device.override.why) == (ADA.who, "known false alarm")
    assert any(
        entry.what == f"override until 2026-06-02 12:00 UTC by {ADA.who}: known false alarm"
        for entry in device.history
    )
    assert f"overridden device={ENTRA_ID} hours=24.0 by={ADA.object_id}" in caplog.text
    assert ADA.name not in caplog.text


async def test_a_threat_reported_later_blocks_all_the_same(tenant_world: World) -> None:
    await _blocked(tenant_world)
    await _overridden(tenant_world)
    await evaluate(tenant_world.services, feed(a_threat("t2", minutes=1)))
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_a_covered_threat_seen_anew_blocks_all_the_same(tenant_world: World) -> None:
    await _blocked(tenant_world)
    await _overridden(tenant_world)
    await evaluate(tenant_world.services, feed(a_threat(minutes=5)))
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_after_its_end_the_next_sync_blocks_again(tenant_world: World) -> None:
    put_policy(tenant_world)
    enroll(tenant_world)
    await sync(tenant_world.services)
    await evaluate(tenant_world.services, feed(a_threat()))
    await _overridden(tenant_world, hours=1)
    tenant_world.clock.pass_time(minutes=59)
    await sync(tenant_world.services)
    assert tenant_world.entra_tag() == "mtd-ok"
    tenant_world.clock.pass_time(minutes=1)
    await sync(tenant_world.services)
    assert tenant_world.entra_tag() == "mtd-block-high"


async def test_an_override_can_end_before_its_time(tenant_world: World) -> None:
    await _blocked(tenant_world)
    await _overridden(tenant_world)
    ended = await end_override(tenant_world.services, ADA, ENTRA_ID, EndRequest(reason="it was real"))
    assert (ended.until, ended.verdict) == (None, Verdict.BLOCK)
    assert tenant_world.entra_tag() == "mtd-block-high"
    history = (await tenant_world.device()).history
    assert any(entry.what == f"override ended by {ADA.who}: it was real" for entry in history)
    again = await end_override(tenant_world.services, ADA, ENTRA_ID, EndRequest(reason="it was real"))
    assert again.verdict is Verdict.BLOCK


async def test_where_nothing_is_open_there_is_nothing_to_override(tenant_world: World) -> None:
    await put_phone(tenant_world)
    await tenant_world.put_rule(Level.LOW)
    with pytest.raises(BadRequest, match="nothing is open"):
        await _overridden(tenant_world)
    assert (await tenant_world.device()).override is None


@pytest.mark.parametrize("name", [f"intune:{INTUNE_ID}", "serial:sn-test-1"])
async def test_a_device_is_overridden_by_any_of_its_names_and_the_listing_says_so(
    tenant_world: World, name: str
) -> None:
    await _blocked(tenant_world)
    await tenant_world.services.store.upsert(Link(id=link_id("serial", "SN-TEST-1"), device=ENTRA_ID))
    answer = await _overridden(tenant_world, id_=name)
    assert answer.device == ENTRA_ID
    (row,) = (await listing(tenant_world.services)).devices
    assert row.overridden_until == answer.until
    tenant_world.clock.pass_time(hours=24)
    (row,) = (await listing(tenant_world.services)).devices
    assert row.overridden_until is None


@pytest.mark.parametrize("id_", ["nobody", "a/b", "", ".", ".."])
async def test_a_device_that_is_not_there_has_no_override(tenant_world: World, id_: str) -> None:
    with pytest.raises(NotThere):
        await _overridden(tenant_world, id_=id_)


@pytest.mark.parametrize(
    "body",
    [
        b'{"reason": "why not"}',
        b'{"hours": 24}',
        b'{"hours": 0, "reason": "why not"}',
        b'{"hours": 168.1, "reason": "why not"}',
        b'{"hours": true, "reason": "why not"}',
        b'{"hours": "24", "reason": "why not"}',
        b'{"hours": NaN, "reason": "why not"}',
        b'{"hours": 1, "reason": "x"}',
        b'{"hours": 1, "reason": "\\u0000\\u0001\\u0007"}',
        b'{"hours": 1, "reason": "why not\\nand who"}',
        b'{"hours": 1, "hours": 168, "reason": "why not"}',
        b'{"hours": 1, "reason": "why not", "covers": ["r1"]}',
        b"[]",
        b"{" + b" " * 10_001,
    ],
)
def test_an_override_without_an_end_within_seven_days_or_a_reason_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest, match=r"expected \{reason, hours\}"):
        read_request(OverrideRequest, body)


def test_seven_days_are_taken() -> None:
    request: Any = read_request(OverrideRequest, b'{"hours": 168, "reason": "long journey"}')
    assert request.hours == 168


async def test_the_device_is_read_once_for_an_override(tenant_world: World) -> None:
    await _blocked(tenant_world)
    tenant_world.operations.clear()
    await _overridden(tenant_world)
    assert tenant_world.operations["devices", "read"] == 1
