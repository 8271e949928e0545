"""The partners as an admin sees them."""

from typing import Any

import pytest

from ingest_threat.heartbeat import record_heartbeat
from serve_console.connectors import ConnectorRow, listing
from shared.domain.heartbeats import UnresponsivePartners
from shared.domain.local_rules import parse
from shared.domain.record import Platform
from tests.sync_inventory.tenant import put_connector, run
from tests.world import World, world

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def _rows(one: World) -> dict[str | None, ConnectorRow]:
    return {row.partner: row for row in (await listing(one.services)).connectors}


def _world(**settings: Any) -> Any:
    return world(
        connector_ids={"lookout": "connector-1"},
        webhook_secrets={"lookout": SECRET, "zimperium": SECRET},
        **settings,
    )


async def test_switches_heartbeats_and_where_it_counts_are_shown() -> None:
    async with _world() as one:
        put_connector(
            one,
            iosDeviceBlockedOnMissingPartnerData=True,
            allowPartnerToCollectIOSApplicationMetadata=True,
            partnerUnresponsivenessThresholdInDays=3,
            lastHeartbeatDateTime="2026-06-01T10:00:00Z",
        )
        await run(one)
        await record_heartbeat(one.services, "lookout")
        row = (await _rows(one))["lookout"]
        assert (row.connector, row.state, row.unresponsive_after_days) == ("connector-1", "enabled", 3)
        assert (row.switched_on, row.counts_on) == ([Platform.ANDROID, Platform.IOS], [Platform.IOS])
        assert row.blocks_without_data == [Platform.IOS]
        assert (row.app_sync, row.app_sync_personal) == (True, False)
        assert row.last_reported_at == one.clock()
        assert row.warnings == []


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"partnerState": "unavailable"}, "Intune takes no threat messages"),
        ({"partnerState": "notSetUp"}, "Intune takes no threat messages"),
        ({"partnerState": "unresponsive"}, "Intune says the partner is unresponsive"),
        ({"partnerState": "error"}, "Intune says the partner is error"),
        ({"partnerUnsupportedOsVersionBlocked": True}, "Graph does not say which"),
        ({"allowPartnerToCollectIOSPersonalApplicationMetadata": True}, "App Sync is off"),
    ],
)
async def test_what_an_admin_should_look_at_is_said(fields: dict[str, Any], warning: str) -> None:
    async with _world() as one:
        put_connector(one, **fields)
        await run(one)
        await record_heartbeat(one.services, "lookout")
        [said] = (await _rows(one))["lookout"].warnings
        assert warning in said


async def test_a_state_nobody_knows_stays_visible() -> None:
    async with _world() as one:
        put_connector(one, partnerState="hibernating")
        await run(one)
        assert (await _rows(one))["lookout"].state == "hibernating"


async def test_a_known_minimum_needs_no_warning() -> None:
    async with _world() as one:
        put_connector(one, partnerUnsupportedOsVersionBlocked=True)
        await run(one)
        await record_heartbeat(one.services, "lookout")
        local = parse(b'[minimum_os.lookout]\nios = "17"\n')
        one.services.mirror._local = local
        one.services.mirror.forget()
        row = (await _rows(one))["lookout"]
        assert (row.warnings, row.minimum_os) == ([], {Platform.IOS: "17"})


async def test_partners_that_are_off_silent_or_never_reported_are_named() -> None:
    async with _world() as one:
        await one.services.store.upsert(UnresponsivePartners(partners={"lookout": one.clock()}))
        rows = await _rows(one)
        assert "it never reported" in rows["zimperium"].warnings
        assert any("silent for too long; silence is set to hold" in each for each in rows["lookout"].warnings)
        assert "Intune has no connector connector-1, or no sync has read it" in rows["lookout"].warnings


async def test_a_partner_without_a_secret_is_off_by_name(tenant_world: World) -> None:
    warnings = (await _rows(tenant_world))["lookout"].warnings
    assert "it is off: WEBHOOK_SECRETS_LOOKOUT not set" in warnings


@pytest.mark.parametrize(
    ("connector", "settings", "warning"),
    [
        ({}, {}, "on ios its connector must not block without data"),
        ({"iosDeviceBlockedOnMissingPartnerData": True}, {}, "its connector blocks without data, so every"),
        ({}, {"partners": {Platform.IOS: ("zimperium", "lookout")}}, "all partners must scan, so every"),
        ({}, {"event_only_present": frozenset({"zimperium"})}, "taken for present before their first report"),
    ],
)
async def test_whom_a_partner_that_never_says_clean_keeps_out_is_said(
    connector: dict[str, Any], settings: dict[str, Any], warning: str
) -> None:
    alone = {"partners": {Platform.IOS: ("zimperium",)}, "connector_ids": {"zimperium": "connector-1"}}
    async with world(**{**alone, **settings}) as one:
        put_connector(one, **connector)
        await run(one)
        rows = await _rows(one)
        said = [each for each in rows["zimperium"].warnings if "never that a phone is clean" in each]
        assert len(said) == 1
        assert warning in said[0]
        others = [each for name, row in rows.items() if name != "zimperium" for each in row.warnings]
        assert not any("never that a phone is clean" in each for each in others)


async def test_a_connector_no_setting_names_is_listed_too(tenant_world: World) -> None:
    put_connector(tenant_world, "somebody-elses")
    await run(tenant_world)
    row = (await _rows(tenant_world))[None]
    assert (row.connector, row.counts_on) == ("somebody-elses", [])
