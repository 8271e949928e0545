"""What the canary reports, in the formats of partners whose messages name a device by its Intune id. Pure.

An invented agent, `mtd-canary`, finds one high threat on the canary's device and later its end. Partners that
give no id Intune knows cannot be played: nothing would link their agent.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.domain.canary_run import AGENT

THREAT = "mtd-canary-threat"
_GUID = "6d746463-616e-4172-8900-000000000001"
"""An id for the partners whose ids are GUIDs; invented."""

Composer = Callable[[str, str, datetime, bool], object]
"""A message of a device by its Intune id, its platform (`ios` or `android`), a time, and whether the threat
is open."""


def _lookout(intune_id: str, platform: str, at: datetime, is_open: bool) -> object:
    def event(at: datetime, kind: str, change: str, **what: Any) -> dict[str, Any]:
        times = {"id": f"{AGENT}:{kind}:{at.isoformat()}", "created_time": at.isoformat()}
        actor = {"actor": {"guid": AGENT, "type": "DEVICE"}}
        return {**times, "type": kind, "change_type": change, **actor, **what}

    status = {
        "security_status": "SECURE",
        "activation_status": "ACTIVATED",
        "protection_status": "PROTECTED",
    }
    device = {
        "guid": AGENT,
        "platform": platform.upper(),
        "info": {"external_id": intune_id},
        "status": status,
    }
    threat = {
        "guid": _GUID,
        "type": "APPLICATION",
        "status": "OPEN" if is_open else "RESOLVED",
        "severity": "HIGH",
        "classifications": ["TROJAN"],
    }
    found = event(at, "THREAT", "CREATED" if is_open else "UPDATED", threat=threat)
    secure = event(at - timedelta(seconds=1), "DEVICE", "UPDATED", device=device)
    return {"events": [secure, found] if is_open else [found]}


def _checkpoint_harmony(intune_id: str, platform: str, at: datetime, is_open: bool) -> object:
    row = {
        "id": int(at.timestamp() * 1000),
        "device_id": AGENT,
        "mdm_uuid": intune_id,
        "event": "Installed" if is_open else "Removed",
        "severity": "Critical" if is_open else "Information",
        "event_timestamp": at.isoformat(),
        "device_model": platform,
        "attack_vector": "Application",
        "threat_factors": "Spyware",
        "details": f"Application: Canary (com.example.{THREAT})",
    }
    return {"objects": [row]}


def _pradeo(intune_id: str, platform: str, at: datetime, is_open: bool) -> object:
    device = {
        "id": AGENT,
        "declaredOperatingSystem": platform,
        "emmDeviceInfo": {"externalId": intune_id, "emm": "intune"},
    }
    record = {
        "id": THREAT,
        "device": device,
        "deviceSystemStatus": {"name": "Root"},
        "value": int(is_open),
    }
    return {
        "id": f"{AGENT}:{at.isoformat()}",
        "creationDate": at.isoformat(),
        "source": "system",
        "type": "DeviceSystemStatusRecordUpdated",
        "content": {"deviceSystemStatusRecord": record},
    }


def _zimperium(intune_id: str, platform: str, at: datetime, is_open: bool) -> object:
    return [
        {
            "severity_name": "CRITICAL",
            "device_time": int(at.timestamp() * 1000),
            "zdevice_id": AGENT,
            "device_id": AGENT,
            "device_os": platform,
            "mdm_device_id": intune_id,
            "threat_name": "ARP_MITM",
            "threat_category": "SINGULAR",
            "threat_uuid": _GUID,
            "threat_vector": "Network",
            "threat_status": "Pending" if is_open else "Resolved",
        }
    ]


COMPOSERS: Mapping[str, Composer] = {
    "lookout": _lookout,
    "checkpoint_harmony": _checkpoint_harmony,
    "pradeo": _pradeo,
    "zimperium": _zimperium,
}


def canary_report(partner: str, intune_id: str, platform: str, at: datetime, *, is_open: bool) -> bytes:
    """The message of one of the partners above, as it goes over the wire."""
    return json.dumps(COMPOSERS[partner](intune_id, platform, at, is_open)).encode()
