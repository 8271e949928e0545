"""BETTER's incident and device logs, as its console sends them. No id here is one of Intune's."""

from datetime import datetime
from typing import Any

from local.partners.message import Message, invented_number, iso
from local.sample_tenant import Phone

COMPANY = 7


def check_in(phone: Phone, at: datetime) -> Message:
    """The device's lowest grade, which the vendor labels safe."""
    row = {"DeviceId": 1, "LastReported": iso(at), "IsDeleted": 0, "ThreatLevel": "Low", "ThreatScore": 0}
    return [{**_device(phone), **row}]


def detection(phone: Phone, key: str, at: datetime) -> Message:
    """The device is rooted; the word for an open incident is not known."""
    return _incident(phone, key, at, "Active")


def resolution(phone: Phone, key: str, at: datetime) -> Message:
    """It is so no longer."""
    return _incident(phone, key, at, "Resolved")


def installed(phone: Phone, at: datetime, *apps: str) -> Message:
    """The app log of a device: its owner's own apps."""
    return [{**_device(phone), **_app_row(app), "LogTimeStamp": iso(at)} for app in apps]


def _app_row(app: str) -> dict[str, Any]:
    bundle_id = f"com.example.{app.lower()}"
    return {"BundleId": bundle_id, "AppName": app, "Version": "2.0", "AppStatus": "installed", "IsMdm": 0}


def _incident(phone: Phone, key: str, at: datetime, status: str) -> Message:
    row = {
        "ThreatId": invented_number(phone, key),
        "ThreatType": "Jailbreak",
        "ThreatTitle": "Rooted device",
        "ThreatSeverity": "high",
        "ThreatCategory": "DEVICE",
        "DeviceId": phone.agent_id,
        "Status": status,
        "EventTimeStamp": iso(at),
        "LogTimeStamp": iso(at),
    }
    return [{**_device(phone), **row}]


def _device(phone: Phone) -> dict[str, Any]:
    return {
        "DeviceUDID": phone.agent_id,
        "DeviceOS": "16",
        "DevicePlatform": phone.system,
        "CompanyId": COMPANY,
        "UserEmail": "someone@example.com",
    }
