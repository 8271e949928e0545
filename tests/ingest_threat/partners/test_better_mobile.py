"""BETTER's four logs."""

import json
from datetime import UTC, datetime

import pytest

from ingest_threat.body import JsonObject
from ingest_threat.partners import parse, unknown_words
from shared.domain.level import Level
from shared.domain.record import (
    AppInventoryRecord,
    Clears,
    DeviceIdentityRecord,
    IgnoredRecord,
    Platform,
    Status,
    ThreatRecord,
    UnreadableRecord,
)
from shared.errors import UnreadableReport
from tests.ingest_threat.partners.messages_better_mobile import (
    AGENT,
    app,
    device,
    in_table,
    incident,
    netflow,
)
from tests.ingest_threat.partners.reading import RECEIVED_AT, records, said, state, threat

SEEN = datetime(2026, 2, 1, 8, 0, tzinfo=UTC)
LOGGED = datetime(2026, 2, 1, 8, 5, 0, 500000, tzinfo=UTC)
REPORTED = datetime(2026, 2, 1, 9, 0, 0, 250000, tzinfo=UTC)


def test_an_incident_is_open_from_its_event_on() -> None:
    record = threat("better_mobile", incident())
    assert record.report_id == "7:41:ACTIVE:2026-02-01T08:05:00.500Z"
    assert (record.threat_key, record.partner_device_id) == ("7:41", AGENT)
    assert (record.status, record.detected_at, record.resolved_at) == (Status.OPEN, SEEN, None)
    assert (record.category, record.threat_type, record.severity) == (
        "network",
        "captive_portal",
        Level.MEDIUM,
    )
    assert (record.platform, record.os_version) == (Platform.ANDROID, "15")
    assert (record.mdm_device_id, record.serial, record.udid) == (None, None, None)


def test_a_resolution_lands_on_the_threat_when_it_was_logged() -> None:
    gone = threat("better_mobile", incident(Status="Resolved"))
    assert gone.threat_key == threat("better_mobile", incident()).threat_key
    assert (gone.status, gone.detected_at, gone.resolved_at) == (Status.RESOLVED, SEEN, LOGGED)


@pytest.mark.parametrize("status", ["Resolved", "closed", "FIXED", "Fixed\n"])
def test_the_words_that_close(status: str) -> None:
    assert threat("better_mobile", incident(Status=status)).status is Status.RESOLVED


def test_of_a_name_that_comes_twice_an_empty_value_gives_way() -> None:
    assert threat("better_mobile", incident(Status="Closed", Status_s="Active")).status is Status.RESOLVED
    assert threat("better_mobile", incident(Status="", Status_s="Closed")).status is Status.RESOLVED


@pytest.mark.parametrize("status", ["Active", "Open", "Unresolved", "Not fixed", "Ignored", "", None, 0])
def test_whatever_does_not_close_keeps_it_open(status: object) -> None:
    assert threat("better_mobile", incident(Status=status)).status is Status.OPEN


def test_the_words_that_close_are_a_setting() -> None:
    words = {("better_mobile", "resolved"): ("Not active", "over")}
    for word, expected in (
        ("Over", Status.RESOLVED),
        ("NOT_ACTIVE", Status.RESOLVED),
        ("Resolved", Status.OPEN),
    ):
        body = json.dumps(incident(Status=word)).encode()
        [record] = parse("better_mobile", body, received_at=RECEIVED_AT, words=words)
        assert isinstance(record, ThreatRecord)
        assert record.status is expected


@pytest.mark.parametrize("extra", ["", " [UTC]"])
@pytest.mark.parametrize(
    "row", [incident(), incident(Status="Resolved"), device(), device(ThreatLevel="Low")]
)
def test_a_row_of_the_table_is_read_as_the_wire(row: JsonObject, extra: str) -> None:
    [wire], [table] = records("better_mobile", row), records("better_mobile", in_table(row, extra))
    assert table.model_copy(update={"raw": wire.raw}) == wire


@pytest.mark.parametrize(
    ("name", "threat_type", "category"),
    [
        ("WR2PortScanning", "port_scan", "network"),
        ("WR2PORTSCANNING", "port_scan", "network"),
        ("Blacklisted Apps", "denylisted_app", "app"),
        ("Blacklisted\nApps", "denylisted_app", "app"),
        ("Jailbreak", "jailbreak_root", "device"),
        ("Screen Passcode Disabled\n", "screen_lock_off", "device"),
        # The vendor calls a profile NETWORK: the table wins.
        ("Malicious Profile Installed", "malicious_profile", "device"),
        ("WR2ArpPoisoning", "mitm_arp", "network"),
        ("Novelty", "unknown", "network"),
        (None, "unknown", "network"),
    ],
)
def test_a_type_in_any_style_gives_the_type(name: str | None, threat_type: str, category: str) -> None:
    record = threat("better_mobile", incident(ThreatType=name, ThreatTitle="Something"))
    assert (record.threat_type, record.category) == (threat_type, category)
    assert record.vendor_category == "NETWORK"


@pytest.mark.parametrize(
    ("family", "category"),
    [("APPLICATION", "app"), ("Device", "device"), ("Odd", "device"), (None, "device")],
)
def test_an_unknown_type_lives_where_the_incident_says(family: str | None, category: str) -> None:
    row = incident(ThreatType="Novelty", ThreatTitle="Something", ThreatCategory=family)
    assert threat("better_mobile", row).category == category


def test_a_title_helps_where_the_type_is_unknown() -> None:
    row = incident(ThreatType="WR2Novelty", ThreatTitle="Malware found")
    assert threat("better_mobile", row).threat_type == "malware"


@pytest.mark.parametrize(
    ("given", "level"),
    [("high", "high"), ("Medium", "medium"), ("low", "low"), ("severe", "high"), (None, "low"), ("", "low")],
)
def test_a_severity_that_is_unknown_is_high_and_a_missing_one_the_types_own(
    given: str | None, level: str
) -> None:
    assert threat("better_mobile", incident(ThreatSeverity=given)).severity == level


@pytest.mark.parametrize(
    ("company", "number", "key"),
    [(7, 41, "7:41"), (7.0, 41.0, "7:41"), ("7", "41", "7:41"), (None, 40, ":40")],
)
def test_numbers_of_the_table_and_of_the_wire_name_one_threat(
    company: object, number: object, key: str
) -> None:
    assert threat("better_mobile", incident(CompanyId=company, ThreatId=number)).threat_key == key


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ("2/1/2026, 9:05:00.000 PM", datetime(2026, 2, 1, 21, 5, tzinfo=UTC)),
        ("02/01/2026, 12:05:00.000 AM", datetime(2026, 2, 1, 0, 5, tzinfo=UTC)),
        ("2/1/2026, 12:05:00 PM", datetime(2026, 2, 1, 12, 5, tzinfo=UTC)),
        ("02/01/2026 21:05:00", datetime(2026, 2, 1, 21, 5, tzinfo=UTC)),
        (1769979900000, datetime(2026, 2, 1, 21, 5, tzinfo=UTC)),
    ],
)
def test_times_as_the_portal_writes_them(given: object, at: datetime) -> None:
    assert threat("better_mobile", incident(EventTimeStamp=given)).detected_at == at


def test_without_a_time_of_its_own_an_incident_happened_when_it_was_logged() -> None:
    assert threat("better_mobile", incident(EventTimeStamp="No data")).detected_at == LOGGED
    assert threat("better_mobile", incident(Status="Closed", LogTimeStamp=None)).resolved_at == SEEN


def test_the_device_of_an_incident_is_the_agent_of_the_device_log() -> None:
    found, whole = threat("better_mobile", incident(DeviceId=AGENT.upper())), state("better_mobile", device())
    assert found.partner_device_id == whole.partner_device_id == AGENT


def test_a_device_at_its_lowest_level_is_secured_and_clears_all() -> None:
    record = state("better_mobile", device(ThreatLevel="Low"))
    assert (record.severity, record.clears, record.clears_until) == (Level.SECURED, Clears.ALL, REPORTED)
    assert (record.platform, record.os_version, record.udid) == (Platform.IOS, "18.3", None)


@pytest.mark.parametrize(("given", "level"), [("Medium", "medium"), ("HIGH", "high"), ("Odd", "high")])
def test_any_other_level_clears_nothing(given: str, level: str) -> None:
    record = state("better_mobile", device(ThreatLevel=given))
    assert (record.severity, record.clears) == (level, Clears.NONE)


@pytest.mark.parametrize(
    "level",
    [
        None,
        "",
        "unknown",
        "No data",
        "Pending",
        "None",
        "N/A",
        "Not available",
        "not yet available",
        "Not scanned",
    ],
)
def test_a_device_without_a_level_is_its_identity(level: str | None) -> None:
    [record] = records("better_mobile", device(ThreatLevel=level))
    assert isinstance(record, DeviceIdentityRecord)
    assert record.partner_device_id == AGENT


@pytest.mark.parametrize("deleted", [1, 1.0, "1", True, "true"])
def test_a_deleted_device_has_no_agent_and_its_last_level_clears_nothing(deleted: object) -> None:
    gone = threat("better_mobile", device(IsDeleted=deleted, ThreatLevel="Low"))
    assert (gone.threat_type, gone.status, gone.severity) == ("agent_inactive", Status.OPEN, Level.MEDIUM)
    # The agent's last word is older than its end.
    assert gone.detected_at is None
    back = state("better_mobile", device(IsDeleted=0))
    assert gone.threat_key in back.closed_keys


@pytest.mark.parametrize("deleted", [0, "0", 0.0, False, None, "null"])
def test_a_device_that_is_not_deleted_is_there(deleted: object) -> None:
    assert state("better_mobile", device(IsDeleted=deleted)).severity is Level.MEDIUM


@pytest.mark.parametrize("reported", [None, "", 0, "0001-01-01T00:00:00", "1/1/0001 12:00:00 AM"])
@pytest.mark.parametrize("level", ["Low", "Medium", "High"])
def test_a_device_whose_agent_never_reported_was_not_scanned(level: str, reported: object) -> None:
    [record] = records("better_mobile", device(LastReported=reported, ThreatLevel=level))
    assert isinstance(record, DeviceIdentityRecord)


def test_a_last_report_nobody_can_read_vouches_for_nothing() -> None:
    record = state("better_mobile", device(LastReported="vorgestern", ThreatLevel="Low"))
    assert (record.clears, record.scanned) == (Clears.NONE, False)


def test_an_unreadable_time_of_the_last_report_takes_no_risk_away_and_is_no_scan() -> None:
    record = state("better_mobile", device(LastReported="a while ago", ThreatLevel="High"))
    assert (record.severity, record.unreadable_time) == (Level.HIGH, "a while ago")
    assert not record.scanned


@pytest.mark.parametrize("never", ["Never", "N/A", "---", "not yet"])
def test_a_last_report_that_is_no_time_proves_no_lowest_level(never: str) -> None:
    [record] = records("better_mobile", device(LastReported=never, ThreatLevel="Low"))
    assert isinstance(record, DeviceIdentityRecord)


def test_a_level_counts_as_of_its_log_or_its_receipt_and_clears_up_to_the_last_report() -> None:
    on_the_wire = state("better_mobile", device(ThreatLevel="Low"))
    assert (on_the_wire.event_at, on_the_wire.clears_until) == (None, REPORTED)
    logged = state("better_mobile", device(ThreatLevel="Low", TimeGenerated="2026-02-01T11:00:00Z"))
    assert (logged.event_at, logged.clears_until) == (datetime(2026, 2, 1, 11, tzinfo=UTC), REPORTED)


def test_times_that_are_objects_cost_nothing() -> None:
    row = incident(LogTimeStamp={"$date": 1769933100500}, EventTimeStamp={"$date": 1769932800000})
    assert threat("better_mobile", row).detected_at == SEEN
    record = state("better_mobile", device(LastReported={"$date": 1769936400250}))
    assert record.clears_until == REPORTED


@pytest.mark.parametrize(
    "row",
    [
        netflow(),
        in_table(netflow()),
        netflow(Status="allowed"),
        {"DeviceUDID": AGENT, "Url": "https://bad.example", "Scheme": "https"},
        {"UDID": AGENT, "Url": "https://bad.example", "Reason": "Not on selected policy"},
        {"Type": "BetterMTDNetflowLog_CL", "Port_s": 443},
    ],
)
def test_traffic_is_no_business_of_ours(row: JsonObject) -> None:
    assert isinstance(records("better_mobile", row)[0], IgnoredRecord)


@pytest.mark.parametrize("row", [app(AppName="Torch", IsMdm=1), in_table(app(AppName="Torch", IsMdm=1))])
def test_an_installed_app_is_one_of_the_agents_apps(row: JsonObject) -> None:
    [record] = records("better_mobile", row)
    assert isinstance(record, AppInventoryRecord)
    assert (record.partner_device_id, record.app_id) == (AGENT, "com.example.torch")
    assert (record.name, record.version, record.managed) == ("Torch", "4.5", True)
    reported = {"partner_device_id", "platform", "app_id", "name", "version", "managed"}
    silent = record.model_dump(exclude={*reported, "record", "partner", "index", "raw", "report_id"})
    assert set(silent.values()) == {None}


@pytest.mark.parametrize(
    ("given", "managed"),
    [
        (1, True),
        ("1", True),
        (True, True),
        (0, False),
        ("0", False),
        (False, False),
        (None, None),
        ("", None),
    ],
)
def test_whether_an_app_is_managed_is_what_the_row_says(given: object, managed: bool | None) -> None:
    [record] = records("better_mobile", app(IsMdm=given))
    assert isinstance(record, AppInventoryRecord)
    assert record.managed is managed


@pytest.mark.parametrize(("given", "platform"), [("Apple", "ios"), ("Android", "android"), (None, None)])
def test_an_apps_platform_is_its_devices(given: str | None, platform: str | None) -> None:
    [record] = records("better_mobile", app(Platform=given))
    assert isinstance(record, AppInventoryRecord)
    assert record.platform == platform


@pytest.mark.parametrize(
    "fields",
    [{"AppStatus": "uninstalled"}, {"AppStatus": None}, {"DeviceUDID": None}, {"BundleId": ""}],
)
def test_a_row_of_no_installed_app_is_ignored_and_never_set_aside(fields: JsonObject) -> None:
    assert isinstance(records("better_mobile", app(**fields))[0], IgnoredRecord)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (incident(DeviceId="00000000-0000-0000-0000-000000000000"), "no device"),
        (device(DeviceUDID=None), "no device"),
        (incident(ThreatId=None), "no ThreatId"),
        (incident(ThreatId={}), "no ThreatId"),
        ({"DeviceUDID": AGENT}, "not this partner's format"),
    ],
)
def test_a_row_that_makes_no_sense_is_set_aside(row: JsonObject, reason: str) -> None:
    bad, good = records("better_mobile", row, incident())
    assert isinstance(bad, UnreadableRecord)
    assert bad.reason == reason
    assert isinstance(good, ThreatRecord)


@pytest.mark.parametrize("suffix", ["", "_t"])
def test_a_time_that_makes_no_sense_costs_the_time_alone(suffix: str) -> None:
    row = {key: value for key, value in incident().items() if key != "EventTimeStamp"}
    read = threat(
        "better_mobile", {**row, "LogTimeStamp": None, f"EventTimeStamp{suffix}": "13/40/2026 08:00:00"}
    )
    assert (read.event_at, read.unreadable_time) == (None, "13/40/2026 08:00:00")


def test_the_type_that_no_table_knows_is_logged_not_its_title() -> None:
    record = threat("better_mobile", incident(ThreatType="WR2Novelty", ThreatTitle="Something new"))
    assert (record.threat_name, unknown_words(record)) == ("Something new", [("type", "WR2Novelty")])


@pytest.mark.parametrize(
    "named", ["SSID", "BSSID", "NetworkName", "MacAddress", "UserEmail", "Latitude", "City"]
)
@pytest.mark.parametrize("suffix", ["", "_s"])
def test_neither_networks_nor_people_nor_places_are_kept(named: str, suffix: str) -> None:
    record = threat(
        "better_mobile", {**incident(), named + suffix: "Anna 02:1a:b3:c4:d5:e6 anna@example.org"}
    )
    assert "Anna" not in record.model_dump_json()


def test_a_row_of_the_device_log_says_which_device_it_is_and_how_it_stands() -> None:
    assert said(state("better_mobile", device(TimeGenerated="2026-02-01T09:30:00Z"))) == {
        "report_id": f"{AGENT}:2026-02-01T09:00:00.250Z:MEDIUM:2026-02-01T09:30:00Z",
        "partner_device_id": AGENT,
        "platform": Platform.IOS,
        "os_version": "18.3",
        "detected_at": datetime(2026, 2, 1, 9, 30, tzinfo=UTC),
        "severity": Level.MEDIUM,
        "severity_raw": "Medium",
        "clears_until": REPORTED,
        "closed_keys": ("agent_inactive",),
    }


def test_a_device_without_a_level_is_identified_as_of_its_last_report() -> None:
    [record] = records("better_mobile", device(ThreatLevel=None))
    assert isinstance(record, DeviceIdentityRecord)
    assert said(record) == {
        "report_id": f"{AGENT}:2026-02-01T09:00:00.250Z",
        "partner_device_id": AGENT,
        "platform": Platform.IOS,
        "os_version": "18.3",
        "detected_at": REPORTED,
    }


def test_a_deleted_device_lost_its_agent_when_the_row_was_made() -> None:
    record = threat("better_mobile", device(IsDeleted=1, TimeGenerated="2026-02-01T09:30:00Z"))
    assert record.report_id == f"{AGENT}:DELETED:2026-02-01T09:00:00.250Z"
    assert record.threat_name == "Device deleted at the partner"
    assert record.detected_at == datetime(2026, 2, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"ThreatDescription": "Somebody reads along"}, "Captive portal detected"),
        ({"ThreatTitle": None, "ThreatDescription": "Somebody reads along"}, "Somebody reads along"),
        ({"ThreatTitle": None}, "Captive Portal"),
    ],
)
def test_an_incident_is_named_by_its_title_else_its_description_else_its_type(
    given: dict[str, object], name: str
) -> None:
    assert threat("better_mobile", incident(**given)).threat_name == name


def test_the_title_gives_the_type_where_the_type_is_not_known() -> None:
    record = threat("better_mobile", incident(ThreatType="WX9", ThreatTitle="Jailbreak"))
    assert (record.threat_type, record.unknown_type) == ("jailbreak_root", None)


def test_an_incident_that_names_the_agent_twice_is_of_the_device_log_s_name() -> None:
    assert threat("better_mobile", incident(DeviceUDID=AGENT, DeviceId="1234")).partner_device_id == AGENT


@pytest.mark.parametrize("written", ["AGENT-X", "0A1B2C3D-0000-4000-8000"])
def test_an_id_that_is_no_guid_keeps_its_letters(written: str) -> None:
    assert threat("better_mobile", incident(DeviceId=written)).partner_device_id == written


def test_an_app_is_one_of_its_device_and_version() -> None:
    [record] = records("better_mobile", app(AppName="Torch"))
    assert isinstance(record, AppInventoryRecord)
    assert record.report_id == f"{AGENT}:com.example.torch:4.5"


@pytest.mark.parametrize("kept", ["AppStatus", "AppName", "IsMdm"])
def test_one_field_of_the_app_log_says_that_a_row_is_of_it(kept: str) -> None:
    row = {"DeviceUDID": AGENT, "BundleId": "com.example.torch", kept: "x"}
    [record] = records("better_mobile", row)
    assert isinstance(record, IgnoredRecord)


@pytest.mark.parametrize(
    "row",
    [
        {"DeviceUDID": AGENT, "BundleId": "com.example.torch"},
        {"DeviceUDID": AGENT, "AppName": "Torch"},
        {"Host": "bad.example"},
        {"UDID": AGENT},
    ],
)
def test_a_row_with_half_of_what_sets_a_log_apart_is_not_betters(row: dict[str, object]) -> None:
    with pytest.raises(UnreadableReport):
        records("better_mobile", row)


def test_a_row_the_netflow_table_says_is_its_own_is_no_device() -> None:
    row = {"Type": "BetterMTDNetflowLog_CL", "DeviceUDID_g": AGENT, "LastReported_t": "2026-02-01T09:00:00Z"}
    [record] = records("better_mobile", row)
    assert isinstance(record, IgnoredRecord)


@pytest.mark.parametrize(
    ("given", "threat_type"),
    [
        ({"ThreatType": "WR2PortScanning"}, "port_scan"),
        ({"ThreatType": "WR2\nPortScanning"}, "port_scan"),
        # What is suspicious in a network is no app.
        ({"ThreatType": "Suspicious Something"}, "unknown"),
        ({"ThreatType": "Suspicious Something", "ThreatCategory": "Application"}, "suspicious_app"),
    ],
)
def test_the_type_counts_within_its_family(given: dict[str, object], threat_type: str) -> None:
    assert threat("better_mobile", incident(ThreatTitle="WX9", **given)).threat_type == threat_type
