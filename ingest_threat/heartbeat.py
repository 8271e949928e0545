"""A partner's heartbeat: the time of its last authentic message, to the minute, whatever the message says."""

from datetime import timedelta

from shared.domain.heartbeats import Heartbeat, heartbeat_id
from shared.services import Services

INTERVAL = timedelta(minutes=1)
"""How often one process records it."""


async def record_heartbeat(services: Services, partner: str) -> None:
    """Record that an authentic message of `partner` has come. Raises StoreUnavailable."""
    now, before = services.now(), services.heartbeats_at.get(partner)
    if before is not None and timedelta() <= now - before < INTERVAL:  # a clock may be set back
        return
    await services.store.upsert(Heartbeat(id=heartbeat_id(partner), partner=partner, last_at=now))
    services.heartbeats_at[partner] = now
