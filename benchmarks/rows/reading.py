"""Pages of Intune's managed devices: our reading of them against the typed models of msgraph-sdk, which read
the same pages in the same run, each in a process of its own."""

import sys
from collections.abc import AsyncIterator
from typing import Any

from benchmarks.large_tenant import stand_ins
from benchmarks.peak import MIB
from benchmarks.processes import answer_of, settings
from benchmarks.row import Row, figures
from benchmarks.tenant import MANAGED_PAGE

BOUND = 120.0
DEVICES = 3 * MANAGED_PAGE
WHAT = "reading the pages of managed devices"


async def rows(devices: int = DEVICES) -> AsyncIterator[Row]:
    read: dict[str, dict[str, Any]] = {}
    async with stand_ins() as there:
        await there.fill(devices, 0)
        for who in ("ours", "typed"):
            command = (sys.executable, "-m", "benchmarks.reading", who)
            read[who] = await answer_of(*command, environment=settings(there.cosmos, there.graph))
            if read[who]["devices"] != devices:
                raise RuntimeError(f"{read[who]['devices']} devices were read of {devices}")
    ours, typed = read["ours"], read["typed"]
    each, theirs = (one["cpu"] / (devices - MANAGED_PAGE) * 1e6 for one in (ours, typed))
    yield Row(f"{WHAT}: CPU a device", each, " µs")
    note = f"against the typed models of msgraph-sdk, {figures(theirs)} µs"
    yield Row(f"{WHAT}: CPU", each / theirs, " times", note=note)
    yield Row(f"{WHAT}: memory at its most", ours["peak_bytes"] / MIB, " MiB")
    note = f"against the typed models of msgraph-sdk, {figures(typed['peak_bytes'] / MIB)} MiB"
    yield Row(f"{WHAT}: memory", ours["peak_bytes"] / typed["peak_bytes"], " times", note=note)
