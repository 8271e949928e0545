"""What every decision goes by: what the last sync mirrored, and the local rules; read once in a while."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.cosmos import Store
from shared.domain.connector import Connector, connector_document_id
from shared.domain.heartbeats import Heartbeats, UnresponsivePartners
from shared.domain.local_rules import LocalRules
from shared.domain.rule import Rule, Rules
from shared.domain.switches import Switches
from shared.domain.tenant import Tenant
from shared.joined import Joined
from shared.settings import Settings

KEPT = timedelta(seconds=30)
"""How long a reading serves. A decision taken on an older one is taken again by the next sync."""


@dataclass(frozen=True)
class Mirrored:
    """Rules, switches, silence and the size of the tenant at one moment."""

    rules: tuple[Rule, ...]
    """Intune's and the local ones."""
    switches: Switches
    heartbeats: Heartbeats = field(default_factory=Heartbeats)
    managed: int = 0
    """Devices Intune manages: what a mass change is measured by."""


class Mirror:
    """Reads the mirror from the `settings` container, at most once every 30 seconds."""

    def __init__(
        self, settings: Settings, store: Store, local: LocalRules, now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._store = store
        self._local = local
        self._now = now
        self._reading: Mirrored | None = None
        self._read_at: datetime | None = None
        self._forgotten = 0
        self._fresh = Joined(self._read)

    async def read(self) -> Mirrored:
        """The reading that serves now."""
        age = self._now() - self._read_at if self._read_at else KEPT
        if self._reading is not None and timedelta() <= age < KEPT:  # a clock may be set back
            return self._reading
        return await self._fresh.result()

    def forget(self) -> None:
        """Read anew next time, also where a reading is on its way: the sync has just written."""
        self._forgotten += 1
        self._read_at = None
        self._fresh.begin_anew()

    async def switches(self) -> Switches:
        """The switches alone, as they are mirrored at this moment."""
        connectors: dict[str, Connector] = {}
        for partner, intune_id in self._settings.connector_ids.items():
            connector = await self._store.read(Connector, connector_document_id(intune_id))
            if connector:
                connectors[partner] = connector.document
        return replace(self._settings.switches(), connectors=connectors, minimum_os=self._local.minimum_os)

    async def _read(self) -> Mirrored:
        now, forgotten = self._now(), self._forgotten
        reading = await self._mirrored()
        if forgotten == self._forgotten:
            self._reading, self._read_at = reading, now
        return reading

    async def _mirrored(self) -> Mirrored:
        found = await self._store.read(Rules, "rules")
        intunes = found.document.rules if found else ()
        tenant = await self._store.read(Tenant, "tenant")
        managed = tenant.document.managed if tenant else 0
        return Mirrored(
            (*intunes, *self._local.rules), await self.switches(), await self._read_heartbeats(), managed
        )

    async def _read_heartbeats(self) -> Heartbeats:
        found = await self._store.read(UnresponsivePartners, "unresponsive")
        days = self._settings.agent_silent_days
        return Heartbeats(
            on_silence=self._settings.on_silence,
            unresponsive=found.document.partners if found else {},
            agent_limit=timedelta(days=days) if days else None,
        )
