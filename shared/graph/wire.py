"""Microsoft Graph's objects as they go over the wire, as far as they are read: names are Graph's, v1.0.
Pure."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from shared.domain.json_text import clean


def _within_the_calendar(at: datetime | None) -> datetime | None:
    return at if at and at.tzinfo and 2000 < at.year < 9000 else None


GraphMoment = Annotated[datetime | None, AfterValidator(_within_the_calendar)]
"""A moment, aware; None for the far ends of the calendar, by which Graph says that there is none, and for one
without a time zone."""


class Wire(BaseModel):
    """An object as Graph spells it; what is not named here is left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, defer_build=True)
    needed: ClassVar[frozenset[str]]
    """Names of the fields it makes no sense without; where one cannot be read, all of it is refused."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        """Every field is needed, unless the class says otherwise."""
        if "needed" not in cls.__dict__:
            cls.needed = frozenset(field.alias or name for name, field in cls.model_fields.items())

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        """Graph sends null for what was never set: the default stands for it."""
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


class ConnectorAnswer(Wire):
    """mobileThreatDefenseConnector, v1.0."""

    id: str
    state: str = Field("unknown", alias="partnerState")
    last_heartbeat: GraphMoment = Field(None, alias="lastHeartbeatDateTime")
    threshold_days: int | None = Field(None, alias="partnerUnresponsivenessThresholdInDays")
    ios: bool = Field(False, alias="iosEnabled")
    android: bool = Field(False, alias="androidEnabled")
    ios_missing_blocked: bool = Field(False, alias="iosDeviceBlockedOnMissingPartnerData")
    android_missing_blocked: bool = Field(False, alias="androidDeviceBlockedOnMissingPartnerData")
    unsupported_os_blocked: bool = Field(False, alias="partnerUnsupportedOsVersionBlocked")
    app_sync: bool = Field(False, alias="allowPartnerToCollectIOSApplicationMetadata")
    app_sync_personal: bool = Field(False, alias="allowPartnerToCollectIOSPersonalApplicationMetadata")


class Target(Wire):
    """deviceAndAppManagementAssignmentTarget, beta: whom an assignment reaches, by its type and filter."""

    type: str = Field("", alias="@odata.type")
    group_id: str | None = Field(None, alias="groupId")
    filter_id: str | None = Field(None, alias="deviceAndAppManagementAssignmentFilterId")
    filter_type: str = Field("none", alias="deviceAndAppManagementAssignmentFilterType")
    """none, include or exclude."""


class AssignmentFilterAnswer(Wire):
    """deviceAndAppManagementAssignmentFilter, beta."""

    needed: ClassVar[frozenset[str]] = frozenset({"id"})
    id: str
    name: str = Field("", alias="displayName")
    platform: str = ""
    rule: str = ""
    management: str = Field("devices", alias="assignmentFilterManagementType")
    """devices or apps."""


class AssignmentAnswer(Wire):
    """One assignment of a policy."""

    target: Target = Target()


class ActionAnswer(Wire):
    """One action of scheduledActionsForRule."""

    action: str = Field("", alias="actionType")
    grace_hours: float | None = Field(None, alias="gracePeriodHours")


class ScheduledActions(Wire):
    """scheduledActionsForRule."""

    configurations: tuple[ActionAnswer, ...] = Field((), alias="scheduledActionConfigurations")


class CompliancePolicyAnswer(Wire):
    """deviceCompliancePolicy with the threat fields its derived types carry."""

    needed: ClassVar[frozenset[str]] = frozenset(
        {
            *("id", "@odata.type", "displayName", "assignments", "scheduledActionsForRule"),
            *("deviceThreatProtectionEnabled", "deviceThreatProtectionRequiredSecurityLevel"),
        }
    )
    id: str
    type: str = Field("", alias="@odata.type")
    name: str = Field("", alias="displayName")
    description: str = ""
    required: bool | None = Field(None, alias="deviceThreatProtectionEnabled")
    """None where it is not served at all."""
    level: str | None = Field(None, alias="deviceThreatProtectionRequiredSecurityLevel")
    assignments: tuple[AssignmentAnswer, ...] = ()
    scheduled: tuple[ScheduledActions, ...] = Field((), alias="scheduledActionsForRule")


class OverviewAnswer(Wire):
    """managedDeviceOverview, v1.0: the count a sweep is compared with."""

    enrolled: int = Field(0, alias="enrolledDeviceCount")


class ManagedDeviceAnswer(Wire):
    """managedDevice, v1.0, as far as it is mirrored."""

    needed: ClassVar[frozenset[str]] = frozenset({"id", "azureADDeviceId"})
    id: str
    entra_id: str | None = Field(None, alias="azureADDeviceId")
    user_id: str | None = Field(None, alias="userId")
    name: str | None = Field(None, alias="deviceName")
    serial: str | None = Field(None, alias="serialNumber")
    operating_system: str | None = Field(None, alias="operatingSystem")
    os_version: str | None = Field(None, alias="osVersion")
    manufacturer: str | None = None
    model: str | None = None
    category: str | None = Field(None, alias="deviceCategoryDisplayName")
    enrollment_profile: str | None = Field(None, alias="enrollmentProfileName")
    owner: str | None = Field(None, alias="managedDeviceOwnerType")
    enrollment_type: str | None = Field(None, alias="deviceEnrollmentType")
    registration: str | None = Field(None, alias="deviceRegistrationState")
    compliance: str | None = Field(None, alias="complianceState")
    enrolled: GraphMoment = Field(None, alias="enrolledDateTime")
    grace_until: GraphMoment = Field(None, alias="complianceGracePeriodExpirationDateTime")
    threat_state: str | None = Field(None, alias="partnerReportedThreatState")
    management: str | None = Field(None, alias="managementState")
    last_sync: GraphMoment = Field(None, alias="lastSyncDateTime")


class UdidAnswer(Wire):
    """managedDevice, v1.0: its UDID alone."""

    udid: str | None = None


class UserAnswer(Wire):
    """user, v1.0: its id alone."""

    id: str


class EntraDeviceAnswer(Wire):
    """device, v1.0: its id, its extension attributes, and what is asked for beside them."""

    needed: ClassVar[frozenset[str]] = frozenset({"deviceId", "extensionAttributes"})
    device_id: str = Field("", alias="deviceId")
    attributes: dict[str, str | None] = Field(default_factory=dict, alias="extensionAttributes")
    restricted: bool = Field(False, alias="isManagementRestricted")
    """Whether it is in a restricted management administrative unit: an app's permission does not reach it
    there (entra-docs: admin-units-restricted-management)."""


class RegisteredDeviceAnswer(EntraDeviceAnswer):
    """device, v1.0, with what a policy of Conditional Access may ask of it."""

    managed: bool = Field(False, alias="isManaged")
    compliant: bool = Field(False, alias="isCompliant")
    trust_type: str | None = Field(None, alias="trustType")
    """`Workplace`, `AzureAd` or `ServerAd`."""
    name: str | None = Field(None, alias="displayName")
    ownership: str | None = Field(None, alias="deviceOwnership")
    profile: str | None = Field(None, alias="enrollmentProfileName")
    manufacturer: str | None = None
    mdm_app_id: str | None = Field(None, alias="mdmAppId")
    model: str | None = None
    operating_system: str | None = Field(None, alias="operatingSystem")
    os_version: str | None = Field(None, alias="operatingSystemVersion")
    physical_ids: tuple[str, ...] = Field((), alias="physicalIds")
    profile_type: str | None = Field(None, alias="profileType")
    system_labels: tuple[str, ...] = Field((), alias="systemLabels")

    @property
    def attributes_seen(self) -> bool:
        """Whether Conditional Access sees its extension attributes: of a device that is managed, compliant or
        hybrid joined alone (Entra: "Filter for devices")."""
        return self.managed or self.compliant or (self.trust_type or "").lower() == "serverad"

    @property
    def device_info(self) -> dict[str, object]:
        """The same as deviceInfo of What If, v1.0, without the attributes; `isManaged` is no part of it."""
        known = self.model_dump(by_alias=True, exclude_none=True, exclude={"attributes", "restricted"})
        owner = known.pop("deviceOwnership", None)
        del known["isManaged"]
        return known | ({"ownership": owner} if owner else {})


class ListedDeviceAnswer(EntraDeviceAnswer):
    """device, v1.0, as the list of all devices is asked for it."""

    managed: bool = Field(False, alias="isManaged")
    model: str = ""
    operating_system: str = Field("", alias="operatingSystem")
    registered: GraphMoment = Field(None, alias="registrationDateTime")


class StrengthAnswer(Wire):
    """authenticationStrengthPolicy: its name alone."""

    name: str = Field("", alias="displayName")


class DirectoryObjectAnswer(Wire):
    """directoryObject, v1.0: its id alone."""

    id: str


class DirectoryObjectAnswers(Wire):
    """A short list of them."""

    value: tuple[DirectoryObjectAnswer, ...] = ()


class GrantControls(Wire):
    """conditionalAccessGrantControls."""

    operator: str = "OR"
    built_in: tuple[str, ...] = Field((), alias="builtInControls")
    custom: tuple[str, ...] = Field((), alias="customAuthenticationFactors")
    terms: tuple[str, ...] = Field((), alias="termsOfUse")
    strength: StrengthAnswer | None = Field(None, alias="authenticationStrength")

    @property
    def controls(self) -> tuple[str, ...]:
        """Everything that is asked for, by Graph's words; a strength with its name."""
        strength = [f"authenticationStrength: {self.strength.name}"] if self.strength else []
        others = {"customAuthenticationFactors": self.custom, "termsOfUse": self.terms}
        return (*self.built_in, *strength, *(word for word, given in others.items() if given))


class AccessPolicyAnswer(Wire):
    """conditionalAccessPolicy, v1.0. Its conditions are kept whole: any of them may narrow it."""

    id: str
    name: str = Field("", alias="displayName")
    state: str = ""
    conditions: Annotated[dict[str, Any], BeforeValidator(clean)] = Field(default_factory=dict)
    grant: GrantControls = Field(default_factory=GrantControls, alias="grantControls")


class WhatIfAnswer(Wire):
    """whatIfAnalysisResult, v1.0: a policy, and whether it applies to the sign-in that was asked about."""

    name: str = Field("", alias="displayName")
    state: str = ""
    applies: bool = Field(False, alias="policyApplies")
    reason: str = Field("", alias="analysisReasons")
    """The first condition that is not met, where it does not apply."""
    grant: GrantControls = Field(default_factory=GrantControls, alias="grantControls")


class WhatIfAnswers(Wire):
    """The answer of conditionalAccessRoot: evaluate."""

    value: tuple[WhatIfAnswer, ...] = ()


class ExportJobAnswer(Wire):
    """deviceManagementExportJob, v1.0."""

    id: str
    status: str = "unknown"
    url: str | None = None


class AppAssignmentAnswer(Wire):
    """mobileAppAssignment: whether an app is to be there."""

    intent: str = ""


class MobileAppAnswer(Wire):
    """mobileApp, v1.0, with the bundle id that its types for iOS carry."""

    type: str = Field("", alias="@odata.type")
    name: str = Field("", alias="displayName")
    bundle_id: str | None = Field(None, alias="bundleId")
    assignments: tuple[AppAssignmentAnswer, ...] = ()
