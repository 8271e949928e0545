"""Symantec's incident lines, as a relay posts them: by the fields that others' parsers know."""

from datetime import datetime

from local.partners.message import Message, invented_number, iso
from local.sample_tenant import Phone


def check_in(phone: Phone, at: datetime) -> Message:
    """The end of an incident that never mattered: no message is known that says all is well."""
    return resolution(phone, "check-in", at)


def detection(phone: Phone, key: str, at: datetime) -> Message:
    """Malware was found."""
    return _incident(phone, key, at, "incident_start")


def resolution(phone: Phone, key: str, at: datetime) -> Message:
    """The incident ended."""
    return _incident(phone, key, at, "incident_end")


def _incident(phone: Phone, key: str, at: datetime, event_type: str) -> Message:
    return {
        "id": invented_number(phone, key),
        "type": "Malware",
        "sub_type": "Trojan app",
        "event_type": event_type,
        "severity": "high",
        "timestamp": iso(at),
        "package_name": "com.example.torch",
        "device": {
            "identifier": phone.agent_id,
            "serial_number": phone.serial,
            "model": "iPhone18,1",
            "os_type": "iOS",
            "os_version": "26.1",
            "user": {"id": 5, "email": "someone@example.com", "name": "Someone"},
        },
    }
