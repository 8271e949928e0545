"""Zimperium's data export, as for Azure Monitor (an array) and by REST Endpoint (one object an event).

`mdm_device_id` as a tenant has it that fills it.
"""

from datetime import datetime
from typing import Any

from local.partners.message import Message, invented_id
from local.sample_tenant import Phone


def check_in(phone: Phone, at: datetime) -> Message:
    """The mitigation of something that never mattered: the export knows no message that all is well."""
    return resolution(phone, "check-in", at)


def detection(phone: Phone, key: str, at: datetime) -> Message:
    """An ARP man-in-the-middle."""
    return _record(phone, key, at, "Pending")


def resolution(phone: Phone, key: str, at: datetime) -> Message:
    """Its mitigation."""
    return _record(phone, key, at, "Resolved")


def exported(phone: Phone, key: str, at: datetime, *, mitigated: bool = False) -> Message:
    """An event of the REST export: a rooted device, or the end of it, which is the same event again."""
    forensics = {
        "severity": "CRITICAL",
        "threat_uuid": invented_id(phone, key),
        "type": 39,
        "os": 1,
        "general": [{"name": "Network", "val": "Sample network"}],
        "attack_time": {"$date": int(at.timestamp() * 1000)},
        "zdid": invented_id(phone, "zdevice"),
        "SSID": "Sample network",
    }
    threat = {
        "name": "DEVICE_ROOTED",
        "category": "SINGULAR",
        "general": {
            "device_time": _month_first(at),
            "threat_type": "DEVICE_ROOTED",
            "network": "Sample network",
        },
        "threat_uuid": invented_id(phone, key),
        "display_name": "Device Jailbroken/Rooted",
    }
    return {
        "system_token": None,
        "severity": 3,
        "risk_posture": 3,
        "event_id": invented_id(phone, f"event of {key}"),
        "mitigated": mitigated,
        "eventtimestamp": _month_first(at),
        "forensics": forensics,
        "threat": threat,
        "device_info": _device_info(phone, at),
        "location": {"gps_latitude": 1.5, "gps_longitude": 2.5},
        "user_info": {"user_email": "someone@example.com"},
        "device_owner": {"email": "someone@example.com"},
    }


def _device_info(phone: Phone, at: datetime) -> dict[str, Any]:
    return {
        "device_time": _month_first(at),
        "app": "MTD",
        "zdid": invented_id(phone, "zdevice"),
        "os": phone.system.lower(),
        "os_version": "16",
        "model": "Sample 5",
        "jailbroken": True,
        "device_id": phone.agent_id,
        "mdm_device_id": phone.intune_id,
        "mdm_alt_ids": None,
    }


def _month_first(at: datetime) -> str:
    return at.strftime("%m %d %Y %H:%M:%S UTC")


def _record(phone: Phone, key: str, at: datetime, status: str) -> Message:
    return [
        {
            "severity_name": "CRITICAL",
            "device_time": int(at.timestamp() * 1000),
            "detection_app": "MTD",
            "zdevice_id": invented_id(phone, "zdevice"),
            "detection_app_instance_id": invented_id(phone, "instance"),
            "device_os": phone.system.lower(),
            "device_os_version": "16",
            "device_model": "Sample 5",
            "device_id": phone.agent_id,
            "device_owner_email": "someone@example.com",
            "mdm_device_id": phone.intune_id,
            "threat_name": "ARP_MITM",
            "threat_category": "SINGULAR",
            "threat_uuid": invented_id(phone, key),
            "threat_display_name": "Man-in-the-middle (ARP)",
            "threat_vector": "Network",
            "threat_status": status,
            "detected_url": "null",
        }
    ]
