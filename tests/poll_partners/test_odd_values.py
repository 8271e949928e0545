"""Numbers, times and headers larger than Python holds: a run that meets them is recorded like any other."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from local.vendors.faults import answered
from poll_partners.sources._pages import day_of, moment_of, number
from poll_partners.sources._tokens import life_of
from shared.dates import date_of
from tests.poll_partners.vendors import alert, event, threat, vendors
from tests.world import START

DIGITS = "9" * 5000
"""More than Python makes a number of."""
BEFORE_THE_CALENDAR = "0001-01-01T00:00:00+01:00"
TOO_FAR = ("Mon, 01 Jan 99999999999 00:00:00 GMT", "Mon, 01 Jan 2026 00:00:00 +99999999999999999999")


def _body(**content: Any) -> bytes:
    return json.dumps(content).encode()


@pytest.mark.parametrize("written", [DIGITS, BEFORE_THE_CALENDAR, "9999-12-31T23:59:59-01:00", "x"])
def test_what_is_no_number_or_time_is_none(written: str) -> None:
    assert (number(written), moment_of(written), day_of(written)) == (None, None, None)


def test_the_largest_number_of_64_bits_is_one() -> None:
    assert number(str(2**64 - 1)) == 2**64 - 1


@pytest.mark.parametrize("written", [*TOO_FAR, "", "soon"])
def test_a_date_that_there_is_not_is_none(written: str) -> None:
    assert date_of(written) is None


def test_a_token_nested_deeper_than_can_be_read_has_a_life_all_the_same() -> None:
    claims = "W1tb" * 50_000  # [[[ and so on
    assert life_of(f"a.{claims}.c", START, timedelta(minutes=1)) == 60.0


DEVICE = {
    "guid": "agent-1",
    "oid": "1",
    "activation_status": "ACTIVATED",
    "protection_status": "PROTECTED",
    "security_status": "SECURE",
}
PAGES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "lookout": ("/events", {"events": [{**event(1), "created_time": BEFORE_THE_CALENDAR}]}),
    "checkpoint_harmony": (
        "/alert/",
        {"meta": {"next": None, "total_count": 1}, "objects": [{**alert(1), "id": DIGITS}]},
    ),
    "zimperium": ("/threats", {"content": [{**threat(1), "timestamp": DIGITS}], "last": True}),
    "lookout_devices": (
        "/devices",
        {"devices": [{**DEVICE, "checkin_time": BEFORE_THE_CALENDAR}]},
    ),
}


@pytest.mark.parametrize("name", PAGES)
async def test_a_row_with_an_odd_value_is_read_all_the_same(name: str) -> None:
    path, content = PAGES[name]
    async with vendors() as one:
        one.faults.order(answered(200, _body(**content)), path)
        run = await one.polled(name)
        assert (run.error, run.rows, len(one.reports())) == (None, 1, 1)


@pytest.mark.parametrize("written", TOO_FAR)
async def test_a_time_to_ask_again_that_there_is_not_is_none(written: str) -> None:
    async with vendors() as one:
        one.faults.order(answered(429, b"", "application/json", Retry_After=written), "/events")
        assert (await one.polled()).error == "it wants to be asked later (429)"
        assert (await one.cursor()).not_before is not None


@pytest.mark.parametrize("years", [-1900, -20, 20, 7900])
async def test_a_vendors_time_of_another_age_is_no_clock(years: int) -> None:
    async with vendors() as one:
        one.set_clock_ahead(days=365 * years)
        run = await one.polled("pradeo_devices")
        assert (run.error, run.clock_seconds) == (None, None)


@pytest.mark.parametrize("token", ["a\r\nX-Tenant-ID: b", "\u00e9"])
@pytest.mark.parametrize("name", ["lookout", "sophos"])
async def test_a_token_that_no_header_can_hold_is_never_sent(name: str, token: str) -> None:
    async with vendors() as one:
        one.faults.order(answered(200, _body(access_token=token, expires_in=3600)), "/oauth2/token")
        run = await one.polled(name)
        assert run.error == "it gave a token that no header can hold"
        assert not one.lookout.asked
