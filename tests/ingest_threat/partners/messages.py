"""Invented messages in the partners' shapes: real field names, no real value.

A further partner's stand in a module `messages_<slug>` beside this one, the items it reads in `MESSAGES`.
"""

import json
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from ingest_threat.body import JsonObject
from ingest_threat.partners import parse
from shared.domain.record import DeviceStateRecord, Record, ThreatRecord

RECEIVED_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def loaded(content: object) -> JsonObject:
    """`content` as a message would carry it."""
    read: JsonObject = json.loads(json.dumps(content))
    return read


def lookout_threat(**threat: object) -> JsonObject:
    return loaded(
        {
            "id": "event-1",
            "created_time": "2026-02-01T08:00:00.250+01:00",
            "type": "THREAT",
            "change_type": "CREATED",
            "threat": {
                "guid": "threat-1",
                "status": "OPEN",
                "severity": "LOW",
                "type": "APPLICATION",
                "classifications": ["RISKWARE"],
                "details": {"application_name": "Torch"},
                **threat,
            },
            "target": {"guid": "agent-1", "type": "THREAT"},
            "actor": {"guid": "agent-1", "type": "DEVICE"},
        }
    )


def lookout_device(**status: object) -> JsonObject:
    return loaded(
        {
            "id": "event-2",
            "created_time": "2026-02-01T09:00:00.000+00:00",
            "type": "DEVICE",
            "change_type": "UPDATED",
            "device": {
                "guid": "agent-1",
                "platform": "ANDROID",
                "info": {"external_id": "mdm-1"},
                "status": {"security_status": "SECURE", "activation_status": "ACTIVATED", **status},
                "software": {"os_version": "15"},
            },
            "actor": {"type": "SYSTEM"},
        }
    )


def zimperium_threat(**fields: object) -> JsonObject:
    return loaded(
        {
            "severity_name": "ELEVATED",
            "device_owner_email": "anna@example.org",
            "location": {"gps_latitude": 1.5, "gps_longitude": 2.5},
            "device_time": 1770000000000,
            "device_os": "android",
            "device_os_version": "15",
            "device_id": "agent-1",
            "mdm_device_id": None,
            "threat_name": "USB_DEBUGGING_ON",
            "threat_display_name": "USB Debugging",
            "threat_uuid": "threat-1",
            "threat_vector": "Device",
            "threat_status": "Pending",
            "detected_url": "null",
            **fields,
        }
    )


def zimperium_incident(**fields: object) -> JsonObject:
    return loaded(
        {
            "incident_id": "incident-1",
            "device_id": "agent-1_D_1",
            "incident_status": "Pending",
            "incident_created_date": "2026-02-02T03:00:00.123456789Z",
            "related_threats": [
                {
                    "threat_id": "threat-1",
                    "threat_name": "Device Jailbroken/Rooted",
                    "threat_severity": "CRITICAL",
                    "threat_status": "Pending",
                    "timestamp": "2026-02-02T02:00:00Z",
                },
                {
                    "threat_id": "threat-2",
                    "threat_name": "Sideloaded App(s)",
                    "threat_severity": "ELEVATED",
                    "threat_status": "Marked Fixed",
                    "timestamp": "2026-02-02T02:00:01Z",
                },
            ],
            **fields,
        }
    )


def zimperium_search(**fields: object) -> JsonObject:
    return loaded(
        {
            "id": "threat-9",
            "device": {"id": "agent-9", "mdmDeviceId": "", "os": {"name": "IOS", "version": "18.1"}},
            "timestamp": 1770000000000,
            "lastModified": 1770000060000,
            "threatTypeName": "UNKNOWN SOURCES ON",
            "severity": 2,
            "vectorName": "Device",
            "state": 1,
            "simulated": False,
            **fields,
        }
    )


def zimperium_legacy(**fields: object) -> JsonObject:
    return loaded(
        {
            "eventId": "event-7",
            "eventState": "Pending",
            "eventFullName": "host.pin",
            "severity": "IMPORTANT",
            "mdmId": "mdm-7",
            "deviceId": "agent-7",
            "deviceTime": "2026-02-02 02:00:00 +0000",
            "mitigatedDate": None,
            "osType": "iOS",
            **fields,
        }
    )


def jamf_event(**fields: object) -> JsonObject:
    return loaded(
        {
            "event": {
                "timestamp": "2026-02-01T08:00:00.500Z",
                "alertId": "alert-1",
                "device": {
                    "deviceId": "agent-1",
                    "os": "IOS 18.3",
                    "deviceName": "Apple iPhone (18.3)",
                    "externalId": "mdm-1",
                },
                "eventType": {"id": 7, "description": "Sideloaded", "name": "SIDE_LOADED_APP_IN_INVENTORY"},
                "app": {"id": "com.example.torch"},
                "destination": {},
                "severity": 6,
                "user": {"email": "anna@example.org", "name": "Anna"},
                "eventUrl": "https://console.example/event/1",
                "action": "Detected",
                **fields,
            }
        }
    )


MESSAGES: dict[str, list[JsonObject]] = {
    "lookout": [
        lookout_threat(),
        lookout_threat(status="RESOLVED", type="WEB_CONTENT", classifications=["MALICIOUS_CONTENT"]),
        lookout_device(),
    ],
    "zimperium": [zimperium_threat(), zimperium_incident(), zimperium_search(), zimperium_legacy()],
    "wandera_jamf": [jamf_event(), jamf_event(action="Blocked", severity=10)],
}
"""For these partners, items it reads: threats and device snapshots."""


def samples() -> dict[str, list[JsonObject]]:
    """For every partner, items it reads: the contract tests run over all of them."""
    found = sorted(each.stem for each in Path(__file__).parent.glob("messages_*.py"))
    others = {
        name.removeprefix("messages_"): import_module(f"{__package__}.{name}").MESSAGES for name in found
    }
    return MESSAGES | others


def records(partner: str, *content: object) -> list[Record]:
    """The records of a message whose items are `content`."""
    return parse(partner, json.dumps(content).encode(), received_at=RECEIVED_AT)


def threat(partner: str, content: object) -> ThreatRecord:
    """The one threat of a message with one item."""
    [record] = records(partner, content)
    assert isinstance(record, ThreatRecord), record
    return record


def state(partner: str, content: object) -> DeviceStateRecord:
    """The one device snapshot of a message with one item."""
    [record] = records(partner, content)
    assert isinstance(record, DeviceStateRecord), record
    return record
