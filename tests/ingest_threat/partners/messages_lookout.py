"""Invented events in Lookout's shape."""

from ingest_threat.body import JsonObject
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


MESSAGES: list[JsonObject] = [
    lookout_threat(),
    lookout_threat(status="RESOLVED", type="WEB_CONTENT", classifications=["MALICIOUS_CONTENT"]),
    lookout_device(),
    lookout_smishing(),
]
