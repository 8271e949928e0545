"""Invented events, alerts and devices in the shapes of Sophos Central."""

from ingest_threat.body import JsonObject
from tests.ingest_threat.partners.odd import Odd
from tests.ingest_threat.partners.reading import loaded


def sophos_event(kind: str = "Threat::Detected", **fields: object) -> JsonObject:
    return loaded(
        {
            "id": "event-1",
            "type": f"Event::Endpoint::{kind}",
            "name": "Malware detected: 'Andr/Torch-B' at 'com.example.torch'",
            "severity": "high",
            "endpoint_type": "mobile",
            "endpoint_id": "agent-1",
            "when": "2026-02-01T07:00:00.250Z",
            "created_at": "2026-02-01T07:00:05.000Z",
            "location": "Anna's phone",
            "source": "Anna Example",
            "user_id": "user-1",
            "group": "MALWARE",
            **fields,
        }
    )


def sophos_relabelled(kind: str = "Threat::Detected", **fields: object) -> JsonObject:
    """As the vendor's SIEM script writes it: the name is what was found, and nothing else."""
    return loaded(
        {
            "id": "event-1",
            "type": f"Event::Endpoint::{kind}",
            "name": "Andr/Torch-B",
            "detection_identity_name": "Andr/Torch-B",
            "filePath": "com.example.torch",
            "severity": "high",
            "endpoint_type": "mobile",
            "endpoint_id": "agent-1",
            "end": "2026-02-01T07:00:00.250Z",
            "rt": "2026-02-01T07:00:05.000Z",
            "dhost": "Anna's phone",
            "suser": "Anna Example",
            "duid": "user-1",
            "group": "MALWARE",
            **fields,
        }
    )


def sophos_violation(suffix: str = "", says: str = "Encryption required.", **fields: object) -> JsonObject:
    text = f"The mobile device is now non compliant. {says}"
    plain = {"severity": "medium", "group": "MOBILES", "name": text}
    return sophos_event(f"Mobile::NowNonCompliant{suffix}", **plain, **fields)


def sophos_alert(**fields: object) -> JsonObject:
    return loaded(
        {
            "id": "alert-1",
            "type": "Event::Endpoint::Threat::Detected",
            "description": "Malware detected: 'Andr/Torch-B' at 'com.example.torch'",
            "severity": "HIGH",
            "raisedAt": "2026-02-01T07:00:09.000Z",
            "category": "malware",
            "product": "mobile",
            "managedAgent": {"id": "agent-1", "type": "mobile"},
            "tenant": {"id": "tenant-1"},
            **fields,
        }
    )


def sophos_device(**fields: object) -> JsonObject:
    return loaded(
        {
            "id": "agent-1",
            "name": "Anna's phone",
            "compliance": {"compliant": True},
            "healthState": {"mode": "automatic", "state": "green"},
            "managedState": "managed",
            "os": {"platform": "ios", "name": "iOS 18.3"},
            "lastSeenAt": "2026-02-01T09:00:00.000Z",
            "email": "anna@example.org",
            **fields,
        }
    )


MESSAGES: list[JsonObject] = [
    sophos_event(),
    sophos_event("Threat::CleanedUp", id="event-2", when="2026-02-01T08:00:00Z"),
    sophos_relabelled(),
    sophos_violation("::GENERAL_BLACKLISTED_APPS"),
    sophos_event("Mobile::NowCompliant", severity="low", group="MOBILES"),
    sophos_event(name="Man in the middle attack detected in wifi Anna (bssid 02:aa:bb:cc:dd:ee) at noon.")
    | {"type": "Event::Smc::MitmAttackEvent::0"},
    sophos_alert(),
    sophos_device(),
]

ODD = Odd(
    times=("when", "created_at", "end", "rt", "raisedAt"),
    contacts=("lastSeenAt",),
    described=(
        "location",
        "source",
        "user_id",
        "os",
        "os.platform",
        "os.name",
        "email",
        "dhost",
        "suser",
    ),
    words=("severity", "group", "state", "managedState", "mode", "compliant"),
    beside=({"hostname": "pc-1", "health": {}},),
    extra=(
        sophos_device(healthState={"mode": "automatic", "state": "red"}),
        sophos_device(compliance={"compliant": False, "severity": "high"}),
        sophos_device(healthState={"mode": "manual", "state": "green"}),
        sophos_device(managedState="deleted"),
        sophos_event("Mobile::Unenrolled", severity="medium", group="MOBILES"),
    ),
)
