"""The sample partners: messages in the shapes Zimperium, Lookout and Jamf send, signed as a relay would.

Field names are the partners' own (docs/partners); every value is invented.
"""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

from local.sample_tenant import Phone

Message = dict[str, Any] | list[dict[str, Any]]
"""A message as a partner composes it, before it is encoded."""


def zimperium_threat(phone: Phone, key: str, at: datetime, *, resolved: bool = False) -> Message:
    """An ARP man-in-the-middle seen by Zimperium, or its mitigation; the body is always an array."""
    return [
        {
            "severity_name": "CRITICAL",
            "device_time": int(at.timestamp() * 1000),
            "detection_app": "MTD",
            "zdevice_id": _id(phone, "zdevice"),
            "detection_app_instance_id": _id(phone, "instance"),
            "device_os": phone.system.lower(),
            "device_os_version": "16",
            "device_model": "Sample 5",
            "device_id": phone.agent_id,
            "device_owner_email": "someone@example.com",
            "mdm_device_id": phone.intune_id,
            "threat_name": "ARP_MITM",
            "threat_category": "SINGULAR",
            "threat_uuid": _id(phone, key),
            "threat_display_name": "Man-in-the-middle (ARP)",
            "threat_vector": "Network",
            "threat_status": "Resolved" if resolved else "Pending",
            "detected_url": "null",
        }
    ]


def lookout_device(phone: Phone, at: datetime) -> Message:
    """Lookout's snapshot of a device it finds secure; the only event that carries the MDM id."""
    return {
        "events": [
            {
                "id": _id(phone, f"lookout-device-{at}"),
                "enterprise_guid": "6f6b7f7e-0000-4000-8000-5a6b7c8d9e0f",
                "created_time": _iso(at),
                "type": "DEVICE",
                "change_type": "UPDATED",
                "device": {
                    "guid": phone.agent_id,
                    "platform": phone.system.upper(),
                    "info": {"external_id": phone.intune_id, "mdm_connector_id": "100001"},
                    "status": {
                        "security_status": "SECURE",
                        "activation_status": "ACTIVATED",
                        "protection_status": "PROTECTED",
                    },
                    "software": {"os_version": "26.1"},
                },
                "target": {"guid": phone.agent_id, "type": "DEVICE"},
                "actor": {"guid": phone.agent_id, "type": "DEVICE"},
            }
        ]
    }


def lookout_threat(phone: Phone, key: str, at: datetime) -> Message:
    """A low-risk app seen by Lookout; no device block, as in the vendor's stream."""
    return {
        "id": _id(phone, f"lookout-{key}"),
        "enterprise_guid": "6f6b7f7e-0000-4000-8000-5a6b7c8d9e0f",
        "created_time": _iso(at),
        "type": "THREAT",
        "change_type": "CREATED",
        "threat": {
            "guid": _id(phone, key),
            "status": "OPEN",
            "severity": "LOW",
            "type": "APPLICATION",
            "classifications": ["RISKWARE"],
            "details": {"application_name": "Sample Torch", "package_name": "com.example.torch"},
        },
        "target": {"guid": _id(phone, key), "type": "THREAT"},
        "actor": {"guid": phone.agent_id, "type": "DEVICE"},
    }


def jamf_event(phone: Phone, at: datetime, *, name: str, action: str, severity: int) -> Message:
    """An event of Jamf's Threat Events Stream."""
    return {
        "event": {
            "metadata": {"product": "Threat Events Stream", "schemaVersion": "1.0", "vendor": "Jamf"},
            "timestamp": _iso(at),
            "alertId": _id(phone, f"{name}:{action}"),
            "account": {"customerId": "2b1f0000-0000-4000-8000-3c4d5e6f7a8b", "name": "Sample"},
            "device": {
                "deviceId": phone.agent_id,
                "os": "IOS 26.1",
                "deviceName": "Apple iPhone (26.1)",
                "externalId": phone.intune_id,
            },
            "eventType": {"id": "210", "description": name.replace("_", " ").title(), "name": name},
            "app": {},
            "destination": {"name": "gateway.example.net"},
            "source": {},
            "severity": severity,
            "user": {"email": "someone@example.com", "name": "Someone"},
            "action": action,
        }
    }


def signed(secret: str, body: bytes, now: datetime | None = None) -> dict[str, str]:
    """The headers of a Standard Webhooks message sent at `now`."""
    id_, moment = f"msg_{uuid.uuid4().hex}", now or datetime.now(UTC)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": Webhook(secret).sign(id_, moment, body.decode("utf-8", "replace")),
        "content-type": "application/json",
    }


def encoded(message: Message) -> bytes:
    """A message as it goes over the wire."""
    return json.dumps(message).encode()


def _id(phone: Phone, what: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{phone.agent_id}:{what}"))


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
