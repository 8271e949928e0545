"""Partners that have not reported for long: warned of in time, and known to every decision when it is too
late."""

from datetime import datetime, timedelta

from shared.domain.connector import Connector, connector_document_id
from shared.domain.heartbeats import Heartbeat, UnresponsivePartners, heartbeat_id
from shared.log import LogEvent, log_event
from shared.services import Services
from sync_inventory.tally import Tally

WARN_AT = 0.75
"""The part of the allowed silence after which a partner is warned of."""

MAX_DAYS = 3_650
"""No threshold is longer, whatever Graph gives for one."""


async def check_heartbeats(services: Services, tally: Tally) -> None:
    """Find out which enabled partners are silent; written only when that changes.

    A partner may be silent for as long as its connector in Intune says, else for PARTNER_SILENT_DAYS. One
    that never reported is not silent: its devices are those that have not reported.
    """
    partners = sorted({partner for enabled in services.settings.partners.values() for partner in enabled})
    silent: dict[str, datetime] = {}
    for partner in partners:
        found = await services.store.read(Heartbeat, heartbeat_id(partner))
        if found is None:
            tally.add("never_reported")
            continue
        allowed = await _allowed(services, partner)
        last_at = found.document.last_at
        quiet = services.now() - last_at
        if quiet > allowed:
            silent[partner] = last_at
            tally.add("silent")
        elif quiet > allowed * WARN_AT:
            tally.add("warned")
        else:
            tally.add("responsive")
            continue
        state = "unresponsive" if partner in silent else "warning"
        hours = round(quiet / timedelta(hours=1))
        log_event(
            LogEvent.PARTNER_UNRESPONSIVE,
            partner=partner,
            state=state,
            hours=hours,
            allowed_days=allowed.days,
        )
    stored = await services.store.read(UnresponsivePartners, "unresponsive")
    if (stored.document.partners if stored else {}) != silent:
        await services.store.upsert(UnresponsivePartners(partners=silent))
        services.mirror.forget()
        tally.add("written")


async def _allowed(services: Services, partner: str) -> timedelta:
    intune_id = services.settings.connector_ids.get(partner)
    found = await services.store.read(Connector, connector_document_id(intune_id)) if intune_id else None
    days = found.document.unresponsive_after_days or 0 if found else 0
    return timedelta(days=min(days, MAX_DAYS) if days > 0 else services.settings.partner_silent_days)
