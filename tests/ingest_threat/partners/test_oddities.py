"""A field of an odd type, or a time nobody can read, costs itself and nothing beside it."""

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from pydantic import JsonValue

from ingest_threat.body import JsonObject
from ingest_threat.partners import parse, unknown_words
from ingest_threat.partners._oddities import note_field, note_time
from shared.domain.level import Level
from shared.domain.record import (
    Clears,
    DeviceIdentityRecord,
    DeviceStateRecord,
    IgnoredRecord,
    Record,
    ThreatRecord,
    UnreadableRecord,
)
from tests.ingest_threat.partners import messages_better_mobile as better
from tests.ingest_threat.partners import messages_pradeo as pradeo
from tests.ingest_threat.partners.messages_checkpoint_harmony import checkpoint_alert
from tests.ingest_threat.partners.messages_lookout import lookout_device, lookout_threat
from tests.ingest_threat.partners.messages_sophos import sophos_device, sophos_event
from tests.ingest_threat.partners.messages_symantec_sep_mobile import symantec_device, symantec_incident
from tests.ingest_threat.partners.messages_wandera_jamf import jamf_event
from tests.ingest_threat.partners.messages_zimperium import (
    zimperium_clean_device,
    zimperium_device,
    zimperium_export,
    zimperium_incident,
    zimperium_search,
    zimperium_threat,
)
from tests.ingest_threat.partners.reading import RECEIVED_AT, records

ODD_TEXTS: list[JsonValue] = [["A", "b"], {"name": "A"}, [], [["A"]], {"A": {"b": 1}}]
SIDE: Mapping[str, list[tuple[JsonObject, str]]] = {
    "lookout": [
        *((lookout_threat(), name) for name in ("threat.severity", "threat.details")),
        *((lookout_device(), name) for name in ("device.platform", "device.info.external_id")),
        *((lookout_device(), name) for name in ("device.software", "device.software.os_version")),
        (lookout_threat(), "threat.details.application_name"),
    ],
    "zimperium": [
        *((zimperium_threat(), name) for name in ("device_os", "device_os_version", "threat_display_name")),
        *((zimperium_threat(), name) for name in ("severity_name", "mdm_device_id", "threat_vector")),
        *((zimperium_search(), name) for name in ("os", "device.os", "severityName")),
        *((zimperium_export(), name) for name in ("forensics.severity", "device_info.os", "threat.general")),
        (zimperium_incident(), "device_os"),
        (zimperium_device(), "os"),
    ],
    "wandera_jamf": [
        *((jamf_event(), f"event.device.{name}") for name in ("os", "externalId", "deviceName")),
        *((jamf_event(), f"event.{name}") for name in ("eventUrl", "severity", "app", "metadata")),
    ],
    "checkpoint_harmony": [
        (checkpoint_alert(), name)
        for name in ("os_version", "device_model", "mdm_uuid", "threat_factors", "details", "severity")
    ],
    "sophos": [
        *((sophos_device(), name) for name in ("os", "os.version", "compliance", "scanResultSummary")),
        *((sophos_event(), name) for name in ("group", "filePath", "threat", "data", "severity")),
    ],
    "pradeo": [
        *((pradeo.correlation(), f"content.deviceCorrelation.device.{name}") for name in (
            "declaredOperatingSystemVersion", "emmDeviceInfo", "emmDeviceInfo.externalId", "serialNumber",
            "operatingSystem",
        )),
        (pradeo.correlation(), "content.deviceCorrelation.systemThreatLevel"),
        (pradeo.app_verdict("Disapproved"), "content.deviceApplicationCompliance.matchedResponseRules"),
    ],
    "better_mobile": [
        *((better.incident(), name) for name in ("DeviceOS", "ThreatTitle", "ThreatCategory")),
        *((better.incident(), name) for name in ("ThreatType", "ThreatSeverity")),
        (better.device(), "DeviceOS"),
    ],
    "symantec_sep_mobile": [
        *((symantec_incident(), f"device.{name}") for name in ("os_version", "serial_number", "udid")),
        *((symantec_incident(), name) for name in ("sub_type", "severity", "package_name")),
    ],
}  # fmt: skip
CASES = [(partner, content, path) for partner, several in SIDE.items() for content, path in several]


def replaced(content: JsonObject, path: str, value: JsonValue) -> JsonObject:
    """`content` with `value` under `path`."""
    changed = json.loads(json.dumps(content))
    *above, name = path.split(".")
    inner = changed
    for each in above:
        inner = inner.setdefault(each, {})
    inner[name] = value
    read: JsonObject = changed
    return read


@pytest.mark.parametrize("odd", ODD_TEXTS)
@pytest.mark.parametrize(("partner", "content", "path"), CASES)
def test_an_odd_side_field_costs_neither_the_threat_nor_the_state(
    partner: str, content: JsonObject, path: str, odd: JsonValue
) -> None:
    plain, read = records(partner, content), records(partner, replaced(content, path, odd))
    assert [type(each) for each in read] == [type(each) for each in plain]
    for one, other in zip(plain, read, strict=True):
        assert isinstance(one, ThreatRecord | DeviceStateRecord | DeviceIdentityRecord)
        assert isinstance(other, ThreatRecord | DeviceStateRecord | DeviceIdentityRecord)
        assert other.partner_device_id == one.partner_device_id
        assert getattr(other, "status", None) == getattr(one, "status", None)


def counted(partner: str, content: JsonObject) -> ThreatRecord | DeviceStateRecord:
    record = records(partner, content)[0]
    assert isinstance(record, ThreatRecord | DeviceStateRecord)
    return record


def test_an_odd_field_is_logged_by_its_name() -> None:
    record = counted("zimperium", zimperium_threat(device_os_version=["16"], device_os={"x": "android"}))
    assert (record.os_version, record.platform) == (None, None)
    assert unknown_words(record) == [("field", "device_os, device_os_version")]
    assert unknown_words(counted("zimperium", zimperium_threat())) == []


@pytest.mark.parametrize(
    ("partner", "content"),
    [
        ("zimperium", zimperium_threat(severity_name=["LOW"])),
        ("lookout", lookout_threat(severity={"level": "LOW"})),
        ("checkpoint_harmony", checkpoint_alert(severity=["Information"])),
        ("better_mobile", better.incident(ThreatSeverity=["low"])),
        ("better_mobile", better.device(ThreatLevel=["Low"])),
        ("sophos", sophos_event(severity=["low"])),
        ("symantec_sep_mobile", symantec_incident(severity={"name": "low"})),
        ("wandera_jamf", replaced(jamf_event(), "event.severity", ["1"])),
        (
            "pradeo",
            replaced(pradeo.correlation(), "content.deviceCorrelation.systemThreatLevel", ["Green"]),
        ),
    ],
)
def test_an_odd_grade_is_an_unknown_word(partner: str, content: JsonObject) -> None:
    record = counted(partner, content)
    assert record.severity is Level.HIGH
    assert {"severity", "field"} <= dict(unknown_words(record)).keys()


@pytest.mark.parametrize(
    ("partner", "content", "reason"),
    [
        ("zimperium", zimperium_threat(threat_uuid=["threat-1"]), "no threat_uuid"),
        ("zimperium", zimperium_threat(device_id={"id": "agent-1"}), "no device"),
        ("better_mobile", better.incident(ThreatId=[41, 42]), "no ThreatId"),
        ("symantec_sep_mobile", symantec_incident(device=symantec_device(identifier=[])), "no device"),
        # What is ignored for want of what nobody can read is not ignored.
        ("zimperium", zimperium_incident(related_threats="threat-1"), "related_threats cannot be read"),
    ],
)
def test_what_names_the_threat_or_its_device_costs_the_item(
    partner: str, content: JsonObject, reason: str
) -> None:
    [record] = records(partner, content)
    assert isinstance(record, UnreadableRecord)
    assert record.reason == reason


def test_an_odd_field_of_one_item_is_not_noted_on_its_neighbour() -> None:
    first, second = records("zimperium", zimperium_threat(device_os_version=[15]), zimperium_threat())
    assert isinstance(first, ThreatRecord)
    assert isinstance(second, ThreatRecord)
    assert (first.odd_fields, second.odd_fields) == ("device_os_version", None)


def test_nothing_is_noted_outside_of_an_item() -> None:
    note_field("colour")
    note_time("soon")
    assert counted("zimperium", zimperium_threat()).odd_fields is None


def report_id(read: list[Record]) -> str:
    [record] = read
    assert isinstance(record, DeviceStateRecord)
    return record.report_id


@pytest.mark.parametrize("seen", ["---", "vorhin", None])
def test_green_red_green_of_one_time_nobody_can_read_are_three_reports(seen: str | None) -> None:
    said = [
        sophos_device(lastSeenAt=seen, healthState={"state": state}) for state in ("green", "red", "green")
    ]
    bodies = [json.dumps(each).encode() for each in said]
    read = [
        parse("sophos", body, received_at=RECEIVED_AT + timedelta(hours=place))
        for place, body in enumerate(bodies)
    ]
    assert len({report_id(each) for each in read}) == 3
    assert parse("sophos", bodies[0], received_at=RECEIVED_AT + timedelta(seconds=20)) == read[0]


@pytest.mark.parametrize("seen", ["never", "N/A", "---", "Not available"])
@pytest.mark.parametrize(
    ("partner", "content", "name"),
    [
        ("sophos", sophos_device(), "ixmAppLastSeenAt"),
        ("better_mobile", better.device(ThreatLevel="Low"), "LastReported"),
        ("zimperium", zimperium_clean_device(), "lastSeen"),
        ("pradeo", {"id": "p-1", "riskLevel": "low", "securityStatus": "secured"}, "lastSyncAt"),
    ],
)
def test_an_agent_that_was_never_seen_has_not_scanned(
    partner: str, content: JsonObject, name: str, seen: str
) -> None:
    [record] = records(partner, {**content, name: seen})
    assert isinstance(record, DeviceIdentityRecord)
    [doubtful] = records(partner, {**content, name: "vorgestern"})
    assert isinstance(doubtful, DeviceStateRecord)
    assert (doubtful.scanned, doubtful.clears) == (False, Clears.NONE)


def test_steps_of_the_vendors_own_work_are_ignored() -> None:
    [job] = records("pradeo", {"id": "j-1", "job": "syncGroups"})
    [flow] = records("better_mobile", {"DeviceUDID": better.AGENT, "Host": "bad.example", "UrlStatus": "bad"})
    assert isinstance(job, IgnoredRecord)
    assert isinstance(flow, IgnoredRecord)
