"""Zimperium's push, incidents, search pages and legacy events."""

import json
from datetime import UTC, datetime

import pytest

from ingest_threat.body import JsonObject
from ingest_threat.partners import parse, unknown_words
from shared.domain.level import Level
from shared.domain.record import IgnoredRecord, Platform, Status, ThreatRecord, UnreadableRecord
from tests.ingest_threat.partners.messages_zimperium import (
    zimperium_incident,
    zimperium_legacy,
    zimperium_search,
    zimperium_threat,
)
from tests.ingest_threat.partners.reading import RECEIVED_AT, records, threat

AT = datetime(2026, 2, 2, 2, 40, tzinfo=UTC)


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


@pytest.mark.parametrize("status", ["In Review", None, ""])
def test_an_undocumented_status_neither_opens_nor_resolves(status: str | None) -> None:
    assert threat("zimperium", zimperium_threat(threat_status=status)).status is Status.UNKNOWN


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
    bad = {"threat_id": "threat-3", "threat_name": "Rooted", "timestamp": "soon"}
    content = zimperium_incident(related_threats=[related[0], 7, bad])
    found, first, second = records("zimperium", content)
    assert isinstance(found, ThreatRecord)
    assert isinstance(first, UnreadableRecord)
    assert isinstance(second, UnreadableRecord)
    assert first.reason == "related_threats.1: not an object"
    assert second.reason == "related_threats.2: timestamp is not a time from 2000 to 2099"
    assert first.sha256 != second.sha256
    assert isinstance(second.raw, dict)
    assert second.raw["related_threats"] == [bad]


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
