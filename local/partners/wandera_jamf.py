"""Jamf's Threat Events Stream, one event a message."""

from datetime import datetime

from local.partners.message import Message, invented_id, iso
from local.sample_tenant import Phone


def check_in(phone: Phone, at: datetime) -> Message:
    """A blocked page: the stream knows no message that all is well."""
    return event(phone, at, name="ACCESS_PHISHING_HOST", action="Blocked", severity=6)


def detection(phone: Phone, key: str, at: datetime) -> Message:
    """A man-in-the-middle with a certificate nobody trusts."""
    return event(phone, at, name="SSL_MITM_UNTRUSTED_VALID_CERT", action="Detected", severity=10, host=key)


def resolution(phone: Phone, key: str, at: datetime) -> Message:
    """It is over."""
    return event(phone, at, name="SSL_MITM_UNTRUSTED_VALID_CERT", action="Resolved", severity=10, host=key)


def event(
    phone: Phone, at: datetime, *, name: str, action: str, severity: int, host: str = "gateway"
) -> Message:
    """An event of the stream."""
    return {
        "event": {
            "metadata": {"product": "Threat Events Stream", "schemaVersion": "1.0", "vendor": "Jamf"},
            "timestamp": iso(at),
            "alertId": invented_id(phone, f"{name}:{action}:{host}"),
            "account": {"customerId": "2b1f0000-0000-4000-8000-3c4d5e6f7a8b", "name": "Sample"},
            "device": {
                "deviceId": phone.agent_id,
                "os": "IOS 26.1",
                "deviceName": "Apple iPhone (26.1)",
                "externalId": phone.intune_id,
            },
            "eventType": {"id": "210", "description": name.replace("_", " ").title(), "name": name},
            "app": {},
            "destination": {"name": f"{host}.example.net"},
            "source": {},
            "severity": severity,
            "user": {"email": "someone@example.com", "name": "Someone"},
            "action": action,
        }
    }
