"""Pradeo's events in their typed envelope: a status of the device, by name, with a number as value."""

from datetime import datetime
from typing import Any

from local.partners.message import Message, invented_id, iso
from local.sample_tenant import Phone


def check_in(phone: Phone, at: datetime) -> Message:
    """The device is approved."""
    body = {"id": invented_id(phone, "compliance"), "status": "Approved", "device": _device(phone)}
    return _event(phone, at, "DeviceComplianceUpdated", {"deviceCompliance": body})


def detection(phone: Phone, key: str, at: datetime) -> Message:
    """The device is rooted."""
    return _status(phone, key, at, 1)


def resolution(phone: Phone, key: str, at: datetime) -> Message:
    """It is so no longer."""
    return _status(phone, key, at, 0)


def _status(phone: Phone, key: str, at: datetime, value: int) -> Message:
    body = {
        "id": invented_id(phone, key),
        "device": _device(phone),
        "deviceSystemStatus": {"name": "Root"},
        "value": value,
    }
    kind = "DeviceSystemStatusRecordUpdated"
    return _event(phone, at, kind, {"deviceSystemStatusRecord": body})


def _event(phone: Phone, at: datetime, kind: str, content: dict[str, Any]) -> Message:
    return {
        "id": invented_id(phone, f"{kind}:{at}:{content}"),
        "creationDate": iso(at),
        "source": "system",
        "category": None,
        "type": kind,
        "content": content,
    }


def _device(phone: Phone) -> dict[str, Any]:
    return {
        "id": phone.agent_id,
        "serialNumber": phone.serial,
        "declaredOperatingSystem": phone.system,
        "declaredOperatingSystemVersion": "16",
        "email": "someone@example.com",
        "emmDeviceInfo": {"externalId": phone.intune_id, "emm": "intune"},
    }
