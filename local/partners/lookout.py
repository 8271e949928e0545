"""Lookout's event stream, version 2: threats name no MDM id, only the snapshot of a device does."""

from datetime import datetime
from typing import Any

from local.partners.message import Message, invented_id, iso
from local.sample_tenant import Phone

ENTERPRISE = "6f6b7f7e-0000-4000-8000-5a6b7c8d9e0f"


def check_in(phone: Phone, at: datetime) -> Message:
    """The snapshot of a device that is secure."""
    return _snapshot(phone, at, activation="ACTIVATED", protection="PROTECTED")


def deactivated(phone: Phone, at: datetime) -> Message:
    """The snapshot of a device whose agent an admin deactivated, still called secure as it was last."""
    return _snapshot(phone, at, activation="DEACTIVATED", protection="DISCONNECTED")


def _snapshot(phone: Phone, at: datetime, *, activation: str, protection: str) -> Message:
    event = {
        **_event(phone, f"lookout-device-{at}", at, "DEVICE", "UPDATED"),
        "device": {
            "guid": phone.agent_id,
            "platform": phone.system.upper(),
            "info": {"external_id": phone.intune_id, "mdm_connector_id": "100001"},
            "status": {
                "security_status": "SECURE",
                "activation_status": activation,
                "protection_status": protection,
            },
            "software": {"os_version": "26.1"},
        },
        "target": {"guid": phone.agent_id, "type": "DEVICE"},
    }
    return {"events": [event]}


def detection(phone: Phone, key: str, at: datetime) -> Message:
    """A trojan, graded high."""
    return _threat(phone, key, at, "CREATED", status="OPEN", severity="HIGH", classifications=["TROJAN"])


def resolution(phone: Phone, key: str, at: datetime) -> Message:
    """The trojan is gone."""
    return _threat(phone, key, at, "UPDATED", status="RESOLVED", severity="HIGH", classifications=["TROJAN"])


def low_threat(phone: Phone, key: str, at: datetime) -> Message:
    """Riskware, graded low."""
    return _threat(phone, key, at, "CREATED", status="OPEN", severity="LOW", classifications=["RISKWARE"])


def _threat(phone: Phone, key: str, at: datetime, change: str, **threat: Any) -> Message:
    return {
        **_event(phone, f"lookout-{key}-{change}", at, "THREAT", change),
        "threat": {
            "guid": invented_id(phone, key),
            "type": "APPLICATION",
            "details": {"application_name": "Sample Torch", "package_name": "com.example.torch"},
            **threat,
        },
        "target": {"guid": invented_id(phone, key), "type": "THREAT"},
    }


def _event(phone: Phone, id_: str, at: datetime, kind: str, change: str) -> dict[str, Any]:
    return {
        "id": invented_id(phone, id_),
        "enterprise_guid": ENTERPRISE,
        "created_time": iso(at),
        "type": kind,
        "change_type": change,
        "actor": {"guid": phone.agent_id, "type": "DEVICE"},
    }
