"""What a first sync over a large tenant leaves in the store, put there at once, in a process of its own.

    python -m benchmarks.seeding FOLDER DEVICES APPS

A real first run over a few devices, one of each kind, went before: the documents of the others are theirs
with other names in them, and their own apps, as the sync makes inventories of what the report says. A sync
that finds anything to write afterwards shows that they are not what it would have written.
"""

import asyncio
import json
import os
import pathlib
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from benchmarks import tenant
from local.cosmos.documents import Operation, perform
from local.cosmos.protocol import canonical
from local.cosmos.store import Document, Store
from local.graph.directory import Directory
from local.graph.inventory import COLUMNS, blocks, put_synthetic_apps
from shared.containers import DATABASE
from shared.domain.inventory import AppRow, Collected, Inventory
from shared.domain.model import Device, Link, device_id, link_id
from shared.domain.model import DeviceFacts as Facts
from shared.services import Services
from shared.settings import read
from sync_inventory.apps.mobile_apps import MobileApps

APP = tuple(map(COLUMNS.index, ("ApplicationName", "ApplicationVersion", "ApplicationShortVersion")))
OWNER = COLUMNS.index("DeviceId")


class Kind(NamedTuple):
    """What one run left of one device of a kind."""

    text: str
    """Device and links, as JSON."""
    inventory: Inventory | None


def main() -> None:
    folder, devices, apps = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    store, mobile_apps = Store(folder / "cosmos.sqlite", time.time), asyncio.run(_mobile_apps())
    kinds = [_kind(store, number) for number in range(tenant.KINDS)]
    for batch in tenant.devices(devices, tenant.KINDS):
        with store.transaction():
            for container, document in _documents(kinds, mobile_apps, batch, apps):
                key = canonical(document["id"])
                perform(store, store.containers[DATABASE, container], Operation("create", key, body=document))
    store.close()
    print("{}")


async def _mobile_apps() -> MobileApps:
    services = Services.of(read(os.environ))
    try:
        return await MobileApps.read(services)
    finally:
        await services.close()


def _kind(store: Store, number: int) -> Kind:
    """All that is stored of the device of that number."""
    [managed] = (each for each in next(tenant.devices(number + 1, number)) if "deviceId" not in each)
    ids = {"intune": managed["id"], "entra": managed["azureADDeviceId"], "serial": managed["serialNumber"]}
    id_ = str(ids["entra"])
    links = [_stored(store, Link.container, link_id(kind, value)) for kind, value in ids.items()]
    device = _stored(store, Device.container, id_)
    assert device is not None
    assert device_id(Facts.model_validate(device["facts"])) == id_
    inventory = _stored(store, Inventory.container, id_)
    text = json.dumps([(Device.container, device), *((Link.container, link) for link in links)])
    return Kind(text, Inventory.model_validate(inventory) if inventory else None)


def _stored(store: Store, container: str, id_: str) -> Document | None:
    found = store.find(store.containers[DATABASE, container], canonical(id_), id_)
    return json.loads(found.body) if found else None


def _documents(
    kinds: list[Kind], mobile_apps: MobileApps, records: list[tenant.Document], apps: int
) -> Iterator[tuple[str, Document]]:
    managed = [each for each in records if "deviceId" not in each]
    for number, record in ((tenant.number_of(each), each) for each in managed):
        text = kinds[number % tenant.KINDS].text
        for theirs, own in zip(tenant.names(number % tenant.KINDS), tenant.names(number), strict=True):
            text = text.replace(theirs, own)
        yield from json.loads(text)
        assert record["id"] in text
    if apps:
        for intune_id, rows in _apps(managed, apps):
            number = tenant.number_of({"id": intune_id})
            inventory = kinds[number % tenant.KINDS].inventory
            assert inventory is not None
            yield Inventory.container, _inventory(inventory, mobile_apps, number, rows)


def _apps(managed: list[tenant.Document], apps: int) -> Iterator[tuple[str, list[AppRow]]]:
    """What the report says of each device, by Intune's id."""
    state = Directory(None)
    with state.transaction():
        put_synthetic_apps(state, {"apps_per_device": apps})
        for each in managed:
            state.put_managed_device(each)
    rows = sorted((row for block in blocks(state) for row in block), key=itemgetter(OWNER))
    for intune_id, own in groupby(rows, itemgetter(OWNER)):
        yield intune_id, [AppRow(name, version, short) for name, version, short in map(itemgetter(*APP), own)]
    state.close()


def _inventory(like: Inventory, mobile_apps: MobileApps, number: int, rows: Iterable[AppRow]) -> Document:
    joined = (mobile_apps.joined(row, like.ownership) for row in rows)
    ids = tenant.entra_id(number), tenant.intune_id(number)
    collected = Collected.of(*ids, like.ownership, like.partners, joined)
    return collected.document({}, datetime.now(UTC)).model_dump(mode="json", exclude_none=Inventory.sparse)


if __name__ == "__main__":
    main()
