"""Check Point's alert rows."""

import json
import re
from datetime import UTC, datetime

import pytest

from ingest_threat.body import JsonObject
from ingest_threat.partners import parse, unknown_words
from shared.domain.level import Level
from shared.domain.record import (
    DeviceIdentityRecord,
    DeviceStateRecord,
    IgnoredRecord,
    Platform,
    Status,
    ThreatRecord,
    UnreadableRecord,
)
from shared.errors import UnreadableReport
from tests.ingest_threat.partners.endings import open_threats
from tests.ingest_threat.partners.messages_checkpoint_harmony import checkpoint_alert
from tests.ingest_threat.partners.reading import RECEIVED_AT, loaded, records, said, state
from tests.ingest_threat.partners.reading import threat as threat_of

AT = datetime(2026, 2, 1, 7, 0, tzinfo=UTC)


def threat(**fields: object) -> ThreatRecord:
    return threat_of("checkpoint_harmony", checkpoint_alert(**fields))


def test_an_installed_threat_is_open() -> None:
    record = threat()
    assert (record.report_id, record.partner_device_id) == ("501", "31")
    assert record.mdm_device_id == "0a1b2c3d-1111-4222-8333-444455556666"
    assert record.threat_key == "31:APPLICATION:spyware:application: torch 3.1 (com.example.torch)"
    assert record.alias == "31:APPLICATION:application: torch 3.1 (com.example.torch)"
    assert (record.status, record.detected_at, record.resolved_at) == (Status.OPEN, AT, None)
    assert (record.category, record.threat_type, record.severity) == ("app", "spyware", Level.HIGH)
    assert (record.platform, record.os_version) == (Platform.ANDROID, "15")
    assert (record.threat_name, record.vendor_category) == ("Spyware", "Application")


def test_a_threat_without_factors_is_called_by_its_details_and_has_one_key() -> None:
    record = threat(threat_factors="")
    assert record.threat_name == "Application: Torch 3.1 (com.example.torch)"
    assert (record.threat_key, record.alias) == (
        "31:APPLICATION:application: torch 3.1 (com.example.torch)",
        None,
    )
    of_the_device = threat(threat_factors="", attack_vector="Device", details="Passcode")
    assert (of_the_device.threat_key, of_the_device.alias) == ("31:DEVICE:passcode", None)


@pytest.mark.parametrize("name", ["attack_vector", "threat_factors", "mdm_uuid"])
def test_one_of_three_fields_makes_a_row_an_alert(name: str) -> None:
    three = {"attack_vector", "threat_factors", "mdm_uuid"}
    row = {key: value for key, value in checkpoint_alert().items() if key == name or key not in three}
    assert threat_of("checkpoint_harmony", row).report_id == "501"
    with pytest.raises(UnreadableReport):
        records("checkpoint_harmony", {key: value for key, value in row.items() if key != name})


@pytest.mark.parametrize("event", ["Ended", "removed", "Compliant", "Comp\nliant"])
def test_a_resolution_lands_on_its_detection_by_device_vector_and_details(event: str) -> None:
    details = "  APPLICATION:  Torch 3.1 (com.example.torch)\n"
    gone = threat(id=777, device_id="31", event=event, severity="Information", details=details)
    assert gone.threat_key in {threat().threat_key, threat().alias}
    assert (gone.status, gone.resolved_at, gone.severity) == (Status.RESOLVED, AT, Level.SECURED)
    assert gone.reason is None


def test_without_details_the_factors_say_what_a_row_is_about() -> None:
    bad = threat(attack_vector="Device", event="Noncompliant", details="", threat_factors="USB Debugging")
    good = threat(attack_vector="Device", event="Compliant", details=None, threat_factors="USB debugging")
    assert bad.threat_key == good.threat_key == "31:DEVICE:usb debugging"
    assert bad.threat_type == "usb_debugging"


def test_one_domain_is_one_threat_however_it_is_written() -> None:
    one = threat(attack_vector="NetworkSecurity", details="hxxps://bad[.]example")
    other = threat(attack_vector="Network Security", details="https://bad.example")
    third = threat(attack_vector="Network Security", details="https://worse.example")
    assert one.threat_key == other.threat_key != third.threat_key


def test_two_devices_and_two_vectors_are_different_threats() -> None:
    keys = {threat().threat_key, threat(device_id=32).threat_key, threat(attack_vector="Device").threat_key}
    assert len(keys) == 3


def test_a_blocked_threat_is_closed_by_its_own_row() -> None:
    record = threat(event="Blocked")
    assert (record.status, record.detected_at, record.resolved_at) == (Status.RESOLVED, AT, AT)
    assert record.reason == "blocked"


@pytest.mark.parametrize("event", ["Noncompliant", "Detected", "Info", "Novelty", "Unblocked", None])
def test_any_other_event_leaves_its_threat_open(event: str | None) -> None:
    assert threat(event=event).status is Status.OPEN


@pytest.mark.parametrize("event", ["Inactive", "Disconnected"])
def test_a_silent_agent_is_a_threat_that_its_return_ends(event: str) -> None:
    silent = threat(attack_vector="Device", event=event, details="no contact for 7 days", severity="Warning")
    back = threat(attack_vector=None, event="Active", details="", severity="Information")
    assert (silent.threat_type, silent.category, silent.status) == ("agent_inactive", "device", Status.OPEN)
    assert silent.severity is Level.MEDIUM
    assert back.threat_key == silent.threat_key
    assert back.status is Status.RESOLVED


def test_a_change_of_policy_is_ignored() -> None:
    [record] = records("checkpoint_harmony", checkpoint_alert(event="Policy changed"))
    assert isinstance(record, IgnoredRecord)


@pytest.mark.parametrize(
    ("word", "level"),
    [
        *(("warning", "medium"), ("WARN", "medium"), ("CRITICAL", "high"), ("NONE", "secured")),
        *(("LOW", "low"), ("Medium", "medium"), ("HIGH", "high")),
        *(("INFORMATION", "low"), ("INFO", "low"), ("Dire", "high"), (7, "high"), (None, "high")),
    ],
)
def test_severity_words(word: object, level: str) -> None:
    record = threat(severity=word)
    assert record.severity == level
    assert record.severity_raw == (str(word) if word is not None else None)


@pytest.mark.parametrize(("word", "level"), [("Information", "secured"), ("INFO", "secured"), ("LOW", "low")])
def test_information_that_something_is_over_says_nothing_against_the_device(word: str, level: str) -> None:
    assert threat(event="Removed", severity=word).severity == level


@pytest.mark.parametrize("event", ["Info", "Prevented", "Novelty"])
def test_an_event_that_no_table_knows_opens_and_is_logged(event: str) -> None:
    record = threat(event=event)
    assert (record.status, unknown_words(record)) == (Status.OPEN, [("status", event)])
    assert unknown_words(threat(event="Installed")) == []
    assert unknown_words(threat(event=None)) == []


@pytest.mark.parametrize(
    ("vector", "factors", "rooted", "threat_type", "category"),
    [
        ("Device", "Network Protection (VPN)", False, "vpn_or_network_protection_off", "device"),
        ("Device", "Novelty", False, "unknown", "device"),
        ("Device", "Novelty", "True", "jailbreak_root", "device"),
        ("Application", "Novelty", True, "unknown", "app"),
        ("Application", "Suspicious behaviour", False, "suspicious_app", "app"),
        ("WiFi network", "Suspicious behaviour", False, "unknown", "network"),
        ("WiFi network", "Man in the Middle", False, "mitm", "network"),
        ("WifiNetwork", "", False, "unknown", "network"),
        ("OS Exploits", "", False, "system_tampering", "device"),
        ("OS Exploits", "", True, "jailbreak_root", "device"),
        ("OS Exploits", "Outdated OS", True, "vulnerable_os", "device"),
        ("Cellular network", None, False, "rogue_cell_tower", "network"),
        ("Text message", "", False, "phishing", "network"),
        ("iOS profiles", "", False, "malicious_profile", "device"),
        ("Network\nSecurity", "", False, "malicious_site", "network"),
        ("Novel vector", "", False, "unknown", "device"),
        ("Application", "Rooting Tool", False, "root_enabler", "app"),
        ("Application", "ROOTING_TOOL", False, "root_enabler", "app"),
        ("Application", "Debug Certificate", False, "sideloaded_app", "app"),
        ("Application", "Dangerous App", False, "suspicious_app", "app"),
        ("Application", "Hacking Tool", False, "suspicious_app", "app"),
        ("Application", "Backup Tool", False, "data_leak", "app"),
        ("Application", "Device Tracking Tool", False, "spyware", "app"),
        ("NetworkSecurity", "Spyware / Malicious Sites", False, "malicious_site", "network"),
        ("NetworkSecurity", "Botnets", False, "malicious_site", "network"),
        ("WiFi network", "SSL Interception (Basic)", False, "mitm", "network"),
        ("WiFi network", "SSL Stripping", False, "ssl_strip", "network"),
        ("WiFi network", "Captive Portal Redirection", False, "captive_portal", "network"),
        ("Device", "Rooting Tool", False, "jailbreak_root", "device"),
        ("Device", "BlueBorne", False, "vulnerable_os", "device"),
        ("OS Exploits", "Global Proxy", False, "vpn_or_network_protection_off", "device"),
        ("Device", "Policy Verification", False, "protection_disabled", "device"),
        ("Device", "Non-compliant Client version", False, "agent_outdated", "device"),
    ],
)
def test_factors_give_the_type_else_the_vector_does(
    vector: str, factors: str | None, rooted: object, threat_type: str, category: str
) -> None:
    record = threat(attack_vector=vector, threat_factors=factors, device_rooted=rooted)
    assert (record.threat_type, record.category) == (threat_type, category)


def test_an_app_does_not_choose_its_type_by_its_name() -> None:
    assert threat(threat_factors="Novelty", details="Application: Root Spy").threat_type == "unknown"


@pytest.mark.parametrize(
    ("first", "second", "at"),
    [
        ("02/01/2026 07:00:00", None, AT),
        ("2/1/2026 07:00", "01/01/2020 00:00:00", AT),
        (None, "02/01/2026 07:00:00", AT),
        ("No data", "2026-02-01 08:00:00+01:00", AT),
        ("null", 1769929200000, AT),
        ("1769929200", None, AT),
        (None, None, None),
        (0, "", None),
    ],
)
def test_times_in_all_dialects(first: object, second: object, at: datetime | None) -> None:
    record = threat(event_timestamp=first, backend_last_updated=second)
    assert record.detected_at == at


@pytest.mark.parametrize("time", ["13/01/2026 07:00:00", "02/30/2026 07:00:00", "yesterday", [1], -5])
def test_a_senseless_time_costs_the_time_alone(time: object) -> None:
    read = threat(event_timestamp=time, backend_last_updated=None)
    assert (read.event_at, read.unreadable_time) == (None, str(time))
    assert unknown_words(read) == [("time", str(time))]
    # The next field that has a time still gives it.
    other = threat(event_timestamp=time, backend_last_updated="01/13/2026 07:00:00")
    assert other.event_at == datetime(2026, 1, 13, 7, tzinfo=UTC)
    assert other.unreadable_time is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("00000000-0000-0000-0000-000000000000", None),
        ("00000000-0000-0000-0000-0000000000", "00000000-0000-0000-0000-0000000000"),
        ("No data", None),
        ("unknown", None),
        (12, "12"),
    ],
)
def test_only_a_whole_zero_uuid_is_no_mdm_id(given: object, kept: str | None) -> None:
    assert threat(mdm_uuid=given).mdm_device_id == kept


@pytest.mark.parametrize(
    ("model", "platform"),
    [
        ("Apple / iPhone 15 Pro", "ios"),
        ("iPad14,1", "ios"),
        ("Apple / iPod touch", "ios"),
        ("Android", "android"),
        ("Nokia / X30", "android"),
        ("Apple / MacBook Air", "other"),
        (None, None),
        ("unknown", None),
    ],
)
def test_the_model_gives_the_platform(model: str | None, platform: str | None) -> None:
    assert threat(device_model=model).platform == platform


def test_a_page_is_opened() -> None:
    page = {"meta": {"next": None}, "objects": [checkpoint_alert(), 5, checkpoint_alert(device_id="null")]}
    first, second, third = parse("checkpoint_harmony", json.dumps(page).encode(), received_at=RECEIVED_AT)
    assert first == threat()
    assert isinstance(second, UnreadableRecord)
    assert isinstance(third, UnreadableRecord)
    assert third.reason == "no device"


def test_an_address_in_a_phishing_link_is_kept_nowhere_and_the_resolution_still_finds_its_detection() -> None:
    sms = {"attack_vector": "Text message", "details": "http://bad.example/?to=anna@example.org"}
    found = threat(event="Detected", **sms)
    gone = threat(event="Ended", id=503, **sms)
    assert found.alias == gone.threat_key
    assert "anna@example.org" not in found.model_dump_json()


@pytest.mark.parametrize(
    ("vector", "factors", "threat_type", "category"),
    [
        ("Cellular network", "Man in the middle", "rogue_cell_tower", "network"),
        ("Text message", "Malicious URL", "phishing", "network"),
        ("iOS profiles", "Root certificate", "malicious_profile", "device"),
        ("WiFi network", "Man in the middle", "mitm", "network"),
    ],
)
def test_a_vector_that_is_one_type_decides_whatever_the_factors_say(
    vector: str, factors: str, threat_type: str, category: str
) -> None:
    record = threat(attack_vector=vector, threat_factors=factors)
    assert (record.threat_type, record.category) == (threat_type, category)


def test_compliant_without_details_meets_what_was_not_by_the_factors() -> None:
    posture = {"attack_vector": "Device", "threat_factors": "Network Protection (VPN)"}
    bad = threat(**posture, event="Noncompliant", details="VPN was switched off")
    good = threat(**posture, event="Compliant", details="")
    assert bad.alias == good.threat_key != bad.threat_key


@pytest.mark.parametrize("vector", ["WiFi network", "NetworkSecurity", "Device"])
def test_an_end_without_details_meets_its_detection_by_the_factors(vector: str) -> None:
    about = {"attack_vector": vector, "threat_factors": "SSL Stripping"}
    found = checkpoint_alert(**about, event="Detected", details="Cafe Anna")
    gone = checkpoint_alert(
        **about, event="Ended", id=502, details="", event_timestamp="2026-02-01T09:00:00Z"
    )
    assert open_threats("checkpoint_harmony", found)
    assert not open_threats("checkpoint_harmony", found, gone)


def test_the_network_a_person_was_in_is_kept_nowhere_and_still_tells_two_apart() -> None:
    wifi = {"attack_vector": "WiFi network", "threat_factors": "SSL Stripping", "event": "Detected"}
    one, two = threat(**wifi, details="SSID: Cafe Anna"), threat(**wifi, details="SSID: Hotel Bert")
    assert one.threat_key != two.threat_key
    assert one.threat_key == threat(**wifi, details=" ssid:  cafe anna").threat_key
    assert "anna" not in one.model_dump_json().lower()
    assert (
        "anna" not in threat(**{**wifi, "threat_factors": ""}, details="Cafe Anna").model_dump_json().lower()
    )
    [waiting] = records("checkpoint_harmony", checkpoint_alert(**wifi, details="Cafe Anna", device_id=None))
    assert "anna" not in waiting.model_dump_json().lower()
    assert "com.example.torch" in json.dumps(threat().raw)


def device_row(**fields: object) -> JsonObject:
    return loaded(
        {
            "internal_id": "31",
            "risk": "0",
            "status": "1",
            "client_version": "5.0.1",
            "device_type": "Phone",
            "email": "anna@example.org",
            "last_connection": "Sun, 01 Feb 2026 07:00:00 +0000",
            "model": "Apple / iPhone 15",
            "name": "Anna's phone",
            "number": "+49 555 0100",
            "os_type": "iOS",
            "os_version": "26.1",
            "mdm": None,
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("risk", "level"),
    [
        *(("0", "secured"), (0, "secured"), (1, "low"), ("2", "medium"), (3.0, "high"), ("3", "high")),
        *(("High", "high"), ("No Risk", "secured"), ("5", "high"), ("dire", "high")),
    ],
)
def test_a_device_row_of_an_active_agent_is_the_vendors_own_word(risk: object, level: str) -> None:
    for status in ("1", 1, "Active"):
        row = device_row(risk=risk, status=status)
        [record] = records("checkpoint_harmony", row)
        assert isinstance(record, DeviceStateRecord)
        assert (record.severity, record.clears, record.partner_device_id) == (level, "none", "31")
        assert (record.event_at, record.platform, record.os_version) == (None, Platform.IOS, "26.1")
        assert ("severity" in dict(unknown_words(record))) == (risk in {"5", "dire"})
        assert not {"Anna", "anna", "0100"} & set(re.findall(r"\w+", record.model_dump_json()))


@pytest.mark.parametrize(
    ("risk", "status"),
    [
        *(("0", "0"), ("3", 0), ("0", "-1"), ("0", "Provisioned"), ("0", "2"), ("0", "unknown"), ("0", None)),
        *(("unknown", "1"), (None, 1), ("None", "1"), ("pending", "Active")),
    ],
)
def test_a_risk_that_no_active_agent_stands_behind_is_no_verdict(risk: object, status: object) -> None:
    [record] = records("checkpoint_harmony", device_row(risk=risk, status=status))
    assert isinstance(record, DeviceIdentityRecord)
    assert "Anna" not in record.model_dump_json()


@pytest.mark.parametrize("status", ["4", 4, "Inactive"])
@pytest.mark.parametrize("risk", ["0", "3"])
def test_an_inactive_agent_is_a_threat_that_its_activity_ends(status: object, risk: str) -> None:
    lost = threat_of("checkpoint_harmony", device_row(status=status, risk=risk))
    assert (lost.threat_type, lost.severity, lost.status) == ("agent_inactive", "medium", Status.OPEN)
    assert (lost.event_at, lost.scanned) == (None, False)
    [back] = records("checkpoint_harmony", device_row())
    assert isinstance(back, DeviceStateRecord)
    assert back.closed_keys == (lost.threat_key,) == (threat(event="Active").threat_key,)


def test_a_page_of_devices_names_them_by_either_id() -> None:
    page = {
        "meta": {"next": None},
        "objects": [device_row(), {**device_row(), "internal_id": None, "id": 32}],
    }
    read = parse("checkpoint_harmony", json.dumps(page).encode(), received_at=RECEIVED_AT)
    assert [getattr(each, "partner_device_id", None) for each in read] == ["31", "32"]


def test_that_an_agent_is_away_is_no_scan_and_that_it_is_back_is_one() -> None:
    assert not threat(event="Inactive").scanned
    assert threat(event="Active").scanned


def test_what_was_removed_is_never_met_by_the_factors_alone() -> None:
    """Two apps may share them: one that is gone says nothing of the other."""
    other = checkpoint_alert(id=502, event="Removed", details="Application: Lamp (com.example.lamp)")
    nameless = checkpoint_alert(id=503, event="Removed", details="")
    for event in ("Installed", "Detected", "Noncompliant"):
        assert open_threats("checkpoint_harmony", checkpoint_alert(event=event), other, nameless)
    assert threat(event="Noncompliant", threat_factors="").alias is None


def test_two_factors_with_the_same_details_are_two_threats_of_a_device() -> None:
    def row(factors: str, **fields: object) -> JsonObject:
        about = {"attack_vector": "Device", "details": "Policy violation", "event": "Noncompliant"}
        return checkpoint_alert(**{**about, "threat_factors": factors, **fields})

    later = {"event_timestamp": "2026-02-01T09:00:00Z"}
    rooted, backup = row("Rooted", severity="Critical"), row("Backup", id=502, severity="Low", **later)
    assert len(open_threats("checkpoint_harmony", rooted, backup)) == 2
    good = row("Backup", id=503, event="Compliant", event_timestamp="2026-02-01T10:00:00Z")
    left = open_threats("checkpoint_harmony", rooted, backup, good)
    assert left == open_threats("checkpoint_harmony", rooted)


def test_a_second_factor_of_an_app_does_not_lower_the_first_and_its_removal_ends_both() -> None:
    spies = checkpoint_alert(severity="Critical")
    leaks = checkpoint_alert(
        id=502, threat_factors="Leaks", severity="Low", event_timestamp="2026-02-01T09:00:00Z"
    )
    gone = checkpoint_alert(
        id=503, threat_factors="", event="Removed", event_timestamp="2026-02-01T10:00:00Z"
    )
    assert open_threats("checkpoint_harmony", spies, leaks) > open_threats("checkpoint_harmony", spies)
    assert not open_threats("checkpoint_harmony", spies, leaks, gone)


def test_a_secret_in_the_details_is_in_no_key() -> None:
    record = threat(details="App sends Bearer abcdef0123456789hidden and AKIAIOSFODNN7EXAMPLE")
    for part in ("akiaiosfodnn7example", "0123456789hidden"):
        assert part not in f"{record.threat_key}{record.alias}".lower()


@pytest.mark.parametrize("vector", ["Network Security", "Device", "OS Exploits", "Application"])
@pytest.mark.parametrize(
    "details",
    [
        *("SSID: Cafe Zoe, host 10.9.8.7", "Proxy set, wifi name = Cafe Zoe", "BSSID: Zoe", 'Network "Zoe"'),
        # However it is written.
        *("ＳＳＩＤ： Cafe Zoe", "Network\tname:\tZoe"),
    ],
)
def test_details_that_name_a_network_are_not_kept_whatever_the_vector(vector: str, details: str) -> None:
    row = {"attack_vector": vector, "event": "Detected", "threat_factors": ""}
    record = threat(**row, details=details)
    assert "zoe" not in record.model_dump_json().lower()
    assert record.threat_key == threat(**row, details=details.upper()).threat_key
    assert record.threat_key != threat(**row, details=f"{details} 2").threat_key


def test_details_of_a_site_are_kept() -> None:
    row = {"attack_vector": "Network Security", "event": "Detected"}
    for details in ("bad.example", "Network access to bad.example"):
        assert "bad.example" in threat(**row, details=details).model_dump_json()


def test_a_device_row_says_which_device_it_is_and_how_it_stands() -> None:
    assert said(state("checkpoint_harmony", device_row())) == {
        "report_id": "31:1:0:Sun, 01 Feb 2026 07:00:00 +0000:2026-03-01T12:00Z",
        "partner_device_id": "31",
        "platform": Platform.IOS,
        "os_version": "26.1",
        "severity": Level.SECURED,
        "severity_raw": "0",
        "closed_keys": ("31::agent",),
    }


@pytest.mark.parametrize(
    ("status", "unknown"),
    [("9", "9"), ("Snoozed", "Snoozed"), ("Unknown", None), (None, None), ("provisioned", None)],
)
def test_a_device_whose_agent_is_not_active_is_only_identified(
    status: str | None, unknown: str | None
) -> None:
    [record] = records("checkpoint_harmony", device_row(status=status))
    assert isinstance(record, DeviceIdentityRecord)
    assert (record.detected_at, record.unknown_status) == (AT, unknown)


@pytest.mark.parametrize(
    ("system", "model", "platform"),
    [
        ("Android", "Apple / iPhone 15", Platform.ANDROID),
        (None, "Apple / iPhone 15", Platform.IOS),
        (None, "Fairphone / FP5", Platform.ANDROID),
        (None, None, None),
    ],
)
def test_the_model_gives_the_system_where_the_row_names_none(
    system: str | None, model: str | None, platform: Platform | None
) -> None:
    assert state("checkpoint_harmony", device_row(os_type=system, model=model)).platform is platform


def test_a_row_of_an_inactive_agent_says_so_in_words() -> None:
    [record] = records("checkpoint_harmony", device_row(status="4"))
    assert isinstance(record, ThreatRecord)
    assert (record.threat_name, record.threat_key) == ("Device is inactive", "31::agent")
