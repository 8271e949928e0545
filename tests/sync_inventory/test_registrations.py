"""What Entra's list says of a device beside the tag: restricted units, newer registrations of its user."""

from typing import Any

import pytest

from evaluate_risk.evaluation import evaluate
from serve_console.devices import explain, listing
from shared.domain.mode import Mode
from shared.errors import BadRequest
from tests.sync_inventory.tenant import put_phone, put_policy, run, spoil, step, writes
from tests.world import ENTRA_ID, USER_ID, World, a_threat, world

OTHER = "99999999-0000-4000-8000-000000000001"
SOMEBODY = "99999999-0000-4000-8000-0000000000aa"
BATCH = ("POST", "/$batch")
PHONE = {"operatingSystem": "iOS", "model": "iPhone 16"}


async def _blocked(world: World, **entra: Any) -> None:
    """A phone whose block was written a quarter of an hour ago."""
    put_policy(world)
    put_phone(world)
    world.tenant.put_entra_device({"deviceId": ENTRA_ID, **PHONE, **entra})
    await run(world)
    await evaluate(world.services, [a_threat().model_dump(mode="json")])
    assert world.entra_tag() == "mtd-block-high"
    world.clock.pass_time(minutes=15)


def _register(world: World, id_: str = OTHER, minutes: float = -5, **fields: Any) -> None:
    """Somebody registers a phone that Intune does not manage, so long before (or after) now."""
    world.clock.pass_time(minutes=minutes)
    at = world.clock().isoformat().replace("+00:00", "Z")
    world.clock.pass_time(minutes=-minutes)
    registered = {"isManaged": False, "owners": [USER_ID], "registrationDateTime": at}
    world.tenant.put_entra_device({"deviceId": id_, "operatingSystem": "IPhone", **registered, **fields})


async def test_a_restricted_phone_is_listed_as_such_before_any_tag_of_it(tenant_world: World) -> None:
    put_phone(tenant_world)
    tenant_world.tenant.put_entra_device({"deviceId": ENTRA_ID, "isManagementRestricted": True})
    tenant_world.tenant.put_entra_device({"deviceId": OTHER, "isManagementRestricted": True})
    assert (await step(tenant_world, "drift")).counts == {"restricted": 2, "registrations_written": 1}
    [row] = (await listing(tenant_world.services)).devices
    assert (row.id, row.restricted, row.tag_wanted) == (ENTRA_ID, True, None)
    assert (await listing(tenant_world.services, only="restricted")).devices == [row]
    assert (await listing(tenant_world.services, only="newer_registration")).devices == []
    with pytest.raises(BadRequest, match="only: expected restricted or newer_registration"):
        await listing(tenant_world.services, only="blocked")
    tenant_world.operations.clear()
    assert (await step(tenant_world, "drift")).counts == {"restricted": 2}
    assert writes(tenant_world) == {("settings", "replace"): 2}
    assert tenant_world.operations["devices", "read"] == 0
    tenant_world.tenant.put_entra_device({"deviceId": ENTRA_ID})
    await run(tenant_world)
    assert not (await listing(tenant_world.services)).devices[0].restricted


async def test_a_newer_registration_of_a_blocked_phones_user_is_shown_and_logged(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await _blocked(tenant_world)
    _register(tenant_world)
    tenant_world.graph_calls.clear()
    assert (await step(tenant_world, "drift")).counts["newer_registrations"] == 1
    assert tenant_world.graph_calls[BATCH] == 1
    found = (await explain(tenant_world.services, ENTRA_ID)).newer_registration
    assert found is not None
    assert found.id == OTHER
    assert (await listing(tenant_world.services)).devices[0].newer_registration == found
    assert [row.id for row in (await listing(tenant_world.services, only="newer_registration")).devices] == [
        ENTRA_ID
    ]
    assert (await listing(tenant_world.services, only="restricted")).devices == []
    assert f"newer_registration device={ENTRA_ID} registration={OTHER}" in caplog.text
    tenant_world.graph_calls.clear()
    tenant_world.operations.clear()
    assert (await step(tenant_world, "drift")).counts == {"as_it_should_be": 1}
    assert tenant_world.graph_calls[BATCH] == 0, "what is known is not asked again"
    assert writes(tenant_world) == {("settings", "replace"): 2}


@pytest.mark.parametrize(
    ("minutes", "fields", "asked"),
    [
        (-5, {"owners": [SOMEBODY]}, 1),
        (-5, {"owners": []}, 1),
        (-20, {}, 0),
        (-5, {"isManaged": True}, 0),
        (-5, {"operatingSystem": "Android"}, 0),
        (-5, {"operatingSystem": "Windows"}, 0),
        (-5, {"model": "iPad Air"}, 0),
        (-5, {"registrationDateTime": None}, 0),
        (-5, {"registrationDateTime": "yesterday"}, 0),
        (-5, {"model": "iPhone17,3"}, 1),
    ],
    ids=["another's", "nobody's", "older", "managed", "android", "pc", "ipad", "undated", "odd", "same kind"],
)
async def test_only_what_may_be_the_same_phone_is_asked_for(
    tenant_world: World, minutes: float, fields: dict[str, Any], asked: int
) -> None:
    await _blocked(tenant_world)
    _register(tenant_world, minutes=minutes, **fields)
    tenant_world.graph_calls.clear()
    done = await step(tenant_world, "drift")
    assert (done.ok, tenant_world.graph_calls[BATCH]) == (True, asked)
    found = (await explain(tenant_world.services, ENTRA_ID)).newer_registration
    assert (found is not None) is (asked == 1 and "owners" not in fields)


async def test_it_is_forgotten_once_the_other_registration_is_gone_or_the_phone_is_let_in(
    tenant_world: World,
) -> None:
    await _blocked(tenant_world)
    _register(tenant_world)
    await run(tenant_world)
    tenant_world.tenant.remove_entra_device(OTHER)
    await run(tenant_world)
    assert (await explain(tenant_world.services, ENTRA_ID)).newer_registration is None
    _register(tenant_world)
    await run(tenant_world)
    assert (await explain(tenant_world.services, ENTRA_ID)).newer_registration is not None
    put_policy(tenant_world, "high")
    await run(tenant_world)
    await run(tenant_world)
    assert tenant_world.entra_tag() == "mtd-ok"
    assert (await explain(tenant_world.services, ENTRA_ID)).newer_registration is None


async def test_no_more_than_one_batch_of_owners_is_asked_for_a_sync(tenant_world: World) -> None:
    await _blocked(tenant_world)
    for number in range(30):
        _register(tenant_world, f"99999999-0000-4000-8000-1000000000{number:02}", owners=[SOMEBODY])
    tenant_world.graph_calls.clear()
    await run(tenant_world)
    assert tenant_world.graph_calls[BATCH] == 1
    assert sum(n for (_, path), n in tenant_world.graph_calls.items() if "registeredOwners" in path) == 20


async def test_owners_that_graph_does_not_give_cost_nothing_else(tenant_world: World) -> None:
    await _blocked(tenant_world)
    _register(tenant_world)
    tenant_world.graph_faults.fail(403, 1, path_contains="registeredOwners")
    done = await step(tenant_world, "drift")
    assert (done.ok, done.counts) == (True, {"as_it_should_be": 1, "owners_unknown": 1})
    assert (await step(tenant_world, "drift")).counts["newer_registrations"] == 1


async def test_where_intunes_devices_were_not_read_nothing_is_said(tenant_world: World) -> None:
    await _blocked(tenant_world)
    _register(tenant_world)
    tenant_world.graph_faults.fail(403, 1, path_contains="managedDevices?")
    done = await run(tenant_world)
    assert [each.step for each in done.steps if not each.ok] == ["devices"]
    assert next(each.counts for each in done.steps if each.step == "drift") == {"as_it_should_be": 1}


async def test_a_device_whose_document_cannot_be_read_fails_alone(tenant_world: World) -> None:
    await _blocked(tenant_world)
    tenant_world.tenant.put_entra_device(
        {
            **(tenant_world.tenant.entra_device(ENTRA_ID) or {}),
            "isManagementRestricted": True,
        }
    )
    await spoil(tenant_world, ENTRA_ID, history="none")
    done = await step(tenant_world, "drift")
    assert not done.ok
    assert ENTRA_ID in (done.error or "")


async def test_outside_enforce_nothing_is_read() -> None:
    async with world(mode=Mode.REPORT) as reporting:
        put_phone(reporting)
        reporting.tenant.put_entra_device({"deviceId": ENTRA_ID, "isManagementRestricted": True})
        await run(reporting)
        assert not (await listing(reporting.services)).devices[0].restricted
