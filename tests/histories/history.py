"""A history: what partners, admins, users and the machine do, one step after another, and then quiet.

Everything runs over the real services against the local servers; the feed is read as the host reads it, by a
cursor that moves only once its batch is through.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any
from unittest.mock import patch

from aiohttp import web

from evaluate_risk import enforce, evaluation, linking
from local.sample_tenant import Phone
from local.vendors.server import create_app
from shared import cosmos
from shared.cosmos import Store
from shared.domain.follow_up import FollowUp
from shared.domain.mode import Mode
from shared.domain.on_silence import OnSilence
from shared.domain.record import Platform
from shared.domain.tag import HIGH_TAG, is_block
from shared.services import Services
from shared.settings import Settings
from tests.histories.device_writes import DeviceWrites
from tests.histories.instances import Crashed, Tap, Trouble, guarded, tapped, untapped
from tests.histories.straight import quick
from tests.histories.tenant import CONNECTORS, Tenant
from tests.histories.turns import Turns
from tests.histories.words import Words
from tests.poll_partners.vendors import lookout_settings
from tests.world import Clock, World, serving, world

PATCHED = ("PATCH", "/devices(deviceId='{id}')")
"""How the simulator counts a tag that is written."""
GUARD = 1
"""Devices an hour that may be newly blocked."""


@dataclass(frozen=True)
class Step:
    """What one instance does, and what the other does meanwhile; what a call of the first one's meets; whose
    turn it is."""

    lanes: tuple[tuple[Any, ...], ...]
    """Of each instance: operations, one after another."""
    at: int = 0
    trouble: Trouble | None = None
    order: tuple[int, ...] = ()
    stands_still: int = 0
    """After how many writes the first instance stands still until the other is through; 0: it does not."""

    @property
    def is_quiet(self) -> bool:
        """Whether nobody does anything, until all is done that was begun."""
        return not self.lanes

    @classmethod
    def of(cls, operation: Any) -> "Step":
        """One operation, to which nothing happens."""
        return cls(((operation,),))


QUIET = Step(())
"""Nobody does anything: what was begun is done, and somebody looks."""


@dataclass
class History:
    """What has happened so far."""

    world: World
    tenant: Tenant
    turns: Turns
    store: Store
    """The store, for who looks from outside: nothing goes wrong there."""
    vendors: web.Application
    """The vendors that are polled."""
    settings: Settings
    instances: list[tuple[Services, Tap]] = field(default_factory=list)
    cursor: str | None = None
    bodies: list[tuple[str, bytes]] = field(default_factory=list)
    """Every message that was sent, with its partner."""
    promised: list[tuple[str, bytes, datetime]] = field(default_factory=list)
    """Every message that was answered 202, with its partner and the time of receipt."""
    tags: dict[str, str | None] = field(default_factory=dict)
    """What Entra showed of each device after the last step."""
    cleared: set[str] = field(default_factory=set)
    """Devices whose attribute somebody else wrote: a block that is put back is no new one."""
    foreign: dict[str, str | None] = field(default_factory=dict)
    """What somebody else wrote last, by device."""
    granted: set[str] = field(default_factory=set)
    """Devices whose block waited, and was approved."""
    blocked_at: list[tuple[datetime, str]] = field(default_factory=list)
    """When which device became blocked in Entra that was not, since the last approval."""
    is_blocked: dict[str, bool] = field(default_factory=dict)
    blocks: int = 0
    """How often one became so, also within a step."""
    blocked_high: set[str] = field(default_factory=set)
    """Users with a device that became blocked at high, which nobody but the app could do."""
    troubles: int = 0
    devices: DeviceWrites = field(default_factory=DeviceWrites)
    written_in_vain: int = 0
    """How often the last step wrote to Entra in a mode that does not, but to release every block."""
    words: Words = field(default_factory=Words)
    alone: bool = True
    """Whether one instance alone is at work in this step."""
    synced: list[str] = field(default_factory=list)
    """Whose sync asked Graph in this step, in order."""
    noted: set[str] = field(default_factory=set)
    """Ids of the events that a vendor has."""
    last: object = None
    """What the first operation of the last step's first lane came to."""
    log: list[str] = field(default_factory=list)

    async def play(self, step: Step) -> None:
        """Do a step. What is cut off is gone with its process: another instance takes its place."""
        settings = self.settings
        self.alone = len(step.lanes) == 1
        self.synced.clear()
        patched = self._patched()
        names = [tap.name for _, tap in self.instances[: len(step.lanes)]]
        self.turns.begin(names, step.order, step.stands_still)
        for place, (_, tap) in enumerate(self.instances):
            tap.begin(step.at if place == 0 else 0, step.trouble)
        pairs = zip(step.lanes, self.instances, strict=False)
        lanes = await asyncio.gather(*(_done(self, lane, *instance) for lane, instance in pairs))
        self.last = lanes[0][0][1]
        ended = list(chain.from_iterable(lanes))
        for operation, outcome in ended:
            self.log.append(f"{operation} {step.trouble or ''}@{step.at}: {outcome!r}"[:300])
            if isinstance(outcome, Exception) and not isinstance(outcome, operation.may_raise):
                raise outcome
        is_still = settings.mode is not Mode.ENFORCE and not any(each.writes_always for each, _ in ended)
        self.written_in_vain = self._patched() - patched if is_still else 0
        for place, (services, tap) in enumerate(self.instances):
            tap.begin(0, None)
            self.troubles += tap.met
            tap.met = 0
            if tap.dead or self.settings is not settings:
                tap.dead = False
                await services.close()
                self.instances[place] = await _instance(self, tap.name)
        self._look()

    def restarts(self, **settings: Any) -> None:
        """After this step every instance begins anew, with other settings."""
        self.settings = self.settings.model_copy(update=settings)

    def write(self, entra_id: str, value: str | None) -> None:
        """Somebody writes the tag's attribute in Entra, where the device is there."""
        entra = self.world.tenant.entra_device(entra_id)
        if entra is not None:
            attributes = {**entra.get("extensionAttributes", {}), self.settings.attribute: value}
            self.world.tenant.put_entra_device({**entra, "extensionAttributes": attributes})
            self.cleared.add(entra_id)
            self.foreign[entra_id] = value
            self.count_blocks()

    def _patched(self) -> int:
        """How often the app wrote to Entra."""
        return sum(count for key, count in self.world.graph_calls.items() if key == PATCHED)

    def count_blocks(self) -> None:
        """After each write to Entra: a phone may be blocked and let in within a step."""
        for phone in self.tenant.phones:
            is_blocked = is_block(self.tag(phone))
            self.blocks += is_blocked and not self.is_blocked.get(phone.entra_id, False)
            self.is_blocked[phone.entra_id] = is_blocked

    def _look(self) -> None:
        """What changed in Entra over a step."""
        self.count_blocks()
        for phone in self.tenant.phones:
            value = self.tag(phone)
            if is_block(value) and not is_block(self.tags.get(phone.entra_id)):
                if phone.entra_id not in self.cleared | self.granted:
                    self.blocked_at.append((self.world.clock(), phone.entra_id))
                if value == HIGH_TAG:
                    self.blocked_high.add(self.tenant.user(phone))
                self.cleared.discard(phone.entra_id)
                self.granted.discard(phone.entra_id)
            self.tags[phone.entra_id] = value

    def tag(self, phone: Phone) -> str | None:
        """What Conditional Access sees."""
        entra = self.world.tenant.entra_device(phone.entra_id)
        value = (entra or {}).get("extensionAttributes", {}).get(self.settings.attribute)
        return None if value is None else str(value)


async def _done(one: History, lane: Sequence[Any], services: Services, tap: Tap) -> list[tuple[Any, object]]:
    """Each operation of a lane with what it came to, until its process is gone."""
    ended: list[tuple[Any, object]] = []
    for operation in lane:
        ended.append((operation, await guarded(operation.run(one, services))))
        if isinstance(ended[-1][1], Crashed):
            break
    one.turns.through(tap.name)
    return ended


async def _instance(one: History, name: str) -> tuple[Services, Tap]:
    tap = Tap(name, one.turns, one.world, one.devices, one.synced, one.count_blocks)
    services = Services.of(one.settings, one.world.services.now, one.world.services.waiting)
    return await tapped(services, tap), tap


async def _without_a_pause(_attempt: int) -> None:
    """Whose turn it is is drawn: no chance decides besides."""


@asynccontextmanager
async def history() -> AsyncIterator[History]:
    """A tenant with three phones, a rule for each platform, and two instances of the app."""
    settings: dict[str, Any] = {
        "partners": {Platform.IOS: ("lookout",), Platform.ANDROID: ("zimperium",)},
        "connector_ids": dict(CONNECTORS),
        "guard_devices": GUARD,
        "guard_percent": 0,
        "on_silence": OnSilence.HOLD,
        "agent_silent_days": 1,
        "enrollment_grace_hours": 0,
        "app_sync_hours": 1,
        "follow_ups": frozenset({FollowUp.REVOKE_SESSIONS}),
    }
    clock = Clock()
    vendors = create_app(clock)
    async with (
        serving(vendors) as address,
        world(clock, polling=lookout_settings(address), **settings) as one,
        AsyncExitStack() as patched,
    ):
        patched.enter_context(quick())
        for room in (cosmos, linking, evaluation, enforce):
            patched.enter_context(patch.object(room, "pause", _without_a_pause))
        tenant = Tenant()
        tenant.put(one)
        begun = History(one, tenant, Turns(), untapped(one), vendors, one.services.settings)
        begun.instances = [await _instance(begun, name) for name in ("one", "two")]
        try:
            yield begun
        finally:
            for services, tap in begun.instances:
                tap.dead = False
                await services.close()
