"""What a partner reports of the apps beside its agents: kept for a day, where an admin opted in.

It is no report: it opens nothing and decides nothing, so it goes neither to `reports` nor to `dead_letters`.
Intune's matrix also asks who owns the device, which nobody knows here: it is asked when the partner fetches.
"""

from collections import defaultdict
from collections.abc import Sequence

from shared.bounded import bounded_gather
from shared.domain.app_sync import opt_ins
from shared.domain.inventory import AgentApps, agent_apps_id, with_seen
from shared.domain.model import agent_id
from shared.domain.record import AppInventoryRecord, Platform
from shared.errors import StoreRefused
from shared.log import LogEvent, log_event
from shared.services import Services

CONCURRENCY = 32
"""Agents of one message written side by side."""


async def keep_apps(services: Services, records: Sequence[AppInventoryRecord]) -> int:
    """Store the apps of iOS devices whose partner's App Sync is on, and count them; others leave nothing.

    Raises StoreUnavailable; whoever sent them may send them again.
    """
    reported = [record for record in records if record.platform is Platform.IOS and record.partner_device_id]
    if not reported:
        return 0
    opted_in = opt_ins((await services.mirror.read()).switches)
    by_agent: dict[str, list[AppInventoryRecord]] = defaultdict(list)
    for record in reported:
        if record.partner in opted_in:
            by_agent[agent_id(record.partner, record.partner_device_id or "")].append(record)

    async def store(agent: str) -> int:
        return await _store_apps(services, agent, by_agent[agent])

    return sum(await bounded_gather(store, by_agent, limit=CONCURRENCY))


async def _store_apps(services: Services, agent: str, records: Sequence[AppInventoryRecord]) -> int:
    """How many were kept: all, or none where the store refuses them."""
    id_, now = agent_apps_id(agent), services.now()
    try:
        await services.store.edit(AgentApps, id_, lambda apps: with_seen(apps, agent, records, now))
    except StoreRefused as refused:
        log_event(LogEvent.UNEXPECTED, where=AgentApps.container, id=id_, what=refused)
        return 0
    return len(records)
