"""Zimperium's list of devices: a scroll that is whole or nothing, phones that are at work, and threats that
no row names any more, which their own rows end."""

import json
from datetime import timedelta
from typing import Any

import pytest

from evaluate_risk.evaluation import evaluate
from local.vendors.faults import answered, done
from poll_partners import unnamed as unnamed_of
from poll_partners.sources import zimperium_devices
from shared.domain.level import Level
from shared.domain.model import Agent
from tests.ingest_threat.partners.messages_zimperium import zimperium_device
from tests.poll_partners.rows import HOUR
from tests.poll_partners.rows import milliseconds as _ms
from tests.poll_partners.rows import zimperium_row as _clean
from tests.poll_partners.vendors import Vendors, documents, threat, vendors
from tests.world import START

NAME, EVENTS = "zimperium_devices", "zimperium"
SCROLL = "/devices/scroll/"


def _at_risk(number: int, *named: str, **fields: Any) -> dict[str, Any]:
    state = {"criticalThreats": list(named), "riskyThreats": []}
    level = {"riskPosture": 3, "riskPostureName": "CRITICAL", "threatState": state}
    return _clean(number, **{**level, **fields})


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zimperium_devices, "PAGE_SIZE", 3)


def _kept(one: Vendors) -> dict[str, str]:
    """The documents that keep the list, each with its version."""
    found = documents(one.world, "settings")
    return {each["id"]: each["_etag"] for each in found if each["id"].startswith("roster:")}


async def _agent(one: Vendors, number: int = 1) -> Agent:
    await evaluate(one.services, one.reports())
    found = await one.services.store.read(Agent, f"zimperium:agent-{number}")
    assert found is not None
    return found.document


async def _is_open(one: Vendors, number: int = 1) -> bool:
    found = (await _agent(one, number)).threats.get(f"threat-{number}")
    return found is not None and found.detection is not None


async def test_every_device_of_a_list_is_an_agent_that_has_scanned_and_nothing_of_a_person_is_kept() -> None:
    async with vendors() as one:
        one.zimperium.devices = [_clean(number) for number in range(7)]
        run = await one.polled(NAME)
        assert (run.accepted, run.pages, run.whole, run.error) == (7, 4, True, None)
        records = [report["record"] for report in one.reports()]
        assert {record["record"] for record in records} == {"device_state"}
        assert {record["scanned"] for record in records} == {True}
        assert {record["detected_at"] for record in records} == {"2026-06-01T11:45:00.000000Z"}
        assert "anna" not in str(one.reports()).lower()


async def test_a_row_that_says_nothing_new_costs_nothing_and_writes_nothing() -> None:
    async with vendors() as one:
        one.zimperium.devices = [_clean(number) for number in range(7)]
        await one.polled(NAME)
        one.world.clock.pass_time(minutes=61)
        for row in one.zimperium.devices:
            row.update(lastSeen=_ms(START), processedAt=_ms(START), apps=[], dormancyProcessed=True)
        kept = _kept(one)
        run = await one.polled(NAME)
        assert (run.rows, run.accepted, run.duplicates) == (7, 0, 0)
        assert _kept(one) == kept
        one.world.clock.pass_time(minutes=61)
        one.zimperium.devices[2].update(riskPosture=2, riskPostureName="ELEVATED")
        assert (await one.polled(NAME)).accepted == 1


@pytest.mark.parametrize(
    "answer",
    [
        answered(502),
        answered(400, b'{"message": "No search context found"}'),
        answered(200, b'{"content": [], "totalHits": 7}'),
        answered(200, b'{"content": null, "totalHits": 7}'),
    ],
)
async def test_a_scroll_that_breaks_off_says_nothing_and_is_begun_anew(answer: Any) -> None:
    async with vendors() as one:
        one.zimperium.devices = [_clean(number) for number in range(7)]
        one.faults.order(answer, SCROLL, after=1)
        assert (await one.polled(NAME)).error is not None
        assert one.reports() == []
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(NAME)).accepted == 7


async def test_a_scroll_that_repeats_a_row_in_anothers_place_is_not_whole() -> None:
    async with vendors() as one:
        one.zimperium.devices = [_clean(number) for number in range(5)]
        page = {"content": [_clean(1), _clean(2)], "scrollId": "next", "totalHits": 5}
        one.faults.order(answered(200, json.dumps(page).encode()), SCROLL)
        one.faults.order(answered(200, b'{"content": [], "totalHits": 5}'), SCROLL)
        assert (await one.polled(NAME)).error == "the list holds 3 of 5 devices"
        assert one.reports() == []


async def test_a_scroll_whose_end_does_not_count_is_held_to_the_count_of_its_beginning() -> None:
    async with vendors() as one:
        one.zimperium.devices = [_clean(number) for number in range(7)]
        one.faults.order(answered(200, b'{"content": []}'), SCROLL, after=1)
        assert (await one.polled(NAME)).error == "the list holds 6 of 7 devices"
        assert one.reports() == []
        one.world.clock.pass_time(minutes=5)
        assert (await one.polled(NAME)).accepted == 7


async def test_a_dead_token_in_a_scroll_is_renewed() -> None:
    async with vendors() as one:
        one.zimperium.devices = [_clean(number) for number in range(7)]
        one.faults.order(done(one.zimperium.kill_tokens), SCROLL, after=1)
        assert (await one.polled(NAME)).accepted == 7
        assert one.zimperium.logins == 2


async def test_a_role_that_may_not_see_devices_is_told_and_holds_up_no_threat() -> None:
    async with vendors() as one:
        one.faults.order(answered(403, b'{"detail": "Access is denied"}'), "/devices/")
        run = await one.polled(NAME)
        assert run.error is not None
        assert run.error.startswith("403")
        one.zimperium.arrive(threat(1, START))
        assert (await one.polled(EVENTS)).accepted == 1


async def test_a_team_the_key_does_not_see_any_more_is_not_called_vanished() -> None:
    async with vendors() as one:
        ours, theirs = [_clean(number) for number in range(3)], [_clean(n, teamId="team-2") for n in (3, 4)]
        one.zimperium.devices = [*ours, *theirs]
        await one.polled(NAME)
        one.world.clock.pass_time(minutes=61)
        one.zimperium.devices = ours[:2]
        assert (await one.polled(NAME)).vanished == 1, "one of the team it sees, and none of the other"
        one.world.clock.pass_time(minutes=61)
        one.zimperium.devices = [*ours[:2], theirs[0]]
        run = await one.polled(NAME)
        assert (run.vanished, run.accepted) == (2, 0), (
            "back with its team it is no news; who is gone from it is"
        )


@pytest.mark.parametrize(
    ("row", "stays_open"),
    [
        ({"processedAt": None}, False),
        ({"lastSeen": _ms(START - 3 * HOUR)}, True),
        ({"processedAt": _ms(START - 3 * HOUR)}, True),
        ({"threatState": None}, True),
        ({"riskPostureName": "LOW", "riskPosture": 1}, True),
    ],
)
async def test_a_normal_row_ends_what_is_older_than_the_row_and_the_contact_and_nothing_else_does(
    row: dict[str, Any], stays_open: bool
) -> None:
    async with vendors() as one:
        one.zimperium.arrive(threat(1, START - 2 * HOUR))
        await one.polled(EVENTS)
        one.zimperium.devices = [_clean(1, **row)]
        await one.polled(NAME)
        assert await _is_open(one) is stays_open


async def test_a_normal_row_ends_nothing_of_the_minutes_before_it_was_read() -> None:
    """A list is computed before it is read, whatever times stand in its rows."""
    async with vendors() as one:
        one.zimperium.arrive(threat(1, START - timedelta(minutes=10)))
        await one.polled(EVENTS)
        one.zimperium.devices = [_clean(1, lastSeen=_ms(START), processedAt=_ms(START))]
        await one.polled(NAME)
        assert await _is_open(one)


async def test_the_end_of_a_threat_between_two_lists_is_found_though_the_row_says_the_same() -> None:
    async with vendors() as one:
        one.zimperium.devices = [_clean(1)]
        await one.polled(NAME)
        one.zimperium.arrive(threat(1, START - HOUR + timedelta(minutes=1)))
        await one.polled(EVENTS)
        assert await _is_open(one)
        one.world.clock.pass_time(minutes=61)
        one.zimperium.devices[0].update(lastSeen=_ms(START), processedAt=_ms(START))
        assert (await one.polled(NAME)).accepted == 1
        assert not await _is_open(one)


async def _old_threat(one: Vendors, days: int = 50) -> None:
    """A threat of so long ago that its end is found by no window, open here, and over at the vendor's."""
    one.zimperium.arrive(threat(1, START - timedelta(days=3)))
    await one.polled(EVENTS)
    one.world.clock.pass_time(days=days)
    await _agent(one)
    one.zimperium.mitigate("threat-1")


async def test_a_threat_no_row_names_any_more_is_looked_up_and_its_own_row_ends_it() -> None:
    async with vendors() as one:
        await _old_threat(one)
        one.zimperium.devices = [_at_risk(1, "another")]
        run = await one.polled(NAME)
        assert (run.looked_up, run.accepted, run.error) == (1, 2, None)
        assert not await _is_open(one)
        one.world.clock.pass_time(minutes=61)
        assert (await one.polled(NAME)).looked_up == 0


async def test_a_threat_whose_own_row_says_that_it_is_open_stays_open_whatever_the_list_names() -> None:
    async with vendors() as one:
        one.zimperium.arrive(threat(1, START - HOUR))
        await one.polled(EVENTS)
        await _agent(one)
        one.zimperium.devices = [_at_risk(1, "another")]
        run = await one.polled(NAME)
        assert (run.looked_up, run.duplicates) == (1, 1)
        assert await _is_open(one)


@pytest.mark.parametrize(
    "row",
    [
        _at_risk(1, "threat-1"),
        _at_risk(1, "another", threatState=None),
        _at_risk(2, "another"),
        _at_risk(1, "another", threatState={"criticalThreats": ["another"]}),
    ],
    ids=["it is named", "the row names none", "another phone's row", "one list alone"],
)
async def test_what_is_named_or_may_be_is_not_looked_up(row: dict[str, Any]) -> None:
    async with vendors() as one:
        await _old_threat(one)
        one.zimperium.devices = [row]
        assert (await one.polled(NAME)).looked_up == 0
        assert await _is_open(one)


@pytest.mark.parametrize("answer", [answered(403), answered(200, b"{}")])
async def test_a_look_up_that_fails_costs_the_list_nothing_and_is_made_again(answer: Any) -> None:
    async with vendors() as one:
        await _old_threat(one)
        one.zimperium.devices = [_at_risk(1, "another")]
        one.faults.order(answer, "/public/v1/threats")
        run = await one.polled(NAME)
        assert (run.whole, run.error, run.accepted, run.looked_up) == (True, None, 1, 0)
        one.world.clock.pass_time(minutes=61)
        await one.polled(NAME)
        assert not await _is_open(one)


async def test_a_threat_that_is_not_there_any_more_stays_open() -> None:
    async with vendors() as one:
        await _old_threat(one)
        one.zimperium.threats.clear()
        one.zimperium.devices = [_at_risk(1, "another")]
        assert (await one.polled(NAME)).looked_up == 1
        assert await _is_open(one)


async def test_of_many_threats_some_are_looked_up_and_in_time_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unnamed_of, "MAX_CHOSEN", 2)
    async with vendors() as one:
        for number in range(5):
            one.zimperium.arrive(threat(number, START - HOUR, deviceId="agent-1", device={"id": "agent-1"}))
        await one.polled(EVENTS)
        await _agent(one)
        one.zimperium.devices = [_at_risk(1, "another")]
        for number in range(5):
            one.zimperium.mitigate(f"threat-{number}")
        for _ in range(3):
            await one.polled(NAME)
            agent = await _agent(one)
            one.world.clock.pass_time(minutes=61)
        assert [key for key, each in agent.threats.items() if each.detection] == []


async def test_a_low_threat_is_in_no_list_and_is_not_looked_up() -> None:
    async with vendors() as one:
        one.zimperium.arrive(threat(1, START - HOUR, severity=1, severityName="LOW"))
        await one.polled(EVENTS)
        detection = (await _agent(one)).threats["threat-1"].detection
        assert detection is not None
        assert detection.severity is Level.LOW
        one.zimperium.devices = [_at_risk(1, "another")]
        assert (await one.polled(NAME)).looked_up == 0


async def test_an_id_the_admin_gave_the_agent_joins_the_phone_and_no_other_text_of_his_is_taken() -> None:
    given = "6a1f0c11-0000-4000-8000-000000000003"
    async with vendors() as one:
        texts = {"externalTrackingId1": "Anna's phone", "externalTrackingId2": given, "version": "5.9"}
        one.zimperium.devices = [_clean(1, zappInstance=[texts])]
        await one.polled(NAME)
        [report] = one.reports()
        assert report["record"]["mdm_device_id"] == given
        assert "Anna" not in str(report)


@pytest.mark.parametrize("row", [{"id": 7}, "odd"])
async def test_a_row_without_an_id_makes_the_list_unreadable(row: Any) -> None:
    async with vendors() as one:
        one.faults.order(answered(200, json.dumps({"content": [row], "scrollId": "s"}).encode()), "/devices/")
        assert (await one.polled(NAME)).error == "a device without its id"


async def test_rows_after_which_nobody_can_go_on_are_no_list() -> None:
    async with vendors() as one:
        one.faults.order(answered(200, json.dumps({"content": [_clean(1)]}).encode()), "/devices/")
        run = await one.polled(NAME)
        assert run.error == "a page of devices without a scroll to go on with"
        assert documents(one.world, "reports") == []


def test_a_device_of_the_messages_is_a_row() -> None:
    row = zimperium_devices._row(dict(zimperium_device()), START)
    assert (row.named, row.is_clean) == (frozenset({"threat-1"}), False)
