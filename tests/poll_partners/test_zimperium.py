"""Zimperium polled, against its stand-in: by the time of detection, with a proof of the order, and windows
read again in which a threat may have ended."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from evaluate_risk.evaluation import evaluate
from ingest_threat.intake import accept
from local.vendors.faults import answered, cut_off, done
from poll_partners import reading
from poll_partners.sources import zimperium
from poll_partners.sources._tokens import life_of
from poll_partners.sources.zimperium import ThreatPosition
from shared.domain.model import Agent
from tests.ingest_threat.partners.messages_zimperium import zimperium_export, zimperium_threat
from tests.poll_partners.vendors import Vendors, threat, vendors
from tests.world import START

THREATS = "/public/v1/threats"
LOGIN = "/api_keys/login"
NAME = "zimperium"
MINUTE = timedelta(minutes=1)
WEEK_AGO = START - timedelta(days=7)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zimperium, "PAGE_SIZE", 3)
    monkeypatch.setattr(zimperium, "MAX_SIZE", 6)


def _arrived(one: Vendors, *numbers: int, minutes: float = 1) -> None:
    for number in numbers:
        one.zimperium.arrive(threat(number, one.world.clock() - minutes * MINUTE))


async def _open(one: Vendors, agent: str, key: str) -> bool:
    await evaluate(one.services, one.reports())
    found = await one.services.store.read(Agent, f"zimperium:{agent}")
    assert found is not None
    return found.document.threats[key].detection is not None


async def test_threats_are_read_upwards_by_their_time_from_a_week_ago_on() -> None:
    async with vendors() as one:
        for number in range(8):
            _arrived(one, number, minutes=60 * 24 * 6 - number)
        run = await one.polled(NAME)
        assert (run.accepted, run.error, run.whole) == (8, None, True)
        assert one.zimperium.asked[0]["after"] == "2026-05-25T12:00:00.000Z"
        assert {asked["page"] for asked in one.zimperium.asked} == {"0"}
        assert (await one.cursor(NAME)).until == START


@pytest.mark.parametrize("many", [3, 14])
async def test_ties_at_the_border_of_a_page_lose_none(many: int) -> None:
    """Times have whole seconds, so that one may fill a page, and more than the largest there is."""
    async with vendors() as one:
        _arrived(one, *range(many))
        _arrived(one, *range(many, many + 4), minutes=0)
        run = await one.polled(NAME)
        assert (run.accepted, run.error, run.whole) == (many + 4, None, True)


async def test_what_comes_late_while_pages_are_read_shifts_none_of_them() -> None:
    async with vendors() as one:
        for number in range(9):
            _arrived(one, number, minutes=60 - number)
        one.faults.order(done(lambda: _arrived(one, 20, 21, minutes=90)), THREATS, after=1)
        await one.polled(NAME)
        one.world.clock.pass_time(minutes=5)
        await one.polled(NAME)
        assert len(one.reports()) == 11


async def test_where_rows_come_in_no_order_pages_are_walked_by_number_and_again_where_the_count_moved() -> (
    None
):
    async with vendors() as one:
        one.zimperium.sorts = False
        for number in range(8):
            _arrived(one, number, minutes=60 - number)
        one.faults.order(done(lambda: _arrived(one, 70)), THREATS, after=3)
        run = await one.polled(NAME)
        assert (run.error, run.whole) == (None, True)
        assert len(one.reports()) == 9
        pages = [asked["page"] for asked in one.zimperium.asked]
        assert pages[:7] == ["0", "0", "1", "2", "0", "1", "2"]


async def test_rows_that_come_as_they_were_stored_hide_no_late_one_behind_them() -> None:
    """The first page is in the order of time by chance: that it was not sorted, it says itself."""
    async with vendors() as one:
        one.zimperium.sorts = False
        for number in range(7):
            _arrived(one, number, minutes=60 - number)
        _arrived(one, 7, minutes=70)
        run = await one.polled(NAME)
        assert (run.accepted, run.error, run.whole) == (8, None, True)


async def test_a_filter_by_arrival_loses_nothing_of_a_phone_that_was_away() -> None:
    async with vendors() as one:
        one.zimperium.filters = "eventReceivedTimestamp"
        for number in range(8):
            one.zimperium.arrive(threat(number, START - timedelta(days=20, minutes=number)))
        run = await one.polled(NAME)
        assert (run.accepted, run.error, run.whole) == (8, None, True)


async def test_a_filter_that_is_skipped_is_noticed_and_moves_nothing() -> None:
    async with vendors() as one:
        one.zimperium.filters = None
        old = round((START - timedelta(days=40)).timestamp()) * 1000
        one.zimperium.arrive(threat(1, START - timedelta(days=40), eventReceivedTimestamp=old))
        run = await one.polled(NAME)
        assert run.error == "it does not keep to the time that it was asked for"
        assert (await one.cursor(NAME)).until == WEEK_AGO


@pytest.mark.parametrize(
    ("days", "minutes_later"),
    [(0.5, 5), (3, 65), (20, 24 * 60 + 5)],
    ids=["by every run", "every hour", "every day"],
)
async def test_a_mitigation_is_found_by_the_window_its_detection_lies_in(
    days: float, minutes_later: int
) -> None:
    begin = START - timedelta(days=60)
    async with vendors() as one:
        settings = one.services.settings
        zimp = settings.polling[NAME].model_copy(update={"begin": begin})
        one.services.settings = settings.model_copy(update={"polling": {**settings.polling, NAME: zimp}})
        one.zimperium.arrive(threat(1, START - timedelta(days=days)))
        await one.polled(NAME)
        assert await _open(one, "agent-1", "threat-1")
        one.zimperium.mitigate("threat-1")
        one.world.clock.pass_time(minutes=minutes_later)
        await one.polled(NAME)
        await one.polled(NAME)  # of two longer readings that are due a run does one
        assert not await _open(one, "agent-1", "threat-1")


async def test_a_row_that_did_not_change_is_read_again_and_counts_once() -> None:
    async with vendors() as one:
        _arrived(one, 1, 2)
        await one.polled(NAME)
        one.world.clock.pass_time(minutes=5)
        run = await one.polled(NAME)
        assert (run.accepted, run.duplicates) == (0, 2)


PUSHED: Mapping[str, dict[str, Any]] = {
    "log": zimperium_threat(threat_uuid="threat-1", device_id="agent-1"),
    "REST export": zimperium_export(threat__threat_uuid="threat-1", device_info__device_id="agent-1"),
}


@pytest.mark.parametrize("way", PUSHED)
async def test_a_threat_that_was_pushed_and_is_polled_is_one_and_its_row_ends_it(way: str) -> None:
    async with vendors() as one:
        await accept(one.services, NAME, json.dumps(PUSHED[way]).encode(), "")
        one.zimperium.arrive(threat(1, START - MINUTE))
        await one.polled(NAME)
        assert await _open(one, "agent-1", "threat-1")
        found = await one.services.store.read(Agent, "zimperium:agent-1")
        assert found is not None
        assert list(found.document.threats) == ["threat-1"]
        one.zimperium.mitigate("threat-1")
        one.world.clock.pass_time(minutes=5)
        await one.polled(NAME)
        assert not await _open(one, "agent-1", "threat-1")


async def test_a_token_that_dies_between_pages_is_renewed_and_the_page_asked_for_again() -> None:
    async with vendors() as one:
        for number in range(8):
            _arrived(one, number, minutes=60 - number)
        one.faults.order(done(one.zimperium.kill_tokens), THREATS, after=1)
        run = await one.polled(NAME)
        assert (run.accepted, run.duplicates > 0, run.error) == (8, True, None)
        assert one.zimperium.logins == 2


@pytest.mark.parametrize(("jwt", "minutes", "logins"), [(True, 30, 1), (True, 55, 2), (False, 40, 2)])
async def test_a_token_is_renewed_by_its_own_word_or_after_three_quarters_of_an_hour(
    jwt: bool, minutes: int, logins: int
) -> None:
    async with vendors() as one:
        one.zimperium.jwt = jwt
        await one.polled(NAME)
        one.world.clock.pass_time(minutes=minutes)
        assert (await one.polled(NAME)).error is None
        assert one.zimperium.logins == logins


@pytest.mark.parametrize("token", ["", "a.b", "a.e30.c", "a.bnVsbA.c", "a.eyJleHAiOiJ4In0.c", "a.\u00e9.c"])
def test_a_token_that_is_no_jwt_has_a_life_all_the_same(token: str) -> None:
    assert life_of(token, START, MINUTE) == 60.0


async def test_a_key_that_is_refused_is_a_refused_credential() -> None:
    async with vendors() as one:
        one.zimperium.secret = "another"
        run = await one.polled(NAME)
        assert run.error == "the login was answered 400"
        assert run.remedy is not None
        assert "POLL_CLIENT_ID_ZIMPERIUM" in run.remedy
        one.world.clock.pass_time(minutes=5)
        assert await one.poll(NAME) is None, "a refused key is not tried at every run"


async def test_a_login_without_a_token_is_a_refused_credential() -> None:
    async with vendors() as one:
        one.faults.order(answered(200, b'{"message": "no"}'), LOGIN)
        assert (await one.polled(NAME)).error == "the login gave no token"


@pytest.mark.parametrize(
    "body",
    [
        b'{"content": null, "last": true}',
        b'{"content": []}',
        b'{"success": false}',
    ],
)
async def test_a_200_without_its_list_or_its_end_moves_nothing(body: bytes) -> None:
    async with vendors() as one:
        _arrived(one, 1)
        one.faults.order(answered(200, body), THREATS)
        run = await one.polled(NAME)
        assert run.error is not None
        assert (await one.cursor(NAME)).until == WEEK_AGO
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(NAME)).accepted == 1


async def test_a_page_that_breaks_off_leaves_what_was_stored_and_goes_on_there() -> None:
    async with vendors() as one:
        for number in range(8):
            _arrived(one, number, minutes=60 - number)
        one.faults.order(cut_off(), THREATS, after=1)
        run = await one.polled(NAME)
        assert run.error is not None
        assert len(one.reports()) == 3
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(NAME)).error is None
        assert len(one.reports()) == 8


async def test_a_short_page_that_is_not_the_last_is_gone_beyond() -> None:
    async with vendors() as one:
        for number in range(5):
            _arrived(one, number, minutes=60 - number)
        row = {**one.zimperium.threats[0]}
        one.faults.order(answered(200, json.dumps({"content": [row], "last": False}).encode()), THREATS)
        await one.polled(NAME)
        assert len(one.reports()) == 5


async def test_a_page_that_is_empty_and_not_the_last_ends_no_walk() -> None:
    async with vendors() as one:
        one.zimperium.sorts = False
        for number in range(8):
            _arrived(one, number, minutes=60 - number)
        one.faults.order(answered(200, b'{"content": [], "last": false}'), THREATS, after=2)
        run = await one.polled(NAME)
        assert run.error == "an empty page that is not the last"
        assert (await one.cursor(NAME)).until == WEEK_AGO


async def test_a_page_that_comes_again_and_again_is_passed_over_as_a_gap_after_three_runs() -> None:
    async with vendors() as one:
        _arrived(one, *range(3))
        page = {"content": one.zimperium.threats, "last": False, "totalElements": 9}
        one.faults.order(answered(200, json.dumps(page).encode()), THREATS, times=100)
        for _ in range(4):
            run = await one.polled(NAME)
            one.world.clock.pass_time(minutes=20)
        assert len(one.reports()) == 3
        assert [gap.why for gap in run.gaps] == ["passed over: it gives the same page again and again"]


async def test_a_backlog_goes_on_by_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_PAGES", 2)
    async with vendors() as one:
        for number in range(14):
            _arrived(one, number, minutes=60 - number)
        for _ in range(8):
            await one.polled(NAME)
            one.world.clock.pass_time(minutes=5)
        assert len(one.reports()) == 14
        assert (await one.cursor(NAME)).until > WEEK_AGO


@pytest.mark.parametrize("odd", [None, 10**17])
async def test_a_row_whose_time_nobody_can_read_holds_no_other_up(odd: object) -> None:
    async with vendors() as one:
        one.zimperium.sorts = False
        _arrived(one, *range(5))
        rows = [*one.zimperium.threats[:2], {**one.zimperium.threats[2], "timestamp": odd}]
        one.faults.order(answered(200, json.dumps({"content": rows, "last": False}).encode()), THREATS)
        run = await one.polled(NAME)
        assert (run.error, run.whole) == (None, True)
        assert len({each["record"]["threat_key"] for each in one.reports()}) == 5


async def test_numbers_that_stand_in_texts_are_read() -> None:
    async with vendors() as one:
        for number in range(5):
            row = threat(number, START - (60 - number) * MINUTE)
            one.zimperium.arrive({**row, "timestamp": str(row["timestamp"]), "state": "1", "severity": "3"})
        run = await one.polled(NAME)
        assert (run.accepted, run.error) == (5, None)
        assert {asked["page"] for asked in one.zimperium.asked} == {"0"}


async def test_a_threat_of_a_phone_whose_clock_is_ahead_is_read_and_counts_as_of_its_receipt() -> None:
    async with vendors() as one:
        _arrived(one, 1, minutes=-60 * 24 * 400)
        assert (await one.polled(NAME)).accepted == 1
        assert await _open(one, "agent-1", "threat-1")


async def test_an_outage_longer_than_reports_are_known_is_a_gap() -> None:
    async with vendors() as one:
        await one.polled(NAME)
        one.world.clock.pass_time(days=100)
        run = await one.polled(NAME)
        assert [gap.begin for gap in run.gaps] == [START - zimperium.REACH.overlap]


def test_it_is_off_until_all_three_of_its_settings_are_there() -> None:
    assert zimperium.SOURCE.missing(None) == (
        "POLL_URL_ZIMPERIUM",
        "POLL_CLIENT_ID_ZIMPERIUM",
        "POLL_SECRET_ZIMPERIUM",
    )


@pytest.mark.parametrize(
    "position", [ThreatPosition(7), ThreatPosition(7, 400), ThreatPosition(7, None, 2, 431, 1, 9)]
)
def test_a_position_is_read_as_it_was_written(position: ThreatPosition) -> None:
    assert ThreatPosition.read(str(position)) == position
