"""The partners as an admin sees them: Intune's switches, where they count, and when they reported last."""

from pydantic import BaseModel

from ingest_threat.intake import says_clean
from shared.cosmos import CONNECTOR_MIRRORS
from shared.domain import event_only
from shared.domain.connector import Connector
from shared.domain.heartbeats import Heartbeat, UnresponsivePartners, heartbeat_id
from shared.domain.moment import Moment
from shared.domain.record import PLATFORMS, Platform
from shared.domain.switches import Switches
from shared.services import Services
from shared.settings import Settings

RESTING_STATES = frozenset({"unavailable", "notSetUp"})
"""States in which Intune itself takes no threat messages and no app-sync requests from a partner."""
TROUBLED_STATES = frozenset({"unresponsive", "error"})


class ConnectorRow(BaseModel):
    """One partner and its connector."""

    partner: str | None
    """None where no setting names this connector."""
    connector: str | None
    state: str | None
    """partnerState, as Intune serves it."""
    intunes_heartbeat_at: Moment | None
    """The partner's last heartbeat at Intune."""
    last_reported_at: Moment | None
    """When this app did, to the minute."""
    silent_since: Moment | None
    unresponsive_after_days: int | None
    switched_on: list[Platform]
    counts_on: list[Platform]
    """Where its reports count now: enabled in the settings, switched on in Intune, and preferred where one
    is."""
    blocks_without_data: list[Platform]
    blocks_unsupported_os: bool
    minimum_os: dict[Platform, str]
    app_sync: bool
    app_sync_personal: bool
    read_at: Moment | None
    warnings: list[str]


class Connectors(BaseModel):
    """Every partner that is set, and every connector that is mirrored."""

    connectors: list[ConnectorRow]


async def listing(services: Services) -> Connectors:
    """The partners of the settings, in the order of their slugs, then connectors no setting names."""
    settings, switches = services.settings, (await services.mirror.read()).switches
    silent = await services.store.read(UnresponsivePartners, "unresponsive")
    since = silent.document.partners if silent else {}
    rows = services.store.rows(Connector, Connector.container, CONNECTOR_MIRRORS)
    others = {row.id: row async for row in rows}
    listed = []
    for partner in sorted(
        {*settings.able(), *settings.polling, *settings.connector_ids, *_enabled(settings)}
    ):
        connector = switches.connectors.get(partner)
        if connector:
            others.pop(connector.id, None)
        heartbeat = await services.store.read(Heartbeat, heartbeat_id(partner))
        last_reported_at = heartbeat.document.last_at if heartbeat else None
        row = _row(partner, connector, switches)
        warnings = [
            *row.warnings,
            *_warnings(settings, partner, connector, last_reported_at, since.get(partner)),
            *([] if says_clean(services, partner) else event_only.warnings(partner, switches)),
        ]
        update = {
            "last_reported_at": last_reported_at,
            "silent_since": since.get(partner),
            "warnings": warnings,
        }
        listed.append(row.model_copy(update=update))
    listed += [_row(None, connector, switches) for _, connector in sorted(others.items())]
    return Connectors(connectors=listed)


def _enabled(settings: Settings) -> set[str]:
    return {partner for partners in settings.partners.values() for partner in partners}


def _row(partner: str | None, connector: Connector | None, switches: Switches) -> ConnectorRow:
    counts_on = [p for p in PLATFORMS if partner and partner in switches.counting(p)]
    return ConnectorRow(
        partner=partner,
        connector=connector.intune_id if connector else None,
        state=connector.state if connector else None,
        intunes_heartbeat_at=connector.last_heartbeat_at if connector else None,
        last_reported_at=None,
        silent_since=None,
        unresponsive_after_days=connector.unresponsive_after_days if connector else None,
        switched_on=sorted(connector.enabled) if connector else [],
        counts_on=counts_on,
        blocks_without_data=sorted(connector.blocked_on_missing_data) if connector else [],
        blocks_unsupported_os=connector.unsupported_os_blocked if connector else False,
        minimum_os=dict(switches.minimum_os.get(partner or "", {})),
        app_sync=connector.app_sync if connector else False,
        app_sync_personal=connector.app_sync_personal if connector else False,
        read_at=connector.read_at if connector else None,
        warnings=_about(connector, switches.minimum_os.get(partner or "")) if connector else [],
    )


def _about(connector: Connector, minimum_os: object) -> list[str]:
    warnings = []
    if connector.unsupported_os_blocked and not minimum_os:
        warnings.append(
            "Intune blocks systems the partner does not support, and Graph does not say which: name them in "
            "the local rules, [minimum_os.<partner>]"
        )
    if connector.state in RESTING_STATES:
        warnings.append("Intune takes no threat messages and no app-sync requests in this state")
    elif connector.state in TROUBLED_STATES:
        warnings.append(f"Intune says the partner is {connector.state}")
    if connector.app_sync_personal and not connector.app_sync:
        warnings.append("full inventory of personal devices is on, but App Sync is off: nothing is collected")
    return warnings


def _warnings(
    settings: Settings,
    partner: str,
    connector: Connector | None,
    last_reported_at: object,
    silent_since: object,
) -> list[str]:
    warnings = []
    missing = settings.missing(partner)
    if missing and not settings.is_polled(partner):
        warnings.append(f"it is off: {', '.join(missing)} not set")
    if last_reported_at is None:
        warnings.append("it never reported")
    if silent_since is not None:
        warnings.append(f"it has been silent for too long; silence is set to {settings.on_silence}")
    if partner in settings.connector_ids and connector is None:
        warnings.append(f"Intune has no connector {settings.connector_ids[partner]}, or no sync has read it")
    return warnings
