"""Lookout's events, v2 and v1."""

import json
from datetime import UTC, datetime

import pytest

from ingest_threat.partners import parse, unknown_words
from shared.domain.level import Level
from shared.domain.record import (
    Category,
    Clears,
    DeviceIdentityRecord,
    DeviceStateRecord,
    IgnoredRecord,
    Platform,
    Status,
    ThreatRecord,
    UnreadableRecord,
)
from tests.ingest_threat.partners.endings import open_threats
from tests.ingest_threat.partners.messages_lookout import lookout_device, lookout_smishing, lookout_threat
from tests.ingest_threat.partners.reading import RECEIVED_AT, records, state, threat

AT = datetime(2026, 2, 1, 7, 0, 0, 250000, tzinfo=UTC)


def test_a_created_threat_is_open_from_then_on() -> None:
    record = threat("lookout", lookout_threat())
    assert (record.report_id, record.threat_key, record.partner_device_id) == (
        "event-1",
        "threat-1",
        "agent-1",
    )
    assert (record.status, record.detected_at, record.resolved_at) == (Status.OPEN, AT, None)
    assert (record.category, record.threat_type, record.severity) == (Category.APP, "riskware", Level.LOW)
    assert (record.vendor_category, record.threat_name, record.platform) == ("APPLICATION", "Torch", None)


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("HIGH", "high"),
        ("MEDIUM", "medium"),
        ("ADVISORY", "secured"),
        ("NONE", "secured"),
        ("Hi\ngh?", "high"),
        ("SEVERE", "high"),
        (None, "low"),
        ("", "low"),
    ],
)
def test_a_severity_that_is_unknown_is_high_and_a_missing_one_the_types_own(
    word: str | None, level: str
) -> None:
    assert threat("lookout", lookout_threat(severity=word)).severity == level


def test_a_resolution_does_not_repeat_when_it_was_detected() -> None:
    record = threat("lookout", {**lookout_threat(status="RESOLVED"), "change_type": "UPDATED"})
    assert (record.status, record.detected_at, record.resolved_at) == (Status.RESOLVED, None, AT)


def test_a_threat_may_be_created_resolved() -> None:
    record = threat("lookout", lookout_threat(status="RESOLVED", type="WEB_CONTENT"))
    assert (record.detected_at, record.resolved_at) == (AT, AT)


def test_an_admin_who_ignores_a_threat_resolves_it() -> None:
    record = threat("lookout", lookout_threat(status="IGNORED"))
    assert (record.status, record.reason) == (Status.RESOLVED, "ignored")
    assert threat("lookout", lookout_threat()).reason is None


def test_an_undocumented_status_neither_opens_nor_resolves() -> None:
    assert threat("lookout", lookout_threat(status="PONDERING")).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("family", "classification", "threat_type", "category"),
    [
        ("APPLICATION", "TROJAN", "trojan", "app"),
        ("FILE", "VULNERABILITY", "vulnerable_app", "app"),
        ("APPLICATION", "UNKNOWN", "suspicious_app", "app"),
        ("NETWORK", "UNKNOWN", "unknown", "network"),
        ("OS", "ROOTED_DEVICE", "jailbreak_root", "device"),
        ("NETWORK", "ROGUE_ACCESS_POINT", "rogue_wifi", "network"),
        ("CONFIGURATION", "NO_SCREEN_LOCK", "screen_lock_off", "device"),
        ("CONFIGURATION", "PCP_PAUSED", "protection_disabled", "device"),
        ("CONFIGURATION", "DEVICE_UNLOCKED", "screen_lock_off", "device"),
        ("OS", "NONENCRYPTED", "encryption_off", "device"),
        ("NETWORK", "SUSPICIOUS_NETWORK", "unknown", "network"),
        ("WEB_CONTENT", "BLOCKED_SOMETHING", "unknown", "network"),
        ("MALWARE", "SMISHING_SOMETHING", "malware", "app"),
        ("SOMETHING", "ELSE", "unknown", "device"),
    ],
)
def test_a_classification_gives_the_type(
    family: str, classification: str, threat_type: str, category: str
) -> None:
    record = threat("lookout", lookout_threat(type=family, classifications=[classification]))
    assert (record.threat_type, record.category) == (threat_type, category)


def test_the_first_known_classification_wins() -> None:
    record = threat("lookout", lookout_threat(classifications=["NEW_THING", "SPY", "ADWARE"]))
    assert record.threat_type == "spyware"


@pytest.mark.parametrize(
    ("reason", "threat_type"), [("PHISHING", "phishing"), ("MALICIOUS", "malicious_site")]
)
def test_web_content_may_be_phishing(reason: str, threat_type: str) -> None:
    web = {"type": "WEB_CONTENT", "classifications": ["MALICIOUS_CONTENT"], "details": {"reason": reason}}
    assert threat("lookout", lookout_threat(**web)).threat_type == threat_type


@pytest.mark.parametrize("actor", [{"type": "SYSTEM"}, {"type": "ADMIN", "guid": "person-1"}, {}])
def test_only_what_calls_itself_a_device_is_one(actor: dict[str, str]) -> None:
    [record] = records("lookout", {**lookout_threat(), "actor": actor})
    assert isinstance(record, UnreadableRecord)
    assert record.reason == "no device"


def test_an_admins_event_with_a_device_block_names_its_device() -> None:
    content = {
        **lookout_threat(),
        "actor": {"type": "ADMIN"},
        "device": {"guid": "agent-5", "platform": "IOS"},
    }
    record = threat("lookout", content)
    assert (record.partner_device_id, record.platform) == ("agent-5", Platform.IOS)


def test_a_secure_device_clears_all_its_threats() -> None:
    record = state("lookout", lookout_device())
    assert (record.severity, record.clears) == (Level.SECURED, Clears.ALL)
    assert (record.mdm_device_id, record.platform, record.os_version) == ("mdm-1", Platform.ANDROID, "15")


@pytest.mark.parametrize(
    ("status", "level"),
    [("THREATS_LOW", "low"), ("THREATS_MEDIUM", "medium"), ("THREAT_HIGH", "high"), ("ODD", "high")],
)
def test_a_device_at_risk_clears_nothing(status: str, level: str) -> None:
    record = state("lookout", lookout_device(security_status=status))
    assert (record.severity, record.clears) == (level, Clears.NONE)


def test_an_inactive_agents_word_clears_nothing() -> None:
    [record] = records("lookout", lookout_device(activation_status="DEACTIVATED"))
    assert isinstance(record, DeviceIdentityRecord)


@pytest.mark.parametrize("protection", ["PROTECTED", None])
def test_a_protected_device_has_no_inactive_agent(protection: str | None) -> None:
    content = lookout_device(protection_status=protection, security_status="THREATS_LOW")
    assert state("lookout", content).closed_keys == ("agent_inactive",)


@pytest.mark.parametrize("protection", ["DISCONNECTED", "ODD"])
def test_a_device_that_is_not_protected_is_not_clear_and_its_agent_is_inactive(protection: str) -> None:
    of_device, of_agent = records("lookout", lookout_device(protection_status=protection))
    assert isinstance(of_device, DeviceStateRecord)
    assert (of_device.severity, of_device.clears, of_device.closed_keys) == (Level.SECURED, "none", ())
    assert isinstance(of_agent, ThreatRecord)
    assert (of_agent.threat_type, of_agent.category, of_agent.severity) == (
        "agent_inactive",
        "device",
        "medium",
    )
    assert (of_agent.status, of_agent.threat_key) == (Status.OPEN, "agent_inactive")
    assert of_agent.detected_at == of_device.detected_at
    assert of_agent.report_id != of_device.report_id


def test_a_device_event_without_a_status_is_its_identity() -> None:
    [record] = records("lookout", lookout_device(security_status=None))
    assert isinstance(record, DeviceIdentityRecord)
    assert record.mdm_device_id == "mdm-1"


def test_a_device_event_gives_the_platform_of_threats_in_the_same_message() -> None:
    read = records("lookout", lookout_threat(), lookout_device())
    assert isinstance(read[0], ThreatRecord)
    assert read[0].platform is Platform.ANDROID


@pytest.mark.parametrize("change", [{"type": "AUDIT"}, {"change_type": "PURGED"}])
def test_audits_and_purges_are_no_business_of_ours(change: dict[str, str]) -> None:
    [record] = records("lookout", {**lookout_threat(), **change})
    assert isinstance(record, IgnoredRecord)


def test_an_unknown_event_type_is_set_aside() -> None:
    [record] = records("lookout", {**lookout_threat(), "type": "NOVELTY"})
    assert isinstance(record, UnreadableRecord)


def test_a_smishing_alert_is_phishing_of_default_severity() -> None:
    record = threat("lookout", lookout_smishing())
    assert (record.threat_type, record.severity, record.status) == ("phishing", Level.MEDIUM, Status.OPEN)
    assert (record.threat_key, record.detected_at) == ("alert-1", AT)


def test_a_smishing_alert_without_an_id_of_its_own_is_known_by_its_events() -> None:
    record = threat("lookout", lookout_smishing(guid=None, severity="HIGH", detections="URL_DETECTION"))
    assert (record.threat_key, record.severity) == ("event-3", Level.HIGH)


def test_a_smishing_alert_ends_with_a_later_device_event_that_says_secure() -> None:
    assert open_threats("lookout", lookout_smishing(), lookout_device(security_status="THREATS_LOW"))
    assert not open_threats("lookout", lookout_smishing(), lookout_device())


def test_a_flat_event_has_words_where_blocks_stand_in_others() -> None:
    record = threat("lookout", lookout_threat(details="none", classifications="TROJAN", file_name="a.apk"))
    assert (record.threat_type, record.threat_name) == ("trojan", "a.apk")
    device = {"guid": "agent-1", "status": "ACTIVE", "details": "none", "security_status": "THREATS_LOW"}
    found = state("lookout", {**lookout_device(), "device": device})
    assert (found.severity, found.mdm_device_id) == (Level.LOW, None)


def test_v1_events_are_read() -> None:
    target = {"type": "DEVICE", "id": "agent-3", "externalId": "mdm-3", "platform": "IOS"}
    common = {"eventTime": "2026-02-01T07:00:00Z", "target": target}
    details = {"type": "APPLICATION", "id": "t-3", "severity": "HIGH", "classifications": ["ADWARE"]}
    found, gone, device = records(
        "lookout",
        {**common, "id": "31", "type": "THREAT", "details": {**details, "action": "DETECTED"}},
        {**common, "id": "32", "type": "THREAT", "details": {**details, "action": "IGNORED"}},
        {**common, "id": 33, "type": "DEVICE", "details": {"securityStatus": "SECURE"}},
    )
    assert isinstance(found, ThreatRecord)
    assert isinstance(gone, ThreatRecord)
    assert (found.status, found.mdm_device_id, found.platform) == (Status.OPEN, "mdm-3", Platform.IOS)
    assert (gone.status, gone.reason, gone.threat_key) == (Status.RESOLVED, "ignored", "t-3")
    assert device.model_dump()["report_id"] == "33"
    assert device.model_dump()["clears"] == "all"


def test_the_frames_of_the_event_stream_are_taken_as_they_come() -> None:
    frame = f": hello\nevent: events\nid: 4\ndata: {json.dumps({'events': [lookout_threat()]})}\n\n"
    read = parse("lookout", (frame + frame).encode(), received_at=RECEIVED_AT)
    kinds = [(record.record, record.index) for record in read]
    assert kinds == [("ignored", 0), ("threat", 1), ("ignored", 2), ("threat", 3)]


def test_a_classification_that_no_table_knows_is_logged_not_the_apps_name() -> None:
    record = threat("lookout", lookout_threat(classifications=["NOVELTY", "ODDITY"]))
    assert (record.threat_type, record.threat_name) == ("unknown", "Torch")
    assert unknown_words(record) == [("type", "NOVELTY, ODDITY")]


def test_a_status_that_no_table_knows_is_logged() -> None:
    assert unknown_words(threat("lookout", lookout_threat(status="Snoozed"))) == [("status", "Snoozed")]


@pytest.mark.parametrize(
    ("details", "name"),
    [
        ({"package_name": "org.example.torch", "path": "/data/app"}, "org.example.torch"),
        ({"path": "/system/xbin/su"}, "/system/xbin/su"),
        ({"url": "http://bad.example/"}, "http://bad.example/"),
    ],
)
def test_what_the_details_say_names_the_threat(details: dict[str, str], name: str) -> None:
    assert threat("lookout", lookout_threat(details=details)).threat_name == name
