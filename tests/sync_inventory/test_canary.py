"""The canary: one report through the public door and back, each step timed, each miss alarmed."""

import base64
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from evaluate_risk.decide import partners_present, policy
from evaluate_risk.evaluation import evaluate
from evaluate_risk.guard import guard
from evaluate_risk.policy import decide
from ingest_threat.partners import parse
from ingest_threat.schemes.webhook import verify
from serve_console.enforcement import show_enforcement
from shared.domain.canary_run import AGENT, CanaryRun
from shared.domain.connector import Connector
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Device, Report
from shared.domain.record import DeviceStateRecord, Platform, ThreatRecord
from shared.domain.switches import Switches
from shared.domain.tag import HIGH_TAG, OK_TAG
from shared.headers import Headers
from shared.settings import CANARY_PARTNERS
from sync_inventory.canary import PATIENCE_SECONDS, run_canary
from sync_inventory.canary_reports import COMPOSERS
from sync_inventory.decisions import redecide
from sync_inventory.figures import count_devices
from sync_inventory.tally import Tally
from tests.evaluate_risk.stories import feed, put_phone
from tests.sync_inventory.tenant import put_access_policies
from tests.world import ENTRA_ID, INTUNE_ID, USER_ID, World, a_threat, serving, world

SECRET = "whsec_" + base64.b64encode(b"invented secret of thirty-two by").decode()
WHOLE_WAY = ["ended", "ready", "accepted", "blocked", "refused", "resolved", "released", "granted"]


class Door:
    """The public door: it takes what is signed, stores nothing apart, and evaluates at once."""

    def __init__(self) -> None:
        self.world: World | None = None
        self.status = 202
        self.deaf = False
        self.taken: list[str] = []
        self.then: Callable[[], None] | None = None
        """Done once a first report has been evaluated."""

    async def take(self, request: web.Request) -> web.Response:
        assert self.world is not None
        partner, body = request.match_info["partner"], await request.read()
        verify(Headers(request.headers), body, (SECRET,), self.world.clock())
        self.taken.append(partner)
        if not self.deaf:
            at = self.world.clock()
            records = parse(partner, body, received_at=at)
            counted = [r for r in records if isinstance(r, ThreatRecord | DeviceStateRecord)]
            reports = [Report.of(r, r.partner_device_id or "", at) for r in counted]
            for report in reports:
                await self.world.services.store.create(report)
            await evaluate(self.world.services, feed(*reports))
        if self.then is not None and len(self.taken) == 1:
            self.then()
        return web.Response(status=self.status)


@asynccontextmanager
async def canary_world(partner: str = "lookout", **settings: Any) -> AsyncIterator[tuple[World, Door]]:
    """A tenant with one phone, the canary's, and both policies on."""
    door, app = Door(), web.Application()
    app.router.add_post("/api/partners/{partner}/reports", door.take)
    async with serving(app) as address:
        values: dict[str, Any] = {
            "partners": {Platform.IOS: (partner,), Platform.ANDROID: (partner,)},
            "webhook_secrets": {partner: SECRET},
            "canary_device": ENTRA_ID,
            "canary_partner": partner,
            "canary_user": USER_ID,
            "public_url": address,
        }
        async with world(**{**values, **settings}) as one:
            door.world = one
            put_access_policies(one)
            await one.put_rule(Level.LOW)
            await put_phone(one)
            one.tenant.put_entra_device(
                {"deviceId": ENTRA_ID, "isCompliant": True, "isManaged": True, "extensionAttributes": {}}
            )
            sleep = one.skipping.sleep

            async def passing(seconds: float) -> None:
                one.clock.pass_time(seconds=seconds)
                await sleep(seconds)

            object.__setattr__(one.services.waiting, "sleep", passing)
            yield one, door


async def ran(one: World) -> CanaryRun:
    """One run, a little later than what was before."""
    one.clock.pass_time(minutes=1)
    run = await run_canary(one.services)
    assert run is not None
    return run


def steps(run: CanaryRun) -> list[str]:
    return [each.step for each in run.steps]


@pytest.mark.parametrize("partner", CANARY_PARTNERS)
async def test_it_is_blocked_refused_released_and_granted(
    partner: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="mtd")
    async with canary_world(partner) as (one, door):
        run = await ran(one)
        assert (run.missed, steps(run)) == (None, WHOLE_WAY)
        assert door.taken == [partner, partner]
        assert one.entra_tag() == OK_TAG
        history = [entry.what for entry in (await one.device()).history]
        assert any(HIGH_TAG in str(what) for what in (await one.device()).history), history
        assert "canary_returned blocked=" in caplog.text
        assert "canary_missed" not in caplog.text
        shown = (await show_enforcement(one.services)).canary
        assert shown == [run]


def test_every_partner_a_canary_may_have_can_be_composed() -> None:
    assert sorted(COMPOSERS) == sorted(CANARY_PARTNERS)


async def test_it_runs_again_and_again_and_every_run_is_kept_the_newest_first() -> None:
    async with canary_world() as (one, _door):
        runs = [await ran(one) for _ in range(3)]
        assert [run.missed for run in runs] == [None] * 3
        assert (await show_enforcement(one.services)).canary == runs[::-1]


async def test_its_blocks_count_in_no_guard_and_no_statistic() -> None:
    async with canary_world(guard_devices=0, guard_percent=0) as (one, _door):
        assert (await ran(one)).missed is None, "a limit of none stops it not"
        assert not (await guard(one.services)).entered
        tally = Tally()
        await count_devices(one.services, tally)
        assert tally.counts["devices"] == 0


async def test_another_phone_of_the_same_moment_counts_as_ever() -> None:
    async with canary_world(guard_devices=0, guard_percent=0) as (one, _door):
        other = "aaaaaaaa-1111-4bbb-8ccc-bbbbbbbbbbbb"
        await put_phone(one, entra_id=other, intune_id="another", serial="SN-2")
        threat = a_threat(device="agent-2", mdm_device_id="another")
        await evaluate(one.services, feed(threat))
        assert (await one.device(other)).tag.state == "pending_approval"


async def test_in_another_mode_and_without_a_canary_nothing_is_sent() -> None:
    for settings in ({"mode": Mode.REPORT}, {"canary_device": ""}):
        async with canary_world(**settings) as (one, door):
            assert await run_canary(one.services) is None
            assert door.taken == []


async def test_a_canary_that_is_gone_is_missed_and_nothing_is_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with canary_world() as (one, door):
        device = await one.device()
        await one.services.store.edit(
            Device, ENTRA_ID, lambda _: device.model_copy(update={"gone_at": one.clock()})
        )
        run = await ran(one)
        assert run.missed is not None
        assert "no such device" in str(run.missed.missed)
        assert door.taken == []
        assert "canary_missed step=ended why=Intune has no such device" in caplog.text


async def test_a_canary_that_was_given_to_somebody_is_left_alone() -> None:
    async with canary_world(canary_user="12345678-bbbb-4ccc-8ddd-888888888888") as (one, door):
        run = await ran(one)
        assert run.missed is not None
        assert "its user is not CANARY_USER" in str(run.missed.missed)
        assert door.taken == []
        assert USER_ID not in str(run)


@pytest.mark.parametrize("severity", [Level.LOW, Level.HIGH])
async def test_a_canary_that_is_infected_already_is_left_alone(severity: Level) -> None:
    async with canary_world() as (one, door):
        await evaluate(one.services, feed(a_threat(severity=severity)))
        before = one.entra_tag()
        run = await ran(one)
        assert run.missed is not None
        assert run.missed.step == "ready"
        assert door.taken == []
        assert one.entra_tag() == before


async def test_a_door_that_is_shut_is_missed_and_the_way_back_is_tried(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with canary_world() as (one, door):
        door.status = 503
        run = await ran(one)
        assert run.missed is not None
        assert run.missed.missed == "the app answered 503 to its report"
        assert door.taken == ["lookout", "lookout"]
        assert (await one.device()).tag.applied != HIGH_TAG, "what took effect in spite of it is taken back"
        assert "canary_missed step=accepted" in caplog.text


async def test_an_app_that_is_not_reached_is_missed() -> None:
    async with canary_world(public_url="http://127.0.0.1:9") as (one, _door):
        run = await ran(one)
        assert run.missed is not None
        assert "the app was not reached" in str(run.missed.missed)


async def test_a_report_that_nobody_evaluates_is_missed_after_its_time() -> None:
    async with canary_world() as (one, door):
        door.deaf = True
        run = await ran(one)
        assert run.missed is not None
        assert run.missed.step == "blocked"
        assert "no tag after 180 seconds" in str(run.missed.missed)
        assert run.missed.seconds >= PATIENCE_SECONDS
        assert steps(run)[-2:] == ["released", "granted"]


async def test_a_store_that_is_away_meanwhile_is_missed_and_the_phone_let_in_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with canary_world() as (one, door):
        door.then = lambda: one.cosmos_faults.fail_next(503, container="devices", operation="read", times=2)
        run = await ran(one)
        assert run.missed is not None
        assert run.missed.step == "blocked"
        assert run.missed.missed == "Cosmos DB answered 503"
        assert one.entra_tag() == OK_TAG
        assert steps(run)[-2:] == ["released", "granted"]
        assert "canary_missed step=blocked" in caplog.text


async def test_a_document_nobody_can_read_meanwhile_is_missed_and_the_way_back_is_gone(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with canary_world() as (one, door):
        read = one.services.store.read

        async def odd(kind: Any, id_: str, *more: Any) -> Any:
            if kind is Device and len(door.taken) == 1:
                Device.model_validate({"id": 7})
            return await read(kind, id_, *more)

        door.then = lambda: monkeypatch.setattr(one.services.store, "read", odd)
        run = await ran(one)
        assert run.missed is not None
        assert (run.missed.step, steps(run)[-2:]) == ("blocked", ["released", "granted"])
        assert one.entra_tag() == OK_TAG
        assert "canary_missed step=blocked why=a stored Device cannot be read" in caplog.text


async def test_a_policy_that_is_off_is_missed_and_the_phone_let_in_again() -> None:
    async with canary_world() as (one, _door):
        put_access_policies(one, "disabled")
        run = await ran(one)
        assert run.missed is not None
        assert run.missed.missed == "What If does not refuse it at Exchange Online: lets_in"
        assert one.entra_tag() == OK_TAG
        assert steps(run) == WHOLE_WAY


async def test_what_if_away_is_missed() -> None:
    async with canary_world() as (one, _door):
        one.graph_faults.fail(503, times=1000, path_contains="conditionalAccess/evaluate")
        run = await ran(one)
        assert run.missed is not None
        assert run.missed.step == "refused"
        assert one.entra_tag() == OK_TAG


async def test_what_a_run_that_was_cut_off_left_open_is_ended_first() -> None:
    async with canary_world() as (one, door):
        at = one.clock() - timedelta(hours=1)
        report = a_threat(device=AGENT, mdm_device_id=INTUNE_ID, key="6d746463-616e-4172-8900-000000000001")
        record = report.record.model_copy(update={"detected_at": at})
        await evaluate(one.services, feed(Report.of(record, AGENT, at)))
        assert one.entra_tag() == HIGH_TAG
        run = await ran(one)
        assert (run.missed, steps(run)) == (None, WHOLE_WAY)
        assert len(door.taken) == 3
        assert one.entra_tag() == OK_TAG


@pytest.mark.parametrize(
    "settings",
    [
        {"canary_user": "12345678-bbbb-4ccc-8ddd-888888888888"},
        {"canary_device": "12345678-aaaa-4ccc-8ddd-888888888888"},
        {"canary_device": "", "canary_user": "", "canary_partner": ""},
    ],
)
async def test_what_a_run_that_was_cut_off_left_open_keeps_nobody_out_who_was_given_the_phone(
    settings: dict[str, str],
) -> None:
    async with canary_world(**settings) as (one, _door):
        threat = a_threat(device=AGENT, mdm_device_id=INTUNE_ID)
        await evaluate(one.services, feed(threat))
        device = await one.device()
        assert f"lookout:{AGENT}" in device.slots, "it is kept and shown"
        assert device.decision is not None
        assert (device.decision.verdict, one.entra_tag()) == ("allow", None)


async def test_changing_the_canarys_user_lets_in_whom_a_run_left_blocked() -> None:
    async with canary_world() as (one, _door):
        await evaluate(one.services, feed(a_threat(device=AGENT, mdm_device_id=INTUNE_ID)))
        assert one.entra_tag() == HIGH_TAG
        settings = one.services.settings.model_copy(
            update={"canary_user": "12345678-bbbb-4ccc-8ddd-888888888888"}
        )
        object.__setattr__(one.services, "settings", settings)
        await redecide(one.services, Tally())
        assert one.entra_tag() == OK_TAG


async def test_the_canarys_agent_does_not_scan_for_a_partner_whose_own_agent_is_missing() -> None:
    """A phone that was a canary, and is somebody's now."""
    async with canary_world(canary_user="12345678-bbbb-4ccc-8ddd-888888888888") as (one, _door):
        now = replace(
            await policy(one.services),
            switches=Switches(
                enabled={Platform.IOS: ("lookout",)},
                connectors={
                    "lookout": Connector(
                        id="connector:c1",
                        intune_id="c1",
                        state="enabled",
                        enabled=frozenset({Platform.IOS}),
                        blocked_on_missing_data=frozenset({Platform.IOS}),
                        read_at=one.clock(),
                    )
                },
            ),
        )
        await evaluate(
            one.services, feed(a_threat(device=AGENT, mdm_device_id=INTUNE_ID, severity=Level.SECURED))
        )
        device = await one.device()
        assert decide(device, now, one.clock()).missing == ("lookout",)
        canary = replace(now, canary=(ENTRA_ID, USER_ID))
        assert decide(device, canary, one.clock()).missing == ()
        assert partners_present(device, now, one.clock()) == frozenset()
