"""App inventory from switch to store: what is collected, what it costs, and what opting out leaves."""

import pathlib
import threading
from asyncio import CancelledError
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO
from unittest.mock import patch

import pytest

from shared.domain.app_sync import OptIn
from shared.domain.inventory import AgentApps, Collected, Inventory
from shared.domain.model import Ownership
from shared.errors import GraphUnavailable, StoreUnavailable
from sync_inventory import steps
from sync_inventory.apps import collecting
from sync_inventory.apps.export import AppExport
from sync_inventory.apps.rows import AppRows
from sync_inventory.run import sync
from sync_inventory.side_by_side import side_by_side
from tests.opted_in import app_sync_world
from tests.sync_inventory.tenant import (
    inventory,
    put_app_sync,
    put_apps,
    put_connector,
    put_mobile_app,
    put_phone,
    run,
    step,
    stored,
    writes,
)
from tests.world import ENTRA_ID, INTUNE_ID, World

PERSONAL = {"managedDeviceOwnerType": "personal"}
OTHER = ("intune-2", "entra-2")
JOBS = ("POST", "/deviceManagement/reports/exportJobs")


@pytest.fixture
async def one() -> AsyncIterator[World]:
    async with app_sync_world() as world:
        put_phone(world)
        put_apps(world, "Mail", "Game")
        put_mobile_app(world, "Mail", "com.example.mail")
        yield world


async def _absent(one: World, device_id: str = ENTRA_ID) -> bool:
    return await one.services.store.read(Inventory, device_id) is None


async def _names(one: World, device_id: str = ENTRA_ID) -> list[str | None]:
    return [app.name for app in (await inventory(one, device_id)).apps]


async def _state(one: World) -> AppExport:
    found = await one.services.store.read(AppExport, "run:app_export")
    assert found is not None
    return found.document


# --- opting in ----------------------------------------------------------------------------------------


async def test_by_default_nothing_is_asked_for_and_nothing_written(one: World) -> None:
    put_connector(one, "lookout")
    put_connector(one, "better_mobile", allowPartnerToCollectIOSPersonalApplicationMetadata=True)
    done = await run(one)
    assert done.ok
    assert not [call for call in one.graph_calls if "export" in call[1] or "mobileApps" in call[1]]
    assert not [key for key in one.operations if key[0] == "inventory"]


async def test_an_opted_in_device_has_what_graph_can_give(one: World) -> None:
    put_app_sync(one)
    counts = (await step(one, "apps")).counts
    size = {"zip_bytes", "scratch_bytes"}
    assert {name: count for name, count in counts.items() if name not in size} == {
        "apps": 2,
        "rows": 2,
        "rows_kept": 2,
        "written": 1,
    }
    assert all(counts[name] > 0 for name in size)
    document = await inventory(one)
    assert (document.intune_id, document.ownership) == (INTUNE_ID, Ownership.COMPANY)
    assert document.partners == {"lookout": OptIn(app_sync=True)}
    assert [tuple(app.row) for app in document.apps] == [
        ("Game", "1.0", None, None, False),
        ("Mail", "1.0", None, "com.example.mail", True),
    ]
    assert (await _state(one)).done_at == one.clock()


@pytest.mark.parametrize(
    ("personal", "owner", "names"),
    [
        (False, "company", ["Game", "Mail"]),
        (False, "personal", ["Game", "Mail"]),  # the report holds managed apps alone
        (False, "unknown", ["Mail"]),
        (True, "company", ["Game", "Mail"]),
        (True, "personal", ["Game", "Mail"]),
        (True, "unknown", ["Game", "Mail"]),
    ],
)
async def test_the_matrix_decides_what_is_collected(
    one: World, personal: bool, owner: str, names: list[str]
) -> None:
    put_app_sync(one, personal=personal)
    put_phone(one, managedDeviceOwnerType=owner)
    await run(one)
    assert await _names(one) == names


async def test_android_is_never_collected_whatever_the_report_says(one: World) -> None:
    put_app_sync(one, personal=True)
    put_phone(one, *OTHER, operatingSystem="Android", serialNumber="SN-2")
    put_apps(one, "Torch", intune_id="intune-2")
    one.graph_faults.export(filter_ignored=True)
    counts = (await step(one, "apps")).counts
    assert (counts["rows"], counts["rows_kept"]) == (3, 2)
    assert await _absent(one, "entra-2")


async def test_each_partner_is_named_with_its_own_toggles(one: World) -> None:
    put_app_sync(one)
    put_app_sync(one, "better_mobile", personal=True)
    await run(one)
    both = (await inventory(one)).partners
    assert both == {
        "lookout": OptIn(app_sync=True),
        "better_mobile": OptIn(app_sync=True, app_sync_personal=True),
    }


async def test_a_device_without_apps_has_no_inventory_and_one_that_lost_them_an_empty_one(
    one: World,
) -> None:
    put_app_sync(one)
    put_phone(one, *OTHER, serialNumber="SN-2")
    await run(one)
    assert await _absent(one, "entra-2")
    put_apps(one)
    put_apps(one, "Torch", intune_id="intune-2")
    await run(one)
    assert await _names(one) == []
    assert await _names(one, "entra-2") == ["Torch"]


async def test_a_report_of_no_app_on_any_device_changes_nothing_and_is_reported(one: World) -> None:
    put_app_sync(one)
    await run(one)
    put_apps(one)
    assert (await step(one, "apps")).counts["ordered"] == 1, "once more, without its filter"
    assert await _names(one) == ["Game", "Mail"]
    done = await step(one, "apps")
    assert done.error == "Intune's export names no app on any device: inventories stay as they are"
    assert await _names(one) == ["Game", "Mail"]


async def test_an_export_whose_filter_meets_nothing_comes_once_without_it(
    one: World, caplog: pytest.LogCaptureFixture
) -> None:
    put_app_sync(one)
    one.graph_faults.export(9, filter_meets_none=True)
    jobs = one.graph_calls[JOBS]
    with caplog.at_level("WARNING", "mtd"):
        assert (await step(one, "apps")).counts["ordered"] == 1
    assert "unknown_word what=export_filter" in caplog.text
    assert await _absent(one)
    await run(one)
    assert await _names(one) == ["Game", "Mail"]
    one.clock.pass_time(hours=25)
    await run(one)
    assert one.graph_calls[JOBS] - jobs == 3, "what holds everything back is not asked for again"


async def test_where_there_is_no_iphone_there_is_nothing_to_collect_and_nothing_wrong(one: World) -> None:
    put_app_sync(one)
    put_phone(one, operatingSystem="Android")
    done = await step(one, "apps")
    assert done.ok
    assert "written" not in done.counts
    assert (await _state(one)).done_at == one.clock()


# --- what it costs ------------------------------------------------------------------------------------


async def test_only_changed_devices_are_written(one: World) -> None:
    put_app_sync(one)
    put_phone(one, *OTHER, serialNumber="SN-2")
    put_apps(one, "Torch", intune_id="intune-2")
    await run(one)
    put_apps(one, "Torch", "Mail", intune_id="intune-2")
    one.clock.pass_time(hours=1)
    one.operations.clear()
    counts = (await step(one, "apps")).counts
    assert (counts["written"], counts["unchanged"]) == (1, 1)
    assert {key: count for key, count in writes(one).items() if key[0] == "inventory"} == {
        ("inventory", "upsert"): 1
    }
    assert (await inventory(one, "entra-2")).changed_at == one.clock()


async def test_checking_in_changes_nothing(one: World) -> None:
    put_app_sync(one)
    await run(one)
    before = await inventory(one)
    put_phone(one, lastSyncDateTime="2026-06-01T11:59:00Z", osVersion="19.2", complianceState="noncompliant")
    one.clock.pass_time(hours=1)
    assert "written" not in (await step(one, "apps")).counts
    assert await inventory(one) == before


async def test_between_exports_nothing_is_listed_or_asked_for() -> None:
    async with app_sync_world(app_sync_hours=24) as one:
        put_phone(one)
        put_apps(one, "Mail")
        put_app_sync(one)
        await run(one)
        one.clock.pass_time(hours=23)
        one.operations.clear()
        one.graph_calls.clear()
        await run(one)
        assert not [key for key in one.operations if key[0] == "inventory"]
        assert one.graph_calls[JOBS] == 0
        assert {key[0] for key in writes(one)} == {"settings"}  # the run's own record
        one.clock.pass_time(hours=1)
        await run(one)
        assert one.graph_calls[JOBS] == 1


@pytest.mark.parametrize("more", [{"personal": True}, {"partner": "better_mobile"}])
async def test_opting_in_to_more_has_it_fetched_at_once(more: dict[str, Any]) -> None:
    async with app_sync_world(app_sync_hours=24) as one:
        put_phone(one, managedDeviceOwnerType="unknown")
        put_apps(one, "Game")
        put_app_sync(one)
        await run(one)
        put_app_sync(one, **more)
        one.clock.pass_time(minutes=15)
        await run(one)
        assert one.graph_calls[JOBS] == 2
        assert (await _state(one)).done_at == one.clock()


async def test_inventories_are_never_all_in_memory(one: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "BATCH", 2)
    put_app_sync(one)
    for number in range(5):
        put_phone(one, f"intune-{number}", f"entra-{number}", serialNumber=f"SN-{number}")
        put_apps(one, "Torch", intune_id=f"intune-{number}")
    taken: list[int] = []

    async def counting(batch: list[Any], *arguments: Any) -> None:
        taken.append(len(batch))
        await side_by_side(batch, *arguments)

    monkeypatch.setattr(collecting, "side_by_side", counting)
    assert (await step(one, "apps")).counts["written"] == 6
    assert taken == [2, 2, 2]


# --- cut off ------------------------------------------------------------------------------------------


async def test_a_run_cut_off_while_writing_goes_on_with_the_same_export(one: World) -> None:
    put_app_sync(one)
    for number in range(20):
        put_phone(one, f"intune-{number}", f"entra-{number}", serialNumber=f"SN-{number}")
        put_apps(one, "Torch", intune_id=f"intune-{number}")
    one.cosmos_faults.fail_next(503, container="inventory", operation="upsert", times=200)
    done = await run(one)
    assert [each.step for each in done.steps if not each.ok] == ["apps"]
    one.cosmos_faults.clear()
    done = await run(one)
    assert done.ok
    assert one.graph_calls[JOBS] == 1
    assert await _names(one, "entra-7") == ["Torch"]


async def test_without_a_sweep_an_export_waits(one: World, monkeypatch: pytest.MonkeyPatch) -> None:
    put_app_sync(one)
    one.graph_faults.fail(500, 9, path_contains="managedDevices?")
    done = await run(one)
    assert [each.step for each in done.steps if not each.ok] == ["devices", "apps"]
    assert {each.step: each.counts for each in done.steps}["apps"] == {}
    one.graph_faults.clear()
    await run(one)
    assert one.graph_calls[JOBS] == 1
    assert await _names(one) == ["Game", "Mail"]


# --- opting out ---------------------------------------------------------------------------------------


async def test_opting_out_purges_in_the_same_run_even_when_graph_exports_nothing(one: World) -> None:
    put_app_sync(one)
    await run(one)
    put_connector(one, "lookout")
    one.graph_faults.fail(500, 99, path_contains="exportJobs")
    one.clock.pass_time(minutes=15)
    assert (await step(one, "apps")).counts == {"purged": 1}
    left = await stored(one, ENTRA_ID, "inventory")
    assert "Mail" not in str(left)
    assert left["withdrawn"] == {"lookout": "2026-06-01T12:15:00.000000Z"}
    state = await _state(one)
    assert (state.held, state.collected, state.job) == ({}, {}, None)


async def test_a_purge_is_reported(one: World, caplog: pytest.LogCaptureFixture) -> None:
    put_app_sync(one)
    await run(one)
    put_connector(one, "lookout")
    with caplog.at_level("INFO", "mtd"):
        await run(one)
    assert f"inventory_purged document={ENTRA_ID} what=purged" in caplog.text


async def test_what_is_left_of_a_purged_inventory_goes_after_thirty_days(one: World) -> None:
    put_app_sync(one)
    await run(one)
    put_connector(one, "lookout")
    await run(one)
    one.clock.pass_time(days=29)
    assert not await _absent(one)
    one.clock.pass_time(days=2)
    assert await _absent(one)


async def test_full_inventory_switched_off_leaves_managed_apps_and_nothing_is_written_again() -> None:
    async with app_sync_world(app_sync_hours=24) as one:
        put_phone(one, managedDeviceOwnerType="unknown")
        put_apps(one, "Mail", "Game")
        put_mobile_app(one, "Mail", "com.example.mail")
        put_app_sync(one, personal=True)
        await run(one)
        put_app_sync(one)
        assert (await step(one, "apps")).counts == {"trimmed": 1}
        assert await _names(one) == ["Mail"]
        one.operations.clear()
        assert (await step(one, "apps")).counts == {}
        assert not [key for key in one.operations if key[0] == "inventory"]


async def test_a_purge_that_was_cut_off_is_finished_by_the_next_run(one: World) -> None:
    put_app_sync(one)
    await run(one)
    put_connector(one, "lookout")
    one.cosmos_faults.fail_next(503, container="inventory", operation="replace", times=9)
    done = await run(one)
    assert [each.step for each in done.steps if not each.ok] == ["apps"]
    one.cosmos_faults.clear()
    assert (await step(one, "apps")).counts == {"purged": 1}


async def test_opting_out_needs_no_sweep_and_no_rules(one: World) -> None:
    put_app_sync(one)
    await run(one)
    put_connector(one, "lookout")
    one.graph_faults.fail(500, 99, path_contains="managedDevices?")
    proxy = await one.services.store._container("settings")
    await proxy.upsert_item({"id": "rules", "rules": "spoiled"})
    await run(one)
    assert (await inventory(one)).apps == ()


async def test_an_export_nobody_may_have_any_more_is_not_waited_for(one: World) -> None:
    put_app_sync(one)
    one.graph_faults.export(stuck=True)
    await run(one)
    assert (await _state(one)).job is not None
    put_connector(one, "lookout")
    polls = one.graph_calls["GET", "/deviceManagement/reports/exportJobs/{id}"]
    await run(one)
    assert (await _state(one)).job is None
    assert one.graph_calls["GET", "/deviceManagement/reports/exportJobs/{id}"] == polls


async def test_what_a_partner_reported_itself_goes_with_its_opt_in(one: World) -> None:
    put_app_sync(one)
    put_app_sync(one, "better_mobile")
    for partner in ("lookout", "better_mobile"):
        agent = AgentApps(id=f"agent:{partner}:d", agent=f"{partner}:d", partner=partner)
        await one.services.store.create(agent)
    await run(one)
    put_connector(one, "better_mobile")
    assert (await step(one, "apps")).counts["agents_purged"] == 1
    assert await one.services.store.read(AgentApps, "agent:better_mobile:d") is None
    assert await one.services.store.read(AgentApps, "agent:lookout:d") is not None


async def test_opting_in_again_collects_again(one: World) -> None:
    put_app_sync(one)
    await run(one)
    put_connector(one, "lookout")
    await run(one)
    put_app_sync(one)
    await run(one)
    again = await inventory(one)
    assert [app.name for app in again.apps] == ["Game", "Mail"]
    assert (again.withdrawn, again.purged_at, again.ttl) == ({}, None, None)


# --- devices that change ------------------------------------------------------------------------------


async def test_a_device_that_becomes_personal_loses_its_unmanaged_apps_in_the_same_run() -> None:
    async with app_sync_world(app_sync_hours=24) as one:
        put_phone(one)
        put_apps(one, "Mail", "Game")
        put_mobile_app(one, "Mail", "com.example.mail")
        put_app_sync(one)
        await run(one)
        put_phone(one, **PERSONAL)
        assert (await step(one, "apps")).counts == {"trimmed": 1}
        assert await _names(one) == ["Mail"]


@contextmanager
def _cut_off(error: BaseException) -> Iterator[None]:
    """A run that does not come as far as its inventories."""
    with patch.object(steps, "collect_apps", side_effect=error):
        yield


KILLED = CancelledError()


@pytest.mark.parametrize("error", [KILLED, StoreUnavailable("cut off")], ids=["killed", "failed"])
async def test_what_changed_hands_in_a_run_that_was_cut_off_is_purged_by_the_next(
    error: BaseException,
) -> None:
    async with app_sync_world(app_sync_hours=24) as one:
        put_phone(one)
        put_phone(one, *OTHER, serialNumber="SN-2")
        put_apps(one, "Mail", "Game")
        put_apps(one, "Torch", intune_id="intune-2")
        put_mobile_app(one, "Mail", "com.example.mail")
        put_app_sync(one)
        await run(one)
        put_phone(one, **PERSONAL)
        one.tenant.remove_managed_device("intune-2")
        with _cut_off(error):
            assert (await sync(one.services) is None) is (error is KILLED)
        assert await _names(one) == ["Game", "Mail"]
        one.clock.pass_time(minutes=15)
        assert (await step(one, "apps")).counts == {"trimmed": 1, "purged": 1}
        assert await _names(one) == ["Mail"]
        assert await _names(one, "entra-2") == []
        await run(one)
        one.operations.clear()
        assert (await step(one, "apps")).counts == {}
        assert not [key for key in one.operations if key[0] == "inventory"]


async def test_what_changed_hands_is_purged_once_the_devices_can_be_read_again() -> None:
    async with app_sync_world(app_sync_hours=24) as one:
        put_phone(one)
        put_apps(one, "Game")
        put_app_sync(one)
        await run(one)
        put_phone(one, **PERSONAL)
        with _cut_off(KILLED):
            await sync(one.services)
        one.graph_faults.fail(500, 9, path_contains="managedDevices?")
        one.clock.pass_time(minutes=15)
        done = await run(one)
        assert [each.step for each in done.steps if not each.ok] == ["devices", "apps"]
        one.graph_faults.clear()
        one.clock.pass_time(minutes=15)
        await run(one)
        assert await _names(one) == []


async def test_what_changed_hands_in_a_sweep_that_was_begun_again_is_purged_in_the_same_run() -> None:
    async with app_sync_world(app_sync_hours=24) as one:
        put_phone(one)
        put_phone(one, *OTHER, serialNumber="SN-2")
        put_apps(one, "Mail", "Game")
        put_mobile_app(one, "Mail", "com.example.mail")
        put_app_sync(one)
        await run(one)
        put_phone(one, **PERSONAL)
        one.tenant.remove_managed_device("intune-2")
        with patch.object(steps, "settle_rules", side_effect=[GraphUnavailable("away"), None]):
            done = await run(one)
        assert {each.step: bool(each.tried_again) for each in done.steps}["devices"]
        assert await _names(one) == ["Mail"]


async def test_a_gone_device_loses_its_inventory_in_the_same_run_and_a_missing_one_keeps_it() -> None:
    async with app_sync_world(app_sync_hours=24) as one:
        for intune_id, entra_id in ((INTUNE_ID, ENTRA_ID), OTHER):
            put_phone(one, intune_id, entra_id, serialNumber=f"SN-{intune_id}")
            put_apps(one, "Mail", intune_id=intune_id)
        put_app_sync(one)
        await run(one)
        one.tenant.remove_managed_device(INTUNE_ID)
        one.graph_faults.truncate(0, "managedDevices?")
        done = await run(one)
        assert {each.step: each.counts for each in done.steps}["apps"] == {"purged": 1}
        assert await _names(one) == []
        assert await _names(one, "entra-2") == ["Mail"]


async def test_a_device_that_became_another_leaves_no_inventory_behind(one: World) -> None:
    put_app_sync(one)
    put_phone(one, entra_id="")
    await run(one)
    old = f"intune:{INTUNE_ID}"
    assert await _names(one, old) == ["Game", "Mail"]
    put_phone(one)
    await run(one)
    assert (await inventory(one, old)).apps == ()
    assert await _names(one) == ["Game", "Mail"]


async def test_leftovers_of_a_run_that_was_cut_off_go_with_the_next_export(one: World) -> None:
    put_app_sync(one)
    await run(one)
    document = await inventory(one)
    await one.services.store.create(document.model_copy(update={"id": "never-mirrored"}))
    assert (await step(one, "apps")).counts["purged"] == 1
    assert await _names(one, "never-mirrored") == []


async def test_an_inventory_nobody_can_read_goes_where_something_of_it_may_not_stay(one: World) -> None:
    put_app_sync(one)
    await run(one)
    proxy = await one.services.store._container("inventory")
    item = await proxy.read_item(ENTRA_ID, ENTRA_ID)
    await proxy.upsert_item({**item, "apps": "very private"})
    put_connector(one, "lookout")
    assert (await step(one, "apps")).counts == {"unreadable_purged": 1}
    assert await _absent(one)


async def test_rows_are_read_and_compared_in_another_thread(
    one: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_app_sync(one)
    threads: set[bool] = set()
    take, digest = AppRows.take, Collected.digest

    def taking(rows: AppRows, path: pathlib.Path) -> Any:
        threads.add(threading.current_thread() is threading.main_thread())
        return take(rows, path)

    def digesting(device: Collected) -> str:
        threads.add(threading.current_thread() is threading.main_thread())
        return str(digest.__get__(device))

    monkeypatch.setattr(AppRows, "take", taking)
    await run(one)
    monkeypatch.setattr(Collected, "digest", property(digesting))
    assert (await step(one, "apps")).counts["unchanged"] == 1
    assert threads == {False}


class _Unquoted:
    """Writes CSV as Intune's export was seen: without quotes around a name that holds a comma."""

    def __init__(self, lines: TextIO) -> None:
        self._lines = lines

    def writerow(self, row: Iterable[object]) -> None:
        self._lines.write(",".join(map(str, row)) + "\r\n")

    def writerows(self, rows: Iterable[Iterable[object]]) -> None:
        for row in rows:
            self.writerow(row)


async def test_a_row_with_a_comma_and_no_quotes_is_counted_and_shifts_nothing(
    one: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.graph.report.csv.writer", _Unquoted)
    put_apps(one, "Mail, Calendar", "Torch")
    put_app_sync(one)
    counts = (await step(one, "apps")).counts
    assert (counts["rows"], counts["rows_unreadable"]) == (2, 1)
    assert await _names(one) == ["Torch"]
