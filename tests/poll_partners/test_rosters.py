"""Vendors' lists of devices: whole or for nothing; only what is news goes on its way; nobody is freed by a
list's silence."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate_risk.evaluation import evaluate
from ingest_threat.partners import known, says_clean
from ingest_threat.start import warn
from local.vendors.faults import Act, answered, done, slow
from poll_partners import listed
from poll_partners.found import sources
from poll_partners.listing import listing as sources_listing
from poll_partners.rosters import compared, is_news
from poll_partners.source import Roster, Row
from poll_partners.sources import checkpoint_harmony_devices, lookout_devices, sophos_devices
from serve_console.agents import listing as agents
from serve_console.devices import explain
from shared.domain.model import Agent
from shared.domain.moment import iso_utc
from shared.domain.poll_settings import PollSettings
from shared.domain.polling import PARTS, Listed, roster_of, roster_part_of
from shared.settings import read
from tests.poll_partners.rows import HOUR
from tests.poll_partners.rows import checkpoint_row as _row
from tests.poll_partners.rows import lookout_row as _device
from tests.poll_partners.rows import sophos_row as _central
from tests.poll_partners.vendors import Vendors, central_event, documents, event, vendors
from tests.serve_console.hands import linked
from tests.world import ENTRA_ID, START

LOOKOUT, CHECK_POINT, SOPHOS = "lookout_devices", "checkpoint_harmony_devices", "sophos_devices"
MINUTE = timedelta(minutes=1)
TODAY = date(2026, 6, 1)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout_devices, "PAGE_SIZE", 3)
    monkeypatch.setattr(checkpoint_harmony_devices, "PAGE_SIZE", 3)
    monkeypatch.setattr(sophos_devices, "PAGE_SIZE", 3)


async def _parts(one: Vendors, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for document in documents(one.world, "settings"):
        if document["id"].startswith(f"roster:{name}:"):
            found |= document["devices"]
    return found


async def test_every_device_of_a_list_is_an_agent_that_has_scanned_and_nothing_of_a_person_is_kept() -> None:
    async with vendors() as one:
        one.lookout.devices = [_device(number) for number in range(8)]
        run = await one.polled(LOOKOUT)
        assert (run.accepted, run.whole, run.error) == (8, True, None)
        reports = one.reports()
        assert {report["record"]["record"] for report in reports} == {"device_state"}
        assert {report["record"]["mdm_device_id"] for report in reports} == {f"intune-{n}" for n in range(8)}
        assert "anna" not in str(reports)
        assert len(await _parts(one, LOOKOUT)) == 8


async def test_a_row_that_says_nothing_new_costs_nothing() -> None:
    async with vendors() as one:
        one.lookout.devices = [_device(number) for number in range(8)]
        await one.polled(LOOKOUT)
        one.world.clock.pass_time(minutes=61)
        one.lookout.devices[3]["security_status"] = "THREATS_HIGH"
        one.lookout.devices[5] |= {"checkin_time": iso_utc(START), "device_settings": {}, "software": {}}
        one.world.operations.clear()
        run = await one.polled(LOOKOUT)
        assert (run.rows, run.accepted, run.duplicates) == (8, 1, 0)
        creates = [number for (_, kind), number in one.world.operations.items() if kind == "create"]
        assert creates == [1]
        assert await one.poll(LOOKOUT) is None, "it is not due again"


async def test_of_a_list_that_is_new_some_rows_go_on_their_way_at_each_reading_and_all_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listed, "MAX_NEWS", 3)
    async with vendors() as one:
        one.lookout.devices = [_device(number) for number in range(8)]
        came = []
        for _ in range(3):
            run = await one.polled(LOOKOUT)
            came.append((run.rows, run.accepted, run.duplicates, run.put_off, run.whole, run.error))
            one.world.clock.pass_time(minutes=5)
        assert came == [
            (8, 3, 0, 5, False, None),
            (8, 3, 0, 2, False, None),
            (8, 2, 0, 0, True, None),
        ]
        assert len(await _parts(one, LOOKOUT)) == 8
        assert await one.poll(LOOKOUT) is None, "it is not due again"


async def test_a_list_of_which_rows_wait_is_shown_as_going_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed, "MAX_NEWS", 3)
    async with vendors() as one:
        one.lookout.devices = [_device(number) for number in range(4)]
        await one.polled(LOOKOUT)
        (row,) = [each for each in (await sources_listing(one.services)).sources if each.source == LOOKOUT]
        assert "there is more than a run reads: the next ones go on" in row.warnings
        assert row.last_success_at is None
        await one.polled(LOOKOUT)
        (row,) = [each for each in (await sources_listing(one.services)).sources if each.source == LOOKOUT]
        assert "there is more than a run reads: the next ones go on" not in row.warnings


async def test_serial_numbers_are_asked_of_rows_within_one_reading_and_of_all_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listed, "MAX_NEWS", 2)
    async with vendors() as one:
        one.sophos.devices = [_central(number) for number in range(5)]
        incomplete = []
        for _ in range(3):
            run = await one.polled(SOPHOS)
            assert run.error is None
            incomplete.append(run.incomplete)
            one.world.clock.pass_time(minutes=5)
        assert (incomplete, run.put_off) == ([3, 1, 0], 0)
        assert sorted(one.sophos.looked_up) == [f"agent-{number}" for number in range(5)]


async def test_a_list_uses_up_nothing_of_what_its_partner_may_push() -> None:
    async with vendors() as one:
        one.lookout.devices = [_device(number) for number in range(8)]
        assert (await one.polled(LOOKOUT)).accepted == 8
        assert one.services.reports.so_far("lookout", one.services.now()) == 0


async def test_a_list_that_is_not_in_its_order_says_nothing() -> None:
    async with vendors() as one:
        one.lookout.devices = [_device(number) for number in range(5)]
        rows = [_device(4), _device(2), _device(3)]
        one.faults.order(_page(devices=rows), "/devices", after=1)
        run = await one.polled(LOOKOUT)
        assert run.error == "the list does not come in its order"
        assert one.reports() == []
        assert await _parts(one, LOOKOUT) == {}


def _page(**content: Any) -> Any:
    return answered(200, json.dumps(content).encode())


async def test_a_list_that_breaks_off_says_nothing_and_is_read_again() -> None:
    async with vendors() as one:
        one.lookout.devices = [_device(number) for number in range(8)]
        one.faults.order(answered(502), "/devices", after=2)
        assert (await one.polled(LOOKOUT)).error is not None
        assert one.reports() == []
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(LOOKOUT)).accepted == 8


async def test_a_list_that_takes_too_long_says_nothing_and_is_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with vendors() as one:
        one.lookout.devices = [_device(number) for number in range(7)]
        with monkeypatch.context() as patch:
            patch.setattr(listed, "DEADLINE", 1.0)
            one.faults.order(slow(0.1), "/mra/api/v2/devices", after=1)
            assert (await one.polled(LOOKOUT)).error == "cut off after 1 seconds"
        assert one.reports() == []
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(LOOKOUT)).accepted == 7


async def test_a_list_that_has_more_pages_than_are_ever_read_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listed, "MAX_PAGES", 2)
    async with vendors() as one:
        one.lookout.devices = [_device(number) for number in range(7)]
        assert (await one.polled(LOOKOUT)).error == "the list has more than 2 pages"
        assert one.reports() == []


async def test_a_device_that_vanished_is_counted_and_nothing_is_reported_of_it() -> None:
    async with vendors() as one:
        one.lookout.devices = [_device(number) for number in range(4)]
        await one.polled(LOOKOUT)
        gone = one.lookout.devices.pop()
        one.world.clock.pass_time(minutes=61)
        run = await one.polled(LOOKOUT)
        assert (run.vanished, run.accepted) == (1, 0)
        assert (await _parts(one, LOOKOUT))["agent-3"]["gone_on"] == "2026-06-01"
        one.lookout.devices.append(gone)
        one.world.clock.pass_time(minutes=61)
        run = await one.polled(LOOKOUT)
        assert (run.vanished, run.duplicates) == (0, 1), "it is news that it is back"


async def test_a_device_that_vanished_is_seen_at_its_agent_and_device_and_its_threats_stay_open() -> None:
    async with vendors() as one:
        one.lookout.devices = [_device(number) for number in range(4)]
        one.lookout.arrive(event(1, START - timedelta(minutes=1)))
        await one.polled("lookout")
        await one.polled(LOOKOUT)
        await _evaluated(one)
        await one.world.put_device()
        await linked(one.world)
        assert not (await explain(one.services, ENTRA_ID)).not_listed
        gone = one.lookout.devices.pop(1)
        one.world.clock.pass_time(minutes=61)
        await one.polled(LOOKOUT)
        [seen] = (await explain(one.services, ENTRA_ID)).not_listed
        assert (seen.agent, seen.since) == ("lookout:agent-1", START.date())
        rows = (await agents(one.services, "true")).agents
        assert {row.id for row in rows if row.not_listed_since} == {"lookout:agent-1"}
        assert await _open(one)
        one.lookout.devices.append(gone)
        one.lookout.devices.sort(key=lambda row: str(row["oid"]))
        one.world.clock.pass_time(minutes=61)
        await one.polled(LOOKOUT)
        assert not (await explain(one.services, ENTRA_ID)).not_listed


def test_a_list_of_devices_is_found_by_its_partner() -> None:
    lists = {name: source.partner for name, source in sources().items() if isinstance(source, Roster)}
    assert lists == {roster_of(partner): partner for partner in lists.values()}


async def _evaluated(one: Vendors) -> None:
    await evaluate(one.services, one.reports())


async def _open(one: Vendors, agent: str = "lookout:agent-1") -> bool:
    found = await one.services.store.read(Agent, agent)
    assert found is not None
    threats, cleared = found.document.threats.values(), found.document.cleared_all
    opened = [threat.detection.at for threat in threats if threat.detection is not None]
    return any(cleared is None or cleared.at < at for at in opened)


@pytest.mark.parametrize(("minutes_after", "stays_open"), [(-10, True), (20, False)])
async def test_a_secure_row_ends_what_is_older_than_the_row_and_no_more(
    minutes_after: int, stays_open: bool
) -> None:
    """A list that is read after the threat may have been computed before it."""
    async with vendors() as one:
        one.lookout.arrive(event(1, START - HOUR))
        await one.polled()
        at = iso_utc(START - HOUR + timedelta(minutes=minutes_after))
        one.lookout.devices = [_device(1, updated_time=at, checkin_time=iso_utc(START))]
        await one.polled(LOOKOUT)
        await _evaluated(one)
        assert await _open(one) is stays_open


async def test_a_secure_row_of_an_agent_that_was_not_in_contact_since_ends_nothing() -> None:
    async with vendors() as one:
        one.lookout.arrive(event(1, START - HOUR))
        await one.polled()
        one.lookout.devices = [
            _device(1, updated_time=iso_utc(START), checkin_time=iso_utc(START - 2 * HOUR))
        ]
        await one.polled(LOOKOUT)
        await _evaluated(one)
        assert await _open(one)


async def test_the_end_of_a_threat_between_two_lists_is_found_though_the_row_says_the_same() -> None:
    async with vendors() as one:
        one.lookout.devices = [_device(1)]
        await one.polled(LOOKOUT)
        one.world.clock.pass_time(minutes=30)
        one.lookout.arrive(event(1, one.world.clock()))
        await one.polled()
        await _evaluated(one)
        assert await _open(one)
        one.world.clock.pass_time(minutes=40)
        now = iso_utc(one.world.clock())
        one.lookout.devices[0] |= {"updated_time": now, "checkin_time": now}
        assert (await one.polled(LOOKOUT)).accepted == 1
        await _evaluated(one)
        assert not await _open(one)


async def test_a_level_that_an_event_raised_ends_with_the_next_secure_row_though_that_says_the_same() -> None:
    """What ended it was missed; no threat is open here, the device's own level alone stands."""
    async with vendors() as one:
        one.lookout.devices = [_device(1)]
        await one.polled(LOOKOUT)
        one.world.clock.pass_time(minutes=15)
        at = {"security_status": "THREATS_HIGH", "activation_status": "ACTIVATED"}
        raised = {"guid": "agent-1", "status": {**at, "protection_status": "PROTECTED"}}
        one.lookout.arrive(
            {
                "type": "DEVICE",
                "created_time": iso_utc(START + 10 * MINUTE),
                "device": raised,
                "id": "event-1",
            }
        )
        await one.polled("lookout")
        assert await _level(one) == "high"
        one.world.clock.pass_time(minutes=60)
        one.lookout.devices[0].update(updated_time=iso_utc(START + HOUR), checkin_time=iso_utc(START + HOUR))
        assert (await one.polled(LOOKOUT)).accepted == 1
        assert await _level(one) == "secured"
        one.world.clock.pass_time(minutes=61)
        one.lookout.devices[0]["updated_time"] = iso_utc(START + 2 * HOUR)
        assert (await one.polled(LOOKOUT)).accepted == 0, "nothing is raised any more"


async def _level(one: Vendors) -> str | None:
    """The device's own level."""
    await _evaluated(one)
    found = await one.services.store.read(Agent, "lookout:agent-1")
    assert found is not None
    return found.document.snapshot.severity if found.document.snapshot else None


async def test_check_points_rows_are_as_of_before_the_reading_and_end_no_threat() -> None:
    async with vendors() as one:
        one.checkpoint.devices = [_row(number) for number in range(1, 8)]
        run = await one.polled(CHECK_POINT)
        assert (run.accepted, run.error) == (7, None)
        for report in one.reports():
            record = report["record"]
            assert record["detected_at"] == "2026-06-01T11:45:00.000000Z"
            assert record["clears"] == "none"
            assert record["scanned"] is True
        assert "Anna" not in str(one.reports())
        one.world.clock.pass_time(minutes=61)
        assert (await one.polled(CHECK_POINT)).accepted == 0


async def test_check_points_list_that_changes_while_it_is_read_is_read_again() -> None:
    async with vendors() as one:
        one.checkpoint.devices = [_row(number) for number in range(1, 8)]
        one.faults.order(done(one.checkpoint.devices.pop), "/device_status/", after=1)
        run = await one.polled(CHECK_POINT)
        assert run.error == "the list changed while it was read"
        assert one.reports() == []
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(CHECK_POINT)).accepted == 6


async def test_check_points_list_that_repeats_a_row_in_anothers_place_is_not_whole() -> None:
    async with vendors() as one:
        one.checkpoint.devices = [_row(number) for number in range(1, 8)]
        one.faults.order(done(one.checkpoint.devices.reverse), "/device_status/", after=1)
        assert (await one.polled(CHECK_POINT)).error == "the list holds 4 of 7 devices"
        assert one.reports() == []


async def test_check_points_list_that_has_an_empty_page_before_its_end_is_not_whole() -> None:
    async with vendors() as one:
        one.checkpoint.devices = [_row(number) for number in range(1, 8)]
        page = {"objects": [], "meta": {"next": "/external_api/v1/device_status/?offset=3", "total_count": 7}}
        one.faults.order(answered(200, json.dumps(page).encode()), "/device_status/", after=1)
        assert (await one.polled(CHECK_POINT)).error == "the list holds 3 of 7 devices"


async def test_an_inactive_agent_is_as_of_the_list_so_that_its_return_counts() -> None:
    async with vendors() as one:
        one.checkpoint.devices = [_row(1, status=4)]
        await one.polled(CHECK_POINT)
        [report] = one.reports()
        assert report["record"]["threat_type"] == "agent_inactive"
        assert report["record"]["detected_at"] == "2026-06-01T11:45:00.000000Z"


async def test_where_silent_agents_are_looked_at_a_contact_on_another_day_is_news() -> None:
    async with vendors(agent_silent_days=7) as one:
        one.lookout.devices = [_device(1)]
        await one.polled(LOOKOUT)
        one.world.clock.pass_time(days=1)
        now = iso_utc(one.world.clock())
        one.lookout.devices[0] |= {"checkin_time": now, "updated_time": now}
        assert (await one.polled(LOOKOUT)).accepted == 1


async def test_a_store_that_is_away_keeps_nothing_of_a_list_so_that_it_is_sent_again() -> None:
    async with vendors() as one:
        one.lookout.devices = [_device(number) for number in range(4)]
        one.world.cosmos_faults.fail_next(503, container="reports", times=100)
        assert (await one.polled(LOOKOUT)).error is not None
        one.world.cosmos_faults.clear()
        run = await one.polled(LOOKOUT)
        assert run.accepted + run.duplicates == 4
        assert len(one.reports()) == 4


async def test_sophoss_rows_of_all_pages_are_as_of_before_the_reading_and_hold_nothing_of_a_person() -> None:
    async with vendors() as one:
        one.sophos.devices = [_central(number) for number in range(7)]
        one.sophos.devices.append(_central(7, os={"platform": "macOS"}))
        run = await one.polled(SOPHOS)
        assert (run.accepted, run.pages, run.error) == (7, 3, None)
        for report in one.reports():
            record = report["record"]
            assert (record["severity"], record["scanned"], record["clears"]) == ("secured", True, "all")
            assert record["detected_at"] == "2026-06-01T11:45:00.000000Z"
            assert record["clears_until"] == "2026-06-01T11:00:00.000000Z"
        stored = str(one.reports())
        assert not any(word in stored for word in ("Anna", "anna", "5550142", "other-"))
        one.world.clock.pass_time(minutes=61)
        one.sophos.devices[1]["healthState"]["state"] = "amber"
        one.sophos.devices[2] |= {"lastSeenAt": iso_utc(START), "updatedAt": iso_utc(START)}
        assert (await one.polled(SOPHOS)).accepted == 1


@pytest.mark.parametrize(
    ("fields", "record", "severity", "clears"),
    [
        ({"healthState": {"state": "red"}}, "device_state", "high", "none"),
        ({"healthState": {"state": "amber"}}, "device_state", "medium", "none"),
        ({"compliance": {"compliant": False, "severity": "high"}}, "device_state", "high", "none"),
        ({"healthState": {"state": "green", "mode": "manual"}}, "device_state", "secured", "none"),
        ({"scanResultSummary": {"maliciousCount": 2}}, "device_state", "secured", "compliance"),
        ({"ixmAppLastSeenAt": None}, "device_identity", None, None),
        ({"managedState": "notManaged", "healthState": None, "lastSeenAt": None}, "threat", "medium", None),
        ({"managedState": "unheardOf"}, "device_identity", None, None),
        ({"healthState": None}, "device_identity", None, None),
        ({"os": {"version": 16, "platform": "android"}}, "device_state", "secured", "all"),
    ],
)
async def test_what_a_row_of_sophoss_list_says(
    fields: dict[str, Any], record: str, severity: str | None, clears: str | None
) -> None:
    async with vendors() as one:
        one.sophos.devices = [_central(1, **fields)]
        assert (await one.polled(SOPHOS)).accepted == 1
        [report] = one.reports()
        said = report["record"]
        assert said["record"] == record
        assert (said.get("severity"), said.get("clears")) == (severity, clears)


async def test_a_row_of_sophoss_without_the_agents_own_contact_is_only_an_identity() -> None:
    """The MDM's contact is none of the agent's."""
    async with vendors() as one:
        row = _central(1)
        del row["ixmAppLastSeenAt"]
        one.sophos.devices = [row]
        await one.polled(SOPHOS)
        [report] = one.reports()
        assert report["record"]["record"] == "device_identity"


@pytest.mark.parametrize(("minutes_after", "stays_open"), [(-10, True), (10, False)])
async def test_green_of_sophoss_list_ends_what_is_older_than_the_agents_contact(
    minutes_after: int, stays_open: bool
) -> None:
    async with vendors() as one:
        one.sophos.arrive(central_event(1, START - HOUR))
        await one.polled("sophos")
        contact = START - HOUR + timedelta(minutes=minutes_after)
        one.sophos.devices = [_central(1, ixmAppLastSeenAt=iso_utc(contact))]
        await one.polled(SOPHOS)
        await _evaluated(one)
        assert await _open(one, "sophos:agent-1") is stays_open


@pytest.mark.parametrize("known", [False, True])
async def test_a_list_of_a_vendor_whose_clock_is_behind_ends_nothing_that_came_after_it(known: bool) -> None:
    """`known`: whether a login of this run has told of its clock before the list is asked for."""
    async with vendors() as one:
        one.set_clock_ahead(minutes=-20)
        theirs = one.their_clock()
        one.sophos.arrive(central_event(1, theirs - timedelta(minutes=3)))
        await one.polled("sophos")
        if not known:
            one.services.polled_tokens[SOPHOS] = one.services.polled_tokens["sophos"]
        # It had been computed before the threat; the agent was in contact since.
        one.sophos.devices = [_central(1, ixmAppLastSeenAt=iso_utc(theirs - timedelta(minutes=1)))]
        await one.polled(SOPHOS)
        await _evaluated(one)
        assert await _open(one, "sophos:agent-1")


async def test_the_end_of_a_threat_of_sophoss_between_two_lists_is_found_by_the_agents_next_contact() -> None:
    async with vendors() as one:
        one.sophos.devices = [_central(1)]
        await one.polled(SOPHOS)
        one.world.clock.pass_time(minutes=10)
        one.sophos.arrive(central_event(1, one.world.clock()))
        await one.polled("sophos")
        await _evaluated(one)
        one.world.clock.pass_time(minutes=60)
        await one.polled(SOPHOS)
        await _evaluated(one)
        assert await _open(one, "sophos:agent-1")
        one.world.clock.pass_time(minutes=60)
        one.sophos.devices[0]["ixmAppLastSeenAt"] = iso_utc(START + HOUR)
        assert (await one.polled(SOPHOS)).accepted == 1
        await _evaluated(one)
        assert not await _open(one, "sophos:agent-1")


async def test_green_red_and_green_again_between_two_contacts_ends_green() -> None:
    async with vendors() as one:
        one.sophos.devices = [_central(1)]
        for state in ("green", "red", "green"):
            one.sophos.devices[0]["healthState"]["state"] = state
            assert (await one.polled(SOPHOS)).accepted == 1
            one.world.clock.pass_time(minutes=61)
        await _evaluated(one)
        found = await one.services.store.read(Agent, "sophos:agent-1")
        assert found is not None
        assert found.document.snapshot is not None
        assert found.document.snapshot.severity == "secured"


async def test_a_list_of_sophoss_that_changes_while_it_is_read_is_read_again() -> None:
    async with vendors() as one:
        one.sophos.devices = [_central(number) for number in range(7)]
        one.faults.order(done(one.sophos.devices.pop), "/mobile/v1/devices?", after=1)
        assert (await one.polled(SOPHOS)).error == "the list changed while it was read"
        assert one.reports() == []
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(SOPHOS)).accepted == 6


async def test_a_list_of_sophoss_that_repeats_a_row_in_anothers_place_is_not_whole() -> None:
    async with vendors() as one:
        one.sophos.devices = [_central(number) for number in range(6)]
        one.sophos.devices.append(_central(6, os={"platform": "macOS"}))
        one.faults.order(done(one.sophos.devices.reverse), "/mobile/v1/devices?", after=1)
        assert (await one.polled(SOPHOS)).error == "the list holds 4 of 7 devices"
        assert one.reports() == []


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"items": [_central(1)]}, "an answer without a list of items and its paging"),
        ({"success": False}, "an answer without a list of items and its paging"),
        (
            {"items": [], "pages": {"current": 1, "size": 3}},
            "a list of devices that does not say how long it is",
        ),
        ({"items": [], "pages": {"total": 1, "items": 1}}, "a list of devices that ends before its last"),
        (
            {"items": [_central(1)], "pages": {"total": 1, "items": 2}},
            "a list of devices that ends before its last",
        ),
        ({"items": [{"name": "x"}], "pages": {"total": 1, "items": 1}}, "a device without its id"),
        ({"items": [_central(1), 7], "pages": {"total": 1, "items": 2}}, "a device without its id"),
    ],
)
async def test_what_is_no_whole_list_of_sophoss_says_nothing(content: dict[str, Any], error: str) -> None:
    async with vendors() as one:
        one.faults.order(_page(**content), "/mobile/v1/devices")
        assert (await one.polled(SOPHOS)).error == error
        assert one.reports() == []
        assert await _parts(one, SOPHOS) == {}


async def test_a_serial_number_is_asked_for_once_of_each_device_and_a_few_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listed, "COMPLETED", 2)
    async with vendors() as one:
        one.sophos.devices = [_central(number) for number in range(5)]
        one.sophos.serials = {"agent-0": "C02ABC000X", "agent-4": "C02ABC004X"}
        left = []
        for _ in range(4):
            left.append((await one.polled(SOPHOS)).incomplete)
            one.world.clock.pass_time(minutes=61)
        assert left == [3, 1, 0, 0]
        assert sorted(one.sophos.looked_up) == [f"agent-{number}" for number in range(5)]
        await _evaluated(one)
        for number in range(5):
            found = await one.services.store.read(Agent, f"sophos:agent-{number}")
            assert found is not None
            known = found.document.serial
            assert (known.value if known else None) == one.sophos.serials.get(f"agent-{number}")


@pytest.mark.parametrize("act", [answered(403, b"{}"), answered(429, b""), answered(200, b"{}")])
async def test_a_list_stands_though_no_serial_number_can_be_had(act: Act) -> None:
    async with vendors() as one:
        one.sophos.devices = [_central(number) for number in range(4)]
        one.faults.order(act, "/properties", times=99)
        run = await one.polled(SOPHOS)
        assert (run.accepted, run.incomplete, run.error) == (4, 4, None)
        one.faults.clear()
        one.world.clock.pass_time(minutes=61)
        assert (await one.polled(SOPHOS)).incomplete == 0


async def test_a_device_whose_properties_are_never_answered_keeps_no_other_from_its_serial_number() -> None:
    async with vendors() as one:
        one.sophos.devices = [_central(number) for number in range(4)]
        one.faults.order(answered(500), "agent-0/properties", times=999)
        for _ in range(30):
            run = await one.polled(SOPHOS)
            if run.incomplete == 1:
                break
            one.world.clock.pass_time(minutes=61)
        assert sorted(one.sophos.looked_up) == ["agent-1", "agent-2", "agent-3"]


async def test_a_device_that_left_the_list_before_it_was_asked_about_holds_up_no_other() -> None:
    async with vendors() as one:
        one.sophos.devices = [_central(number) for number in range(4)]
        one.faults.order(done(lambda: one.sophos.devices.pop(0)), "/properties")
        run = await one.polled(SOPHOS)
        assert (run.accepted, run.incomplete, run.error) == (4, 0, None)


KNOWN = Listed(said="same", seen_on="2026-05-31", changed="a")


def _one(**fields: Any) -> Row:
    values: dict[str, Any] = {
        "device": "d",
        "said": "same",
        "seen_on": "2026-05-31",
        "changed": "a",
        "is_clean": True,
        "content": {},
    }
    return Row(**{**values, **fields})


@pytest.mark.parametrize(
    ("row", "before", "threatened", "daily", "expected"),
    [
        (_one(), None, (), False, True),
        (_one(), KNOWN, (), False, False),
        (_one(said="other"), KNOWN, (), False, True),
        (_one(), KNOWN.model_copy(update={"gone_on": "2026-05-30"}), (), False, True),
        (_one(changed="b"), KNOWN, (), False, False),
        (_one(changed="b"), KNOWN, ("d",), False, True),
        (_one(changed="b", is_clean=False), KNOWN, ("d",), False, False),
        (_one(), KNOWN, ("d",), False, False),
        (_one(seen_on="2026-06-01"), KNOWN, (), False, False),
        (_one(seen_on="2026-06-01"), KNOWN, (), True, True),
        (_one(is_complete=True), KNOWN, (), False, True),
        (_one(is_complete=True), KNOWN.model_copy(update={"is_complete": True}), (), False, False),
    ],
)
def test_what_is_news(
    row: Row, before: Listed | None, threatened: tuple[str, ...], daily: bool, expected: bool
) -> None:
    assert is_news(row, before, threatened, daily=daily) is expected


LISTS = st.lists(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("xyz")), max_size=6)


@given(LISTS, st.integers(1, 3))
def test_whatever_lists_come_each_row_that_waits_has_its_turn_and_nobody_vanishes_by_waiting(
    lists: list[Mapping[str, str]], at_once: int
) -> None:
    kept: Mapping[str, Listed] = {}
    for now in lists:
        sent: dict[str, str] = {}
        before = kept
        for _ in range(len(now) + 1):
            rows, news = [], 0
            for device, said in now.items():
                row = _one(device=device, said=said)
                news += is_news(row, kept.get(device), (), daily=False)
                rows.append(row if news <= at_once else replace(row, content=None))
            after = compared(rows, kept, (), TODAY, daily=False)
            assert len(after.news) <= at_once
            assert after.vanished == len(before.keys() - now)
            assert not sent.keys() & {row.device for row in after.news}, "none is sent twice"
            sent |= {row.device: row.said for row in after.news}
            kept = after.kept
            if after.put_off == 0:
                break
        assert after.put_off == 0
        assert {device: kept[device].said for device in now} == now


@given(LISTS)
def test_whatever_lists_come_each_change_goes_on_its_way_once(lists: list[Mapping[str, str]]) -> None:
    kept: Mapping[str, Listed] = {}
    last: dict[str, str] = {}
    before: set[str] = set()
    for now in lists:
        rows = [_one(device=device, said=said) for device, said in now.items()]
        after = compared(rows, kept, (), TODAY, daily=False)
        changed = {d for d, said in now.items() if last.get(d) != said or d not in before}
        assert {row.device for row in after.news} == changed
        assert after.vanished == len(set(last) - set(now))
        kept, before = after.kept, set(now)
        last |= now


@given(st.text(max_size=50))
def test_a_device_is_always_kept_in_the_same_document(device: str) -> None:
    assert 0 <= roster_part_of(device) < PARTS
    assert roster_part_of(device) == roster_part_of(device)


def test_who_is_polled_is_not_warned_of_as_never_clean(caplog: pytest.LogCaptureFixture) -> None:
    counts = {"PARTNERS_IOS": "checkpoint_harmony"}
    warn(read(counts))
    assert "partner_never_clean" in caplog.text
    caplog.clear()
    secret = {**counts, "POLL_SECRET_CHECKPOINT_HARMONY": "a-key"}
    warn(read(secret))
    assert "partner_never_clean" in caplog.text, "nothing is read by a part of the settings"
    caplog.clear()
    address = {
        "POLL_URL_CHECKPOINT_HARMONY": "https://gateway.example",
        "POLL_CLIENT_ID_CHECKPOINT_HARMONY": "id",
    }
    warn(read({**secret, **address}))
    assert "partner_never_clean" not in caplog.text


@pytest.mark.parametrize("partner", sorted(known()))
def test_a_list_that_says_who_is_clean_is_polled_by_what_its_source_needs(partner: str) -> None:
    source = sources().get(roster_of(partner))
    whole = PollSettings(**dict.fromkeys(source.needed, "x")) if source else PollSettings(secret="x")
    assert says_clean(partner, whole) or source is None
    if source and not says_clean(partner):
        for name in source.needed:
            assert not says_clean(partner, whole.model_copy(update={name: ""}))
