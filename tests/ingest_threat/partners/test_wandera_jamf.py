"""Jamf's threat events stream."""

from datetime import UTC, datetime

import pytest

from ingest_threat.partners import unknown_words
from shared.domain.level import Level
from shared.domain.record import Platform, Status, UnreadableRecord
from tests.ingest_threat.partners.messages_wandera_jamf import jamf_event
from tests.ingest_threat.partners.reading import loaded, records, threat

AT = datetime(2026, 2, 1, 8, 0, 0, 500000, tzinfo=UTC)


def named(name: str, **fields: object) -> object:
    return jamf_event(eventType={"id": "9", "name": name}, **fields)


def test_a_detection_is_open() -> None:
    record = threat("wandera_jamf", jamf_event())
    assert record.report_id == "alert-1:DETECTED:2026-02-01T08:00:00.500Z"
    assert record.threat_key == "agent-1:SIDE_LOADED_APP_IN_INVENTORY:com.example.torch"
    assert (record.status, record.detected_at, record.resolved_at) == (Status.OPEN, AT, None)
    assert (record.platform, record.os_version, record.severity) == (Platform.IOS, "18.3", Level.MEDIUM)
    assert (record.category, record.threat_type, record.mdm_device_id) == ("app", "sideloaded_app", "mdm-1")


def test_a_resolution_lands_on_the_threat_whatever_its_alert_id() -> None:
    gone = threat("wandera_jamf", jamf_event(action="Resolved", alertId="alert-2"))
    assert gone.threat_key == threat("wandera_jamf", jamf_event()).threat_key
    assert (gone.status, gone.detected_at, gone.resolved_at) == (Status.RESOLVED, None, AT)


def test_a_resolution_without_app_and_destination_finds_its_detection_by_the_alert() -> None:
    seen = threat("wandera_jamf", jamf_event())
    gone = threat("wandera_jamf", jamf_event(action="Resolved", app={}))
    assert gone.threat_key != seen.threat_key
    assert gone.alias == seen.alias == "alert:alert-1"
    assert threat("wandera_jamf", jamf_event(action="Blocked")).alias is None


def test_a_blocked_threat_is_closed_by_its_own_message() -> None:
    record = threat("wandera_jamf", jamf_event(action="Blocked"))
    assert (record.status, record.detected_at, record.resolved_at) == (Status.RESOLVED, AT, AT)
    assert record.reason == "blocked"


def test_an_undocumented_action_neither_opens_nor_resolves() -> None:
    assert threat("wandera_jamf", jamf_event(action="Quarantined")).status is Status.UNKNOWN


def test_two_hosts_are_two_threats() -> None:
    one = threat("wandera_jamf", named("ACCESS_BAD_HOST", app={}, destination={"name": "a.example"}))
    two = threat("wandera_jamf", named("ACCESS_BAD_HOST", app=None, destination={"name": "b.example"}))
    none = threat("wandera_jamf", named("ACCESS_BAD_HOST", app={}))
    assert one.threat_key == "agent-1:ACCESS_BAD_HOST:a.example"
    assert none.threat_key == "agent-1:ACCESS_BAD_HOST:"
    assert one.threat_key != two.threat_key


@pytest.mark.parametrize(
    ("given", "level"),
    [
        (10, "high"),
        (8, "high"),
        ("7", "medium"),
        (5, "medium"),
        (4, "low"),
        (1, "low"),
        (0, "secured"),
        (-1, "high"),
        (11, "high"),
        ("INFO", "secured"),
        ("HIGHEST", "high"),
        ("ODD", "high"),
        (None, "medium"),
    ],
)
def test_severity_numbers_and_words(given: object, level: str) -> None:
    assert threat("wandera_jamf", jamf_event(severity=given)).severity == level


@pytest.mark.parametrize(
    ("name", "threat_type", "category"),
    [
        ("MALICIOUS_APP_IN_INVENTORY", "malware", "app"),
        ("THIRD_PARTY_APP_STORES_IN_INVENTORY", "third_party_store", "app"),
        ("VULNERABLE_APP_IN_INVENTORY", "vulnerable_app", "app"),
        ("OUTDATED_OS_LOW", "vulnerable_os", "device"),
        ("OUTDATED\nOS", "vulnerable_os", "device"),
        ("NETWORK_ACCESS_POINT_RISKY_HOTSPOT", "rogue_wifi", "network"),
        ("SSL_TRUST_COMPROMISE", "untrusted_certificate", "network"),
        ("LEAK_EMAIL", "data_leak", "app"),
        ("LEAK_PHONE_NUMBER", "data_leak", "app"),
        ("SSL_MITM_EXPIRED_CERT", "mitm", "network"),
        ("NETWORK_ACCESS_POINT_SSL_MITM_EXPIRED_CERT", "mitm", "network"),
        ("SSL_DOWNGRADE", "ssl_strip", "network"),
        ("OUTDATED_OS_HIGH", "vulnerable_os", "device"),
        ("NOVEL_APP_IN_INVENTORY", "unknown", "app"),
        ("ACCESS_NOVEL_HOST", "unknown", "network"),
        ("NOVELTY", "unknown", "device"),
    ],
)
def test_an_event_name_gives_the_type(name: str, threat_type: str, category: str) -> None:
    record = threat("wandera_jamf", named(name))
    assert (record.threat_type, record.category) == (threat_type, category)


@pytest.mark.parametrize(
    ("system", "name", "platform", "version"),
    [
        ("UNKNOWN 14.0.0", "Apple iPad (14.0.0)", "ios", "14.0.0"),
        ("", "Android phone (15)", "android", "15"),
        (None, None, None, None),
        ("MAC_OS 13.5.1", "Mac (13.5.1)", "other", "13.5.1"),
        ("ANDROID 15", None, "android", "15"),
    ],
)
def test_the_device_name_is_the_second_source(
    system: str | None, name: str | None, platform: str | None, version: str | None
) -> None:
    record = threat("wandera_jamf", jamf_event(device={"deviceId": "a", "os": system, "deviceName": name}))
    assert (record.platform, record.os_version) == (platform, version)


@pytest.mark.parametrize(
    ("external", "is_udid"),
    [
        ("0a" * 20, True),
        ("00008030-001A2B3C4D5E6F70", True),
        ("5087dc0e-1111-2222-3333-5b543476e0c4", False),
        ("0a" * 19, False),
    ],
)
def test_an_external_id_in_the_shape_of_a_udid_is_one(external: str, is_udid: bool) -> None:
    record = threat("wandera_jamf", jamf_event(device={"deviceId": "a", "externalId": external}))
    assert record.mdm_device_id == external
    assert record.udid == (external if is_udid else None)


@pytest.mark.parametrize(
    "url", ["console.example/event/1", "javascript:alert(1)", "https://a:b@c.example/", 7]
)
def test_only_a_web_address_is_a_link(url: object) -> None:
    assert threat("wandera_jamf", jamf_event(eventUrl=url)).details_url is None
    assert threat("wandera_jamf", jamf_event()).details_url == "https://console.example/event/1"


def test_an_event_without_its_wrapper_is_read() -> None:
    assert threat("wandera_jamf", jamf_event()["event"]).status is Status.OPEN


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"device": {}}, "no device"), ({"alertId": None}, "no alertId"), ({"eventType": {}}, "no name")],
)
def test_an_event_without_what_identifies_it_is_set_aside(fields: dict[str, object], reason: str) -> None:
    [record] = records("wandera_jamf", loaded(jamf_event(**fields)))
    assert isinstance(record, UnreadableRecord)
    assert record.reason == reason


@pytest.mark.parametrize(
    ("severity", "logged"), [(10, False), (0, False), ("6.0", False), ("HIGH", False), (11, True), (-1, True)]
)
def test_a_number_off_the_scale_is_a_word_no_table_knows(severity: object, logged: bool) -> None:
    record = threat("wandera_jamf", jamf_event(severity=severity))
    assert ("severity" in dict(unknown_words(record))) is logged


def test_the_name_of_an_event_that_no_table_knows_is_logged_not_its_description() -> None:
    assert unknown_words(threat("wandera_jamf", named("NOVELTY"))) == [("type", "NOVELTY")]


def test_an_action_that_no_table_knows_is_logged() -> None:
    assert unknown_words(threat("wandera_jamf", jamf_event(action="Allowed"))) == [("status", "Allowed")]
    assert unknown_words(threat("wandera_jamf", jamf_event())) == []
