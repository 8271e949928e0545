"""Invented events in Lookout's shape."""

from ingest_threat.body import JsonObject
from tests.ingest_threat.partners.odd import Odd
from tests.ingest_threat.partners.reading import loaded


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


def lookout_smishing(**alert: object) -> JsonObject:
    return loaded(
        {
            **lookout_threat(),
            "id": "event-3",
            "type": "SMISHING_ALERT",
            "threat": None,
            "smishing_alert": {
                "guid": "alert-1",
                "detections": [{"category": "EMBEDDED_PHISHING_URL", "impersonated_employee": "Anna"}],
                **alert,
            },
        }
    )


def lookout_device_row(**fields: object) -> JsonObject:
    """A row of the vendor's list of devices."""
    return loaded(
        {
            "guid": "agent-1",
            "oid": "01a0bc7d-0000-7000-8000-000000000001",
            "platform": "IOS",
            "activation_status": "ACTIVATED",
            "protection_status": "PROTECTED",
            "security_status": "SECURE",
            "checkin_time": "2026-02-01T10:00:00.000+00:00",
            "updated_time": "2026-02-01T09:30:00.000+00:00",
            "email": "anna@example.org",
            "details": {"external_id": "mdm-1", "mdm_connector_id": 100001},
            "software": {"os_version": "26.1"},
            **fields,
        }
    )


def lookout_threat_row(**fields: object) -> JsonObject:
    """A row of the vendor's list of threats."""
    return loaded(
        {
            "guid": "threat-1",
            "oid": "01a0bc7d-0000-7000-8000-000000000002",
            "device_guid": "agent-1",
            "type": "APPLICATION",
            "classification": "TROJAN",
            "risk": "HIGH",
            "status": "OPEN",
            "detected_at": "2026-02-01T08:00:00.000+00:00",
            "created_time": "2026-02-01T08:00:05.000+00:00",
            "device": {
                "guid": "agent-1",
                "email": "anna@example.org",
                "details": {"external_id": "mdm-1", "mdm_connector_id": "100001"},
            },
            **fields,
        }
    )


MESSAGES: list[JsonObject] = [
    lookout_threat(),
    lookout_threat(status="RESOLVED", type="WEB_CONTENT", classifications=["MALICIOUS_CONTENT"]),
    lookout_device(),
    lookout_smishing(),
]

ODD = Odd(
    times=("created_time", "detected_at", "updated_time"),
    contacts=("checkin_time",),
    described=("platform", "os_version", "external_id", "application_name", "software", "info", "email"),
    words=(
        *("severity", "risk", "threat.status", "classification", "security_status", "activation_status"),
        "protection_status",
    ),
    beside=({**lookout_threat(), "type": "AUDIT"},),
    extra=(
        lookout_device(security_status="THREATS_HIGH"),
        lookout_device(activation_status="DEACTIVATED"),
        lookout_device_row(),
        lookout_threat_row(),
        lookout_threat_row(status="RESOLVED"),
    ),
)
