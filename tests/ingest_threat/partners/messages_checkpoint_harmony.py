"""Invented rows in the shape of Check Point's alerts."""

from ingest_threat.body import JsonObject
from tests.ingest_threat.partners.odd import Odd
from tests.ingest_threat.partners.reading import loaded


def checkpoint_alert(**fields: object) -> JsonObject:
    return loaded(
        {
            "id": 501,
            "device_id": 31,
            "attack_vector": "Application",
            "threat_factors": "Spyware",
            "details": "Application: Torch 3.1 (com.example.torch)",
            "event": "Installed",
            "severity": "Critical",
            "event_timestamp": "2026-02-01T08:00:00+01:00",
            "backend_last_updated": "2026-02-01T07:05:00+00:00",
            "mdm_uuid": "0a1b2c3d-1111-4222-8333-444455556666",
            "device_rooted": "False",
            "device_model": "Fairphone / FP5",
            "os_version": "15",
            "client_version": "5.1.2.100",
            "email": "anna@example.org",
            "name": "Anna's phone",
            "number": "+49 555 0100",
            "policy_name": "Global",
            **fields,
        }
    )


MESSAGES: list[JsonObject] = [
    checkpoint_alert(),
    checkpoint_alert(id=502, event="Removed", severity="Information"),
    checkpoint_alert(
        attack_vector="NetworkSecurity",
        threat_factors="Phishing",
        details="Domain:bad[.]example",
        event="Blocked",
        event_timestamp="02/01/2026 07:00:00",
    ),
    checkpoint_alert(attack_vector="Device", event="Inactive", severity="Warning", threat_factors=""),
    checkpoint_alert(
        id=503, attack_vector="Device", event="Active", severity="Information", threat_factors=""
    ),
    checkpoint_alert(attack_vector="WiFi network", threat_factors="Mitm", details="Anna", event="Detected"),
    checkpoint_alert(
        id=504, attack_vector="WiFi network", threat_factors="Mitm", details="Anna", event="Ended"
    ),
]

ODD = Odd(
    times=("event_timestamp", "backend_last_updated"),
    contacts=("last_connection",),
    described=(
        *("device_model", "os_version", "client_version", "policy_name", "name", "email", "number"),
        *("mdm_uuid", "os_type", "model"),
    ),
    words=("severity", "event", "risk", "status"),
    beside=(checkpoint_alert(event="Policy Changed"),),
    extra=(
        loaded(
            {"internal_id": 31, "status": 1, "risk": 3, "os_type": "Android", "last_connection": 1769940000}
        ),
        loaded({"internal_id": 31, "status": 4, "risk": 0, "os_type": "iOS"}),
    ),
)
