"""Two runs at once, because one stood still for longer than its lease lasts: what the one that was overtaken
wrote, or records, later hides nothing from the run after both."""

from asyncio import CancelledError
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from shared.domain.inventory import Inventory
from shared.domain.runs import Run
from shared.errors import StoreUnavailable
from sync_inventory import run as running
from sync_inventory import steps
from sync_inventory.apps import collecting
from sync_inventory.lease import LASTS, release_lease
from sync_inventory.run import sync
from sync_inventory.side_by_side import side_by_side
from tests.opted_in import app_sync_world
from tests.sync_inventory.tenant import put_app_sync, put_apps, put_connector, put_mobile_app, put_phone, run
from tests.world import ENTRA_ID, INTUNE_ID, World


@pytest.fixture
async def one() -> AsyncIterator[World]:
    async with app_sync_world(app_sync_hours=24) as world:
        put_phone(world)
        put_apps(world, "Mail", "Game")
        put_mobile_app(world, "Mail", "com.example.mail")
        put_app_sync(world)
        yield world


async def _names(one: World) -> list[str | None]:
    found = await one.services.store.read(Inventory, ENTRA_ID)
    return [app.name for app in found.document.apps] if found else []


def _becomes_personal(one: World) -> None:
    put_phone(one, managedDeviceOwnerType="personal")


def _is_gone(one: World) -> None:
    one.tenant.remove_managed_device(INTUNE_ID)


def _is_opted_out(one: World) -> None:
    put_connector(one, "lookout")


@contextmanager
def _overtaken_before_it_writes(overtake: Callable[[], Awaitable[None]], *, killed: bool) -> Iterator[None]:
    overtaken = False

    async def late(batch: Any, *arguments: Any) -> None:
        nonlocal overtaken
        is_late, overtaken = not overtaken, True
        if is_late:
            await overtake()
        await side_by_side(batch, *arguments)
        if is_late and killed:
            raise CancelledError

    with patch.object(collecting, "side_by_side", late):
        yield


@pytest.mark.parametrize("killed", [True, False], ids=["stopped", "finished"])
@pytest.mark.parametrize(
    ("change", "left"), [(_becomes_personal, ["Mail"]), (_is_gone, []), (_is_opted_out, [])]
)
async def test_what_an_overtaken_run_writes_late_is_purged_by_the_next(
    one: World, change: Callable[[World], None], left: list[str], killed: bool
) -> None:
    async def overtake() -> None:
        one.clock.pass_time(seconds=LASTS.total_seconds())
        change(one)
        assert await sync(one.services) is not None

    with _overtaken_before_it_writes(overtake, killed=killed):
        await sync(one.services)
    assert await _names(one) == ["Game", "Mail"], "written after the other run had purged it"
    one.clock.pass_time(minutes=15)
    await run(one)
    assert await _names(one) == left


async def test_who_opts_in_again_after_a_run_that_was_cut_off_is_collected_again_at_once(one: World) -> None:
    await run(one)
    put_connector(one, "lookout")
    with patch.object(steps, "collect_apps", side_effect=CancelledError):
        await sync(one.services)
    one.clock.pass_time(minutes=15)
    await run(one)
    assert await _names(one) == []
    put_app_sync(one)
    one.clock.pass_time(minutes=15)
    await run(one)
    assert await _names(one) == ["Game", "Mail"]


async def test_a_run_that_is_recorded_late_does_not_hide_that_the_one_after_it_failed(one: World) -> None:
    await run(one)
    one.clock.pass_time(minutes=15)

    async def late(*arguments: Any) -> None:
        with patch.object(running, "release_lease", release_lease):
            one.clock.pass_time(seconds=LASTS.total_seconds())
            _becomes_personal(one)
            with patch.object(steps, "collect_apps", side_effect=StoreUnavailable("away")):
                assert isinstance(await sync(one.services), Run)
        await release_lease(*arguments)

    with patch.object(running, "release_lease", late):
        await sync(one.services)
    one.clock.pass_time(minutes=15)
    await run(one)
    assert await _names(one) == ["Mail"]
