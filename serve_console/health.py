"""Whether the app can do its work: the store answers, and the last sync is not long ago."""

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel

from shared.domain.runs import RUNS_ID, Runs
from shared.errors import StoreError
from shared.log import LogEvent, log_event
from shared.services import Services


class Health(BaseModel):
    """One word, because anybody may ask."""

    status: Literal["ok", "degraded"]

    @property
    def http_status(self) -> int:
        """503 while it is degraded, which is what probes look at."""
        return 200 if self.status == "ok" else 503


async def health(services: Services) -> Health:
    """`degraded` while Cosmos DB does not answer, or no sync has gone through for SYNC_STALE_MINUTES."""
    try:
        found = await services.store.read(Runs, RUNS_ID)
    except StoreError as error:
        log_event(LogEvent.UNEXPECTED, where="health", what=error)
        return Health(status="degraded")
    oldest = services.now() - timedelta(minutes=services.settings.sync_stale_minutes)
    runs = found.document.runs if found else ()
    fresh = any(run.ok and run.started_at >= oldest for run in runs)
    return Health(status="ok" if fresh else "degraded")
