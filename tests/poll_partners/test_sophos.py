"""Sophos polled, against its stand-in: by time and after the cursor, whose age the clock here tells; and no
token goes to a host that an answer names."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

import pytest

from local.vendors import sophos as stand_in
from local.vendors.faults import Act, answered, done
from poll_partners import reading
from poll_partners.client import Client
from poll_partners.found import sources
from poll_partners.sources import sophos
from shared.domain.poll_settings import PollSettings
from shared.errors import CredentialRefused, SourceRefused
from tests.poll_partners.histories import as_body
from tests.poll_partners.vendors import Vendors, central_event, sophos_settings, vendors
from tests.world import START

EVENTS = "/siem/v1/events"
NAME = "sophos"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TENANT = "5f1c2d3e-0000-4000-8000-00000000a001"
BEGUN = START - sophos.REACH.back


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sophos, "PAGE_SIZE", 3)
    monkeypatch.setattr(stand_in, "MIN_LIMIT", 1)


def _arrived(one: Vendors, *numbers: int, ago: timedelta = MINUTE) -> None:
    for number in numbers:
        one.sophos.arrive(central_event(number, one.world.clock() - ago))


def _set(one: Vendors, **changed: Any) -> None:
    polling = {NAME: sophos_settings(one.address, **changed)}
    one.services.settings = one.services.settings.model_copy(update={"polling": polling})


async def test_events_are_read_by_time_and_after_the_cursor_of_the_run_before() -> None:
    async with vendors() as one:
        _arrived(one, *range(8))
        run = await one.polled(NAME)
        assert (run.accepted, run.whole, run.error, run.end) == (8, True, None, START)
        asked = one.sophos.asked
        assert asked[0] == {"limit": "3", "from_date": str(int(BEGUN.timestamp()))}
        assert all(each.keys() == {"limit", "cursor"} for each in asked[1:])
        mark = (await one.cursor(NAME)).mark
        assert mark is not None
        cursor = mark.split()[0]
        asked.clear()
        one.world.clock.pass_time(minutes=5)
        _arrived(one, 8)
        assert (await one.polled(NAME)).accepted == 1
        since = {"limit": "3", "from_date": str(int((START - 15 * MINUTE).timestamp()))}
        assert asked[0] == since
        assert asked[-1] == {"limit": "3", "cursor": cursor}
        assert len(one.reports()) == 9


async def test_pages_are_as_large_as_is_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    async with vendors() as one:
        _arrived(one, 1)
        assert (await one.polled(NAME)).accepted == 1
        assert one.sophos.asked[0]["limit"] == "1000"


async def test_a_token_that_dies_in_mid_page_is_renewed_once_and_the_tenant_looked_up_again() -> None:
    async with vendors() as one:
        _arrived(one, *range(8))
        one.faults.order(done(one.sophos.kill_tokens), EVENTS, after=1)
        run = await one.polled(NAME)
        assert (run.accepted, run.duplicates, run.error) == (8, 0, None)
        assert one.sophos.logins == 2


async def test_a_token_that_lives_shorter_than_it_is_said_to_is_renewed_by_its_401() -> None:
    async with vendors() as one:
        one.sophos.token_lives = timedelta(seconds=5)
        await one.polled(NAME)
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(NAME)).error is None
        assert one.sophos.logins == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (None, "the login was answered 401; its trackingId is "),
        (answered(200, as_body(errorCode="oauth.invalid", access_token="none")), "the login gave no token"),
        (answered(200, as_body(errorCode="success")), "the login gave no token"),
    ],
)
async def test_a_login_that_is_refused_is_a_refused_credential_and_is_not_tried_again_at_once(
    answer: Act | None, error: str
) -> None:
    async with vendors() as one:
        one.sophos.secret = "another"
        if answer is not None:
            one.faults.order(answer, "oauth2")
        run = await one.polled(NAME)
        assert run.error is not None
        assert run.error.startswith(error)
        assert run.remedy is not None
        assert "POLL_SECRET_SOPHOS (with POLL_CLIENT_ID_SOPHOS" in run.remedy
        one.world.clock.pass_time(minutes=5)
        assert await one.poll(NAME) is None
        assert one.sophos.asked == []


@pytest.mark.parametrize("kind", ["partner", "organization"])
async def test_of_one_who_has_several_tenants_the_one_that_is_set_is_read(kind: str) -> None:
    async with vendors() as one:
        one.sophos.kind, one.sophos.id = kind, "5f1c2d3e-0000-4000-8000-00000000b002"
        _arrived(one, 1)
        run = await one.polled(NAME)
        assert run.error is not None
        assert f"of the {kind}: POLL_TENANT_SOPHOS has to name a tenant" in run.error
        _set(one, tenant=TENANT)
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(NAME)).accepted == 1
        _set(one, tenant="5f1c2d3e-0000-4000-8000-00000000c003")
        one.services.polled_tokens.clear()
        one.world.clock.pass_time(minutes=5)
        assert "404" in str((await one.polled(NAME)).error)


async def test_a_credential_of_another_tenant_than_the_one_that_is_set_reads_nothing() -> None:
    async with vendors() as one:
        _set(one, tenant="5f1c2d3e-0000-4000-8000-00000000c003")
        _arrived(one, 1)
        assert "another tenant" in str((await one.polled(NAME)).error)
        assert one.sophos.asked == []


@pytest.mark.parametrize(
    "who",
    [
        {"id": TENANT, "idType": "tenant", "apiHosts": {"global": "https://api.central.sophos.com"}},
        {"id": TENANT, "idType": "tenant"},
        {
            "id": TENANT,
            "idType": "reseller",
            "apiHosts": {"dataRegion": "https://api-eu01.central.sophos.com"},
        },
        {
            "id": "a\r\nb",
            "idType": "tenant",
            "apiHosts": {"dataRegion": "https://api-eu01.central.sophos.com"},
        },
        {},
    ],
)
async def test_a_who_am_i_that_does_not_say_where_is_never_taken_for_a_page_that_is_passed_over(
    who: dict[str, Any],
) -> None:
    async with vendors() as one:
        _arrived(one, 1)
        one.faults.order(answered(200, as_body(**who)), "whoami", times=99)
        for _ in range(reading.PATIENCE + 2):
            assert (await one.polled(NAME)).error is not None
            one.world.clock.pass_time(hours=1)
        cursor = await one.cursor(NAME)
        assert (cursor.until, cursor.gaps) == (BEGUN, ())


FOREIGN = (
    "https://api-eu01.central.sophos.com.example.org",
    "https://example.org/api-eu01.central.sophos.com",
    "https://api-eu01.central.sophos.com@example.org",
    "https://api-eu01.central.sophos.com:8443",
    "https://api-eu01.central.sophos.com/elsewhere",
    "https://central.sophos.com",
    "https://api.central.sophos.com",
    "https://api-eu01.sophos.com",
    "ftp://api-eu01.central.sophos.com",
    "https://api-eu01.central.sophos.com\n",
    "",
    None,
    ["https://api-eu01.central.sophos.com"],
)


class _Answers:
    """Stands for the client in a login: what is asked where, and what is answered to it."""

    def __init__(self, region: object, url: str = sophos.GLOBAL) -> None:
        self.settings = PollSettings(url=url, client_id="id", secret="a-secret")
        self.region = region
        self.asked: list[str] = []

    async def ask_for_token(self, path: str, *, at: str, **body: Any) -> dict[str, Any]:
        self.asked.append(f"{at}{path}")
        return {"access_token": "a-token", "expires_in": 3600, "errorCode": "success"}

    async def look_up(self, path: str, token: str, *, at: str, **more: Any) -> dict[str, Any]:
        self.asked.append(f"{at}{path}")
        return {"id": TENANT, "idType": "tenant", "apiHosts": {"dataRegion": self.region}}


@pytest.mark.parametrize("region", FOREIGN)
async def test_a_region_that_is_at_no_address_of_the_vendors_gets_no_token(region: object) -> None:
    with pytest.raises(SourceRefused, match="at no address of the vendor's"):
        await sophos.login(cast("Client", _Answers(region)))


@pytest.mark.parametrize(
    "region",
    [
        "http://api-us03.central.sophos.com/",
        "https://API-us03.central.sophos.com",
        "api-us03.central.sophos.com",
    ],
)
@pytest.mark.parametrize("url", [sophos.GLOBAL, "https://api-us03.central.sophos.com"])
async def test_of_a_regions_address_the_name_is_taken_and_asked_by_https(region: str, url: str) -> None:
    answers = _Answers(region, url)
    granted = await sophos.login(cast("Client", answers))
    assert answers.asked == [
        "https://id.sophos.com/api/v2/oauth2/token",
        "https://api.central.sophos.com/whoami/v1",
    ]
    assert (granted.at, granted.headers) == ("https://api-us03.central.sophos.com", {"X-Tenant-ID": TENANT})


@pytest.mark.parametrize("url", ["https://proxy.example.org/sophos", "https://sophos.com.example.org"])
async def test_behind_a_proxy_nothing_is_asked_past_it(url: str) -> None:
    answers = _Answers("https://api-us03.central.sophos.com", url)
    assert (await sophos.login(cast("Client", answers))).at == url
    assert answers.asked == [f"{url}/api/v2/oauth2/token", f"{url}/whoami/v1"]


async def test_events_are_asked_for_at_the_region_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async with vendors() as one, vendors() as region:

        async def where(client: Client, token: str) -> tuple[str, str]:
            return TENANT, f"{region.address}/sophos"

        monkeypatch.setattr(sophos, "_where", where)
        monkeypatch.setattr(sophos, "OWN", re.compile("127.0.0.1"))
        monkeypatch.setattr(sophos, "LOGIN", f"{one.address}/sophos")
        region.sophos.tokens = one.sophos.tokens
        _arrived(region, 1)
        assert (await one.polled(NAME)).accepted == 1
        assert one.sophos.asked == []


async def test_after_a_403_the_next_run_asks_anew_who_it_is_and_where() -> None:
    async with vendors() as one:
        await one.polled(NAME)
        moved = "5f1c2d3e-0000-4000-8000-00000000e005"
        one.sophos.id = one.sophos.tenant = moved
        _arrived(one, 1)
        assert "403" in str((await one.polled(NAME)).error)
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(NAME)).accepted == 1


async def test_an_event_of_a_host_whose_clock_is_ahead_hides_no_other() -> None:
    """It moves the vendor's cursor past what comes after it."""
    async with vendors() as one:
        await one.polled(NAME)
        one.sophos.arrive(central_event(1, START + 2 * HOUR))
        for number in range(2, 5):
            one.world.clock.pass_time(minutes=5)
            _arrived(one, number)
            await one.polled(NAME)
        assert len(one.reports()) == 4


async def test_an_empty_page_with_more_behind_it_is_not_the_end() -> None:
    async with vendors() as one:
        one.sophos.hollow = True
        _arrived(one, *range(8))
        assert (await one.polled(NAME)).accepted == 8


async def test_a_short_page_with_more_behind_it_is_not_the_end() -> None:
    async with vendors() as one:
        _arrived(one, *range(4))
        cursor = stand_in.cursor_of((BEGUN, -1))
        short = as_body(items=[central_event(9)], has_more=True, next_cursor=cursor)
        one.faults.order(answered(200, short), EVENTS)
        assert (await one.polled(NAME)).accepted == 5


async def test_a_page_that_comes_again_and_again_ends_the_run_and_moves_nothing() -> None:
    async with vendors() as one:
        _arrived(one, *range(4))
        one.sophos.stuck = True
        run = await one.polled(NAME)
        assert run.error == "it gives the same page again and again"
        assert (await one.cursor(NAME)).until == BEGUN


async def test_the_same_events_again_and_again_end_the_run_whatever_their_cursor_is_called() -> None:
    async with vendors() as one:
        for number in range(4):
            page = as_body(items=[central_event(1)], has_more=True, next_cursor=f"cursor-{number}")
            one.faults.order(answered(200, page), EVENTS)
        run = await one.polled(NAME)
        assert (run.error, run.pages) == ("it gives the same page again and again", 1)
        assert (await one.cursor(NAME)).until == BEGUN


@pytest.mark.parametrize("more", [False, True])
async def test_a_cursor_longer_than_can_be_kept_is_recorded_as_what_is_wrong(more: bool) -> None:
    async with vendors() as one:
        page = as_body(items=[central_event(1)], has_more=more, next_cursor="c" * 200_000)
        one.faults.order(answered(200, page), EVENTS)
        assert (await one.polled(NAME)).error == "a position that is longer than any"
        assert (await one.cursor(NAME)).until == BEGUN


@pytest.mark.parametrize(
    "content",
    [
        {"success": False},
        {"items": None, "has_more": False, "next_cursor": "c"},
        {"items": [], "next_cursor": "c"},
        {"items": [], "has_more": "false", "next_cursor": "c"},
        {"items": [], "has_more": True},
        {"items": [], "has_more": True, "next_cursor": ""},
    ],
)
async def test_a_200_that_does_not_say_whether_it_is_the_last_moves_nothing(content: dict[str, Any]) -> None:
    async with vendors() as one:
        _arrived(one, 1)
        one.faults.order(answered(200, as_body(**content)), EVENTS)
        assert (await one.polled(NAME)).error is not None
        assert (await one.cursor(NAME)).until == BEGUN
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(NAME)).accepted == 1


async def test_the_cursor_of_an_empty_page_is_kept() -> None:
    async with vendors() as one:
        await one.polled(NAME)
        first = (await one.cursor(NAME)).mark
        one.world.clock.pass_time(minutes=5)
        await one.polled(NAME)
        assert None not in (first, (await one.cursor(NAME)).mark)
        assert (await one.cursor(NAME)).mark != first


async def test_an_outage_of_more_than_a_day_is_a_gap_with_both_ends_and_the_dead_cursor_is_not_asked() -> (
    None
):
    async with vendors() as one:
        await one.polled(NAME)
        mark = (await one.cursor(NAME)).mark
        one.sophos.asked.clear()
        _arrived(one, 1, ago=timedelta(0))
        one.world.clock.pass_time(hours=30)
        _arrived(one, 2)
        run = await one.polled(NAME)
        [gap] = run.gaps
        assert (gap.begin, gap.end) == (START - sophos.REACH.overlap, one.world.clock() - sophos.REACH.back)
        assert "24 hours" in gap.why
        assert run.accepted == 1
        assert mark is not None
        assert mark.split()[0] not in [asked.get("cursor") for asked in one.sophos.asked]
        one.world.clock.pass_time(minutes=5)
        assert not (await one.polled(NAME)).gaps


@pytest.mark.parametrize("hours", [1, 10, 23])
async def test_after_a_shorter_outage_nothing_is_lost(hours: int) -> None:
    async with vendors() as one:
        await one.polled(NAME)
        _arrived(one, *range(5), ago=timedelta(0))
        one.world.clock.pass_time(hours=hours)
        run = await one.polled(NAME)
        assert (run.accepted, run.gaps) == (5, ())


@pytest.mark.parametrize("status", [400, 410])
async def test_a_cursor_that_is_refused_is_done_without(status: int) -> None:
    async with vendors() as one:
        _arrived(one, 1)
        await one.polled(NAME)
        one.world.clock.pass_time(minutes=5)
        _arrived(one, 2)
        one.faults.order(answered(status, b"{}"), "cursor=", times=1)
        run = await one.polled(NAME)
        assert (run.accepted, run.error) == (1, None)
        one.world.clock.pass_time(minutes=5)
        _arrived(one, 3)
        assert (await one.polled(NAME)).accepted == 1


async def test_a_page_whose_cursor_died_is_reached_from_the_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "MAX_PAGES", 1)
    async with vendors() as one:
        _arrived(one, *range(6))
        await one.polled(NAME)
        one.world.clock.pass_time(minutes=5)
        monkeypatch.setattr(reading, "MAX_PAGES", 20)
        one.faults.order(answered(410, b"{}"), "cursor=")
        run = await one.polled(NAME)
        assert (run.error, len(one.reports())) == (None, 6)


async def test_a_service_that_takes_no_cursor_at_all_is_a_refusal_and_moves_nothing() -> None:
    async with vendors() as one:
        _arrived(one, *range(6))
        one.faults.order(answered(400, b"{}"), "cursor=", times=9)
        assert (await one.polled(NAME)).error == "it refuses the request (400)"
        assert (await one.cursor(NAME)).until == BEGUN


@pytest.mark.parametrize("late", [12 * MINUTE, 3 * HOUR, 20 * HOUR])
async def test_an_event_behind_the_cursor_is_found_by_its_time(late: timedelta) -> None:
    """A host whose clock is ahead has moved the cursor past it."""
    async with vendors() as one:
        await one.polled(NAME)
        one.world.clock.pass_time(hours=23)
        await one.polled(NAME)
        one.world.clock.pass_time(minutes=5)
        _arrived(one, 1, ago=late)
        for _ in range(60):
            one.world.clock.pass_time(minutes=5)
            await one.polled(NAME)
            if one.reports():
                break
        assert len(one.reports()) == 1


@pytest.mark.parametrize("minutes", [-10, 10, 25])
async def test_a_vendor_whose_clock_is_wrong_loses_nothing(minutes: int) -> None:
    async with vendors() as one:
        one.set_clock_ahead(minutes=minutes)
        for number in range(4):
            one.sophos.arrive(central_event(number, one.their_clock()))
            run = await one.polled(NAME)
            assert run.error is None
            one.world.clock.pass_time(minutes=20)
        await one.polled(NAME)
        assert len(one.reports()) == 4
        assert (await one.cursor(NAME)).until <= one.their_clock()


@pytest.mark.parametrize("days", [-3, 3])
async def test_our_clock_may_be_set_far_forward_and_back(days: int) -> None:
    async with vendors() as one:
        _arrived(one, 1)
        await one.polled(NAME)
        one.world.clock.pass_time(days=days)
        one.set_clock_ahead(days=-days)
        one.services.polled_tokens.clear()
        one.sophos.arrive(central_event(2, one.their_clock()))
        run = await one.polled(NAME)
        assert (run.error, run.gaps, len(one.reports())) == (None, (), 2)


async def test_another_beginning_is_read_though_there_is_a_cursor() -> None:
    async with vendors() as one:
        _set(one, begin=START)
        _arrived(one, 1, ago=5 * HOUR)
        assert (await one.polled(NAME)).accepted == 0
        one.world.clock.pass_time(minutes=5)
        _set(one, begin=START - 6 * HOUR)
        assert (await one.polled(NAME)).accepted == 1


async def test_what_is_asked_later_is_asked_later() -> None:
    async with vendors() as one:
        _arrived(one, 1)
        one.faults.order(answered(429, b"", "application/json", Retry_After="3600"), EVENTS)
        assert (await one.polled(NAME)).error == "it wants to be asked later (429)"
        one.world.clock.pass_time(minutes=59)
        assert await one.poll(NAME) is None
        one.world.clock.pass_time(minutes=1)
        assert (await one.polled(NAME)).accepted == 1


async def test_a_refusal_is_told_with_the_number_by_which_the_vendor_finds_it_and_nothing_else_of_it() -> (
    None
):
    number = "9e2b1c0d-0000-4000-8000-00000000d004"
    async with vendors() as one:
        for said in (number, "anna@example.org", ["x"]):
            body = as_body(error="forbidden", message="Anna's tenant", correlationId=said)
            one.faults.order(answered(403, body), EVENTS)
            run = await one.polled(NAME)
            words = "403: the key's role or the licence does not let it read this"
            assert run.error == (f"{words}; its correlationId is {number}" if said == number else words)
            one.world.clock.pass_time(hours=1)


async def test_what_a_page_holds_of_computers_and_of_another_format_costs_no_event_of_a_phone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sophos, "PAGE_SIZE", 4)
    async with vendors() as one:
        one.sophos.arrive(central_event(1, START, endpoint_type="computer"))
        one.sophos.arrive({**central_event(2, START), "severity": 3, "when": ["?"], "threat": {"a": 1}})
        one.sophos.arrive({"id": "event-3", "created_at": START.isoformat(), "kind": "new"})
        _arrived(one, 4)
        run = await one.polled(NAME)
        assert (run.accepted, run.ignored, run.rejected, run.error) == (2, 1, 1, None)


@pytest.mark.parametrize("status", [403, 404])
async def test_where_mobile_is_not_licensed_events_are_read_all_the_same(status: int) -> None:
    async with vendors() as one:
        _arrived(one, 1)
        one.faults.order(answered(status, b"{}"), "/mobile/v1/devices", times=9)
        devices, events = await asyncio.gather(one.polled("sophos_devices"), one.polled(NAME))
        assert "no licence for Sophos Mobile" in str(devices.error)
        assert (events.accepted, events.error) == (1, None)


def test_it_is_off_until_both_of_its_settings_are_there() -> None:
    missing: Mapping[str, tuple[str, ...]] = {
        name: sources()[name].missing(None) for name in (NAME, f"{NAME}_devices")
    }
    assert set(missing.values()) == {("POLL_CLIENT_ID_SOPHOS", "POLL_SECRET_SOPHOS")}


async def test_a_token_of_a_kind_nobody_gives_is_a_refused_credential() -> None:
    answers = _Answers("https://api-us03.central.sophos.com")

    async def odd(path: str, **more: Any) -> dict[str, Any]:
        return {"access_token": 7}

    answers.ask_for_token = odd  # type: ignore[method-assign]
    with pytest.raises(CredentialRefused):
        await sophos.login(cast("Client", answers))
