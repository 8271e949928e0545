"""Invented incidents in the shape others' parsers give Symantec's."""

from ingest_threat.body import JsonObject
from tests.ingest_threat.partners.odd import Odd
from tests.ingest_threat.partners.reading import loaded


def symantec_incident(**fields: object) -> JsonObject:
    return loaded(
        {
            "id": 7001,
            "type": "Malware",
            "sub_type": "Trojan app",
            "event_type": "incident_start",
            "severity": "medium",
            "timestamp": "2026-02-01T08:00:00.250+0100",
            "package_name": "com.example.torch",
            "device": symantec_device(),
            **fields,
        }
    )


def symantec_device(**fields: object) -> JsonObject:
    return loaded(
        {
            "identifier": "agent-1",
            "udid": "00008111-00AA11BB22CC33DD",
            "serial_number": "SERIAL-1",
            "name": "Anna's phone",
            "model": "iPhone17,1",
            "product_name": "iPhone 16",
            "os_type": "iOS",
            "os_version": "18.3",
            "user": {"id": 5, "email": "anna@example.org", "name": "Anna", "organization": {"id": 1}},
            **fields,
        }
    )


MESSAGES: list[JsonObject] = [
    symantec_incident(),
    symantec_incident(event_type="Incident Ended", timestamp="2026-02-01 09:00:00.250 +0100"),
    symantec_incident(type="Network", sub_type="Suspicious Hotspot", severity="LOW"),
]

ODD = Odd(
    times=("timestamp",),
    contacts=(),
    described=(
        *("package_name", "model", "product_name", "os_type", "os_version", "udid", "serial_number"),
        *("device.name", "user"),
    ),
    words=("severity", "event_type", "health_status", "sub_type"),
    beside=(symantec_incident(device={"identifier": "agent-9"}),),
    extra=(
        loaded({"timestamp": 1769940000, "device": symantec_device(health_status="High")}),
        loaded({"timestamp": 1769940000, "device": symantec_device(health_status="Secure")}),
        loaded({"timestamp": 1769940000, "device": symantec_device(health_status="Removed")}),
    ),
)
