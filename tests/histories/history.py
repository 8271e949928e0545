"""A history: what partners, admins, users and the machine do, one step after another, and then quiet.

Everything runs over the real services against the local servers; the feed is read as the host reads it, by a
cursor that moves only once its batch is through.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.graph.directory import Kind
from local.partners.message import encoded
from shared.domain.heartbeats import OnSilence
from shared.domain.model import Report
from shared.domain.record import Platform
from shared.services import Services
from tests.histories.instances import Crashed, Tap, Trouble, guarded, tapped
from tests.histories.tenant import CONNECTORS, Tenant
from tests.histories.turns import Turns
from tests.world import World, world

GUARD = 2
"""Devices an hour that may be newly blocked."""


@dataclass(frozen=True)
class Step:
    """One operation, or two at once by two instances; what the first one's call meets; whose turn it is."""

    operations: tuple[Any, ...]
    at: int = 0
    trouble: Trouble | None = None
    order: tuple[int, ...] = ()


@dataclass
class History:
    """What has happened so far."""

    world: World
    tenant: Tenant
    turns: Turns
    instances: list[tuple[Services, Tap]]
    cursor: str | None = None
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    """Every message that was sent, with its partner."""
    promised: list[tuple[str, bytes, datetime]] = field(default_factory=list)
    """Every message that was answered 202, with its partner and the time of receipt."""
    touched: set[str] = field(default_factory=set)
    """Devices whose agents an admin or an enrollment moved: what stands there depends on when."""
    tags: dict[str, str | None] = field(default_factory=dict)
    """What Entra showed of each device after the last step."""
    blocked_at: list[datetime] = field(default_factory=list)
    """When a device became blocked in Entra that was not, since the last approval."""
    log: list[str] = field(default_factory=list)

    async def play(self, step: Step) -> None:
        """Do a step. What is cut off is gone with its process: another instance takes its place."""
        self.turns.begin(step.order)
        for place, (_, tap) in enumerate(self.instances):
            tap.begin(step.at if place == 0 else 0, step.trouble)
        pairs = zip(step.operations, self.instances, strict=False)
        ended = await asyncio.gather(*(guarded(op.run(self, services)) for op, (services, _) in pairs))
        for operation, outcome in zip(step.operations, ended, strict=True):
            self.log.append(f"{operation}: {outcome!r}"[:200])
            if isinstance(outcome, Exception) and not isinstance(outcome, operation.may_raise):
                raise outcome
        for place, (services, tap) in enumerate(self.instances):
            tap.begin(0, None)
            if tap.dead:
                tap.dead = False
                await services.close()
                self.instances[place] = await _instance(self.world, self.turns, tap.name)
        self._look()

    def write(self, entra_id: str, value: str | None) -> None:
        """Somebody writes the tag's attribute in Entra, where the device is there."""
        entra = self.world.tenant.entra_device(entra_id)
        if entra is not None:
            attribute = self.world.services.settings.attribute
            attributes = {**entra.get("extensionAttributes", {}), attribute: value}
            self.world.tenant.put_entra_device({**entra, "extensionAttributes": attributes})

    def _look(self) -> None:
        """What changed in Entra."""
        for phone in self.tenant.phones:
            entra = self.world.tenant.entra_device(phone.entra_id)
            value = (entra or {}).get("extensionAttributes", {}).get(self.world.services.settings.attribute)
            before = self.tags.get(phone.entra_id)
            if str(value).startswith("mtd-block") and not str(before).startswith("mtd-block"):
                self.blocked_at.append(self.world.clock())
            self.tags[phone.entra_id] = value


async def _instance(one: World, turns: Turns, name: str) -> tuple[Services, Tap]:
    tap = Tap(name, turns, one)
    return tapped(await one.another_instance(), tap), tap


@asynccontextmanager
async def history() -> AsyncIterator[History]:
    """A tenant with three phones, a rule for each platform, and two instances of the app."""
    settings: dict[str, Any] = {
        "partners": {Platform.IOS: ("lookout",), Platform.ANDROID: ("zimperium",)},
        "connector_ids": dict(CONNECTORS),
        "guard_devices": GUARD,
        "guard_percent": 0,
        "on_silence": OnSilence.HOLD,
        "enrollment_grace_hours": 0,
    }
    async with world(**settings) as one:
        turns = Turns()
        tenant = Tenant()
        tenant.put(one)
        instances = [await _instance(one, turns, name) for name in ("one", "two")]
        try:
            yield History(one, tenant, turns, instances)
        finally:
            for services, tap in instances:
                tap.dead = False
                await services.close()


__all__ = ["Crashed", "History", "Kind", "Report", "Sequence", "Step", "encoded", "history"]
