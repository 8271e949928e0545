"""Zimperium's data export: the body is always an array; `mdm_device_id` as a tenant has it that fills it."""

from datetime import datetime

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
