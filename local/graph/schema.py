"""The properties Graph v1.0 knows of what is simulated, so that `$select` of another is refused, as by Graph.

Source: the CSDL of v1.0 as the SDK's models give it; of a device also `extensionAttributes`, which the page
"device resource type" names and the CSDL does not. Of user the commoner ones. Relations are left out:
selecting one gives nothing.
"""

from collections.abc import Mapping

from local.graph.directory import Kind

_MANAGED_DEVICE = (
    "id activationLockBypassCode androidSecurityPatchLevel azureADDeviceId azureADRegistered "
    "complianceGracePeriodExpirationDateTime complianceState configurationManagerClientEnabledFeatures "
    "deviceActionResults deviceCategoryDisplayName deviceEnrollmentType deviceHealthAttestationState "
    "deviceName deviceRegistrationState easActivated easActivationDateTime easDeviceId emailAddress "
    "enrolledDateTime enrollmentProfileName ethernetMacAddress exchangeAccessState "
    "exchangeAccessStateReason exchangeLastSuccessfulSyncDateTime freeStorageSpaceInBytes iccid imei "
    "isEncrypted isSupervised jailBroken lastSyncDateTime managedDeviceName managedDeviceOwnerType "
    "managementAgent managementCertificateExpirationDate managementState manufacturer meid model notes "
    "operatingSystem osVersion partnerReportedThreatState phoneNumber physicalMemoryInBytes "
    "remoteAssistanceSessionErrorDetails remoteAssistanceSessionUrl requireUserEnrollmentApproval "
    "serialNumber subscriberCarrier totalStorageSpaceInBytes udid userDisplayName userId "
    "userPrincipalName wiFiMacAddress"
)
_DEVICE = (
    "id accountEnabled alternativeSecurityIds approximateLastSignInDateTime complianceExpirationDateTime "
    "deviceCategory deviceId deviceMetadata deviceOwnership deviceVersion displayName "
    "enrollmentProfileName enrollmentType isCompliant isManaged isManagementRestricted isRooted "
    "managementType manufacturer mdmAppId model onPremisesLastSyncDateTime onPremisesSecurityIdentifier "
    "onPremisesSyncEnabled operatingSystem operatingSystemVersion physicalIds profileType "
    "registrationDateTime systemLabels trustType deletedDateTime alternativeNames extensionAttributes"
)
_CONNECTOR = (
    "id allowPartnerToCollectIOSApplicationMetadata allowPartnerToCollectIOSPersonalApplicationMetadata "
    "androidDeviceBlockedOnMissingPartnerData androidEnabled androidMobileApplicationManagementEnabled "
    "iosDeviceBlockedOnMissingPartnerData iosEnabled iosMobileApplicationManagementEnabled "
    "lastHeartbeatDateTime microsoftDefenderForEndpointAttachEnabled partnerState "
    "partnerUnresponsivenessThresholdInDays partnerUnsupportedOsVersionBlocked "
    "windowsDeviceBlockedOnMissingPartnerData windowsEnabled"
)
_USER = "id displayName givenName surname mail userPrincipalName userType accountEnabled department jobTitle"
_POLICY = "id createdDateTime description displayName lastModifiedDateTime version"
_FILTER = (
    "id createdDateTime lastModifiedDateTime displayName description platform rule roleScopeTags payloads "
    "assignmentFilterManagementType"
)
_MOBILE_APP = (
    "id displayName description publisher largeIcon createdDateTime lastModifiedDateTime isFeatured notes "
    "owner privacyInformationUrl informationUrl developer publishingState assignments categories"
)
"""Not those of its derived types, as bundleId (microsoft-graph-docs-contrib#4529)."""
_ACCESS_POLICY = (
    "id templateId displayName description createdDateTime modifiedDateTime state conditions grantControls "
    "sessionControls"
)

TYPES: Mapping[Kind, str] = {
    Kind.MANAGED_DEVICE: "managedDevice",
    Kind.ENTRA_DEVICE: "device",
    Kind.CONNECTOR: "mobileThreatDefenseConnector",
    Kind.COMPLIANCE_POLICY: "deviceCompliancePolicy",
    Kind.ASSIGNMENT_FILTER: "deviceAndAppManagementAssignmentFilter",
    Kind.ACCESS_POLICY: "conditionalAccessPolicy",
    Kind.USER: "user",
    Kind.MOBILE_APP: "mobileApp",
}
PROPERTIES: Mapping[Kind, frozenset[str]] = {
    Kind.MANAGED_DEVICE: frozenset(_MANAGED_DEVICE.split()),
    Kind.ENTRA_DEVICE: frozenset(_DEVICE.split()),
    Kind.CONNECTOR: frozenset(_CONNECTOR.split()),
    Kind.COMPLIANCE_POLICY: frozenset(_POLICY.split()),
    Kind.ASSIGNMENT_FILTER: frozenset(_FILTER.split()),
    Kind.ACCESS_POLICY: frozenset(_ACCESS_POLICY.split()),
    Kind.USER: frozenset(_USER.split()),
    Kind.MOBILE_APP: frozenset(_MOBILE_APP.split()),
}
