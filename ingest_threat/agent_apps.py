"""What a partner tells of the apps beside its agents: kept for a day, where an admin opted in.

It is no report: it opens nothing and decides nothing, so it goes neither to `reports` nor to `dead_letters`.
Intune's matrix also asks who owns the device, which nobody knows here: it is asked when the partner fetches.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from shared.app_sync import opt_ins
from shared.errors import AlreadyStored, Conflict, NotStored, StoreRefused, StoreUnavailable
from shared.events import Event, tell
from shared.inventory import AgentApps, agent_apps_id, with_seen
from shared.model import agent_id
from shared.record import AppInventoryRecord, Platform
from shared.services import Services

ATTEMPTS = 20
CONCURRENCY = 32
"""Agents of one message written side by side."""


async def keep_apps(services: Services, records: Sequence[AppInventoryRecord]) -> int:
    """Store the apps of iOS devices whose partner's App Sync is on, and count them; others leave nothing.

    Raises StoreUnavailable; whoever sent them may send them again.
    """
    told = [record for record in records if record.platform is Platform.IOS and record.partner_device_id]
    if not told:
        return 0
    opted_in = opt_ins((await services.mirror.read()).switches)
    by_agent: dict[str, list[AppInventoryRecord]] = defaultdict(list)
    for record in told:
        if record.partner in opted_in:
            by_agent[agent_id(record.partner, record.partner_device_id or "")].append(record)
    gate = asyncio.Semaphore(CONCURRENCY)

    async def one(agent: str, apps: Sequence[AppInventoryRecord]) -> int:
        async with gate:
            return await _keep(services, agent, apps)

    kept = await asyncio.gather(*(one(*each) for each in by_agent.items()), return_exceptions=True)
    for each in kept:
        if isinstance(each, BaseException):
            raise each
    return sum(each for each in kept if isinstance(each, int))


async def _keep(services: Services, agent: str, records: Sequence[AppInventoryRecord]) -> int:
    id_ = agent_apps_id(agent)
    for _ in range(ATTEMPTS):
        found = await services.store.read(AgentApps, id_)
        apps = with_seen(found.document if found else None, agent, records, services.now())
        try:
            if found is None:
                await services.store.create(apps)
            else:
                await services.store.replace(apps, found.etag)
        except (AlreadyStored, Conflict, NotStored):
            continue
        except StoreRefused as refused:
            tell(Event.UNEXPECTED, where=AgentApps.container, id=id_, what=refused)
            return 0
        return len(records)
    raise StoreUnavailable(f"the apps of {agent} are written by too many at once")
