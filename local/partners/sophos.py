"""Sophos Central's events and devices, as pages hold them. No id here is one of Intune's."""

from datetime import datetime

from local.partners.message import Message, invented_id, iso
from local.sample_tenant import Phone


def check_in(phone: Phone, at: datetime) -> Message:
    """The device is green."""
    device = {
        "id": phone.agent_id,
        "name": "Someone's phone",
        "compliance": {"compliant": True},
        "healthState": {"mode": "automatic", "state": "green"},
        "managedState": "managed",
        "os": {"platform": phone.system.lower(), "name": f"{phone.system} 16"},
        "lastSeenAt": iso(at),
        "email": "someone@example.com",
    }
    return {"items": [device]}


def detection(phone: Phone, key: str, at: datetime) -> Message:
    """Malware was found."""
    return _event(phone, key, at, "Detected")


def resolution(phone: Phone, key: str, at: datetime) -> Message:
    """It was cleaned up."""
    return _event(phone, key, at, "CleanedUp")


def _event(phone: Phone, key: str, at: datetime, kind: str) -> Message:
    event = {
        "id": invented_id(phone, f"{key}:{kind}"),
        "type": f"Event::Endpoint::Threat::{kind}",
        "name": f"Malware: 'Andr/{key.title()}-B' at 'com.example.{key}'",
        "severity": "high",
        "endpoint_type": "mobile",
        "endpoint_id": phone.agent_id,
        "when": iso(at),
        "created_at": iso(at),
        "source": "Someone",
        "group": "MALWARE",
    }
    return {"has_more": False, "next_cursor": "", "items": [event]}
