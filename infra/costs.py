"""What a month costs: operations counted on the stand-ins, what each is taken to cost, and list prices.

    .venv/bin/python -m infra.costs    # the table of docs/costs.md

Change a price or an assumption here, run it, and put the table into docs/costs.md; a test holds that both
agree, and that the counted operations are what the code does.
"""

import json
import pathlib
import sys
from dataclasses import dataclass

from infra.functions import groups

SECONDS_A_MONTH = 30 * 86_400
HOURS_A_MONTH = 730
SIZES = (1_000, 10_000, 100_000)

# --- counted: tests/infra/test_costs.py counts them on the stand-ins ---------------------------------------

READS, CREATES, REPLACES = 2, 1, 2
"""Of a report that changes no tag, at most: agent and device read; the report stored; both replaced."""
TAG_REPLACES = 1
"""More, of a report that changes a tag: what came of it, on the device."""
COUNT_READS, COUNT_REPLACES = 1, 1
"""More, of a report that newly blocks a device: the hour's count of new blocks, for the mass-change stop."""
HEARTBEAT_UPSERTS = 1
"""Of the first message of a partner in a minute: its heartbeat."""
MIRROR_READS = 4
"""Of decisions, every 30 seconds at most: rules, size of the tenant, silence, and a partner's connector."""
SYNC_DOCUMENTS_A_DEVICE = 4
"""Documents one steady sync reads for each device: the device, and its three links."""
SYNC_COUNTS, SYNC_QUERIES, SYNC_READS, SYNC_REPLACES = 8, 13, 14, 2
"""Of a steady sync whatever the number of devices: counts from the index, other queries, and by id."""
HOUR_QUERIES, HOUR_REPLACES = 4, 1
"""More, of the first sync of an hour, which asks What If: phones by platform and verdict; what it said."""
MINUTE_QUERIES, MINUTE_READS = 2, 1
"""Of every minute where nothing waits: pending blocks and unblocks, and the count of new blocks."""

# --- assumed: see docs/costs.md for where each comes from --------------------------------------------------

REPORTS_A_DEVICE = 30
"""A month: one a day."""
BLOCKING, FREEING = 0.1, 0.1
"""The parts of the reports that newly block a device, and that free one."""
REPORTS_A_MESSAGE = 10
SYNCS = 30 * 96
"""Every 15 minutes, where one is done by then: a run that finds another under way does nothing."""
MINUTES = 30 * 1440
RU_READ, RU_CREATE, RU_REPLACE, RU_QUERY, RU_SCANNED = 2.0, 7.0, 14.0, 3.0, 0.05
RU_FEED = SECONDS_A_MONTH * 1.0 + SECONDS_A_MONTH / 17 * RU_REPLACE
"""The change feed asked every second, and its lease renewed every 17 seconds, all month."""
RU_REPORT = READS * RU_READ + CREATES * RU_CREATE + REPLACES * RU_REPLACE
"""Of a report that changes no tag."""
KB_A_REPORT = 2
STORED_KB_A_DEVICE = 190
"""90 days of reports, and the agent, the device and its links."""
GB_AN_INSTANCE = 2
SYNC_SECONDS_A_DEVICE = (2 * 1.5) / 1000 + 0.00065
"""Two pages of Graph for 1,000 devices at 1.5 s each, and 0.65 ms of work a device (on stand-ins)."""
LOG_KB_A_REPORT, LOG_KB_A_RUN = 2.5, 3.0

# --- list prices, US dollars, East US, pay as you go -------------------------------------------------------

PRICE_RU_MILLION = 0.25
PRICE_AUTOSCALE_100_RU_HOUR = 0.012
PRICE_STORED_GB = 0.25
PRICE_BACKUP_30_DAYS_GB = 0.20
PRICE_ON_DEMAND_GB_S, FREE_GB_S = 0.000026, 100_000
PRICE_READY_GB_S, PRICE_READY_BUSY_GB_S = 0.000004, 0.000016
PRICE_RUNS_MILLION, FREE_RUNS = 0.40, 250_000
PRICE_LOG_GB, FREE_LOG_GB = 2.30, 5.0
PRICE_ENDPOINT_HOUR, PRICE_ZONE = 0.01, 0.50
PRICE_ALERT_RULE = {"PT5M": 1.50, "PT15M": 0.50, "PT1H": 0.50}
"""By how often a rule looks."""

ALERTS = json.loads(pathlib.Path(__file__).with_name("alerts.json").read_text(encoding="utf-8"))
PRICE_ALERTS = sum(PRICE_ALERT_RULE[rule["every"]] for rule in ALERTS)


READY_GROUPS = ("http", "evaluate_risk")
"""What ALWAYS_READY_INSTANCES keeps: so many for the partners' door, and as many for the change feed."""
READY_OVER_ZONES = 2
"""What the platform keeps of every group of functions in a zone-redundant plan, whatever is asked for, and
bills as always ready ("Reliability in Azure Functions", Flex Consumption)."""


@dataclass(frozen=True)
class Environment:
    """What of infra/environments/ decides the price."""

    name: str
    autoscale_maximum: int
    """0: serverless."""
    always_ready: int
    zones: bool
    private_network: bool
    backup_30_days: bool

    def kept(self, group: str) -> int:
        """Instances of a group of functions that are always there."""
        asked = self.always_ready if group in READY_GROUPS else 0
        return max(asked, READY_OVER_ZONES if self.zones else 0)


DEV = Environment("dev", 0, 0, zones=False, private_network=False, backup_30_days=False)
PROD = Environment("prod", 4000, 2, zones=True, private_network=True, backup_30_days=True)


def request_units(devices: int) -> float:
    """Of a month."""
    reports = devices * REPORTS_A_DEVICE
    messages = reports / REPORTS_A_MESSAGE
    report = RU_REPORT + (BLOCKING + FREEING) * TAG_REPLACES * RU_REPLACE
    report += BLOCKING * (COUNT_READS * RU_READ + COUNT_REPLACES * RU_REPLACE)
    heartbeats = min(messages, MINUTES) * HEARTBEAT_UPSERTS * RU_REPLACE
    mirror = min(messages, 2 * MINUTES) * MIRROR_READS * RU_READ
    fixed = (SYNC_COUNTS + SYNC_QUERIES) * RU_QUERY + SYNC_READS * RU_READ + SYNC_REPLACES * RU_REPLACE
    sync = SYNC_DOCUMENTS_A_DEVICE * devices * RU_SCANNED + fixed
    hour = HOUR_QUERIES * RU_QUERY + HOUR_REPLACES * RU_REPLACE
    minute = MINUTE_QUERIES * RU_QUERY + MINUTE_READS * RU_READ
    timers = syncs(devices) * sync + HOURS_A_MONTH * hour + MINUTES * minute
    return reports * report + heartbeats + mirror + timers + RU_FEED


def sync_seconds(devices: int) -> float:
    """How long a sync takes that finds nothing changed."""
    return devices * SYNC_SECONDS_A_DEVICE


def syncs(devices: int) -> float:
    """Of a month."""
    return min(SYNCS, SECONDS_A_MONTH / max(1.0, sync_seconds(devices)))


def device_lists(devices: int, times_a_day: int) -> tuple[float, float]:
    """Request units of a month, and GB kept for 90 days, of what a relay or a source adds that posts the
    partner's whole list of devices so often: each row without a time of its own is another report."""
    rows = devices * times_a_day
    return rows * 30 * RU_REPORT, rows * 90 * KB_A_REPORT / 1e6


def database(devices: int, environment: Environment) -> float:
    """Dollars for requests, storage and backup. Autoscale is billed for a tenth of its maximum at least."""
    stored = devices * STORED_KB_A_DEVICE / 1e6
    dollars = stored * PRICE_STORED_GB + stored * PRICE_BACKUP_30_DAYS_GB * environment.backup_30_days
    if environment.autoscale_maximum:
        average = request_units(devices) / SECONDS_A_MONTH
        billed = min(max(environment.autoscale_maximum / 10, 2 * average), environment.autoscale_maximum)
        return dollars + billed / 100 * PRICE_AUTOSCALE_100_RU_HOUR * HOURS_A_MONTH
    return dollars + request_units(devices) / 1e6 * PRICE_RU_MILLION


def work(devices: int) -> dict[str, tuple[float, float]]:
    """Of each group of functions: its runs in a month, and the seconds of one, billed as one at least."""
    messages = devices * REPORTS_A_DEVICE / REPORTS_A_MESSAGE
    return {
        "http": (messages, 1.0),
        "evaluate_risk": (messages, 1.0),
        "retry_pending_tags": (MINUTES, 1.0),
        "sync_inventory": (syncs(devices), max(1.0, sync_seconds(devices))),
    }


def functions(devices: int, environment: Environment) -> float:
    """Dollars for running: what is kept, what runs there, and what runs on demand beyond what is free."""
    done = work(devices)
    on_demand = 0.0
    dollars = max(0.0, sum(runs for runs, _ in done.values()) - FREE_RUNS) / 1e6 * PRICE_RUNS_MILLION
    for group in groups():
        runs, seconds = done[group]
        kept, busy = environment.kept(group), runs * seconds * GB_AN_INSTANCE
        if kept:
            idle = kept * GB_AN_INSTANCE * SECONDS_A_MONTH
            dollars += idle * PRICE_READY_GB_S + busy * PRICE_READY_BUSY_GB_S
        else:
            on_demand += busy
    return dollars + max(0.0, on_demand - FREE_GB_S) * PRICE_ON_DEMAND_GB_S


def monitoring(devices: int) -> float:
    """Dollars for logs beyond what is free, and for alert rules."""
    reports = devices * REPORTS_A_DEVICE
    taken = (reports * LOG_KB_A_REPORT + (MINUTES + SYNCS) * LOG_KB_A_RUN) / 1e6
    return max(0.0, taken - FREE_LOG_GB) * PRICE_LOG_GB + PRICE_ALERTS


def network(environment: Environment) -> float:
    """Dollars for three private endpoints and their zones."""
    return 3 * (PRICE_ENDPOINT_HOUR * HOURS_A_MONTH + PRICE_ZONE) if environment.private_network else 0.0


def table() -> str:
    """Every environment at every size, as a Markdown table."""
    titles = ("environment", "devices", "request units", "Cosmos DB", "Functions", "logs, alerts")
    lines = [f"| {' | '.join((*titles, 'network', 'a month'))} |", "|---|---|---|---|---|---|---|---|"]
    for environment in (DEV, PROD):
        for devices in SIZES:
            parts = (
                database(devices, environment),
                functions(devices, environment),
                monitoring(devices),
                network(environment),
            )
            units = f"{request_units(devices) / 1e6:.0f} M"
            cells = [f"${part:.0f}" for part in (*parts, sum(parts))]
            lines.append(f"| {environment.name} | {devices:,} | {units} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(f"{table()}\n")
