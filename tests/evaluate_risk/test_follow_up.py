"""Sessions revoked and devices asked to check in: only where an option says so, and once a change."""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from evaluate_risk.enforce import retry_pending
from evaluate_risk.evaluation import evaluate
from shared.domain.follow_up import FollowUp
from shared.domain.level import Level
from shared.domain.model import Document
from shared.domain.record import Status
from shared.domain.rule import RuleSource
from shared.errors import GraphError
from shared.services import Services
from tests.evaluate_risk.stories import OTHER_ENTRA_ID, OTHER_INTUNE_ID, feed, put_other_phone, put_phone
from tests.evaluate_risk.test_enforce import set_entra
from tests.sync_inventory.tenant import spoil
from tests.world import ENTRA_ID, INTUNE_ID, USER_ID, World, a_threat, world

RESOLVED = a_threat(status=Status.RESOLVED, minutes=5)
BOTH = frozenset(FollowUp)
REVOKED = {"action": "revokeSignInSessions", "id": USER_ID}
SYNCED = {"action": "syncDevice", "id": INTUNE_ID}


async def actions(one: World) -> list[Any]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{one.graph_endpoint}/_sim/actions") as answer,
    ):
        done: list[Any] = json.loads(await answer.text())
        return done


async def _with_phone(one: World, **facts: Any) -> None:
    await put_phone(one, **facts)
    one.tenant.put_managed_device({"id": INTUNE_ID})
    await one.put_rule(Level.LOW)


async def test_nothing_follows_by_default() -> None:
    async with world() as one:
        await _with_phone(one)
        await evaluate(one.services, feed(a_threat()))
        await evaluate(one.services, feed(RESOLVED))
        assert await actions(one) == []


async def test_a_block_at_high_revokes_once_and_a_remediation_asks_for_a_check_in(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with world(follow_ups=BOTH) as one:
        await _with_phone(one)
        with caplog.at_level(logging.INFO, "mtd"):
            for _ in range(3):
                await evaluate(one.services, feed(a_threat()))
        assert await actions(one) == [REVOKED]
        assert "followed_up" in caplog.text
        device = await one.device()
        assert device.tag.follow_up is None
        assert device.history[0].what == "the user's sign-in sessions were revoked"
        await evaluate(one.services, feed(RESOLVED))
        await retry_pending(one.services)
        assert await actions(one) == [REVOKED, SYNCED]


async def test_a_block_at_medium_revokes_nothing_until_it_is_high() -> None:
    async with world(follow_ups=BOTH) as one:
        await _with_phone(one)
        await evaluate(one.services, feed(a_threat(severity=Level.MEDIUM)))
        assert await actions(one) == []
        await evaluate(one.services, feed(a_threat(minutes=1)))
        assert await actions(one) == [REVOKED]


async def test_a_device_without_a_user_has_no_sessions() -> None:
    async with world(follow_ups=BOTH) as one:
        await _with_phone(one, user_id=None)
        whom = {"all_devices": True}
        await one.put_rule(Level.LOW, id="local", source=RuleSource.LOCAL, assignment=whom)
        await evaluate(one.services, feed(a_threat()))
        assert one.entra_tag() == "mtd-block-high"
        assert await actions(one) == []


async def test_a_block_of_ours_that_is_put_back_revokes_nothing() -> None:
    async with world(follow_ups=BOTH) as one:
        await _with_phone(one)
        await evaluate(one.services, feed(a_threat()))
        from evaluate_risk.decide import change
        from evaluate_risk.enforce import enforce
        from shared.domain.model import TagState

        set_entra(one, None)
        drifted = {"state": TagState.PENDING}
        found = await change(
            one.services,
            (await one.device()).id,
            lambda d: d.model_copy(update={"tag": d.tag.model_copy(update=drifted)}),
        )
        assert found is not None
        await enforce(one.services, found)
        assert one.entra_tag() == "mtd-block-high"
        assert await actions(one) == [REVOKED]


async def test_only_the_option_that_is_on_is_done() -> None:
    async with world(follow_ups=frozenset({FollowUp.SYNC_DEVICE})) as one:
        await _with_phone(one)
        await evaluate(one.services, feed(a_threat()))
        await evaluate(one.services, feed(RESOLVED))
        assert await actions(one) == [SYNCED]


async def test_what_graph_does_not_answer_is_done_by_the_timer() -> None:
    async with world(follow_ups=BOTH) as one:
        await _with_phone(one)
        one.graph_faults.fail(503, 1, "POST", "revokeSignInSessions")
        await evaluate(one.services, feed(a_threat()))
        device = await one.device()
        assert (device.tag.state, device.tag.follow_up) == ("applied", FollowUp.REVOKE_SESSIONS)
        assert await actions(one) == []
        await retry_pending(one.services)
        assert await actions(one) == [REVOKED]
        await retry_pending(one.services)
        assert await actions(one) == [REVOKED]


async def test_a_device_that_cannot_be_read_keeps_no_other_from_what_is_to_follow() -> None:
    async with world(follow_ups=BOTH) as one:
        await _with_phone(one)
        await put_other_phone(one)
        one.graph_faults.fail(503, 2, "POST", "revokeSignInSessions")
        await evaluate(one.services, feed(a_threat()))
        one.clock.pass_time(minutes=1)
        await evaluate(one.services, feed(a_threat(device="agent-2", mdm_device_id=OTHER_INTUNE_ID)))
        one.clock.pass_time(minutes=1)
        for id_ in (ENTRA_ID, OTHER_ENTRA_ID):
            found = await one.device(id_)
            assert found.tag.follow_up is FollowUp.REVOKE_SESSIONS
        await spoil(one, ENTRA_ID, slots="nonsense")
        await retry_pending(one.services)
        assert await actions(one) == [REVOKED]
        assert (await one.device(OTHER_ENTRA_ID)).tag.follow_up is None


async def test_what_graph_refuses_is_recorded_and_not_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async with world(follow_ups=BOTH) as one:
        await _with_phone(one)
        one.graph_faults.fail(403, 9, "POST", "revokeSignInSessions")
        await evaluate(one.services, feed(a_threat()))
        device = await one.device()
        assert device.tag.follow_up is None
        assert device.history[0].what.startswith("not done: the user's sign-in sessions were revoked")
        assert "follow_up_refused" in caplog.text
        one.graph_faults.clear()
        await retry_pending(one.services)
        assert await actions(one) == []


async def test_a_remediation_before_the_block_was_written_revokes_nothing() -> None:
    async with world(follow_ups=BOTH) as one:
        await _with_phone(one)
        one.graph_faults.fail(503, 1, "PATCH")
        await evaluate(one.services, feed(a_threat()))
        await evaluate(one.services, feed(RESOLVED))
        await retry_pending(one.services)
        assert await actions(one) == []


async def test_what_was_to_follow_is_not_done_once_the_option_is_off() -> None:
    async with world(follow_ups=BOTH) as one:
        await _with_phone(one)
        one.graph_faults.fail(503, 1, "PATCH")
        await evaluate(one.services, feed(a_threat()))
        assert (await one.device()).tag.follow_up is FollowUp.REVOKE_SESSIONS
        settings = one.services.settings.model_copy(update={"follow_ups": frozenset()})
        without = Services.of(settings, one.clock)
        await retry_pending(without)
        await without.close()
        assert one.entra_tag() == "mtd-block-high"
        await retry_pending(one.services)
        assert await actions(one) == []


async def test_a_device_that_changes_while_sessions_are_revoked_has_them_revoked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world(follow_ups=BOTH) as one:
        await _with_phone(one)
        graph = one.services.graph
        revoke = graph.revoke_sessions

        async def revoke_meanwhile(user_id: str) -> None:
            await revoke(user_id)
            await evaluate(one.services, feed(a_threat("t2", minutes=1)))

        monkeypatch.setattr(graph, "revoke_sessions", revoke_meanwhile)
        await evaluate(one.services, feed(a_threat()))
        device = await one.device()
        assert len(device.slots["lookout:agent-1"].findings) == 2
        assert device.tag.follow_up is None
        await retry_pending(one.services)
        assert await actions(one) == [REVOKED]


async def test_what_follows_another_tag_is_not_taken_for_done(monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(follow_ups=BOTH) as one:
        await _with_phone(one)
        graph = one.services.graph
        revoke = graph.revoke_sessions

        async def revoke_and_remediate(user_id: str) -> None:
            await revoke(user_id)
            one.clock.pass_time(minutes=5)
            one.graph_faults.fail(503, 1, "POST", "syncDevice")
            await evaluate(one.services, feed(RESOLVED))

        monkeypatch.setattr(graph, "revoke_sessions", revoke_and_remediate)
        await evaluate(one.services, feed(a_threat()))
        assert (await one.device()).tag.follow_up is FollowUp.SYNC_DEVICE
        one.clock.pass_time(minutes=1)
        await retry_pending(one.services)
        assert await actions(one) == [REVOKED, SYNCED]


async def test_the_timer_leaves_to_the_feed_what_the_feed_has_begun_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world(follow_ups=BOTH) as one:
        await _with_phone(one)
        timers = await one.another_instance()
        graph = one.services.graph
        revoke = graph.revoke_sessions

        async def revoke_beside_the_timer(user_id: str) -> None:
            await retry_pending(timers)
            await revoke(user_id)

        monkeypatch.setattr(graph, "revoke_sessions", revoke_beside_the_timer)
        await evaluate(one.services, feed(a_threat()))
        await timers.close()
        assert await actions(one) == [REVOKED]
        assert (await one.device()).tag.follow_up is None


async def test_of_feed_and_timer_that_write_one_tag_at_once_one_does_what_follows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world(follow_ups=BOTH) as one:
        await _with_phone(one)
        timers = await one.another_instance()
        timer: list[asyncio.Task[dict[str, int]]] = []
        revoking, go_on = _revoking_slowly(timers, monkeypatch)
        write = one.services.graph.write_tags

        async def write_while_the_timer_does(values: Mapping[str, str]) -> list[GraphError | None]:
            if not timer:
                timer.append(asyncio.create_task(retry_pending(timers)))
                await revoking.wait()
                one.clock.pass_time(seconds=1)
            return await write(values)

        monkeypatch.setattr(one.services.graph, "write_tags", write_while_the_timer_does)
        await evaluate(one.services, feed(a_threat()))
        go_on.set()
        await timer[0]
        await timers.close()
        assert await actions(one) == [REVOKED]
        assert (await one.device()).tag.follow_up is None


async def test_what_a_crash_cut_off_is_done_by_the_timer_once_nobody_can_be_at_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def crash(_user_id: str) -> None:
        raise asyncio.CancelledError

    async with world(follow_ups=BOTH) as one:
        await _with_phone(one)
        with monkeypatch.context() as patch:
            patch.setattr(one.services.graph, "revoke_sessions", crash)
            with pytest.raises(asyncio.CancelledError):
                await evaluate(one.services, feed(a_threat()))
        await retry_pending(one.services)
        assert await actions(one) == []
        one.clock.pass_time(minutes=2)
        await retry_pending(one.services)
        await retry_pending(one.services)
        assert await actions(one) == [REVOKED]


async def test_who_is_late_with_its_claim_leaves_it_to_who_was_faster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world(follow_ups=BOTH) as one:
        await _pending(one)
        late, first = one.services, await one.another_instance()
        writing, go_on = asyncio.Event(), asyncio.Event()
        revoking, end = _revoking_slowly(first, monkeypatch)
        replace = late.store.replace

        async def replace_slowly(document: Document, etag: str) -> str:
            writing.set()
            await go_on.wait()
            return await replace(document, etag)

        monkeypatch.setattr(late.store, "replace", replace_slowly)
        lates = asyncio.create_task(retry_pending(late))
        await writing.wait()
        one.clock.pass_time(seconds=0.001)
        firsts = asyncio.create_task(retry_pending(first))
        await revoking.wait()
        go_on.set()
        await lates
        end.set()
        await firsts
        await first.close()
        assert await actions(one) == [REVOKED]


async def test_an_instance_whose_clock_is_behind_leaves_it_to_who_has_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with world(follow_ups=BOTH) as one:
        await _pending(one)
        other = await one.another_instance()
        revoke = one.services.graph.revoke_sessions

        async def revoke_while_the_other_looks(user_id: str) -> None:
            one.clock.pass_time(seconds=-1)
            await retry_pending(other)
            await revoke(user_id)

        monkeypatch.setattr(one.services.graph, "revoke_sessions", revoke_while_the_other_looks)
        await retry_pending(one.services)
        await other.close()
        assert await actions(one) == [REVOKED]


async def _pending(one: World) -> None:
    """What follows a block was not answered, and is left to the timer."""
    await _with_phone(one)
    one.graph_faults.fail(503, 1, "POST", "revokeSignInSessions")
    await evaluate(one.services, feed(a_threat()))
    one.clock.pass_time(minutes=1)


def _revoking_slowly(services: Services, patch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Have it revoke sessions only once the second event is set; the first is set when it has begun."""
    begun, go_on = asyncio.Event(), asyncio.Event()
    revoke = services.graph.revoke_sessions

    async def revoke_slowly(user_id: str) -> None:
        begun.set()
        await go_on.wait()
        await revoke(user_id)

    patch.setattr(services.graph, "revoke_sessions", revoke_slowly)
    return begun, go_on
