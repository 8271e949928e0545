"""Check Point's alert rows, as a relay posts them: the one that ends another has an id of its own."""

from datetime import datetime

from local.partners.message import Message, invented_number, iso
from local.sample_tenant import Phone


def check_in(phone: Phone, at: datetime) -> Message:
    """The agent is active."""
    return _row(phone, at, "Active", "Information", attack_vector="Device", threat_factors="", details="")


def detection(phone: Phone, key: str, at: datetime) -> Message:
    """Spyware was installed."""
    return _app(phone, key, at, "Installed", "Critical")


def resolution(phone: Phone, key: str, at: datetime) -> Message:
    """It was removed."""
    return _app(phone, key, at, "Removed", "Information")


def _app(phone: Phone, key: str, at: datetime, event: str, severity: str) -> Message:
    what = {
        "attack_vector": "Application",
        "threat_factors": "Spyware",
        "details": f"Application: {key.title()} (com.example.{key})",
    }
    return _row(phone, at, event, severity, **what)


def _row(phone: Phone, at: datetime, event: str, severity: str, **what: str) -> Message:
    return {
        "objects": [
            {
                "id": invented_number(phone, f"{event}:{what}"),
                "device_id": phone.agent_id,
                "mdm_uuid": phone.intune_id,
                "event": event,
                "severity": severity,
                "event_timestamp": iso(at),
                "device_model": "Apple / iPhone 17",
                "os_version": "26.1",
                "email": "someone@example.com",
                "name": "Someone",
                **what,
            }
        ]
    }
