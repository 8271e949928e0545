"""Symantec's incident lines."""

import json
from datetime import UTC, datetime

import pytest

from ingest_threat.body import JsonObject
from ingest_threat.partners import parse, unknown_words
from shared.domain.level import Level
from shared.domain.record import DeviceIdentityRecord, Platform, Status, ThreatRecord, UnreadableRecord
from shared.errors import UnreadableReport
from tests.ingest_threat.partners.messages_symantec_sep_mobile import symantec_device, symantec_incident
from tests.ingest_threat.partners.reading import RECEIVED_AT, loaded, records, said
from tests.ingest_threat.partners.reading import state as state_of
from tests.ingest_threat.partners.reading import threat as threat_of

AT = datetime(2026, 2, 1, 7, 0, 0, 250000, tzinfo=UTC)


def threat(**fields: object) -> ThreatRecord:
    return threat_of("symantec_sep_mobile", symantec_incident(**fields))


def test_an_incident_is_open() -> None:
    record = threat()
    assert (record.report_id, record.threat_key) == ("7001:INCIDENT_START", "7001")
    assert (record.status, record.detected_at, record.resolved_at) == (Status.OPEN, AT, None)
    assert (record.category, record.threat_type, record.severity) == ("app", "trojan", Level.MEDIUM)
    assert (record.platform, record.os_version) == (Platform.IOS, "18.3")


def test_the_ids_an_mdm_also_knows_are_kept() -> None:
    record = threat()
    assert (record.partner_device_id, record.serial) == ("agent-1", "SERIAL-1")
    assert record.udid == record.mdm_device_id == "00008111-00AA11BB22CC33DD"


@pytest.mark.parametrize(
    "event_type",
    [
        *("end", "incident_end", "Incident Ended", "IncidentClosed", "CLOSED", "resolved", "Remediated"),
        *("remediation", "mitigated", "no longer at risk", "NO_LONGER_DETECTED"),
        *("Remediation completed", "Threat has been mitigated", "Closed by administrator", "auto-resolved"),
        *("Threat is no longer present", "Device no longer compromised", "resolved incident"),
    ],
)
def test_a_closing_word_resolves_the_incident_of_the_same_id(event_type: str) -> None:
    record = threat(event_type=event_type, timestamp="2026-02-01 08:00:00.250 +0100")
    assert record.threat_key == threat().threat_key
    assert (record.status, record.detected_at, record.resolved_at) == (Status.RESOLVED, None, AT)


@pytest.mark.parametrize(
    "event_type",
    [
        *("incident", "pending", "endpoint threat", "EndpointThreat", "unresolved", "disclosed", "sending"),
        *("not resolved", "remediation failed", "resolve_pending", "", None, "unknown", 3),
        *("remediation in progress", "RemediationStarted", "resolution_required", "to be closed"),
    ],
)
def test_any_other_word_leaves_it_open(event_type: object) -> None:
    assert threat(event_type=event_type).status is Status.OPEN


@pytest.mark.parametrize(
    "event_type",
    [
        *("Device no longer compliant", "device is no longer protected", "Device no longer active"),
        *("End user device compromised", "End-of-life OS detected", "Front-end incident", "Ends soon"),
        *("awaiting mitigation", "Mitigation unsuccessful", "Remediation rejected by user"),
        *("Remediation ignored", "Remediation available", "auto-resolve disabled", "never resolved"),
        *("resolve incident", "resolving", "end incident", "Resolved, new threat detected"),
    ],
)
def test_a_closing_word_beside_one_that_may_turn_it_round_leaves_it_open_and_is_logged(
    event_type: str,
) -> None:
    record = threat(event_type=event_type)
    assert (record.status, unknown_words(record)) == (Status.OPEN, [("status", event_type)])
    record = threat(event_type="incident_end", status="never resolved")
    assert (record.status, unknown_words(record)) == (Status.OPEN, [("status", "never resolved")])


def test_the_closing_words_are_a_setting() -> None:
    def status(event_type: str) -> Status:
        body = json.dumps(symantec_incident(event_type=event_type)).encode()
        words = {("symantec_sep_mobile", "closing"): ("all clear", "")}
        [record] = parse("symantec_sep_mobile", body, received_at=RECEIVED_AT, words=words)
        assert isinstance(record, ThreatRecord)
        return record.status

    assert status("All-Clear") is Status.RESOLVED
    assert status("resolved") is Status.OPEN
    assert status("") is Status.OPEN


@pytest.mark.parametrize(
    ("word", "level"),
    [("HIGH", "high"), ("Low", "low"), ("critical", "high"), ("0", "high"), (None, "high")],
)
def test_severity_words(word: str | None, level: str) -> None:
    assert threat(severity=word).severity == level


@pytest.mark.parametrize("word", ["unknown", "N/A", "pending", "not available", None])
def test_an_incident_that_is_not_graded_has_the_grade_of_its_type(word: str | None) -> None:
    record = threat(type="VulnerableOs", sub_type="OS upgrade available", severity=word)
    assert (record.severity, unknown_words(record)) == (Level.MEDIUM, [])


@pytest.mark.parametrize(
    ("event_type", "state", "status"),
    [
        ("incident", "Resolved", Status.RESOLVED),
        ("incident", "open", Status.OPEN),
        ("incident_end", "open", Status.OPEN),
        ("incident", "remediation pending", Status.OPEN),
        ("incident_end", None, Status.RESOLVED),
        ("incident_end", "active", Status.OPEN),
        ("detected", "Resolved", Status.RESOLVED),
    ],
)
def test_an_incidents_state_counts_beside_its_event(
    event_type: str, state: str | None, status: Status
) -> None:
    assert threat(event_type=event_type, status=state).status is status


@pytest.mark.parametrize("event_type", ["frozen", "IncidentFrozen"])
def test_a_word_of_an_event_that_nobody_knows_is_logged(event_type: str) -> None:
    record = threat(event_type=event_type)
    assert (record.status, unknown_words(record)) == (Status.OPEN, [("status", event_type)])
    for known in ("incident", "incident_start", "IncidentUpdated", "resolved", "not resolved"):
        assert unknown_words(threat(event_type=known)) == []


def device_line(**fields: object) -> JsonObject:
    line = {
        "timestamp": "2026-02-01T08:00:00.250+0100",
        "device": symantec_device(mdm_status="managed", **fields),
    }
    return loaded(line)


@pytest.mark.parametrize(
    ("word", "level"),
    [
        *(("compliant", "secured"), ("Secured", "secured"), ("lowSeverity", "low"), ("low", "low")),
        *(("medium", "medium"), ("Compromised", "high"), ("non_compliant", "high"), ("dire", "high")),
    ],
)
def test_a_line_about_a_device_alone_is_its_state_and_clears_nothing(word: str, level: str) -> None:
    record = state_of("symantec_sep_mobile", device_line(health_status=word))
    assert (record.severity, record.clears, record.detected_at) == (level, "none", AT)
    assert (record.partner_device_id, record.serial, record.closed_keys) == (
        "agent-1",
        "SERIAL-1",
        () if word == "dire" else ("agent_inactive",),
    )
    assert "Anna" not in record.model_dump_json()
    assert bool(unknown_words(record)) == (word == "dire")


@pytest.mark.parametrize("word", ["unknown", "pending", "Not available", "none", "activated", "n/a", None])
def test_a_device_without_a_verdict_is_its_identity(word: str | None) -> None:
    [record] = records("symantec_sep_mobile", device_line(health_status=word))
    assert isinstance(record, DeviceIdentityRecord)
    assert record.udid == "00008111-00AA11BB22CC33DD"


@pytest.mark.parametrize("word", ["deactivated", "Unresponsive", "uninstalled"])
def test_an_agent_that_is_gone_is_inactive_and_no_scan(word: str) -> None:
    lost = threat_of("symantec_sep_mobile", device_line(health_status=word))
    assert (lost.threat_key, lost.severity, lost.scanned) == ("agent_inactive", Level.MEDIUM, False)


def test_a_device_in_an_incident_says_nothing_by_itself() -> None:
    record = threat(device=symantec_device(health_status="unknown", mdm_status="unknown"))
    assert record.model_copy(update={"raw": None}) == threat().model_copy(update={"raw": None})


@pytest.mark.parametrize(
    ("family", "sub_type", "threat_type", "category"),
    [
        ("Malware", "Repackaged App", "malware", "app"),
        ("malware", "Suspicious app", "malware", "app"),
        ("Malware", "Ransomware", "ransomware", "app"),
        ("Malware", "Root exploit", "malware", "app"),
        ("UnwantedApp", "Novelty", "potentially_unwanted_app", "app"),
        ("Unwanted\nApp", "Blacklisted App", "denylisted_app", "app"),
        ("DeviceCompromised", "Jailbroken", "jailbreak_root", "device"),
        ("DeviceCompromised", None, "jailbreak_root", "device"),
        ("VulnerableOs", "OS upgrade available", "vulnerable_os", "device"),
        ("Network", "SSL Stripping", "ssl_strip", "network"),
        ("Network", "Suspicious Hotspot", "rogue_wifi", "network"),
        ("Network", "SuspiciousHotspot", "rogue_wifi", "network"),
        ("Network", "Risky Wi-Fi", "rogue_wifi", "network"),
        ("Network", "ManInTheMiddle", "mitm", "network"),
        ("Network", "Suspicious something", "unknown", "network"),
        ("Network", "Malware host", "unknown", "network"),
        ("Novelty", "ARP poisoning", "mitm_arp", "network"),
        (None, "Novelty", "unknown", "device"),
    ],
)
def test_the_sub_type_refines_the_family(
    family: str | None, sub_type: str | None, threat_type: str, category: str
) -> None:
    record = threat(type=family, sub_type=sub_type)
    assert (record.threat_type, record.category) == (threat_type, category)
    assert record.vendor_category == family


@pytest.mark.parametrize(
    ("fields", "platform"),
    [
        ({"os_type": "Android"}, "android"),
        ({"os_type": "Windows"}, "other"),
        ({"os_type": None}, "ios"),
        ({"os_type": "unknown", "model": "FP5", "product_name": "Fairphone 5"}, "android"),
        ({"os_type": None, "product_name": None}, "ios"),
        ({"os_type": None, "model": "A17", "product_name": "iPhone 16"}, "ios"),
        ({"os_type": None, "model": "FP5", "product_name": None}, "android"),
        ({"os_type": None, "model": None, "product_name": "Fairphone 5"}, "android"),
        ({"os_type": None, "model": None, "product_name": ""}, None),
    ],
)
def test_the_model_is_the_second_source_of_the_platform(
    fields: dict[str, object], platform: str | None
) -> None:
    assert threat(device=symantec_device(**fields)).platform == platform


def test_a_flat_device_is_read_alike() -> None:
    flat = {f"device.{name}": value for name, value in symantec_device().items()}
    one = threat(device=None, **flat)
    assert one.model_copy(update={"raw": None}) == threat().model_copy(update={"raw": None})


def test_a_syslog_header_is_cut_off() -> None:
    line = json.dumps(symantec_incident())
    body = f"<13>Feb  1 08:00:00 host sepm: {line}\n{line}\n".encode()
    first, second = parse("symantec_sep_mobile", body, received_at=RECEIVED_AT)
    assert first == threat()
    assert second == threat().model_copy(update={"index": 1})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"device": {}}, "no device"),
        ({"device": "agent-1"}, "no device"),
        ({"device": {"identifier": "unknown"}}, "no device"),
        ({"id": None}, "no id"),
    ],
)
def test_an_incident_without_sense_is_set_aside_alone(fields: dict[str, object], reason: str) -> None:
    bad, good = records("symantec_sep_mobile", symantec_incident(**fields), symantec_incident())
    assert isinstance(bad, UnreadableRecord)
    assert bad.reason == reason
    assert isinstance(good, ThreatRecord)


def test_a_person_is_redacted_where_the_devices_fields_are_written_flat_too() -> None:
    flat = {"device.user.id": 5, "device.user.name": "Anna", "device.name": "Anna's phone"}
    content = {**symantec_incident(), "device": None, "device.identifier": "agent-1", **flat}
    record = threat_of("symantec_sep_mobile", content)
    assert record.partner_device_id == "agent-1"
    assert "Anna" not in str(record.raw)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "Trojan app"),
        ({"sub_type": None}, "com.example.torch"),
        ({"sub_type": None, "package_name": None}, "Malware"),
    ],
)
def test_an_incident_is_named_by_its_sub_type_else_its_package_else_its_type(
    given: dict[str, object], name: str
) -> None:
    assert threat(**given).threat_name == name


@pytest.mark.parametrize(
    ("given", "unknown"),
    [
        ({"type": "Sorcery", "sub_type": "Curse"}, "Curse"),
        ({"type": "Sorcery", "sub_type": None}, "Sorcery"),
        ({"type": "Sorcery", "sub_type": "Trojan app"}, None),
        ({}, None),
    ],
)
def test_the_type_that_no_table_knows_is_kept_in_the_vendors_words(
    given: dict[str, object], unknown: str | None
) -> None:
    assert threat(**given).unknown_type == unknown


def test_an_incident_in_another_state_is_another_report() -> None:
    assert threat(status="Under review").report_id == "7001:INCIDENT_START:UNDER_REVIEW"


@pytest.mark.parametrize("kept", ["event_type", "sub_type"])
def test_an_incident_has_one_of_two_words_for_its_event(kept: str) -> None:
    dropped = {"event_type", "sub_type"} - {kept}
    incident = {name: value for name, value in symantec_incident().items() if name not in dropped}
    assert threat_of("symantec_sep_mobile", incident).threat_key == "7001"


def test_something_with_a_type_and_a_device_alone_is_not_symantecs() -> None:
    with pytest.raises(UnreadableReport):
        records("symantec_sep_mobile", device_line(health_status="Healthy") | {"type": "Anything"})


def test_a_line_about_a_device_says_which_it_is_and_how_it_stands() -> None:
    assert said(state_of("symantec_sep_mobile", device_line(health_status="Healthy"))) == {
        "report_id": "agent-1:HEALTHY:2026-02-01T08:00:00.250+0100",
        "partner_device_id": "agent-1",
        "mdm_device_id": "00008111-00AA11BB22CC33DD",
        "udid": "00008111-00AA11BB22CC33DD",
        "serial": "SERIAL-1",
        "platform": Platform.IOS,
        "os_version": "18.3",
        "detected_at": AT,
        "severity": "secured",
        "severity_raw": "Healthy",
        "closed_keys": ("agent_inactive",),
    }


def test_an_agent_that_is_gone_was_found_so_at_the_time_of_the_line() -> None:
    record = threat_of("symantec_sep_mobile", device_line(health_status="Uninstalled"))
    assert (record.threat_name, record.detected_at) == ("Device is not protected any more", AT)


def test_a_device_that_was_just_activated_is_identified_as_of_its_line() -> None:
    [record] = records("symantec_sep_mobile", device_line(health_status="Activated"))
    assert isinstance(record, DeviceIdentityRecord)
    assert record.detected_at == AT


@pytest.mark.parametrize("family", ["UnwantedApp", "Unwanted App", "unwanted_app"])
def test_a_family_is_one_however_its_words_are_parted(family: str) -> None:
    assert threat(type=family, sub_type=None).threat_type == "potentially_unwanted_app"
