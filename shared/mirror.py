"""What the last sync mirrored from Intune for every decision: rules and switches, read once in a while."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.cosmos import Store
from shared.model import Connector, Rule, Rules, connector_document_id
from shared.settings import Settings
from shared.switches import Switches

KEPT = timedelta(seconds=30)
"""How long a reading serves. A decision taken on an older one is taken again by the next sync."""


@dataclass(frozen=True)
class Reading:
    """Rules and switches as mirrored at one moment."""

    rules: tuple[Rule, ...]
    switches: Switches


class Mirror:
    """Reads the mirror from the `settings` container, at most once every 30 seconds."""

    def __init__(self, settings: Settings, store: Store, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._store = store
        self._now = now
        self._reading: Reading | None = None
        self._read_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def read(self) -> Reading:
        """The reading that serves now."""
        async with self._lock:
            now = self._now()
            if self._reading is None or self._read_at is None or now - self._read_at >= KEPT:
                self._reading, self._read_at = await self._fresh(), now
            return self._reading

    def forget(self) -> None:
        """Read anew next time: the sync has just written."""
        self._reading = None

    async def _fresh(self) -> Reading:
        found = await self._store.read(Rules, "rules")
        connectors: dict[str, Connector] = {}
        for partner, intune_id in self._settings.connector_ids.items():
            connector = await self._store.read(Connector, connector_document_id(intune_id))
            if connector:
                connectors[partner] = connector.document
        switches = Switches(self._settings.partners, self._settings.preferred_partner, connectors)
        return Reading(found.document.rules if found else (), switches)
