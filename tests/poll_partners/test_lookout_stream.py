"""Lookout's stream followed, where a tenant has its events by no other way."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from local.vendors.faults import Act, answered, done
from poll_partners import client, reading
from poll_partners.found import sources
from poll_partners.frames import Frame, Frames
from poll_partners.sources import lookout_stream
from tests.poll_partners.vendors import Vendors, event, lookout_settings, vendors
from tests.world import START

NAME = "lookout_stream"
STREAM = "/mra/stream/"
MINUTE = timedelta(minutes=1)


@asynccontextmanager
async def _following() -> AsyncIterator[Vendors]:
    async with vendors() as one:
        stream = lookout_settings(one.address, stream=True)
        one.services.settings = one.services.settings.model_copy(update={"polling": stream})
        yield one


def _arrived(one: Vendors, *numbers: int) -> None:
    for number in numbers:
        one.lookout.arrive(event(number, one.world.clock() - MINUTE))


async def test_the_stream_is_read_until_it_has_caught_up() -> None:
    async with _following() as one:
        _arrived(one, *range(7))
        run = await one.polled(NAME)
        assert (run.accepted, run.whole, run.error) == (7, True, None)
        assert (await one.cursor(NAME)).until == START
        one.world.clock.pass_time(minutes=5)
        _arrived(one, 7)
        run = await one.polled(NAME)
        assert (run.accepted, run.whole) == (1, True)


async def test_the_stream_and_the_pages_are_never_both_read() -> None:
    async with _following() as one:
        assert await one.poll("lookout") is None
        off = sources()["lookout"].missing(one.services.settings.polling["lookout"])
        assert off == ("POLL_STREAM_LOOKOUT=false",)
        one.services.settings = one.services.settings.model_copy(
            update={"polling": lookout_settings(one.address)}
        )
        assert await one.poll(NAME) is None


async def test_a_backlog_goes_on_with_the_id_of_the_last_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout_stream, "MAX_FRAMES", 2)
    monkeypatch.setattr(reading, "MAX_PAGES", 1)
    async with _following() as one:
        _arrived(one, *range(9))
        run = await one.polled(NAME)
        assert (run.whole, run.error) == (False, None)
        for _ in range(6):
            await one.polled(NAME)
        assert len(one.reports()) == 9
        assert any("id" in asked for asked in one.lookout.asked)
        assert (await one.cursor(NAME)).until == START


async def test_a_token_that_is_dead_is_renewed_and_the_stream_opened_again() -> None:
    async with _following() as one:
        _arrived(one, 1)
        await one.polled(NAME)
        one.faults.order(done(one.lookout.kill_tokens), STREAM)
        assert (await one.polled(NAME)).error is None
        assert one.lookout.logins == 2


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"event: end\ndata: {}x\n\n", "the stream ended before it had caught up"),
        (b"", "the stream ended before it had caught up"),
        (b'event: events\ndata: {"rows": []}\n\n', "a frame without a list of events"),
        (b"event: events\ndata: <html>\n\n", "a frame without a list of events"),
    ],
)
async def test_a_stream_that_is_none_moves_nothing(body: bytes, why: str) -> None:
    async with _following() as one:
        _arrived(one, 1)
        one.faults.order(answered(200, body, "text/event-stream"), STREAM)
        run = await one.polled(NAME)
        assert run.error == why
        assert (await one.cursor(NAME)).until == START - timedelta(days=1)
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(NAME)).accepted == 1


def _breaks_off(one: Vendors, last: bytes, silent: float) -> Act:
    """The first frame of two events, then this, and no more for so many seconds."""

    async def act(request: web.Request) -> web.StreamResponse:
        some = one.lookout.events[:2]
        rows = json.dumps({"events": [{**each.event, "id": each.oid} for each in some]})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(f"id: {some[-1].oid}\nevent: events\ndata: {rows}\n\n".encode() + last)
        await asyncio.sleep(silent)
        return response

    return act


@pytest.mark.parametrize(
    ("last", "silent"),
    [
        (b'event: reconnect\ndata: {"reason": "moved"}\n\n', 0),
        (b"event: end\ndata: \n\n", 0),
        (b'id: 00000009\nevent: events\ndata: {"events": [', 0),
        (b"id: 00000009\n\n", 0),
        (b"", 2),
    ],
    ids=["reconnect", "end", "cut off", "an id without data", "no heartbeat"],
)
async def test_a_stream_that_breaks_off_is_gone_on_from_the_last_whole_frame(
    last: bytes, silent: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "READ_SECONDS", 0.3)
    async with _following() as one:
        _arrived(one, *range(5))
        one.faults.order(_breaks_off(one, last, silent), STREAM)
        run = await one.polled(NAME)
        assert (run.accepted, run.duplicates, run.whole, run.error) == (5, 0, True, None)
        assert one.lookout.asked[-1]["id"] == one.lookout.events[1].oid


async def test_a_frame_that_never_ends_is_passed_over_after_three_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "MAX_BODY", 1000)
    async with _following() as one:
        one.faults.order(answered(200, b"data: " + b"x" * 5000, "text/event-stream"), STREAM, times=4)
        errors = []
        for _ in range(4):
            run = await one.polled(NAME)
            errors.append(run.error)
            one.world.clock.pass_time(minutes=70)
        assert errors == [*["a frame of more than 1000 bytes"] * 3, None]
        assert len(run.gaps) == 1


async def test_a_stream_that_is_refused_is_named_as_that() -> None:
    async with _following() as one:
        one.faults.order(answered(404, b"{}"), STREAM)
        run = await one.polled(NAME)
        assert run.error is not None
        assert run.error.startswith("404")


FRAMES = (
    b"id: 1\nevent: events\ndata: {\ndata: }\n\n: a comment\n\ndata:{}\r\n\r\nretry: 5\n\nid: 2\ndata: cut"
)


@given(st.integers(1, len(FRAMES)))
def test_frames_are_read_however_they_are_cut(size: int) -> None:
    frames = Frames()
    found: list[Frame] = []
    for number in range(0, len(FRAMES), size):
        found += frames.feed(FRAMES[number : number + size])
    assert found == [Frame("1", "events", "{\n}"), Frame(None, None, "{}")]
