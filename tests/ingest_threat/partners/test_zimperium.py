"""Zimperium's push, incidents, search pages and legacy events."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ingest_threat.body import JsonObject
from ingest_threat.partners import parse, unknown_words
from ingest_threat.partners._taxonomy import TYPES, UNKNOWN
from ingest_threat.partners._zimperium_endpoint import exported, is_exported
from ingest_threat.partners._zimperium_facts import ThreatFacts
from ingest_threat.partners._zimperium_push import _of_incident, pushed
from ingest_threat.partners._zimperium_search import searched
from ingest_threat.partners._zimperium_threats import THREAT, TYPE
from ingest_threat.partners.zimperium import ADAPTER
from ingest_threat.redaction import redacted
from shared.domain.level import Level
from shared.domain.record import (
    Clears,
    DeviceIdentityRecord,
    IgnoredRecord,
    Platform,
    Status,
    ThreatRecord,
    UnreadableRecord,
)
from tests.ingest_threat.partners.endings import open_threats
from tests.ingest_threat.partners.messages_zimperium import (
    zimperium_clean_device,
    zimperium_device,
    zimperium_export,
    zimperium_incident,
    zimperium_legacy,
    zimperium_search,
    zimperium_threat,
)
from tests.ingest_threat.partners.reading import RECEIVED_AT, records, said, state, threat

AT = datetime(2026, 2, 2, 2, 40, tzinfo=UTC)
TRACKED = "6a1f0c11-0000-4000-8000-000000000003"


def test_a_pending_threat_is_open() -> None:
    record = threat("zimperium", zimperium_threat())
    assert (record.status, record.detected_at, record.resolved_at) == (Status.OPEN, AT, None)
    assert (record.category, record.threat_type, record.severity) == ("device", "usb_debugging", Level.MEDIUM)
    assert (record.partner_device_id, record.mdm_device_id) == ("agent-1", None)
    assert record.report_id == "threat-1:PENDING:1770000000000"


def test_a_mitigation_closes_the_threat_at_its_own_time() -> None:
    record = threat("zimperium", zimperium_threat(threat_status="Resolved", device_time=1770000010000))
    assert (record.status, record.detected_at) == (Status.RESOLVED, None)
    assert record.resolved_at == datetime(2026, 2, 2, 2, 40, 10, tzinfo=UTC)
    assert record.threat_key == threat("zimperium", zimperium_threat()).threat_key


@pytest.mark.parametrize(
    ("word", "level"),
    [("CRITICAL", "high"), ("LOW", "low"), ("NORMAL", "secured"), ("DIRE", "high"), (None, "medium")],
)
def test_severity_words(word: str | None, level: str) -> None:
    assert threat("zimperium", zimperium_threat(severity_name=word)).severity == level


def test_an_undocumented_status_neither_opens_nor_resolves() -> None:
    assert threat("zimperium", zimperium_threat(threat_status="In Review")).status is Status.UNKNOWN


@pytest.mark.parametrize(
    "message",
    [
        *(zimperium_threat(threat_status=status) for status in (None, "")),
        zimperium_search(state=None, mitigationEvents=[]),
        zimperium_legacy(eventState=None, mitigatedDate=None),
    ],
)
def test_a_threat_that_does_not_say_how_it_stands_is_open_and_that_is_logged(message: JsonObject) -> None:
    record = threat("zimperium", message)
    assert (record.status, record.resolved_at) == (Status.OPEN, None)
    assert unknown_words(record) == [("status", "no status")]


@pytest.mark.parametrize(
    ("name", "vector", "threat_type", "category"),
    [
        ("VULNERABLE_SOMETHING", "Device", "vulnerable_os", "device"),
        ("ICMP_REDIRECT_MITM", "Network", "mitm", "network"),
        ("CAPTIVE\nPORTAL", "Network", "captive_portal", "network"),
        ("Remote Access Trojan", "Malware", "remote_access", "app"),
        ("PROFILE_ADDED", "Device", "malicious_profile", "device"),
        ("SUSPICIOUS_PROFILE", "Device", "malicious_profile", "device"),
        ("SUSPICIOUS_IOS_APP", "Device", "suspicious_app", "app"),
        ("SUSPICIOUS_HOTSPOT", "Network", "unknown", "network"),
        ("NOVELTY", "Malware", "malware", "app"),
        ("NOVELTY", "Network", "unknown", "network"),
        ("NOVELTY", None, "unknown", "device"),
        ("SPINNING", "Device", "unknown", "device"),
    ],
)
def test_a_name_gives_the_type(name: str, vector: str | None, threat_type: str, category: str) -> None:
    content = zimperium_threat(threat_name=name, threat_display_name=None, threat_vector=vector)
    record = threat("zimperium", content)
    assert (record.threat_type, record.category) == (threat_type, category)


def test_the_tables_category_wins_over_the_vendors() -> None:
    record = threat("zimperium", zimperium_threat(threat_vector="Network"))
    assert (record.category, record.vendor_category) == ("device", "Network")


def test_ios_is_not_mistaken_for_android_by_the_blocks_both_carry() -> None:
    content = zimperium_threat(device_os="ios", android_enterprise_management_state={"ownership": "X"})
    assert threat("zimperium", content).platform is Platform.IOS


@pytest.mark.parametrize(("simulated", "level"), [(True, "secured"), ("true", "secured"), (False, "medium")])
def test_a_simulated_threat_raises_no_risk(simulated: object, level: str) -> None:
    record = threat("zimperium", zimperium_search(simulated=simulated))
    assert record.severity == level
    assert record.reason == ("simulated" if level == "secured" else None)


def test_an_incident_is_its_threats_on_the_same_agent() -> None:
    first, second = records("zimperium", zimperium_incident())
    assert isinstance(first, ThreatRecord)
    assert isinstance(second, ThreatRecord)
    assert (first.partner_device_id, first.index, second.index) == ("agent-1", 0, 0)
    assert (first.threat_type, first.status, first.severity) == ("jailbreak_root", Status.OPEN, Level.HIGH)
    assert (second.threat_type, second.status) == ("sideloaded_app", Status.RESOLVED)
    assert second.resolved_at == datetime(2026, 2, 2, 2, 0, 1, tzinfo=UTC)
    assert "threat-2" not in json.dumps(first.raw)


def test_an_incident_of_simulated_threats_raises_no_risk() -> None:
    first, _ = records("zimperium", zimperium_incident(simulated="true"))
    assert isinstance(first, ThreatRecord)
    assert (first.severity, first.reason) == (Level.SECURED, "simulated")


@pytest.mark.parametrize(
    ("severity", "level"), [(3, "high"), ("2", "medium"), (1.0, "low"), ("0.0", "secured"), (7, "high")]
)
def test_a_severity_by_number_is_read_however_it_is_written(severity: object, level: str) -> None:
    assert threat("zimperium", zimperium_search(severity=severity)).severity == level


@pytest.mark.parametrize(
    ("mdm", "others", "read"),
    [("mdm-1", "mdm-2", "mdm-1"), (None, "mdm-2", "mdm-2"), ("", "null", None), (None, ["mdm-2"], None)],
)
def test_the_other_id_of_an_mdm_stands_in_for_a_missing_one(
    mdm: str | None, others: object, read: str | None
) -> None:
    record = threat("zimperium", zimperium_threat(mdm_device_id=mdm, mdm_alt_ids=others))
    assert record.mdm_device_id == read


def test_an_incidents_mitigation_names_no_threat_and_is_ignored() -> None:
    content = {"incident_id": "incident-1", "incident_status": "Marked Fixed", "fix_reason": "x"}
    [record] = records("zimperium", content)
    assert isinstance(record, IgnoredRecord)


def test_an_incident_of_too_many_threats_is_set_aside() -> None:
    [record] = records("zimperium", zimperium_incident(related_threats=[{}] * 101))
    assert isinstance(record, UnreadableRecord)


def test_a_threat_of_an_incident_that_cannot_be_read_is_set_aside_alone() -> None:
    related = zimperium_incident()["related_threats"]
    assert isinstance(related, list)
    bad = {"threat_name": "Rooted", "timestamp": "2026-02-02T02:00:00Z"}
    content = zimperium_incident(related_threats=[related[0], 7, bad])
    found, first, second = records("zimperium", content)
    assert isinstance(found, ThreatRecord)
    assert isinstance(first, UnreadableRecord)
    assert isinstance(second, UnreadableRecord)
    assert first.reason == "related_threats.1: not an object"
    assert second.reason == "related_threats.2: no threat_id"
    assert first.sha256 != second.sha256
    assert isinstance(second.raw, dict)
    assert second.raw["related_threats"] == [bad]


def test_an_unreadable_time_of_one_threat_of_an_incident_costs_that_time_alone() -> None:
    related = zimperium_incident()["related_threats"]
    assert isinstance(related, list)
    odd = {"threat_id": "threat-3", "threat_name": "Rooted", "threat_status": "Pending", "timestamp": "soon"}
    first, second = records("zimperium", zimperium_incident(related_threats=[related[0], odd]))
    assert isinstance(first, ThreatRecord)
    assert isinstance(second, ThreatRecord)
    assert first.detected_at == datetime(2026, 2, 2, 2, 0, tzinfo=UTC)
    # When the incident was made.
    assert second.detected_at == datetime(2026, 2, 2, 3, 0, 0, 123456, tzinfo=UTC)


def test_an_incident_whose_one_threat_became_an_object_is_read() -> None:
    related = zimperium_incident()["related_threats"]
    assert isinstance(related, list)
    [record] = records("zimperium", zimperium_incident(related_threats=related[0]))
    assert isinstance(record, ThreatRecord)
    assert isinstance(record.raw, dict)
    assert (record.threat_key, record.raw["related_threats"]) == ("threat-1", [related[0]])


@pytest.mark.parametrize("device", ["agent-1_D_1", None])
@pytest.mark.parametrize("name", ["incident_ai_summary", "device_os", "simulated"])
def test_what_is_stored_of_an_incident_grows_with_the_message_only(name: str, device: str | None) -> None:
    threats = [{"threat_id": f"threat-{number}", "threat_status": "Pending"} for number in range(100)]
    content = zimperium_incident(related_threats=threats, device_id=device, **{name: "x" * 500_000})
    body = json.dumps(content).encode()
    read = parse("zimperium", body, received_at=RECEIVED_AT)
    assert len(read) == 100
    # A dead letter keeps its threat without the original, as `shared.dead_letters` writes it.
    stored = [record.model_dump_json(exclude={"threat": {"raw"}}) for record in read]
    assert sum(map(len, stored)) < len(body) + 100 * 3000


def test_the_first_threat_of_an_incident_keeps_the_rest_of_it_and_the_others_do_not() -> None:
    first, second = records("zimperium", zimperium_incident(incident_ai_summary="so it was"))
    for record, summary in ((first, "so it was"), (second, None)):
        assert isinstance(record, ThreatRecord)
        assert isinstance(record.raw, dict)
        assert (record.raw.get("incident_ai_summary"), record.raw["incident_id"]) == (summary, "incident-1")


def test_each_threat_of_an_incident_is_read_again_from_what_is_kept_of_it() -> None:
    for record in records("zimperium", zimperium_incident()):
        assert isinstance(record, ThreatRecord)
        [again] = records("zimperium", record.raw)
        assert again == record.model_copy(update={"raw": again.raw})


def test_a_page_of_the_search_interface_is_read() -> None:
    body = json.dumps({"content": [zimperium_search(), zimperium_search(state=7)], "last": True}).encode()
    first, second = parse("zimperium", body, received_at=RECEIVED_AT)
    assert isinstance(first, ThreatRecord)
    assert isinstance(second, ThreatRecord)
    assert (first.threat_type, first.severity, first.status) == ("unknown_sources", "medium", "open")
    assert (first.platform, first.os_version, first.mdm_device_id) == ("ios", "18.1", None)
    assert (second.status, second.index) == (Status.UNKNOWN, 1)


def test_an_ended_search_item_with_mitigations_is_resolved() -> None:
    content = zimperium_search(state=3, mitigationEvents=[{"timestamp": 1770000030000}])
    record = threat("zimperium", content)
    assert record.resolved_at == datetime(2026, 2, 2, 2, 40, 30, tzinfo=UTC)
    assert record.status is Status.RESOLVED


@pytest.mark.parametrize(("mitigated", "status"), [(None, "open"), ("2026-02-02 02:30:00 +0000", "resolved")])
def test_a_legacy_event_is_read(mitigated: str | None, status: str) -> None:
    record = threat("zimperium", zimperium_legacy(mitigatedDate=mitigated))
    assert (record.threat_type, record.severity, record.status) == ("screen_lock_off", "medium", status)
    assert (record.mdm_device_id, record.platform) == ("mdm-7", Platform.IOS)


def test_a_legacy_device_id_that_is_an_imei_is_not_used() -> None:
    record = threat("zimperium", zimperium_legacy(deviceId="352099001761481", zdid="agent-8"))
    assert record.partner_device_id == "agent-8"
    assert "352099001761481" not in json.dumps(record.model_dump(mode="json"))


def test_a_threat_without_a_device_is_set_aside() -> None:
    [record] = records("zimperium", zimperium_threat(device_id=None))
    assert isinstance(record, UnreadableRecord)
    assert record.reason == "no device"


def test_what_is_personal_is_redacted_in_what_is_kept() -> None:
    raw = threat("zimperium", zimperium_threat()).raw
    assert isinstance(raw, dict)
    assert raw["device_owner_email"] == raw["location"] == "[redacted]"
    assert raw["threat_name"] == "USB_DEBUGGING_ON"


@pytest.mark.parametrize(
    ("name", "family", "threat_type"),
    [
        ("NOVELTY", "Trojan.Example", "trojan"),
        ("MALWARE_DETECTED", "Example Ransomware", "ransomware"),
        ("MALWARE_DETECTED", "Example", "malware"),
        ("SIDELOADED_APP", "Trojan.Example", "sideloaded_app"),
        # What the vendor merely suspects, its name says.
        ("APK_SUSPECTED", "Trojan.Example", "suspicious_app"),
    ],
)
def test_the_family_says_which_malware_it_is(name: str, family: str, threat_type: str) -> None:
    content = zimperium_threat(
        threat_name=name, threat_display_name=None, threat_vector="Malware", malware_family=family
    )
    assert threat("zimperium", content).threat_type == threat_type


@pytest.mark.parametrize("state", [1, "1", 1.0, "1.0"])
def test_state_1_of_a_search_row_is_open_however_it_is_written(state: object) -> None:
    record = threat("zimperium", zimperium_search(state=state))
    assert record.status is Status.OPEN
    assert record.report_id == threat("zimperium", zimperium_search(state=1)).report_id


@pytest.mark.parametrize(
    "content",
    [
        zimperium_threat(threat_status="Snoozed"),
        zimperium_search(state="Snoozed"),
        zimperium_legacy(eventState="Snoozed"),
    ],
)
def test_a_status_that_no_table_knows_is_logged(content: JsonObject) -> None:
    assert unknown_words(threat("zimperium", content)) == [("status", "Snoozed")]


def test_the_stable_name_of_a_type_that_no_table_knows_is_logged() -> None:
    record = threat("zimperium", zimperium_threat(threat_name="NOVELTY", threat_display_name="It is new"))
    assert (record.threat_name, unknown_words(record)) == ("It is new", [("type", "NOVELTY")])


def test_an_event_of_the_rest_export_is_an_open_threat() -> None:
    record = threat("zimperium", zimperium_export())
    assert (record.status, record.detected_at, record.resolved_at) == (Status.OPEN, AT, None)
    assert (record.category, record.threat_type, record.severity) == ("device", "jailbreak_root", Level.HIGH)
    assert (record.threat_key, record.report_id) == ("threat-5", "event-5:PENDING")
    assert (record.partner_device_id, record.mdm_device_id) == ("agent-5", "mdm-5")
    assert (record.platform, record.os_version) == (Platform.IOS, "18.1")


@pytest.mark.parametrize("mitigated", [True, "true", 1])
def test_the_same_event_mitigated_resolves_it(mitigated: object) -> None:
    opened = threat("zimperium", zimperium_export())
    record = threat("zimperium", zimperium_export(mitigated=mitigated))
    assert (record.status, record.resolved_at) == (Status.RESOLVED, AT)
    assert (record.threat_key, record.report_id) == (opened.threat_key, "event-5:MITIGATED")


@pytest.mark.parametrize("word", ["ACTIVE", "Open", "NEW", "DETECTED", "UNRESOLVED"])
def test_a_plain_word_for_open_opens(word: str) -> None:
    for content in (zimperium_threat(threat_status=word), zimperium_search(state=word)):
        record = threat("zimperium", content)
        assert (record.status, unknown_words(record)) == (Status.OPEN, [])


@pytest.mark.parametrize("attack_time", [None, "soon"])
def test_a_mitigation_without_the_time_of_the_attack_counts_as_of_its_receipt(attack_time: object) -> None:
    mitigation = zimperium_export(mitigated=True, forensics__attack_time=attack_time)
    late = zimperium_export(forensics__attack_time={"$date": 1770000060000})
    assert threat("zimperium", mitigation).resolved_at is None
    assert open_threats("zimperium", late)
    assert not open_threats("zimperium", late, mitigation)


def test_a_word_for_mitigated_that_nobody_knows_leaves_it_open_and_is_logged() -> None:
    record = threat("zimperium", zimperium_export(mitigated="mitigated"))
    assert (record.status, unknown_words(record)) == (Status.OPEN, [("status", "MITIGATED")])
    for known in (False, "no", 0, None):
        assert unknown_words(threat("zimperium", zimperium_export(mitigated=known))) == []


def test_a_mitigation_of_the_export_is_never_older_than_its_detection() -> None:
    later = zimperium_export(mitigated=True, eventtimestamp="02 02 2026 02:50:00 UTC")
    assert threat("zimperium", later).resolved_at == datetime(2026, 2, 2, 2, 50, tzinfo=UTC)
    earlier = zimperium_export(mitigated=True, eventtimestamp="01 02 2026 02:50:00 UTC")
    assert threat("zimperium", earlier).resolved_at == AT


@pytest.mark.parametrize(
    ("word", "number", "level"),
    [
        ("HIDDEN", 0, "secured"),
        ("LOW", 1, "low"),
        ("IMPORTANT", 2, "medium"),
        ("CRITICAL", 3, "high"),
        (None, 0, "secured"),
        (None, 2, "medium"),
        ("DIRE", 0, "high"),
    ],
)
def test_the_four_grades_of_the_export(word: str | None, number: int, level: str) -> None:
    event = zimperium_export(severity=number, forensics__severity=word)
    assert threat("zimperium", event).severity == level


@pytest.mark.parametrize(
    ("changed", "at"),
    [
        ({"forensics__attack_time": None}, AT),
        ({"forensics__attack_time": {"$date": {"$numberLong": "1770000000000"}}}, AT),
        ({"forensics__attack_time": "soon"}, AT),
        ({"device_info__device_time": "soon", "eventtimestamp": "later"}, AT),
    ],
)
def test_an_event_of_the_export_takes_the_time_that_can_be_read(changed: JsonObject, at: datetime) -> None:
    assert threat("zimperium", zimperium_export(**changed)).detected_at == at


@pytest.mark.parametrize("odd", [None, "x", [], [1, 2], {}])
def test_what_is_odd_beside_the_threat_of_an_export_costs_itself_alone(odd: object) -> None:
    event = zimperium_export(forensics=odd, location=odd, threat__general=odd)
    record = threat("zimperium", event)
    assert (record.threat_type, record.severity, record.status) == ("jailbreak_root", Level.HIGH, "open")


def test_an_export_that_names_its_threat_among_the_forensics_alone_is_read() -> None:
    event = zimperium_export(threat=None, forensics__threat_uuid="threat-5", device_info__device_id=None)
    record = threat("zimperium", event)
    assert (record.threat_key, record.threat_type) == ("threat-5", "jailbreak_root")
    assert record.partner_device_id == "zdid-5"


def test_an_export_without_a_threats_id_or_a_device_is_set_aside() -> None:
    [nameless] = records("zimperium", zimperium_export(threat__threat_uuid=None))
    assert isinstance(nameless, UnreadableRecord)
    [homeless] = records("zimperium", zimperium_export(device_info__device_id=None, forensics__zdid=""))
    assert isinstance(homeless, UnreadableRecord)
    assert homeless.threat is not None


def test_an_export_by_syslog_is_read_behind_its_header() -> None:
    line = f"<14>Feb  2 02:40:00 console zimperium[7]: {json.dumps(zimperium_export())}\0".encode()
    [record] = parse("zimperium", line, received_at=RECEIVED_AT)
    assert isinstance(record, ThreatRecord)
    assert record.threat_key == "threat-5"


def test_of_an_export_neither_networks_nor_people_nor_places_are_kept() -> None:
    event = zimperium_export(
        additional_public_forensics={"Reason": "Anna's net"},
        threat__general={
            "network": "Anna's net",
            "network_bssid": "02:1a:b3:c4:d5:e6",
            "external_ip": "198.51.100.4",
            "gateway_ip": "192.0.2.1",
            "attacker_ssid": "Anna's net",
            "sideloaded_app_developer": "Anna",
            "package_name": "com.example.torch",
        },
    )
    kept = threat("zimperium", event).model_dump_json()
    for gone in ("Anna", "anna", "02:1a", "198.51", "192.0.2", "2.5"):
        assert gone not in kept
    assert "com.example.torch" in kept


def test_of_a_search_row_neither_networks_nor_places_are_kept() -> None:
    row = zimperium_search(
        locationInfo={"geoPoint": {"lat": 48.1, "lon": 11.5}, "city": "Anna-Stadt", "country": "Annaland"},
        arpTablesInfo={"before": [{"ip": "192.0.2.1", "mac": "02:1a:b3:c4:d5:e6"}]},
        networkStatistics=[{"remote": "198.51.100.4"}],
        nearByNetworks=[{"name": "Anna's net"}],
        additionalPublicForensics=[{"key": "Wi-Fi", "value": "Anna's net"}],
        processList=[{"user": "Anna", "processName": "example"}],
        sideLoadedAppInfo={"developer": "Anna", "packageName": "com.example.torch"},
        generalInfo={"ssid": "Anna's net", "bssid": "02:1a:b3:c4:d5:e6", "deviceIp": "192.0.2.1"},
    )
    kept = threat("zimperium", row).model_dump_json()
    for gone in ("Anna", "48.1", "11.5", "02:1a", "198.51", "192.0.2"):
        assert gone not in kept
    assert "com.example.torch" in kept


def test_a_mitigated_search_row_without_mitigation_events_is_resolved() -> None:
    opened = threat("zimperium", zimperium_search())
    row = zimperium_search(
        state=4, mitigationEvents=[], mitigatedAt=1770000030000, lastModified=1770000090000
    )
    record = threat("zimperium", row)
    assert (record.threat_key, record.status) == (opened.threat_key, Status.RESOLVED)
    assert record.resolved_at == datetime(2026, 2, 2, 2, 40, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "status", "second"),
    [
        ({"state": 4}, "resolved", 60),
        ({"state": "4.0", "mitigationEvents": ""}, "resolved", 60),
        ({"state": 4, "mitigationEvents": [{"timestamp": 1770000020000}]}, "resolved", 20),
        ({"state": 4, "mitigationEvents": "none", "mitigatedAt": None}, "resolved", 60),
        ({"state": 4, "mitigatedAt": "soon"}, "resolved", 60),
        ({"state": 1, "mitigatedAt": 1770000040000}, "resolved", 40),
        ({"state": 3, "mitigatedAt": 1770000040000}, "resolved", 40),
        ({"state": 3, "mitigationEvents": {"timestamp": 1770000020000}}, "resolved", 20),
        ({"state": 1, "mitigatedAt": 0}, "open", None),
        ({"state": 1, "mitigationEvents": [{"timestamp": 1770000020000}]}, "open", None),
        ({"state": 2}, "unknown", None),
        ({"state": None}, "open", None),
    ],
)
def test_what_ends_a_row_of_the_search(changed: JsonObject, status: str, second: int | None) -> None:
    record = threat("zimperium", zimperium_search(**changed))
    ended = None if second is None else AT.replace(minute=40 + second // 60, second=second % 60)
    assert (record.status, record.resolved_at) == (status, ended)


def test_a_search_row_without_its_own_time_has_the_one_a_level_deeper() -> None:
    row = zimperium_search(timestamp=None, timestampInfo={"timestamp": 1770000000000})
    assert threat("zimperium", row).detected_at == AT


@pytest.mark.parametrize("at", [{"$date": 1770000000000}, [2026, 2, 2, 2, 40, 0]])
def test_a_time_that_is_an_object_costs_no_threat(at: object) -> None:
    record = threat("zimperium", zimperium_threat(device_time=at))
    assert (record.detected_at, record.status) == (AT, Status.OPEN)


def test_every_threat_the_vendor_numbers_has_a_name_and_a_type_of_ours() -> None:
    numbers = {int(number) for number in THREAT}
    assert numbers >= {*range(95), 100}
    assert len({name for name, _ in THREAT.values()}) == len(THREAT)
    assert {threat_type for _, threat_type in THREAT.values()} <= {*TYPES, UNKNOWN}
    assert TYPE.keys().isdisjoint(name for name, _ in THREAT.values())


@pytest.mark.parametrize("number", sorted(THREAT))
def test_a_threat_is_known_by_its_number_and_by_its_name(number: str) -> None:
    name, threat_type = THREAT[number]
    by_number = zimperium_search(threatTypeId=int(number), threatTypeName="of a later console")
    assert threat("zimperium", by_number).threat_type == threat_type
    spaced = zimperium_search(threatTypeName=name.replace("_", " "))
    assert threat("zimperium", spaced).threat_type == threat_type
    pushed = zimperium_threat(threat_name=name, threat_display_name="Something else")
    assert threat("zimperium", pushed).threat_type == threat_type


@pytest.mark.parametrize(
    ("name", "vector", "threat_type"),
    [
        ("OUT_OF_COMPLIANCE_APP", "Malware", "non_compliant_app"),
        ("BENEVOLENT_PENTESTING_APP", "Malware", "riskware"),
        ("FILE_TYPE_MISMATCH", "Malware", "unknown"),
        ("SSL_MITM", "Network", "mitm"),
    ],
)
def test_a_numbered_name_goes_before_the_vector(name: str, vector: str, threat_type: str) -> None:
    record = threat("zimperium", zimperium_threat(threat_name=name, threat_vector=vector))
    assert record.threat_type == threat_type


@pytest.mark.parametrize("number", [55, 56, 57, 58])
def test_a_test_threat_is_a_simulation(number: int) -> None:
    name, threat_type = THREAT[str(number)]
    for content in (
        zimperium_threat(threat_name=name, severity_name="CRITICAL"),
        zimperium_search(threatTypeId=number, threatTypeName=None, severity=3),
        zimperium_export(threat__name=name, forensics__type=number),
        zimperium_export(threat__name=None, forensics__type=number),
    ):
        record = threat("zimperium", content)
        assert (record.severity, record.reason) == (Level.SECURED, "simulated")
        assert record.threat_type == threat_type


def test_an_app_of_apples_tests_is_no_simulation() -> None:
    event = zimperium_export(threat__name="TESTFLIGHT_INSTALLED", forensics__type=209)
    assert threat("zimperium", event).severity is Level.HIGH


@pytest.mark.parametrize("name", ["ROGUE_ACCESS_POINT_NEARBY", "DANGERZONE_NEARBY"])
def test_a_network_that_is_merely_near_is_low_unless_the_message_grades_it(name: str) -> None:
    for word, level in ((None, Level.LOW), ("CRITICAL", Level.HIGH)):
        record = threat("zimperium", zimperium_threat(threat_name=name, severity_name=word))
        assert (record.threat_type, record.severity) == ("rogue_wifi", level)


def test_a_hidden_alert_raises_no_risk_and_its_word_is_known() -> None:
    record = threat("zimperium", zimperium_threat(severity_name="HIDDEN"))
    assert (record.severity, unknown_words(record)) == (Level.SECURED, [])


@pytest.mark.parametrize(
    ("name", "number", "level"),
    [
        ("CRITICAL", 3, "high"),
        ("ELEVATED", 2, "medium"),
        ("LOW", 1, "low"),
        (None, 2, "medium"),
        (None, 0, "secured"),
        ("DIRE", 0, "high"),
    ],
)
def test_a_row_of_the_device_list_gives_the_devices_level(name: str | None, number: int, level: str) -> None:
    record = state("zimperium", zimperium_device(riskPostureName=name, riskPosture=number))
    assert (record.partner_device_id, record.platform, record.os_version) == ("agent-3", "android", "16")
    assert (record.severity, record.clears, record.clears_until) == (level, Clears.NONE, AT)
    assert record.closed_keys == ("agent_inactive",)
    assert record.severity_raw == (name or str(number))


def test_a_row_that_does_not_call_its_agent_active_closes_nothing() -> None:
    assert state("zimperium", zimperium_device(appStatus=None)).closed_keys == ()


def test_a_row_names_its_system_by_its_type_where_it_has_no_name() -> None:
    assert state("zimperium", zimperium_device(os={"type": "iOS", "version": "18"})).platform == "ios"


def test_a_clean_row_clears_what_was_found_before_the_phone_was_last_seen() -> None:
    record = state("zimperium", zimperium_clean_device())
    assert (record.severity, record.clears, record.clears_until) == (Level.SECURED, Clears.ALL, AT)
    computed_before = state("zimperium", zimperium_clean_device(processedAt=1769999940000))
    assert computed_before.clears_until == datetime(2026, 2, 2, 2, 39, tzinfo=UTC)


@pytest.mark.parametrize(
    "changed",
    [
        {"threatState": None},
        {"threatState": {"criticalThreats": []}},
        {"threatState": {"criticalThreats": [], "riskyThreats": ["threat-1"]}},
        {"riskPostureName": "HIDDEN"},
    ],
)
def test_a_normal_row_that_does_not_show_all_to_be_well_clears_nothing(changed: JsonObject) -> None:
    assert state("zimperium", zimperium_clean_device(**changed)).clears is Clears.NONE


@pytest.mark.parametrize(
    "changed",
    [
        {"lastSeen": None},
        {"lastSeen": 0},
        {"lastSeen": None, "appStatus": "INACTIVE"},
        {"lastSeen": None, "deleted": True},
        {"appStatus": "PENDING_ACTIVATION"},
        {"appStatus": "of a later console"},
        {"riskPosture": None, "riskPostureName": None},
        {"riskPosture": None, "riskPostureName": "Not available"},
        {"riskPosture": None, "riskPostureName": "PENDING"},
    ],
)
@pytest.mark.parametrize("row", [zimperium_device(), zimperium_clean_device()])
def test_a_phone_that_nobody_has_scanned_is_neither_rated_nor_cleared(
    row: JsonObject, changed: JsonObject
) -> None:
    [record] = records("zimperium", {**row, **changed})
    assert isinstance(record, DeviceIdentityRecord)
    processed = AT + timedelta(minutes=1)
    assert record.detected_at == (processed if "lastSeen" in changed else AT)


@pytest.mark.parametrize(
    ("status", "unknown"),
    [
        ("ACTIVE", None),
        (None, None),
        ("unknown", None),
        ("PENDING_ACTIVATION", None),  # says that none has scanned yet
        ("of a later console", "of a later console"),
    ],
)
def test_a_status_of_an_agent_that_no_table_knows_is_logged(status: str | None, unknown: str | None) -> None:
    row = zimperium_device(appStatus=status, riskPosture=None, riskPostureName=None)
    [record] = records("zimperium", row)
    assert isinstance(record, DeviceIdentityRecord)
    assert record.unknown_status == unknown


@pytest.mark.parametrize("changed", [{"deleted": True}, {"deleted": "true"}, {"appStatus": "INACTIVE"}])
def test_a_deleted_device_or_an_inactive_agent_vouches_for_nothing(changed: JsonObject) -> None:
    gone = threat("zimperium", zimperium_clean_device(**changed))
    assert (gone.threat_type, gone.status, gone.severity) == ("agent_inactive", Status.OPEN, Level.MEDIUM)
    assert (gone.threat_name, gone.category) == ("Agent inactive, or device deleted", "device")
    assert gone.threat_key in state("zimperium", zimperium_device()).closed_keys


def test_a_row_that_was_polled_counts_as_of_its_list_and_clears_no_further() -> None:
    as_of = datetime(2026, 2, 2, 2, 35, tzinfo=UTC)
    record = state("zimperium", zimperium_clean_device(as_of=as_of.isoformat()))
    assert (record.detected_at, record.clears_until) == (as_of, as_of)
    gone = threat("zimperium", zimperium_device(deleted=True, as_of=as_of.isoformat()))
    assert gone.detected_at == as_of


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([{"externalTrackingId1": "Berlin", "externalTrackingId2": TRACKED}], TRACKED),
        ([{"externalTrackingId1": TRACKED}, {"externalTrackingId1": TRACKED}], TRACKED),
        ([{"externalTrackingId1": TRACKED}, {"externalTrackingId1": TRACKED.replace("3", "4")}], None),
        ([{"externalTrackingId1": "Anna's phone"}], None),
        ([{"externalTrackingId1": ""}, "odd"], None),
        ("odd", None),
    ],
)
def test_a_text_of_the_admins_that_has_an_ids_form_joins_the_phone(
    texts: object, expected: str | None
) -> None:
    record = state("zimperium", zimperium_device(zappInstance=texts))
    assert record.mdm_device_id == expected
    assert "Anna" not in record.model_dump_json()
    named = state("zimperium", zimperium_device(zappInstance=texts, mdmDeviceId="mdm-3"))
    assert named.mdm_device_id == "mdm-3"


def test_neither_the_apps_nor_the_owner_of_a_row_of_the_device_list_are_kept() -> None:
    kept = json.dumps(state("zimperium", zimperium_device()).raw)
    assert "diary" not in kept
    assert "anna" not in kept.lower()


@pytest.mark.parametrize("word", ["INACTIVE_APP", "Inactive app", "APP_UNINSTALLED", "DEVICE_DORMANT"])
def test_an_agent_that_is_called_inactive_in_more_words_is_inactive(word: str) -> None:
    assert threat("zimperium", zimperium_clean_device(appStatus=word)).threat_type == "agent_inactive"


def test_an_active_app_is_an_active_agent() -> None:
    record = state("zimperium", zimperium_clean_device(appStatus="ACTIVE_APP"))
    assert record.closed_keys == ("agent_inactive",)


def test_a_normal_row_that_names_neither_contact_nor_agent_rates_nothing() -> None:
    row = {k: v for k, v in zimperium_clean_device().items() if k not in {"lastSeen", "appStatus"}}
    [record] = records("zimperium", row)
    assert isinstance(record, DeviceIdentityRecord)
    assert state("zimperium", {**row, "riskPostureName": "CRITICAL"}).severity is Level.HIGH


def test_an_exported_event_without_device_info_names_its_device_in_the_forensics() -> None:
    event = zimperium_export(forensics__zdid="zdevice-9")
    record = threat("zimperium", {name: each for name, each in event.items() if name != "device_info"})
    assert (record.partner_device_id, record.status) == ("zdevice-9", Status.OPEN)


def test_an_exported_event_that_names_no_device_waits_for_one() -> None:
    event = {n: e for n, e in zimperium_export(forensics__zdid=None).items() if n != "device_info"}
    [waiting] = records("zimperium", event)
    assert isinstance(waiting, UnreadableRecord)
    assert waiting.threat is not None


def test_a_fixed_threat_of_an_incident_without_a_status_is_open() -> None:
    incident = zimperium_incident()
    for each in incident["related_threats"]:  # type: ignore[union-attr]
        each["threat_status"] = None  # type: ignore[index,call-overload]
    for record in records("zimperium", incident):
        assert isinstance(record, ThreatRecord)
        assert (record.status, unknown_words(record)[-1]) == (Status.OPEN, ("status", "no status"))


@pytest.mark.parametrize(
    ("grade", "level"),
    [
        *(("NONE", "secured"), ("info", "secured"), ("Informational", "secured"), ("UNKNOWN", "medium")),
        *(("N/A", "medium"), ("", "medium"), ("DIRE", "high")),
    ],
)
def test_a_threat_that_is_not_graded_has_the_grade_of_its_type(grade: str, level: str) -> None:
    message = zimperium_threat(threat_name="USB_DEBUGGING_ON", severity_name=grade)
    assert threat("zimperium", message).severity == level


@pytest.mark.parametrize("name", ["location_city", "location_country", "tag1", "tag2"])
def test_no_place_and_no_tag_is_kept(name: str) -> None:
    assert "Zoetown" not in threat("zimperium", zimperium_threat(**{name: "Zoetown"})).model_dump_json()
    network = zimperium_threat(networkInfo={"name": "Zoetown"})
    assert "Zoetown" not in threat("zimperium", network).model_dump_json()


def test_a_device_that_is_gone_is_so_whatever_its_last_contact_and_no_guess_makes_it_well() -> None:
    [gone] = records("zimperium", zimperium_device(deleted=True, lastSeen="soon"))
    assert isinstance(gone, ThreatRecord)
    assert (gone.threat_key, gone.status) == ("agent_inactive", "open")
    [unread] = records("zimperium", zimperium_clean_device(deleted="perhaps"))
    assert isinstance(unread, UnreadableRecord)
    assert unread.reason == "deleted is neither yes nor no"


def test_a_word_for_the_agent_that_no_table_knows_is_logged() -> None:
    [identity] = records("zimperium", zimperium_device(appStatus="of a later console"))
    assert isinstance(identity, DeviceIdentityRecord)
    assert unknown_words(identity) == [("status", "of a later console")]


def test_lists_that_stand_in_a_text_are_read() -> None:
    empty = {"criticalThreats": "[]", "riskyThreats": []}
    assert state("zimperium", zimperium_clean_device(threatState=empty)).clears is Clears.ALL
    row = zimperium_search(state=3, mitigationEvents='[{"timestamp": 1770000030000}]')
    assert threat("zimperium", row).status == "resolved"


def test_the_name_of_an_exported_threat_stays_in_what_is_kept() -> None:
    kept = redacted(
        {"threat": {"display_name": "Device Rooted"}, "display_name": "Ada"}, needed=ADAPTER.needed
    )
    assert kept == {"threat": {"display_name": "Device Rooted"}, "display_name": "[redacted]"}


def test_an_event_of_an_older_console_says_what_was_found_where() -> None:
    mitigated = zimperium_legacy(mitigatedDate="2026-02-02 02:30:00 +0000", osVersion="18.3")
    assert said(threat("zimperium", mitigated)) == {
        "report_id": "event-7:PENDING:2026-02-02 02:30:00 +0000",
        "partner_device_id": "agent-7",
        "mdm_device_id": "mdm-7",
        "platform": Platform.IOS,
        "os_version": "18.3",
        "detected_at": datetime(2026, 2, 2, 2, 0, tzinfo=UTC),
        "threat_key": "event-7",
        "category": "device",
        "threat_type": "screen_lock_off",
        "threat_name": "host.pin",
        "severity_raw": "IMPORTANT",
        "severity": Level.MEDIUM,
        "status": Status.RESOLVED,
        "resolved_at": datetime(2026, 2, 2, 2, 30, tzinfo=UTC),
    }


def test_an_open_event_of_an_older_console_is_known_by_the_devices_time() -> None:
    assert threat("zimperium", zimperium_legacy()).report_id == "event-7:PENDING:2026-02-02 02:00:00 +0000"


def test_a_simulated_event_of_an_older_console_is_a_simulation() -> None:
    record = threat("zimperium", zimperium_legacy(simulated=True))
    assert (record.reason, record.severity) == ("simulated", Level.SECURED)


@pytest.mark.parametrize(
    ("word", "level"), [("CRITICAL", Level.HIGH), ("LOW", Level.LOW), (None, Level.MEDIUM)]
)
def test_an_older_console_grades_its_events(word: str | None, level: Level) -> None:
    assert threat("zimperium", zimperium_legacy(severity=word)).severity is level


def hold(facts: ThreatFacts, expected: JsonObject) -> None:
    """Hold that `facts` say so, of each field that is `expected`."""
    assert {name: getattr(facts, name) for name in expected} == expected


LATER = "02 03 2026 02:40:00 UTC"
"""Month, day, year."""


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, {"threat_name": "Device Jailbroken/Rooted", "severity_raw": "CRITICAL", "simulated": False}),
        ({"threat__display_name": None}, {"threat_name": "DEVICE_ROOTED"}),
        ({"forensics__severity": None}, {"severity_raw": "3"}),
        ({"simulated": True}, {"simulated": True}),
        ({"threat__simulated": True}, {"simulated": True}),
        ({"forensics__simulated": True}, {"simulated": True}),
        ({"threat__general": {"malware_family": "Triada"}}, {"malware_family": "Triada"}),
        ({"device_info__device_id": None, "device_info__zdid": "zdid-6"}, {"partner_device_id": "zdid-6"}),
        ({"device_info__device_id": None}, {"partner_device_id": "zdid-5"}),
        ({"device_info__os": None}, {"platform": None}),
        (
            {"threat__name": None, "threat__general": {"threat_type": "ROOTED"}},
            {"names": ("ROOTED", "Device Jailbroken/Rooted")},
        ),
        ({"threat__name": "SIDELOADED"}, {"names": ("SIDELOADED", "Device Jailbroken/Rooted")}),
        (
            {"forensics__attack_time": None, "device_info__device_time": LATER},
            {"detected_at": datetime(2026, 2, 3, 2, 40, tzinfo=UTC)},
        ),
        (
            {"forensics__attack_time": None, "device_info__device_time": None, "eventtimestamp": LATER},
            {"detected_at": datetime(2026, 2, 3, 2, 40, tzinfo=UTC)},
        ),
        (
            {
                "forensics__attack_time": None,
                "device_info__device_time": None,
                "eventtimestamp": None,
                "threat__general": {"device_time": LATER},
            },
            {"detected_at": datetime(2026, 2, 3, 2, 40, tzinfo=UTC)},
        ),
        (
            {"mitigated": True, "device_info__device_time": LATER},
            {"resolved_at": datetime(2026, 2, 3, 2, 40, tzinfo=UTC), "status_raw": "MITIGATED"},
        ),
        ({"forensics__threat_uuid": "threat-6", "threat__threat_uuid": None}, {"threat_key": "threat-6"}),
    ],
)
def test_each_field_of_an_export_is_read_and_what_stands_in_for_it(
    changed: JsonObject, expected: JsonObject
) -> None:
    hold(exported(zimperium_export(**changed)), expected)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (
            {
                "threatTypeId": 39,
                "device": {"id": "agent-9", "mdmDeviceId": "mdm-9", "os": {"name": "ANDROID"}},
            },
            {
                "threat_key": "threat-9",
                "partner_device_id": "agent-9",
                "mdm_device_id": "mdm-9",
                "platform": Platform.ANDROID,
                "os_version": None,
                "names": ("UNKNOWN SOURCES ON",),
                "number": "39",
                "threat_name": "UNKNOWN SOURCES ON",
                "vector": "Device",
                "severity_word": "2",
                "severity_raw": "2",
                "status": Status.OPEN,
                "status_raw": "1",
                "simulated": False,
            },
        ),
        ({"lastModified": 1770000000001}, {"report_id": "threat-9:1:1770000000001"}),
        (
            {"state": 3, "lastModified": None, "timestamp": 1770000000000},
            {"report_id": "threat-9:3:1770000000000"},
        ),
        ({"severityName": "Critical"}, {"severity_word": "CRITICAL", "severity_raw": "Critical"}),
        ({"device": None, "deviceId": "agent-8"}, {"partner_device_id": "agent-8", "platform": None}),
        ({"os": "ANDROID"}, {"platform": Platform.ANDROID, "os_version": "18.1"}),
        ({"simulated": True}, {"simulated": True}),
        (
            {"timestamp": None, "timestampInfo": {"timestamp": 1770000000000}},
            {"detected_at": datetime(2026, 2, 2, 2, 40, tzinfo=UTC)},
        ),
    ],
)
def test_each_field_of_a_search_row_is_read_and_what_stands_in_for_it(
    changed: JsonObject, expected: JsonObject
) -> None:
    hold(searched(zimperium_search(**changed)), expected)


@pytest.mark.parametrize(
    ("changed", "of_threat", "expected"),
    [
        (
            {"mdm_device_id": "mdm-1", "device_os": "ios"},
            {"threat_type_id": 39},
            {
                "report_id": "threat-1:PENDING:2026-02-02T02:00:00Z",
                "threat_key": "threat-1",
                "partner_device_id": "agent-1",
                "mdm_device_id": "mdm-1",
                "platform": Platform.IOS,
                "names": ("Device Jailbroken/Rooted",),
                "number": "39",
                "threat_name": "Device Jailbroken/Rooted",
                "severity_word": "CRITICAL",
                "severity_raw": "CRITICAL",
                "status": Status.OPEN,
                "status_raw": "Pending",
                "detected_at": datetime(2026, 2, 2, 2, tzinfo=UTC),
                "resolved_at": None,
                "simulated": False,
            },
        ),
        ({}, {"timestamp": None}, {"detected_at": datetime(2026, 2, 2, 3, 0, 0, 123456, tzinfo=UTC)}),
        (
            {},
            {"threat_status": "Marked Fixed"},
            {
                "detected_at": None,
                "resolved_at": datetime(2026, 2, 2, 2, tzinfo=UTC),
                "status": Status.RESOLVED,
            },
        ),
        ({"simulated": True}, {}, {"simulated": True}),
        ({}, {"simulated": True}, {"simulated": True}),
    ],
)
def test_each_field_of_an_incident_is_read_and_what_stands_in_for_it(
    changed: JsonObject, of_threat: JsonObject, expected: JsonObject
) -> None:
    incident = zimperium_incident(**changed)
    threats = incident["related_threats"]
    assert isinstance(threats, list)
    first = threats[0]
    assert isinstance(first, dict)
    hold(_of_incident(incident, {**first, **of_threat}), expected)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"threat_type_id": 39}, {"number": "39"}),
        ({"simulated": True}, {"simulated": True}),
        ({"device_id": None, "zdevice_id": "zdevice-1"}, {"partner_device_id": "zdevice-1"}),
        (
            {"threat_name": "DEVICE_ROOTED", "threat_display_name": "Device Rooted"},
            {"names": ("DEVICE_ROOTED", "Device Rooted"), "threat_name": "Device Rooted"},
        ),
        ({"threat_name": "DEVICE_ROOTED", "threat_display_name": None}, {"threat_name": "DEVICE_ROOTED"}),
    ],
)
def test_each_field_of_a_push_is_read_and_what_stands_in_for_it(
    changed: JsonObject, expected: JsonObject
) -> None:
    hold(pushed(zimperium_threat(**changed)), expected)


THREAT_5 = {"threat": {"threat_uuid": "threat-5"}}


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        ({"device_info": {}, **THREAT_5}, True),
        ({"device_info": {}, "forensics": {}}, True),
        ({"device_info": {}, "event_id": "e1"}, False),
        ({**THREAT_5, "mitigated": False}, True),
        ({**THREAT_5, "severity": 3}, False),
        ({"forensics": {"threat_uuid": "threat-5"}}, True),
        ({"forensics": {"zdid": "zdid-5"}}, True),
        ({"event_id": "e1", "mitigated": True}, False),
    ],
)
def test_what_an_event_of_the_rest_export_is_known_by(content: JsonObject, is_one: bool) -> None:
    assert is_exported(content) is is_one
