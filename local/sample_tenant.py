"""The sample tenant: connectors, compliance policies and phones, in Graph's words, with invented values."""

import uuid
from dataclasses import dataclass
from typing import Any

USER = "7f3c2a10-5b64-4e1d-9a0f-2c8e61d4b901"
BREAK_GLASS = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
CONNECTORS = {
    "lookout": "c0000000-0000-4000-8000-000000000001",
    "zimperium": "c0000000-0000-4000-8000-000000000002",
    "wandera_jamf": "c0000000-0000-4000-8000-000000000003",
}
_PLATFORMS = {"lookout": ("ios",), "zimperium": ("android",), "wandera_jamf": ("ios",)}


@dataclass(frozen=True)
class Phone:
    """One phone of the sample, as Intune, Entra and the partners know it."""

    name: str
    system: str
    intune_id: str
    entra_id: str
    agent_id: str

    @classmethod
    def of(cls, run: str, name: str, system: str) -> "Phone":
        """The phone `name` of a run: other runs have other phones."""
        ids = [str(uuid.uuid5(uuid.NAMESPACE_OID, f"{run}:{name}:{kind}")) for kind in ("i", "e", "a")]
        return cls(name, system, *ids)

    @property
    def managed(self) -> dict[str, Any]:
        """Intune's managedDevice."""
        return {
            "id": self.intune_id,
            "azureADDeviceId": self.entra_id,
            "userId": USER,
            "deviceName": self.name,
            "serialNumber": f"S{self.intune_id[:8].upper()}",
            "operatingSystem": self.system,
            "osVersion": "26.1" if self.system == "iOS" else "16",
            "managedDeviceOwnerType": "company",
            "complianceState": "compliant",
            "partnerReportedThreatState": "unknown",
            "managementState": "managed",
            "lastSyncDateTime": "2026-01-01T00:00:00Z",
        }

    @property
    def entra(self) -> dict[str, Any]:
        """Entra's device."""
        return {
            "deviceId": self.entra_id,
            "displayName": self.name,
            "operatingSystem": self.system,
            "isCompliant": True,
            "isManaged": True,
            "trustType": "Workplace",
        }


def connectors() -> list[dict[str, Any]]:
    """Three connectors, each on for one platform; none insists on data."""
    return [
        {
            "id": id_,
            "partnerState": "enabled",
            "lastHeartbeatDateTime": "2026-01-01T00:00:00Z",
            "partnerUnresponsivenessThresholdInDays": 7,
            "iosEnabled": "ios" in _PLATFORMS[partner],
            "androidEnabled": "android" in _PLATFORMS[partner],
            "iosDeviceBlockedOnMissingPartnerData": False,
            "androidDeviceBlockedOnMissingPartnerData": False,
            "allowPartnerToCollectIOSApplicationMetadata": False,
            "allowPartnerToCollectIOSPersonalApplicationMetadata": False,
        }
        for partner, id_ in CONNECTORS.items()
    ]


def compliance_policies() -> list[dict[str, Any]]:
    """One policy a platform, for all users, that allows at most a low threat."""
    return [
        {
            "@odata.type": f"#microsoft.graph.{kind}CompliancePolicy",
            "id": id_,
            "displayName": f"{name}: at most low threats",
            "deviceThreatProtectionEnabled": True,
            "deviceThreatProtectionRequiredSecurityLevel": "low",
            "assignments": [{"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}],
            "scheduledActionsForRule": [
                {"scheduledActionConfigurations": [{"actionType": "block", "gracePeriodHours": 0}]}
            ],
        }
        for kind, name, id_ in (
            ("ios", "iPhones", "5a1d0000-0000-4000-8000-000000000001"),
            ("android", "Android phones", "5a1d0000-0000-4000-8000-000000000002"),
        )
    ]
