"""What an admin's tenant holds, put there for a test, and the runs of the sync against it."""

from typing import Any

from infra.access.templates import APPLICATIONS, policies
from local.graph.directory import Kind
from local.graph.inventory import put_detected_apps
from shared.domain.inventory import Inventory
from shared.domain.model import Agent, Device, Link
from shared.domain.runs import Run, Runs, StepRun
from sync_inventory.run import sync
from tests.world import ENTRA_ID, INTUNE_ID, USER_ID, World

POLICY_TYPE = "#microsoft.graph.iosCompliancePolicy"
GROUP = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
"""The group that the policies exclude."""
ZERO = "00000000-0000-0000-0000-000000000000"
WRITES = ("create", "replace", "upsert", "delete", "patch", "batch")


def put_phone(world: World, intune_id: str = INTUNE_ID, entra_id: str = ENTRA_ID, **fields: Any) -> None:
    """A phone in Intune and, where its Entra id is one, in Entra."""
    values = {
        "serialNumber": "SN-TEST-1",
        "deviceName": "test phone",
        "userId": USER_ID,
        "operatingSystem": "iOS",
        "osVersion": "19.1",
        "managedDeviceOwnerType": "company",
        "complianceState": "compliant",
        "partnerReportedThreatState": "unknown",
        "lastSyncDateTime": "2026-06-01T11:00:00Z",
    }
    world.tenant.put_managed_device({"id": intune_id, "azureADDeviceId": entra_id, **values, **fields})
    if entra_id.strip("0-") and world.tenant.entra_device(entra_id) is None:
        world.tenant.put_entra_device({"deviceId": entra_id, "extensionAttributes": {}})


def put_policy(world: World, level: str | None = "low", id_: str = "policy-1", **fields: Any) -> None:
    """A compliance policy for all users."""
    world.tenant.put_policy(
        {
            "@odata.type": POLICY_TYPE,
            "id": id_,
            "displayName": f"at most {level}",
            "deviceThreatProtectionEnabled": True,
            "deviceThreatProtectionRequiredSecurityLevel": level,
            "assignments": [{"target": target("allLicensedUsersAssignmentTarget")}],
            "scheduledActionsForRule": [],
            **fields,
        }
    )


def target(kind: str) -> dict[str, str]:
    return {"@odata.type": f"#microsoft.graph.{kind}"}


def put_access_policies(world: World, state: str = "enabled", **conditions: Any) -> None:
    """Both shipped Conditional Access policies in a state; `conditions` of the first are replaced."""
    for name, policy in zip(("block", "companion"), policies(GROUP, APPLICATIONS, 7), strict=False):
        document = {"id": name, **policy, "state": state}
        if name == "block":
            document["conditions"] = {**document["conditions"], **conditions}
        world.tenant.put(Kind.ACCESS_POLICY, name, document)


def put_connector(world: World, id_: str = "connector-1", **fields: Any) -> None:
    """An enabled Mobile Threat Defense connector."""
    values = {"partnerState": "enabled", "iosEnabled": True, "androidEnabled": True}
    world.tenant.put_connector({"id": id_, **values, **fields})


def put_apps(world: World, *names: str, intune_id: str = INTUNE_ID) -> None:
    """What Intune's inventory has on a device from now on, by name."""
    apps = [{"ApplicationName": name, "ApplicationVersion": "1.0"} for name in names]
    put_detected_apps(world.tenant, {"deviceId": intune_id, "apps": apps})


def put_mobile_app(
    world: World, name: str, bundle_id: str | None, intent: str = "required", **fields: Any
) -> None:
    """An app Intune manages, assigned to somebody."""
    app = {"@odata.type": "#microsoft.graph.iosVppApp", "displayName": name, "bundleId": bundle_id}
    assignments = [{"intent": intent, "target": target("allLicensedUsersAssignmentTarget")}]
    id_ = f"{name}-{bundle_id}"
    world.tenant.put_mobile_app({"id": id_, **app, "assignments": assignments, **fields})


def put_app_sync(world: World, partner: str = "lookout", **fields: Any) -> None:
    """A partner's connector with App Sync on; `personal` is the other toggle."""
    personal = {"allowPartnerToCollectIOSPersonalApplicationMetadata": fields.pop("personal", False)}
    on = {"allowPartnerToCollectIOSApplicationMetadata": True}
    put_connector(world, partner, **{**on, **personal, **fields})


async def inventory(world: World, device_id: str = ENTRA_ID) -> Inventory:
    """A device's inventory as it is stored."""
    found = await world.services.store.read(Inventory, device_id)
    assert found is not None
    return found.document


def put_tag(world: World, value: str | None, entra_id: str = ENTRA_ID) -> None:
    """Somebody writes the tag's attribute by hand."""
    attribute = world.services.settings.attribute
    world.tenant.put_entra_device({"deviceId": entra_id, "extensionAttributes": {attribute: value}})


async def run(world: World) -> Run:
    """One run that must leave a record."""
    done = await sync(world.services)
    assert done is not None
    found = await world.services.store.read(Runs, "run:sync")
    assert found is not None
    assert found.document.runs[0] == done
    return done


async def step(world: World, name: str) -> StepRun:
    """The named step of a run in which everything else went through."""
    done = await run(world)
    assert [(each.step, each.error) for each in done.steps if not each.ok and each.step != name] == []
    return next(each for each in done.steps if each.step == name)


async def link(world: World, key: str) -> Link | None:
    found = await world.services.store.read(Link, key)
    return found.document if found else None


async def agent(world: World, id_: str = "lookout:agent-1") -> Agent:
    found = await world.services.store.read(Agent, id_)
    assert found is not None
    return found.document


async def absent(world: World, device_id: str) -> bool:
    return await world.services.store.read(Device, device_id) is None


def writes(world: World) -> dict[tuple[str, str], int]:
    """What was written since the counter was cleared, by container and operation."""
    return {key: count for key, count in world.operations.items() if key[1] in WRITES}


async def spoil(world: World, id_: str, container: str = "devices", **fields: Any) -> dict[str, Any]:
    """Put into a stored document what nobody can read; the document as it is then stored."""
    proxy = await world.services.store._container(container)
    item = await proxy.read_item(id_, id_)
    return dict(await proxy.upsert_item({**item, **fields}))


async def stored(world: World, id_: str, container: str = "devices") -> dict[str, Any]:
    """A document as it stands in the store, readable or not."""
    proxy = await world.services.store._container(container)
    return dict(await proxy.read_item(id_, id_))
