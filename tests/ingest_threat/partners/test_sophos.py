"""Sophos's events, alerts and devices."""

import json
from datetime import UTC, datetime

import pytest

from ingest_threat.body import JsonObject
from ingest_threat.partners import parse, unknown_words
from shared.domain.level import Level
from shared.domain.model import id_part
from shared.domain.record import (
    BLOCKED,
    Clears,
    DeviceIdentityRecord,
    DeviceStateRecord,
    IgnoredRecord,
    Platform,
    Status,
    ThreatRecord,
    UnreadableRecord,
)
from tests.ingest_threat.partners import reading
from tests.ingest_threat.partners.endings import open_threats
from tests.ingest_threat.partners.messages_sophos import (
    sophos_alert,
    sophos_device,
    sophos_event,
    sophos_relabelled,
    sophos_violation,
)
from tests.ingest_threat.partners.reading import RECEIVED_AT, records, said, state

AT = datetime(2026, 2, 1, 7, 0, 0, 250000, tzinfo=UTC)


def threat(content: JsonObject) -> ThreatRecord:
    return reading.threat("sophos", content)


def ignored(content: JsonObject) -> bool:
    [record] = records("sophos", content)
    return isinstance(record, IgnoredRecord)


def test_a_detection_is_open() -> None:
    record = threat(sophos_event())
    assert (record.report_id, record.partner_device_id) == ("event-1", "agent-1")
    assert (record.threat_key, record.alias) == (
        "agent-1:andr/torch-b:com.example.torch",
        "agent-1:andr/torch-b",
    )
    assert (record.status, record.detected_at, record.resolved_at) == (Status.OPEN, AT, None)
    assert (record.category, record.threat_type, record.severity) == ("app", "malware", Level.HIGH)
    assert (record.platform, record.mdm_device_id, record.vendor_category) == (None, None, "MALWARE")


@pytest.mark.parametrize("kind", ["Threat::CleanedUp", "Threat::Dismissed", "Threat::HIPSDismissed"])
def test_a_clean_up_lands_on_its_detection_by_what_was_found_and_where(kind: str) -> None:
    gone = threat(
        sophos_event(kind, id="event-9", name="Malware cleaned up: 'ANDR/Torch-B' at 'Com.example.torch'")
    )
    assert gone.threat_key == threat(sophos_event()).threat_key
    assert (gone.status, gone.detected_at, gone.resolved_at) == (Status.RESOLVED, None, AT)
    for name in ("'Andr/Lamp-C' at 'com.example.torch'", "'Andr/Torch-B' at '/data'"):
        other = threat(sophos_event(kind, name=f"Malware cleaned up: {name}"))
        assert other.threat_key != gone.threat_key


ONE = sophos_event(name="Malware detected: 'Andr/Torch-B' at 'com.example.one'", threat="Andr/Torch-B")
TWO = sophos_event(id="event-2", name="Malware detected: 'Andr/Torch-B' at 'com.example.two'")


@pytest.mark.parametrize(
    ("says", "left"),
    [
        ("'Andr/Torch-B' at 'com.example.one'", {"com.example.two"}),
        ("Andr/Torch-B at com.example.two.", {"com.example.one"}),
        ("'Andr/Torch-B'", set()),
        ("Andr/Torch-B", set()),
        ("'Andr/Torch-B' at 'com.example.three'", {"com.example.one", "com.example.two"}),
    ],
)
def test_one_clean_up_ends_what_it_names(says: str, left: set[str]) -> None:
    gone = sophos_event(
        "Threat::CleanedUp", id="event-3", when="2026-02-01T08:00:00Z", name=f"Malware cleaned up: {says}"
    )
    still_open = open_threats("sophos", ONE, TWO, gone)
    assert still_open == {("agent-1", id_part(f"agent-1:andr/torch-b:{place}")) for place in left}


def test_a_clean_up_that_names_a_place_ends_what_was_found_without_one() -> None:
    found = sophos_event(name="Malware detected: 'Andr/Torch-B'")
    at = {"id": "event-3", "when": "2026-02-01T08:00:00Z"}
    gone = sophos_event(
        "Threat::CleanedUp", name="Malware cleaned up: 'Andr/Torch-B' at 'com.example.one'", **at
    )
    other = sophos_event(
        "Threat::CleanedUp", name="Malware cleaned up: 'Andr/Lamp-C' at 'com.example.one'", **at
    )
    assert open_threats("sophos", found, other)
    assert not open_threats("sophos", found, gone)
    assert len(open_threats("sophos", found, ONE, TWO, gone)) == 1


@pytest.mark.parametrize(
    ("detected", "dismissed"),
    [
        (
            {
                "threat": "C2/Lamp-D",
                "name": "Malicious traffic detected: C2/Lamp-D (Technical Support reference: 17)",
            },
            {"threat": "C2/Lamp-D", "name": "Malicious traffic detection locally cleared: C2/Lamp-D"},
        ),
        (
            {"name": "Malicious traffic detected: C2/Lamp-D (Technical Support reference: 17)"},
            {"name": "Malicious traffic detection locally cleared: C2/Lamp-D"},
        ),
        (
            {"name": "Malicious traffic detected: C2/Lamp-D (x) at /data/lamp. Parent process: init."},
            {"name": "Malicious traffic detection locally cleared: C2/Lamp-D"},
        ),
        (
            {"threat": "C2/Lamp-D", "name": "A wholly new sentence"},
            {"threat": "c2/lamp-d", "name": "Another"},
        ),
    ],
)
def test_keys_meet_by_what_was_found_and_not_by_a_sentence(
    detected: JsonObject, dismissed: JsonObject
) -> None:
    opened = sophos_event("Threat::CommandAndControlDetected::1", **detected)
    gone = sophos_event(
        "Threat::CommandAndControlDismissed", id="e-2", when="2026-02-01T08:00:00Z", **dismissed
    )
    assert open_threats("sophos", opened)
    assert not open_threats("sophos", opened, gone)


@pytest.mark.parametrize(
    ("kind", "threat_type", "status"),
    [
        ("Threat::LowRepAppDetected", "suspicious_app", Status.OPEN),
        ("Threat::LowRepAppCleanedUp", "suspicious_app", Status.RESOLVED),
        ("CoreDetection", "malware", Status.OPEN),
        ("CorePuaDetection", "potentially_unwanted_app", Status.OPEN),
        ("CoreClean", "malware", Status.RESOLVED),
        ("CoreCleanFailed", "malware", Status.OPEN),
        ("Threat::PuaCleanupFailed::REBOOT_REQUIRED", "potentially_unwanted_app", Status.OPEN),
    ],
)
def test_the_vendors_types_of_what_was_found(kind: str, threat_type: str, status: Status) -> None:
    record = threat(sophos_event(kind, name="Said: ''Andr/Torch-B'' at ''com.example.torch''"))
    assert (record.threat_type, record.status) == (threat_type, status)
    assert record.threat_key == "agent-1:andr/torch-b:com.example.torch"


def test_traffic_that_was_blocked_is_over_at_once() -> None:
    says = "Malicious outbound network traffic blocked from 'com.example.torch'"
    record = threat(sophos_event("Threat::IpsInboundDetection::2", name=says))
    assert (record.status, record.reason, record.category) == (Status.RESOLVED, "blocked", "network")


def test_an_attack_in_a_network_keeps_neither_its_name_nor_its_address() -> None:
    says = "Man in the middle attack detected in wifi Annas-Heim (bssid 02:aa:bb:cc:dd:ee) at noon."
    content = sophos_event(name=says, description=says, endpoint_type=None) | {
        "type": "Event::Smc::MitmAttackEvent::0"
    }
    record = threat(content)
    assert (record.threat_type, record.category, record.status) == ("mitm", "network", Status.OPEN)
    assert record.threat_key == "agent-1:mitm"
    assert "Annas" not in record.model_dump_json()
    assert "02:aa" not in record.model_dump_json()
    assert not open_threats("sophos", content, sophos_device())


def test_a_failed_clean_up_leaves_the_threat_open() -> None:
    record = threat(sophos_event("Threat::CleanupFailed"))
    assert (record.status, record.threat_key) == (Status.OPEN, threat(sophos_event()).threat_key)


def test_the_vendors_script_renames_fields_and_nothing_else() -> None:
    one = threat(sophos_relabelled()).model_dump(exclude={"raw", "threat_name"})
    assert one == threat(sophos_event()).model_dump(exclude={"raw", "threat_name"})
    gone = threat(sophos_relabelled("Threat::CleanedUp"))
    assert (gone.status, gone.threat_key) == (Status.RESOLVED, "agent-1:andr/torch-b:com.example.torch")


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
        ("", "Maximum OS version", "vulnerable_os", "device"),
        ("", "OS version is too low", "vulnerable_os", "device"),
        ("::minOsVersion", "", "vulnerable_os", "device"),
        ("", "Minimum Sophos Chrome Security version", "protection_disabled", "device"),
        ("", "Tamper protection turned off", "protection_disabled", "device"),
        ("", "Managed required", "agent_inactive", "device"),
        ("", "Maximum interval between Intercept X for Mobile scans", "agent_inactive", "device"),
        ("", "Low reputation apps allowed", "suspicious_app", "app"),
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


TOYS = "'toys.example'"


@pytest.mark.parametrize(
    ("kind", "name", "threat_type", "reason"),
    [
        ("WebFilteringBlocked", "Access to 'bad.example'", "malicious_site", BLOCKED),
        ("WebControlViolation", f"{TOYS} blocked", "unwanted_content", BLOCKED),
        ("WebControlViolation", f"{TOYS} Blocked.", "unwanted_content", BLOCKED),
        ("WebControlViolation", f"{TOYS} is unblocked", "unwanted_content", "a page was opened"),
        ("WebControlViolation", f"{TOYS} after a warning", "unwanted_content", "a page was opened"),
        ("WebControlViolation::BLOCKED", TOYS, "unwanted_content", BLOCKED),
        ("WebControlViolation::WARNED", TOYS, "unwanted_content", "warned"),
        ("WebControlViolation::PROCEEDED", TOYS, "unwanted_content", "the user went on"),
        ("Smc::WebFiltering::WARNED", TOYS, "unwanted_content", "warned"),
    ],
)
def test_a_visit_of_a_page_is_over_at_once(kind: str, name: str, threat_type: str, reason: str) -> None:
    record = threat(sophos_event(kind, name=name, group="WEB"))
    assert (record.status, record.threat_type, record.category) == (Status.RESOLVED, threat_type, "network")
    assert (record.detected_at, record.resolved_at) == (AT, AT)
    assert (record.reason, record.prevented, record.vendor_category) == (reason, reason == BLOCKED, "WEB")


def test_a_page_is_known_by_its_name_in_quotes_and_by_how_it_was_met() -> None:
    one = threat(sophos_event("WebControlViolation", name=f"{TOYS} blocked")).threat_key
    assert threat(sophos_event("WebControlViolation", name=f"{TOYS} after a warning")).threat_key == one
    assert threat(sophos_event("WebControlViolation", name="'other.example' blocked")).threat_key != one
    assert threat(sophos_event("WebFilteringBlocked", name=f"{TOYS} blocked")).threat_key != one
    assert "toys.example" in one


@pytest.mark.parametrize(
    "kind",
    [
        *("Added", "Enrolled", "EnrolledNewApp", "EasDataMissing"),
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
        ("green", False, "medium", "none"),
        ("green", "false", "medium", "none"),
        ("amber", True, "medium", "none"),
        ("Amber", None, "medium", "none"),
        ("suspicious", True, "medium", "none"),
        ("red", False, "high", "none"),
        ("purple", True, "high", "none"),
    ],
)
def test_health_gives_the_level_and_what_it_clears(
    state: str, compliant: object, level: str, clears: str
) -> None:
    fields = {"healthState": {"state": state}, "compliance": {"compliant": compliant}}
    record = reading.state("sophos", sophos_device(**fields))
    assert (record.severity, record.clears) == (level, clears)


@pytest.mark.parametrize(
    ("health", "severity", "level", "word"),
    [
        ("green", "high", "high", "high"),
        ("green", "medium", "medium", "medium"),
        ("green", "low", "low", "low"),
        ("green", "none", "secured", "green"),
        ("green", "dire", "high", "dire"),
        ("amber", "low", "medium", "amber"),
        ("red", "low", "high", "red"),
        ("unknown", "high", "high", "high"),
        (None, "medium", "medium", "medium"),
    ],
)
def test_what_breaks_the_rules_counts_by_its_own_severity_and_clears_nothing(
    health: str | None, severity: str, level: str, word: str
) -> None:
    broken = {"compliant": False, "severity": severity}
    record = reading.state("sophos", sophos_device(healthState={"state": health}, compliance=broken))
    assert (record.severity, record.clears, record.severity_raw) == (level, "none", word)
    assert unknown_words(record) == ([("severity", "dire")] if word == "dire" else [])


def test_rules_that_are_kept_rate_nothing_by_their_severity() -> None:
    record = reading.state("sophos", sophos_device(compliance={"compliant": True, "severity": "high"}))
    assert (record.severity, record.clears) == (Level.SECURED, Clears.ALL)


@pytest.mark.parametrize("word", ["unknown", "grey", "None", "pending", "n/a", "NotAvailable", None])
@pytest.mark.parametrize("compliant", [True, False, None])
def test_a_device_without_a_verdict_is_its_identity(word: str | None, compliant: bool | None) -> None:
    content = sophos_device(healthState={"state": word}, compliance={"compliant": compliant})
    [known] = records("sophos", content)
    assert isinstance(known, DeviceIdentityRecord)
    assert (known.platform, known.partner_device_id) == (Platform.IOS, "agent-1")


def test_green_clears_what_is_older_than_the_agents_own_contact() -> None:
    whole = {"ixmAppLastSeenAt": "2026-02-01T05:00:00Z", "smcAppLastSeenAt": "2026-02-01T09:00:00Z"}
    assert open_threats("sophos", sophos_event(), sophos_device(**whole))
    assert not open_threats("sophos", sophos_event(), sophos_device())
    red = reading.state("sophos", sophos_device(**whole, healthState={"state": "red"}))
    assert red.event_at is None
    [known] = records("sophos", sophos_device(**{**whole, "ixmAppLastSeenAt": None}))
    assert isinstance(known, DeviceIdentityRecord)


@pytest.mark.parametrize(
    ("fields", "clears"),
    [
        ({"scanResultSummary": {"maliciousCount": 1, "puaCount": 0}}, "compliance"),
        ({"scanResultSummary": {"suspiciousCount": "2"}}, "compliance"),
        ({"scanResultSummary": {"maliciousCount": 0, "puaCount": 3}}, "all"),
        ({"healthState": {"state": "green", "mode": "manual"}}, "none"),
    ],
)
def test_green_clears_less_where_it_is_not_the_agents_word(fields: JsonObject, clears: str) -> None:
    assert reading.state("sophos", sophos_device(**fields)).clears == clears


def test_a_device_is_read() -> None:
    record = reading.state("sophos", sophos_device())
    assert record.report_id == "agent-1:2026-02-01T09:00:00.000Z:green:2026-03-01T12:00Z"
    assert (record.platform, record.os_version) == (Platform.IOS, "18.3")
    assert (record.event_at, record.clears_until) == (None, datetime(2026, 2, 1, 9, tzinfo=UTC))
    mac = reading.state("sophos", sophos_device(os={"platform": "macOS", "name": "macOS 15"}))
    assert mac.platform is Platform.OTHER


@pytest.mark.parametrize(
    "fields",
    [
        {"managedState": "notManaged"},
        {"managedState": "notManaged", "healthState": {"state": "red"}},
        {"managedState": "deleted", "healthState": None, "lastSeenAt": None},
        {"managedState": "Unenrolled", "healthState": {"state": "red"}},
    ],
)
def test_a_device_no_longer_managed_has_lost_its_agent_and_vouches_for_nothing(fields: JsonObject) -> None:
    lost = threat(sophos_device(**fields))
    assert (lost.threat_type, lost.severity, lost.status) == ("agent_inactive", Level.MEDIUM, Status.OPEN)
    assert (lost.partner_device_id, lost.event_at, lost.scanned) == ("agent-1", None, False)
    assert "Anna" not in lost.model_dump_json()
    back = reading.state("sophos", sophos_device(compliance={"compliant": False}))
    assert lost.threat_key in back.closed_keys


def test_a_device_that_was_never_managed_has_lost_nothing() -> None:
    [known] = records("sophos", sophos_device(managedState="notManaged", healthState=None, lastSeenAt=None))
    assert isinstance(known, DeviceIdentityRecord)


@pytest.mark.parametrize("kind", ["Unenrolled", "UnenrolledByUser"])
def test_an_unenrolled_agent_is_inactive_until_its_device_reports_again(kind: str) -> None:
    lost = sophos_event(f"Mobile::{kind}", name="App Intercept X has been unenrolled.", severity="low")
    assert {key for _, key in open_threats("sophos", lost)} == {"agent_inactive"}
    again = sophos_event("Mobile::NowCompliant", id="event-2", when="2026-02-01T08:00:00Z")
    assert not open_threats("sophos", lost, again)
    assert ignored(sophos_event(f"Mobile::{kind}", name="App Sophos Secure Email has been unenrolled."))


def test_a_row_of_a_list_that_is_polled_counts_as_of_the_list() -> None:
    listed: JsonObject = {"as_of": "2026-02-01T09:45:00Z", "serialNumber": "C02ABC123X"}
    record = reading.state("sophos", sophos_device(**listed))
    assert record.event_at == datetime(2026, 2, 1, 9, 45, tzinfo=UTC)
    assert (record.clears, record.clears_until) == (Clears.ALL, datetime(2026, 2, 1, 9, tzinfo=UTC))
    assert record.serial == "C02ABC123X"
    lost = threat(sophos_device(**listed, managedState="deleted"))
    assert lost.event_at == datetime(2026, 2, 1, 9, 45, tzinfo=UTC)


@pytest.mark.parametrize("number", ["123456789", "0", "n/a", ["C02ABC123X"], None])
def test_what_is_no_serial_number_links_nothing(number: object) -> None:
    assert reading.state("sophos", sophos_device(serialNumber=number)).serial is None


def test_a_snapshot_without_a_time_counts_at_each_delivery() -> None:
    green, red = sophos_device(lastSeenAt=None), sophos_device(lastSeenAt=None, healthState={"state": "red"})
    ids = [
        parse("sophos", json.dumps(each).encode(), received_at=RECEIVED_AT, delivery=f"d-{place}")[0]
        for place, each in enumerate((green, red, green))
    ]
    assert len({each.model_dump_json(include={"report_id"}) for each in ids}) == 3


def test_a_computer_of_the_same_vendor_is_ignored() -> None:
    assert ignored({"id": "c-1", "type": "computer", "hostname": "pc", "health": {"overall": "bad"}})


def test_the_system_of_an_event_says_that_it_is_mobile() -> None:
    record = threat(sophos_event(endpoint_type=None, data={"endpoint_platform": "android"}))
    assert record.platform is Platform.ANDROID
    assert ignored(sophos_event(endpoint_type=None, data={"endpoint_platform": "windows"}))


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
        (sophos_device(id=["agent-1"]), "no id"),
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


@pytest.mark.parametrize("severity", ["unknown", "notAvailable", "not defined", None])
def test_broken_rules_that_nobody_grades_are_medium(severity: str | None) -> None:
    device = sophos_device(compliance={"compliant": False, "severity": severity})
    assert reading.state("sophos", device).severity is Level.MEDIUM


def test_a_reference_of_the_vendors_support_is_no_part_of_the_place() -> None:
    says = "Malware {} com.example.zoe{}"
    found = sophos_event(name=says.format("detected: Andr/Zoe at", " (Technical Support reference: 4711)"))
    ended = sophos_event(
        "Threat::CleanedUp",
        id="e-2",
        name=says.format("cleaned up: Andr/Zoe at", ""),
        when="2026-02-01T09:00:00Z",
    )
    assert open_threats("sophos", found)
    assert not open_threats("sophos", found, ended)


def test_nothing_of_the_network_of_an_attack_is_kept() -> None:
    for kind in ("Event::Smc::MitmAttackEvent", "Event::Endpoint::Smc::MitmAttackEvent"):
        attack = sophos_event(
            type=kind,
            name="Attack in Cafe Zoe",
            detection_identity_name="Cafe Zoe",
            data={"network": "Cafe Zoe", "endpoint_type": "mobile"},
        )
        record = reading.threat("sophos", attack)
        assert (record.threat_type, "Zoe" in record.model_dump_json()) == ("mitm", False)


def test_a_state_of_management_that_nobody_knows_raises_and_vouches_for_nothing() -> None:
    [identity] = records("sophos", sophos_device(managedState="of a later console"))
    assert isinstance(identity, DeviceIdentityRecord)
    assert unknown_words(identity) == [("status", "of a later console")]
    red = {"mode": "automatic", "state": "red"}
    raised = state("sophos", sophos_device(managedState="of a later console", healthState=red))
    assert (raised.severity, raised.closed_keys) == ("high", ())


@pytest.mark.parametrize("managed", ["pending", "unknown"])
def test_a_device_that_nobody_says_is_managed_clears_nothing_by_being_green(managed: str) -> None:
    [identity] = records("sophos", sophos_device(managedState=managed))
    assert isinstance(identity, DeviceIdentityRecord)
    assert unknown_words(identity) == []


def test_a_device_that_is_green_is_kept_but_for_its_name() -> None:
    record = state("sophos", sophos_device(os={"platform": "ios", "name": "iOS", "version": "18.3.1"}))
    assert said(record) == {
        "report_id": "agent-1:2026-02-01T09:00:00.000Z:green:2026-03-01T12:00Z",
        "partner_device_id": "agent-1",
        "platform": Platform.IOS,
        "os_version": "18.3.1",
        "severity": Level.SECURED,
        "severity_raw": "green",
        "clears": Clears.ALL,
        "clears_until": datetime(2026, 2, 1, 9, 0, tzinfo=UTC),
        "closed_keys": ("agent_inactive",),
    }
    assert isinstance(record.raw, dict)
    assert record.raw["id"] == "agent-1"
    assert record.raw["name"] != "Anna's phone"


def test_a_device_without_a_verdict_is_identified_by_its_last_contact_and_word() -> None:
    health = {"mode": "automatic", "state": "unknown"}
    [record] = records("sophos", sophos_device(healthState=health))
    assert said(record) == {
        "report_id": "agent-1:2026-02-01T09:00:00.000Z:UNKNOWN",
        "partner_device_id": "agent-1",
        "platform": Platform.IOS,
        "os_version": "18.3",
        "detected_at": datetime(2026, 2, 1, 9, 0, tzinfo=UTC),
    }


def test_a_device_managed_no_longer_is_said_to_be() -> None:
    [record] = records("sophos", sophos_device(managedState="not managed"))
    assert isinstance(record, ThreatRecord)
    assert record.threat_name == "Device no longer managed"
    assert (record.report_id, record.platform) == ("agent-1:agent_inactive:2026-03-01T12:00Z", Platform.IOS)


@pytest.mark.parametrize(
    ("fields", "at_work"),
    [
        ({"lastSeenAt": "2026-02-01T09:00:00Z"}, True),
        ({"ixmAppLastSeenAt": "2026-02-01T09:00:00Z"}, True),
        ({"healthState": {"state": "red"}}, True),
        ({}, False),
        ({"healthState": {"state": "unknown"}}, False),
    ],
)
def test_only_an_agent_that_was_seen_or_judged_its_device_can_be_lost(
    fields: dict[str, object], at_work: bool
) -> None:
    device = sophos_device(managedState="unmanaged", lastSeenAt=None, healthState=None)
    [record] = records("sophos", {**device, **fields})
    assert isinstance(record, ThreatRecord) is at_work


def test_rules_broken_that_nobody_grades_are_named_in_words() -> None:
    record = state("sophos", sophos_device(compliance={"compliant": False}))
    assert (record.severity, record.severity_raw) == (Level.MEDIUM, "not compliant")


def test_an_unenrolled_agent_is_named_and_known_by_its_event() -> None:
    record = threat(sophos_event("Mobile::Unenrolled", endpoint_platform="android"))
    assert said(record) == {
        "report_id": "event-1:agent_inactive",
        "partner_device_id": "agent-1",
        "platform": Platform.ANDROID,
        "detected_at": AT,
        "scanned": False,
        "threat_key": "agent_inactive",
        "category": "device",
        "threat_type": "agent_inactive",
        "threat_name": "Device no longer managed",
        "severity": Level.MEDIUM,
        "status": Status.OPEN,
    }


def test_a_device_that_complies_again_keeps_the_word_of_its_event() -> None:
    record = state("sophos", sophos_event("Mobile::NowCompliant", severity="low", group="MOBILES"))
    assert record.severity_raw == "low"
    assert isinstance(record.raw, dict)
    assert record.raw["id"] == "event-1"


def test_an_attack_in_a_network_keeps_what_names_no_network() -> None:
    attack = sophos_event(name="Man in the middle attack detected in wifi Anna (bssid 02:aa:bb:cc:dd:ee).")
    record = threat({**attack, "type": "Event::Smc::MitmAttackEvent::0"})
    assert record.threat_name == "Man in the middle attack"
    assert isinstance(record.raw, dict)
    assert (record.raw["id"], record.raw["severity"]) == ("event-1", "high")


@pytest.mark.parametrize(
    ("says", "key"),
    [
        # The identity begins behind the colon, and its first letter is its own.
        ("Malware detected: A at com.example.torch", "agent-1:a:com.example.torch"),
        ("Malware detected:  X (reference 17)", "agent-1:x"),
        ("Malware detected: Torch (PUA) at /data/torch", "agent-1:torch:/data/torch"),
        ("Malware detected: Torch (unsure)", "agent-1:torch"),
        ("Malware detected: Torch. Parent process: com.example.lamp", "agent-1:torch"),
        ("Malware detected: T Parent process: x Parent process: y", "agent-1:t"),
        ("Malware detected: 'Torch' at 'a' in 'com.example.torch'", "agent-1:torch:com.example.torch"),
        ("Malware detected: ''Torch'' at ''com.example.torch''", "agent-1:torch:com.example.torch"),
    ],
)
def test_what_was_found_and_where_is_read_out_of_the_text(says: str, key: str) -> None:
    assert threat(sophos_event(name=says)).threat_key == key


def test_the_script_names_what_was_found_beside_a_text() -> None:
    record = threat(sophos_event(name="Malware detected", detection_identity_name="Andr/Torch-B"))
    assert record.threat_key == "agent-1:andr/torch-b"


def test_an_unwanted_app_is_one_by_its_group_too() -> None:
    assert threat(sophos_event(group="PUA")).threat_type == "potentially_unwanted_app"


@pytest.mark.parametrize(
    ("kind", "name", "status"),
    [
        ("Threat::IPSInboundDetection", "An attack was blocked: 'Exp/Torch'", Status.RESOLVED),
        ("Threat::IPSInboundDetection", "An attack was found: 'Exp/Torch'", Status.OPEN),
        ("Threat::Detected", "Malware detected, clean up blocked: 'Andr/Torch-B'", Status.OPEN),
    ],
)
def test_only_traffic_can_be_blocked(kind: str, name: str, status: Status) -> None:
    assert threat(sophos_event(kind, name=name)).status is status


@pytest.mark.parametrize(
    ("says", "key"),
    [
        ("The mobile device is now NON-COMPLIANT. Encryption required.", "encryption required."),
        ("The mobile device\nis now non compliant.\nEncryption required.", "encryption required."),
    ],
)
def test_the_rule_of_a_violation_stands_behind_what_every_one_says(says: str, key: str) -> None:
    assert threat({**sophos_violation(), "name": says}).threat_key == f"agent-1:non_compliant:{key}"


@pytest.mark.parametrize(
    ("family", "is_ignored"),
    [
        ("CoreDetection", False),
        ("CoreReboot", False),
        ("CoreRebootRequired", True),
        ("CoreCleanFailed", False),
        ("CoreOutbreakDetection", True),
        ("CoreScanStarted", True),
    ],
)
def test_only_what_is_about_a_find_of_the_core_agents_steps_is_a_threat(
    family: str, *, is_ignored: bool
) -> None:
    assert ignored(sophos_event(family, severity="low")) is is_ignored


@pytest.mark.parametrize("managed", ["managed", "", None])
def test_green_clears_where_nothing_else_is_said_of_the_management(managed: str | None) -> None:
    record = state("sophos", sophos_device(managedState=managed))
    assert (record.clears, record.closed_keys) == (Clears.ALL, ("agent_inactive",))


def test_the_suffix_of_a_violation_is_searched_for_what_all_vendors_find() -> None:
    assert threat(sophos_violation("::MALWARE_FOUND", says="Something.")).threat_type == "malware"


def test_green_in_a_mode_nobody_can_read_clears_nothing() -> None:
    health = {"state": "green", "mode": ["automatic"]}
    assert state("sophos", sophos_device(healthState=health)).clears is Clears.NONE


@pytest.mark.parametrize(
    "says",
    [
        {"name": "A page was blocked.", "detection_identity_name": "Bad.example"},
        {"name": "''bad.example'' was blocked."},
        {"name": "'bad.example' was blocked for 'Anna'."},
    ],
)
def test_a_page_is_known_by_the_name_the_script_gives_else_by_the_first_in_quotes(
    says: dict[str, object],
) -> None:
    record = threat(sophos_event("WebFilteringBlocked", **says))
    assert record.threat_key == "agent-1:webfilteringblocked:bad.example"


@pytest.mark.parametrize(
    "fields",
    [
        {"data": {"endpoint_type": "server"}},
        {"managedAgent": {"type": "computer"}},
        {"product": "endpoint"},
    ],
)
def test_what_an_event_or_an_alert_says_of_its_endpoint_goes_before_its_type(fields: JsonObject) -> None:
    event = sophos_event("Mobile::NowCompliant", endpoint_type=None)
    assert not ignored(event)
    assert ignored({**event, **fields})


@pytest.mark.parametrize("name", ["when", "end", "created_at", "rt", "raisedAt"])
def test_an_event_has_its_time_in_one_of_five_places(name: str) -> None:
    event = sophos_event(when=None, created_at=None) | {name: "2026-02-01T07:00:00.250Z"}
    assert threat(event).detected_at == datetime(2026, 2, 1, 7, 0, 0, 250000, tzinfo=UTC)


@pytest.mark.parametrize("missing", ["healthState", "compliance", "managedState"])
def test_a_device_is_known_by_its_health_or_by_its_rules_and_management(missing: str) -> None:
    device = {name: value for name, value in sophos_device().items() if name != missing}
    [record] = records("sophos", device)
    assert isinstance(record, DeviceStateRecord | DeviceIdentityRecord)
    assert record.partner_device_id == "agent-1"
