"""A large tenant for the benchmark: iPhones, half of them personal, each with so many apps. Invented."""

import math
from collections.abc import Iterator
from typing import Any

MANAGED_PAGE, ENTRA_PAGE = 1000, 999
AT_A_TIME = 2000
"""Devices put into the simulator with one request."""

Document = dict[str, Any]


def devices(count: int) -> Iterator[list[Document]]:
    """Intune's and Entra's records, some at a time."""
    for first in range(0, count, AT_A_TIME):
        numbers = range(first, min(first + AT_A_TIME, count))
        yield [record for number in numbers for record in (_managed(number), _entra(number))]


def rest(apps: int) -> Iterator[tuple[str, Document | list[Document]]]:
    """What else is in the tenant, by what the simulator calls it: App Sync is on for one partner, full."""
    yield "synthetic-apps", {"apps_per_device": apps}
    yield (
        "connectors",
        {
            "id": "c0000000-0000-4000-8000-000000000001",
            "partnerState": "enabled",
            "iosEnabled": True,
            "allowPartnerToCollectIOSApplicationMetadata": True,
            "allowPartnerToCollectIOSPersonalApplicationMetadata": True,
        },
    )
    yield "compliance-policies", _policy()
    yield "mobile-apps", [_mobile_app(number) for number in range(0, 1000, 20)]


def least_calls(count: int) -> int:
    """The fewest calls to Graph that do it: pages of managed and of Entra devices, an order and a poll."""
    return math.ceil(count / MANAGED_PAGE) + math.ceil(count / ENTRA_PAGE) + 2


def _id(kind: str, number: int) -> str:
    return f"{kind}{number:07x}-0000-4000-8000-{number:012x}"


def _managed(number: int) -> Document:
    return {
        "id": _id("a", number),
        "azureADDeviceId": _id("b", number),
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
    return {"deviceId": _id("b", number), "isCompliant": True, "isManaged": True}


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
