"""How far it goes: what a tenant of a size asks of Cosmos DB, of Functions and of Graph, and of what there is
too little first.

    .venv/bin/python -m infra.capacity    # the table of docs/capacity.md

From the counted operations and the assumptions of infra/costs.py, and the published limits here; a test holds
that the page shows what comes out.
"""

import json
import math
import pathlib
import sys
from dataclasses import replace

from evaluate_risk.guard import MAX_ENTRIES
from infra import costs
from shared.graph.pacing import QUOTAS, SHARE

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
BUSY_HOUR = 1 / 4
"""The part of a day's reports that comes in its busiest hour."""
DAYS = 30
REPORTS_A_SECOND = 100
"""One instance of a group of functions takes in, or evaluates: less than a third of what was measured on two
processors that the stand-ins shared (docs/performance.md)."""
PARTITION_GB, PARTITION_RU = 50, 10_000
"""The most that a physical partition of Cosmos DB holds, and takes in a second ("Partitioning and horizontal
scaling")."""
OUTBREAK = 0.01
"""The part of all phones that one app, found everywhere at once, newly blocks."""
_TAGS = next(quota for quota in QUOTAS if quota.only_writes and "/devices" in quota.paths)


def timeout_seconds() -> float:
    """What `functionTimeout` in host.json allows a run."""
    host = pathlib.Path(__file__).resolve().parent.parent / "host.json"
    hours, minutes, seconds = map(
        int, json.loads(host.read_text(encoding="utf-8"))["functionTimeout"].split(":")
    )
    return 3600.0 * hours + 60 * minutes + seconds


def reports_a_second(devices: int) -> float:
    """In the busiest hour of a day."""
    return devices * costs.REPORTS_A_DEVICE / DAYS * BUSY_HOUR / 3600


def units_a_second(devices: int) -> float:
    """Request units in that hour: what comes all day long, and more of the reports."""
    more = reports_a_second(devices) - devices * costs.REPORTS_A_DEVICE / costs.SECONDS_A_MONTH
    return costs.request_units(devices) / costs.SECONDS_A_MONTH + more * costs.RU_REPORT


def partitions(devices: int) -> int:
    """Physical ones, by what is stored and what is asked."""
    stored = devices * costs.STORED_KB_A_DEVICE / 1e6
    return math.ceil(max(stored / PARTITION_GB, units_a_second(devices) / PARTITION_RU))


def seconds_to_tag(devices: int) -> float:
    """Until Graph has taken the tags of an outbreak, by its quota for writes."""
    return devices * OUTBREAK / (_TAGS.limit * SHARE) * _TAGS.window


def dollars(devices: int) -> float:
    """A month in `prod`, with as much autoscale as the busiest hour takes."""
    most = max(4_000, math.ceil(units_a_second(devices) / 1_000) * 1_000)
    environment = replace(costs.PROD, autoscale_maximum=most)
    parts = (costs.database(devices, environment), costs.functions(devices, environment))
    return sum(parts) + costs.monitoring(devices) + costs.network(environment)


def limits() -> dict[str, int]:
    """By what there is too little of, the number of devices beyond which."""
    return {
        "a sync takes longer than its schedule's 15 minutes": int(900 / costs.SYNC_SECONDS_A_DEVICE),
        "a sync takes longer than `functionTimeout`": int(timeout_seconds() / costs.SYNC_SECONDS_A_DEVICE),
        f"an outbreak on {OUTBREAK:.0%} is more than the mass-change stop can count": int(
            MAX_ENTRIES / OUTBREAK
        ),
    }


def table() -> str:
    """Every size, as a Markdown table."""
    titles = ("devices", "reports a second", "RU a second", "stored", "physical partitions", "instances")
    more = ("a sync", "tags of an outbreak", "a month")
    lines = [f"| {' | '.join((*titles, *more))} |", "|" + "--:|" * 9]
    for devices in SIZES:
        instances = max(1, math.ceil(reports_a_second(devices) / REPORTS_A_SECOND))
        cells = (
            f"{devices:,}",
            f"{reports_a_second(devices):,.1f}",
            f"{units_a_second(devices):,.0f}",
            f"{devices * costs.STORED_KB_A_DEVICE / 1e6:,.0f} GB",
            f"{partitions(devices)}",
            f"{instances} + {instances}",
            f"{costs.sync_seconds(devices) / 60:,.0f} min",
            f"{seconds_to_tag(devices) / 60:,.0f} min",
            f"${dollars(devices):,.0f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def limits_table() -> str:
    """What ends first, as a Markdown table."""
    rows = [
        f"| {what} | {devices:,} |" for what, devices in sorted(limits().items(), key=lambda each: each[1])
    ]
    return "\n".join(["| what | beyond so many devices |", "|---|--:|", *rows])


def main() -> int:
    sys.stdout.write(f"{table()}\n\n{limits_table()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
