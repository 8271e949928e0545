"""Lookout polled, against its stand-in: what it gives is stored once, and the cursor is never ahead of it."""

import json
import logging
from datetime import timedelta

import pytest
from aiohttp import web

from ingest_threat.partners import lookout as adapter
from local.vendors.faults import Act, answered, cut_off, done, huge
from poll_partners import client, reading, slices
from poll_partners.sources import lookout
from shared.domain.heartbeats import Heartbeat, heartbeat_id
from shared.errors import StoreUnavailable
from tests.poll_partners.vendors import Vendors, event, lookout_settings, vendors
from tests.world import START, Clock

EVENTS = "/mra/api/v2/events"
MINUTE = timedelta(minutes=1)


async def _arrived(one: Vendors, *numbers: int, **late: float) -> None:
    for number in numbers:
        one.lookout.arrive(event(number, one.world.clock() - timedelta(**late)))


async def test_what_a_vendor_has_is_stored_and_the_cursor_moves_to_when_it_was_asked() -> None:
    async with vendors() as one:
        await _arrived(one, 1, 2, 3, minutes=1)
        run = await one.polled()
        assert (run.accepted, run.duplicates, run.whole, run.error) == (3, 0, True, None)
        cursor = await one.cursor()
        assert cursor.until == START
        assert cursor.last_row_at == cursor.last_success_at == START
        assert len(one.reports()) == 3
        assert await one.services.store.read(Heartbeat, heartbeat_id("lookout"))


async def test_a_run_that_has_taken_its_time_asks_for_no_further_page_and_the_next_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookout, "PAGE_SIZE", 3)
    monkeypatch.setattr(reading, "SECONDS", 0.0)
    async with vendors() as one:
        await _arrived(one, *range(7), minutes=1)
        runs = [await one.polled() for _ in range(4)]
        assert [run.pages for run in runs] == [1, 1, 1, 1]
        assert [run.accepted for run in runs] == [3, 3, 1, 0]
        assert [run.whole for run in runs] == [False, False, False, True]


async def test_what_was_read_before_is_not_counted_again() -> None:
    async with vendors() as one:
        await _arrived(one, 1, 2, minutes=1)
        await one.polled()
        one.world.clock.pass_time(minutes=5)
        await _arrived(one, 3)
        run = await one.polled()
        assert (run.accepted, run.duplicates) == (1, 2)
        assert len(one.reports()) == 3


async def test_it_is_off_without_its_secret() -> None:
    async with vendors() as one:
        off = one.services.settings.model_copy(update={"polling": lookout_settings(one.address, secret="")})
        one.services.settings = off
        assert await one.poll() is None
        assert one.lookout.asked == []


async def test_where_it_begins_is_written_down_before_anything_is_fetched() -> None:
    async with vendors() as one:
        one.faults.order(answered(500), "oauth2", times=99)
        run = await one.polled()
        assert run.error is not None
        assert (await one.cursor()).begun == START - timedelta(days=1)
        one.world.clock.pass_time(hours=3)
        one.faults.clear()
        await one.polled()
        assert one.lookout.asked[0]["start_time"] == "2026-05-31T12:00:00Z"


async def test_the_setting_says_where_it_begins() -> None:
    async with vendors() as one:
        chosen = lookout_settings(one.address, begin=START - timedelta(days=3))
        one.services.settings = one.services.settings.model_copy(update={"polling": chosen})
        await _arrived(one, 1, days=2)
        await _arrived(one, 2, days=4)
        run = await one.polled()
        assert (run.accepted, run.begin) == (1, START - timedelta(days=3))


async def test_pages_are_read_to_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "PAGE_SIZE", 3)
    async with vendors() as one:
        await _arrived(one, *range(8), minutes=1)
        run = await one.polled()
        assert run.accepted == 8
        assert len(one.reports()) == 8
        assert [("oid" in asked) for asked in one.lookout.asked[:4]] == [False, True, True, True]


async def test_a_token_that_dies_in_mid_page_is_renewed_once_and_the_page_asked_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookout, "PAGE_SIZE", 3)
    async with vendors() as one:
        await _arrived(one, *range(8), minutes=1)
        one.faults.order(done(one.lookout.kill_tokens), EVENTS, after=1)
        run = await one.polled()
        assert (run.accepted, run.duplicates, run.error) == (8, 0, None)
        assert one.lookout.logins == 2


async def test_a_token_is_used_for_most_of_its_life_and_not_for_all() -> None:
    async with vendors() as one:
        await one.polled()
        one.world.clock.pass_time(minutes=90)
        await one.polled()
        assert one.lookout.logins == 1
        one.world.clock.pass_time(minutes=7)
        await one.polled()
        assert one.lookout.logins == 2


async def test_a_token_whose_life_nobody_says_is_used_for_more_than_one_request() -> None:
    async with vendors() as one:
        one.lookout.token_said_to_live = 0
        await _arrived(one, 1, minutes=1)
        await one.polled()
        assert len(one.lookout.asked) > 1
        assert one.lookout.logins == 1


async def test_a_token_that_dies_at_every_page_is_not_renewed_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookout, "PAGE_SIZE", 1)
    async with vendors() as one:
        await _arrived(one, *range(30), minutes=1)
        one.faults.order(done(one.lookout.kill_tokens), EVENTS, times=99)
        run = await one.polled()
        assert run.error is not None
        assert one.lookout.logins <= 12


async def test_a_key_that_is_refused_is_tried_once_and_named_as_that() -> None:
    async with vendors() as one:
        one.lookout.key = "another"
        run = await one.polled()
        assert run.error == "the login was answered 401"
        assert run.remedy is not None
        assert "POLL_SECRET_LOOKOUT" in run.remedy
        one.world.clock.pass_time(minutes=5)
        assert await one.poll() is None, "a vendor locks out who tries too often"
        one.world.clock.pass_time(minutes=6)
        assert await one.poll() is not None


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({"Retry_After": "600"}, 10),
        ({"Retry_After": "Mon, 01 Jun 2026 12:20:00 GMT"}, 20),
        ({"X_Rate_Limit_Retry_After_Milliseconds": "300000"}, 5),
    ],
)
async def test_a_vendor_that_wants_to_be_asked_later_is(headers: dict[str, str], minutes: int) -> None:
    async with vendors() as one:
        await _arrived(one, 1, minutes=1)
        one.faults.order(answered(429, b"", "application/json", **headers), EVENTS)
        run = await one.polled()
        assert run.error == "it wants to be asked later (429)"
        assert (await one.cursor()).not_before == START + minutes * MINUTE
        one.world.clock.pass_time(minutes=minutes, seconds=-1)
        assert await one.poll() is None
        one.world.clock.pass_time(seconds=1)
        assert (await one.polled()).accepted == 1
        assert (await one.cursor()).not_before is None


async def test_without_a_word_on_when_it_is_tried_more_and_more_seldom() -> None:
    async with vendors() as one:
        one.faults.order(answered(429), EVENTS, times=99)
        waits = []
        for _ in range(4):
            await one.polled()
            not_before = (await one.cursor()).not_before
            assert not_before is not None
            waits.append((not_before - one.world.clock()).total_seconds())
            one.world.clock.now = not_before
        assert waits == sorted(waits)
        assert waits[0] <= 30
        assert waits[3] > 150


NO_ANSWERS: dict[str, Act] = {
    "HTML of a proxy": answered(200, b"<html>sign in</html>", "text/html"),
    "an empty body": answered(200),
    "204": answered(204),
    "cut off in the middle": cut_off(),
    "502": answered(502, b"<html>", "text/html"),
    "more than is read": huge(17),
    "in an encoding that nobody asked for": answered(200, b"\x1f\x8b", Content_Encoding="gzip"),
    "JSON without its list": answered(200, b'{"success": false}'),
    "not there": answered(404, b"{}"),
    "not allowed": answered(403, b"{}"),
    "elsewhere": answered(302, Location="https://example.com/"),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
@pytest.mark.parametrize("page", [0, 1])
async def test_what_is_no_page_moves_nothing_and_what_was_stored_before_it_stays(
    what: str, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "PAGE_SIZE", 3)
    async with vendors() as one:
        await _arrived(one, *range(5), minutes=1)
        one.faults.order(NO_ANSWERS[what], EVENTS, after=page)
        run = await one.polled()
        assert run.error is not None
        assert run.remedy is not None
        assert not run.whole
        assert (await one.cursor()).until == START - timedelta(days=1)
        assert len(one.reports()) == 3 * page
        one.world.clock.pass_time(hours=1)
        await one.polled()
        assert len(one.reports()) == 5
        assert (await one.cursor()).until == one.world.clock()


async def test_a_redirect_is_not_followed_and_the_key_goes_nowhere_else() -> None:
    async with vendors() as one, vendors() as other:
        place = f"{other.address}/lookout/oauth2/token"
        one.faults.order(answered(307, Location=place), "oauth2")
        run = await one.polled()
        assert run.error is not None
        assert "redirects" in run.error
        assert other.lookout.logins == 0


async def test_a_backlog_is_bounded_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "PAGE_SIZE", 3)
    monkeypatch.setattr(reading, "MAX_PAGES", 2)
    async with vendors() as one:
        await _arrived(one, *range(14), minutes=1)
        run = await one.polled()
        assert (run.accepted, run.whole, run.error) == (6, False, None)
        cursor = await one.cursor()
        assert cursor.until == START - timedelta(days=1)
        assert cursor.place is not None
        for _ in range(2):
            one.world.clock.pass_time(minutes=5)
            await one.polled()
        assert len(one.reports()) == 14
        assert one.stored_ids() == sorted(set(one.stored_ids()))
        assert (await one.cursor()).until == START, "what came since then is for the next window"


async def test_a_position_that_the_vendor_forgot_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "PAGE_SIZE", 3)
    monkeypatch.setattr(reading, "MAX_PAGES", 2)
    async with vendors() as one:
        await _arrived(one, *range(14), minutes=1)
        await one.polled()
        one.world.clock.pass_time(hours=25)
        monkeypatch.setattr(reading, "MAX_PAGES", 200)
        await one.polled()
        assert len(one.reports()) == 14


async def test_an_old_position_behind_which_nothing_comes_is_asked_for_by_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookout, "PAGE_SIZE", 3)
    async with vendors() as one:
        await one.polled()
        for number in range(9):
            await _arrived(one, number)
            one.world.clock.pass_time(minutes=10)
        one.world.clock.pass_time(days=5)
        run = await one.polled()
        assert (run.accepted, run.whole) == (9, True)


@pytest.mark.parametrize("status", [400, 410])
async def test_a_position_that_is_refused_is_asked_for_by_its_time(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "PAGE_SIZE", 2)
    monkeypatch.setattr(reading, "MAX_PAGES", 1)
    async with vendors() as one:
        await _arrived(one, *range(6), minutes=1)
        await one.polled()
        monkeypatch.setattr(reading, "MAX_PAGES", 50)
        one.world.clock.pass_time(minutes=5)
        one.faults.order(answered(status), "oid=", times=1000)
        assert (await one.polled()).error is None
        assert len(one.reports()) == 6


async def test_where_what_is_refused_is_no_position_nothing_moves() -> None:
    async with vendors() as one:
        one.faults.order(answered(400), EVENTS, times=2)
        assert (await one.polled()).error == "it refuses the request (400)"
        assert (await one.cursor()).until == START - timedelta(days=1)


async def test_an_outage_longer_than_the_vendor_keeps_is_a_gap(caplog: pytest.LogCaptureFixture) -> None:
    async with vendors() as one:
        await one.polled()
        await _arrived(one, 1)
        one.world.clock.pass_time(days=11)
        await _arrived(one, 2)
        run = await one.polled()
        [gap] = run.gaps
        assert (gap.begin, gap.end) == (START - lookout.REACH.overlap, START + timedelta(days=1))
        assert run.accepted == 1
        assert (await one.cursor()).gaps == (gap,)
        [line] = [each for each in caplog.records if "poll_gap" in each.getMessage()]
        assert line.levelno == logging.ERROR
        assert not (await one.polled()).gaps


async def test_what_is_passed_over_after_an_outage_is_a_gap_from_before_the_outage() -> None:
    async with vendors() as one:
        await one.polled()
        one.world.clock.pass_time(days=11)
        one.faults.order(answered(200, b'{"success": false}'), EVENTS, times=4)
        runs = []
        for _ in range(4):
            one.world.clock.pass_time(minutes=90)
            runs.append(await one.polled())
        assert [run.error is None for run in runs] == [False, False, False, True]
        [gap] = runs[-1].gaps
        assert (gap.begin, gap.end) == (START - lookout.REACH.overlap, one.world.clock())
        assert (await one.cursor()).until == one.world.clock()


@pytest.mark.parametrize("late", [timedelta(minutes=12), timedelta(hours=3), timedelta(days=2)])
async def test_a_row_that_comes_late_is_found(late: timedelta) -> None:
    async with vendors() as one:
        await one.polled()
        one.world.clock.pass_time(days=4)
        await one.polled()
        one.world.clock.pass_time(minutes=5)
        one.lookout.arrive(event(1, one.world.clock() - late))
        for _ in range(300):
            one.world.clock.pass_time(minutes=5)
            await one.polled()
            if one.reports():
                break
        assert len(one.reports()) == 1


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_vendor_whose_clock_is_wrong_loses_nothing(
    minutes: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with vendors() as one:
        one.set_clock_ahead(minutes=minutes)
        for number in range(4):
            one.lookout.arrive(event(number, one.lookout.clock()))
            await one.polled()
            one.world.clock.pass_time(minutes=20)
        await one.polled()
        assert len(one.reports()) == 4
        assert "poll_clock" in caplog.text
        assert (await one.cursor()).until <= one.lookout.clock()


async def test_our_clock_may_be_set_far_forward_and_back(caplog: pytest.LogCaptureFixture) -> None:
    async with vendors() as one:
        await _arrived(one, 1, minutes=1)
        await one.polled()
        await _arrived(one, 2)
        one.world.clock.pass_time(days=20)
        one.set_clock_ahead(days=-20)
        run = await one.polled()
        assert (run.accepted, run.gaps) == (1, ())
        assert (await one.cursor()).until <= START
        one.world.clock.pass_time(days=-20)
        one.set_clock_ahead()
        await _arrived(one, 3)
        assert (await one.polled()).accepted == 1


async def test_rows_out_of_order_and_alike_in_time_are_all_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "PAGE_SIZE", 2)
    async with vendors() as one:
        one.lookout.newest_first = True
        await _arrived(one, *range(7), minutes=1)
        await one.polled()
        assert len(one.reports()) == 7


async def test_the_same_page_again_and_again_stops_and_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "PAGE_SIZE", 3)
    async with vendors() as one:
        await _arrived(one, *range(7), minutes=1)
        one.lookout.stuck = True
        run = await one.polled()
        assert run.error == "it gives the same page again and again"
        assert run.pages == 2
        assert (await one.cursor()).until == START - timedelta(days=1)


def _foreign(number: int) -> Act:
    rows = [{"uuid": f"{number}-{each}", "kind": "alarm"} for each in range(2)]
    return answered(200, json.dumps({"events": rows, "last_oid": f"{number:08d}"}).encode())


async def test_a_page_in_another_format_stays_for_three_runs_and_is_then_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookout, "PAGE_SIZE", 3)
    async with vendors() as one:
        await _arrived(one, *range(4), minutes=1)
        for number in range(3):
            one.faults.order(_foreign(number), EVENTS)
            run = await one.polled()
            assert run.error is not None
            assert "another format" in run.error
            assert (await one.cursor()).until == START - timedelta(days=1)
            one.faults.clear()
            one.world.clock.pass_time(minutes=5)
        one.faults.order(_foreign(0), EVENTS)
        run = await one.polled()
        [gap] = run.gaps
        assert gap.begin == START - timedelta(days=1)
        assert run.error is None
        assert (await one.cursor()).odd_runs == 0
        assert one.dead_letters(), "what it held is kept, redacted"


async def test_what_is_odd_behind_a_page_is_passed_over_and_that_page_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookout, "PAGE_SIZE", 3)
    odd = answered(200, b'{"success": false}')
    async with vendors() as one:
        await one.polled()
        one.world.clock.pass_time(minutes=61)
        await _arrived(one, *range(5), minutes=1)
        for _ in range(3):
            one.faults.order(odd, EVENTS)
            assert (await one.polled()).error is not None
            one.world.clock.pass_time(minutes=90)
        before = await one.cursor()
        one.faults.order(odd, EVENTS, after=1)
        run = await one.polled()
        assert run.error is None
        [gap] = run.gaps
        assert (gap.begin, gap.end) == (before.until - lookout.REACH.overlap, one.world.clock())
        assert gap.why.startswith("passed over: ")
        cursor = await one.cursor()
        assert (cursor.until, cursor.odd_runs, cursor.failures) == (one.world.clock(), 0, 0)
        assert (run.accepted, run.late, len(one.reports())) == (3, 0, 3)


async def test_a_page_that_was_passed_over_and_comes_again_makes_its_gap_longer() -> None:
    async with vendors() as one:
        for _ in range(5):
            one.faults.order(_foreign(0), EVENTS)
            run = await one.polled()
            one.faults.clear()
            one.world.clock.pass_time(minutes=5)
        assert run.error is None
        [gap] = (await one.cursor()).gaps
        assert gap.begin == START - timedelta(days=1)
        assert gap.end == one.world.clock() - timedelta(minutes=5) == (await one.cursor()).until


async def test_one_odd_page_for_ever_hides_nothing_in_silence() -> None:
    async with vendors() as one:
        for number in range(12):
            await _arrived(one, number, minutes=0)
            one.faults.order(_foreign(0), EVENTS)
            await one.poll()
            one.faults.clear()
            one.world.clock.pass_time(minutes=5 if number < 8 else 60)
            cursor = await one.cursor()
            begun = START - timedelta(days=1)
            assert [(gap.begin, gap.end) for gap in cursor.gaps] in ([], [(begun, cursor.until)])
        assert cursor.gaps


async def test_an_answer_behind_which_nobody_can_go_on_is_passed_over_with_the_rest() -> None:
    async with vendors() as one:
        one.faults.order(answered(200, b'{"items": []}'), EVENTS, times=4)
        for _ in range(3):
            assert (await one.polled()).error == "an answer without a list of events"
            one.world.clock.pass_time(minutes=5)
        run = await one.polled()
        assert run.gaps[0].end == one.world.clock()
        assert (await one.cursor()).until == one.world.clock()


async def test_a_page_that_is_nested_too_deep_is_passed_over_like_another_that_cannot_be_read() -> None:
    deep = b'{"events":[' + b"[" * 70 + b"]" * 70 + b'],"last_oid":"1"}'
    async with vendors() as one:
        one.faults.order(answered(200, deep), EVENTS, times=4)
        for _ in range(4):
            run = await one.polled()
            one.world.clock.pass_time(minutes=70)
        [gap] = run.gaps
        assert "nested deeper" in gap.why
        await _arrived(one, 1)
        assert (await one.polled()).accepted == 1


async def test_a_login_without_end_is_never_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_BODY", 1_000)
    async with vendors() as one:
        await _arrived(one, 1, minutes=1)
        for _ in range(6):
            one.faults.order(answered(200, b" " * 2_000), "/lookout/oauth2/token")
            run = await one.poll()
            assert run is None or str(run.error).startswith("its login is no answer")
            one.faults.clear()
            one.world.clock.pass_time(hours=2)
        assert (await one.cursor()).gaps == ()
        assert (await one.polled()).accepted == 1


async def test_a_proxys_page_is_never_passed_over() -> None:
    async with vendors() as one:
        await _arrived(one, 1, minutes=1)
        one.faults.order(answered(200, b"<html>", "text/html"), EVENTS, times=6)
        for _ in range(6):
            assert (await one.polled()).gaps == ()
            one.world.clock.pass_time(hours=2)
        assert (await one.polled()).accepted == 1


async def test_one_odd_item_among_good_ones_is_a_dead_letter_and_no_more() -> None:
    async with vendors() as one:
        await _arrived(one, 1, minutes=1)
        one.lookout.arrive({**event(2, START - MINUTE), "threat": {"guid": None}})
        run = await one.polled()
        assert (run.accepted, run.rejected, run.error, run.whole) == (1, 1, None, True)


async def test_an_item_larger_than_a_message_is_a_dead_letter_and_the_page_goes_on() -> None:
    async with vendors() as one:
        await _arrived(one, 1, minutes=1)
        one.lookout.arrive(event(2, START - MINUTE, details={"x": "x" * 1_200_000}))
        await _arrived(one, 3, minutes=1)
        run = await one.polled()
        assert (run.accepted, run.rejected, run.whole) == (2, 1, True)


async def test_where_the_store_is_away_nothing_moves_and_the_vendor_is_not_to_blame() -> None:
    async with vendors() as one:
        await _arrived(one, *range(5), minutes=1)
        one.world.cosmos_faults.fail_next(503, container="reports", times=100)
        run = await one.polled()
        assert run.error is not None
        assert (await one.cursor()).failures == 0
        one.world.cosmos_faults.clear()
        run = await one.polled()
        assert run.accepted + run.duplicates == 5
        assert len(one.reports()) == 5


async def test_a_crash_between_store_and_cursor_repeats_a_page_and_counts_nothing_twice() -> None:
    async with vendors() as one:
        await _arrived(one, *range(5), minutes=1)
        await one.polled()
        await _arrived(one, 7)
        one.world.clock.pass_time(minutes=5)
        one.world.cosmos_faults.fail_next(503, container="settings", operation="replace", times=100)
        with pytest.raises(StoreUnavailable):
            await one.poll()
        assert (await one.cursor()).until == START
        one.world.cosmos_faults.clear()
        run = await one.polled()
        assert run.accepted == 0
        assert len(one.reports()) == 6


async def test_of_two_timers_at_once_one_moves_the_cursor_and_nothing_counts_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with vendors() as one:
        await one.polled()
        await _arrived(one, *range(5))
        one.world.clock.pass_time(minutes=5)
        other = await one.world.another_instance()
        import asyncio

        runs = await asyncio.gather(one.poll(), one.poll(services=other))
        await other.close()
        assert [run is None for run in runs].count(True) == 1
        assert "poll_overtaken" in caplog.text
        assert len(one.reports()) == 5


async def test_what_an_admin_did_to_a_threat_finds_its_device() -> None:
    async with vendors() as one:
        ignored = event(1, START - MINUTE, status="IGNORED") | {
            "actor": {"guid": "a-person", "type": "ADMIN"},
            "change_type": "UPDATED",
        }
        one.lookout.arrive(ignored)
        details = {"external_id": "33333333-dddd-4eee-8fff-444444444444", "mdm_connector_id": "1"}
        one.lookout.threats["threat-1"] = {
            "guid": "threat-1",
            "device_guid": "agent-9",
            "device": {"guid": "agent-9", "details": details},
        }
        run = await one.polled()
        assert (run.accepted, run.rejected) == (1, 0)
        [report] = one.reports()
        assert report["record"]["partner_device_id"] == "agent-9"
        assert report["record"]["mdm_device_id"] == details["external_id"]


async def test_a_threat_that_the_vendor_has_no_more_is_left_as_it_came() -> None:
    async with vendors() as one:
        one.lookout.arrive(event(1, START - MINUTE) | {"actor": {"type": "SYSTEM"}})
        run = await one.polled()
        assert (run.accepted, run.rejected, run.error) == (0, 1, None)


async def test_a_look_up_that_fails_costs_the_page_nothing() -> None:
    async with vendors() as one:
        await _arrived(one, 1, minutes=1)
        one.lookout.arrive(event(2, START - MINUTE) | {"actor": {"type": "SYSTEM"}})
        one.faults.order(answered(500), "/threat", times=99)
        run = await one.polled()
        assert (run.accepted, run.rejected, run.error, run.whole) == (1, 1, None, True)


async def test_what_is_readable_of_a_page_is_stored_though_a_part_of_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slices, "MAX_ITEMS", 1)
    async with vendors() as one:
        rows = [event(1, START - MINUTE), {"uuid": "1", "kind": "alarm"}, event(3, START - MINUTE)]
        one.faults.order(answered(200, json.dumps({"events": rows, "last_oid": "1"}).encode()), EVENTS)
        run = await one.polled()
        assert run.error is not None
        assert len(one.reports()) == 2


async def test_a_second_odd_page_has_its_own_three_runs() -> None:
    pages = {None: _foreign(1), "00000001": _foreign(2)}

    async def act(request: web.Request) -> web.StreamResponse | None:
        page = pages.get(request.query.get("oid"))
        return await page(request) if page else None

    async with vendors() as one:
        gaps = []
        for _ in range(8):
            one.faults.order(act, EVENTS, times=9)
            gaps.append(len((await one.polled()).gaps))
            one.faults.clear()
            one.world.clock.pass_time(minutes=5)
        assert gaps == [0, 0, 0, 1, 0, 0, 2, 1]  # from then on what both hide goes on
        [gap] = (await one.cursor()).gaps
        assert (gap.begin, gap.end) == (START - timedelta(days=1), START + timedelta(minutes=35))


async def test_no_key_and_no_address_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="mtd")
    async with vendors() as one:
        await _arrived(one, 1, minutes=1)
        for fault in NO_ANSWERS.values():
            one.faults.order(fault, EVENTS)
            await one.poll()
            one.world.clock.pass_time(hours=7)
        lines = [each.getMessage() for each in caplog.records if each.name == "mtd"]
        assert [line for line in lines if line.startswith("poll_failed")]
        for secret in (one.services.settings.polling["lookout"].secret, one.address, "start_time", "token-"):
            assert not any(secret in line for line in lines), secret


async def test_a_credential_that_ends_soon_is_warned_of_once_a_day(caplog: pytest.LogCaptureFixture) -> None:
    async with vendors(Clock(START)) as one:
        ends = lookout_settings(one.address, expires=(START + timedelta(days=20)).date())
        one.services.settings = one.services.settings.model_copy(update={"polling": ends})
        for _ in range(5):
            await one.polled()
            one.world.clock.pass_time(hours=6)
        assert caplog.text.count("credential_expires source=lookout days=20") == 1
        assert caplog.text.count("credential_expires source=lookout days=19") == 1


def test_only_events_that_the_adapter_counts_are_asked_for() -> None:
    assert set(lookout.TYPES.split(",")) == {"THREAT", "DEVICE", "SMISHING_ALERT"}
    assert adapter.ADAPTER.envelopes
