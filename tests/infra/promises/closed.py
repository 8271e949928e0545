"""No key opens anything, nothing is spoken to without TLS 1.2, and the app is open to partners alone.

Each check returns its findings.
"""

from collections.abc import Iterator, Mapping

from tests.infra.snapshots import Snapshots

VALUES: Mapping[str, Mapping[str, object]] = {
    "Microsoft.DocumentDB/databaseAccounts": {
        "properties.disableLocalAuth": True,
        "properties.disableKeyBasedMetadataWriteAccess": True,
        "properties.minimalTlsVersion": "Tls12",
        "properties.networkAclBypass": "None",
        "properties.backupPolicy.type": "Continuous",
    },
    "Microsoft.Storage/storageAccounts": {
        "properties.allowSharedKeyAccess": False,
        "properties.allowBlobPublicAccess": False,
        "properties.allowCrossTenantReplication": False,
        "properties.minimumTlsVersion": "TLS1_2",
        "properties.supportsHttpsTrafficOnly": True,
    },
    "Microsoft.Storage/storageAccounts/blobServices/containers": {"properties.publicAccess": "None"},
    "Microsoft.KeyVault/vaults": {
        "properties.enableRbacAuthorization": True,
        "properties.enableSoftDelete": True,
        "properties.enablePurgeProtection": True,
        "properties.networkAcls.bypass": "None",
    },
    "Microsoft.Insights/components": {"properties.DisableLocalAuth": True},
    "Microsoft.OperationalInsights/workspaces": {"properties.features.disableLocalAuth": True},
    "Microsoft.Web/serverfarms": {"sku.name": "FC1", "properties.reserved": True},
    "Microsoft.Web/sites": {
        "identity.type": "UserAssigned",
        "properties.httpsOnly": True,
        "properties.publicNetworkAccess": "Enabled",  # partners post from the internet
        "properties.functionAppConfig.runtime.name": "python",
        "properties.functionAppConfig.deployment.storage.type": "blobContainer",
        "properties.functionAppConfig.deployment.storage.authentication.type": "UserAssignedIdentity",
        "properties.siteConfig.minTlsVersion": "1.2",
        "properties.siteConfig.scmMinTlsVersion": "1.2",
        "properties.siteConfig.ftpsState": "Disabled",
        "properties.siteConfig.http20Enabled": True,
        "properties.siteConfig.cors": None,
        "properties.siteConfig.remoteDebuggingEnabled": None,
    },
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"properties.allow": False},
    # partners authenticate in the app: the platform lets them through to it
    "Microsoft.Web/sites/config": {
        "name": lambda name: str(name).endswith("/authsettingsV2"),
        "properties.platform.enabled": True,
        "properties.httpSettings.requireHttps": True,
        "properties.globalValidation.requireAuthentication": False,
        "properties.globalValidation.unauthenticatedClientAction": "AllowAnonymous",
        "properties.login.tokenStore.enabled": False,
    },
}
"""By type and path, the value it has in every environment; None: the default, which is as closed."""

EVERYWHERE = VALUES.keys() - {"Microsoft.Web/sites/config"}
"""Types of which no environment is without one; the platform's own check of tokens is an option."""


def values(snapshots: Snapshots) -> Iterator[str]:
    """Every value in VALUES is the one that would be deployed."""
    for environment in snapshots:
        made = {each.type for each in environment.resources}
        yield from (f"{environment.name} makes no {each}" for each in sorted(EVERYWHERE - made))
        for resource in environment.resources:
            for path, wanted in VALUES.get(resource.type, {}).items():
                value = resource.at(path)
                if not (wanted(value) if callable(wanted) else value == wanted):
                    yield f"{resource}: {path} is {value}, not {wanted}"


def passwords(snapshots: Snapshots) -> Iterator[str]:
    """Neither way of publishing by password is left open."""
    for environment in snapshots:
        closed = {
            each.name for each in environment.of("Microsoft.Web/sites/basicPublishingCredentialsPolicies")
        }
        yield from (
            f"{environment.name}: {each} takes a password" for each in sorted({"ftp", "scm"} - closed)
        )


def keys(snapshots: Snapshots) -> Iterator[str]:
    """Nothing that is deployed asks for a key: what is asked for stands in the deployment's history."""
    for environment in snapshots:
        for resource in environment.resources:
            if "listKeys(" in str(resource.row) or "listAccountSas(" in str(resource.row):
                yield f"{resource} asks for a key"


CHECKS = (values, passwords, keys)
