"""Threats that came without a device, and the agents that bear their keys."""

import json

import pytest

from evaluate_risk.evaluation import evaluate
from ingest_threat.intake import accept
from shared.domain.model import DeadLetter, Document, Report
from tests.sync_inventory.tenant import agent, put_phone, put_policy, step
from tests.world import INTUNE_ID, START, World, a_threat

KEY = "755c874a-0000-4000-8000-000000000001"


async def _resolved_by_nobody(world: World, *, key: str = KEY, at: str = "2026-06-01T12:05:00Z") -> None:
    """Lookout's service says that a threat is over, and of which device it does not say."""
    event = {
        "id": f"resolution of {key}",
        "type": "THREAT",
        "change_type": "UPDATED",
        "created_time": at,
        "threat": {"guid": key, "status": "RESOLVED", "type": "CONFIGURATION"},
        "actor": {"type": "SYSTEM"},
    }
    answer = await accept(world.services, "lookout", json.dumps(event).encode())
    assert [(each.index, each.reason) for each in answer.rejected] == [(0, "no device")]


async def _evaluated(world: World) -> None:
    rows = world.services.store.rows(Report, "reports", "SELECT * FROM c")
    await evaluate(world.services, [report.model_dump(mode="json") async for report in rows])


async def _detected(world: World, device: str = "agent-1", key: str = KEY) -> None:
    report = a_threat(device=device, threat_key=key, mdm_device_id=INTUNE_ID)
    await evaluate(world.services, [report.model_dump(mode="json")])


async def _letters(world: World) -> list[DeadLetter]:
    return [each async for each in world.services.store.rows(DeadLetter, "dead_letters", "SELECT * FROM c")]


@pytest.mark.parametrize("resolved_first", [True, False])
async def test_a_resolution_without_a_device_is_the_agents_that_bears_its_key(
    tenant_world: World, resolved_first: bool
) -> None:
    put_policy(tenant_world)
    put_phone(tenant_world)
    if resolved_first:
        await _resolved_by_nobody(tenant_world)
        assert (await step(tenant_world, "agents")).counts == {"threats_waiting": 1}
    await _detected(tenant_world)
    if not resolved_first:
        await _resolved_by_nobody(tenant_world)
    counts = (await step(tenant_world, "agents")).counts
    assert counts["threats_brought_home"] == 1
    await _evaluated(tenant_world)
    threat = (await agent(tenant_world)).threats[KEY]
    assert threat.resolved is not None
    assert threat.resolved.received_at == START
    assert await _letters(tenant_world) == []
    assert "threats_brought_home" not in (await step(tenant_world, "agents")).counts


async def test_a_key_that_two_agents_bear_names_neither(tenant_world: World) -> None:
    await _detected(tenant_world, "agent-1")
    await _detected(tenant_world, "agent-2")
    await _resolved_by_nobody(tenant_world)
    assert (await step(tenant_world, "agents")).counts["threats_waiting"] == 1
    assert len(await _letters(tenant_world)) == 1


async def test_another_partners_agent_bears_another_key(tenant_world: World) -> None:
    report = a_threat(device="agent-1", threat_key=KEY, partner="zimperium")
    await evaluate(tenant_world.services, [report.model_dump(mode="json")])
    await _resolved_by_nobody(tenant_world)
    assert (await step(tenant_world, "agents")).counts["threats_waiting"] == 1


async def test_no_agent_is_read_while_no_threat_waits(tenant_world: World) -> None:
    await _detected(tenant_world)
    tenant_world.operations.clear()
    await step(tenant_world, "agents")
    queries = tenant_world.operations["agents", "query"]
    await _resolved_by_nobody(tenant_world)
    tenant_world.operations.clear()
    await step(tenant_world, "agents")
    assert tenant_world.operations["agents", "query"] == queries + 1


async def test_a_run_that_is_cut_off_leaves_the_letter_and_counts_nothing_twice(tenant_world: World) -> None:
    await _detected(tenant_world)
    await _resolved_by_nobody(tenant_world)
    tenant_world.cosmos_faults.fail_next(503, times=50, container="dead_letters", operation="delete")
    assert "503" in str((await step(tenant_world, "agents")).error)
    tenant_world.cosmos_faults.clear()
    assert len(await _letters(tenant_world)) == 1
    assert (await step(tenant_world, "agents")).counts["threats_brought_home"] == 1
    assert await _letters(tenant_world) == []
    reports = tenant_world.services.store.rows(Report, "reports", "SELECT * FROM c")
    assert len([report async for report in reports]) == 1


async def test_a_letter_that_is_written_again_meanwhile_stays_and_is_logged(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    put_policy(tenant_world)
    put_phone(tenant_world)
    await _detected(tenant_world)
    await _resolved_by_nobody(tenant_world)
    create = tenant_world.services.store.create

    async def and_at_once_the_letter_again(document: Document) -> str:
        etag = await create(document)
        if isinstance(document, Report):
            await tenant_world.services.store.upsert((await _letters(tenant_world))[0])
        return etag

    tenant_world.services.store.create = and_at_once_the_letter_again  # type: ignore[method-assign]
    await step(tenant_world, "agents")
    [letter] = await _letters(tenant_world)
    assert f"letter={letter.id} why=dead-lettered again" in caplog.text
    assert f"letter={letter.id} outcome=stored by=sync" in caplog.text
