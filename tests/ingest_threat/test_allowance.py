"""Floods at the door: what one partner, or nobody's partner, sends too much of costs the others nothing."""

import asyncio
import gzip
import pathlib
import re
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ingest_threat.allowance import BYTES_OF_ITEM, MAX_BYTES_IN_WORK, PAUSE
from ingest_threat.body import MAX_BYTES, MAX_ITEMS
from ingest_threat.intake import Answer
from local.partners import lookout, zimperium
from local.partners.authentication import signed
from local.partners.message import encoded
from local.sample_tenant import Phone
from shared.cosmos import Store
from shared.domain.heartbeats import Heartbeat, heartbeat_id
from shared.domain.model import Report
from shared.errors import (
    NotAuthentic,
    StoreUnavailable,
    TooMany,
    UnreadableReport,
    WrongContentType,
)
from shared.settings import Settings
from tests.ingest_threat.door import posted
from tests.world import START, World, world

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
PHONE = Phone.of("floods", "phone", "Android")
IPHONE = Phone.of("floods", "iphone", "iOS")
LIMIT = 60
"""Items of a partner within a minute, in these tests."""
MIB = 1 << 20


@pytest.fixture
async def door() -> AsyncIterator[World]:
    """A world whose partners sign, with a small allowance."""
    secrets = {"lookout": SECRET, "zimperium": SECRET}
    async with world(webhook_secrets=secrets, partner_reports_per_minute=LIMIT) as one:
        yield one


def _message(first: int, count: int) -> bytes:
    """So many detections of Zimperium's, each another."""
    items: list[Any] = []
    for number in range(first, first + count):
        item = zimperium.detection(PHONE, f"k{number}", START)
        assert isinstance(item, list)
        items += item
    return encoded(items)


async def _sent(one: World, body: bytes, partner: str = "zimperium", **headers: str) -> Answer | TooMany:
    try:
        return await posted(one.services, partner, {**signed(SECRET, body, one.clock()), **headers}, body)
    except TooMany as error:
        return error


def _from_lookout(key: str) -> bytes:
    return encoded(lookout.low_threat(IPHONE, key, START))


async def _stored(one: World) -> list[str]:
    """The partners of what is stored, in the order of the log."""
    rows = one.services.store.rows(Report, "reports", "SELECT * FROM c")
    return [report.record.partner async for report in rows]


@contextmanager
def _most_memory() -> Iterator[Callable[[], int]]:
    """The most bytes that are held at once from here on, beyond what was."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_of_a_flood_the_minutes_allowance_is_taken_and_anothers_report_is_behind_no_more(
    door: World,
) -> None:
    answers = [await _sent(door, _message(20 * number, 20)) for number in range(40)]
    taken = [answer.accepted for answer in answers if isinstance(answer, Answer)]
    put_off = [answer.retry_after for answer in answers if isinstance(answer, TooMany)]
    assert taken == [20, 20, 20], "the last goes beyond the limit by what one message holds"
    assert put_off == [60.0] * 37
    other = await _sent(door, _from_lookout("k"), "lookout")
    assert isinstance(other, Answer)
    assert other.accepted == 1
    assert sorted(await _stored(door)) == ["lookout"] + ["zimperium"] * 60


async def test_of_20_000_reports_in_a_minute_a_process_takes_what_is_shipped() -> None:
    """By the default; what is put off is taken in the minutes after."""
    async with world(webhook_secrets={"lookout": SECRET, "zimperium": SECRET}) as one:
        left = [_message(MAX_ITEMS * number, MAX_ITEMS) for number in range(20)]
        taken = []
        for _ in range(2):
            answers = [(body, await _sent(one, body)) for body in left]
            left = [body for body, answer in answers if isinstance(answer, TooMany)]
            taken.append(sum(answer.accepted for _, answer in answers if isinstance(answer, Answer)))
            other = await _sent(one, _from_lookout(f"k{len(taken)}"), "lookout")
            assert isinstance(other, Answer)
            one.clock.pass_time(minutes=1)
        assert taken == [2 * MAX_ITEMS] * 2, "the last goes beyond 1,500 by what one message holds"
        assert len(left) == 16
        assert len(await _stored(one)) == 4 * MAX_ITEMS + 2


async def test_a_partner_that_is_put_off_has_reported_all_the_same(door: World) -> None:
    await _sent(door, _message(0, LIMIT))
    door.clock.pass_time(seconds=59)
    door.services.heartbeats_at.clear()
    assert isinstance(await _sent(door, _message(100, 20)), TooMany)
    found = await door.services.store.read(Heartbeat, heartbeat_id("zimperium"))
    assert found is not None
    assert found.document.last_at == door.clock()


async def test_what_is_put_off_costs_no_operation_and_is_not_read(
    door: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _sent(door, _message(0, LIMIT))
    door.operations.clear()
    monkeypatch.delattr("ingest_threat.partners.parse")
    assert isinstance(await _sent(door, _message(100, 20)), TooMany)
    assert dict(door.operations) == {}


async def test_the_next_minute_takes_what_was_put_off(door: World) -> None:
    late = _message(LIMIT, 20)
    await _sent(door, _message(0, LIMIT))
    door.clock.pass_time(seconds=59)
    refused = await _sent(door, late)
    assert isinstance(refused, TooMany)
    assert refused.retry_after == pytest.approx(1)
    door.clock.pass_time(seconds=refused.retry_after)
    answer = await _sent(door, late)
    assert isinstance(answer, Answer)
    assert answer.accepted == 20


async def test_a_flood_is_logged_once_a_minute(door: World, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        await _sent(door, _message(0, LIMIT))
        for number in range(10):
            await _sent(door, _message(100 + number, 1))
        door.clock.pass_time(minutes=1)
    lines = [r.getMessage() for r in caplog.records if r.getMessage().startswith("reports_put_off")]
    assert len(lines) == 2
    assert "partner=zimperium" in lines[0]


async def test_duplicates_and_messages_without_an_item_use_the_allowance_too(door: World) -> None:
    for _ in range(5):
        await _sent(door, _message(0, 8))
    for _ in range(10):
        await _sent(door, b"[]")
    assert isinstance(await _sent(door, b"[]"), TooMany)


async def test_messages_that_cannot_be_read_use_the_allowance_too(door: World) -> None:
    for number in range(LIMIT):
        with pytest.raises(UnreadableReport):
            await _sent(door, b"no JSON %d" % number)
    assert isinstance(await _sent(door, b"no JSON"), TooMany)


async def test_who_is_not_authenticated_uses_up_no_partners_allowance(door: World) -> None:
    for number in range(2 * LIMIT):
        body = _message(number, 1)
        with pytest.raises(NotAuthentic):
            await posted(door.services, "zimperium", signed(OTHER_SECRET, body, START), body)
    assert isinstance(await _sent(door, _message(0, 1)), Answer)


async def test_unauthenticated_bodies_cost_no_operation_and_no_memory_beyond_their_own(door: World) -> None:
    door.operations.clear()
    calls = sum(door.graph_calls.values())
    with _most_memory() as most:
        for number in range(100):
            body = bytes([number]) * MAX_BYTES
            with pytest.raises(NotAuthentic):
                await posted(door.services, "zimperium", signed(OTHER_SECRET, body, START), body)
        assert most() < 8 * MIB
    assert dict(door.operations) == {}
    assert sum(door.graph_calls.values()) == calls


class _Held:
    """The store, which takes no report until it is let go, and counts those that wait for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go = asyncio.Event()
        self.full = False
        """Whether nothing more may be begun."""
        self._waiting = asyncio.Semaphore(0)
        self._create = Store.create
        monkeypatch.setattr(Store, "create", self._held())

    async def until(self, count: int) -> None:
        """Until so many more reports wait."""
        for _ in range(count):
            await self._waiting.acquire()

    def _held(self) -> Callable[..., Any]:
        async def create(store: Store, document: Any) -> Any:
            if isinstance(document, Report) and document.record.partner == "zimperium":
                assert not self.full, "one message more is taken in"
                self._waiting.release()
                await self.go.wait()
                return '"etag"'
            return await self._create(store, document)

        return create


@pytest.mark.parametrize("packed", [False, True])
async def test_a_partner_has_so_many_bytes_in_work_and_another_is_not_kept_waiting(
    monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    held, content = _Held(monkeypatch), _message(0, 100)
    monkeypatch.setattr("ingest_threat.allowance.MAX_BYTES_IN_WORK", 4 * len(content))
    body = gzip.compress(content) if packed else content
    headers = {"Content-Encoding": "gzip"} if packed else {}
    async with world(webhook_secrets={"lookout": SECRET, "zimperium": SECRET}) as one:
        await _sent(one, _from_lookout("first"), "lookout")
        with _most_memory() as most:
            first = [asyncio.create_task(_sent(one, body, **headers)) for _ in range(4)]
            await held.until(4 * 32)
            of_four, held.full = most(), True
            for _ in range(40):
                refused = await _sent(one, body, **headers)
                assert isinstance(refused, TooMany)
                assert refused.retry_after == PAUSE
            assert isinstance(await _sent(one, _from_lookout("second"), "lookout"), Answer)
            assert one.services.bytes_in_work["zimperium"] == 4 * len(content)
            assert most() < 2 * of_four, "forty more would be ten times that"
        held.full = False
        held.go.set()
        answers = await asyncio.gather(*first)
        assert [each.accepted for each in answers if isinstance(each, Answer)] == [100] * 4
        assert one.services.bytes_in_work["zimperium"] == 0
        assert isinstance(await _sent(one, body, **headers), Answer)


def test_a_message_of_the_largest_size_always_fits() -> None:
    assert MAX_BYTES_IN_WORK >= MAX_BYTES


async def test_a_large_message_that_cannot_be_read_counts_by_its_bytes(door: World) -> None:
    with pytest.raises(UnreadableReport):
        await _sent(door, b"x" * (LIMIT * BYTES_OF_ITEM))
    assert isinstance(await _sent(door, _message(0, 1)), TooMany)


async def test_what_failed_is_no_longer_in_work(door: World, monkeypatch: pytest.MonkeyPatch) -> None:
    door.cosmos_faults.fail_next(503, times=50, container="reports", operation="create")
    with pytest.raises(StoreUnavailable):
        await _sent(door, _message(0, 1))
    with pytest.raises(UnreadableReport):
        await _sent(door, b"no JSON")
    with pytest.raises(WrongContentType):
        await _sent(door, _message(0, 1), **{"Content-Type": "image/png"})
    assert door.services.bytes_in_work.total() == 0


@pytest.mark.parametrize("body", [b'[{"a":[' + b"{}," * 35_000 + b"{}]}]", b"[" + b"[]," * 35_000 + b"[]]"])
async def test_the_memory_a_message_takes_to_be_read_is_bounded_and_given_back(
    door: World, body: bytes
) -> None:
    await _sent(door, _message(0, 1))
    with _most_memory() as most:
        with pytest.raises(UnreadableReport):
            await _sent(door, body)
        assert most() < 192 * len(body)
        assert tracemalloc.get_traced_memory()[0] < 2 * MIB


def test_two_instances_allowances_are_within_what_the_shipped_database_takes_in_a_minute() -> None:
    """The arithmetic of docs/floods.md."""
    prod = dict(
        line.split("=", 1)
        for line in (ROOT / "infra/environments/prod.env").read_text().splitlines()
        if "=" in line and not line.startswith("#")
    )
    [units] = re.findall(r"= ([0-9.]+) units\) = ", (ROOT / "docs/costs.md").read_text())
    evaluated = int(prod["COSMOS_MAXIMUM_THROUGHPUT"]) * 60 / float(units)
    processes = int(prod["ALWAYS_READY_INSTANCES"])
    assert processes * (Settings().partner_reports_per_minute + MAX_ITEMS) <= evaluated
