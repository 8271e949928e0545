"""Pradeo's list of devices: two keys and no login, and a count that has to hold."""

import pytest

from local.vendors.faults import answered, done
from poll_partners.sources import pradeo_devices
from shared.domain.moment import iso_utc
from tests.poll_partners.rows import pradeo_row as _row
from tests.poll_partners.vendors import vendors
from tests.world import START

NAME = "pradeo_devices"
LIST = "/v2/devices"


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pradeo_devices, "PAGE_SIZE", 3)


async def test_every_phone_of_a_list_has_scanned_and_is_joined_by_its_serial_number() -> None:
    async with vendors() as one:
        one.pradeo.devices = [_row(number) for number in range(6)]
        run = await one.polled(NAME)
        assert (run.accepted, run.pages, run.whole, run.error) == (6, 2, True, None)
        for report in one.reports():
            record = report["record"]
            assert record["serial"].startswith("SERIAL")
            assert (record["scanned"], record["severity"], record["clears"]) == (True, "secured", "none")
            assert record["detected_at"] == "2026-06-01T11:45:00.000000Z"
        kept = str(one.reports())
        assert "Anna" not in kept
        assert "490154203237518" not in kept
        one.world.clock.pass_time(minutes=61)
        one.pradeo.devices[0] |= {"lastSyncAt": iso_utc(START), "osVersion": "26.2"}
        assert (await one.polled(NAME)).accepted == 0


async def test_a_slot_without_a_phone_behind_it_has_not_scanned() -> None:
    async with vendors() as one:
        one.pradeo.devices = [_row(1, seen=None)]
        await one.polled(NAME)
        assert [report["record"]["record"] for report in one.reports()] == ["device_identity"]


async def test_an_agent_that_is_gone_is_so_as_of_the_list_so_that_its_return_counts() -> None:
    async with vendors() as one:
        one.pradeo.devices = [_row(1, agentStatus="unenrolled")]
        await one.polled(NAME)
        [report] = one.reports()
        assert report["record"]["threat_type"] == "agent_inactive"
        assert report["record"]["detected_at"] == "2026-06-01T11:45:00.000000Z"


async def test_keys_that_are_refused_are_a_refused_credential() -> None:
    async with vendors() as one:
        one.pradeo.secret_key = "another"
        run = await one.polled(NAME)
        assert run.error == "a token that was just given is refused"
        assert run.remedy is not None
        assert "POLL_CLIENT_ID_PRADEO" in run.remedy


async def test_a_list_that_changes_while_it_is_read_is_read_again() -> None:
    async with vendors() as one:
        one.pradeo.devices = [_row(number) for number in range(7)]
        one.faults.order(done(one.pradeo.devices.pop), LIST, after=1)
        assert (await one.polled(NAME)).error == "the list changed while it was read"
        assert one.reports() == []
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(NAME)).accepted == 6


async def test_a_list_that_is_not_paged_as_inferred_is_not_whole() -> None:
    async with vendors() as one:
        one.pradeo.skips = False
        one.pradeo.devices = [_row(number) for number in range(7)]
        assert (await one.polled(NAME)).error == "the list holds 3 of 7 devices"
        assert one.reports() == []


@pytest.mark.parametrize(
    "body", [b'{"items": []}', b'{"total": 1}', b'{"total": 1, "items": [{"id": null}]}']
)
async def test_what_is_no_list_of_pradeos_says_nothing(body: bytes) -> None:
    async with vendors() as one:
        one.faults.order(answered(200, body), LIST)
        assert (await one.polled(NAME)).error is not None
        assert one.reports() == []
