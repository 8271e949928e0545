"""The counted operations behind docs/costs.md are what the code does; the page shows what the model says."""

from collections import Counter

from evaluate_risk.evaluation import evaluate
from infra import costs
from shared.level import Level
from tests.infra.code import ROOT
from tests.sync_inventory.tenant import put_connector, put_phone, put_policy, run
from tests.world import World, a_threat


def taken(world: World) -> Counter[str]:
    """Operations on Cosmos DB since the last look, by kind."""
    counted: Counter[str] = Counter()
    for (_, kind), number in world.operations.items():
        counted[kind] += number
    world.operations.clear()
    return counted


async def test_a_report_that_changes_the_tag_costs_what_the_model_says(tenant_world: World) -> None:
    put_policy(tenant_world)
    put_phone(tenant_world)
    await run(tenant_world)
    await evaluate(tenant_world.services, [a_threat(severity=Level.LOW).model_dump(mode="json")])
    taken(tenant_world)
    worse = a_threat("t2", minutes=5, severity=Level.HIGH)
    await tenant_world.services.store.create(worse)
    await evaluate(tenant_world.services, [worse.model_dump(mode="json")])
    assert tenant_world.entra_tag() == "mtd-block-high"
    expected = {
        "read": costs.REPORT_READS,
        "create": costs.REPORT_CREATES,
        "replace": costs.REPORT_REPLACES,
    }
    assert taken(tenant_world) == expected


async def test_a_steady_sync_reads_what_the_model_says_for_each_device(tenant_world: World) -> None:
    put_policy(tenant_world)
    put_connector(tenant_world)
    devices = 40
    for number in range(devices):
        entra_id = f"aaaaaaaa-0000-4000-8000-{number:012}"
        put_phone(tenant_world, f"intune-{number}", entra_id, serialNumber=f"SN-{number}")
    await run(tenant_world)
    store = tenant_world.services.store
    seen: Counter[str] = Counter()
    rows = store._rows

    async def watched(container: str, sql: str, parameters: object) -> object:
        async for row in rows(container, sql, parameters):  # type: ignore[arg-type]
            seen["counts" if "COUNT(1)" in sql else "documents"] += 1
            yield row

    store._rows = watched  # type: ignore[method-assign, assignment]
    await run(tenant_world)
    assert seen["documents"] == costs.SYNC_DOCUMENTS_A_DEVICE * devices + 1, "one more is the connector"
    assert seen["counts"] == costs.SYNC_COUNTS


def test_the_page_shows_the_models_table() -> None:
    page = (ROOT / "docs" / "costs.md").read_text()
    assert costs.table() in page, "run `python -m infra.costs` and put its table into docs/costs.md"


def test_more_devices_never_cost_less() -> None:
    for environment in (costs.DEV, costs.PROD):
        months = [
            costs.database(size, environment) + costs.functions(size, environment) + costs.monitoring(size)
            for size in costs.SIZES
        ]
        assert months == sorted(months)
