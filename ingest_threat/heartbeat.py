"""That a partner was heard: the time of its last authentic message, to the minute, whatever the message
says."""

from datetime import timedelta

from shared.hearing import Heartbeat, heartbeat_id
from shared.services import Services

INTERVAL = timedelta(minutes=1)
"""How often one process writes it down."""


async def heard(services: Services, partner: str) -> None:
    """Write down that an authentic message of `partner` has come. Raises StoreUnavailable."""
    now, before = services.now(), services.heard.get(partner)
    if before is not None and now - before < INTERVAL:
        return
    await services.store.upsert(Heartbeat(id=heartbeat_id(partner), partner=partner, last_at=now))
    services.heard[partner] = now
