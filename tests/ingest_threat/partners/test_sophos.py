"""Sophos's events, alerts and devices."""

import json
from datetime import UTC, datetime

import pytest

from ingest_threat.body import JsonObject
from ingest_threat.partners import parse, unknown_words
from shared.domain.level import Level
from shared.domain.record import Clears, IgnoredRecord, Platform, Status, ThreatRecord, UnreadableRecord
from tests.ingest_threat.partners import reading
from tests.ingest_threat.partners.endings import open_threats
from tests.ingest_threat.partners.messages_sophos import (
    sophos_alert,
    sophos_device,
    sophos_event,
    sophos_relabelled,
    sophos_violation,
)
from tests.ingest_threat.partners.reading import RECEIVED_AT, records

AT = datetime(2026, 2, 1, 7, 0, 0, 250000, tzinfo=UTC)


def threat(content: JsonObject) -> ThreatRecord:
    return reading.threat("sophos", content)


def ignored(content: JsonObject) -> bool:
    [record] = records("sophos", content)
    return isinstance(record, IgnoredRecord)


def test_a_detection_is_open() -> None:
    record = threat(sophos_event())
    assert (record.report_id, record.partner_device_id) == ("event-1", "agent-1")
    assert record.threat_key == "agent-1:andr/torch-b"
    assert (record.status, record.detected_at, record.resolved_at) == (Status.OPEN, AT, None)
    assert (record.category, record.threat_type, record.severity) == ("app", "malware", Level.HIGH)
    assert (record.platform, record.mdm_device_id, record.vendor_category) == (None, None, "MALWARE")


@pytest.mark.parametrize("kind", ["Threat::CleanedUp", "Threat::Dismissed", "Threat::HIPSDismissed"])
def test_a_clean_up_lands_on_its_detection_by_what_was_found(kind: str) -> None:
    gone = threat(sophos_event(kind, id="event-9", name="Malware cleaned up: 'ANDR/Torch-B' at '/data'"))
    assert gone.threat_key == threat(sophos_event()).threat_key
    assert (gone.status, gone.detected_at, gone.resolved_at) == (Status.RESOLVED, None, AT)
    other = threat(sophos_event(kind, name="Malware cleaned up: 'Andr/Lamp-C' at '/data'"))
    assert other.threat_key != gone.threat_key


def test_a_failed_clean_up_leaves_the_threat_open() -> None:
    record = threat(sophos_event("Threat::CleanupFailed"))
    assert (record.status, record.threat_key) == (Status.OPEN, "agent-1:andr/torch-b")


def test_the_vendors_script_renames_fields_and_nothing_else() -> None:
    one = threat(sophos_relabelled()).model_dump(exclude={"raw", "threat_name"})
    assert one == threat(sophos_event()).model_dump(exclude={"raw", "threat_name"})
    gone = threat(sophos_relabelled("Threat::CleanedUp"))
    assert (gone.status, gone.threat_key) == (Status.RESOLVED, "agent-1:andr/torch-b")


@pytest.mark.parametrize(
    ("found", "kind", "threat_type"),
    [
        ("Andr/Spy-A", "Threat::Detected", "spyware"),
        ("Troj/Lamp-A", "Threat::Detected", "trojan"),
        ("Andr/Root-A", "Threat::Detected", "malware"),
        ("Torch Toolbar", "Threat::PuaDetected", "potentially_unwanted_app"),
    ],
)
def test_what_was_found_gives_the_type(found: str, kind: str, threat_type: str) -> None:
    record = threat(sophos_event(kind, name=f"Malware detected: '{found}' at 'com.example.spyware'"))
    assert (record.threat_type, record.category) == (threat_type, "app")


@pytest.mark.parametrize("kind", ["server", "computer", "Computer", "unknown"])
def test_what_is_no_mobile_device_is_ignored(kind: str) -> None:
    assert ignored(sophos_event(endpoint_type=kind))
    assert not ignored(sophos_event(endpoint_type="MOBILE"))


def test_without_an_endpoint_type_only_a_mobile_event_is_mobile() -> None:
    assert ignored(sophos_event(endpoint_type=None))
    assert threat(sophos_violation(endpoint_type=None)).status is Status.OPEN


def test_a_device_that_complies_is_clear_of_what_broke_the_rules() -> None:
    state = reading.state("sophos", sophos_event("Mobile::NowCompliant", severity="low"))
    assert (state.severity, state.clears, state.detected_at) == (Level.SECURED, Clears.COMPLIANCE, AT)
    assert (state.report_id, state.partner_device_id) == ("event-1", "agent-1")


def test_what_broke_a_rule_is_marked_for_the_snapshot_that_clears_it() -> None:
    assert threat(sophos_violation()).vendor_category == "compliance"
    assert threat(sophos_event()).vendor_category != "compliance"


@pytest.mark.parametrize(
    ("suffix", "says", "threat_type", "category"),
    [
        ("::GENERAL_BLACKLISTED_APPS", "App Root Spy", "denylisted_app", "app"),
        ("::GENERAL_WHITELISTED_APPS", "", "denylisted_app", "app"),
        ("::GENERAL_MANDATORY_APPS\n", "", "non_compliant_app", "app"),
        ("::UNKNOWN", "Root access allowed", "jailbreak_root", "device"),
        ("::0", "Allow jailbreak", "jailbreak_root", "device"),
        ("", "ADB allowed", "usb_debugging", "device"),
        ("", "Malware apps allowed", "malware", "app"),
        ("", "Suspicious apps allowed", "suspicious_app", "app"),
        ("", "PUAs allowed", "potentially_unwanted_app", "app"),
        ("", "Encryption required", "encryption_off", "device"),
        ("", "Screen lock required", "screen_lock_off", "device"),
        ("", "Minimum OS version", "vulnerable_os", "device"),
        ("", "Maximum OS version", "unknown", "device"),
        ("", "Third-party profiles allowed", "malicious_profile", "device"),
        ("", "Installation of apps from unknown sources allowed", "unknown_sources", "device"),
        ("", "Intercept X permissions can be denied", "protection_disabled", "device"),
        ("", "Web Filtering turned on", "protection_disabled", "device"),
        ("", "Maximum synchronization interval", "agent_inactive", "device"),
        ("", "Maximum scan interval", "agent_inactive", "device"),
        ("::NOVELTY", "Novelty", "unknown", "device"),
        ("", "", "unknown", "device"),
    ],
)
def test_the_suffix_or_the_rule_named_gives_the_type(
    suffix: str, says: str, threat_type: str, category: str
) -> None:
    record = threat(sophos_violation(suffix, says))
    assert (record.threat_type, record.category, record.severity) == (threat_type, category, Level.MEDIUM)


def test_every_reason_is_a_threat_of_its_own() -> None:
    keys = {
        threat(sophos_violation(suffix, says)).threat_key
        for suffix, says in (
            ("::GENERAL_BLACKLISTED_APPS", "One."),
            ("::GENERAL_BLACKLISTED_APPS", "Two."),
            ("::UNKNOWN", "Encryption required."),
            ("", "Encryption required."),
            ("", "Screen lock required."),
        )
    }
    assert keys == {
        "agent-1:non_compliant:general_blacklisted_apps",
        "agent-1:non_compliant:encryption required.",
        "agent-1:non_compliant:screen lock required.",
    }


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("none", "secured"),
        ("low", "low"),
        ("MEDIUM", "medium"),
        ("very_high", "high"),
        ("critical", "high"),
        ("dire", "high"),
        (None, "high"),
    ],
)
def test_severity_words(word: str | None, level: str) -> None:
    assert threat(sophos_event(severity=word)).severity == level


@pytest.mark.parametrize(
    ("kind", "name", "status", "threat_type"),
    [
        ("WebFilteringBlocked", "Access to 'bad.example'", Status.RESOLVED, "malicious_site"),
        ("WebControlViolation", "'toys.example' blocked", Status.RESOLVED, "unwanted_content"),
        ("WebControlViolation", "'toys.example' after a warning", Status.OPEN, "unwanted_content"),
    ],
)
def test_a_blocked_page_is_over_at_once(kind: str, name: str, status: Status, threat_type: str) -> None:
    record = threat(sophos_event(kind, name=name))
    assert (record.status, record.threat_type, record.category) == (status, threat_type, "network")
    assert record.detected_at == AT
    assert record.resolved_at == (AT if status is Status.RESOLVED else None)


@pytest.mark.parametrize(
    "kind",
    [
        *("Added", "Enrolled", "EnrolledNewApp", "Unenrolled", "UnenrolledByUser", "EasDataMissing"),
        *("PlaceholderMissing", "Action::Succeeded", "Action::Failed"),
    ],
)
def test_the_life_of_a_device_is_no_threat(kind: str) -> None:
    assert ignored(sophos_event(f"Mobile::{kind}", severity="medium"))


def test_an_unknown_type_is_kept_where_it_is_medium_or_more() -> None:
    record = threat(sophos_event("Mobile::NetworkNovelty", severity="medium", group="MOBILES"))
    assert (record.threat_type, record.category, record.status) == ("unknown", "device", Status.OPEN)
    assert record.severity is Level.MEDIUM
    assert threat(sophos_event("Novelty", severity="dire")).category == "app"
    assert ignored(sophos_event("Mobile::NetworkNovelty", severity="low"))
    assert threat(sophos_event("Mobile::NetworkNovelty", severity=None)).severity is Level.MEDIUM


def test_an_alert_of_a_detection_is_the_same_threat() -> None:
    record = threat(sophos_alert())
    assert record.threat_key == threat(sophos_event()).threat_key
    assert (record.severity, record.partner_device_id) == (Level.HIGH, "agent-1")
    data = {"endpoint_id": "agent-1", "endpoint_type": "mobile"}
    assert threat(sophos_alert(managedAgent=None, data=data)).threat_key == record.threat_key


def test_an_alert_that_is_no_threat_of_a_device_is_ignored() -> None:
    assert ignored(sophos_alert(type="Event::Mobile::ApnsCertificateExpired"))
    assert ignored(sophos_alert(managedAgent={"id": "agent-1", "type": "computer"}))
    assert ignored(sophos_alert(managedAgent={}, product="endpoint"))


@pytest.mark.parametrize(
    ("state", "compliant", "level", "clears"),
    [
        ("green", True, "secured", "all"),
        ("GREEN", None, "secured", "all"),
        ("green", False, "secured", "none"),
        ("green", "false", "secured", "none"),
        ("suspicious", True, "medium", "none"),
        ("red", False, "high", "none"),
        ("purple", True, "high", "none"),
        ("unknown", True, "secured", "compliance"),
    ],
)
def test_health_gives_the_level_and_what_it_clears(
    state: str, compliant: object, level: str, clears: str
) -> None:
    fields = {"healthState": {"state": state}, "compliance": {"compliant": compliant}}
    record = reading.state("sophos", sophos_device(**fields))
    assert (record.severity, record.clears) == (level, clears)


def test_a_page_opened_after_a_warning_ends_with_a_later_green_device() -> None:
    opened = sophos_event("WebControlViolation", name="'toys.example' after a warning")
    not_compliant = sophos_device(compliance={"compliant": False})
    assert open_threats("sophos", opened, sophos_event("Mobile::NowCompliant"), not_compliant)
    assert not open_threats("sophos", opened, sophos_device())


def test_a_device_is_read() -> None:
    record = reading.state("sophos", sophos_device())
    assert record.report_id == "agent-1:2026-02-01T09:00:00.000Z:green"
    assert (record.platform, record.os_version) == (Platform.IOS, "18.3")
    assert record.detected_at == datetime(2026, 2, 1, 9, tzinfo=UTC)
    mac = reading.state("sophos", sophos_device(os={"platform": "macOS", "name": "macOS 15"}))
    assert mac.platform is Platform.OTHER


def test_a_device_without_health_is_ignored() -> None:
    assert ignored(sophos_device(healthState={}, compliance={"compliant": False}))
    assert ignored(sophos_device(healthState={"state": "unknown"}, compliance=None))


def test_a_device_no_longer_managed_is_never_called_well() -> None:
    assert ignored(sophos_device(managedState="notManaged"))
    red = sophos_device(managedState="deleted", healthState={"state": "red"})
    assert reading.state("sophos", red).severity is Level.HIGH


@pytest.mark.parametrize("envelope", ["items", "alerts"])
def test_a_page_is_opened(envelope: str) -> None:
    page = {"has_more": False, envelope: [sophos_event(), sophos_device()]}
    assert parse("sophos", json.dumps(page).encode(), received_at=RECEIVED_AT) == records(
        "sophos", sophos_event(), sophos_device()
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (sophos_event(endpoint_id=None), "no device"),
        (sophos_event(id="null"), "no id"),
        (sophos_device(os="android"), "os is not an object"),
        (sophos_event(type="Alert::Novelty"), "not this partner's format"),
        (sophos_event(type=7), "not this partner's format"),
    ],
)
def test_an_item_without_sense_is_set_aside_alone(content: JsonObject, reason: str) -> None:
    bad, good = records("sophos", content, sophos_event())
    assert isinstance(bad, UnreadableRecord)
    assert bad.reason == reason
    assert isinstance(good, ThreatRecord)


def test_the_type_that_no_table_knows_is_logged_not_the_text_which_may_name_a_person() -> None:
    record = threat(sophos_event("Mobile::Novelty", severity="high", name="Anna's phone has something new"))
    assert unknown_words(record) == [("type", "Event::Endpoint::Mobile::Novelty")]
