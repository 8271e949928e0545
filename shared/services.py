"""What the functions work with, put together in one place, once per process."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from shared.cosmos import Store
from shared.domain.local_rules import LocalRules
from shared.domain.polling import PolledToken
from shared.graph.graph import Graph
from shared.log import quiet_sdks
from shared.mirror import Mirror
from shared.rules_file import load
from shared.settings import Settings, current
from shared.span_counts import HOUR, MINUTE, SpanCounts
from shared.waiting import Waiting, utc_now


@dataclass
class Services:
    """Settings, store, Graph, mirror, local rules, clock and waiting. Clients are opened on first use."""

    settings: Settings
    store: Store
    graph: Graph
    mirror: Mirror
    local_rules: LocalRules
    now: Callable[[], datetime]
    waiting: Waiting
    heartbeats_at: dict[str, datetime] = field(default_factory=dict)
    """When this process last recorded a partner's heartbeat."""
    dead_letters: SpanCounts = field(default_factory=lambda: SpanCounts(HOUR))
    """What this process sent to the dead letters."""
    reports: SpanCounts = field(default_factory=lambda: SpanCounts(MINUTE))
    """What this process took in, by partner."""
    bytes_in_work: Counter[str] = field(default_factory=Counter)
    """Of the messages that this process is taking in now, by partner."""
    polled_tokens: dict[str, PolledToken] = field(default_factory=dict)
    """Access tokens of vendors that are polled, by the source."""
    blocking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while new blocks are counted, so that the instances of one process do not overtake each other."""

    @classmethod
    def of(
        cls, settings: Settings, now: Callable[[], datetime] = utc_now, waiting: Waiting | None = None
    ) -> "Services":
        """Services for `settings`; no client is opened yet. SettingsError where the local rules make no
        sense."""
        store, local, waiting = Store(settings), load(settings.rules_file), waiting or Waiting(now=now)
        graph, mirror = Graph(settings, waiting), Mirror(settings, store, local, now)
        return cls(settings, store, graph, mirror, local, now, waiting)

    async def close(self) -> None:
        """Give every connection back."""
        await self.store.close()
        await self.graph.close()


@cache
def services() -> Services:
    """The services of this process."""
    quiet_sdks()
    return Services.of(current())
