"""Invented events in Pradeo's shapes: both envelopes, and the syslog line of the older product."""

import json

from ingest_threat.body import JsonObject
from tests.ingest_threat.partners.odd import Odd
from tests.ingest_threat.partners.reading import loaded


def device(**fields: object) -> JsonObject:
    return loaded(
        {
            "id": "agent-1",
            "serialNumber": "SER-1",
            "imei": "352099001761481",
            "email": "anna@example.org",
            "singleEnrollmentKey": "enrol-me-17",
            "declaredOperatingSystem": "Android",
            "declaredOperatingSystemVersion": "15",
            "enrollmentStatus": {"coupled": True},
            "emmDeviceInfo": {"externalId": "mdm-1", "emm": "intune"},
            **fields,
        }
    )


def event(kind: str, content: object, **fields: object) -> JsonObject:
    """A typed envelope."""
    return loaded(
        {
            "id": "event-1",
            "creationDate": "2026-02-01T08:00:00.500Z",
            "source": "system",
            "category": None,
            "type": kind,
            "content": content,
            "user": {"firstName": "Anna", "email": "anna@example.org"},
            **fields,
        }
    )


def status_record(kind: str, name: str, value: object, **fields: object) -> JsonObject:
    body = {"id": "r-1", "device": device(), f"device{kind}Status": {"name": name}, "value": value}
    return event(f"Device{kind}StatusRecordUpdated", {f"device{kind}StatusRecord": body}, **fields)


def graded(kind: str, name: str, level: object, value: object) -> JsonObject:
    """One status in a snapshot."""
    return loaded(
        {
            f"{kind.lower()}StatusLevel": {"level": level, f"device{kind}Status": {"name": name}},
            f"device{kind}StatusRecord": {"value": value},
        }
    )


def correlation(**fields: object) -> JsonObject:
    body = {
        "id": "c-1",
        "lastModificationDate": "2026-02-01T07:59:00.000Z",
        "device": device(),
        "applicationThreatLevel": "Green",
        "systemThreatLevel": "Orange",
        "networkThreatLevel": "Green",
        "matchedSystemStatusLevels": [
            graded("System", "DeveloperMode", "Orange", 1),
            graded("System", "Root", "Red", 0),
            graded("System", "SELinuxPermissive", "Red", 3),
        ],
        "matchedNetworkStatusLevels": [graded("Network", "NFC", "Green", 1)],
        **fields,
    }
    return event("DeviceCorrelationUpdated", {"deviceCorrelation": body})


def app_verdict(status: object, *levels: str, **application: object) -> JsonObject:
    """A verdict on an app of a device, by rules that name `levels`."""
    package = {"package": "com.example.torch", "system": "Android"}
    rule = {"matchConditions": [{"type": "threatLevelIs", "value": level} for level in levels]}
    body = {
        "id": "v-1",
        "status": status,
        "lastModificationDate": "2026-02-01T07:59:00.000Z",
        "deviceApplication": {
            "application": {"id": "app-1", "name": "Torch", "package": package, **application},
            "device": device(),
        },
        "matchedResponseRules": [rule] if levels else [],
    }
    return event("DeviceApplicationComplianceUpdated", {"deviceApplicationCompliance": body})


def device_verdict(status: object, **fields: object) -> JsonObject:
    body = {"id": "v-2", "status": status, "device": device(), **fields}
    return event("DeviceComplianceUpdated", {"deviceCompliance": body})


def detection(status: object, metric: str = "match_nfc", **fields: object) -> JsonObject:
    content = {"id": "android:agent-1", "metric": metric, "type": "Something", "status": status}
    return event("DeviceDetection", {**content, "first_name": "Anna"}, **fields)


def history(kind: str, value: object, **fields: object) -> JsonObject:
    return event(
        "DeviceStatusHistoryUpdated",
        {"deviceId": "agent-1", "event": {"kind": kind, "value": value, **fields}},
    )


def bare(typed: JsonObject) -> JsonObject:
    """The body of a typed event as the newer feed sends it."""
    assert isinstance(typed["content"], dict)
    return {"id": "event-1", **typed["content"]}


def legacy(**fields: object) -> bytes:
    line = {"USER": "anna", "SECTION": "MTD/Apps", "ACTION": "app_checking", "ITEM": {"APP_PKG_NAME": "x"}}
    said = {"ALLOWED": "false", "POLICY": "Red", "MATCH_THREATS": ["match_rootkit"]}
    text = json.dumps({**line, "ACTION_VALUES": said, **fields})
    return f"Feb  1 08:00:00 host.example mtd-pradeosecuritysystems[17]: {text}".encode()


MESSAGES = [
    correlation(),
    status_record("System", "DeveloperMode", 1),
    status_record("System", "DeveloperMode", 0, creationDate="2026-02-01T09:00:00.000Z"),
    status_record("Network", "Bluetooth", 0),
    app_verdict("Disapproved", "Red"),
    app_verdict("Approved"),
    device_verdict("Approved"),
    detection("END"),
    history("Root", 1),
    bare(correlation()),
]

ODD = Odd(
    times=("creationDate", "lastModificationDate"),
    contacts=("lastConnection",),
    described=(
        *("declaredOperatingSystem", "declaredOperatingSystemVersion", "serialNumber", "imei", "email"),
        *("emmDeviceInfo", "externalId", "emm", "user", "application.name", "package.system", "category"),
    ),
    words=(
        *("applicationThreatLevel", "systemThreatLevel", "networkThreatLevel", "level", "value"),
        *("deviceCompliance.status", "deviceApplicationCompliance.status"),
    ),
    beside=(event("TokenGenerated", {}),),
    extra=(
        device_verdict("Disapproved"),
        correlation(device=device(enrollmentStatus={"coupled": False, "lastConnection": 1769940000})),
    ),
)
