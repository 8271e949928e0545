"""Jamf's list of devices: pages without a count, a score that raises, and an admin's word on what it ends."""

import json
from datetime import datetime, timedelta

import pytest

from evaluate_risk.evaluation import evaluate
from ingest_threat.intake import accept
from local.vendors.faults import answered, done
from poll_partners.sources import wandera_jamf_devices
from shared.domain.model import Agent
from tests.ingest_threat.partners.messages_wandera_jamf import jamf_event
from tests.poll_partners.rows import HOUR
from tests.poll_partners.rows import jamf_row as _row
from tests.poll_partners.rows import milliseconds as _ms
from tests.poll_partners.vendors import Vendors, vendors
from tests.world import START

NAME = "wandera_jamf_devices"
LIST = "/risk/v2/devices"


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wandera_jamf_devices, "PAGE_SIZE", 3)


async def test_every_phone_of_a_list_is_an_agent_that_has_scanned_and_nothing_of_a_person_is_kept() -> None:
    async with vendors() as one:
        mac = _row(7, info={"device": {"osType": "MAC_OS"}})
        one.jamf.devices = [*(_row(number) for number in range(7)), mac]
        run = await one.polled(NAME)
        assert (run.accepted, run.ignored, run.pages, run.whole) == (7, 1, 4, True)
        for report in one.reports():
            record = report["record"]
            assert record["mdm_device_id"].startswith("6a1f0c11-")
            assert (record["scanned"], record["clears"]) == (True, "none")
            assert record["detected_at"] == "2026-06-01T11:45:00.000000Z"
        assert "anna" not in str(one.reports()).lower()
        one.world.clock.pass_time(minutes=121)
        one.jamf.devices[0]["statusUpdate"]["connector"]["lastStatusUpdateUtcMs"] = str(_ms(START))
        assert (await one.polled(NAME)).accepted == 0


async def test_it_is_read_no_more_often_than_a_days_requests_allow() -> None:
    async with vendors(roster_minutes=15) as one:
        await one.polled(NAME)
        one.world.clock.pass_time(minutes=119)
        assert await one.poll(NAME) is None
        one.world.clock.pass_time(minutes=2)
        assert await one.poll(NAME) is not None


async def test_a_service_that_knows_no_pages_gives_all_at_once() -> None:
    async with vendors() as one:
        one.jamf.pages = False
        one.jamf.devices = [_row(number) for number in range(7)]
        run = await one.polled(NAME)
        assert (run.accepted, run.pages, run.whole) == (7, 1, True)


async def test_a_page_that_comes_again_is_no_list() -> None:
    async with vendors() as one:
        one.jamf.pages = False
        one.jamf.devices = [_row(number) for number in range(3)]
        run = await one.polled(NAME)
        assert run.error == "it gives the same page again and again"
        assert one.reports() == []


async def test_a_token_that_is_over_is_a_403_and_renewed() -> None:
    async with vendors() as one:
        one.jamf.devices = [_row(number) for number in range(7)]
        one.faults.order(done(one.jamf.kill_tokens), LIST, after=1)
        assert (await one.polled(NAME)).accepted == 7
        assert one.jamf.logins == 2


async def test_an_application_of_another_interface_is_a_refused_credential() -> None:
    async with vendors() as one:
        one.faults.order(answered(403, b'{"error": "FORBIDDEN"}'), LIST, times=2)
        run = await one.polled(NAME)
        assert run.error == "a token that was just given is refused"
        assert run.remedy is not None
        assert "POLL_CLIENT_ID_WANDERA_JAMF" in run.remedy


@pytest.mark.parametrize("body", [b'{"customerId": "c"}', b"[]", b'{"userDeviceList": [{"guid": 7}]}'])
async def test_what_is_no_list_of_jamfs_says_nothing(body: bytes) -> None:
    async with vendors() as one:
        one.faults.order(answered(200, body), LIST)
        assert (await one.polled(NAME)).error is not None
        assert one.reports() == []


async def test_too_many_requests_are_asked_again_when_the_vendor_says_in_milliseconds() -> None:
    async with vendors() as one:
        busy = answered(429, b"{}", X_Rate_Limit_Retry_After_Milliseconds="90000")
        one.faults.order(busy, LIST)
        await one.polled(NAME)
        assert (await one.cursor(NAME)).not_before == START + timedelta(seconds=90)


async def test_a_login_without_a_token_is_a_refused_credential() -> None:
    async with vendors() as one:
        one.faults.order(answered(200, b"{}"), "/v1/login")
        assert (await one.polled(NAME)).error == "the login gave no token"


async def _is_open(one: Vendors) -> bool:
    await evaluate(one.services, one.reports())
    found = await one.services.store.read(Agent, "wandera_jamf:agent-1")
    assert found is not None
    return any(threat.detection for threat in found.document.threats.values())


async def _with_threat(one: Vendors, at: datetime) -> None:
    message = json.dumps(jamf_event(timestamp=at.isoformat())).encode()
    await accept(one.services, "wandera_jamf", message)
    assert await _is_open(one)


CLEARING = {"wandera_jamf_clears": "SECURE"}


@pytest.mark.parametrize(
    ("words", "hours_ago", "seen", "stays_open"),
    [
        ({}, 3, START - HOUR, True),
        (CLEARING, 3, START - HOUR, False),
        (CLEARING, 3, START - 4 * HOUR, True),
        (CLEARING, 0.1, START, True),
    ],
    ids=["no word", "the word", "no contact since", "within 15 minutes"],
)
async def test_a_secure_row_ends_threats_by_the_admins_word_alone(
    words: dict[str, str], hours_ago: float, seen: datetime, stays_open: bool
) -> None:
    async with vendors(words=words) as one:
        await _with_threat(one, START - hours_ago * HOUR)
        one.jamf.devices = [_row(1, seen=seen)]
        await one.polled(NAME)
        assert await _is_open(one) is stays_open


async def test_a_secure_row_comes_again_by_the_day_while_something_is_open() -> None:
    async with vendors() as one:
        one.jamf.devices = [_row(1)]
        await one.polled(NAME)
        await _with_threat(one, START)
        accepted = []
        for hours in (3, 3, 20):
            one.world.clock.pass_time(minutes=hours * 60)
            one.jamf.devices = [_row(1, seen=one.world.clock())]
            accepted.append((await one.polled(NAME)).accepted)
        assert accepted == [1, 0, 1]


async def test_who_was_never_in_contact_has_not_scanned_and_traffic_is_a_contact() -> None:
    async with vendors() as one:
        traffic = _row(2, statusUpdate=None, lastDnsTraffic=_ms(START))
        one.jamf.devices = [_row(1, seen=None), traffic]
        await one.polled(NAME)
        records = [report["record"] for report in one.reports()]
        kinds = {record["partner_device_id"]: record["record"] for record in records}
        assert kinds == {"agent-1": "device_identity", "agent-2": "device_state"}


async def test_a_phone_is_gone_once_two_lists_in_a_row_have_not_held_it() -> None:
    async with vendors() as one:
        one.jamf.devices = [_row(number) for number in range(4)]
        await one.polled(NAME)
        vanished, slipped = one.jamf.devices.pop(), one.jamf.devices.pop()
        came = []
        for rows in ([], [slipped], [], [slipped], []):
            one.jamf.devices[2:] = rows
            one.world.clock.pass_time(minutes=121)
            came.append((await one.polled(NAME)).vanished)
        assert came == [0, 1, 1, 1, 1]
        one.jamf.devices.append(vanished)
        one.world.clock.pass_time(minutes=121)
        run = await one.polled(NAME)
        assert (run.vanished, run.duplicates + run.accepted) == (1, 1), "it is news that it is back"
