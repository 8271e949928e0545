"""Whether the app can do its work: the store answers, and the last sync is not long ago."""

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel

from shared.errors import StoreError
from shared.events import Event, tell
from shared.runs import Runs
from shared.services import Services


class Health(BaseModel):
    """One word, because anybody may ask."""

    status: Literal["ok", "degraded"]


async def health(services: Services) -> Health:
    """`degraded` while Cosmos DB does not answer, or no sync has gone through for SYNC_STALE_MINUTES."""
    try:
        found = await services.store.read(Runs, "run:sync")
    except StoreError as error:
        tell(Event.UNEXPECTED, where="health", what=error)
        return Health(status="degraded")
    oldest = services.now() - timedelta(minutes=services.settings.sync_stale_minutes)
    runs = found.document.runs if found else ()
    fresh = any(run.ok and run.started_at >= oldest for run in runs)
    return Health(status="ok" if fresh else "degraded")
