"""A partner's own app inventory: kept where an admin opted in, and nowhere else, for a day."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingest_threat.agent_apps import keep_apps
from ingest_threat.intake import accept
from shared import cosmos
from shared.domain.inventory import AgentApps, agent_apps_id
from shared.domain.record import AppInventoryRecord, Platform
from shared.errors import StoreUnavailable
from tests.ingest_threat.partners.messages_better_mobile import AGENT, app, incident
from tests.opted_in import app_sync_world, mirror_switches
from tests.sync_inventory.tenant import writes
from tests.world import World

ID = agent_apps_id(f"better_mobile:{AGENT}")


@pytest.fixture
async def opted_in() -> AsyncIterator[World]:
    async with app_sync_world() as one:
        await mirror_switches(one, "better_mobile")
        one.operations.clear()
        yield one


def _row(bundle_id: str = "com.example.torch", **fields: Any) -> dict[str, Any]:
    return app(BundleId=bundle_id, Platform="Apple", **fields)


async def _post(one: World, *rows: dict[str, Any]) -> tuple[int, int]:
    answer = await accept(one.services, "better_mobile", json.dumps(rows).encode())
    return answer.accepted, answer.ignored


async def _stored(one: World) -> AgentApps | None:
    found = await one.services.store.read(AgentApps, ID)
    return found.document if found else None


async def test_an_opted_in_partners_apps_are_kept_in_one_document_an_agent(opted_in: World) -> None:
    assert await _post(opted_in, _row(), _row("com.example.mail", IsMdm=1)) == (2, 0)
    assert writes(opted_in) == {("inventory", "create"): 1}
    stored = await _stored(opted_in)
    assert stored is not None
    assert [(each.app_id, each.managed) for each in stored.apps] == [
        ("com.example.torch", None),
        ("com.example.mail", True),
    ]
    assert await _post(opted_in, _row(Version="5")) == (1, 0)
    assert (await _stored(opted_in) or stored).apps[-1].version == "5"


@pytest.mark.parametrize(
    ("row", "switches"),
    [
        (_row(), {"app_sync": False}),
        (_row(), {"app_sync": False, "app_sync_personal": True}),
        (_row(), {"enabled": {Platform.ANDROID}}),
        (_row(), {"state": "notSetUp"}),
        (app(Platform="Android"), {}),
        (app(), {}),
    ],
)
async def test_where_nobody_opted_in_nothing_is_left_of_an_app(
    opted_in: World, row: dict[str, Any], switches: dict[str, Any]
) -> None:
    await mirror_switches(opted_in, "better_mobile", **switches)
    opted_in.operations.clear()
    assert await _post(opted_in, row) == (0, 1)
    assert writes(opted_in) == {}


async def test_a_message_without_apps_asks_nothing_about_them(opted_in: World) -> None:
    await _post(opted_in, incident())
    assert opted_in.operations["inventory", "read"] == 0


async def test_what_was_reported_is_gone_after_a_day(opted_in: World) -> None:
    await _post(opted_in, _row())
    opted_in.clock.pass_time(hours=23, minutes=59)
    assert await _stored(opted_in) is not None
    opted_in.clock.pass_time(minutes=2)
    assert await _stored(opted_in) is None


async def test_instances_that_write_at_once_lose_nothing(opted_in: World) -> None:
    rows = [_row(f"com.example.a{number}") for number in range(12)]
    await asyncio.gather(*(_post(opted_in, row) for row in rows))
    stored = await _stored(opted_in)
    assert stored is not None
    assert {each.app_id for each in stored.apps} == {row["BundleId"] for row in rows}


async def test_a_store_that_is_away_has_the_message_sent_again(
    opted_in: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    opted_in.cosmos_faults.fail_next(503, container="inventory", times=9)
    with pytest.raises(StoreUnavailable):
        await _post(opted_in, _row())


async def test_writers_that_are_always_faster_have_the_message_sent_again(
    opted_in: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cosmos, "MAX_ATTEMPTS", 3)
    await _post(opted_in, _row())
    opted_in.clock.pass_time(minutes=1)
    opted_in.cosmos_faults.fail_next(412, container="inventory", operation="replace", times=3)
    with pytest.raises(StoreUnavailable, match="too many at once"):
        await _post(opted_in, _row())


async def test_apps_no_document_can_hold_are_left_out_and_not_asked_for_again(opted_in: World) -> None:
    opted_in.cosmos_faults.fail_next(413, container="inventory", operation="create")
    assert await _post(opted_in, _row()) == (0, 1)


async def test_a_partner_without_its_own_opt_in_keeps_nothing_beside_one_with_it(opted_in: World) -> None:
    fields = {"index": 0, "report_id": "r", "platform": Platform.IOS, "app_id": "com.example.torch"}
    records = [
        AppInventoryRecord(partner=partner, partner_device_id="d", **fields)
        for partner in ("lookout", "better_mobile")
    ]
    assert await keep_apps(opted_in.services, records) == 1
    assert await opted_in.services.store.read(AgentApps, agent_apps_id("lookout:d")) is None
