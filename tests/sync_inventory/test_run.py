"""A whole run: its order, its failures, its record."""

import logging
import re
import sqlite3
from collections import Counter
from itertools import cycle

import pytest

from evaluate_risk.evaluation import evaluate
from shared.domain.runs import Run, Runs
from shared.errors import StoreUnavailable
from shared.what_if import SPACING
from sync_inventory import steps as running
from sync_inventory.run import sync
from tests.evaluate_risk.stories import OTHER_ENTRA_ID
from tests.sync_inventory.tenant import put_connector, put_phone, put_policy, run, spoil, step, writes
from tests.world import ENTRA_ID, INTUNE_ID, World, a_threat

STEPS = [
    *("connectors", "rules", "enforcement", "heartbeats", "app_export", "devices"),
    *("agents", "decisions", "drift", "apps", "figures", "sign_ins"),
]
GRAPH_PATHS = {
    "connectors": "mobileThreatDefenseConnectors",
    "rules": "deviceCompliancePolicies",
    "enforcement": "conditionalAccess/policies",
    "devices": "managedDevices",
    "drift": "/devices?",
}


def _tenant(world: World) -> None:
    put_connector(world)
    put_policy(world)
    put_phone(world)


async def test_a_run_leaves_a_record_of_every_step(tenant_world: World) -> None:
    _tenant(tenant_world)
    done = await run(tenant_world)
    assert [step.step for step in done.steps] == STEPS
    assert done.ok
    assert done.started_at == tenant_world.clock()
    assert all(0 <= step.seconds <= done.seconds for step in done.steps)


async def test_a_second_run_over_an_unchanged_tenant_writes_nothing_but_its_record(
    tenant_world: World,
) -> None:
    _tenant(tenant_world)
    await run(tenant_world)
    await evaluate(tenant_world.services, [a_threat().model_dump(mode="json")])
    tenant_world.clock.pass_time(minutes=15)
    tenant_world.operations.clear()
    await run(tenant_world)
    assert writes(tenant_world) == {("settings", "replace"): 2}
    reads = Counter({key[0]: count for key, count in tenant_world.operations.items() if key[1] == "read"})
    assert set(reads) == {"settings"}


async def test_records_are_kept_newest_first_and_only_the_last_fifty(tenant_world: World) -> None:
    old = Run(started_at=tenant_world.clock(), seconds=1, steps=())
    await tenant_world.services.store.upsert(Runs(runs=(old,) * 50))
    tenant_world.clock.pass_time(minutes=15)
    await run(tenant_world)
    found = await tenant_world.services.store.read(Runs, "run:sync")
    assert found is not None
    assert len(found.document.runs) == 50
    assert found.document.runs[0].started_at == tenant_world.clock()


@pytest.mark.parametrize("failing", GRAPH_PATHS)
async def test_each_step_graph_does_not_answer_fails_alone(
    tenant_world: World, failing: str, caplog: pytest.LogCaptureFixture
) -> None:
    _tenant(tenant_world)
    tenant_world.graph_faults.fail(500, 9, path_contains=GRAPH_PATHS[failing])
    done = await step(tenant_world, failing)
    assert not done.ok
    assert done.error is not None
    assert "500" in done.error
    assert f"sync_step_failed step={failing}" in caplog.text
    tenant_world.graph_faults.clear()
    assert (await run(tenant_world)).ok


async def test_what_nobody_foresaw_in_a_step_stops_no_other_and_is_named_without_its_text(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tenant(tenant_world)

    async def broken(*_: object, **__: object) -> None:
        raise KeyError("Anna's phone")

    with monkeypatch.context() as patched:
        patched.setattr(running, "check_heartbeats", broken)
        done = await step(tenant_world, "heartbeats")
    assert done.error is not None
    assert done.error.startswith("unforeseen: KeyError at test_run.py:")
    assert (await run(tenant_world)).ok


async def test_a_run_that_has_no_room_for_its_scratch_file_is_recorded_and_releases_its_lease(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> str:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr("tempfile.mkdtemp", full)
        done = await run(tenant_world)
    assert not done.ok
    assert [(each.step, each.error) for each in done.steps] == [("scratch", "OSError: no space left")]
    assert (await run(tenant_world)).ok


@pytest.mark.parametrize(
    "at",
    [
        *("0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"),
        *("9999-12-31T23:59:59-05:00", "2026-06-01T10:00:00", "never"),
    ],
)
async def test_a_time_off_the_calendar_costs_that_time(tenant_world: World, at: str) -> None:
    _tenant(tenant_world)
    put_connector(tenant_world, lastHeartbeatDateTime=None if at == "never" else at)
    put_phone(tenant_world, lastSyncDateTime=at, enrolledDateTime=at)
    unmanaged = {"deviceId": OTHER_ENTRA_ID, "isManaged": False, "operatingSystem": "iOS", "model": "iPhone"}
    tenant_world.tenant.put_entra_device({**unmanaged, "extensionAttributes": {}, "registrationDateTime": at})
    assert (await run(tenant_world)).ok
    assert (await tenant_world.device()).facts.enrolled_at is None


BREAKS = (
    (StoreUnavailable("cut off"), "cut off"),
    (sqlite3.OperationalError("cut off"), "the scratch file: cut off"),
    (OSError("cut off"), "OSError: cut off"),
)


@pytest.mark.parametrize(("failing", "broke"), list(zip(STEPS, cycle(BREAKS), strict=False)))
async def test_each_step_that_breaks_fails_alone_and_the_next_run_makes_it_good(
    tenant_world: World, failing: str, broke: tuple[Exception, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _tenant(tenant_world)
    error, words = broke
    functions = dict(
        zip(
            STEPS,
            (
                "mirror_connectors",
                "mirror_rules",
                "watch_policies",
                "check_heartbeats",
                "order_app_export",
                "mirror_devices",
                "link_agents",
                "redecide",
                "repair_tags",
                "collect_apps",
                "count_devices",
                "check_sign_ins",
            ),
            strict=True,
        )
    )

    async def broken(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(running, functions[failing], broken)
        done = await step(tenant_world, failing)
    assert done.error == words
    assert (await run(tenant_world)).ok
    assert (await tenant_world.device()).decision is not None


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_graph_failing_for_a_moment_is_tried_again(tenant_world: World, status: int) -> None:
    _tenant(tenant_world)
    tenant_world.graph_faults.fail(status, 2, path_contains="managedDevices")
    assert (await step(tenant_world, "devices")).counts["created"] == 1


async def test_a_short_wait_graph_asks_for_is_kept(tenant_world: World) -> None:
    _tenant(tenant_world)
    tenant_world.graph_faults.throttle(1, "7", path_contains="managedDevices")
    assert (await step(tenant_world, "devices")).ok
    assert tenant_world.skipping.slept[0] == 7.0
    assert {*tenant_world.skipping.slept[1:]} <= {SPACING}, "What If is asked at its own pace"


async def test_a_step_that_is_throttled_again_waits_longer(tenant_world: World) -> None:
    tenant_world.graph_faults.throttle(2, None, path_contains="conditionalAccess/policies")
    done = await step(tenant_world, "enforcement")
    assert (done.ok, len(done.tried_again)) == (True, 2)
    assert tenant_world.skipping.slept == [1.0, 5.0]


async def test_a_long_wait_is_left_to_the_next_run(tenant_world: World) -> None:
    _tenant(tenant_world)
    tenant_world.graph_calls.clear()
    tenant_world.graph_faults.throttle(1, "120", path_contains="managedDevices")
    assert not (await step(tenant_world, "devices")).ok
    assert tenant_world.graph_calls["GET", "/deviceManagement/managedDevices"] == 1


async def test_graph_that_does_not_answer_in_time_is_named(
    tenant_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tenant(tenant_world)
    monkeypatch.setattr("shared.graph.client.TIMEOUT_SECONDS", 0.3)
    tenant_world.graph_faults.delay(1, path_contains="deviceCompliancePolicies")
    done = await step(tenant_world, "rules")
    assert done.error is not None
    assert "cannot be reached" in done.error


async def test_a_stored_document_no_step_can_do_without_is_named_without_its_content(
    tenant_world: World,
) -> None:
    _tenant(tenant_world)
    await run(tenant_world)
    await spoil(tenant_world, "rules", "settings", rules="very private")
    done = await run(tenant_world)
    failed = {step.step: step.error for step in done.steps if not step.ok}
    assert set(failed) == {"rules", "decisions"}
    assert set(failed.values()) == {"a stored Rules cannot be read (1 fields)"}


async def test_a_stored_device_that_cannot_be_read_is_reported_and_stops_no_step(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    _tenant(tenant_world)
    await run(tenant_world)
    await spoil(tenant_world, ENTRA_ID, facts="very private")
    tenant_world.tenant.remove_managed_device(INTUNE_ID)
    assert (await run(tenant_world)).ok
    assert (
        f"unexpected where=devices id={ENTRA_ID} what=a stored MirroredDevice cannot be read" in caplog.text
    )
    assert "private" not in caplog.text


async def test_an_outcome_is_reported(tenant_world: World, caplog: pytest.LogCaptureFixture) -> None:
    _tenant(tenant_world)
    with caplog.at_level(logging.INFO, "mtd"):
        await run(tenant_world)
    assert "sync_finished ok=True" in caplog.text


async def test_a_record_that_cannot_be_stored_is_raised(tenant_world: World) -> None:
    _tenant(tenant_world)
    await run(tenant_world)
    tenant_world.cosmos_faults.fail_next(503, container="settings", operation="replace", times=9)
    with pytest.raises(StoreUnavailable):
        await sync(tenant_world.services)


async def test_a_record_another_run_wrote_in_between_is_kept_too(tenant_world: World) -> None:
    _tenant(tenant_world)
    await run(tenant_world)
    tenant_world.cosmos_faults.fail_next(412, container="settings", operation="replace")
    await run(tenant_world)
    found = await tenant_world.services.store.read(Runs, "run:sync")
    assert found is not None
    assert len(found.document.runs) == 2


async def test_a_throttled_store_ends_a_step_and_the_next_run_goes_on(tenant_world: World) -> None:
    _tenant(tenant_world)
    tenant_world.cosmos_faults.fail_next(
        429, container="settings", operation="upsert", times=40, retry_after_ms=1
    )
    done = await run(tenant_world)
    failed = [step.step for step in done.steps if not step.ok]
    assert failed == ["connectors", "rules", "enforcement", "devices", "sign_ins"]
    tenant_world.cosmos_faults.clear()
    assert (await run(tenant_world)).ok


async def test_the_ids_of_failed_calls_are_in_the_run_record_and_in_the_log(
    tenant_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    tenant_world.graph_faults.fail(503, 1, path_contains="deviceCompliancePolicies")
    tenant_world.graph_faults.fail(403, 1, path_contains="mobileThreatDefenseConnectors")
    with caplog.at_level(logging.INFO, "mtd"):
        done = await run(tenant_world)
    refused, retried = done.steps[0], done.steps[1]
    assert re.search(
        r"answered 403 Forbidden \(request-id [0-9a-f-]{36}, client-request-id [0-9a-f-]{36}\)",
        refused.error or "",
    )
    (why,) = retried.tried_again
    assert (retried.ok, "answered 503" in why, "(request-id " in why) == (True, True, True)
    assert f"sync_step_failed step=connectors why={refused.error}" in caplog.text
    assert f"sync_step_retried step=rules why={why}" in caplog.text
