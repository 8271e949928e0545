"""The mass-change stop: in an hour at most so many devices are newly blocked; what is beyond waits for an
admin.

Who was newly blocked is entered in one document under If-Match before Entra is written, each device once: by
when it was so last. An approval releases what waits under its stop and begins the count anew. Unblocks never
come here.
"""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import Field

from shared.domain.model import Document, Part
from shared.domain.moment import Moment, in_words
from shared.errors import NotThere, Overtaken
from shared.log import LogEvent, log_event
from shared.services import Services

WINDOW = timedelta(minutes=60)
MAX_ENTRIES = 20_000
"""The most devices an hour's count can hold, so that its document stays far below Cosmos DB's 2 MB."""
KEPT_APPROVALS = 50
GUARD_ID = "guard:blocks"


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
    id: str = GUARD_ID
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
        return self.entered_since("")

    def entered_since(self, minute: str) -> frozenset[str]:
        """Those entered in that minute or later."""
        return frozenset(entry for m, entries in self.minutes.items() if m >= minute for entry in entries)

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
        managed = (await services.mirror.read()).managed

        def entered(before: Guard | None) -> Guard:
            return _entered(before or Guard(), devices, managed, services)

        edited = await services.store.edit(Guard, GUARD_ID, entered)
    before = edited.before or Guard()
    after = edited.found.document if edited.found else before
    if after.stop is not None and after.stop != before.stop:
        log_event(
            LogEvent.MASS_CHANGE_STOPPED,
            stop=after.stop.id,
            limit=after.stop.limit,
            managed=after.stop.managed,
        )
    return _held(before, after.since(services.now() - WINDOW), devices)


async def approve(services: Services, stop: str, who: str, why: str) -> Approval:
    """Approve what waits under a stop. Raises NotThere where there is no such stop, and Overtaken, with who,
    when and why, where it was approved already."""
    approval = Approval(stop=stop, at=services.now(), who=who, why=why)

    def approved(guard: Guard | None) -> Guard:
        before = guard and guard.approved(stop)
        if before:
            when = in_words(before.at)
            raise Overtaken(f"stop {stop} was approved already by {before.who} at {when}: {before.why}")
        if guard is None or guard.stop is None or guard.stop.id != stop:
            raise NotThere(f"no mass-change stop {stop[:100]!r}")
        approvals = (approval, *guard.approvals)[:KEPT_APPROVALS]
        return guard.model_copy(update={"minutes": {}, "stop": None, "approvals": approvals})

    await services.store.edit(Guard, GUARD_ID, approved)
    log_event(LogEvent.MASS_CHANGE_APPROVED, stop=stop)
    return approval


async def guard(services: Services) -> Guard:
    """The count as it stands."""
    found = await services.store.read(Guard, GUARD_ID)
    return found.document.since(services.now() - WINDOW) if found else Guard()


def limit(services: Services, managed: int) -> int:
    """How many devices may be newly blocked in an hour: GUARD_DEVICES, or GUARD_PERCENT of all, if that is
    more."""
    settings = services.settings
    return min(MAX_ENTRIES, max(settings.guard_devices, managed * settings.guard_percent // 100))


def _entered(before: Guard, devices: Mapping[str, str | None], managed: int, services: Services) -> Guard:
    """The count with as many of `devices` as it may hold, and the stop the others wait under."""
    now = services.now()
    guard, minute = before.since(now - WINDOW), _minute(now)
    entered, most = guard.entered, limit(services, managed)
    asking = _asking(before, devices)
    new = [id_ for id_ in asking if _entry(id_) not in entered]
    again = frozenset(map(_entry, asking)) & entered - guard.entered_since(minute)
    if not new and not again:
        return before
    free = max(0, most - len(entered))
    admitted, held = new[:free], new[free:]
    if held and guard.stop is None:
        stop = Stop(id=f"{now:%Y%m%dT%H%M}-{uuid.uuid4().hex[:8]}", at=now, limit=most, managed=managed)
        guard = guard.model_copy(update={"stop": stop})
    if not admitted and not again:
        return guard if guard.stop != before.stop else before
    minutes = {m: tuple(entry for entry in ids if entry not in again) for m, ids in guard.minutes.items()}
    minutes[minute] = (*minutes.get(minute, ()), *sorted(again), *map(_entry, admitted))
    return guard.model_copy(update={"minutes": {m: ids for m, ids in minutes.items() if ids}})


def _asking(before: Guard, devices: Mapping[str, str | None]) -> list[str]:
    """Those of `devices` that ask to be admitted: they neither wait under the open stop nor are approved."""
    waiting = before.waiting(devices)
    return [id_ for id_, stop in devices.items() if not (before.approved(stop) or id_ in waiting)]


def _held(before: Guard, after: Guard, devices: Mapping[str, str | None]) -> dict[str, str]:
    """Those of `devices` that must wait, with the stop each waits under."""
    entered, stop = after.entered, after.stop.id if after.stop else ""
    beyond = {id_: stop for id_ in _asking(before, devices) if _entry(id_) not in entered}
    return {**before.waiting(devices), **beyond}


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"


def _entry(device_id: str) -> str:
    return hashlib.sha256(device_id.encode()).hexdigest()[:12]
