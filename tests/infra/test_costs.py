"""The counted operations behind docs/costs.md are what the code does; the page shows what the model says."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from evaluate_risk.enforce import retry_pending
from evaluate_risk.evaluation import evaluate
from infra import costs
from infra.costs import work
from infra.functions import groups
from infra.recorded import recorded
from local.partners import lookout
from local.partners.authentication import signed
from local.partners.message import encoded
from local.sample_tenant import Phone
from shared.domain.level import Level
from shared.domain.model import Report
from shared.domain.record import Status
from sync_inventory.policies.sign_ins import check_sign_ins
from sync_inventory.tally import Tally
from tests.infra.code import ROOT
from tests.ingest_threat.door import posted
from tests.sync_inventory.tenant import put_connector, put_phone, put_policy, run
from tests.world import START, World, a_threat, world

OTHER = "99999999-aaaa-4bbb-8ccc-222222222222"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def taken(world: World) -> Counter[str]:
    """Operations on Cosmos DB since the last look, by kind."""
    counted: Counter[str] = Counter()
    for (_, kind), number in world.operations.items():
        counted[kind] += number
    world.operations.clear()
    return counted


async def test_reports_cost_what_the_model_says(tenant_world: World) -> None:
    put_policy(tenant_world)
    put_phone(tenant_world)
    put_phone(tenant_world, "intune-2", OTHER, serialNumber="SN-2")
    await run(tenant_world)
    await _report(tenant_world, a_threat(device="agent-2", mdm_device_id="intune-2"))
    await _report(tenant_world, a_threat(severity=Level.LOW))
    assert tenant_world.entra_tag(OTHER) == "mtd-block-high", "so that the count of new blocks is there"

    blocking = await _report(tenant_world, a_threat("t2", minutes=5, severity=Level.HIGH))
    assert tenant_world.entra_tag() == "mtd-block-high"
    assert blocking == {
        "read": costs.READS + costs.COUNT_READS,
        "create": costs.CREATES,
        "replace": costs.REPLACES + costs.TAG_REPLACES + costs.COUNT_REPLACES,
    }
    idle = await _report(tenant_world, a_threat("t3", minutes=5, severity=Level.MEDIUM))
    assert idle == {"read": costs.READS, "create": costs.CREATES, "replace": costs.REPLACES}
    await _report(tenant_world, a_threat("t3", minutes=6, status=Status.RESOLVED))
    freeing = await _report(tenant_world, a_threat("t2", minutes=6, status=Status.RESOLVED))
    assert tenant_world.entra_tag() == "mtd-ok"
    assert freeing == {
        "read": costs.READS,
        "create": costs.CREATES,
        "replace": costs.REPLACES + costs.TAG_REPLACES,
    }


async def _report(world: World, report: Report) -> Counter[str]:
    """What storing and evaluating a report takes."""
    taken(world)
    await world.services.store.create(report)
    await evaluate(world.services, [report.model_dump(mode="json")])
    return taken(world)


async def test_that_a_partner_reported_is_written_once_a_minute() -> None:
    async with world(webhook_secrets={"lookout": SECRET}) as tenant:
        upserts = []
        for at in (0, 20, 60):
            tenant.clock.now = START + timedelta(seconds=at)
            body = encoded(lookout.detection(Phone.of("costs", "phone", "iOS"), f"t{at}", tenant.clock()))
            answer = await posted(tenant.services, "lookout", signed(SECRET, body, tenant.clock.now), body)
            assert answer.accepted == 1
            upserts.append(taken(tenant)["upsert"])
    assert upserts == [costs.HEARTBEAT_UPSERTS, 0, costs.HEARTBEAT_UPSERTS]


async def test_what_decisions_go_by_is_read_once_in_30_seconds() -> None:
    async with world(connector_ids={"lookout": "connector-1"}) as tenant:
        await tenant.services.mirror.read()
        assert taken(tenant) == {"read": costs.MIRROR_READS}
        tenant.clock.pass_time(seconds=29)
        await tenant.services.mirror.read()
        assert taken(tenant) == {}


async def test_a_steady_sync_costs_what_the_model_says(tenant_world: World) -> None:
    put_policy(tenant_world)
    put_connector(tenant_world)
    devices = 40
    for number in range(devices):
        entra_id = f"aaaaaaaa-0000-4000-8000-{number:012}"
        put_phone(tenant_world, f"intune-{number}", entra_id, serialNumber=f"SN-{number}")
    await run(tenant_world)
    await run(tenant_world)  # the first one after devices came
    store = tenant_world.services.store
    seen: Counter[str] = Counter()
    rows = store._rows

    async def watched(container: str, sql: str, parameters: object) -> object:
        kind = "counts" if "COUNT(1)" in sql else "queries"
        seen[kind] += 1
        async for row in rows(container, sql, parameters):  # type: ignore[arg-type]
            seen["documents"] += kind == "queries"
            yield row

    store._rows = watched  # type: ignore[method-assign, assignment]
    taken(tenant_world)
    await run(tenant_world)
    operations = taken(tenant_world)
    looked_at_the_record = 1
    assert seen["documents"] == costs.SYNC_DOCUMENTS_A_DEVICE * devices + 1, "one more is the connector"
    assert (seen["counts"], seen["queries"]) == (costs.SYNC_COUNTS, costs.SYNC_QUERIES)
    assert operations["read"] - looked_at_the_record == costs.SYNC_READS
    assert {kind for kind in operations if kind != "query"} == {"read", "replace"}
    assert operations["replace"] == costs.SYNC_REPLACES


async def test_asking_what_if_once_an_hour_costs_what_the_model_says(tenant_world: World) -> None:
    await check_sign_ins(tenant_world.services, Tally())
    assert taken(tenant_world) == {"read": 1, "query": costs.HOUR_QUERIES, "upsert": costs.HOUR_REPLACES}


async def test_a_minute_without_work_costs_what_the_model_says(tenant_world: World) -> None:
    await retry_pending(tenant_world.services)
    assert taken(tenant_world) == {"query": costs.MINUTE_QUERIES, "read": costs.MINUTE_READS}


def test_the_page_shows_the_models_table() -> None:
    page = (ROOT / "docs" / "costs.md").read_text()
    assert costs.table() in page, "run `python -m infra.costs` and put its table into docs/costs.md"


def test_the_pages_arithmetic_is_the_models() -> None:
    page = " ".join((ROOT / "docs" / "costs.md").read_text().split())
    counted, queried = costs.SYNC_COUNTS + costs.SYNC_QUERIES, costs.SYNC_DOCUMENTS_A_DEVICE * 10_000
    fixed = (
        (counted, costs.RU_QUERY),
        (costs.SYNC_READS, costs.RU_READ),
        (costs.SYNC_REPLACES, costs.RU_REPLACE),
    )
    sync = queried * costs.RU_SCANNED + sum(number * price for number, price in fixed)
    terms = " + ".join(f"{number}×{price:.0f}" for number, price in fixed)
    assert f"{terms} = {sync:,.0f}) = {costs.SYNCS * sync / 1e6:.1f} million" in page
    often = sum(rule["every"] == "PT5M" for rule in costs.ALERTS)
    seldom = len(costs.ALERTS) - often
    assert f"{often} × $1.50 + {seldom} × $0.50 = **${costs.PRICE_ALERTS:.0f}**" in page
    kept = sum(costs.PROD.kept(group) for group in groups()) // len(groups())
    idle = len(groups()) * kept * costs.GB_AN_INSTANCE * costs.SECONDS_A_MONTH * costs.PRICE_READY_GB_S
    assert f"{len(groups())} groups of functions" in page
    assert f"× {kept} instances × 2 GB × {costs.SECONDS_A_MONTH:,} s × $0.000004 = **${idle:.0f}**" in page
    assert all(f"`{group}`" in page for group in groups() if group != "http")
    whole = costs.database(10_000, costs.DEV), costs.functions(10_000, costs.DEV)
    assert all(f"**${part:.0f}**" in page for part in whole)


@pytest.mark.parametrize("environment", [costs.DEV, costs.PROD], ids=lambda each: each.name)
def test_what_is_priced_is_what_the_environment_sets(environment: costs.Environment) -> None:
    lines = (ROOT / "infra" / "environments" / f"{environment.name}.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    autoscale = given["COSMOS_CAPACITY"] == "autoscale"
    assert environment == costs.Environment(
        environment.name,
        int(given["COSMOS_MAXIMUM_THROUGHPUT"]) if autoscale else 0,
        int(given["ALWAYS_READY_INSTANCES"]),
        zones=given["ZONE_REDUNDANT"] == "true",
        private_network=given["PRIVATE_NETWORK"] == "true",
        backup_30_days=given.get("COSMOS_BACKUP") == "Continuous30Days",
    )


def test_over_zones_two_instances_of_every_group_of_functions_are_paid_for() -> None:
    """Of those that trigger by HTTP together, and of each other function, also where none is asked for."""
    assert groups() == sorted(costs.work(1)), (
        "say in costs.work how often a new function runs, and for how long"
    )
    bare = replace(costs.DEV, zones=True)
    assert [bare.kept(group) for group in groups()] == [2] * len(groups())
    asked = replace(costs.PROD, always_ready=5)
    assert sum(asked.kept(group) for group in groups()) == 2 * 5 + 2 * (len(groups()) - 2)
    assert sum(costs.DEV.kept(group) for group in groups()) == 0
    month = costs.GB_AN_INSTANCE * costs.SECONDS_A_MONTH * costs.PRICE_READY_GB_S
    assert costs.functions(1, bare) - costs.functions(1, costs.DEV) > 2 * len(groups()) * month * 0.99


def test_a_new_function_costs_its_instances_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    before = costs.functions(1_000, costs.PROD)
    monkeypatch.setattr(costs, "groups", lambda: [*groups(), "another_timer"])
    monkeypatch.setattr(costs, "work", lambda devices: {**work(devices), "another_timer": (0.0, 0.0)})
    kept = costs.READY_OVER_ZONES * costs.GB_AN_INSTANCE * costs.SECONDS_A_MONTH * costs.PRICE_READY_GB_S
    assert costs.functions(1_000, costs.PROD) - before == pytest.approx(kept)


def test_what_is_kept_ready_is_what_the_template_keeps() -> None:
    [site] = [each for each in recorded("prod")["resources"] if each["type"] == "Microsoft.Web/sites"]
    rows = site["properties"]["functionAppConfig"]["scaleAndConcurrency"]["alwaysReady"]
    kept = {row["name"].removeprefix("function:"): row["instanceCount"] for row in rows}
    assert kept == dict.fromkeys(costs.READY_GROUPS, costs.PROD.always_ready)


def test_what_lists_of_devices_add_is_the_models() -> None:
    page = " ".join((ROOT / "docs" / "costs.md").read_text().split())
    units, stored = costs.device_lists(10_000, 24)
    assert f"10,000 × 24 × 30 × {costs.RU_REPORT:.0f} = {units / 1e6:.0f} million units a month" in page
    dollars = units / 1e6 * costs.PRICE_RU_MILLION
    assert f"${dollars:.0f} on `dev`, and {stored:.0f} GB kept, ${stored * costs.PRICE_STORED_GB:.0f}" in page


def test_more_devices_never_cost_less() -> None:
    for environment in (costs.DEV, costs.PROD):
        months = [
            costs.database(size, environment) + costs.functions(size, environment) + costs.monitoring(size)
            for size in costs.SIZES
        ]
        assert months == sorted(months)
