"""Tables of a workspace: read by when a row arrived, whole or for nothing, as the adapters take them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import JsonValue

from local.vendors.faults import Act, answered, cut_off
from poll_partners.sources import _tables
from poll_partners.sources.zimperium_logs import timed
from shared.domain.poll_settings import PollSettings
from shared.domain.record import Status
from shared.errors import SettingsError
from shared.settings import read
from tests.poll_partners.vendors import Vendors, better_row, documents, vendors
from tests.world import START

BETTER, ZIMPERIUM = "better_mobile_logs", "zimperium_logs"
INCIDENTS = "BetterMTDIncidentLog_CL"
QUERY = "/query"


@pytest.fixture
async def one() -> AsyncIterator[Vendors]:
    async with vendors() as found:
        yield found


def arrive(one: Vendors, *numbers: int, **cells: Any) -> None:
    """Incidents of BETTER's arrive, all at one time."""
    for number in numbers:
        one.workspace.arrive(INCIDENTS, better_row(number, one.workspace.clock(), **cells))


def keys(one: Vendors) -> list[str]:
    """The threats that are stored, each as often as it is."""
    return sorted(each["record"]["threat_key"] for each in one.reports())


async def test_rows_are_stored_as_the_adapter_reads_them(one: Vendors) -> None:
    arrive(one, 1, 2)
    one.world.clock.pass_time(minutes=5)
    run = await one.polled(BETTER)
    assert (run.error, run.accepted, run.rejected, run.whole) == (None, 2, 0, True)
    assert keys(one) == ["7:1", "7:2"]
    assert "mtd_ingested" not in str(one.reports())
    assert (await one.cursor(BETTER)).until == one.world.clock() - timedelta(minutes=2)


async def test_a_row_is_found_by_its_arrival_whatever_time_it_bears(one: Vendors) -> None:
    await one.polled(BETTER)
    one.world.clock.pass_time(hours=3)
    one.workspace.arrive(INCIDENTS, better_row(1), generated=START - timedelta(days=1))
    one.world.clock.pass_time(minutes=5)
    await one.polled(BETTER)
    assert keys(one) == ["7:1"]


@pytest.mark.parametrize("many", [3, 6, 7])
async def test_rows_of_one_time_over_the_border_of_a_page_are_all_read(
    one: Vendors, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tables, "PAGE_SIZE", 3)
    arrive(one, 100, 101)
    one.world.clock.pass_time(seconds=1)
    arrive(one, *range(many))
    one.world.clock.pass_time(seconds=1)
    arrive(one, 200)
    one.world.clock.pass_time(minutes=5)
    assert (await one.polled(BETTER)).error is None
    assert keys(one) == sorted(f"7:{number}" for number in (100, 101, *range(many), 200))


async def test_more_of_one_time_than_is_ever_asked_for_is_a_gap_at_last(
    one: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tables, "PAGE_SIZE", 3)
    monkeypatch.setattr(_tables, "MAX_ROWS", 12)
    arrive(one, *range(20))
    for _ in range(4):
        one.world.clock.pass_time(hours=2)
        run = await one.polled(BETTER)
    assert "more than 12 rows of one time" in run.gaps[0].why


async def test_an_answer_that_is_cut_short_counts_for_nothing_and_is_asked_for_in_parts(one: Vendors) -> None:
    for number in range(60):
        arrive(one, number)
        one.world.clock.pass_time(seconds=1)
    one.workspace.whole = 20
    one.world.clock.pass_time(minutes=5)
    run = await one.polled(BETTER)
    assert (run.error, len(keys(one))) == (None, 60)
    one.workspace.whole = 1
    one.world.clock.pass_time(minutes=5)
    before = await one.cursor(BETTER)
    run = await one.polled(BETTER)
    assert "cut short" in str(run.error)
    assert (await one.cursor(BETTER)).until == before.until


async def test_no_answer_is_taken_from_a_cache(one: Vendors) -> None:
    one.workspace.tables[INCIDENTS] = []
    await one.polled(BETTER)
    arrive(one, 1)
    one.world.clock.pass_time(minutes=1)
    await one.polled(BETTER)
    assert keys(one) == ["7:1"]


async def test_a_table_that_is_not_there_yet_keeps_no_other_from_being_read(one: Vendors) -> None:
    one.workspace.arrive(
        "BetterMTDDeviceLog_CL",
        {
            "DeviceUDID_g": "00000001-aaaa-4bbb-8ccc-000000000000",
            "ThreatLevel_s": "Low",
            "LastReported_t": START,
            "DevicePlatform_s": "Android",
        },
    )
    one.world.clock.pass_time(minutes=5)
    run = await one.polled(BETTER)
    assert (run.error, run.accepted) == (None, 1)


async def test_a_workspace_without_any_of_the_tables_is_said(one: Vendors) -> None:
    run = await one.polled(BETTER)
    assert "none of the tables is in that workspace yet" in str(run.error)
    assert "POLL_WORKSPACE_BETTER_MOBILE" in str(run.remedy)


async def test_without_the_role_the_run_says_so_and_the_next_one_tries_again(one: Vendors) -> None:
    arrive(one, 1)
    one.workspace.has_role = False
    assert "no role" in str((await one.polled(BETTER)).error)
    one.workspace.has_role = True
    one.world.clock.pass_time(minutes=5)
    await one.polled(BETTER)
    assert keys(one) == ["7:1"]


FAULTS: list[tuple[Act, str]] = [
    (answered(429, b"{}", "application/json", Retry_After="120"), "it wants to be asked later"),
    (answered(504, b"{}"), "it cannot answer now"),
    (answered(302, b"{}", Location="https://127.0.0.1:9/elsewhere"), "it redirects"),
    (answered(200, b"<html>", "text/html"), ""),
    (answered(200, b"{}"), ""),
    (answered(204), ""),
    (cut_off(), ""),
]


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize(("act", "why"), FAULTS)
async def test_whatever_the_service_answers_ends_the_run_and_moves_nothing(
    one: Vendors, act: Act, why: str, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_tables, "PAGE_SIZE", 2)
    for number in range(3):
        arrive(one, number)
        one.world.clock.pass_time(minutes=1)
    one.faults.order(act, QUERY, after=after)
    run = await one.polled(BETTER)
    assert run.error is not None
    assert why in run.error
    assert (await one.cursor(BETTER)).until < START
    one.world.clock.pass_time(hours=2)
    assert (await one.polled(BETTER)).error is None
    assert keys(one) == ["7:0", "7:1", "7:2"]


async def test_the_service_is_left_alone_as_long_as_it_asks(one: Vendors) -> None:
    one.faults.order(answered(429, b"{}", "application/json", Retry_After="3600"), QUERY)
    await one.polled(BETTER)
    one.world.clock.pass_time(minutes=50)
    assert await one.poll(BETTER) is None
    assert one.workspace.asked == []


def zimperium_row(status: str, **cells: Any) -> dict[str, Any]:
    return {
        "threat_uuid": "0f5e7c1a-threat",
        "threat_status": status,
        "threat_name": "DEVICE_ROOTED",
        "severity_name": "CRITICAL",
        "device_os": "android",
        "zdevice_id": "device-1",
        "device_time": None,
        "mdm_alt_ids": {"other": "1"},
        **cells,
    }


async def test_a_mitigation_that_arrived_before_its_detection_ends_it(one: Vendors) -> None:
    """In every public row the device's time is lost, and one detection came after its mitigation."""
    one.workspace.arrive("ZimperiumMitigationLogV2_CL", zimperium_row("RESOLVED"))
    one.world.clock.pass_time(seconds=0.007)
    one.workspace.arrive("ZimperiumThreatLogV2_CL", zimperium_row("PENDING"))
    one.world.clock.pass_time(minutes=5)
    run = await one.polled(ZIMPERIUM)
    assert (run.error, run.accepted, run.rejected) == (None, 2, 0)
    at = {each["record"]["status"]: each["record"] for each in one.reports()}
    assert at[Status.OPEN]["detected_at"] <= at[Status.RESOLVED]["resolved_at"]
    assert at[Status.OPEN]["threat_key"] == at[Status.RESOLVED]["threat_key"]


@pytest.mark.parametrize(
    ("table", "generated", "filled"),
    [
        ("ZimperiumThreatLogV2_CL", "2026-06-01T12:00:59.998000Z", "2026-06-01T12:00:00.000000Z"),
        ("ZimperiumMitigationLogV2_CL", "2026-06-01T12:00:00.001000Z", "2026-06-01T12:01:00.000000Z"),
        ("ZimperiumMitigationLogV2_CL", "2026-06-01T12:00:00.000000Z", "2026-06-01T12:00:00.000000Z"),
    ],
)
def test_a_lost_time_is_that_of_arrival_to_the_minute(table: str, generated: str, filled: str) -> None:
    row: dict[str, JsonValue] = {"device_time": None, "TimeGenerated": generated}
    assert timed(table, row)["device_time"] == filled
    kept: dict[str, JsonValue] = {"device_time": "2026-06-01T11:00:00Z", "TimeGenerated": generated}
    assert timed(table, dict(kept)) == kept
    assert timed(table, {"TimeGenerated": generated}) == {"TimeGenerated": generated}


async def test_dynamic_columns_are_objects_again(one: Vendors) -> None:
    polling = {"lookout": PollSettings(workspace=f"{one.azure_address}/logs/workspaces/{one.workspace.id}")}
    one.services.settings = one.services.settings.model_copy(update={"polling": polling})
    one.workspace.arrive(
        "LookoutMtdV2_CL",
        {
            "id": "event-1",
            "event_type": "THREAT",
            "change_type": "CREATED",
            "created_time": START,
            "threat": {
                "guid": "threat-1",
                "status": "OPEN",
                "severity": "HIGH",
                "type": "APPLICATION",
                "classifications": ["TROJAN"],
            },
            "actor": {"guid": "agent-1", "type": "DEVICE"},
            "target": {"guid": "threat-1", "type": "THREAT"},
        },
    )
    one.world.clock.pass_time(minutes=5)
    run = await one.polled("lookout_logs")
    assert (run.error, run.accepted, run.rejected) == (None, 1, 0)
    [report] = one.reports()
    assert (report["record"]["threat_key"], report["record"]["severity"]) == ("threat-1", "high")


async def test_an_empty_table_is_no_heartbeat_of_the_partner(one: Vendors) -> None:
    """BETTER's way into the workspace may end without an error: only its silence tells."""
    one.workspace.tables[INCIDENTS] = []
    await one.polled(BETTER)
    assert not [each for each in documents(one.world, "settings") if "heartbeat" in each["id"]]


def test_a_workspace_is_an_id_or_an_address() -> None:
    id_ = "0C5E8F3A-7B21-4D96-8E40-1A2B3C4D5E6F"
    for given, kept in (
        (id_, id_.lower()),
        (f"https://api.loganalytics.us/workspaces/{id_}", f"https://api.loganalytics.us/workspaces/{id_}"),
    ):
        assert read({"POLL_WORKSPACE_ZIMPERIUM": given}).polling["zimperium"].workspace == kept
    for wrong in ("log-security", "https://api.loganalytics.us", f"http://example.com/workspaces/{id_}"):
        with pytest.raises(SettingsError, match="POLL_WORKSPACE_ZIMPERIUM"):
            read({"POLL_WORKSPACE_ZIMPERIUM": wrong})
