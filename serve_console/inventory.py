"""The app inventory as a partner fetches it: what it may see, page by page, from where it last was.

Pages follow the change feed of the container: a device that changes while somebody is fetching comes again,
none is left out, and a position stays good for as long as the container does. Intune's opt-in matrix is asked
twice, as it stood when the apps were collected and as it stands now. What a partner reported itself is filled
in when a device's entry is made; it makes no entry of its own, and no other partner sees it.
"""

import re
from collections.abc import Iterable

from pydantic import BaseModel, RootModel, ValidationError

from serve_console.merged_apps import InventoryApp, merged
from serve_console.paging import rows_asked_for
from shared.bounded import bounded_gather
from shared.domain.app_sync import OptIn, may_collect, opt_in
from shared.domain.inventory import AgentApps, Inventory, SeenApp, agent_apps_id
from shared.domain.model import Device, Ownership, unreadable
from shared.domain.moment import Moment
from shared.domain.record import Platform
from shared.errors import BadRequest, StoreRefused
from shared.log import LogEvent, log_event
from shared.services import Services

MAX_DEVICES = 500
CONCURRENCY = 16
"""Devices looked at side by side."""
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,16000}")


class _Change(RootModel[Inventory | AgentApps]):
    """A document of the container, as the change feed has it."""


class RemovedDevice(BaseModel):
    """A device of which the partner may have nothing any more. Ids are Entra's and Intune's."""

    device_id: str | None
    intune_id: str


class DeviceApps(RemovedDevice):
    """A device and its apps, as they were collected last."""

    changed_at: Moment
    apps: list[InventoryApp]


class InventoryPage(BaseModel):
    """Devices that changed, with all their apps, and those that are to be forgotten."""

    devices: list[DeviceApps]
    removed: list[RemovedDevice]
    since: str | None
    """Where to go on; null where there was never anything."""
    more: bool
    """Whether there may be more now: go on until there is not. A page may be empty all the same."""


async def fetch(
    services: Services, partner: str, top: str | None = None, since: str | None = None
) -> InventoryPage:
    """What changed after `since` for a partner that has authenticated; everything, where that is not given.

    Raises BadRequest for a `top` or `since` that makes no sense.
    """
    token = position(since)
    allowed = opt_in(partner, await services.mirror.switches())
    size = rows_asked_for(top, MAX_DEVICES)
    try:
        page = await services.store.changes(_Change, Inventory.container, size=size, token=token)
    except StoreRefused as error:
        raise BadRequest("since: expected the one of an earlier answer") from error
    documents = [change.root for change in page.rows if isinstance(change.root, Inventory)]
    entries = await _Looks(services, partner, allowed).entries(
        document for document in documents if _concerns(document, partner)
    )
    # Opted out and not purged yet: the position waits for the purge, whose changes come after it. Were the
    # partner opted in again before that, it would miss what it has just been asked to forget.
    waits = not allowed.app_sync and any(partner in document.partners for document in documents)
    return InventoryPage(
        devices=[entry for entry in entries if isinstance(entry, DeviceApps)],
        removed=[entry for entry in entries if not isinstance(entry, DeviceApps)],
        since=since if waits else _written(page.token),
        more=not waits and page.token != token,
    )


class _Looks:
    """One partner's look at devices, under what is opted in to now."""

    def __init__(self, services: Services, partner: str, allowed: OptIn) -> None:
        self._services = services
        self._partner = partner
        self._allowed = allowed

    async def entries(self, documents: Iterable[Inventory]) -> list[RemovedDevice]:
        """What is to be said of each, in their order. A device nobody can read is logged and left out."""
        found = await bounded_gather(self._entry, documents, limit=CONCURRENCY)
        return [entry for entry in found if entry is not None]

    async def _entry(self, document: Inventory) -> RemovedDevice | None:
        try:
            found = await self._services.store.read(Device, document.id)
            own = await self._own(found.document) if found else []
        except ValidationError as error:
            what = unreadable(error)
            log_event(LogEvent.UNEXPECTED, where="inventory", id=document.id, what=what)
            return None
        ids = {
            "device_id": None if document.id.startswith("intune:") else document.id,
            "intune_id": document.intune_id,
        }
        then, device = document.partners.get(self._partner), found.document if found else None
        # A sweep that was cut off may have written an inventory before the device it is of.
        owner = device.facts.ownership if device else document.ownership
        is_there = device is None or (device.gone_at is None and device.replaced_by is None)
        if then is None or not is_there or not self._may_see(owner, managed=True):
            return RemovedDevice(**ids)
        intunes = [
            app
            for app in document.apps
            if may_collect(then, Platform.IOS, document.ownership, app.managed)
            and self._may_see(owner, app.managed)
        ]
        own = [app for app in own if self._may_see(owner, app.managed)]
        return DeviceApps(**ids, changed_at=document.changed_at, apps=merged(intunes, own, self._partner))

    def _may_see(self, owner: Ownership, managed: bool | None) -> bool:
        return may_collect(self._allowed, Platform.IOS, owner, managed)

    async def _own(self, device: Device) -> list[SeenApp]:
        """What the partner reported within the last day of its own agents on a device, oldest first."""
        apps: list[SeenApp] = []
        for slot in device.slots.values():
            if slot.partner != self._partner or slot.moved or slot.withdrawn:
                continue
            found = await self._services.store.read(AgentApps, agent_apps_id(slot.agent))
            if found is not None:
                apps += found.document.fresh(self._services.now())
        return sorted(apps, key=lambda app: app.seen_at)


def _concerns(document: Inventory, partner: str) -> bool:
    """Whether the partner has, or once had, anything of it: of other devices it learns nothing."""
    return partner in document.partners or partner in document.withdrawn


def position(since: str | None) -> str | None:
    """The position in the change feed that `since` stands for, in the letters the store knows."""
    if not since:
        return None
    if not _TOKEN.fullmatch(since):
        raise BadRequest("since: expected the one of an earlier answer")
    return since.replace("-", "+").replace("_", "/") + "=" * (-len(since) % 4)


def _written(token: str | None) -> str | None:
    """The same in letters that need no escape in an address."""
    return token.replace("+", "-").replace("/", "_").rstrip("=") if token else None
