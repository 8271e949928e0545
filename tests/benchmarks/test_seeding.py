"""What is put into a store at once is what a first sync leaves there."""

import json
import pathlib
import re
from typing import Any

from benchmarks.large_tenant import stand_ins
from local.cosmos.store import bodies

CONTAINERS = ("devices", "links", "inventory")
TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
DEVICES, APPS = 6, 4


def _documents(folder: pathlib.Path) -> dict[tuple[str, str], Any]:
    """All there is of devices, but for when it was written."""
    found = {}
    for container in CONTAINERS:
        for body in bodies(folder / "cosmos.sqlite", container):
            document = json.loads(TIME.sub("then", body.decode()))
            found[container, document["id"]] = {k: v for k, v in document.items() if not k.startswith("_")}
    return found


async def test_a_seeded_store_holds_what_a_sync_writes_and_the_next_one_finds_nothing() -> None:
    async with stand_ins() as there:
        await there.fill(DEVICES, APPS)
        await there.sync()
        written = _documents(there.folder)
    async with stand_ins() as there:
        await there.seed(DEVICES, APPS)
        assert _documents(there.folder) == written
        assert len(written) == DEVICES * (1 + 3 + 1)
        run = await there.sync()
    assert (run.writes, run.count("unchanged", "devices"), run.count("unchanged")) == (0, DEVICES, DEVICES)


async def test_without_apps_nobody_opted_in_and_no_inventory_is_there() -> None:
    async with stand_ins() as there:
        await there.seed(DEVICES, 0)
        assert len(_documents(there.folder)) == DEVICES * (1 + 3)
        run = await there.sync()
    assert (run.writes, run.count("unchanged", "devices"), run.count("rows")) == (0, DEVICES, 0)
