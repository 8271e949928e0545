"""Lookout's events, v2 and v1."""

import json
from datetime import UTC, datetime

import pytest

from ingest_threat.body import JsonObject
from ingest_threat.partners import parse, unknown_words
from ingest_threat.partners._lookout_event import as_event
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
from shared.errors import UnreadableReport
from tests.ingest_threat.partners.endings import open_threats
from tests.ingest_threat.partners.messages_lookout import (
    lookout_device,
    lookout_device_row,
    lookout_smishing,
    lookout_threat,
    lookout_threat_row,
)
from tests.ingest_threat.partners.reading import RECEIVED_AT, loaded, records, said, state, threat

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
    later = {**lookout_threat(status="PONDERING"), "change_type": "UPDATED"}
    assert threat("lookout", later).status is Status.UNKNOWN


def test_a_guid_that_is_a_number_is_one_however_it_is_written() -> None:
    found, gone = lookout_threat(guid=5), lookout_threat(guid=5.0, status="RESOLVED")
    later = {**gone, "id": "event-9", "change_type": "UPDATED", "created_time": "2026-02-01T09:00:00Z"}
    assert threat("lookout", found).threat_key == threat("lookout", later).threat_key == "5"
    assert not open_threats("lookout", found, later)


@pytest.mark.parametrize("status", ["ACTIVE", "New", "REOPENED", "UNRESOLVED", "In progress", "raised"])
def test_a_plain_word_for_open_opens(status: str) -> None:
    for change in ("CREATED", "UPDATED"):
        record = threat("lookout", {**lookout_threat(status=status), "change_type": change})
        assert (record.status, unknown_words(record)) == (Status.OPEN, [])


def test_a_threat_that_was_just_created_is_open_whatever_its_status_is_called() -> None:
    record = threat("lookout", lookout_threat(status="PONDERING"))
    assert (record.status, unknown_words(record)) == (Status.OPEN, [("status", "PONDERING")])


DOCUMENTED: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("APPLICATION", "app"): {
        "trojan": ("TROJAN",),
        "malware": ("BACKDOOR", "BOT", "VIRUS", "WORM", "TOLL_FRAUD", "CHARGEWARE"),
        "spyware": ("SPYWARE", "SURVEILLANCEWARE"),
        "sms_malware": ("SPAM",),
        "dropper": ("APP_DROPPER",),
        "adware": ("ADWARE", "CLICK_FRAUD"),
        "root_enabler": ("ROOT_ENABLER", "EXPLOIT"),
        "riskware": ("RISKWARE", "CONNECTIVITY"),
        "data_leak": ("DATA_LEAK",),
        "denylisted_app": ("DENYLISTED_APP",),
        "sideloaded_app": ("SIDELOADED_APP", "NON_APP_STORE_SIGNER"),
        "vulnerable_app": ("VULNERABILITY",),
        "suspicious_app": ("UNKNOWN",),
    },
    ("OS", "device"): {
        "jailbreak_root": ("ROOT_JAILBREAK",),
        "system_tampering": ("ACCESS_CONTROL_VIOLATION",),
        "vulnerable_os": ("OUT_OF_DATE_OS", "OUT_OF_DATE_ASPL"),
    },
    ("CONFIGURATION", "device"): {
        "agent_outdated": ("AGENT_OUTDATED",),
        "screen_lock_off": ("NO_DEVICE_LOCK",),
        "encryption_off": ("UNENCRYPTED",),
        "developer_mode": ("DEVELOPER_MODE_ENABLED",),
        "usb_debugging": ("USB_DEBUGGING_ENABLED",),
        "unknown_sources": ("UNKNOWN_SOURCES_ENABLED",),
        "protection_disabled": (
            *("PCP_PAUSED", "PCP_DISABLED", "DEVICE_ADMIN_NOT_ACTIVATED", "STORAGE_PERMISSION_NOT_ACCEPTED"),
            *("NOTIFICATION_PERMISSION_NOT_ACCEPTED", "SMISHING_PERMISSIONS_NOT_ACCEPTED"),
        ),
        "vpn_or_network_protection_off": ("VPN_NOT_ENABLED", "SECURE_DNS_NOT_ENABLED"),
    },
    ("NETWORK", "network"): {
        "mitm": ("ACTIVE_MITM",),
        "rogue_wifi": ("ROGUE_WIFI",),
        "mitm_arp": ("GATEWAY_ADDRESS_CHANGE",),
        "port_scan": ("PORT_SCAN",),
    },
    ("WEB_CONTENT", "network"): {
        "malicious_site": ("MALICIOUS_CONTENT",),
        "phishing": ("PHISHING_CONTENT",),
        "unwanted_content": ("UNAUTHORIZED_CONTENT", "DENYLISTED_CONTENT"),
    },
}
"""The vendor's classifications by `threat.type` and category, under the type each is."""
CLASSIFIED = [
    (family, category, word, threat_type)
    for (family, category), types in DOCUMENTED.items()
    for threat_type, words in types.items()
    for word in words
]


def test_the_vendors_49_classifications_are_all_here() -> None:
    assert len({word for _, _, word, _ in CLASSIFIED}) == 49


@pytest.mark.parametrize(("family", "category", "word", "threat_type"), CLASSIFIED)
def test_every_documented_classification_gives_the_type(
    family: str, category: str, word: str, threat_type: str
) -> None:
    record = threat("lookout", lookout_threat(type=family, classifications=[word]))
    assert (record.threat_type, record.category) == (threat_type, category)


@pytest.mark.parametrize(
    ("family", "classification", "threat_type", "category"),
    [
        ("OS", "VULNERABILITY", "vulnerable_os", "device"),
        ("FILE", "VULNERABILITY", "vulnerable_app", "app"),
        ("NETWORK", "UNKNOWN", "unknown", "network"),
        ("NETWORK", "CONNECTIVITY", "unknown", "network"),
        ("SMISHING_ALERT", "UNKNOWN", "phishing", "network"),
        ("APPLICATION", "SURVEILLANCE", "spyware", "app"),
        ("APPLICATION", "BLACKLISTED_APP", "denylisted_app", "app"),
        ("MALWARE", "SMISHING_PERMISSIONS_NOT_ACCEPTED", "malware", "app"),
        ("MALWARE", "ADWARE", "adware", "app"),
        ("SOMETHING", "ELSE", "unknown", "device"),
    ],
)
def test_the_family_of_a_threat_has_its_say(
    family: str, classification: str, threat_type: str, category: str
) -> None:
    record = threat("lookout", lookout_threat(type=family, classifications=[classification]))
    assert (record.threat_type, record.category) == (threat_type, category)


def test_a_classification_outside_the_vendors_list_is_news_and_nothing_is_guessed() -> None:
    record = threat("lookout", lookout_threat(type="NETWORK", classifications=["SSL_SMISHING_ROOT"]))
    assert record.threat_type == "unknown"
    assert unknown_words(record) == [("type", "SSL_SMISHING_ROOT")]


@pytest.mark.parametrize(
    "named",
    [
        {"classifications": "SPYWARE"},
        {"classifications": "NEW_THING, SPYWARE"},
        {"classifications": '["SPYWARE"]'},
        {"classifications": {"classification": "SPYWARE"}},
        {"classifications": [{"classification": "SPYWARE"}]},
        {"classifications": None, "classification": "Spyware"},
        {"classifications": [], "assessments": [{"classification": "SPYWARE", "risk": "HIGH"}]},
        {"classifications": None, "assessments": {"classification": "SPYWARE"}},
        {"classifications": None, "assessments": '[{"classification": "SPYWARE"}]'},
    ],
)
def test_a_classification_is_found_however_its_list_is_written(named: dict[str, object]) -> None:
    assert threat("lookout", lookout_threat(**named)).threat_type == "spyware"


@pytest.mark.parametrize("named", ["[broken", {"a": 1}, 7, [["SPYWARE", None], 7]])
def test_what_is_no_list_of_classifications_costs_the_type_alone(named: object) -> None:
    assert threat("lookout", lookout_threat(classifications=named)).severity is Level.LOW


def test_the_first_known_classification_wins() -> None:
    record = threat("lookout", lookout_threat(classifications=["NEW_THING", "SPY", "ADWARE"]))
    assert record.threat_type == "spyware"


@pytest.mark.parametrize(
    ("classifications", "reason", "threat_type"),
    [
        (["MALICIOUS_CONTENT"], "PHISHING", "phishing"),
        (["MALICIOUS_CONTENT"], "DENYLISTED", "malicious_site"),
        ([], "MALICIOUS", "malicious_site"),
        ([], "DENYLISTED", "unwanted_content"),
        (["NEWS"], "OBJECTIONABLE_CONTENT", "unwanted_content"),
        ([], "ODD", "unknown"),
    ],
)
def test_web_content_has_a_reason(classifications: list[str], reason: str, threat_type: str) -> None:
    web = {"type": "WEB_CONTENT", "classifications": classifications, "details": {"reason": reason}}
    assert threat("lookout", lookout_threat(**web)).threat_type == threat_type


def test_a_page_that_was_blocked_from_the_start_was_prevented() -> None:
    blocked = {"type": "WEB_CONTENT", "status": "RESOLVED", "details": {"response": "BLOCKED"}}
    assert threat("lookout", lookout_threat(**blocked)).prevented
    assert not threat("lookout", lookout_threat(**blocked | {"details": {"response": "NONE"}})).prevented
    opened = lookout_threat(**blocked | {"status": "OPEN"})
    closed = {**lookout_threat(**blocked), "id": "event-9", "change_type": "UPDATED"}
    assert open_threats("lookout", opened)
    assert not open_threats("lookout", opened, closed)


def test_a_threat_that_does_not_say_how_it_stands_is_open() -> None:
    assert threat("lookout", lookout_threat(status=None)).status is Status.OPEN
    updated = threat("lookout", {**lookout_threat(status=None), "change_type": "UPDATED"})
    assert (updated.status, unknown_words(updated)) == (Status.OPEN, [("status", "no status")])
    over = {**lookout_threat(status=None, resolved_at="2026-02-01T09:00:00Z"), "change_type": "UPDATED"}
    assert threat("lookout", over).status is Status.RESOLVED


@pytest.mark.parametrize("actor", [{"type": "SYSTEM"}, {"type": "ADMIN", "guid": "person-1"}, {}])
def test_only_what_calls_itself_a_device_is_one(actor: dict[str, str]) -> None:
    [record] = records("lookout", {**lookout_threat(), "actor": actor})
    assert isinstance(record, UnreadableRecord)
    assert record.reason == "no device"


@pytest.mark.parametrize("actor", [{"type": "SYSTEM"}, "SYSTEM", None])
@pytest.mark.parametrize("status", ["RESOLVED", "IGNORED"])
def test_what_the_service_itself_says_of_a_threat_waits_for_the_agent_that_bears_it(
    status: str, actor: object
) -> None:
    event = lookout_threat(status=status, type="CONFIGURATION", classifications=["PCP_PAUSED"])
    [record] = records("lookout", {**event, "change_type": "UPDATED", "actor": actor})
    assert isinstance(record, UnreadableRecord)
    assert record.threat is not None
    assert (record.threat.threat_key, record.threat.status) == ("threat-1", Status.RESOLVED)


@pytest.mark.parametrize("wrapped", [{"actor": [{"guid": "agent-1", "type": "DEVICE"}]}, {"device": "odd"}])
def test_what_surrounds_a_threat_does_not_cost_it(wrapped: dict[str, object]) -> None:
    assert threat("lookout", {**lookout_threat(), **wrapped}).partner_device_id == "agent-1"


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


def inactive(content: object) -> ThreatRecord:
    """The one threat of a message which says that an agent is not at work any more."""
    record = threat("lookout", content)
    assert (record.threat_key, record.threat_type) == ("agent_inactive", "agent_inactive")
    return record


@pytest.mark.parametrize("security", ["SECURE", "THREATS_LOW", "THREATS_HIGH", None])
@pytest.mark.parametrize("activation", ["DEACTIVATED", "DELETED", "INACTIVE", "REMOVED", "WIPED"])
def test_an_agent_that_was_deactivated_vouches_for_nothing_and_is_inactive(
    activation: str, security: str | None
) -> None:
    record = inactive(lookout_device(activation_status=activation, security_status=security))
    assert (record.status, record.severity, record.category) == (Status.OPEN, Level.MEDIUM, Category.DEVICE)
    assert (record.partner_device_id, record.mdm_device_id) == ("agent-1", "mdm-1")
    assert record.report_id == "event-2:agent_inactive"


@pytest.mark.parametrize("change", ["DELETED", "PURGED", "REMOVED", "ARCHIVED"])
def test_a_device_that_the_vendor_deleted_vouches_for_nothing(change: str) -> None:
    record = inactive({**lookout_device(protection_status="PROTECTED"), "change_type": change})
    assert record.status is Status.OPEN
    opened = lookout_threat(classifications=["TROJAN"])
    deleted = {**lookout_device(), "change_type": change}
    assert {key for _, key in open_threats("lookout", opened, deleted)} == {"threat-1", "agent_inactive"}


def test_an_agent_that_is_back_at_work_is_inactive_no_more() -> None:
    gone = lookout_device(activation_status="DEACTIVATED", protection_status="DISCONNECTED")
    back = {**lookout_device(protection_status="PROTECTED"), "id": "event-9"}
    unprotected = {**lookout_device(protection_status="DISCONNECTED"), "id": "event-9"}
    assert open_threats("lookout", gone) == {("agent-1", "agent_inactive")}
    assert not open_threats("lookout", gone, back)
    assert open_threats("lookout", gone, unprotected)


@pytest.mark.parametrize("security", ["SECURE", "THREATS_HIGH", None])
@pytest.mark.parametrize("change", ["CREATED", "UPDATED", "DELETED"])
def test_an_agent_that_was_only_invited_has_nothing_to_say_and_nothing_to_lose(
    change: str, security: str | None
) -> None:
    event = lookout_device(activation_status="PENDING", security_status=security)
    [record] = records("lookout", {**event, "change_type": change})
    assert isinstance(record, DeviceIdentityRecord)
    assert record.mdm_device_id == "mdm-1"


def test_an_activation_that_no_table_knows_vouches_for_nothing_and_is_logged() -> None:
    _, record = records("lookout", lookout_device(activation_status="Paused"))
    assert isinstance(record, ThreatRecord)
    assert record.status is Status.UNKNOWN
    assert unknown_words(record) == [("status", "Paused")]
    [identity] = records("lookout", lookout_device(activation_status="UNKNOWN"))
    assert isinstance(identity, DeviceIdentityRecord)
    raised = records("lookout", lookout_device(activation_status="Paused", security_status="THREATS_HIGH"))
    assert isinstance(raised[0], DeviceStateRecord)
    assert (raised[0].severity, raised[0].closed_keys) == (Level.HIGH, ())


def test_an_inactive_agent_without_a_device_is_nobodys() -> None:
    status = {"activation_status": "DEACTIVATED"}
    [record] = records("lookout", {**lookout_device(), "device": {"status": status}})
    assert isinstance(record, UnreadableRecord)
    assert (record.reason, record.threat) == ("no device", None)


@pytest.mark.parametrize("security", ["UNKNOWN", "PENDING", "Not Available", "NONE", "", None])
def test_no_verdict_rates_nothing_and_clears_nothing(security: str | None) -> None:
    [record] = records("lookout", lookout_device(security_status=security, protection_status="PROTECTED"))
    assert isinstance(record, DeviceIdentityRecord)


PARENT = {"parent_device_guid": "agent-0", "activation_status": "ACTIVATED", "protection_status": "PROTECTED"}


@pytest.mark.parametrize(
    ("own", "parent", "level", "clears"),
    [
        ("SECURE", "THREATS_HIGH", "high", "none"),
        ("SECURE", "THREATS_LOW", "low", "none"),
        ("THREATS_HIGH", "SECURE", "high", "none"),
        ("THREATS_LOW", "THREATS_MEDIUM", "medium", "none"),
        ("SECURE", "ODD", "high", "none"),
        ("SECURE", "SECURE", "secured", "all"),
        ("SECURE", "UNKNOWN", "secured", "all"),
        ("SECURE", None, "secured", "all"),
        (None, "THREATS_HIGH", "high", "none"),
    ],
)
def test_a_profile_is_at_risk_where_the_device_around_it_is(
    own: str | None, parent: str | None, level: str, clears: str
) -> None:
    event = lookout_device(security_status=own)
    device = {**loaded(event["device"]), "parent_status": {**PARENT, "security_status": parent}}
    record = state("lookout", {**event, "device": device})
    assert (record.partner_device_id, record.severity, record.clears) == ("agent-1", level, clears)
    assert ("severity" in dict(unknown_words(record))) is (parent == "ODD")


def test_a_parent_whose_agent_was_only_invited_says_nothing() -> None:
    parent = {**PARENT, "activation_status": "PENDING", "security_status": "THREATS_HIGH"}
    event = lookout_device()
    assert (
        state("lookout", {**event, "device": {**loaded(event["device"]), "parent_status": parent}}).clears
        is Clears.ALL
    )


def test_a_secure_parent_does_not_vouch_for_a_profile_that_says_nothing() -> None:
    event = lookout_device(security_status=None)
    device = {**loaded(event["device"]), "parent_status": {**PARENT, "security_status": "SECURE"}}
    [record] = records("lookout", {**event, "device": device})
    assert isinstance(record, DeviceIdentityRecord)


@pytest.mark.parametrize("protection", ["PROTECTED", None])
def test_a_protected_device_has_no_inactive_agent(protection: str | None) -> None:
    content = lookout_device(protection_status=protection, security_status="THREATS_LOW")
    assert state("lookout", content).closed_keys == ("agent_inactive",)


@pytest.mark.parametrize(("protection", "logged"), [("DISCONNECTED", []), ("Odd", [("status", "Odd")])])
def test_a_device_that_is_not_protected_is_not_clear_and_its_agent_is_inactive(
    protection: str, logged: list[tuple[str, str]]
) -> None:
    of_device, of_agent = records("lookout", lookout_device(protection_status=protection))
    assert isinstance(of_device, DeviceIdentityRecord)
    assert isinstance(of_agent, ThreatRecord)
    assert (of_agent.threat_type, of_agent.category, of_agent.severity) == (
        "agent_inactive",
        "device",
        "medium",
    )
    assert (of_agent.status, of_agent.threat_key) == (Status.OPEN, "agent_inactive")
    assert of_agent.detected_at == of_device.detected_at
    assert of_agent.report_id != of_device.report_id
    assert unknown_words(of_agent) == logged


def test_a_device_at_risk_that_is_not_protected_keeps_its_level() -> None:
    event = lookout_device(protection_status="DISCONNECTED", security_status="THREATS_HIGH")
    of_device, of_agent = records("lookout", event)
    assert isinstance(of_device, DeviceStateRecord)
    assert (of_device.severity, of_device.clears, of_device.closed_keys) == (Level.HIGH, "none", ())
    assert isinstance(of_agent, ThreatRecord)


def test_a_protection_without_a_verdict_neither_vouches_nor_accuses() -> None:
    [record] = records("lookout", lookout_device(protection_status="UNKNOWN"))
    assert isinstance(record, DeviceIdentityRecord)


def test_a_device_event_without_a_status_is_its_identity() -> None:
    [record] = records("lookout", lookout_device(security_status=None))
    assert isinstance(record, DeviceIdentityRecord)
    assert record.mdm_device_id == "mdm-1"


def test_a_device_event_gives_the_platform_of_threats_in_the_same_message() -> None:
    read = records("lookout", lookout_threat(), lookout_device())
    assert isinstance(read[0], ThreatRecord)
    assert read[0].platform is Platform.ANDROID


@pytest.mark.parametrize("event", [lookout_threat(), lookout_threat(status="RESOLVED"), lookout_smishing()])
@pytest.mark.parametrize("change", [{"type": "AUDIT"}, {"change_type": "PURGED"}, {"change_type": "DELETED"}])
def test_audits_and_deleted_threats_are_no_business_of_ours(
    event: JsonObject, change: dict[str, str]
) -> None:
    [record] = records("lookout", {**event, **change})
    assert isinstance(record, IgnoredRecord)
    assert record.raw is None


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
        ({"file_name": "files/of/anna/a.apk", "path": "/data/app"}, "a.apk"),
        ({"path": "/system/xbin/su"}, "su"),
        ({"path": "C:\\anna\\su.exe\\"}, "su.exe"),
        ({"url": "http://bad.example/in?who=anna#there"}, "http://bad.example/in"),
        ({"url": "[redacted]"}, None),
    ],
)
def test_what_the_details_say_names_the_threat(details: dict[str, str], name: str | None) -> None:
    assert threat("lookout", lookout_threat(details=details)).threat_name == name


@pytest.mark.parametrize(
    "assessments", [[{"details": {"name": "Fake bank"}}], {"details": {"name": "Fake bank"}}]
)
def test_an_assessment_names_a_threat_better_than_a_path(assessments: object) -> None:
    record = threat("lookout", lookout_threat(assessments=assessments, details={"path": "/data/app/x"}))
    assert record.threat_name == "Fake bank"


NETWORK = {
    "network_ssid": "Anna's cafe",
    "mac_address": "02:00:5e:10:00:01",
    "dns_ip_addresses": ["192.0.2.53"],
    "proxy_address": "proxy-of-anna",
    "vpn_local_address": "192.0.2.29",
    "network": {
        "network_name": "Anna's cafe",
        "network_type": "NETWORK_CONNECTION_TYPE_WIFI",
        "wifi_bssid": "02-00-5e-10-00-02",
        "access_point_hostname": "router-of-anna",
        "dns_ip_address": ["192.0.2.54"],
        "proxy_config": {"address": "proxy-of-anna", "port": 8080},
        "vpn_configuration": {"remote_domain": "vpn-of-anna", "routes": "192.0.2.0/24"},
    },
    "trusted_signing_identity": "Anna's own",
}


def test_the_network_that_a_person_was_in_is_not_kept() -> None:
    event = lookout_threat(type="NETWORK", classifications=["ACTIVE_MITM"], details=NETWORK)
    kept = threat("lookout", event).model_dump_json().lower()
    assert "network_connection_type_wifi" in kept
    for private in ("anna", "02:00:5e", "02-00-5e", "192.0.2."):
        assert private not in kept


def test_a_row_of_the_devices_list_is_a_snapshot_of_its_own_time() -> None:
    record = state("lookout", lookout_device_row())
    assert (record.severity, record.clears, record.closed_keys) == (
        Level.SECURED,
        Clears.ALL,
        ("agent_inactive",),
    )
    assert (record.partner_device_id, record.mdm_device_id, record.os_version) == ("agent-1", "mdm-1", "26.1")
    assert record.detected_at == datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
    assert "anna" not in record.model_dump_json()


def test_a_secure_row_vouches_up_to_its_last_check_in() -> None:
    before = "2026-02-01T07:00:00.000+00:00"
    record = state("lookout", lookout_device_row(checkin_time=before))
    assert record.detected_at == datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
    assert record.clears_until == datetime(2026, 2, 1, 7, 0, tzinfo=UTC)
    timeless = state("lookout", lookout_device_row(checkin_time=None, updated_time=None))
    assert timeless.clears is Clears.NONE


def test_a_row_that_says_something_else_is_another_report() -> None:
    secure, at_risk = lookout_device_row(), lookout_device_row(security_status="THREATS_LOW")
    gone = lookout_device_row(activation_status="DEACTIVATED", deactivated_at="2026-02-01T09:30:00Z")
    ids = {each.report_id for each in (state("lookout", secure), state("lookout", at_risk), inactive(gone))}
    assert len(ids) == 3
    assert state("lookout", secure).report_id == state("lookout", {**secure, "oid": "other"}).report_id


def test_a_row_of_the_threats_list_opens_and_ends_a_threat() -> None:
    record = threat("lookout", lookout_threat_row())
    assert (record.threat_key, record.partner_device_id, record.mdm_device_id) == (
        "threat-1",
        "agent-1",
        "mdm-1",
    )
    assert (record.threat_type, record.severity, record.status) == ("trojan", Level.HIGH, Status.OPEN)
    assert record.detected_at == datetime(2026, 2, 1, 8, 0, tzinfo=UTC)
    over = lookout_threat_row(status="RESOLVED", resolved_at="2026-02-01T09:00:00.000+00:00")
    assert threat("lookout", over).resolved_at == datetime(2026, 2, 1, 9, 0, tzinfo=UTC)
    assert not open_threats("lookout", lookout_threat_row(), over)


def test_a_row_of_the_smishing_list_is_phishing() -> None:
    row = {"guid": "alert-1", "device_guid": "agent-1", "detected_at": "2026-02-01T08:00:00Z"}
    record = threat("lookout", {**row, "detections": [{"category": "CEO_FRAUD"}]})
    assert (record.threat_key, record.threat_type, record.partner_device_id) == (
        "alert-1",
        "phishing",
        "agent-1",
    )
    assert record.detected_at == datetime(2026, 2, 1, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize("row", [{"guid": "x", "name": "a list of something else"}, {"guid": "x"}])
def test_a_row_of_another_list_is_not_lookouts(row: dict[str, str]) -> None:
    foreign, _ = records("lookout", row, lookout_device())
    assert isinstance(foreign, UnreadableRecord)
    assert foreign.foreign


def test_the_lists_come_as_the_vendor_pages_them() -> None:
    page = json.dumps({"count": 1, "devices": [lookout_device_row()]}).encode()
    [record] = parse("lookout", page, received_at=RECEIVED_AT)
    assert isinstance(record, DeviceStateRecord)
    assert parse("lookout", b'{"count": 0, "threats": []}', received_at=RECEIVED_AT) == []


def test_a_deactivated_parent_says_nothing_of_its_level() -> None:
    profile = lookout_device()
    profile["device"] = {
        **profile["device"],  # type: ignore[dict-item]
        "parent_status": {"activation_status": "DEACTIVATED", "security_status": "THREATS_HIGH"},
    }
    assert state("lookout", profile).severity is Level.SECURED


def test_nothing_that_describes_a_threat_in_a_network_is_kept() -> None:
    described = {"name": "Cafe Zoe", "summary": "Cafe Zoe is a rogue network"}
    record = threat(
        "lookout",
        lookout_threat(
            type="NETWORK",
            classifications=["ROGUE_WIFI"],
            description="Joined Cafe Zoe",
            details={"network_ssid": "Cafe Zoe", "application_name": "Cafe Zoe"},
            assessments=[{"classification": "ROGUE_WIFI", "details": described}],
        ),
    )
    assert (record.threat_type, record.threat_name) == ("rogue_wifi", None)
    assert "Zoe" not in record.model_dump_json()


def test_a_grade_of_a_threat_that_says_it_has_none_is_the_types() -> None:
    levels = [
        threat("lookout", lookout_threat(severity=each)).severity for each in ("UNKNOWN", "info", "Grim")
    ]
    assert levels[1:] == [Level.SECURED, Level.HIGH]
    assert levels[0] is threat("lookout", lookout_threat(severity=None)).severity


@pytest.mark.parametrize(
    ("times", "clears"),
    [
        ({"created_time": "2026-02-01T09:00:00Z"}, Clears.ALL),
        ({"eventTime": "2026-02-01T09:00:00Z"}, Clears.ALL),
        ({"checkin_time": "2026-02-01T08:59:00Z"}, Clears.ALL),
        ({}, Clears.NONE),
        ({"created_time": None}, Clears.NONE),
        ({"created_time": "the day before"}, Clears.NONE),
    ],
)
def test_a_secure_device_clears_only_where_something_says_when(
    times: dict[str, object], clears: Clears
) -> None:
    event, checkin = lookout_device(), times.get("checkin_time")
    device = {**loaded(event.pop("device")), **({"checkin_time": checkin} if checkin else {})}
    del event["created_time"]
    own = {name: value for name, value in times.items() if name != "checkin_time"}
    assert state("lookout", {**event, "device": device, **own}).clears is clears


@pytest.mark.parametrize(
    ("status", "name", "unknown"),
    [
        ({"activation_status": "DEACTIVATED"}, "Agent deactivated", None),
        ({"activation_status": "Dozing"}, "Dozing", "Dozing"),
        ({"protection_status": "DISCONNECTED"}, "DISCONNECTED", None),
        ({"protection_status": "Dozing"}, "Dozing", "Dozing"),
    ],
)
def test_an_agent_not_at_work_is_named_as_the_vendor_has_it(
    status: dict[str, object], name: str, unknown: str | None
) -> None:
    of_agent = [
        each for each in records("lookout", lookout_device(**status)) if isinstance(each, ThreatRecord)
    ]
    [record] = of_agent
    assert (record.threat_name, record.unknown_status) == (name, unknown)


def test_a_deleted_device_is_named_as_one() -> None:
    [record] = records("lookout", {**lookout_device(), "change_type": "DELETED"})
    assert isinstance(record, ThreatRecord)
    assert record.threat_name == "Device deleted at the partner"


@pytest.mark.parametrize(
    ("status", "since"), [("DEACTIVATED", "deactivated_at"), ("DISCONNECTED", "disconnected_at")]
)
def test_a_row_without_a_time_of_its_own_says_since_when_its_agent_is_gone(status: str, since: str) -> None:
    gone = {"activation_status": status, "updated_time": None, since: "2026-02-01T06:00:00Z"}
    [*_, record] = records("lookout", lookout_device_row(**gone))
    assert isinstance(record, ThreatRecord)
    assert record.detected_at == datetime(2026, 2, 1, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [{"activation_status": "PENDING"}, {"security_status": None}])
def test_a_device_without_a_verdict_is_identified_as_of_its_event(status: dict[str, object]) -> None:
    [record] = records("lookout", lookout_device(**status))
    assert isinstance(record, DeviceIdentityRecord)
    assert record.detected_at == datetime(2026, 2, 1, 9, 0, tzinfo=UTC)


def test_a_smishing_alert_says_what_was_found() -> None:
    several = [{"category": "URL_DETECTION"}, {"category": "IMPERSONATION"}]
    assert said(threat("lookout", lookout_smishing(severity="High", detections=several))) == {
        "report_id": "event-3",
        "partner_device_id": "agent-1",
        "detected_at": AT,
        "threat_key": "alert-1",
        "category": Category.NETWORK,
        "threat_type": "phishing",
        "threat_name": "URL_DETECTION",
        "severity_raw": "High",
        "severity": Level.HIGH,
        "status": Status.OPEN,
        "vendor_category": "SMISHING_ALERT",
    }


def test_a_smishing_alert_with_a_single_detection_is_named_by_it() -> None:
    record = threat("lookout", lookout_smishing(detections={"category": "URL_DETECTION"}))
    assert record.threat_name == "URL_DETECTION"


@pytest.mark.parametrize(
    ("ids", "alert", "key"),
    [
        ({}, {"guid": None, "id": "alert-7"}, "alert-7"),
        ({"id": None, "oid": "oid-7"}, {"guid": None}, "oid-7"),
    ],
)
def test_a_smishing_alert_has_one_of_four_ids(
    ids: dict[str, object], alert: dict[str, object], key: str
) -> None:
    assert threat("lookout", {**lookout_smishing(**alert), **ids}).threat_key == key


def test_a_smishing_alert_without_an_events_time_has_its_own() -> None:
    alert = lookout_smishing(detected_at="2026-02-01T06:00:00Z")
    record = threat("lookout", {**alert, "created_time": None})
    assert record.detected_at == datetime(2026, 2, 1, 6, 0, tzinfo=UTC)


def test_a_row_names_the_device_around_its_work_profile_beside_it() -> None:
    parent = {"activation_status": "ACTIVATED", "security_status": "THREATS_HIGH"}
    record = state("lookout", lookout_device_row(parent_status=parent))
    assert (record.severity, record.severity_raw, record.clears) == (Level.HIGH, "THREATS_HIGH", Clears.NONE)


def test_an_agent_that_never_checked_in_raises_without_a_scan_and_vouches_for_nothing() -> None:
    def row(security: str) -> JsonObject:
        event = lookout_device(protection_status="PROTECTED", security_status=security)
        return {**event, "device": {**loaded(event["device"]), "checkin_time": "Never"}}

    raised = state("lookout", row("THREATS_HIGH"))
    assert (raised.severity, raised.scanned) == (Level.HIGH, False)
    assert isinstance(records("lookout", row("SECURE"))[0], DeviceIdentityRecord)


@pytest.mark.parametrize("name", ["event_type", "log_type"])
def test_events_by_rest_and_in_log_tables_name_id_and_type_otherwise(name: str) -> None:
    written = lookout_threat()
    as_polled = {key: value for key, value in written.items() if key not in {"id", "type"}}
    record = threat("lookout", {**as_polled, "oid": "oid-1", name: "THREAT"})
    assert record.report_id == "oid-1"
    assert record.model_copy(update={"report_id": "event-1", "raw": None}) == threat(
        "lookout", written
    ).model_copy(update={"raw": None})


def test_an_event_of_the_first_version_is_read_by_its_names() -> None:
    written = lookout_threat(severity=None, status=None)
    details = {
        "guid": "threat-1",
        "risk": "MEDIUM",
        "action": "DETECTED",
        "type": "FILE",
        "fileName": "/a/b.apk/",
    }
    event = {**written, "threat": None, "created_time": None, "eventTime": "2026-02-01T07:30:00Z"}
    record = threat("lookout", {**event, "change_type": "UPDATED", "details": details})
    assert (record.severity, record.severity_raw, record.status) == (Level.MEDIUM, "MEDIUM", Status.OPEN)
    assert (record.detected_at, record.threat_name) == (datetime(2026, 2, 1, 7, 30, tzinfo=UTC), "b.apk")
    assert record.unknown_status is None
    for risk in (Level.LOW, Level.HIGH):
        assert threat("lookout", {**event, "details": {**details, "risk": risk.upper()}}).severity is risk
    later = threat("lookout", {**event, "details": {**details, "action": "Escalated"}})
    assert (later.status, later.unknown_status) == (Status.OPEN, "Escalated")
    known = threat("lookout", {**event, "details": details})
    assert known.unknown_status is None


def test_the_device_around_a_work_profile_may_stand_in_the_event_itself() -> None:
    event = lookout_device()
    parent = {"activation_status": "ACTIVATED", "security_status": "THREATS_MEDIUM"}
    record = state("lookout", {**event, "parent_status": parent})
    assert (record.severity, record.clears) == (Level.MEDIUM, Clears.NONE)


def test_why_a_page_was_stopped_types_what_is_web_content_alone() -> None:
    details = {"reason": "PHISHING"}
    for family, threat_type in (("WEB_CONTENT", "phishing"), ("OS", "unknown")):
        found = threat("lookout", lookout_threat(type=family, classifications=[], details=details))
        assert found.threat_type == threat_type


SAID_OF_A_DEVICE = ("activation_status", "protection_status", "security_status", "updated_time")
SAID_OF_A_THREAT = ("status", "risk", "updated_time", "resolved_at")


@pytest.mark.parametrize(
    ("row", "names"),
    [
        (lookout_device_row(), ("guid", *SAID_OF_A_DEVICE)),
        (lookout_threat_row(), ("guid", *SAID_OF_A_THREAT)),
    ],
)
def test_each_thing_that_a_row_says_makes_it_another_report(row: JsonObject, names: tuple[str, ...]) -> None:
    as_it_was = as_event(row)["id"]
    others = [as_event({**row, name: "2026-02-05T09:30:00.000+00:00"})["id"] for name in names]
    assert len({as_it_was, *others}) == 1 + len(names)
    assert str(as_it_was).startswith("row:")


def test_a_row_is_another_report_where_the_phone_behind_it_says_something_else() -> None:
    row = lookout_device_row()
    said = [as_event({**row, "parent_status": {"security_status": each}})["id"] for each in ("SECURE", "ODD")]
    assert len({as_event(row)["id"], *said}) == 3


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (lookout_device_row(), "DEVICE"),
        (lookout_threat_row(), "THREAT"),
        (lookout_threat_row(detections=[]), "SMISHING_ALERT"),
    ],
)
def test_a_row_is_read_as_the_event_that_would_say_the_same(row: JsonObject, kind: str) -> None:
    event = as_event(row)
    assert (event["type"], event["change_type"]) == (kind, "UPDATED")
    assert event.get("created_time") == (row.get("detected_at") if kind == "SMISHING_ALERT" else None)
    assert as_event(event) == event


@pytest.mark.parametrize("name", ["change_type", "eventTime"])
def test_an_event_is_no_row_whatever_ids_it_has(name: str) -> None:
    event = {**lookout_device_row(), "type": "DEVICE", name: "UPDATED"}
    assert as_event(event) == event


def test_a_device_that_is_the_target_of_an_event_is_known_by_its_guid_and_else_by_its_id() -> None:
    event = {**lookout_device(), "device": {"os_version": "14"}, "actor": None}
    for target in ({"guid": "agent-7", "id": "agent-8"}, {"id": "agent-7"}):
        [record] = records("lookout", {**event, "target": {"type": "DEVICE", **target}})
        assert isinstance(record, DeviceIdentityRecord)
        assert (record.partner_device_id, record.os_version) == ("agent-7", "14")


@pytest.mark.parametrize("name", ["created_time", "eventTime", "change_type"])
def test_one_of_three_fields_makes_an_item_an_event(name: str) -> None:
    three = {"created_time", "eventTime", "change_type"}
    bare = {key: value for key, value in lookout_threat().items() if key not in three}
    assert threat("lookout", {**bare, name: "2026-02-01T07:30:00Z"}).threat_key == "threat-1"
    with pytest.raises(UnreadableReport):
        records("lookout", bare)
