"""Check Point polled, against its stand-in: downwards by id, with a proof of the order, and no 200 taken for
success."""

import json
from datetime import timedelta

import pytest

from local.vendors.faults import Act, answered, done
from poll_partners import reading
from poll_partners.sources import checkpoint_harmony
from poll_partners.sources.checkpoint_harmony import AlertPosition
from tests.poll_partners.vendors import Vendors, alert, vendors
from tests.world import START

ALERTS = "/v3/alert/"
NAME = "checkpoint_harmony"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_harmony, "PAGE_SIZE", 3)


def _arrived(one: Vendors, *numbers: int, minutes: float = 1) -> None:
    for number in numbers:
        one.checkpoint.arrive(alert(number, one.world.clock() - minutes * MINUTE))


async def test_alerts_are_read_downwards_by_id_and_what_is_newest_is_read_and_not_yet_complete() -> None:
    async with vendors() as one:
        _arrived(one, *range(8))
        run = await one.polled(NAME)
        assert (run.accepted, run.error, run.whole) == (8, None, True)
        cursor = await one.cursor(NAME)
        assert cursor.until == START - 15 * MINUTE
        assert cursor.mark == "8"
        below = [asked.get("id__lt") for asked in one.checkpoint.asked]
        assert below[:4] == [None, "6", "3", "1"]


async def test_a_dead_token_behind_a_200_is_renewed_and_the_page_asked_for_again() -> None:
    async with vendors() as one:
        _arrived(one, *range(8))
        one.faults.order(done(one.checkpoint.kill_tokens), ALERTS, after=1)
        run = await one.polled(NAME)
        assert (run.accepted, run.duplicates, run.error) == (8, 0, None)
        assert one.checkpoint.logins == 2


async def test_a_login_that_is_refused_with_200_is_a_refused_credential() -> None:
    async with vendors() as one:
        one.checkpoint.key = "another"
        run = await one.polled(NAME)
        assert run.error == "the login was answered without a token"
        assert run.remedy is not None
        assert "POLL_CLIENT_ID_CHECKPOINT_HARMONY" in run.remedy
        assert one.checkpoint.asked == []


async def test_an_alert_that_changes_while_pages_are_read_makes_no_other_slip() -> None:
    async with vendors() as one:
        _arrived(one, *range(9))

        def change() -> None:
            one.checkpoint.alerts[7]["backend_last_updated"] = START.isoformat()
            one.checkpoint.alerts.append({**alert(99, START), "id": 10})

        one.faults.order(done(change), ALERTS, after=1)
        await one.polled(NAME)
        one.world.clock.pass_time(minutes=5)
        await one.polled(NAME)
        assert len(one.reports()) == 10


async def test_an_alert_without_a_time_of_change_is_found_by_its_id() -> None:
    async with vendors() as one:
        _arrived(one, 1, 2)
        await one.polled(NAME)
        one.world.clock.pass_time(minutes=5)
        one.checkpoint.arrive(alert(3, one.world.clock(), backend_last_updated=None))
        _arrived(one, 4)
        run = await one.polled(NAME)
        assert run.error is None
        assert len(one.reports()) == 4


@pytest.mark.parametrize("order", ["oldest", "any"])
async def test_where_ids_do_not_fall_pages_are_walked_by_offset(
    order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_harmony, "PAGE_SIZE", 6)  # that many do not fall by chance
    async with vendors() as one:
        one.checkpoint.order = order
        _arrived(one, *range(8))
        run = await one.polled(NAME)
        assert (run.error, run.whole) == (None, True)
        assert len(one.reports()) == 8
        assert any("offset" in asked for asked in one.checkpoint.asked)
        one.world.clock.pass_time(minutes=5)
        _arrived(one, *range(8, 17))
        run = await one.polled(NAME)
        assert (run.error, run.whole) == (None, True), "what has a higher id is walked, too"
        assert len(one.reports()) == 17


async def test_a_walk_whose_count_moved_is_walked_again() -> None:
    async with vendors() as one:
        one.checkpoint.order = "oldest"
        _arrived(one, *range(8))

        def leaves() -> None:
            one.checkpoint.alerts[0]["backend_last_updated"] = (START - timedelta(days=9)).isoformat()

        one.faults.order(done(leaves), ALERTS, after=3)
        await one.polled(NAME)
        assert len(one.reports()) == 8
        assert sum(asked.get("offset") == "0" for asked in one.checkpoint.asked) == 2


async def test_a_walk_that_gets_nowhere_ends_the_run_and_moves_nothing() -> None:
    """An offset that is not kept to: the vendor says for ever that there is more."""
    rows = [{**alert(number), "id": number} for number in (1, 2)]
    page = {"meta": {"next": "/external_api/v3/alert/?offset=2", "total_count": 9}, "objects": rows}
    async with vendors() as one:
        one.faults.order(answered(200, json.dumps(page).encode()), ALERTS, times=300)
        run = await one.polled(NAME)
        assert run.error == "it gives the same page again and again"
        assert (await one.cursor(NAME)).until == START - timedelta(days=1)


async def test_an_empty_page_with_more_behind_it_is_gone_beyond_by_offset() -> None:
    page = {"meta": {"next": "/external_api/v3/alert/?offset=3", "total_count": 8}, "objects": []}
    async with vendors() as one:
        _arrived(one, *range(8))
        one.faults.order(answered(200, json.dumps(page).encode()), ALERTS, after=1)
        run = await one.polled(NAME)
        assert (run.accepted, run.error, run.whole) == (8, None, True)


async def test_an_empty_page_in_a_walk_that_says_there_is_more_moves_nothing() -> None:
    page = {"meta": {"next": "/external_api/v3/alert/?offset=3", "total_count": 8}, "objects": []}
    async with vendors() as one:
        one.faults.order(answered(200, json.dumps(page).encode()), ALERTS, times=2)
        run = await one.polled(NAME)
        assert run.error == "an empty page that is not the last"
        assert (await one.cursor(NAME)).until == START - timedelta(days=1)


async def test_a_filter_that_is_skipped_is_noticed_and_moves_nothing() -> None:
    async with vendors() as one:
        _arrived(one, 1, minutes=60 * 24 * 20)
        _arrived(one, 2)
        one.checkpoint.filters = ("id",)
        run = await one.polled(NAME)
        assert run.error == "it does not keep to the time that it was asked for"
        assert (await one.cursor(NAME)).until == START - timedelta(days=1)


async def test_a_backlog_goes_on_by_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_PAGES", 2)
    async with vendors() as one:
        _arrived(one, *range(14))
        for _ in range(8):
            await one.polled(NAME)
            one.world.clock.pass_time(minutes=5)
        assert len(one.reports()) == 14
        cursor = await one.cursor(NAME)
        assert cursor.mark == "14"
        assert cursor.until > START - timedelta(days=1)


@pytest.mark.parametrize(
    "body", [b'{"success": false}', b'{"meta": {}, "objects": null}', b'{"success": false, "message": "no"}']
)
async def test_a_200_without_its_list_moves_nothing(body: bytes) -> None:
    async with vendors() as one:
        _arrived(one, 1)
        one.faults.order(answered(200, body), ALERTS)
        run = await one.polled(NAME)
        assert run.error == "an answer without a list of objects"
        assert (await one.cursor(NAME)).until == START - timedelta(days=1)
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(NAME)).accepted == 1


async def test_it_is_off_until_all_three_of_its_settings_are_there() -> None:
    source = checkpoint_harmony.SOURCE
    assert source.missing(None) == (
        "POLL_URL_CHECKPOINT_HARMONY",
        "POLL_CLIENT_ID_CHECKPOINT_HARMONY",
        "POLL_SECRET_CHECKPOINT_HARMONY",
    )


@pytest.mark.parametrize(
    "position",
    [
        AlertPosition(),
        AlertPosition("new", 7),
        AlertPosition("changed", None, 3),
        AlertPosition("again", 9, None, 0, 431, 7),
    ],
)
def test_a_position_is_read_as_it_was_written(position: AlertPosition) -> None:
    assert AlertPosition.read(str(position)) == position


@pytest.mark.parametrize(
    ("written", "is_old"),
    [
        ("05/01/2026 10:00:00", True),
        ("06/01/2026 11:50:00", False),
        ("No data", False),
        (None, False),
        (7, False),
    ],
)
async def test_times_of_the_filter_are_read_in_the_forms_that_were_seen(
    written: object, is_old: bool
) -> None:
    async with vendors() as one:
        one.faults.order(_page_with(written), ALERTS)
        run = await one.polled(NAME)
        assert (run.error is not None) is is_old


def _page_with(written: object) -> Act:
    row = {**alert(1), "id": 1, "backend_last_updated": written}
    return answered(200, json.dumps({"meta": {}, "objects": [row]}).encode())
