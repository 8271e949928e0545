"""The mass-change stop: so many new blocks an hour, the rest waits, and unblocks flow."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from evaluate_risk.decide import change
from evaluate_risk.enforce import enforce, release, retry_pending
from evaluate_risk.evaluation import evaluate
from evaluate_risk.guard import Guard, admit, approve, guard
from shared.domain.level import Level
from shared.domain.mode import Mode
from shared.domain.model import Device, Report, TagState
from shared.domain.record import Status
from shared.domain.tenant import Tenant
from shared.errors import NotThere, Overtaken
from shared.services import Services
from tests.evaluate_risk.stories import feed, put_phone
from tests.world import World, a_threat, world

LIMIT = 3


@pytest.fixture
async def small() -> AsyncIterator[World]:
    """A world of ten phones, of which three may be newly blocked in an hour."""
    async with world(guard_devices=LIMIT, guard_percent=10) as one:
        await one.put_rule(Level.LOW)
        for number in range(10):
            await put_phone(
                one, entra_id=f"entra-{number}", intune_id=f"intune-{number}", serial=f"S{number}"
            )
        yield one


def infected(number: int, *, status: Status = Status.OPEN, minutes: float = 0) -> Report:
    return a_threat(
        device=f"agent-{number}", mdm_device_id=f"intune-{number}", status=status, minutes=minutes
    )


async def blocked(one: World) -> list[int]:
    return [number for number in range(10) if one.entra_tag(f"entra-{number}") == "mtd-block-high"]


async def waiting(one: World) -> list[int]:
    devices = [await one.device(f"entra-{number}") for number in range(10)]
    return [number for number, device in enumerate(devices) if device.tag.state is TagState.PENDING_APPROVAL]


async def stop_of(one: World) -> str:
    count = await guard(one.services)
    assert count.stop is not None
    return count.stop.id


async def test_beyond_the_limit_new_blocks_wait_with_an_alarm(
    small: World, caplog: pytest.LogCaptureFixture
) -> None:
    await evaluate(small.services, feed(*map(infected, range(5))))
    assert (len(await blocked(small)), len(await waiting(small))) == (LIMIT, 2)
    assert caplog.text.count("mass_change_stopped") == 1
    assert f"limit={LIMIT} managed=0" in caplog.text
    held = await small.device(f"entra-{(await waiting(small))[0]}")
    assert held.tag.stop == await stop_of(small)
    assert held.decision is not None
    assert held.decision.verdict == "block"
    assert "held back" in held.history[0].what


async def test_the_percentage_of_the_tenant_counts_where_it_is_more(small: World) -> None:
    await small.services.store.upsert(Tenant(managed=59, read_at=small.clock()))
    small.services.mirror.forget()
    await evaluate(small.services, feed(*map(infected, range(8))))
    assert len(await blocked(small)) == 5


async def test_what_waits_stays_waiting_whatever_the_timer_does(small: World) -> None:
    await evaluate(small.services, feed(*map(infected, range(5))))
    before = await waiting(small)
    assert await retry_pending(small.services) == {"tried": 0, "settled": 0}
    small.clock.pass_time(hours=5)
    assert await retry_pending(small.services) == {"tried": 0, "settled": 0}
    assert await waiting(small) == before


async def test_an_hour_later_as_many_again_may_be_blocked(small: World) -> None:
    await evaluate(small.services, feed(*map(infected, range(LIMIT))))
    await evaluate(small.services, feed(infected(8)))
    assert await waiting(small) == [8]
    small.clock.pass_time(minutes=61)
    await evaluate(small.services, feed(infected(9)))
    assert 9 in await blocked(small)
    assert await waiting(small) == [8]


async def test_an_approval_releases_what_waits_and_begins_the_count_anew(
    small: World, caplog: pytest.LogCaptureFixture
) -> None:
    await evaluate(small.services, feed(*map(infected, range(5))))
    stop = await stop_of(small)
    with caplog.at_level(logging.WARNING, "mtd"):
        approval = await approve(small.services, stop, "ada", "a real outbreak")
    assert (approval.stop, approval.who, approval.why, approval.at) == (
        stop,
        "ada",
        "a real outbreak",
        small.clock(),
    )
    assert f"mass_change_approved stop={stop}" in caplog.text
    assert await retry_pending(small.services) == {"tried": 2, "settled": 2}
    assert len(await blocked(small)) == 5
    await evaluate(small.services, feed(*map(infected, range(5, 9))))
    assert (len(await blocked(small)), len(await waiting(small))) == (8, 1)
    assert await stop_of(small) != stop


async def test_approving_twice_is_approving_once(small: World) -> None:
    await evaluate(small.services, feed(*map(infected, range(5))))
    stop = await stop_of(small)
    first = await approve(small.services, stop, "ada", "a real outbreak")
    with pytest.raises(Overtaken, match=rf"{stop} was approved already by ada at .* UTC: a real outbreak"):
        await approve(small.services, stop, "bob", "again")
    assert (await guard(small.services)).approvals == (first,)


@pytest.mark.parametrize("stop", ["none", ""])
async def test_there_is_nothing_to_approve_where_there_is_no_stop(small: World, stop: str) -> None:
    with pytest.raises(NotThere):
        await approve(small.services, stop, "ada", "why")
    await evaluate(small.services, feed(*map(infected, range(5))))
    with pytest.raises(NotThere):
        await approve(small.services, stop, "ada", "why")


async def test_unblocks_flow_while_blocks_wait(small: World) -> None:
    await evaluate(small.services, feed(*map(infected, range(5))))
    first = (await blocked(small))[0]
    await evaluate(small.services, feed(infected(first, status=Status.RESOLVED, minutes=5)))
    assert small.entra_tag(f"entra-{first}") == "mtd-ok"


async def test_what_is_remediated_while_it_waits_waits_no_longer(small: World) -> None:
    await evaluate(small.services, feed(*map(infected, range(5))))
    first = (await waiting(small))[0]
    await evaluate(small.services, feed(infected(first, status=Status.RESOLVED, minutes=5)))
    device = await small.device(f"entra-{first}")
    assert (device.tag.state, device.tag.stop, device.tag.wanted) == (TagState.NONE, None, None)
    assert small.entra_tag(f"entra-{first}") is None


async def test_a_block_that_gets_graver_is_no_new_one(small: World) -> None:
    medium = [
        a_threat(device=f"agent-{n}", mdm_device_id=f"intune-{n}", severity=Level.MEDIUM)
        for n in range(LIMIT)
    ]
    await evaluate(small.services, feed(*medium))
    await evaluate(small.services, feed(*[infected(n, minutes=1) for n in range(LIMIT)]))
    assert await blocked(small) == [0, 1, 2]
    assert await waiting(small) == []


async def test_a_replayed_batch_counts_nobody_twice(small: World) -> None:
    for _ in range(3):
        await evaluate(small.services, feed(*map(infected, range(LIMIT))))
        assert await admit(small.services, dict.fromkeys([f"entra-{n}" for n in range(LIMIT)])) == {}
    assert len((await guard(small.services)).entered) == LIMIT


async def test_a_device_that_is_blocked_again_counts_from_then_on(small: World) -> None:
    await admit(small.services, {"entra-0": None})
    small.clock.pass_time(minutes=50)
    await admit(small.services, {"entra-0": None})
    small.operations.clear()
    await admit(small.services, {"entra-0": None})
    assert not small.operations["settings", "replace"]  # in the same minute it is written once
    small.clock.pass_time(minutes=15)
    assert len((await guard(small.services)).entered) == 1
    others = {f"entra-{number}": None for number in range(1, 4)}
    assert len(await admit(small.services, others)) == 1


async def test_two_instances_together_keep_the_limit(small: World) -> None:
    other = await small.another_instance()
    halves = [feed(*map(infected, range(0, 10, 2))), feed(*map(infected, range(1, 10, 2)))]
    await asyncio.gather(evaluate(small.services, halves[0]), evaluate(other, halves[1]))
    await other.close()
    assert (len(await blocked(small)), len(await waiting(small))) == (LIMIT, 10 - LIMIT)
    assert len({(await small.device(f"entra-{n}")).tag.stop for n in await waiting(small)}) == 1


async def test_a_crash_between_count_and_block_blocks_the_device_all_the_same(small: World) -> None:
    small.graph_faults.fail(503, 1, "PATCH")
    await evaluate(small.services, feed(infected(0)))
    assert await blocked(small) == []
    await evaluate(small.services, feed(*map(infected, range(1, 6))))
    assert len(await blocked(small)) == LIMIT - 1
    await retry_pending(small.services)
    assert 0 in await blocked(small)
    assert len(await blocked(small)) == LIMIT


async def test_no_device_is_blocked_at_a_limit_of_none() -> None:
    async with world(guard_devices=0, guard_percent=0) as one:
        await one.put_rule(Level.LOW)
        await put_phone(one)
        await evaluate(one.services, feed(a_threat()))
        assert one.entra_tag() is None
        assert (await one.device()).tag.state is TagState.PENDING_APPROVAL


async def test_the_count_of_a_large_tenant_stays_small() -> None:
    async with world(guard_devices=20_000) as one:
        ids = dict.fromkeys(f"entra-{number}" for number in range(25_000))
        held = await admit(one.services, ids)
        assert len(held) == 5_000
        found = await one.services.store.read(Guard, "guard:blocks")
        assert found is not None
        assert len(found.document.model_dump_json()) < 500_000


async def test_a_waiting_device_another_instance_changed_is_looked_at_anew(small: World) -> None:
    await evaluate(small.services, feed(*map(infected, range(LIMIT))))
    await evaluate(small.services, feed(infected(8)))
    found = await small.services.store.read(Device, "entra-8")
    assert found is not None
    await evaluate(small.services, feed(infected(8, status=Status.RESOLVED, minutes=5)))
    await enforce(small.services, found)
    assert (await small.device("entra-8")).tag.wanted is None
    assert small.entra_tag("entra-8") is None


async def test_a_waiting_device_goes_on_waiting_though_it_is_reported_again_an_hour_later(
    small: World,
) -> None:
    await evaluate(small.services, feed(*map(infected, range(5))))
    before = await waiting(small)
    small.clock.pass_time(minutes=61)
    again = [a_threat("t2", device=f"agent-{n}", mdm_device_id=f"intune-{n}") for n in before]
    await evaluate(small.services, feed(*again))
    assert await waiting(small) == before


@pytest.mark.parametrize("taken_back", [True, False])
async def test_an_approval_lets_a_block_through_once(small: World, taken_back: bool) -> None:
    """Entering enforce again counts every first block: what was approved before is no leave for it."""
    await evaluate(small.services, feed(*map(infected, range(8))))
    reporting = Services.of(small.services.settings.model_copy(update={"mode": Mode.REPORT}), small.clock)
    if taken_back:
        await approve(small.services, await stop_of(small), "ada", "a real outbreak")
        await retry_pending(small.services)
        await release(reporting, "ada", "end of the trial")
    for number in range(8):
        await change(reporting, f"entra-{number}")
    await reporting.close()
    if not taken_back:
        await approve(small.services, await stop_of(small), "ada", "nothing waits any more")
    before = await blocked(small)
    small.clock.pass_time(hours=2)
    for number in range(8):
        found = await change(small.services, f"entra-{number}")
        assert found is not None
        await enforce(small.services, found)
    assert len(await blocked(small)) - len(before) == LIMIT
