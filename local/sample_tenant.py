"""The sample tenant: connectors, compliance policies and phones, in Graph's words, with invented values."""

import uuid
from dataclasses import dataclass
from typing import Any

USER = "7f3c2a10-5b64-4e1d-9a0f-2c8e61d4b901"
BREAK_GLASS = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
PLATFORM = {
    "lookout": "ios",
    "zimperium": "android",
    "wandera_jamf": "ios",
    "checkpoint_harmony": "ios",
    "symantec_sep_mobile": "ios",
    "pradeo": "android",
    "better_mobile": "android",
    "sophos": "android",
}
"""The platform each of the eight partners looks after in the sample."""
CONNECTORS = {
    partner: f"c0000000-0000-4000-8000-{number:012}" for number, partner in enumerate(PLATFORM, start=1)
}
AT_FIRST = ("lookout", "zimperium", "wandera_jamf")
"""The partners whose connectors are on when the scenario begins."""


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
    def serial(self) -> str:
        """The serial number Intune knows, and some partners too."""
        return f"S{self.intune_id[:8].upper()}"

    @property
    def managed(self) -> dict[str, Any]:
        """Intune's managedDevice."""
        return {
            "id": self.intune_id,
            "azureADDeviceId": self.entra_id,
            "userId": USER,
            "deviceName": self.name,
            "serialNumber": self.serial,
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
    """One a partner, those of the beginning on for their platform; none insists on data."""
    return [
        {
            "id": id_,
            "partnerState": "enabled",
            "lastHeartbeatDateTime": "2026-01-01T00:00:00Z",
            "partnerUnresponsivenessThresholdInDays": 7,
            "iosEnabled": False,
            "androidEnabled": False,
            **switched(partner, on=partner in AT_FIRST),
            "iosDeviceBlockedOnMissingPartnerData": False,
            "androidDeviceBlockedOnMissingPartnerData": False,
            "allowPartnerToCollectIOSApplicationMetadata": False,
            "allowPartnerToCollectIOSPersonalApplicationMetadata": False,
        }
        for partner, id_ in CONNECTORS.items()
    ]


def switched(partner: str, *, on: bool) -> dict[str, bool]:
    """What an admin changes at a partner's connector so that its reports count, or do not."""
    return {f"{PLATFORM[partner]}Enabled": on}


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
