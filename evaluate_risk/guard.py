"""The mass-change stop: in an hour at most so many devices are newly blocked; what is beyond waits for an
admin.

Who was newly blocked is entered in one document under If-Match before Entra is written, each device once. An
approval releases what waits under its stop and begins the count anew. Unblocks never come here.
"""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import Field

from evaluate_risk.decide import ATTEMPTS, pause
from shared.errors import AlreadyStored, Conflict, NotThere, StoreUnavailable
from shared.events import Event, tell
from shared.model import Document, Part
from shared.record import Moment
from shared.services import Services

WINDOW = timedelta(minutes=60)
MOST = 20_000
"""The most devices an hour's count can hold, so that its document stays far below Cosmos DB's 2 MB."""
KEPT_APPROVALS = 50


class Stop(Part):
    """A moment from which new blocks wait."""

    id: str
    at: Moment
    limit: int
    managed: int
    """Devices Intune manages, as of the last sync: what the limit was worked out from."""


class Approval(Part):
    """An admin's word that what waits under a stop is right."""

    stop: str
    at: Moment
    who: str
    why: str


class Guard(Document):
    """The last hour's new blocks, the stop that is open, and the latest approvals."""

    container: ClassVar[str] = "settings"
    id: str = "guard:blocks"
    minutes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Short digests of device ids, by the minute they were entered in (UTC)."""
    stop: Stop | None = None
    approvals: tuple[Approval, ...] = ()

    def since(self, moment: datetime) -> "Guard":
        """Without what was entered before `moment`."""
        oldest = _minute(moment)
        return self.model_copy(update={"minutes": {m: ids for m, ids in self.minutes.items() if m > oldest}})

    @property
    def entered(self) -> frozenset[str]:
        """Everybody in the count."""
        return frozenset(entry for entries in self.minutes.values() for entry in entries)

    def approved(self, stop: str | None) -> Approval | None:
        """The approval of a stop, where there is one."""
        return next((each for each in self.approvals if each.stop == stop), None)

    def waiting(self, devices: Mapping[str, str | None]) -> dict[str, str]:
        """Those of `devices` that wait under the open stop."""
        return {id_: stop for id_, stop in devices.items() if stop and self.stop and stop == self.stop.id}


async def admit(services: Services, devices: Mapping[str, str | None]) -> dict[str, str]:
    """Let devices be newly blocked; those that must wait, by id, with the stop they wait under.

    `devices` gives the stop each has waited under; under an open one it goes on waiting, however few are in
    the count by now. Done again, it admits the same devices and no others.
    """
    if not devices:
        return {}
    async with services.blocking:
        for attempt in range(ATTEMPTS):
            found = await services.store.read(Guard, "guard:blocks")
            before = found.document if found else Guard()
            waiting = before.waiting(devices)
            asking = [id_ for id_, stop in devices.items() if not (before.approved(stop) or id_ in waiting)]
            managed = (await services.mirror.read()).managed
            after, beyond = _entered(before, asking, managed, services)
            held = {**waiting, **beyond}
            if after == before:
                return held
            try:
                if found is None:
                    await services.store.create(after)
                else:
                    await services.store.replace(after, found.etag)
            except (AlreadyStored, Conflict):
                await pause(attempt)
                continue
            if after.stop is not None and after.stop != before.stop:
                _alarm(after.stop)
            return held
    raise StoreUnavailable("the count of new blocks is written by too many at once")


async def approve(services: Services, stop: str, who: str, why: str) -> Approval:
    """Approve what waits under a stop; the approval that stands. Raises NotThere where there is no such
    stop."""
    for attempt in range(ATTEMPTS):
        found = await services.store.read(Guard, "guard:blocks")
        if found is None or (found.document.stop is None and not found.document.approvals):
            raise NotThere(f"no mass-change stop {stop[:100]!r}")
        guard = found.document
        standing = guard.approved(stop)
        if standing is not None:
            return standing
        if guard.stop is None or guard.stop.id != stop:
            raise NotThere(f"no mass-change stop {stop[:100]!r}")
        approval = Approval(stop=stop, at=services.now(), who=who, why=why)
        approvals = (approval, *guard.approvals)[:KEPT_APPROVALS]
        after = guard.model_copy(update={"minutes": {}, "stop": None, "approvals": approvals})
        try:
            await services.store.replace(after, found.etag)
        except Conflict:
            await pause(attempt)
            continue
        tell(Event.MASS_CHANGE_APPROVED, stop=stop)
        return approval
    raise StoreUnavailable("the count of new blocks is written by too many at once")


async def guard(services: Services) -> Guard:
    """The count as it stands."""
    found = await services.store.read(Guard, "guard:blocks")
    return found.document.since(services.now() - WINDOW) if found else Guard()


def limit(services: Services, managed: int) -> int:
    """How many devices may be newly blocked in an hour: GUARD_DEVICES, or GUARD_PERCENT of all, if that is
    more."""
    settings = services.settings
    return min(MOST, max(settings.guard_devices, managed * settings.guard_percent // 100))


def _entered(
    before: Guard, devices: list[str], managed: int, services: Services
) -> tuple[Guard, dict[str, str]]:
    """The count with as many of `devices` as it may hold, and the others with the stop they wait under."""
    now = services.now()
    guard = before.since(now - WINDOW)
    entered, most = guard.entered, limit(services, managed)
    new = [id_ for id_ in devices if _entry(id_) not in entered]
    free = max(0, most - len(entered))
    admitted, held = new[:free], new[free:]
    if not new:
        return before, {}
    if held and guard.stop is None:
        stop = Stop(id=f"{now:%Y%m%dT%H%M}-{uuid.uuid4().hex[:8]}", at=now, limit=most, managed=managed)
        guard = guard.model_copy(update={"stop": stop})
    if admitted:
        minute = _minute(now)
        entries = (*guard.minutes.get(minute, ()), *map(_entry, admitted))
        guard = guard.model_copy(update={"minutes": {**guard.minutes, minute: entries}})
    elif guard.stop == before.stop:
        guard = before
    name = guard.stop.id if guard.stop else ""
    return guard, dict.fromkeys(held, name)


def _alarm(stop: Stop) -> None:
    tell(Event.MASS_CHANGE_STOPPED, stop=stop.id, limit=stop.limit, managed=stop.managed)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"


def _entry(device_id: str) -> str:
    return hashlib.sha256(device_id.encode()).hexdigest()[:12]
