"""Invented events in the shape of Jamf's threat events stream."""

from ingest_threat.body import JsonObject
from tests.ingest_threat.partners.reading import loaded


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


MESSAGES: list[JsonObject] = [
    jamf_event(),
    jamf_event(action="Resolved", timestamp="2026-02-01T09:00:00.500Z"),
    jamf_event(action="Blocked", severity=10),
]
