"""Invented threats in Zimperium's five shapes: pushed, exported, of an incident, searched for, legacy."""

from ingest_threat.body import JsonObject
from tests.ingest_threat.partners.odd import Odd
from tests.ingest_threat.partners.reading import loaded


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


def zimperium_export(**fields: object) -> JsonObject:
    """An event of the REST export; `threat__name` is the name in its threat."""
    event: dict[str, object] = {
        "system_token": None,
        "severity": 3,
        "risk_posture": 3,
        "event_id": "event-5",
        "mitigated": False,
        "eventtimestamp": "02 02 2026 02:40:00 UTC",
        "user_info": {"employee_name": "Anna", "user_email": "anna@example.org"},
        "device_owner": {"email": "anna@example.org"},
        "location": {"gps_latitude": 1.5, "gps_longitude": 2.5},
    }
    parts: dict[str, dict[str, object]] = {
        "forensics": {
            "severity": "CRITICAL",
            "type": 39,
            "os": 1,
            "general": [{"name": "Network", "val": "Anna's net"}],
            "SSID": "Anna's net",
            "network_threat": {"my_ip": "192.0.2.7", "net_stat": ["Anna's net"]},
            "attack_time": {"$date": 1770000000000},
            "zdid": "zdid-5",
        },
        "device_info": {
            "device_time": "02 02 2026 02:40:00 UTC",
            "os": "ios",
            "os_version": "18.1",
            "device_id": "agent-5",
            "mdm_device_id": "mdm-5",
            "imei": "agent-5",
        },
        "threat": {
            "name": "DEVICE_ROOTED",
            "display_name": "Device Jailbroken/Rooted",
            "threat_uuid": "threat-5",
            "general": {"network": "Anna's net", "device_time": "02 02 2026 02:40:00 UTC"},
        },
    }
    for name, value in fields.items():
        part, _, inner = name.partition("__")
        if inner:
            parts[part][inner] = value
        else:
            event[name] = value
    return loaded({**parts, **event})


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


def zimperium_device(**fields: object) -> JsonObject:
    return loaded(
        {
            "id": "agent-3",
            "zdeviceId": "zdevice-3",
            "os": {"name": "ANDROID", "version": "16"},
            "riskPosture": 3,
            "riskPostureName": "CRITICAL",
            "threatState": {"criticalThreats": ["threat-1"], "riskyThreats": []},
            "appStatus": "ACTIVE",
            "lastSeen": 1770000000000,
            "processedAt": 1770000060000,
            "deleted": False,
            "deviceOwner": {"email": "anna@example.org", "firstName": "Anna"},
            "apps": [{"name": "Anna's diary"}],
            **fields,
        }
    )


def zimperium_clean_device(**fields: object) -> JsonObject:
    clean = {"riskPosture": 0, "riskPostureName": "NORMAL"}
    lists: dict[str, list[str]] = {"criticalThreats": [], "riskyThreats": []}
    return zimperium_device(**{**clean, "threatState": lists, **fields})


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


MESSAGES: list[JsonObject] = [
    zimperium_threat(),
    zimperium_threat(threat_status="Resolved", device_time=1770000010000),
    zimperium_incident(),
    zimperium_search(),
    zimperium_search(state=3, mitigationEvents=[{"timestamp": 1770000030000}]),
    zimperium_search(state=4, mitigationEvents=[], mitigatedAt=1770000030000),
    zimperium_export(),
    zimperium_export(mitigated=True),
    zimperium_device(),
    zimperium_clean_device(),
    zimperium_legacy(),
    zimperium_legacy(mitigatedDate="2026-02-02 02:30:00 +0000"),
]

ODD = Odd(
    times=(
        *("device_time", "timestamp", "lastModified", "attack_time", "eventtimestamp"),
        *("processedAt", "deviceTime", "incident_created_date"),
    ),
    contacts=("lastSeen",),
    described=(
        *("device_os", "device_os_version", "mdm_device_id", "threat_display_name", "threat_vector"),
        *("detected_url", "location", "device_info.os", "device_info.os_version", "display_name"),
        *("device_owner", "user_info", "osVersion", "osType", "vectorName", "device.os", "mdmDeviceId"),
        *("mdmId", "deviceOwner", "apps"),
    ),
    words=(
        *("severity_name", "forensics.severity", "threat_severity", "threat_status", "riskPostureName"),
        *("eventState", "appStatus", "state", "deleted", "mitigated"),
    ),
    beside=(zimperium_incident(related_threats=[]),),
    extra=(zimperium_device(deleted=True), zimperium_device(appStatus="INACTIVE")),
)
