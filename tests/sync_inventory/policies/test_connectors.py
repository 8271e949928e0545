"""The mirror of Intune's connectors."""

from shared.domain.connector import Connector, connector_document_id
from shared.domain.record import Platform
from tests.sync_inventory.tenant import put_connector, step, writes
from tests.world import World


async def _mirrored(world: World, id_: str = "connector-1") -> Connector | None:
    found = await world.services.store.read(Connector, connector_document_id(id_))
    return found.document if found else None


async def test_the_switches_of_a_connector_are_mirrored(tenant_world: World) -> None:
    put_connector(
        tenant_world,
        androidEnabled=False,
        iosDeviceBlockedOnMissingPartnerData=True,
        partnerUnresponsivenessThresholdInDays=7,
        lastHeartbeatDateTime="2026-06-01T10:00:00Z",
        partnerUnsupportedOsVersionBlocked=True,
        allowPartnerToCollectIOSApplicationMetadata=True,
    )
    done = await step(tenant_world, "connectors")
    assert done.counts == {"written": 1}
    mirrored = await _mirrored(tenant_world)
    assert mirrored is not None
    assert mirrored.enabled == {Platform.IOS}
    assert mirrored.blocked_on_missing_data == {Platform.IOS}
    assert mirrored.unresponsive_after_days == 7
    assert mirrored.unsupported_os_blocked
    assert mirrored.last_heartbeat_at is not None
    assert (mirrored.app_sync, mirrored.app_sync_personal) == (True, False)


async def test_the_two_app_sync_switches_are_not_mistaken_for_each_other(tenant_world: World) -> None:
    put_connector(tenant_world, allowPartnerToCollectIOSPersonalApplicationMetadata=True)
    await step(tenant_world, "connectors")
    mirrored = await _mirrored(tenant_world)
    assert mirrored is not None
    assert (mirrored.app_sync, mirrored.app_sync_personal) == (False, True)


async def test_an_unchanged_connector_is_not_written_again_though_time_passes(tenant_world: World) -> None:
    put_connector(tenant_world)
    await step(tenant_world, "connectors")
    tenant_world.clock.pass_time(minutes=15)
    tenant_world.operations.clear()
    assert (await step(tenant_world, "connectors")).counts == {"unchanged": 1}
    assert writes(tenant_world) == {("settings", "replace"): 2}  # its turn and its record


async def test_a_heartbeat_is_mirrored(tenant_world: World) -> None:
    put_connector(tenant_world, lastHeartbeatDateTime="2026-06-01T10:00:00Z")
    await step(tenant_world, "connectors")
    put_connector(tenant_world, lastHeartbeatDateTime="2026-06-01T10:15:00Z")
    assert (await step(tenant_world, "connectors")).counts == {"written": 1}


async def test_a_state_nobody_knows_stays_visible(tenant_world: World) -> None:
    put_connector(tenant_world, partnerState="notSetUp")
    await step(tenant_world, "connectors")
    mirrored = await _mirrored(tenant_world)
    assert mirrored is not None
    assert mirrored.state == "notSetUp"


async def test_a_connector_gone_from_intune_loses_its_mirror(tenant_world: World) -> None:
    put_connector(tenant_world, "stays")
    gone = Connector(
        id=connector_document_id("gone"), intune_id="gone", state="enabled", read_at=tenant_world.clock()
    )
    await tenant_world.services.store.upsert(gone)
    assert (await step(tenant_world, "connectors")).counts == {"written": 1, "removed": 1}
    assert await _mirrored(tenant_world, "gone") is None
    assert await _mirrored(tenant_world, "stays") is not None


async def test_a_connector_the_list_leaves_out_is_asked_for_and_keeps_its_mirror(tenant_world: World) -> None:
    put_connector(tenant_world)
    await step(tenant_world, "connectors")
    tenant_world.graph_faults.truncate(0, "mobileThreatDefenseConnectors")
    assert (await step(tenant_world, "connectors")).counts == {"not_listed": 1}
    assert await _mirrored(tenant_world) is not None
