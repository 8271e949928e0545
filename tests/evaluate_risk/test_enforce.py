"""From the wanted tag to Entra: blocks first, never over somebody else's value, the newest wanted last."""

from collections.abc import Awaitable, Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from evaluate_risk.decide import change
from evaluate_risk.enforce import enforce, retry_pending
from evaluate_risk.evaluation import evaluate
from shared.cosmos import Found
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Device, Report, TagState
from shared.domain.record import Status
from shared.domain.rule import Rules
from shared.errors import GraphUnavailable, StoreUnavailable
from shared.graph.graph import SeenTag
from shared.services import Services
from tests.evaluate_risk.stories import OTHER_ENTRA_ID, OTHER_INTUNE_ID, feed, put_other_phone, put_phone
from tests.sync_inventory.tenant import spoil
from tests.world import ENTRA_ID, World, a_threat, world

RESOLVED = a_threat(status=Status.RESOLVED, minutes=5)
GET, PATCH = ("GET", "/devices(deviceId='{id}')"), ("PATCH", "/devices(deviceId='{id}')")


@pytest.fixture
async def phone(tenant_world: World) -> World:
    """A world with one iPhone, its link, and a rule that allows low."""
    await put_phone(tenant_world)
    await tenant_world.put_rule(Level.LOW)
    return tenant_world


def calls(one: World, method: str) -> int:
    """How often Graph was asked for a device by this method."""
    return sum(count for (verb, _path), count in one.graph_calls.items() if verb == method)


def set_entra(one: World, value: str | None, id_: str = ENTRA_ID) -> None:
    """What stands in the attribute, whoever put it there."""
    attributes = {one.services.settings.attribute: value}
    one.tenant.put_entra_device({"deviceId": id_, "extensionAttributes": attributes})


async def found(one: Services, id_: str = ENTRA_ID) -> Found[Device]:
    device = await one.store.read(Device, id_)
    assert device is not None
    return device


async def test_a_written_tag_records_old_new_and_why(phone: World) -> None:
    set_entra(phone, "mtd-ok")
    await evaluate(phone.services, feed(a_threat()))
    tag = (await phone.device()).tag
    assert (tag.before, tag.applied, tag.blocks) == ("mtd-ok", "mtd-block-high", True)
    assert tag.why == "risk is high, rule 'ios at most low' allows low"
    assert tag.applied_at == phone.clock()


async def test_a_value_that_is_not_ours_is_never_overwritten(phone: World) -> None:
    set_entra(phone, "cost-centre-7")
    await evaluate(phone.services, feed(a_threat()))
    tag = (await phone.device()).tag
    assert (tag.state, tag.before, tag.applied) == (TagState.FOREIGN, "cost-centre-7", None)
    assert phone.entra_tag() == "cost-centre-7"
    assert calls(phone, "PATCH") == 0
    await evaluate(phone.services, feed(RESOLVED))
    assert phone.entra_tag() == "cost-centre-7"


async def test_a_device_entra_does_not_know_is_recorded_and_the_feed_goes_on(phone: World) -> None:
    phone.tenant.remove_entra_device(ENTRA_ID)
    await evaluate(phone.services, feed(a_threat()))
    tag = (await phone.device()).tag
    assert (tag.state, tag.error) == (TagState.NO_DEVICE, "Entra does not know the device")


async def test_a_value_that_stands_already_is_not_written_again(phone: World) -> None:
    set_entra(phone, "mtd-block-high")
    await evaluate(phone.services, feed(a_threat()))
    assert (await phone.device()).tag.state is TagState.APPLIED
    assert (calls(phone, "GET"), calls(phone, "PATCH")) == (1, 0)


async def test_a_read_of_entra_that_lags_does_not_leave_a_clean_phone_blocked(phone: World) -> None:
    await evaluate(phone.services, feed(a_threat()))
    phone.services.graph.tag = _answering("mtd-ok")  # type: ignore[method-assign]
    await evaluate(phone.services, feed(RESOLVED))
    assert phone.entra_tag() == "mtd-ok"


async def test_a_block_that_failed_is_written_though_a_lagging_read_shows_it_already(phone: World) -> None:
    set_entra(phone, "mtd-ok")
    phone.graph_faults.fail(503, 1, "PATCH")
    await evaluate(phone.services, feed(a_threat()))
    assert (await phone.device()).tag.attempts == 1
    phone.services.graph.tag = _answering("mtd-block-high")  # type: ignore[method-assign]
    assert await retry_pending(phone.services) == {"tried": 1, "settled": 1}
    assert phone.entra_tag() == "mtd-block-high"


def _answering(value: str) -> Any:
    async def tag(_entra_id: str) -> SeenTag:
        return SeenTag(value)

    return tag


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
async def test_whatever_graph_says_the_tag_stays_pending_and_the_feed_goes_on(
    phone: World, status: int
) -> None:
    await put_other_phone(phone)
    phone.graph_faults.fail(status, 1, "PATCH", ENTRA_ID)
    other = a_threat(device="agent-2", mdm_device_id=OTHER_INTUNE_ID)
    await evaluate(phone.services, feed(a_threat(), other))
    tag = (await phone.device()).tag
    assert (tag.state, tag.applied, tag.attempts) == (TagState.PENDING, None, 1)
    assert str(status) in (tag.error or "")
    assert phone.entra_tag(OTHER_ENTRA_ID) == "mtd-block-high"
    assert await retry_pending(phone.services) == {"tried": 1, "settled": 1}
    tag = (await phone.device()).tag
    assert (tag.state, tag.error) == (TagState.APPLIED, None)
    assert phone.entra_tag() == "mtd-block-high"


async def test_a_device_that_cannot_be_read_keeps_no_other_from_its_tag(
    phone: World, caplog: pytest.LogCaptureFixture
) -> None:
    await put_other_phone(phone)
    phone.graph_faults.fail(503, 2, "PATCH")
    await evaluate(phone.services, feed(a_threat()))
    phone.clock.pass_time(minutes=1)
    await evaluate(phone.services, feed(a_threat(device="agent-2", mdm_device_id=OTHER_INTUNE_ID)))
    await spoil(phone, ENTRA_ID, slots="nonsense")
    phone.clock.pass_time(minutes=1)
    assert await retry_pending(phone.services) == {"tried": 1, "settled": 1}
    assert phone.entra_tag(OTHER_ENTRA_ID) == "mtd-block-high"
    assert f"unexpected where=devices id={ENTRA_ID}" in caplog.text


async def test_blocks_are_written_before_unblocks(phone: World) -> None:
    await put_other_phone(phone)
    await evaluate(phone.services, feed(a_threat()))
    phone.graph_faults.fail(503, 2, "PATCH")
    other = a_threat(device="agent-2", mdm_device_id=OTHER_INTUNE_ID)
    await evaluate(phone.services, feed(RESOLVED))
    await evaluate(phone.services, feed(other))
    written: list[str] = []
    write = phone.services.graph.write_tag

    async def noted(entra_id: str, value: str) -> None:
        written.append(value)
        await write(entra_id, value)

    phone.services.graph.write_tag = noted  # type: ignore[method-assign]
    assert await retry_pending(phone.services) == {"tried": 2, "settled": 2}
    assert written == ["mtd-block-high", "mtd-ok"]


async def test_a_throttling_graph_is_left_alone_for_as_long_as_it_says(
    phone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_other_phone(phone)
    monkeypatch.setattr("evaluate_risk.enforce.BUDGET_SECONDS", {True: 0.1, False: 0.1})
    phone.graph_faults.throttle(1, "60", "PATCH")
    await evaluate(phone.services, feed(a_threat()))
    phone.graph_calls.clear()
    await evaluate(phone.services, feed(a_threat(device="agent-2", mdm_device_id=OTHER_INTUNE_ID)))
    assert await retry_pending(phone.services) == {"tried": 0, "settled": 0}
    assert not phone.graph_calls
    monkeypatch.undo()
    rested = await phone.another_instance()
    assert await retry_pending(rested) == {"tried": 2, "settled": 2}
    await rested.close()


async def test_a_device_that_always_fails_holds_up_no_other(phone: World) -> None:
    await put_other_phone(phone)
    phone.graph_faults.fail(503, 50, None, ENTRA_ID)
    other = a_threat(device="agent-2", mdm_device_id=OTHER_INTUNE_ID)
    await evaluate(phone.services, feed(a_threat()))
    phone.graph_faults.fail(503, 1, None, OTHER_ENTRA_ID)
    await evaluate(phone.services, feed(other))
    assert await retry_pending(phone.services) == {"tried": 2, "settled": 1}
    assert phone.entra_tag(OTHER_ENTRA_ID) == "mtd-block-high"


async def test_a_block_is_written_though_entra_still_shows_the_one_before_an_unanswered_unblock(
    phone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await evaluate(phone.services, feed(a_threat()))
    written = phone.services.graph.write_tag

    async def outcome_unknown(entra_id: str, value: str) -> None:
        await written(entra_id, value)
        raise GraphUnavailable("the answer was lost")

    monkeypatch.setattr(phone.services.graph, "write_tag", outcome_unknown)
    await evaluate(phone.services, feed(a_threat(minutes=1, status=Status.RESOLVED)))
    monkeypatch.undo()
    assert phone.entra_tag() == "mtd-ok"

    monkeypatch.setattr(phone.services.graph, "tag", _answering("mtd-block-high"))
    await evaluate(phone.services, feed(a_threat("t2", minutes=2)))
    assert phone.entra_tag() == "mtd-block-high"
    assert (await phone.device()).tag.state is TagState.APPLIED


async def test_a_block_called_off_unanswered_is_still_lifted_when_the_phone_is_clean(
    phone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = phone.services.graph.write_tag

    async def outcome_unknown(entra_id: str, value: str) -> None:
        await written(entra_id, value)
        raise GraphUnavailable("the answer was lost")

    monkeypatch.setattr(phone.services.graph, "write_tag", outcome_unknown)
    await evaluate(phone.services, feed(a_threat()))
    monkeypatch.undo()
    rules = await phone.services.store.read(Rules, "rules")
    assert rules is not None
    await phone.services.store.upsert(Rules(rules=(), read_at=phone.clock()))
    phone.services.mirror.forget()
    undecided = await change(phone.services, ENTRA_ID)
    assert undecided is not None
    assert undecided.document.tag.state is TagState.NONE
    await phone.services.store.upsert(rules.document)
    phone.services.mirror.forget()
    await evaluate(phone.services, feed(a_threat(minutes=1, status=Status.RESOLVED)))
    assert phone.entra_tag() == "mtd-ok"


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.REPORT])
async def test_outside_enforce_nothing_is_written(mode: Mode) -> None:
    async with world() as one:
        await put_phone(one)
        await one.put_rule(Level.LOW)
        one.graph_faults.throttle(1, "1", "PATCH")
        await evaluate(one.services, feed(a_threat()))
        quiet = Services.of(one.services.settings.model_copy(update={"mode": mode}), one.clock)
        one.graph_calls.clear()
        assert await retry_pending(quiet) == {"tried": 0, "settled": 0}
        assert not (await enforce(quiet, await found(one.services))).tag.applied
        assert not one.graph_calls
        await quiet.close()


async def test_a_pending_device_that_is_gone_is_passed_over(phone: World) -> None:
    phone.graph_faults.throttle(1, "1", "PATCH")
    await evaluate(phone.services, feed(a_threat()))
    read = phone.services.store.read

    async def gone(kind: Any, id_: str, partition: str | None = None) -> Any:
        await phone.services.store.delete(Device, ENTRA_ID)
        return await read(kind, id_, partition)

    phone.services.store.read = gone  # type: ignore[method-assign]
    assert await retry_pending(phone.services) == {"tried": 0, "settled": 0}


async def test_a_device_deleted_while_it_is_tagged_is_let_go(phone: World) -> None:
    phone.graph_faults.throttle(1, "1", "PATCH")
    await evaluate(phone.services, feed(a_threat()))
    pending = await found(phone.services)
    await phone.services.store.delete(Device, ENTRA_ID)
    assert (await enforce(phone.services, pending)).tag.state is TagState.PENDING
    assert await phone.services.store.read(Device, ENTRA_ID) is None


async def _late(
    one: World,
    report: Report,
    overtaking: Callable[[Services, Callable[[], Awaitable[None]]], Awaitable[None]],
) -> None:
    """Evaluate `report` in an instance whose PATCH comes late: `overtaking` sends it on."""
    slow = await one.another_instance()
    write = slow.graph.write_tag

    async def late(entra_id: str, value: str) -> None:
        slow.graph.write_tag = write  # type: ignore[method-assign]
        await overtaking(slow, partial(write, entra_id, value))

    slow.graph.write_tag = late  # type: ignore[method-assign]
    try:
        await evaluate(slow, feed(report))
    finally:
        await slow.close()


async def test_when_wanted_changes_while_a_patch_is_on_its_way_the_newest_is_written_again(
    phone: World,
) -> None:
    async def overtaken(_slow: Services, write: Callable[[], Awaitable[None]]) -> None:
        await evaluate(phone.services, feed(RESOLVED))
        assert phone.entra_tag() == "mtd-ok"
        await write()
        assert phone.entra_tag() == "mtd-block-high"

    await _late(phone, a_threat(), overtaken)
    assert phone.entra_tag() == "mtd-ok"
    tag = (await phone.device()).tag
    assert (tag.wanted, tag.applied, tag.state) == ("mtd-ok", "mtd-ok", TagState.APPLIED)


async def test_an_overtaken_patch_is_made_good_though_a_lagging_read_shows_the_newest_already(
    phone: World,
) -> None:
    async def overtaken(slow: Services, write: Callable[[], Awaitable[None]]) -> None:
        await evaluate(phone.services, feed(RESOLVED))
        await write()
        slow.graph.tag = _answering("mtd-ok")  # type: ignore[method-assign]

    await _late(phone, a_threat(), overtaken)
    assert phone.entra_tag() == "mtd-ok"


async def test_an_unblock_on_its_way_does_not_win_over_a_newer_block(phone: World) -> None:
    await evaluate(phone.services, feed(a_threat()))

    async def overtaken(_slow: Services, write: Callable[[], Awaitable[None]]) -> None:
        await evaluate(phone.services, feed(a_threat(minutes=6)))
        await write()

    await _late(phone, RESOLVED, overtaken)
    assert phone.entra_tag() == "mtd-block-high"


async def test_a_patch_that_fails_after_being_overtaken_leaves_the_newest_pending(phone: World) -> None:
    async def overtaken(_slow: Services, write: Callable[[], Awaitable[None]]) -> None:
        await evaluate(phone.services, feed(RESOLVED))
        await write()
        phone.graph_faults.fail(503, 1, "PATCH")

    await _late(phone, a_threat(), overtaken)
    assert (await phone.device()).tag.state is TagState.PENDING
    await retry_pending(phone.services)
    assert phone.entra_tag() == "mtd-ok"


async def test_the_lost_answer_to_a_patch_is_made_good_by_the_next_run(phone: World) -> None:
    write = phone.services.graph.write_tag

    async def lost(entra_id: str, value: str) -> None:
        await write(entra_id, value)
        phone.services.graph.write_tag = write  # type: ignore[method-assign]
        raise StoreUnavailable("the process was killed here")

    phone.services.graph.write_tag = lost  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await evaluate(phone.services, feed(a_threat()))
    assert (await phone.device()).tag.state is TagState.PENDING
    await retry_pending(phone.services)
    tag = (await phone.device()).tag
    assert (tag.state, tag.applied, tag.before) == (TagState.APPLIED, "mtd-block-high", None)
    assert calls(phone, "PATCH") == 1


async def test_an_unblock_after_a_block_whose_answer_was_lost_is_written(phone: World) -> None:
    write = phone.services.graph.write_tag

    async def lost(entra_id: str, value: str) -> None:
        await write(entra_id, value)
        phone.services.graph.write_tag = write  # type: ignore[method-assign]
        raise StoreUnavailable("the process was killed here")

    phone.services.graph.write_tag = lost  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        await evaluate(phone.services, feed(a_threat()))
    await evaluate(phone.services, feed(a_threat(), RESOLVED))
    assert phone.entra_tag() == "mtd-ok"


async def test_entering_enforce_writes_what_was_only_shown() -> None:
    async with world(mode=Mode.REPORT) as one:
        await put_phone(one)
        await one.put_rule(Level.LOW)
        await evaluate(one.services, feed(a_threat()))
        enforcing = Services.of(one.services.settings.model_copy(update={"mode": Mode.ENFORCE}), one.clock)
        device = await change(enforcing, ENTRA_ID)
        assert device is not None
        assert device.document.tag.state is TagState.PENDING
        assert (await enforce(enforcing, device)).tag.state is TagState.APPLIED
        assert one.entra_tag() == "mtd-block-high"
        await enforcing.close()


async def test_a_tag_that_is_refused_is_tried_ever_more_slowly_hourly_at_most(phone: World) -> None:
    phone.graph_faults.fail(403, 99, "PATCH", ENTRA_ID)
    await evaluate(phone.services, feed(a_threat()))
    tried = [phone.clock()]
    for _ in range(6 * 60):
        phone.clock.pass_time(minutes=1)
        if (await retry_pending(phone.services))["tried"]:
            tried.append(phone.clock())
    pauses = [(later - earlier).total_seconds() / 60 for earlier, later in pairwise(tried)]
    assert pauses == [1, 1, 3, 7, 15, 31, 60, 60, 60, 60, 60]
    phone.graph_faults.clear()
    phone.clock.pass_time(hours=1)
    assert await retry_pending(phone.services) == {"tried": 1, "settled": 1}
    tag = (await phone.device()).tag
    assert (tag.applied, tag.retry_at, tag.error) == ("mtd-block-high", None, None)


async def test_another_tag_is_tried_at_once_though_the_last_one_was_refused(phone: World) -> None:
    phone.graph_faults.fail(403, 3, "PATCH", ENTRA_ID)
    await evaluate(phone.services, feed(a_threat()))
    for _ in range(2):
        phone.clock.pass_time(minutes=1)
        await retry_pending(phone.services)
    assert (await phone.device()).tag.retry_at is not None
    await evaluate(phone.services, feed(RESOLVED))
    assert phone.entra_tag() == "mtd-ok"


async def test_a_graph_that_is_away_is_asked_every_minute(phone: World) -> None:
    phone.graph_faults.fail(503, 5, "PATCH", ENTRA_ID)
    await evaluate(phone.services, feed(a_threat()))
    for _ in range(4):
        assert (await retry_pending(phone.services))["tried"] == 1
    assert (await phone.device()).tag.retry_at is None


async def test_a_device_in_a_restricted_unit_is_called_so(
    phone: World, caplog: pytest.LogCaptureFixture
) -> None:
    phone.tenant.put_entra_device({"deviceId": ENTRA_ID, "isManagementRestricted": True})
    await evaluate(phone.services, feed(a_threat()))
    tag = (await phone.device()).tag
    assert tag.state is TagState.PENDING
    assert "restricted management administrative unit, where the app needs a role" in (tag.error or "")
    assert "restricted management administrative unit" in caplog.text
