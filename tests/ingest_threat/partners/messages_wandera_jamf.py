"""Invented events in the shape of Jamf's threat events stream, and devices in that of its Risk API."""

from ingest_threat.body import JsonObject
from tests.ingest_threat.partners.odd import Odd
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


def jamf_row(**fields: object) -> JsonObject:
    """A device of the Risk API's list, version 2."""
    return loaded(
        {
            "guid": "agent-1",
            "externalId": "mdm-1",
            "riskCategory": "SECURE",
            "statusUpdate": {
                "connector": {"lastStatusUpdateUtcMs": "1769940000000", "payload": {"isEnrolled": True}}
            },
            "lastDnsTraffic": 1769936400000,
            "info": {"device": {"deviceName": "Anna's iPhone", "osType": "IOS", "deviceSystemVersion": 26}},
            "user": {"email": "anna@example.org", "name": "Anna"},
            "phoneNumber": "+12025550142",
            **fields,
        }
    )


def unenrolled() -> JsonObject:
    """The same device, no longer enrolled."""
    connector = {"lastStatusUpdateUtcMs": "1769936400000", "payload": {"isEnrolled": False}}
    return jamf_row(statusUpdate={"connector": connector})


MESSAGES: list[JsonObject] = [
    jamf_event(),
    jamf_event(action="Resolved", timestamp="2026-02-01T09:00:00.500Z"),
    jamf_event(action="Blocked", severity=10),
]

ODD = Odd(
    times=("timestamp",),
    contacts=("lastStatusUpdateUtcMs", "lastDnsTraffic"),
    described=(
        *("os", "deviceName", "externalId", "description", "eventUrl", "user", "osType", "metadata"),
        *("deviceSystemVersion", "phoneNumber"),
    ),
    words=("severity", "action", "riskCategory", "isEnrolled"),
    beside=({"event": {"device": {"deviceId": "agent-1"}, "domain": "shop.example"}},),
    extra=(jamf_row(), jamf_row(riskCategory="HIGH"), unenrolled()),
)
