"""Jamf's threat events stream."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ingest_threat.partners import parse, unknown_words
from ingest_threat.partners._taxonomy import TYPES
from shared.domain.level import Level
from shared.domain.record import (
    DeviceIdentityRecord,
    DeviceStateRecord,
    IgnoredRecord,
    Platform,
    Status,
    UnreadableRecord,
)
from shared.errors import UnreadableReport
from tests.ingest_threat.partners.endings import open_threats
from tests.ingest_threat.partners.messages_wandera_jamf import jamf_event, jamf_row, unenrolled
from tests.ingest_threat.partners.reading import RECEIVED_AT, loaded, records, said, state, threat

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


@pytest.mark.parametrize("action", ["Open", "Active", "Allowed", "Warned", "Unresolved"])
def test_a_plain_word_for_open_opens(action: str) -> None:
    record = threat("wandera_jamf", jamf_event(action=action))
    assert (record.status, record.unknown_status) == (Status.OPEN, None)


def test_an_undocumented_action_neither_opens_nor_resolves() -> None:
    assert threat("wandera_jamf", jamf_event(action="Quarantined")).status is Status.UNKNOWN


def test_two_hosts_are_two_threats() -> None:
    one = threat("wandera_jamf", named("ACCESS_BAD_HOST", app={}, destination={"name": "a.example"}))
    two = threat("wandera_jamf", named("ACCESS_BAD_HOST", app=None, destination={"name": "b.example"}))
    none = threat("wandera_jamf", named("ACCESS_BAD_HOST", app={}))
    assert one.threat_key == "agent-1:ACCESS_BAD_HOST:a.example"
    assert none.threat_key == "agent-1:ACCESS_BAD_HOST:alert-1"
    assert one.threat_key != two.threat_key


def test_an_event_about_the_device_itself_is_one_threat_whatever_its_alert_id() -> None:
    one, two = (
        threat("wandera_jamf", named("OUTDATED_OS", app={}, destination={}, alertId=each)) for each in "ab"
    )
    assert one.threat_key == two.threat_key == "agent-1:OUTDATED_OS:"


@pytest.mark.parametrize(
    ("parts", "where"),
    [
        ({"app": "com.example.torch"}, "com.example.torch"),
        ({"app": [{"id": "com.example.torch"}]}, "com.example.torch"),
        ({"app": [], "destination": ["a.example"]}, "a.example"),
        ({"app": [{}, {}], "destination": "a.example"}, "a.example"),
        ({"app": {"id": None, "name": "One"}}, "One"),
        ({"app": {"id": "", "sha256": "ab12"}}, "ab12"),
        ({"app": {}, "destination": {"ip": "192.0.2.9"}}, "192.0.2.9"),
        ({"app": None, "destination": None}, "alert-1"),
    ],
)
def test_a_part_of_an_event_is_named_however_it_is_written(parts: dict[str, object], where: str) -> None:
    record = threat("wandera_jamf", jamf_event(**parts))
    assert record.threat_key == f"agent-1:SIDE_LOADED_APP_IN_INVENTORY:{where}"


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


NETWORK_ACCESS_POINT = "NETWORK_ACCESS_POINT_"
CATEGORIES = {
    "phishing": ("ACCESS_PHISHING_HOST",),
    "malicious_site": ("ACCESS_BAD_HOST",),
    "cryptojacking": ("ACCESS_CRYPTOJACKING_HOST",),
    "unwanted_content": ("ACCESS_SPAM_HOST",),
    "malware": ("APP_MALICIOUS_APP_IN_INVENTORY",),
    "spyware": ("APP_SPYWARE_APP_IN_INVENTORY",),
    "trojan": ("APP_TROJAN_MALWARE_APP_IN_INVENTORY", "APP_BANKER_MALWARE_APP_IN_INVENTORY"),
    "ransomware": ("APP_RANSOMWARE_APP_IN_INVENTORY",),
    "sms_malware": ("APP_SMS_MALWARE_APP_IN_INVENTORY",),
    "adware": ("APP_ADWARE_APP_IN_INVENTORY",),
    "root_enabler": ("APP_ROOTING_MALWARE_APP_IN_INVENTORY",),
    "potentially_unwanted_app": ("APP_POTENTIALLY_UNWANTED_APP_IN_INVENTORY",),
    "device_admin_app": ("APP_ADMIN_APP_IN_INVENTORY",),
    "sideloaded_app": ("APP_SIDE_LOADED_APP_IN_INVENTORY",),
    "vulnerable_app": ("APP_VULNERABLE_APP_IN_INVENTORY",),
    "third_party_store": ("APP_THIRD_PARTY_APP_STORES_IN_INVENTORY", "RISKY_APP_DOWNLOAD"),
    "data_leak": tuple(
        f"{of}_LEAK_{what}"
        for of in ("APP", "RESOURCE")
        for what in ("CREDIT_CARD", "PASSWORD", "EMAIL", "USERID", "LOCATION")
    ),
    "untrusted_certificate": ("CERTIFICATE_SSL_TRUST_COMPROMISE",),
    "mitm": (
        f"{NETWORK_ACCESS_POINT}SSL_MITM_TRUSTED_VALID_CERT",
        f"{NETWORK_ACCESS_POINT}SSL_MITM_UNTRUSTED_VALID_CERT",
    ),
    "ssl_strip": (f"{NETWORK_ACCESS_POINT}SSL_STRIP_MITM",),
    "rogue_wifi": ("RISKY_HOTSPOT",),
    "jailbreak_root": ("OS_JAILBREAK",),
    "vulnerable_os": (
        *("OS_OUTDATED_OS", "OS_OUTDATED_OS_LOW", "OS_OUT_OF_DATE_OS"),
        "DEVICE_MISSING_ANDROID_SECURITY_PATCHES",
    ),
    "agent_inactive": ("DEVICE_APP_INACTIVITY",),
    "encryption_off": ("DEVICE_STORAGE_ENCRYPTION_DISABLED",),
    "screen_lock_off": ("DEVICE_LOCK_SCREEN_DISABLED", "DEVICE_USER_PASSWORD_DISABLED"),
    "protection_disabled": ("DEVICE_ANTIVIRUS_DISABLED", "DEVICE_FIREWALL_DISABLED"),
    "unknown_sources": ("DEVICE_UNKNOWN_SOURCES_ENABLED",),
    "usb_debugging": ("DEVICE_USB_APP_VERIFICATION_DISABLED", "DEVICE_USB_DEBUGGING_ENABLED"),
    "developer_mode": ("DEVICE_DEVELOPER_MODE_ENABLED",),
    "malicious_profile": ("IOS_PROFILE",),
}
"""The categories of the vendor's policies, under the type each is."""
CATEGORISED = [(word, threat_type) for threat_type, words in CATEGORIES.items() for word in words]


def test_the_49_categories_of_the_policies_are_all_here() -> None:
    assert len({word for word, _ in CATEGORISED}) == 49


@pytest.mark.parametrize(("name", "threat_type"), CATEGORISED)
def test_every_category_of_the_policies_gives_the_type(name: str, threat_type: str) -> None:
    record = threat("wandera_jamf", named(name))
    assert (record.threat_type, record.unknown_type) == (threat_type, None)
    assert record.category is TYPES[threat_type].category


@pytest.mark.parametrize(
    ("name", "threat_type", "category"),
    [
        ("RESOURCE_NOVELTY", "unknown", "app"),
        ("CERTIFICATE_NOVELTY", "untrusted_certificate", "network"),
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
    assert unknown_words(threat("wandera_jamf", jamf_event(action="Quarantined"))) == [
        ("status", "Quarantined")
    ]
    assert unknown_words(threat("wandera_jamf", jamf_event())) == []


ANOTHER = "an event of another stream"


def other(content: object, called: str) -> None:
    """Hold that an item is the vendor's and none of ours: counted, and nothing of it kept."""
    [record] = records("wandera_jamf", content)
    assert isinstance(record, IgnoredRecord)
    assert (record.reason, record.raw) == (called, None)


TRAFFIC = {
    "timestamp": "2026-02-01T08:00:00.500Z",
    "device": {"deviceId": "agent-1", "osType": "IOS"},
    "hostName": "clinic.example.org",
    "domain": "example",
    "dns": {"recordType": "HTTPS"},
    "threat": {"result": "CLEAN", "types": []},
    "blocked": False,
    "user": {"email": "anna@example.org"},
}


@pytest.mark.parametrize(
    ("metadata", "called"),
    [
        ({"vendor": "Jamf", "product": "Network Traffic Stream", "schemaVersion": "1.0"}, ANOTHER),
        ({"vendor": "Wandera", "product": "Something New"}, ANOTHER),
        ({}, "network traffic"),
        (None, "network traffic"),
    ],
)
@pytest.mark.parametrize("threat_word", [{"result": "CLEAN"}, {"result": "BLOCKED", "types": ["PHISHING"]}])
def test_network_traffic_at_the_same_address_is_none_of_ours(
    metadata: object, called: str, threat_word: object
) -> None:
    other({"event": {**TRAFFIC, "metadata": metadata, "threat": threat_word}}, called)


@pytest.mark.parametrize(
    ("event", "called"),
    [
        ({"event": {"metadata": {"vendor": "Jamf", "product": "ZTNA Events Stream"}, "device": {}}}, ANOTHER),
        (jamf_event(metadata={"vendor": "Jamf", "product": "ZTNA Events Stream"}), ANOTHER),
        ({**TRAFFIC, "event": {}, "metadata": {"vendor": "Jamf", "product": "Something New"}}, ANOTHER),
        (
            {"caid": "a", "certid": "b", "input": {"host": {"hostname": "mac"}, "eventType": "GPFSEvent"}},
            "an alert of a Mac",
        ),
        (
            {"caid": "a", "input": {"match": {"severity": 3}, "eventType": "GPThreatMatchExecEvent"}},
            "an alert of a Mac",
        ),
        (
            {"header": {"event_name": "AUE_EXECVE"}, "host_info": {"host_name": "mac"}, "subject": {}},
            "telemetry of a Mac",
        ),
        (
            {
                "event": {"exec": {"target": {}}},
                "event_type": 9,
                "glob_seq_num": 1001,
                "host": {"hostname": "mac"},
                "metadata": {"vendor": "Jamf", "product": "Device Telemetry Stream"},
            },
            ANOTHER,
        ),
        (
            {"event": {"exec": {}}, "event_type": 9, "glob_seq_num": 1001},
            "telemetry of a Mac",
        ),
        (
            {"webhook": {"webhookEvent": "ComputerCheckIn", "id": 7}, "event": {"udid": "anna-mac"}},
            "a message of Jamf Pro",
        ),
    ],
)
def test_other_streams_and_macs_alerts_are_none_of_ours(event: object, called: str) -> None:
    other(event, called)


@pytest.mark.parametrize(
    "content",
    [
        {"device": {"deviceId": "agent-1"}, "user": {}},
        {"input": {"match": {}}, "user": {}},
        {"caid": "a", "user": {}},
        {"metadata": {"vendor": "Someone", "product": "Something New"}},
    ],
)
def test_what_only_resembles_another_stream_is_not_counted_as_one(content: object) -> None:
    with pytest.raises(UnreadableReport):
        records("wandera_jamf", content)


def test_a_threat_is_called_by_its_description_and_else_by_its_name() -> None:
    assert threat("wandera_jamf", jamf_event()).threat_name == "Sideloaded"
    bare = jamf_event(eventType={"name": "SIDE_LOADED_APP_IN_INVENTORY"})
    assert threat("wandera_jamf", bare).threat_name == "SIDE_LOADED_APP_IN_INVENTORY"


def test_the_id_of_a_report_has_the_events_time_as_it_is_written() -> None:
    assert threat("wandera_jamf", jamf_event()).report_id == "alert-1:DETECTED:2026-02-01T08:00:00.500Z"
    tabled = threat("wandera_jamf", jamf_event(timestamp={"$date": 1769932800500}))
    assert tabled.report_id == "alert-1:DETECTED:2026-02-01T08:00:00.500000+00:00"
    assert threat("wandera_jamf", jamf_event()).reason is None


@pytest.mark.parametrize(
    "metadata",
    [
        {"vendor": "Jamf", "product": "Threat Events Stream"},
        {"vendor": "Jamf", "product": "Threat Events Stream v2"},
        {"vendor": "Jamf", "product": "Renamed"},
        {"product": None},
        None,
    ],
)
def test_a_threat_is_one_whatever_its_stream_is_called(metadata: object) -> None:
    assert threat("wandera_jamf", jamf_event(metadata=metadata)).status is Status.OPEN


@pytest.mark.parametrize("metadata", [{"vendor": "Others", "product": "Firewall"}, {}, None])
def test_an_event_of_another_vendor_is_not_jamfs(metadata: object) -> None:
    foreign, _ = records("wandera_jamf", {"event": {"metadata": metadata}}, jamf_event())
    assert isinstance(foreign, UnreadableRecord)
    assert foreign.foreign


@pytest.mark.parametrize("name", ["TEST", "TEST_EVENT", "APP_TEST", "Simulated threat"])
def test_a_test_event_is_a_simulation(name: str) -> None:
    record = threat("wandera_jamf", named(name, severity=10))
    assert (record.severity, record.reason, record.severity_raw) == (Level.SECURED, "simulated", "10")
    assert threat("wandera_jamf", jamf_event(simulated=True)).severity is Level.SECURED
    assert threat("wandera_jamf", named("LATEST_THING", severity=10)).severity is Level.HIGH


def test_an_event_that_does_not_say_what_was_done_is_open() -> None:
    assert threat("wandera_jamf", jamf_event(action=None)).status is Status.OPEN


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        ("2026-02-01T08:00:00.500Z", AT),
        ({"$date": 1769932800500}, AT),
        (None, datetime(2026, 2, 1, 7, 30, tzinfo=UTC)),
        ("the other day", datetime(2026, 2, 1, 7, 30, tzinfo=UTC)),
    ],
)
def test_the_address_of_an_event_has_its_time_too(timestamp: object, at: datetime) -> None:
    url = "https://console.example/alert-1.SIDE_LOADED_APP_IN_INVENTORY?createdUtcMs=1769931000000"
    assert threat("wandera_jamf", jamf_event(timestamp=timestamp, eventUrl=url)).detected_at == at


def test_a_time_that_stands_beside_the_event_is_the_events() -> None:
    message = {**jamf_event(timestamp=None), "timestamp": 1769932800500}
    assert threat("wandera_jamf", message).detected_at == AT


SEEN_AT = datetime.fromtimestamp(1769940000, UTC)


@pytest.mark.parametrize(
    ("risk", "level"), [("SECURE", "secured"), ("LOW", "low"), ("MEDIUM", "medium"), ("HIGH", "high")]
)
def test_a_device_row_has_a_level_that_clears_nothing(risk: str, level: str) -> None:
    record = state("wandera_jamf", jamf_row(riskCategory=risk))
    assert (record.severity, record.clears, record.closed_keys) == (level, "none", ("agent_inactive",))
    assert (record.partner_device_id, record.mdm_device_id) == ("agent-1", "mdm-1")
    assert (record.platform, record.event_at) == (Platform.IOS, None)
    assert open_threats("wandera_jamf", jamf_event(), jamf_row(riskCategory=risk))


@pytest.mark.parametrize(("risk", "clears"), [("SECURE", ["all"]), ("LOW", ["none"]), ("NOT_APPLICABLE", [])])
def test_what_a_device_row_clears_an_admin_says_and_never_more_than_a_secure_one(
    risk: str, clears: list[str]
) -> None:
    row = json.dumps(jamf_row(riskCategory=risk, as_of="2026-02-01T09:00:00Z")).encode()
    words = {("wandera_jamf", "clears"): ("secure", "low", "not applicable")}
    read = parse("wandera_jamf", row, received_at=RECEIVED_AT, words=words)
    found = [each for each in read if isinstance(each, DeviceStateRecord)]
    assert [each.clears for each in found] == clears
    assert {each.event_at for each in found} <= {datetime(2026, 2, 1, 9, 0, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("as_of", "until"),
    [
        (None, SEEN_AT),
        (SEEN_AT - timedelta(minutes=10), SEEN_AT - timedelta(minutes=10)),
        (SEEN_AT + timedelta(minutes=10), SEEN_AT),
    ],
)
def test_a_device_row_clears_up_to_its_check_in_or_to_when_it_was_computed(
    as_of: datetime | None, until: datetime
) -> None:
    row = jamf_row(riskCategory="SECURE", as_of=as_of and as_of.isoformat())
    words = {("wandera_jamf", "clears"): ("secure",)}
    [found] = parse("wandera_jamf", json.dumps(row).encode(), received_at=RECEIVED_AT, words=words)
    assert isinstance(found, DeviceStateRecord)
    assert (found.clears_until, found.detected_at) == (until, as_of)


def test_a_computer_is_no_phone_and_a_device_without_a_system_may_be_one() -> None:
    [computer] = records("wandera_jamf", jamf_row(info={"device": {"osType": "MAC_OS"}}))
    assert isinstance(computer, IgnoredRecord)
    assert computer.reason == "not a mobile device"
    assert records("wandera_jamf", jamf_row(info={}, hardwareSpec={}))


def test_a_level_of_a_device_that_no_table_knows_is_high_and_logged() -> None:
    record = state("wandera_jamf", jamf_row(riskCategory="SEVERE"))
    assert (record.severity, unknown_words(record)) == (Level.HIGH, [("severity", "SEVERE")])


@pytest.mark.parametrize("risk", ["NOT_APPLICABLE", "UNKNOWN", "pending", "Not available", None])
def test_a_device_row_without_a_verdict_rates_nothing(risk: str | None) -> None:
    [record] = records("wandera_jamf", jamf_row(riskCategory=risk))
    assert isinstance(record, DeviceIdentityRecord)


def test_a_device_that_never_checked_in_was_not_scanned() -> None:
    [record] = records("wandera_jamf", jamf_row(statusUpdate=None, lastDnsTraffic=None, riskCategory="HIGH"))
    assert isinstance(record, DeviceIdentityRecord)


def test_a_device_that_is_not_enrolled_any_more_is_inactive() -> None:
    record = threat("wandera_jamf", unenrolled())
    assert (record.threat_key, record.status, record.severity) == (
        "agent_inactive",
        Status.OPEN,
        Level.MEDIUM,
    )
    assert not open_threats("wandera_jamf", unenrolled(), jamf_row())
    polled = threat("wandera_jamf", {**unenrolled(), "as_of": "2026-02-01T09:00:00Z"})
    assert polled.detected_at == datetime(2026, 2, 1, 9, tzinfo=UTC)
    [nobody] = records("wandera_jamf", {**unenrolled(), "guid": ""})
    assert isinstance(nobody, UnreadableRecord)
    assert nobody.threat is None


@pytest.mark.parametrize("said", [False, "false", 0])
def test_an_older_row_of_an_unenrolled_device_does_not_show_its_agent_at_work(said: object) -> None:
    older = loaded(
        {
            "deviceId": "agent-1",
            "risk": "HIGH",
            "statusUpdate": {"connector": {"payload": {"isEnrolled": said}}},
        }
    )
    assert state("wandera_jamf", older).closed_keys == ()


@pytest.mark.parametrize("system", ["MAC_OS", "WINDOWS", "macOS"])
def test_a_computer_in_the_list_is_none_of_ours(system: str) -> None:
    other(jamf_row(info={"device": {"osType": system}}), "not a mobile device")


def test_the_older_list_may_raise_and_vouches_for_nothing() -> None:
    row = {"deviceId": "agent-1", "externalId": "mdm-1", "risk": "HIGH"}
    page = json.dumps({"records": [row], "pagination": {"totalPages": 1}}).encode()
    [record] = parse("wandera_jamf", page, received_at=RECEIVED_AT)
    assert isinstance(record, DeviceStateRecord)
    assert (record.severity, record.clears) == (Level.HIGH, "none")
    [identity] = records("wandera_jamf", {**row, "risk": "SECURE"})
    assert isinstance(identity, DeviceIdentityRecord)


def test_the_list_comes_as_the_vendor_pages_it() -> None:
    page = json.dumps({"customerId": "c", "userDeviceList": [jamf_row()]}).encode()
    [record] = parse("wandera_jamf", page, received_at=RECEIVED_AT)
    assert isinstance(record, DeviceStateRecord)
    for private in ("anna", "5550142"):
        assert private not in record.model_dump_json().lower()


def test_a_device_row_says_which_device_it_is_and_how_it_stands() -> None:
    external = "00008111-00AA11BB22CC33DD"
    assert said(state("wandera_jamf", jamf_row(externalId=external))) == {
        "report_id": "row:agent-1:SECURE:true:2026-02-01T10:00:00+00:00:2026-03-01T12:00Z",
        "partner_device_id": "agent-1",
        "mdm_device_id": external,
        "udid": external,
        "platform": Platform.IOS,
        "os_version": "26",
        "severity": Level.SECURED,
        "severity_raw": "SECURE",
        "closed_keys": ("agent_inactive",),
    }


def test_a_row_of_a_device_not_enrolled_any_more_says_so_in_words() -> None:
    record = threat("wandera_jamf", unenrolled())
    assert record.threat_name == "Device no longer enrolled"
    assert record.report_id == "row:agent-1:SECURE:false:2026-02-01T09:00:00+00:00:2026-03-01T12:00Z"


@pytest.mark.parametrize(
    ("parts", "platform"),
    [
        ({"info": {"device": {"platform": "ANDROID"}}}, Platform.ANDROID),
        ({"info": {}, "hardwareSpec": {"osType": "ANDROID"}}, Platform.ANDROID),
        ({"info": None}, None),
    ],
)
def test_a_device_row_names_its_system_in_one_of_three_places(
    parts: dict[str, object], platform: Platform | None
) -> None:
    assert state("wandera_jamf", jamf_row(**parts)).platform is platform


@pytest.mark.parametrize("newest", ["lastStatusUpdateUtcMs", "lastDnsTraffic", "lastPrivateAccessDnsTraffic"])
def test_a_device_was_last_seen_when_its_agent_or_its_traffic_last_was(newest: str) -> None:
    times = dict.fromkeys(("lastDnsTraffic", "lastPrivateAccessDnsTraffic"), 1769936400000)
    connector = {"lastStatusUpdateUtcMs": 1769936400000, "payload": {"isEnrolled": True}}
    (connector if newest in connector else times)[newest] = 1769943600000
    row = jamf_row(riskCategory=None, statusUpdate={"connector": connector}, **times)
    [record] = records("wandera_jamf", row)
    assert isinstance(record, DeviceIdentityRecord)
    assert record.detected_at == datetime(2026, 2, 1, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize("only", ["lastDnsTraffic", "lastPrivateAccessDnsTraffic"])
def test_traffic_alone_shows_the_device(only: str) -> None:
    times = {"lastDnsTraffic": None, only: 1769943600000}
    [record] = records("wandera_jamf", jamf_row(riskCategory=None, statusUpdate={}, **times))
    assert isinstance(record, DeviceIdentityRecord)
    assert record.report_id == "row:agent-1:::2026-02-01T11:00:00+00:00"


def test_a_row_of_the_older_list_keeps_its_own_word_for_the_level() -> None:
    row = loaded({"deviceId": "agent-1", "risk": "High", "externalId": "mdm-1"})
    record = state("wandera_jamf", row)
    assert (record.partner_device_id, record.severity_raw) == ("agent-1", "High")
