"""The trigger of the change feed, as the host gives it its batches."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import azure.functions as func
import pytest

from evaluate_risk import blueprint, evaluation
from local.host.host import Host
from shared.domain.model import Report
from shared.services import Services
from tests.evaluate_risk.stories import (
    AGENT_ID,
    OTHER_ENTRA_ID,
    OTHER_INTUNE_ID,
    agent,
    put_other_phone,
    put_phone,
)
from tests.world import ENTRA_ID, World, a_threat

LIMIT = 100
"""FEED_BATCH_SIZE where nothing is set."""
ALONE = [a_threat(f"t{number}", minutes=number / 10) for number in range(LIMIT - 1)]
TOGETHER = [
    a_threat(f"t{number}", minutes=number / 10, device="agent-2", mdm_device_id=OTHER_INTUNE_ID)
    for number in range(LIMIT)
]
"""What one transaction writes, which the feed does not cut: the batch has nearly twice the limit."""


@pytest.fixture
async def batches(tenant_world: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many documents each batch had that the real handler was given."""
    sizes: list[int] = []
    evaluate = evaluation.evaluate

    async def evaluated(services: Services, documents: Sequence[Any]) -> None:
        sizes.append(len(documents))
        assert all("_lsn" in document for document in documents)
        await evaluate(services, documents)

    monkeypatch.setattr("shared.services.services", lambda: tenant_world.services)
    monkeypatch.setattr(evaluation, "evaluate", evaluated)
    await put_phone(tenant_world)
    await put_other_phone(tenant_world)
    await tenant_world.put_rule()
    reports = await tenant_world.services.store._container(Report.container)
    for report in ALONE:
        await tenant_world.services.store.create(report)
    creates = [("create", (report.model_dump(mode="json"),)) for report in TOGETHER]
    await reports.execute_item_batch(creates, partition_key=TOGETHER[0].agent)
    return sizes


@pytest.fixture
async def host(tenant_world: World) -> AsyncIterator[Host]:
    app = func.FunctionApp()
    app.register_functions(blueprint.bp)
    triggers = [json.loads(each.get_function_json())["bindings"][0] for each in app.get_functions()]
    assert [each["maxItemsPerInvocation"] for each in triggers if "maxItemsPerInvocation" in each] == [LIMIT]
    settings = {"COSMOS": tenant_world.services.settings.cosmos_connection_string}
    host = Host(app, settings=settings, host_json={}, state=None)
    yield host
    await host.stop()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def whole_and_blocked(world: World) -> None:
    for id_, reports in ((AGENT_ID, ALONE), ("lookout:agent-2", TOGETHER)):
        threats = (await agent(world, id_)).threats
        assert len(threats) == len(reports)
        assert all(threat.resolved is None for threat in threats.values())
    assert world.entra_tag(ENTRA_ID) == world.entra_tag(OTHER_ENTRA_ID) == "mtd-block-high"


async def test_a_batch_larger_than_its_limit_is_evaluated_whole(
    tenant_world: World, batches: list[int], host: Host
) -> None:
    await host.start()
    await until(lambda: tenant_world.entra_tag(ENTRA_ID) and tenant_world.entra_tag(OTHER_ENTRA_ID))
    assert batches == [len(ALONE) + len(TOGETHER)]
    await whole_and_blocked(tenant_world)


async def test_a_batch_larger_than_its_limit_that_the_store_cut_off_is_replayed_whole(
    tenant_world: World, batches: list[int], host: Host
) -> None:
    tenant_world.cosmos_faults.fail_next(403, container="devices", operation="replace")
    await host.start()
    await until(lambda: host.failures)
    await until(lambda: tenant_world.entra_tag(ENTRA_ID) and tenant_world.entra_tag(OTHER_ENTRA_ID))
    assert batches == [len(ALONE) + len(TOGETHER)] * 2
    await whole_and_blocked(tenant_world)
