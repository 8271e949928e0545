"""The partner's fetch: what it may see now and then, by pages that hold still under change."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serve_console.inventory import DeviceApps, InventoryPage, fetch
from shared.domain.app_sync import OptIn, OptIns
from shared.domain.inventory import AgentApps, AppRow, Collected, SeenApp, agent_apps_id, trimmed
from shared.domain.model import DeviceFacts, Ownership, Slot
from shared.domain.record import Platform
from shared.errors import BadRequest, StoreUnavailable
from tests.opted_in import app_sync_world, mirror_switches
from tests.world import ENTRA_ID, INTUNE_ID, START, World, a_device

ON, FULL = OptIn(app_sync=True), OptIn(app_sync=True, app_sync_personal=True)
BOTH = {"lookout": ON, "better_mobile": ON}
COMPANY, PERSONAL = Ownership.COMPANY, Ownership.PERSONAL
MAIL, GAME = AppRow("Mail", managed=True), AppRow("Game", managed=False)


@pytest.fixture
async def one() -> AsyncIterator[World]:
    async with app_sync_world() as world:
        await mirror_switches(world)
        yield world


async def _put(
    one: World,
    number: int | None = None,
    *,
    partners: OptIns | None = None,
    ownership: Ownership = COMPANY,
    owner_now: Ownership | None = None,
    rows: tuple[AppRow, ...] = (MAIL, GAME),
    **device: Any,
) -> str:
    """A mirrored device and its inventory; `owner_now` is whose it became since."""
    facts: dict[str, Any] = {"ownership": owner_now or ownership}
    if number is not None:
        facts |= {"entra_id": f"e-{number:03}", "intune_id": f"i-{number:03}"}
    mirrored = a_device(**facts, **device)
    await one.services.store.create(mirrored)
    await _write(one, mirrored.id, mirrored.facts, partners, ownership, rows)
    return mirrored.id


async def _write(
    one: World,
    id_: str,
    facts: DeviceFacts,
    partners: OptIns | None = None,
    ownership: Ownership = COMPANY,
    rows: tuple[AppRow, ...] = (MAIL, GAME),
) -> None:
    granted = {"lookout": ON} if partners is None else partners
    collected = Collected.of(id_, facts.intune_id, ownership, granted, rows)
    await one.services.store.upsert(collected.document({}, one.clock()))


async def _fetch(
    one: World, since: str | None = None, partner: str = "lookout", top: str | None = None
) -> InventoryPage:
    return await fetch(one.services, partner, top, since)


async def _walk(
    one: World, partner: str = "lookout", top: str = "3"
) -> tuple[dict[str | None, DeviceApps], set[str | None]]:
    """All there is, as a partner would keep it."""
    kept: dict[str | None, DeviceApps] = {}
    removed: set[str | None] = set()
    page = await _fetch(one, None, partner, top)
    while True:
        kept |= {device.device_id: device for device in page.devices}
        for gone in page.removed:
            kept.pop(gone.device_id, None)
            removed.add(gone.device_id)
        if not page.more:
            return kept, removed
        page = await _fetch(one, page.since, partner, top)


def _names(page: InventoryPage) -> list[list[str | None]]:
    return [[app.name for app in device.apps] for device in page.devices]


# --- what is seen -------------------------------------------------------------------------------------


async def test_a_device_is_named_by_its_ids_and_by_nothing_personal(one: World) -> None:
    await _put(one)
    page = await _fetch(one)
    [device] = page.devices
    assert (device.device_id, device.intune_id, device.changed_at) == (ENTRA_ID, INTUNE_ID, START)
    text = page.model_dump_json()
    for personal in ("test phone", "SN-TEST-1", "7777"):
        assert personal not in text


async def test_a_device_entra_does_not_know_is_named_by_intunes_id(one: World) -> None:
    await _put(one, entra_id=None)
    [device] = (await _fetch(one)).devices
    assert (device.device_id, device.intune_id) == (None, INTUNE_ID)


async def test_while_nobody_opted_in_there_is_nothing(one: World) -> None:
    await mirror_switches(one, app_sync=False)
    page = await _fetch(one)
    assert page.model_dump() == {"devices": [], "removed": [], "since": None, "more": False}


async def test_of_devices_of_other_partners_a_partner_learns_nothing(one: World) -> None:
    await mirror_switches(one, "better_mobile")
    await _put(one, partners={"better_mobile": ON})
    assert (await _walk(one)) == ({}, set())
    assert ENTRA_ID in (await _walk(one, "better_mobile"))[0]


@pytest.mark.parametrize(
    ("then", "was", "now", "owner", "names"),
    [
        (ON, COMPANY, {}, COMPANY, ["Game", "Mail"]),
        (FULL, PERSONAL, {"app_sync_personal": True}, PERSONAL, ["Game", "Mail"]),
        # Allowed when it was collected, and not any more.
        (FULL, PERSONAL, {}, PERSONAL, ["Mail"]),
        (ON, COMPANY, {}, PERSONAL, ["Mail"]),
        (ON, COMPANY, {}, Ownership.UNKNOWN, ["Mail"]),
        # Allowed now, and not when it was collected: another partner might have it then.
        (ON, PERSONAL, {"app_sync_personal": True}, PERSONAL, ["Mail"]),
        (ON, PERSONAL, {}, COMPANY, ["Mail"]),
    ],
)
async def test_both_what_held_then_and_what_holds_now_must_allow_an_app(
    one: World, then: OptIn, was: Ownership, now: dict[str, Any], owner: Ownership, names: list[str]
) -> None:
    await mirror_switches(one, **now)
    await _put(one, partners={"lookout": then, "zimperium": FULL}, ownership=was, owner_now=owner)
    assert _names(await _fetch(one)) == [names]


@pytest.mark.parametrize(
    "switches",
    [{"app_sync": False}, {"state": "notSetUp"}, {"enabled": {Platform.ANDROID}}],
)
async def test_switched_off_and_not_purged_yet_a_device_is_gone_for_the_partner(
    one: World, switches: dict[str, Any]
) -> None:
    await _put(one)
    await mirror_switches(one, **switches)
    page = await _fetch(one)
    assert page.devices == []
    assert [device.device_id for device in page.removed] == [ENTRA_ID]


async def test_the_position_waits_for_a_purge_that_is_to_come(one: World) -> None:
    for number in range(3):
        await _put(one, number)
    first = await _fetch(one, top="1")
    await mirror_switches(one, app_sync=False)
    waiting = await _fetch(one, first.since)
    assert ([device.device_id for device in waiting.removed], waiting.more) == (["e-001", "e-002"], False)
    assert waiting.since == first.since
    await mirror_switches(one)
    assert [device.device_id for device in (await _fetch(one, waiting.since)).devices] == ["e-001", "e-002"]


async def test_an_inventory_that_came_before_its_device_is_shown_as_it_was_collected(one: World) -> None:
    await _write(one, ENTRA_ID, a_device().facts, ownership=PERSONAL)
    assert _names(await _fetch(one)) == [["Mail"]]


@pytest.mark.parametrize("update", [{"gone_at": START}, {"replaced_by": "e-999"}])
async def test_a_device_that_is_gone_or_another_by_now_is_not_shown(
    one: World, update: dict[str, Any]
) -> None:
    await _put(one)
    device = await one.device()
    found = await one.services.store.read(type(device), ENTRA_ID)
    assert found is not None
    await one.services.store.replace(device.model_copy(update=update), found.etag)
    assert ((await _fetch(one)).devices, len((await _fetch(one)).removed)) == ([], 1)


async def test_a_purged_device_is_one_to_forget_for_those_that_had_it_alone(one: World) -> None:
    await mirror_switches(one, "better_mobile")
    await _put(one)
    mirrored = await one.device()
    document = Collected.of(ENTRA_ID, INTUNE_ID, COMPANY, {"lookout": ON}, (MAIL,)).document({}, START)
    await one.services.store.upsert(trimmed(document, {}, mirrored.facts.ownership, START))
    assert await _walk(one) == ({}, {ENTRA_ID})
    assert await _walk(one, "better_mobile") == ({}, set())


async def test_a_device_nobody_can_read_is_reported_and_keeps_no_other_from_being_seen(
    one: World, caplog: pytest.LogCaptureFixture
) -> None:
    await _put(one)
    await _put(one, 2)
    proxy = await one.services.store._container("devices")
    item = await proxy.read_item(ENTRA_ID, ENTRA_ID)
    await proxy.upsert_item({**item, "facts": "very private"})
    assert [device.device_id for device in (await _fetch(one)).devices] == ["e-002"]
    assert f"unexpected where=inventory id={ENTRA_ID} what=a stored Device cannot be read" in caplog.text
    assert "private" not in caplog.text


# --- what the partner reported itself ---------------------------------------------------------------------


async def _reported(one: World, agent: str, *apps: str, at: Any = START, **fields: Any) -> None:
    partner = agent.partition(":")[0]
    seen = tuple(SeenApp(app_id=app, seen_at=at, **fields) for app in apps)
    await one.services.store.upsert(
        AgentApps(id=agent_apps_id(agent), agent=agent, partner=partner, apps=seen)
    )


def _slots(*agents: str, **fields: Any) -> dict[str, Slot]:
    return {
        agent: Slot(agent=agent, partner=agent.partition(":")[0], revision=1, since=START, **fields)
        for agent in agents
    }


async def _with_agents(one: World, slots: dict[str, Slot], **device: Any) -> None:
    await _put(one, **device)
    found = await one.services.store.read(type(await one.device()), ENTRA_ID)
    assert found is not None
    await one.services.store.replace(found.document.model_copy(update={"slots": slots}), found.etag)


async def test_a_partner_sees_its_own_inventory_filled_in_and_no_other_does(one: World) -> None:
    await mirror_switches(one, "better_mobile")
    await _with_agents(one, _slots("better_mobile:a", "lookout:b"), partners=BOTH)
    await _reported(one, "better_mobile:a", "com.example.mail", name="Mail", bundle_size=9)
    [device] = (await _fetch(one, partner="better_mobile")).devices
    filled = next(app for app in device.apps if app.name == "Mail")
    assert (filled.app_id, filled.bundle_size) == ("com.example.mail", 9)
    assert filled.filled == dict.fromkeys(("app_id", "bundle_size"), "partner:better_mobile")
    [other] = (await _fetch(one)).devices
    assert all(app.filled == {} and app.source == "intune" for app in other.apps)


async def test_what_was_reported_a_day_ago_fills_nothing(one: World) -> None:
    await _with_agents(one, _slots("lookout:a"))
    await _reported(one, "lookout:a", "com.example.torch")
    assert len((await _fetch(one)).devices[0].apps) == 3
    one.clock.pass_time(hours=23, minutes=59)
    assert len((await _fetch(one)).devices[0].apps) == 3
    await _reported(one, "lookout:a", "com.example.torch", at=START)
    one.clock.pass_time(minutes=1)
    assert len((await _fetch(one)).devices[0].apps) == 2


@pytest.mark.parametrize("left", [{"moved": True}, {"withdrawn": True}])
async def test_an_agent_that_left_the_device_fills_nothing(one: World, left: dict[str, bool]) -> None:
    await _with_agents(one, _slots("lookout:a", **left))
    await _reported(one, "lookout:a", "com.example.torch")
    assert len((await _fetch(one)).devices[0].apps) == 2


@pytest.mark.parametrize(
    ("managed", "personal", "seen"), [(True, False, 1), (False, False, 0), (None, False, 0), (False, True, 1)]
)
async def test_the_matrix_holds_for_what_a_partner_reported_too(
    one: World, managed: bool | None, personal: bool, seen: int
) -> None:
    await mirror_switches(one, app_sync_personal=personal)
    await _with_agents(one, _slots("lookout:a"), ownership=PERSONAL, rows=())
    await _reported(one, "lookout:a", "com.example.torch", managed=managed)
    assert len((await _fetch(one)).devices[0].apps) == seen


async def test_what_a_partner_reported_makes_no_entry_of_its_own(one: World) -> None:
    await _reported(one, "lookout:a", "com.example.torch")
    page = await _fetch(one)
    assert (page.devices, page.removed, page.more) == ([], [], True)
    assert not (await _fetch(one, page.since)).more


# --- pages --------------------------------------------------------------------------------------------


async def test_everything_comes_by_pages_and_then_only_what_changes(one: World) -> None:
    for number in range(7):
        await _put(one, number)
    first = await _fetch(one, top="4")
    second = await _fetch(one, first.since, top="4")
    end = await _fetch(one, second.since)
    assert [len(page.devices) for page in (first, second, end)] == [4, 3, 0]
    assert [page.more for page in (first, second, end)] == [True, True, False]
    assert end.since == second.since
    facts = a_device(entra_id="e-003", intune_id="i-003").facts
    await _write(one, "e-003", facts, rows=(MAIL,))
    after = await _fetch(one, end.since)
    assert ([device.device_id for device in after.devices], _names(after)) == (["e-003"], [["Mail"]])


async def test_a_position_can_be_asked_for_again_and_goes_into_an_address_as_it_is(one: World) -> None:
    for number in range(5):
        await _put(one, number)
    first = await _fetch(one, top="2")
    assert first.since is not None
    assert first.since.replace("-", "").replace("_", "").isalnum()
    assert await _fetch(one, first.since, top="2") == await _fetch(one, first.since, top="2")


async def test_nothing_is_missed_while_devices_change_under_the_fetch(one: World) -> None:
    ids = [await _put(one, number) for number in range(20)]

    async def change() -> None:
        for number in (3, 11, 0, 19, 7):
            facts = a_device(entra_id=f"e-{number:03}", intune_id=f"i-{number:03}").facts
            await _write(one, f"e-{number:03}", facts, rows=(AppRow(f"Changed {number}", managed=True),))
            await asyncio.sleep(0)

    (kept, _), *_ = await asyncio.gather(_walk(one), _walk(one), change(), _walk(one, top="1"))
    assert sorted(filter(None, kept)) == ids
    kept, _ = await _walk(one)
    changed = {device.apps[0].name for device in kept.values() if len(device.apps) == 1}
    assert changed == {f"Changed {number}" for number in (3, 11, 0, 19, 7)}


@pytest.mark.parametrize("top", ["0", "-1", "501", "x", "٣", ""])
async def test_a_senseless_number_of_devices_is_refused(one: World, top: str) -> None:
    with pytest.raises(BadRequest, match="top"):
        await _fetch(one, top=top)


@pytest.mark.parametrize("since", ["nonsense", "12", "a b", "{}", "é", "x" * 20_000, "../..", "null"])
async def test_a_position_that_is_none_is_refused(one: World, since: str) -> None:
    with pytest.raises(BadRequest, match="since"):
        await _fetch(one, since)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 399), byte=st.binary(min_size=1, max_size=1))
async def test_a_position_somebody_altered_is_refused_or_read_but_never_breaks(
    altered: tuple[World, str], place: int, byte: bytes
) -> None:
    one, since = altered
    text = base64.urlsafe_b64decode(since + "=" * (-len(since) % 4))
    place %= len(text)
    changed = base64.urlsafe_b64encode(text[:place] + byte + text[place + 1 :]).decode().rstrip("=")
    with contextlib.suppress(BadRequest):
        await _fetch(one, changed)


async def test_a_position_that_goes_beyond_the_container_is_refused(altered: tuple[World, str]) -> None:
    one, since = altered
    text = base64.urlsafe_b64decode(since + "=" * (-len(since) % 4)).replace(b'"max": "FF"', b'"max": "GF"')
    with pytest.raises(BadRequest, match="since"):
        await _fetch(one, base64.urlsafe_b64encode(text).decode().rstrip("="))


@pytest.fixture
async def altered(one: World) -> tuple[World, str]:
    for number in range(3):
        await _put(one, number)
    since = (await _fetch(one, top="2")).since
    assert since is not None
    return one, since


async def test_a_store_that_is_away_is_not_the_partners_mistake(one: World) -> None:
    await _put(one)
    one.cosmos_faults.fail_next(503, container="inventory", times=9)
    with pytest.raises(StoreUnavailable):
        await _fetch(one)
