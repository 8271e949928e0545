"""A large tenant for the benchmark: iPhones, half of them personal, each with so many apps. Invented."""

import math
from collections.abc import Iterator
from typing import Any

MANAGED_PAGE, ENTRA_PAGE = 1000, 999
AT_A_TIME = 2000
"""Devices put into the simulator with one request."""
KINDS = 2
"""Devices whose numbers leave the same rest by it are alike but for their names."""

Document = dict[str, Any]


def devices(count: int, begin: int = 0) -> Iterator[list[Document]]:
    """Intune's and Entra's records, some at a time, from that of the number `begin` on."""
    for first in range(begin, count, AT_A_TIME):
        numbers = range(first, min(first + AT_A_TIME, count))
        yield [record for number in numbers for record in (_managed(number), _entra(number))]


def rest(apps: int) -> Iterator[tuple[str, Document | list[Document]]]:
    """What else is in the tenant, by what the simulator calls it: App Sync is on for one partner, full, where
    there are apps."""
    yield "synthetic-apps", {"apps_per_device": apps}
    yield (
        "connectors",
        {
            "id": "c0000000-0000-4000-8000-000000000001",
            "partnerState": "enabled",
            "iosEnabled": True,
            "allowPartnerToCollectIOSApplicationMetadata": apps > 0,
            "allowPartnerToCollectIOSPersonalApplicationMetadata": apps > 0,
        },
    )
    yield "compliance-policies", _policy()
    yield "mobile-apps", [_mobile_app(number) for number in range(0, 1000, 20)]


def least_calls(count: int) -> int:
    """The fewest calls to Graph that do it: pages of managed and of Entra devices, an order and a poll."""
    return math.ceil(count / MANAGED_PAGE) + math.ceil(count / ENTRA_PAGE) + 2


def intune_id(number: int) -> str:
    """Of the device with that number."""
    return _id("a", number)


def entra_id(number: int) -> str:
    """Of the same."""
    return _id("b", number)


def number_of(managed: Document) -> int:
    """Of the device with that record of Intune's."""
    return int(managed["id"][1:8], 16)


def names(number: int) -> tuple[str, ...]:
    """What stands in the records of a device, and of all documents of it, and in no other's; quoted where one
    begins with another."""
    record = _managed(number)
    ids = (record[name] for name in ("id", "azureADDeviceId", "userId"))
    serial = record["serialNumber"]
    return (*ids, serial, serial.lower(), f'"{record["deviceName"]}"')


def _id(kind: str, number: int) -> str:
    return f"{kind}{number:07x}-0000-4000-8000-{number:012x}"


def _managed(number: int) -> Document:
    return {
        "id": intune_id(number),
        "azureADDeviceId": entra_id(number),
        "userId": _id("c", number),
        "deviceName": f"iPhone of person {number}",
        "serialNumber": f"SN{number:010}",
        "operatingSystem": "iOS",
        "osVersion": "26.1",
        "managedDeviceOwnerType": "personal" if number % 2 else "company",
        "complianceState": "compliant",
        "deviceRegistrationState": "registered",
        "partnerReportedThreatState": "secured",
        "managementState": "managed",
        "lastSyncDateTime": "2026-01-01T00:00:00Z",
    }


def _entra(number: int) -> Document:
    return {"deviceId": entra_id(number), "isCompliant": True, "isManaged": True}


def _policy() -> Document:
    return {
        "@odata.type": "#microsoft.graph.iosCompliancePolicy",
        "id": "5a1d0000-0000-4000-8000-000000000001",
        "displayName": "iPhones: at most low threats",
        "deviceThreatProtectionEnabled": True,
        "deviceThreatProtectionRequiredSecurityLevel": "low",
        "assignments": [{"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}],
        "scheduledActionsForRule": [],
    }


def _mobile_app(number: int) -> Document:
    return {
        "@odata.type": "#microsoft.graph.iosVppApp",
        "id": _id("d", number),
        "displayName": f"Sample App {number}",
        "bundleId": f"com.example.app{number}",
        "assignments": [{"intent": "required"}],
    }
