"""Rows of vendors' lists of devices: each of a phone of its own, with something of a person in it."""

from datetime import datetime, timedelta
from typing import Any

from shared.domain.moment import iso_utc
from tests.ingest_threat.partners.messages_zimperium import zimperium_clean_device
from tests.world import START

HOUR = timedelta(hours=1)


def lookout_row(number: int, **fields: Any) -> dict[str, Any]:
    """A phone of Lookout's."""
    return {
        "guid": f"agent-{number}",
        "oid": f"{number:08d}-0000-7000-8000-000000000000",
        "platform": "IOS",
        "activation_status": "ACTIVATED",
        "protection_status": "PROTECTED",
        "security_status": "SECURE",
        "checkin_time": iso_utc(START - HOUR),
        "updated_time": iso_utc(START - 2 * HOUR),
        "details": {"external_id": f"intune-{number}", "mdm_connector_id": 1},
        "email": "anna@example.org",
        "device_settings": {"x": "y" * 100},
        **fields,
    }


def checkpoint_row(number: int, **fields: Any) -> dict[str, Any]:
    """A phone of Check Point's."""
    return {
        "internal_id": str(number),
        "name": "Anna",
        "email": "anna@example.org",
        "number": "5550142",
        "risk": 0,
        "status": 1,
        "os_type": "iOS",
        "os_version": "26.1",
        "last_connection": "Mon, 01 Jun 2026 11:00:00 GMT",
        **fields,
    }


def sophos_row(number: int, **fields: Any) -> dict[str, Any]:
    """A phone of Sophos'."""
    return {
        "id": f"agent-{number}",
        "tenant": {"id": "5f1c2d3e-0000-4000-8000-00000000a001"},
        "name": "Anna's phone",
        "email": "anna@example.org",
        "assignedPerson": {"name": "Anna"},
        "description": "Anna's own",
        "phoneNumber": 5550142,
        "externalId": f"other-{number}",
        "healthState": {"state": "green", "mode": "automatic"},
        "compliance": {"compliant": True},
        "managedState": "managed",
        "managementType": "ixm",
        "os": {"platform": "ios", "name": "iOS 26.1", "version": "26.1"},
        "lastSeenAt": iso_utc(START - HOUR / 2),
        "ixmAppLastSeenAt": iso_utc(START - HOUR),
        "scanResultSummary": {"lastScannedAt": iso_utc(START - HOUR), "maliciousCount": 0},
        **fields,
    }


def pradeo_row(
    number: int, *, seen: datetime | None = START - timedelta(hours=1), **fields: Any
) -> dict[str, Any]:
    """A phone of Pradeo's."""
    return {
        "id": f"agent-{number}",
        "name": "Anna's phone",
        "platform": "ios",
        "osVersion": "26.1",
        "serialNumber": f"SERIAL{number:05}X",
        "imei": "490154203237518",
        "phoneNumber": "5550142",
        "customFields": {"owner": "Anna"},
        "agentStatus": "online",
        "enrolledAt": iso_utc(seen) if seen else None,
        "lastSyncAt": iso_utc(seen) if seen else None,
        "riskLevel": "low",
        "securityStatus": "secured",
        **fields,
    }


def jamf_row(number: int, *, seen: datetime | None = START - HOUR, **fields: Any) -> dict[str, Any]:
    """A phone of Jamf's."""
    last = str(milliseconds(seen)) if seen else None
    connector = {"lastStatusUpdateUtcMs": last, "payload": {"isEnrolled": True}}
    return {
        "guid": f"agent-{number}",
        "externalId": f"6a1f0c11-0000-4000-8000-{number:012}",
        "riskCategory": "SECURE",
        "statusUpdate": {"connector": connector},
        "info": {"device": {"deviceName": "Anna's phone", "osType": "IOS", "deviceSystemVersion": 26}},
        "user": {"name": "Anna", "email": "anna@example.org"},
        "phoneNumber": "5550142",
        **fields,
    }


def zimperium_row(number: int, **fields: Any) -> dict[str, Any]:
    """A phone of Zimperium's, on which no threat is open."""
    seen = milliseconds(START - HOUR)
    times = {"lastSeen": seen, "processedAt": seen, "teamId": "team-1"}
    row = zimperium_clean_device(id=f"agent-{number}", zdeviceId=f"z-{number}", **{**times, **fields})
    return dict(row)


def milliseconds(at: datetime) -> int:
    """Since 1970."""
    return round(at.timestamp() * 1000)
