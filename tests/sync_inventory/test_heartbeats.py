"""Partners nobody hears from: warned of in time, and what silence does by setting."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from evaluate_risk.evaluation import evaluate
from ingest_threat.heartbeat import record_heartbeat
from shared.domain.heartbeats import Heartbeat, UnresponsivePartners, heartbeat_id
from shared.domain.level import Level
from shared.domain.model import Verdict
from shared.domain.on_silence import OnSilence
from shared.domain.record import Platform
from tests.evaluate_risk.stories import feed
from tests.sync_inventory.tenant import put_connector, put_phone, put_policy, run, step
from tests.world import World, a_threat, world

SAFE = a_threat(severity=Level.SECURED)


async def _silent(one: World) -> dict[str, Any]:
    found = await one.services.store.read(UnresponsivePartners, "unresponsive")
    return dict(found.document.partners) if found else {}


async def _verdict(one: World) -> Verdict:
    decision = (await one.device()).decision
    assert decision is not None
    return decision.verdict


async def _looked_after(one: World) -> None:
    put_policy(one)
    put_phone(one)
    await run(one)
    await record_heartbeat(one.services, "lookout")
    await evaluate(one.services, feed(SAFE))


@pytest.fixture
async def blocking() -> AsyncIterator[World]:
    async with world(
        on_silence=OnSilence.BLOCK, partners={Platform.IOS: ("lookout",), Platform.ANDROID: ()}
    ) as one:
        await _looked_after(one)
        yield one


async def test_a_partner_is_warned_of_before_its_time_and_silent_after_it(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await record_heartbeat(tenant_world.services, "lookout")
    assert (await step(tenant_world, "heartbeats")).counts == {"responsive": 1, "never_reported": 1}
    tenant_world.clock.pass_time(days=5, hours=7)
    assert (await step(tenant_world, "heartbeats")).counts == {"warned": 1, "never_reported": 1}
    assert "partner_unresponsive partner=lookout state=warning hours=127 allowed_days=7" in caplog.text
    tenant_world.clock.pass_time(days=2)
    assert (await step(tenant_world, "heartbeats")).counts == {"silent": 1, "never_reported": 1, "written": 1}
    assert "state=unresponsive" in caplog.text
    assert set(await _silent(tenant_world)) == {"lookout"}
    assert "written" not in (await step(tenant_world, "heartbeats")).counts


async def test_the_connectors_own_threshold_counts_where_it_is_mirrored() -> None:
    async with world(connector_ids={"lookout": "connector-1"}) as one:
        put_connector(one, partnerUnresponsivenessThresholdInDays=2)
        await record_heartbeat(one.services, "lookout")
        one.clock.pass_time(days=2, minutes=1)
        assert (await step(one, "heartbeats")).counts["silent"] == 1


@pytest.mark.parametrize("days", [-1, 0, 2**31 - 1])
async def test_an_absurd_threshold_makes_nobody_silent_and_breaks_no_run(days: int) -> None:
    async with world(connector_ids={"lookout": "connector-1"}) as one:
        put_connector(one, partnerUnresponsivenessThresholdInDays=days)
        await record_heartbeat(one.services, "lookout")
        one.clock.pass_time(days=1)
        assert (await step(one, "heartbeats")).counts == {"responsive": 1, "never_reported": 1}


async def test_silence_is_held_by_default_and_says_nothing_to_devices(tenant_world: World) -> None:
    await _looked_after(tenant_world)
    before = await tenant_world.device()
    tenant_world.clock.pass_time(days=30)
    await run(tenant_world)
    assert await tenant_world.device() == before


async def test_a_silent_partner_blocks_its_devices_where_that_is_set_and_lets_them_in_when_it_is_back(
    blocking: World,
) -> None:
    assert await _verdict(blocking) is Verdict.ALLOW
    blocking.clock.pass_time(days=8)
    await run(blocking)
    assert await _verdict(blocking) is Verdict.BLOCK
    assert blocking.entra_tag() == "mtd-block-nodata"
    await record_heartbeat(blocking.services, "lookout")
    await run(blocking)
    assert await _verdict(blocking) is Verdict.ALLOW
    assert blocking.entra_tag() == "mtd-ok"


async def test_a_silent_partner_is_ignored_where_that_is_set() -> None:
    async with world(on_silence=OnSilence.IGNORE) as one:
        await _looked_after(one)
        await evaluate(one.services, feed(a_threat("t2")))
        assert await _verdict(one) is Verdict.BLOCK
        one.clock.pass_time(days=8)
        await run(one)
        assert await _verdict(one) is Verdict.ALLOW


@pytest.fixture
async def by_agent() -> AsyncIterator[World]:
    async with world(on_silence=OnSilence.BLOCK, agent_silent_days=2, partner_silent_days=100) as one:
        await _looked_after(one)
        yield one


async def test_a_silent_agent_blocks_its_device_when_its_time_has_come(by_agent: World) -> None:
    by_agent.clock.pass_time(days=1)
    await run(by_agent)
    assert await _verdict(by_agent) is Verdict.ALLOW
    by_agent.clock.pass_time(days=1)
    await run(by_agent)
    assert await _verdict(by_agent) is Verdict.BLOCK
    assert by_agent.entra_tag() == "mtd-block-nodata"


async def test_an_agent_that_keeps_talking_is_not_silent_though_nothing_it_says_matters(
    by_agent: World,
) -> None:
    for day in range(1, 6):
        by_agent.clock.pass_time(days=1)
        await evaluate(
            by_agent.services, feed(a_threat(severity=Level.SECURED, minutes=day, received=by_agent.clock()))
        )
        await run(by_agent)
        assert await _verdict(by_agent) is Verdict.ALLOW


async def test_the_first_word_after_a_silence_lets_the_device_in_without_a_sync(by_agent: World) -> None:
    by_agent.clock.pass_time(days=3)
    await run(by_agent)
    assert await _verdict(by_agent) is Verdict.BLOCK
    again = a_threat(severity=Level.SECURED, minutes=1, received=by_agent.clock())
    await evaluate(by_agent.services, feed(again))
    assert await _verdict(by_agent) is Verdict.ALLOW
    assert by_agent.entra_tag() == "mtd-ok"


# --- the heartbeat ------------------------------------------------------------------------------------


async def test_a_heartbeat_is_written_once_a_minute(tenant_world: World) -> None:
    tenant_world.operations.clear()
    for _ in range(5):
        await record_heartbeat(tenant_world.services, "lookout")
    assert tenant_world.operations["settings", "upsert"] == 1
    tenant_world.clock.pass_time(seconds=60)
    await record_heartbeat(tenant_world.services, "lookout")
    found = await tenant_world.services.store.read(Heartbeat, heartbeat_id("lookout"))
    assert found is not None
    assert found.document.last_at == tenant_world.clock()


async def test_a_partner_that_reports_for_the_first_time_is_never_silent_before(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "mtd"):
        tenant_world.clock.pass_time(days=100)
        assert (await step(tenant_world, "heartbeats")).counts == {"never_reported": 2}
    assert "partner_unresponsive" not in caplog.text
