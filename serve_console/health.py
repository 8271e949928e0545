"""Whether the app can do its work: the store answers, the last sync is not long ago, and what is blocked is
refused."""

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel

from shared.domain.enforcement import ENFORCEMENT_ID, Enforcement
from shared.domain.mode import Mode
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
    """`degraded` while Cosmos DB does not answer, while no sync has gone through for SYNC_STALE_MINUTES,
    and in mode `enforce` while no Conditional Access policy refuses all that is blocked."""
    try:
        found = await services.store.read(Runs, RUNS_ID)
        refused = services.settings.mode is not Mode.ENFORCE or await _is_refused(services)
    except StoreError as error:
        log_event(LogEvent.UNEXPECTED, where="health", what=error)
        return Health(status="degraded")
    oldest = services.now() - timedelta(minutes=services.settings.sync_stale_minutes)
    runs = found.document.runs if found else ()
    fresh = any(run.ok and run.started_at >= oldest for run in runs)
    return Health(status="ok" if fresh and refused else "degraded")


async def _is_refused(services: Services) -> bool:
    """Whether policies refuse what is blocked, as far as any sync has looked."""
    found = await services.store.read(Enforcement, ENFORCEMENT_ID)
    return found is None or found.document.is_whole
