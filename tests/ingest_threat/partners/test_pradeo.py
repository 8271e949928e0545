"""Pradeo's events, typed and bare, and its syslog line."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from ingest_threat.body import JsonObject
from ingest_threat.partners import parse, unknown_words
from ingest_threat.partners._pradeo_enrollment import never_connected
from ingest_threat.partners._pradeo_words import LEVEL_FIELDS
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
from tests.ingest_threat.partners.messages_lookout import lookout_device
from tests.ingest_threat.partners.messages_pradeo import (
    app_verdict,
    bare,
    correlation,
    detection,
    device,
    device_verdict,
    event,
    graded,
    history,
    legacy,
    status_record,
)
from tests.ingest_threat.partners.messages_wandera_jamf import jamf_event
from tests.ingest_threat.partners.messages_zimperium import zimperium_search
from tests.ingest_threat.partners.reading import RECEIVED_AT, loaded, records, said, state, threat

AT = datetime(2026, 2, 1, 8, 0, 0, 500000, tzinfo=UTC)
CHANGED = datetime(2026, 2, 1, 7, 59, tzinfo=UTC)


def test_an_active_status_opens_a_threat() -> None:
    record = threat("pradeo", status_record("System", "DeveloperMode", 1))
    assert (record.report_id, record.threat_key) == ("event-1", "status:DEVELOPERMODE")
    assert (record.partner_device_id, record.mdm_device_id, record.serial) == ("agent-1", "mdm-1", "SER-1")
    assert (record.platform, record.os_version) == (Platform.ANDROID, "15")
    assert (record.status, record.detected_at, record.resolved_at) == (Status.OPEN, AT, None)
    # No level in this kind of event: the type's own.
    assert (record.category, record.threat_type, record.severity) == ("device", "developer_mode", Level.LOW)


@pytest.mark.parametrize("value", [0, "0", 0.0, False])
def test_an_inactive_status_resolves_the_same_threat(value: object) -> None:
    gone = threat("pradeo", status_record("System", "DeveloperMode", value))
    assert gone.threat_key == threat("pradeo", status_record("System", "DeveloperMode", "1.0")).threat_key
    assert (gone.status, gone.detected_at, gone.resolved_at) == (Status.RESOLVED, None, AT)


@pytest.mark.parametrize("value", [2, 3, "3", -1, 10, "on"])
def test_an_undocumented_value_neither_opens_nor_resolves(value: object) -> None:
    record = threat("pradeo", status_record("Network", "RogueCellTower", value))
    assert (record.status, record.resolved_at) == (Status.UNKNOWN, None)


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [("active", 2, Status.OPEN), ("inactive", 3, Status.RESOLVED), ("active", 1, Status.UNKNOWN)],
)
def test_what_the_values_mean_is_a_setting(name: str, value: int, status: Status) -> None:
    body = json.dumps(status_record("System", "Root", value)).encode()
    words = {("pradeo", name): ("2",) if name == "active" else ("0", "3")}
    [record] = parse("pradeo", body, received_at=RECEIVED_AT, words=words)
    assert isinstance(record, ThreatRecord)
    assert record.status is status


@pytest.mark.parametrize(
    ("kind", "name", "threat_type", "category"),
    [
        ("System", "SystemNotUpToDate", "vulnerable_os", "device"),
        ("System", "DebugMode", "usb_debugging", "device"),
        ("System", "Root", "jailbreak_root", "device"),
        ("System", "CustomHosts", "system_tampering", "device"),
        ("System", "Developer\nMode", "developer_mode", "device"),
        ("System", "ScreenLockDisabled", "screen_lock_off", "device"),
        ("System", "AccessibilityOption", "unknown", "device"),
        ("Network", "ARPPoisoning", "mitm_arp", "network"),
        ("Network", "RogueAccessPoint", "rogue_wifi", "network"),
        ("Network", "GPS", "location_on", "network"),
        ("Network", "Novelty", "unknown", "network"),
    ],
)
def test_a_statuss_name_gives_the_type(kind: str, name: str, threat_type: str, category: str) -> None:
    record = threat("pradeo", status_record(kind, name, 1))
    assert (record.threat_type, record.category) == (threat_type, category)


@pytest.mark.parametrize(
    ("metric", "threat_type"),
    [
        ("match_sms", "sms_malware"),
        ("match_rootkit", "root_enabler"),
        ("cat_user_contact_info_send", "data_leak"),
        ("cat_send", "unknown"),
        ("match_priority", "unknown"),
    ],
)
def test_what_an_app_does_gives_the_type_in_the_older_products_words(metric: str, threat_type: str) -> None:
    record = threat("pradeo", detection("START", metric))
    assert record.threat_type == threat_type
    assert record.category == ("device" if threat_type == "unknown" else "app")


def test_what_a_phone_is_called_is_not_kept_and_what_a_status_or_an_app_is_called_is() -> None:
    [record] = records("pradeo", device_verdict("Approved", device=device(name="Anna's phone")))
    assert "Anna" not in record.model_dump_json()
    assert "Root" in json.dumps(threat("pradeo", status_record("System", "Root", 1)).raw)
    assert "Torch" in json.dumps(threat("pradeo", app_verdict("Approved")).raw)


def test_radio_exposure_is_kept_and_raises_nothing() -> None:
    assert threat("pradeo", status_record("Network", "Bluetooth", 1)).severity is Level.SECURED


def test_a_snapshot_gives_the_devices_levels_and_its_active_threats() -> None:
    whole, found = records("pradeo", correlation())
    assert isinstance(whole, DeviceStateRecord)
    assert isinstance(found, ThreatRecord)
    assert (whole.report_id, whole.severity, whole.clears) == ("event-1", Level.MEDIUM, Clears.NONE)
    assert whole.levels == {
        Category.APP: Level.SECURED,
        Category.DEVICE: Level.MEDIUM,
        Category.NETWORK: Level.SECURED,
    }
    assert (found.report_id, found.threat_key) == ("event-1:DeveloperMode", "status:DEVELOPERMODE")
    assert (found.status, found.severity, found.detected_at) == (Status.OPEN, Level.MEDIUM, AT)
    assert found.partner_device_id == whole.partner_device_id == "agent-1"


def test_a_snapshot_closes_what_it_shows_inactive_or_harmless_and_nothing_of_unknown_value() -> None:
    whole, _ = records("pradeo", correlation())
    assert isinstance(whole, DeviceStateRecord)
    assert whole.closed_keys == ("agent_inactive", "status:ROOT", "status:NFC")


@pytest.mark.parametrize(
    ("level", "severity"), [("Red", "high"), ("ORANGE", "medium"), ("Purple", "high"), (None, "low")]
)
def test_a_level_grades_an_active_status(level: object, severity: str) -> None:
    entry = graded("System", "DeveloperMode", level, 1)
    _, found = records("pradeo", correlation(matchedSystemStatusLevels=[entry]))
    assert isinstance(found, ThreatRecord)
    assert found.severity == severity


def test_a_status_graded_red_and_inactive_raises_nothing() -> None:
    entry = graded("Network", "ManInTheMiddle", "Red", 0)
    quiet = correlation(
        matchedNetworkStatusLevels=[entry], matchedSystemStatusLevels=[], systemThreatLevel="Green"
    )
    assert state("pradeo", quiet).severity is Level.SECURED
    assert state("pradeo", quiet).closed_keys == ("agent_inactive", "status:MANINTHEMIDDLE")


def test_an_unknown_level_of_the_device_is_high_and_a_missing_one_none() -> None:
    whole, _ = records("pradeo", correlation(systemThreatLevel="Purple", networkThreatLevel="null"))
    assert isinstance(whole, DeviceStateRecord)
    assert whole.levels == {Category.APP: Level.SECURED, Category.DEVICE: Level.HIGH}
    assert whole.severity is Level.HIGH


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"device": None}, "no device"),
        (
            {"matchedNetworkStatusLevels": [graded("Network", "NFC", "Red", 1)] * 201},
            "matchedNetworkStatusLevels has more than 200 entries",
        ),
    ],
)
def test_a_snapshot_that_makes_no_sense_is_set_aside(fields: dict[str, object], reason: str) -> None:
    [record] = records("pradeo", correlation(**fields))
    assert isinstance(record, UnreadableRecord)
    assert record.reason == reason


@pytest.mark.parametrize("entry", [7, {}, {"systemStatusLevel": "Red"}])
def test_a_status_that_cannot_be_read_is_named_and_costs_no_other(entry: object) -> None:
    statuses = [entry, graded("System", "Root", "Red", 1)]
    whole, root, broken = records("pradeo", correlation(matchedSystemStatusLevels=statuses))
    assert isinstance(whole, DeviceStateRecord)
    assert isinstance(root, ThreatRecord)
    assert root.threat_type == "jailbreak_root"
    assert isinstance(broken, UnreadableRecord)
    assert broken.reason.startswith("matchedSystemStatusLevels: ")


@pytest.mark.parametrize("wrapped", [lambda one: one, lambda one: json.dumps([one]), json.dumps])
def test_a_list_of_one_is_read_whatever_a_tool_made_of_it(wrapped: Callable[[JsonObject], object]) -> None:
    one = wrapped(graded("System", "Root", "Red", 1))
    _, root = records("pradeo", correlation(matchedSystemStatusLevels=one))
    assert isinstance(root, ThreatRecord)
    assert root.threat_type == "jailbreak_root"


NEVER = {"coupled": False, "lastConnection": None}
LOST = {"coupled": False, "lastConnection": "2026-01-30T12:00:00.000Z"}
UNENROLLED = [{"matchConditions": [{"type": "enrollmentStatusIs", "value": "unenrolled"}]}]


@pytest.mark.parametrize(
    "word", ["NotYetAvailable", "not yet available", "Pending", "unknown", "None", "N/A"]
)
def test_a_level_that_is_not_known_yet_rates_nothing(word: str) -> None:
    quiet = correlation(
        systemThreatLevel=word,
        networkThreatLevel=word,
        matchedSystemStatusLevels=[],
        matchedNetworkStatusLevels=[],
    )
    whole = state("pradeo", bare(quiet))
    assert (whole.severity, whole.clears, whole.levels) == ("secured", "none", {Category.APP: Level.SECURED})
    assert unknown_words(whole) == []
    found = records("pradeo", bare(correlation(**dict.fromkeys(LEVEL_FIELDS, word))))
    assert [each.record for each in found] == ["device_identity", "threat"]


def test_a_correlation_that_is_not_done_is_no_verdict() -> None:
    [known, _] = records("pradeo", correlation(status="inProgress"))
    assert isinstance(known, DeviceIdentityRecord)
    [known, _] = records("pradeo", correlation(status="done"))
    assert isinstance(known, DeviceStateRecord)


@pytest.mark.parametrize("status", ["Approved", "Disapproved"])
@pytest.mark.parametrize("enrollment", [NEVER, None, {"id": "e-1", "lastConnection": None}])
def test_a_verdict_on_a_phone_whose_agent_never_connected_is_no_scan(
    status: str, enrollment: JsonObject | None
) -> None:
    content = device_verdict(
        status, device=device(enrollmentStatus=enrollment), matchedResponseRules=UNENROLLED
    )
    for each in (content, bare(content)):
        [known] = records("pradeo", each)
        assert isinstance(known, DeviceIdentityRecord)
        assert known.mdm_device_id == "mdm-1"
    [known] = records(
        "pradeo", bare(correlation(device=device(enrollmentStatus=enrollment), matchedSystemStatusLevels=[]))
    )
    assert isinstance(known, DeviceIdentityRecord)


def test_whatever_is_said_of_an_agent_that_never_connected_is_no_scan_of_it() -> None:
    never = device(enrollmentStatus=NEVER)
    assert not state("pradeo", device_verdict("Approved", device=never, matchedResponseRules=[])).scanned
    content = app_verdict("Approved")
    content["content"]["deviceApplicationCompliance"]["deviceApplication"]["device"] = never  # type: ignore[index, call-overload]
    assert not threat("pradeo", content).scanned
    assert threat("pradeo", app_verdict("Approved")).scanned


def test_an_agent_that_is_gone_vouches_for_nothing_and_clears_nothing() -> None:
    gone = device(enrollmentStatus=LOST)
    for content in (
        device_verdict("Approved", device=gone),
        correlation(device=gone, systemThreatLevel="Green", matchedSystemStatusLevels=[]),
    ):
        known, lost = records("pradeo", content)
        assert isinstance(known, DeviceIdentityRecord)
        assert isinstance(lost, ThreatRecord)
        assert (lost.threat_key, lost.status, lost.scanned) == ("agent_inactive", Status.OPEN, False)
    lost = threat("pradeo", device_verdict("NotDefined", device=gone))
    assert lost.threat_key == "agent_inactive"
    red, lost = records("pradeo", device_verdict("Disapproved", device=gone))
    assert isinstance(red, DeviceStateRecord)
    assert (red.severity, red.closed_keys) == ("high", ())
    assert isinstance(lost, ThreatRecord)


@pytest.mark.parametrize("value", [0, 1])
def test_of_an_agent_that_is_gone_no_resolution_counts(value: int) -> None:
    content = status_record("System", "Root", value)
    content["content"]["deviceSystemStatusRecord"]["device"] = device(enrollmentStatus=LOST)  # type: ignore[index, call-overload]
    *found, lost = records("pradeo", content)
    assert [each.record for each in found] == ["threat"] * value
    assert isinstance(lost, ThreatRecord)
    assert lost.threat_type == "agent_inactive"


def test_a_phone_that_was_deleted_has_lost_its_agent() -> None:
    enrolled = {"coupled": True, "lastConnection": "2026-01-30T12:00:00.000Z"}
    deleted = device(enrollmentStatus=enrolled, deletedAt="2026-02-01T07:00:00.000Z")
    _, lost = records("pradeo", bare(device_verdict("Approved", device=deleted)))
    assert isinstance(lost, ThreatRecord)
    assert (lost.threat_type, lost.status) == ("agent_inactive", Status.OPEN)


def test_an_app_that_was_uninstalled_is_no_threat_any_more() -> None:
    content = app_verdict("Disapproved", "Red")
    content["content"]["deviceApplicationCompliance"]["deviceApplication"]["uninstalledAt"] = (  # type: ignore[index, call-overload]
        "2026-02-01T09:00:00Z"
    )
    gone = threat("pradeo", content)
    assert (gone.status, gone.resolved_at) == (Status.RESOLVED, datetime(2026, 2, 1, 9, tzinfo=UTC))


def row(**fields: object) -> JsonObject:
    """A device of the REST interface."""
    return loaded(
        {
            "id": "agent-1",
            "name": "Anna's phone",
            "platform": "ios",
            "osVersion": "26.1",
            "serialNumber": "SER-1",
            "imei": "352099001761481",
            "phoneNumber": "+4915550100",
            "agentStatus": "online",
            "lastSyncAt": "2026-02-01T08:00:00Z",
            "enrolledAt": "2026-01-01T08:00:00Z",
            "riskLevel": "low",
            "securityStatus": "secured",
            "customFields": {"who": "Anna"},
            **fields,
        }
    )


@pytest.mark.parametrize(
    ("risk", "status", "level"),
    [
        ("low", "secured", "secured"),
        ("low", "at risk", "high"),
        ("medium", "secured", "medium"),
        ("high", None, "high"),
        ("purple", "secured", "high"),
    ],
)
def test_a_row_of_the_rest_interface_is_the_devices_state(risk: str, status: str | None, level: str) -> None:
    page = {"total": 1, "items": [row(riskLevel=risk, securityStatus=status)]}
    [whole] = parse("pradeo", json.dumps(page).encode(), received_at=RECEIVED_AT)
    assert isinstance(whole, DeviceStateRecord)
    assert (whole.severity, whole.clears, whole.partner_device_id) == (level, "none", "agent-1")
    assert (whole.serial, whole.platform, whole.closed_keys) == ("SER-1", Platform.IOS, ("agent_inactive",))
    unknown = {risk, status} & {"purple", "at risk"}
    assert unknown_words(whole) == [("severity", each) for each in unknown]
    assert not {"Anna", "352099001761481"} & set(re.findall(r"\w+", whole.model_dump_json()))


def test_a_row_without_a_phone_or_a_verdict_is_its_identity_and_a_dead_agent_is_named() -> None:
    for fields in ({"lastSyncAt": None, "enrolledAt": None}, {"riskLevel": "pending"}, {"riskLevel": None}):
        [known] = records("pradeo", row(**fields))
        assert isinstance(known, DeviceIdentityRecord)
    lost = threat("pradeo", row(agentStatus="uninstalled"))
    assert (lost.threat_key, lost.status, lost.event_at) == ("agent_inactive", Status.OPEN, None)


@pytest.mark.parametrize("agent", ["disconnected", "lost", "suspended", "of a later console"])
def test_a_row_whose_agent_is_not_online_vouches_for_nothing_and_may_raise(agent: str) -> None:
    [known] = records("pradeo", row(agentStatus=agent))
    assert isinstance(known, DeviceIdentityRecord)
    assert unknown_words(known) == [("status", agent)]
    raised = state("pradeo", row(agentStatus=agent, riskLevel="high"))
    assert (raised.severity, raised.closed_keys) == (Level.HIGH, ())
    well = state("pradeo", row(agentStatus=None))
    assert (well.severity, well.closed_keys) == (Level.SECURED, ("agent_inactive",))


@pytest.mark.parametrize("agent", ["deactivated", "revoked"])
def test_a_row_whose_agent_was_taken_away_has_lost_it(agent: str) -> None:
    assert threat("pradeo", row(agentStatus=agent)).threat_key == "agent_inactive"


def test_a_threat_of_a_snapshot_keeps_its_own_entry_only() -> None:
    _, found = records("pradeo", correlation())
    assert found.raw == graded("System", "DeveloperMode", "Orange", 1)


def test_a_disapproved_app_is_graded_by_the_rule_that_matched() -> None:
    record = threat("pradeo", app_verdict("Disapproved", "Orange"))
    assert (record.threat_key, record.threat_name) == ("app:com.example.torch", "Torch")
    assert (record.category, record.threat_type) == ("app", "non_compliant_app")
    assert (record.status, record.severity, record.detected_at) == (Status.OPEN, Level.MEDIUM, AT)


@pytest.mark.parametrize(
    ("levels", "severity"),
    [((), "high"), (("Orange", "Red"), "high"), (("Purple",), "high"), (("Green",), "secured")],
)
def test_the_gravest_rule_counts_and_without_one_it_is_high(levels: tuple[str, ...], severity: str) -> None:
    assert threat("pradeo", app_verdict("Disapproved", *levels)).severity == severity


def test_approval_resolves_whatever_rule_matched_and_whichever_version_it_is() -> None:
    gone = threat("pradeo", app_verdict("Approved", "Red", id="app-2"))
    assert gone.threat_key == threat("pradeo", app_verdict("Disapproved")).threat_key
    assert (gone.status, gone.severity, gone.resolved_at) == (Status.RESOLVED, Level.SECURED, AT)


@pytest.mark.parametrize("status", ["NotDefined", "Pending", None])
def test_no_verdict_neither_opens_nor_resolves(status: object) -> None:
    assert threat("pradeo", app_verdict(status)).status is Status.UNKNOWN
    assert isinstance(records("pradeo", device_verdict(status))[0], IgnoredRecord)


@pytest.mark.parametrize(
    ("status", "rules", "severity"),
    [
        ("Approved", [{"matchConditions": [{"type": "threatLevelIs", "value": "Red"}]}], "secured"),
        ("Disapproved", [{"matchConditions": [{"type": "threatLevelIs", "value": "Orange"}]}], "medium"),
        ("Disapproved", [{"matchConditions": [{"type": "packageIs", "value": "Orange"}]}, 7], "high"),
        ("Disapproved", None, "high"),
    ],
)
def test_a_verdict_on_the_device_is_its_state_and_clears_nothing(
    status: str, rules: object, severity: str
) -> None:
    record = state("pradeo", device_verdict(status, matchedResponseRules=rules))
    assert (record.severity, record.clears, record.closed_keys) == (
        severity,
        Clears.NONE,
        ("agent_inactive",),
    )
    assert record.detected_at == AT


def test_the_older_detection_meets_the_status_record() -> None:
    found, gone = threat("pradeo", detection("START")), threat("pradeo", detection("end"))
    assert found.threat_key == gone.threat_key == "status:NFC"
    assert (found.status, gone.status, gone.resolved_at) == (Status.OPEN, Status.RESOLVED, AT)
    assert (found.partner_device_id, found.platform) == ("agent-1", Platform.ANDROID)


def test_how_a_detection_ends_is_a_setting() -> None:
    words = {("pradeo", "ended"): ("Over",)}
    for status, expected in (("OVER", Status.RESOLVED), ("END", Status.OPEN)):
        body = json.dumps(detection(status)).encode()
        [record] = parse("pradeo", body, received_at=RECEIVED_AT, words=words)
        assert isinstance(record, ThreatRecord)
        assert record.status is expected


def test_the_envelopes_category_says_where_an_unknown_detection_lives() -> None:
    assert threat("pradeo", detection("START", "match_novelty", category="Network")).category == "network"
    assert threat("pradeo", detection("START", "match_novelty", category="null")).category == "device"


def test_a_detection_without_a_platform_still_names_its_device() -> None:
    content = {"id": "agent-1", "metric": "match_root", "status": "START"}
    record = threat("pradeo", event("DeviceDetection", content))
    assert (record.partner_device_id, record.platform) == ("agent-1", None)


def test_a_status_history_may_bring_its_own_time() -> None:
    own = threat("pradeo", history("Root", 1, eventDate="2026-01-31T00:00:00Z"))
    assert own.detected_at == datetime(2026, 1, 31, tzinfo=UTC)
    without = threat("pradeo", history("Root", 0))
    assert (without.status, without.resolved_at, without.threat_key) == (Status.RESOLVED, AT, "status:ROOT")


def test_a_bare_event_is_read_as_its_typed_twin_at_the_time_its_body_changed() -> None:
    for typed in (correlation(), app_verdict("Disapproved", "Red")):
        for one, other in zip(records("pradeo", bare(typed)), records("pradeo", typed), strict=True):
            assert not isinstance(one, IgnoredRecord | UnreadableRecord)
            assert one.detected_at == CHANGED
            replaced = {"detected_at": AT, "raw": other.raw}
            assert one.model_copy(update=replaced) == other


def test_a_bare_device_is_its_identity() -> None:
    newer = {
        "externalId": "mdm-7",
        "integration": {"emm": "Intune"},
        "lastSynchronizationDate": "2026-02-01T08:00:00.500Z",
    }
    body = device(
        emmDeviceInfo=newer, declaredOperatingSystem=None, operatingSystem={"name": "iOS", "version": "18"}
    )
    [record] = records("pradeo", {"id": "event-2", "device": body})
    assert isinstance(record, DeviceIdentityRecord)
    assert (record.report_id, record.partner_device_id) == ("event-2", "agent-1")
    assert (record.mdm_device_id, record.emm, record.detected_at) == ("mdm-7", "intune", AT)
    assert (record.platform, record.os_version) == (Platform.IOS, "15")


def enrollment(*, coupled: object, connected: object) -> list[ThreatRecord]:
    body = device(enrollmentStatus={"coupled": coupled, "lastConnection": connected})
    content = {"id": "event-2", "device": {**body, "lastModificationDate": "2026-02-01T07:59:00.000Z"}}
    return [each for each in records("pradeo", content) if isinstance(each, ThreatRecord)]


def test_an_agent_that_is_coupled_no_more_is_inactive_until_it_is_coupled_again() -> None:
    [lost] = enrollment(coupled=False, connected="2026-01-30T12:00:00.000Z")
    assert (lost.threat_type, lost.category, lost.severity) == ("agent_inactive", "device", "medium")
    assert (lost.status, lost.detected_at) == (Status.OPEN, CHANGED)
    [back] = enrollment(coupled=True, connected="2026-02-01T07:58:00.000Z")
    assert (back.status, back.resolved_at, back.threat_key) == (Status.RESOLVED, CHANGED, lost.threat_key)
    assert back.report_id != lost.report_id


@pytest.mark.parametrize(("coupled", "connected"), [(False, None), (None, "2026-01-30T12:00:00.000Z")])
def test_an_agent_that_never_connected_is_not_lost(coupled: object, connected: object) -> None:
    assert enrollment(coupled=coupled, connected=connected) == []


@pytest.mark.parametrize("emm", ["airwatch", "mobile_iron"])
def test_another_mdms_name_is_kept_with_its_id(emm: str) -> None:
    body = device(emmDeviceInfo={"externalId": "x-1", "emm": emm}, serialNumber="unknown")
    [record] = records("pradeo", {"id": "event-2", "device": body})
    assert isinstance(record, DeviceIdentityRecord)
    assert (record.mdm_device_id, record.emm, record.serial) == ("x-1", emm, None)


@pytest.mark.parametrize(
    "content",
    [
        event("ApplicationCreated", {"application": {"id": "a"}}),
        event("MessageCreated", {}),
        event("MessageCreated", "a text"),
        event("DetectionPolicyUpdated", {"detectionPolicy": {}}),
        event("DevicePermissionStatusUpdated", {"device": device(), "permission": "vpn", "value": 0}),
        {"id": "event-3", "emmApplication": {"id": "a"}},
        {"id": "event-3", "integration": {"id": "i"}, "job": "updateDevices", "error": "x"},
        event("TokenGenerated", {"id": "t"}),
        event("DetectionPolicyDecision", {"application": {"id": 7}, "allowed": "false"}),
        event("DeviceApplicationResponseRuleCreated", {"deviceApplicationResponseRule": {}}),
        event("DeviceInstalledApplicationsListUpdated", {"device": {"id": "a", "applications": []}}),
        event("DeviceResponseRuleDeleted", {}),
        event("UserUpdated", "a text"),
    ],
)
def test_what_says_nothing_of_a_device_is_ignored(content: JsonObject) -> None:
    assert isinstance(records("pradeo", content)[0], IgnoredRecord)


def test_an_unknown_event_type_is_set_aside() -> None:
    [record] = records("pradeo", event("DeviceNovelty", {"id": "x"}))
    assert isinstance(record, UnreadableRecord)
    assert record.reason == "type is no event type that is known"


@pytest.mark.parametrize(
    "content", [lookout_device(), jamf_event(), jamf_event()["event"], zimperium_search()]
)
def test_another_partners_device_is_foreign(content: object) -> None:
    bad, good = records("pradeo", content, status_record("System", "Root", 1))
    assert isinstance(bad, UnreadableRecord)
    assert bad.reason == "not this partner's format"
    assert isinstance(good, ThreatRecord)


def test_a_legacy_line_names_no_device_and_is_no_threat() -> None:
    body = legacy() + b"\n" + legacy(ACTION_VALUES={"ALLOWED": "true"})
    read = parse("pradeo", body, received_at=RECEIVED_AT)
    assert [(record.record, record.index) for record in read] == [("ignored", 0), ("ignored", 1)]


def test_a_line_of_another_program_is_one_unreadable_item() -> None:
    read = parse("pradeo", b'Feb  1 08:00:00 host sshd[1]: {"x": 1}\n' + legacy(), received_at=RECEIVED_AT)
    assert [record.record for record in read] == ["unreadable", "ignored"]


@pytest.mark.parametrize(
    "content", [status_record("System", "Root", 1), correlation(), app_verdict("Approved")]
)
def test_neither_imei_nor_enrollment_key_is_kept(content: JsonObject) -> None:
    for each in (content, bare(content)):
        kept = json.dumps([record.model_dump(mode="json") for record in records("pradeo", each)])
        assert "352099001761481" not in kept
        assert "enrol-me-17" not in kept


def test_of_an_imei_in_place_of_an_id_the_hash_is_kept() -> None:
    [record] = records("pradeo", bare(device_verdict("Approved", device=device(id="352099001761481"))))
    assert isinstance(record, DeviceStateRecord)
    assert record.partner_device_id == sha256(b"352099001761481").hexdigest()
    assert "352099001761481" not in record.model_dump_json()


def test_a_value_that_nobody_explains_is_logged() -> None:
    record = threat("pradeo", status_record("Network", "RogueCellTower", 3))
    assert unknown_words(record) == [("status", "3")]
    assert unknown_words(threat("pradeo", status_record("Network", "RogueCellTower", 0))) == []


@pytest.mark.parametrize("kind", ["System", "Network"])
def test_the_vendors_kind_of_status_is_kept(kind: str) -> None:
    record = threat("pradeo", status_record(kind, "Bluetooth", 1))
    assert (record.category, record.vendor_category) == ("network", kind)


@pytest.mark.parametrize(
    ("category", "ours"), [("Network", "network"), ("NETWORK", "network"), (None, "device")]
)
def test_a_thinner_event_names_the_kind_by_its_category(category: str | None, ours: str) -> None:
    record = threat("pradeo", {**detection("START", "Novelty"), "category": category})
    assert (record.category, record.vendor_category) == (ours, category)


def test_a_level_that_no_table_knows_is_high_and_logged() -> None:
    [found, *_] = records("pradeo", correlation(networkThreatLevel="Purple", systemThreatLevel=None))
    assert isinstance(found, DeviceStateRecord)
    assert (found.severity, unknown_words(found)) == (Level.HIGH, [("severity", "Purple")])
    [known, *_] = records("pradeo", correlation())
    assert isinstance(known, DeviceStateRecord)
    assert unknown_words(known) == []


def without_level(**fields: object) -> JsonObject:
    return correlation(applicationThreatLevel=None, systemThreatLevel=None, networkThreatLevel=None, **fields)


def test_a_snapshot_without_a_level_is_no_verdict_and_its_graded_threats_count() -> None:
    rooted = graded("System", "Root", "Red", 1)
    known, found = records("pradeo", without_level(matchedSystemStatusLevels=[rooted]))
    assert isinstance(known, DeviceIdentityRecord)
    assert isinstance(found, ThreatRecord)
    assert (found.threat_type, found.severity, found.status) == ("jailbreak_root", Level.HIGH, Status.OPEN)
    empty = event("DeviceCorrelationUpdated", {"deviceCorrelation": {"id": "c-1", "device": device()}})
    [refused] = records("pradeo", empty)
    assert isinstance(refused, UnreadableRecord)
    assert refused.reason == "no threat level"


@pytest.mark.parametrize("value", [None, ""])
def test_a_status_without_a_value_is_active_and_that_is_logged(value: object) -> None:
    for message in (status_record("System", "Root", value), history("Root", value)):
        record = threat("pradeo", message)
        assert (record.status, unknown_words(record)) == (Status.OPEN, [("status", "no status")])


@pytest.mark.parametrize(("level", "opened"), [("Red", True), (None, True), ("Green", False)])
def test_a_graded_status_without_a_value_is_active_unless_its_kind_is_well(
    level: str | None, opened: bool
) -> None:
    fields = {
        "systemThreatLevel": level,
        "matchedSystemStatusLevels": [graded("System", "Root", "Red", None)],
    }
    found = [each for each in records("pradeo", correlation(**fields)) if isinstance(each, ThreatRecord)]
    assert [each.threat_name for each in found] == (["Root"] if opened else [])


@pytest.mark.parametrize(
    ("risk", "status", "level"),
    [
        ("low", "compromised", "high"),
        ("medium", "High", "high"),
        ("high", "low", "high"),
        ("low", "Medium", "medium"),
        ("low", "unknown", "low"),
        (None, "compromised", "high"),
    ],
)
def test_a_row_is_as_bad_as_the_graver_of_its_two_words(risk: str | None, status: str, level: str) -> None:
    assert state("pradeo", row(riskLevel=risk, securityStatus=status)).severity == level


@pytest.mark.parametrize("never", ["never", "---", "N/A"])
def test_a_phone_whose_last_connection_is_no_time_has_never_connected(never: str) -> None:
    enrollment = {"coupled": False, "lastConnection": never}
    body = correlation(device=device(enrollmentStatus=enrollment))
    assert not any(isinstance(each, DeviceStateRecord) for each in records("pradeo", body))
    assert "agent_inactive" not in {getattr(each, "threat_type", None) for each in records("pradeo", body)}


@pytest.mark.parametrize("job", [{"id": "1", "job": "updateDevices"}, {"job": {"kind": "sync"}}])
def test_a_job_is_ignored_whatever_stands_beside_it(job: object) -> None:
    [record] = records("pradeo", job)
    assert isinstance(record, IgnoredRecord)


def test_the_network_of_a_status_is_not_kept() -> None:
    message = status_record("Network", "RogueAccessPoint", 1, details={"network": "Cafe Zoe"})
    assert "Zoe" not in threat("pradeo", message).model_dump_json()


@pytest.mark.parametrize(
    ("grade", "level"), [("None", "secured"), ("Info", "secured"), ("unknown", "high"), ("Plum", "high")]
)
def test_a_grade_that_is_none_is_the_types_default(grade: str, level: str) -> None:
    found = records("pradeo", correlation(matchedSystemStatusLevels=[graded("System", "Root", grade, 1)]))
    levels = [each.severity for each in found if isinstance(each, ThreatRecord)]
    assert levels == ([] if level == "secured" else [level])


def test_a_value_in_a_snapshot_that_nobody_knows_is_logged_and_neither_opens_nor_closes() -> None:
    graded_so = [graded("System", "Root", "Red", "of a later agent"), graded("System", "DebugMode", "Red", 3)]
    state, root = records("pradeo", correlation(matchedSystemStatusLevels=graded_so))
    assert isinstance(state, DeviceStateRecord)
    assert isinstance(root, ThreatRecord)
    assert (root.threat_key, root.status) == ("status:ROOT", "unknown")
    assert unknown_words(root) == [("status", "of a later agent")]
    assert "status:ROOT" not in state.closed_keys


def test_a_device_of_the_rest_interface_is_kept_but_for_its_name() -> None:
    record = state("pradeo", row())
    assert said(record) == {
        "report_id": "agent-1:2026-02-01T08:00:00Z:LOW:SECURED:2026-03-01T12:00Z",
        "partner_device_id": "agent-1",
        "serial": "SER-1",
        "platform": Platform.IOS,
        "os_version": "26.1",
        "severity": Level.SECURED,
        "severity_raw": "low",
        "closed_keys": ("agent_inactive",),
    }
    assert isinstance(record.raw, dict)
    assert record.raw["osVersion"] == "26.1"
    assert record.raw["name"] != row()["name"]


@pytest.mark.parametrize(
    ("fields", "detected_at", "unknown"),
    [
        ({"agentStatus": "sleeping"}, datetime(2026, 2, 1, 8, 0, tzinfo=UTC), "sleeping"),
        ({"agentStatus": "unknown"}, datetime(2026, 2, 1, 8, 0, tzinfo=UTC), None),
        ({"agentStatus": "deleted", "lastSyncAt": None, "enrolledAt": None}, None, None),
        ({"riskLevel": None, "securityStatus": None}, datetime(2026, 2, 1, 8, 0, tzinfo=UTC), None),
        ({"lastSyncAt": "Never"}, None, None),
    ],
)
def test_a_device_nobody_vouches_for_is_only_identified(
    fields: dict[str, object], detected_at: datetime | None, unknown: str | None
) -> None:
    [record] = records("pradeo", row(**fields))
    assert isinstance(record, DeviceIdentityRecord)
    assert (record.detected_at, record.unknown_status) == (detected_at, unknown)


def test_an_agent_that_enrolled_has_been_at_work_though_it_never_synchronised() -> None:
    record = threat("pradeo", row(agentStatus="deleted", lastSyncAt=None))
    assert (record.threat_type, record.threat_name) == ("agent_inactive", "Agent no longer coupled")


def test_a_status_in_the_history_keeps_its_category_and_its_unknown_value() -> None:
    record = threat("pradeo", {**history("Root", 3), "category": "System"})
    assert (record.vendor_category, record.unknown_status) == ("System", "3")
    assert threat("pradeo", history("Root", 1)).unknown_status is None


def test_a_detection_without_a_metric_is_named_by_its_type() -> None:
    content = {"id": "android:agent-1", "type": "match_nfc", "status": "START"}
    assert threat("pradeo", event("DeviceDetection", content)).threat_name == "match_nfc"


def test_a_verdict_on_an_app_says_which_app_it_is_and_why() -> None:
    assert said(threat("pradeo", {**app_verdict("Disapproved", "Red"), "category": "Compliance"})) == {
        "report_id": "event-1",
        "partner_device_id": "agent-1",
        "mdm_device_id": "mdm-1",
        "serial": "SER-1",
        "platform": Platform.ANDROID,
        "os_version": "15",
        "detected_at": AT,
        "threat_key": "app:com.example.torch",
        "category": Category.APP,
        "threat_type": "non_compliant_app",
        "threat_name": "Torch",
        "severity_raw": "Disapproved",
        "severity": Level.HIGH,
        "status": Status.OPEN,
        "vendor_category": "Compliance",
    }


@pytest.mark.parametrize(
    ("application", "key", "name"),
    [
        ({"name": None}, "app:com.example.torch", "com.example.torch"),
        ({"package": {"system": "Android"}}, "app:app-1", "Torch"),
    ],
)
def test_an_app_is_known_by_its_package_else_by_its_id(
    application: dict[str, object], key: str, name: str
) -> None:
    record = threat("pradeo", app_verdict("Disapproved", "Red", **application))
    assert (record.threat_key, record.threat_name) == (key, name)


@pytest.mark.parametrize("word", ["Pending", "Quarantined"])
def test_a_verdict_on_an_app_that_no_table_knows_is_logged(word: str) -> None:
    record = threat("pradeo", app_verdict(word, "Red"))
    assert (record.status, record.unknown_status, record.severity_raw) == (Status.UNKNOWN, word, word)


def test_the_system_of_an_app_is_that_of_a_device_that_names_none() -> None:
    message = app_verdict("Disapproved", "Red")
    installed = {"application": {"id": "app-1", "package": {"package": "x.y", "system": "Android"}}}
    body = {"status": "Disapproved", "deviceApplication": {**installed, "device": {"id": "agent-1"}}}
    record = threat("pradeo", {**message, "content": {"deviceApplicationCompliance": body}})
    assert record.platform is Platform.ANDROID


def test_a_compliance_that_was_not_computed_is_no_verdict() -> None:
    [record] = records("pradeo", device_verdict("Disapproved", computed=False))
    assert isinstance(record, IgnoredRecord)
    assert state("pradeo", device_verdict("Disapproved", computed=True)).severity_raw == "Disapproved"


@pytest.mark.parametrize(("status", "unknown"), [("START", None), (None, "no status")])
def test_a_detection_that_does_not_say_how_it_stands_is_logged(
    status: str | None, unknown: str | None
) -> None:
    assert threat("pradeo", detection(status)).unknown_status == unknown


@pytest.mark.parametrize(
    "message",
    [status_record("System", "Root", 1), app_verdict("Disapproved", "Red"), device_verdict("Approved")],
    ids=["status", "app", "device"],
)
def test_an_event_without_an_id_is_known_by_its_bodys(message: JsonObject) -> None:
    [record] = records("pradeo", {name: value for name, value in bare(message).items() if name != "id"})
    assert isinstance(record, ThreatRecord | DeviceStateRecord)
    assert record.report_id.split(":")[0] in {"r-1", "v-1", "v-2"}


@pytest.mark.parametrize("make", [history, lambda _, value: detection(value)], ids=["history", "detection"])
def test_an_event_without_a_time_is_of_its_bodys_last_change(
    make: Callable[[str, object], JsonObject],
) -> None:
    message = make("Root", 1)
    content = {
        **loaded(message["content"]),
        "lastModificationDate": "2026-02-01T07:59:00Z",
        "id": "a:agent-1",
    }
    record = threat("pradeo", {**message, "creationDate": None, "content": content})
    assert record.detected_at == CHANGED


def test_an_agent_lost_with_a_status_was_found_so_at_the_events_time() -> None:
    lost = device(enrollmentStatus=LOST)
    body = {"device": lost, "deviceSystemStatus": {"name": "Root"}, "value": 1}
    found = records("pradeo", event("DeviceSystemStatusRecordUpdated", {"deviceSystemStatusRecord": body}))
    agent = [
        each for each in found if isinstance(each, ThreatRecord) and each.threat_type == "agent_inactive"
    ]
    assert [each.detected_at for each in agent] == [AT]
    assert agent[0].threat_name == "Agent no longer coupled"
    assert agent[0].report_id == "event-1:agent_inactive:2026-01-30T12:00:00.000Z"


def test_an_agent_at_work_again_ends_that_threat_without_a_name() -> None:
    content = {"device": device(enrollmentStatus={"coupled": True, "lastConnection": "2026-02-01T07:00:00Z"})}
    found = records("pradeo", {"id": "event-1", **content})
    [record] = [each for each in found if isinstance(each, ThreatRecord)]
    assert (record.status, record.threat_name) == (Status.RESOLVED, None)


def test_an_app_that_was_judged_on_an_agent_that_is_lost_says_both() -> None:
    message = app_verdict("Disapproved", "Red")
    installed = {
        "application": {"id": "app-1", "package": {"package": "com.example.torch"}},
        "device": device(enrollmentStatus=LOST),
    }
    body = {"id": "v-1", "status": "Disapproved", "deviceApplication": installed}
    found = records("pradeo", {**message, "content": {"deviceApplicationCompliance": body}})
    times = {each.threat_type: each.detected_at for each in found if isinstance(each, ThreatRecord)}
    assert times == {"non_compliant_app": AT, "agent_inactive": AT}


def test_a_verdict_on_a_device_whose_agent_is_lost_was_found_at_its_time() -> None:
    [*_, agent] = records("pradeo", device_verdict("Approved", device=device(enrollmentStatus=LOST)))
    assert isinstance(agent, ThreatRecord)
    assert agent.detected_at == AT


@pytest.mark.parametrize(
    ("enrollment", "scanned"),
    [
        ({"coupled": True}, True),
        ({"coupled": False, "lastConnection": "2026-02-01T07:00:00Z"}, True),
        ({"lastConnection": "2026-02-01T07:00:00Z"}, True),
        ({"coupled": False}, False),
        ({"lastConnection": None}, False),
        ({}, False),
        (None, False),
        ({"of": "a later feed"}, True),
    ],
)
def test_an_agent_has_looked_unless_its_enrollment_says_that_it_never_connected(
    enrollment: object, scanned: bool
) -> None:
    assert never_connected(loaded({"enrollmentStatus": enrollment})) is not scanned
    assert not never_connected({})


def test_a_snapshot_of_a_phone_whose_agent_is_lost_closes_nothing() -> None:
    well = {
        "matchedSystemStatusLevels": [graded("System", "DeveloperMode", "Orange", 0)],
        "matchedNetworkStatusLevels": [],
    }
    at_work, lost = (
        correlation(device=device(enrollmentStatus=each), **well) for each in ({"coupled": True}, LOST)
    )
    assert state("pradeo", at_work).closed_keys == ("agent_inactive", "status:DEVELOPERMODE")
    red, agent = records("pradeo", lost)
    assert isinstance(red, DeviceStateRecord)
    assert red.closed_keys == ()
    assert isinstance(agent, ThreatRecord)
    assert (agent.threat_key, agent.detected_at) == ("agent_inactive", AT)
    uncoupled = correlation(device=device(enrollmentStatus={"of": "a later feed"}), **well)
    assert state("pradeo", uncoupled).closed_keys == ("status:DEVELOPERMODE",)


def test_the_system_of_a_phone_is_named_in_one_of_two_places() -> None:
    system = {"name": "iOS", "version": "18.1"}
    plain = {
        "declaredOperatingSystem": None,
        "declaredOperatingSystemVersion": None,
        "operatingSystem": system,
    }
    record = state("pradeo", device_verdict("Approved", device=device(**plain)))
    assert (record.platform, record.os_version) == (Platform.IOS, "18.1")
