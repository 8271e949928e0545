"""Intune's Mobile Threat Defense connectors, mirrored: the switches an admin sets per partner."""

from datetime import datetime

from shared.cosmos import CONNECTOR_MIRRORS
from shared.domain.connector import Connector, connector_document_id
from shared.domain.record import Platform
from shared.errors import GraphNotFound
from shared.graph.wire import ConnectorAnswer
from shared.services import Services
from sync_inventory.tally import Tally


async def mirror_connectors(services: Services, tally: Tally) -> None:
    """Mirror every connector; the mirror of one that is gone from Intune, asked for it, is removed.

    Written only when something other than the time of reading changed. The heartbeat counts as a change:
    there are a handful of connectors, and health has to see it; no decision depends on it.
    """
    answers = await services.graph.connectors()
    rows = services.store.rows(Connector, Connector.container, CONNECTOR_MIRRORS)
    mirrored = {row.id: row async for row in rows}
    for answer in answers:
        now = connector(answer, services.now())
        before = mirrored.pop(now.id, None)
        if before is not None and before.model_copy(update={"read_at": now.read_at}) == now:
            tally.add("unchanged")
            continue
        await services.store.upsert(now)
        tally.add("written")
    for gone in mirrored.values():
        if await _is_there(services, gone.intune_id):
            tally.add("not_listed")
            continue
        await services.store.delete(Connector, gone.id)
        tally.add("removed")


async def _is_there(services: Services, intune_id: str) -> bool:
    """Whether Intune has a connector though its list lacks it: lists may be incomplete, and a switch that
    silently vanished would let devices in."""
    try:
        await services.graph.connector(intune_id)
    except GraphNotFound:
        return False
    return True


def connector(answer: ConnectorAnswer, read_at: datetime) -> Connector:
    """A connector as mirrored, from Graph's mobileThreatDefenseConnector (v1.0)."""
    enabled = {Platform.IOS: answer.ios, Platform.ANDROID: answer.android}
    missing = {Platform.IOS: answer.ios_missing_blocked, Platform.ANDROID: answer.android_missing_blocked}
    return Connector(
        id=connector_document_id(answer.id),
        intune_id=answer.id,
        state=answer.state,
        last_heartbeat_at=answer.last_heartbeat,
        unresponsive_after_days=answer.threshold_days,
        enabled=frozenset(platform for platform, on in enabled.items() if on),
        blocked_on_missing_data=frozenset(platform for platform, on in missing.items() if on),
        unsupported_os_blocked=answer.unsupported_os_blocked,
        app_sync=answer.app_sync,
        app_sync_personal=answer.app_sync_personal,
        read_at=read_at,
    )
