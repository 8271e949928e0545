"""The sync of a large tenant whose admin opted in to full app inventory: a second run, that finds nothing
changed."""

from collections.abc import AsyncIterator

from benchmarks.large_tenant import Measured, Tenant, measure
from benchmarks.peak import MIB
from benchmarks.row import Row, figures
from benchmarks.tenant import least_calls

BOUND = 900.0
FEW, MANY, APPS = 10_000, 25_000, 60
MOST_CPU, MOST_MEMORY = 2.0, 1.2


async def rows(few: int = FEW, many: int = MANY, apps: int = APPS) -> AsyncIterator[Row]:
    small = await measure(few, apps, lambda _: None)
    large = await measure(many, apps, lambda _: None)
    for row in (*_figures(large, many), _memory(small.second, large.second, few)):
        yield row


def _figures(tenant: Tenant, devices: int) -> list[Row]:
    what, second = f"sync of {devices:,} devices, nothing changed", tenant.second
    note = f"against reading the same, {figures(tenant.floor)} s of CPU"
    least = least_calls(devices)
    return [
        Row(f"{what}: CPU", second.cpu / tenant.floor, " times", MOST_CPU, note=note),
        Row(f"{what}: CPU", second.cpu, " s"),
        Row(f"{what}: time", second.run.seconds, " s"),
        Row(f"{what}: memory at its most", second.peak_bytes / MIB, " MiB"),
        Row(f"{what}: calls to Graph", second.calls, note=f"at least {least}; {second.refused} refused"),
        Row(f"{what}: documents written", second.writes, most=0, note=f"{second.own_writes} of its own"),
    ]


def _memory(small: Measured, large: Measured, few: int) -> Row:
    note = f"against that of {few:,} devices, {figures(small.peak_bytes / MIB)} MiB"
    return Row("… its memory", large.peak_bytes / small.peak_bytes, " times", MOST_MEMORY, note=note)
