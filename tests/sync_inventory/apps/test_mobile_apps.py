"""What Intune's own apps add to a row of its report."""

from typing import Any

import pytest

from shared.domain.inventory import AppRow
from shared.domain.model import Ownership
from shared.errors import GraphRefused
from sync_inventory.apps.mobile_apps import MobileApps
from tests.sync_inventory.tenant import put_mobile_app
from tests.world import World

COMPANY, PERSONAL, UNKNOWN = Ownership.COMPANY, Ownership.PERSONAL, Ownership.UNKNOWN


async def _joined(
    one: World, name: str | None = "Mail", ownership: Ownership = COMPANY
) -> tuple[str | None, bool | None]:
    row = (await MobileApps.read(one.services)).joined(AppRow(name, "1"), ownership)
    assert (row.name, row.version) == (name, "1")
    return row.app_id, row.managed


@pytest.mark.parametrize("kind", ["iosStoreApp", "iosLobApp", "iosVppApp", "managedIOSStoreApp"])
async def test_an_app_of_that_name_gives_its_bundle_id(tenant_world: World, kind: str) -> None:
    put_mobile_app(tenant_world, " MAIL ", "com.example.mail", **{"@odata.type": f"#microsoft.graph.{kind}"})
    assert await _joined(tenant_world) == ("com.example.mail", True)


async def test_an_app_for_another_platform_gives_nothing(tenant_world: World) -> None:
    kind = "#microsoft.graph.androidManagedStoreApp"
    put_mobile_app(tenant_world, "Mail", "com.example.mail", **{"@odata.type": kind})
    assert await _joined(tenant_world) == (None, False)


async def test_two_apps_of_one_name_leave_the_bundle_id_open(tenant_world: World) -> None:
    put_mobile_app(tenant_world, "Mail", "com.example.mail", "uninstall")
    put_mobile_app(tenant_world, "Mail", "org.example.mail")
    assert await _joined(tenant_world) == (None, True)


async def test_one_app_twice_is_one_app(tenant_world: World) -> None:
    put_mobile_app(tenant_world, "Mail", "com.example.mail", id="store")
    put_mobile_app(tenant_world, "mail", "com.example.mail", "uninstall", id="volume")
    assert await _joined(tenant_world) == ("com.example.mail", True)


@pytest.mark.parametrize(
    ("intent", "managed"),
    [("required", True), ("available", True), ("uninstall", False), ("availableWithoutEnrollment", False)],
)
async def test_on_a_companys_device_assigned_apps_are_managed(
    tenant_world: World, intent: str, managed: bool
) -> None:
    put_mobile_app(tenant_world, "Mail", "com.example.mail", intent)
    assert await _joined(tenant_world) == ("com.example.mail", managed)


async def test_an_app_assigned_to_nobody_is_not_managed(tenant_world: World) -> None:
    put_mobile_app(tenant_world, "Mail", "com.example.mail", assignments=[])
    assert await _joined(tenant_world) == ("com.example.mail", False)


@pytest.mark.parametrize(
    ("name", "ownership", "managed"),
    [
        ("Game", COMPANY, False),
        ("Game", PERSONAL, True),
        ("Game", UNKNOWN, None),
        ("Mail", COMPANY, True),
        ("Mail", PERSONAL, True),
        ("Mail", UNKNOWN, True),
        (None, COMPANY, False),
    ],
)
async def test_what_is_managed_depends_on_who_owns_the_device(
    tenant_world: World, name: str | None, ownership: Ownership, managed: bool | None
) -> None:
    put_mobile_app(tenant_world, "Mail", "com.example.mail")
    put_mobile_app(tenant_world, "", "com.example.nameless")
    assert (await _joined(tenant_world, name, ownership))[1] is managed


async def test_all_pages_are_read(tenant_world: World) -> None:
    for number in range(1500):
        fields: dict[str, Any] = {"id": f"{number:05}"}
        put_mobile_app(tenant_world, f"App {number}", f"com.example.a{number}", **fields)
    assert await _joined(tenant_world, "App 1499") == ("com.example.a1499", True)


async def test_apps_graph_does_not_show_are_an_error(tenant_world: World) -> None:
    tenant_world.graph_faults.fail(403, 1, path_contains="mobileApps")
    with pytest.raises(GraphRefused):
        await _joined(tenant_world)
