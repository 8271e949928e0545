"""Whether what is deployed is as closed as it is said to be, and rightly wired. Checks return their findings.

A compiler would take a database open to keys as well as a closed one, and a secret's reference asked by the
wrong identity as well as by the right one. checkov knows some of it; this is what this deployment promises.
"""

import pathlib
import re
from collections.abc import Callable

from infra.preflight.deployment import Deployment, variable_of
from infra.preflight.limits import limits
from tests.infra.agreement import parameters_given
from tests.infra.bicep import BicepFile, Expression, Value, bicep_files

MAIN, APP, COSMOS = "main.bicep", "modules/function-app.bicep", "modules/cosmos.bicep"
STORAGE, VAULT, MONITORING = "modules/storage.bicep", "modules/key-vault.bicep", "modules/monitoring.bicep"
EASY_AUTH, ALERTS, IDENTITY = "modules/easy-auth.bicep", "modules/alerts.bicep", "modules/identity.bicep"
NETWORK, ENDPOINT = "modules/network.bicep", "modules/private-endpoint.bicep"
WORKBOOK = "modules/workbook.bicep"
_ROLE = "subscriptionResourceId('Microsoft.Authorization/roleDefinitions', {})"

PROMISES: tuple[tuple[str, str, str, str], ...] = (
    # no key opens anything, and nothing is spoken to without TLS 1.2
    (COSMOS, "account", "properties.disableLocalAuth", "true"),
    (COSMOS, "account", "properties.disableKeyBasedMetadataWriteAccess", "true"),
    (COSMOS, "account", "properties.minimalTlsVersion", "Tls12"),
    (STORAGE, "storage", "properties.allowSharedKeyAccess", "false"),
    (STORAGE, "storage", "properties.allowBlobPublicAccess", "false"),
    (STORAGE, "storage", "properties.minimumTlsVersion", "TLS1_2"),
    (VAULT, "vault", "properties.enableRbacAuthorization", "true"),
    (VAULT, "vault", "properties.enablePurgeProtection", "true"),
    (MONITORING, "insights", "properties.DisableLocalAuth", "true"),
    (MONITORING, "workspace", "properties.features.disableLocalAuth", "true"),
    (APP, "app", "properties.httpsOnly", "true"),
    (APP, "app", "properties.siteConfig.minTlsVersion", "1.2"),
    (APP, "app", "properties.siteConfig.scmMinTlsVersion", "1.2"),
    (APP, "app", "properties.siteConfig.ftpsState", "Disabled"),
    (STORAGE, "storage", "properties.supportsHttpsTrafficOnly", "true"),
    (STORAGE, "packages", "properties.publicAccess", "None"),
    (APP, "noPublishingPassword", "name", "scm"),
    (APP, "noPublishingPassword", "properties.allow", "false"),
    (APP, "noFtpPassword", "name", "ftp"),
    (APP, "noFtpPassword", "properties.allow", "false"),
    # the one identity is who asks, and has no more than it needs
    (APP, "app", "identity.type", "UserAssigned"),
    (APP, "app", "properties.keyVaultReferenceIdentity", "identityId"),
    (
        APP,
        "app",
        "properties.functionAppConfig.deployment.storage.authentication.type",
        "UserAssignedIdentity",
    ),
    (
        APP,
        "app",
        "properties.functionAppConfig.deployment.storage.authentication.userAssignedIdentityResourceId",
        "identityId",
    ),
    (
        COSMOS,
        "contributor",
        "properties.roleDefinitionId",
        "'${account.id}/sqlRoleDefinitions/${dataContributor}'",
    ),
    (COSMOS, "contributor", "properties.scope", "'${account.id}/dbs/${databaseName}'"),
    (COSMOS, "contributor", "properties.principalId", "principalId"),
    (STORAGE, "owner", "scope", "storage"),
    (STORAGE, "owner", "properties.roleDefinitionId", _ROLE.format("blobDataOwner")),
    (STORAGE, "owner", "properties.principalId", "principalId"),
    (VAULT, "user", "scope", "vault"),
    (VAULT, "user", "properties.roleDefinitionId", _ROLE.format("secretsUser")),
    (VAULT, "user", "properties.principalId", "principalId"),
    (VAULT, "officer", "scope", "vault"),
    (VAULT, "officer", "properties.roleDefinitionId", _ROLE.format("secretsOfficer")),
    (VAULT, "officer", "properties.principalId", "deployerPrincipalId"),
    (MONITORING, "publisher", "scope", "insights"),
    (MONITORING, "publisher", "properties.roleDefinitionId", _ROLE.format("metricsPublisher")),
    (MONITORING, "publisher", "properties.principalId", "principalId"),
    # the app runs where and as it is meant to
    (APP, "plan", "sku.name", "FC1"),
    (APP, "plan", "properties.reserved", "true"),
    (APP, "app", "properties.serverFarmId", "plan.id"),
    (APP, "app", "properties.functionAppConfig.deployment.storage.type", "blobContainer"),
    (APP, "app", "properties.functionAppConfig.runtime.name", "python"),
    (APP, "app", "properties.publicNetworkAccess", "Enabled"),
    (APP, "ownSettings", "name", "setting.key"),
    (APP, "ownSettings", "value", "setting.value"),
    (APP, "secretSettings", "name", "secret"),
    (COSMOS, "database", "parent", "account"),
    (COSMOS, "database", "name", "databaseName"),
    (COSMOS, "container", "parent", "database"),
    (COSMOS, "container", "name", "entry.name"),
    (MONITORING, "insights", "properties.WorkspaceResourceId", "workspace.id"),
    (WORKBOOK, "workbook", "properties.sourceId", "insightsId"),
    # partners prove themselves in the app: the platform lets them through to it
    (EASY_AUTH, "easyAuth", "properties.globalValidation.requireAuthentication", "false"),
    (EASY_AUTH, "easyAuth", "properties.globalValidation.unauthenticatedClientAction", "AllowAnonymous"),
    (EASY_AUTH, "easyAuth", "name", "authsettingsV2"),
    (EASY_AUTH, "easyAuth", "properties.platform.enabled", "true"),
    (
        EASY_AUTH,
        "easyAuth",
        "properties.identityProviders.azureActiveDirectory.registration.openIdIssuer",
        "'${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'",
    ),
    # with a private network there is no other way to what is stored, and that way leads there
    (STORAGE, "storage", "properties.publicNetworkAccess", "publicNetworkAccess"),
    (COSMOS, "account", "properties.publicNetworkAccess", "publicNetworkAccess"),
    (VAULT, "vault", "properties.publicNetworkAccess", "publicNetworkAccess"),
    (MAIN, "storage", "params.publicNetworkAccess", "privateNetwork ? 'Disabled' : 'Enabled'"),
    (MAIN, "cosmos", "params.publicNetworkAccess", "privateNetwork ? 'Disabled' : 'Enabled'"),
    (MAIN, "storage", "params.defaultAction", "privateNetwork ? 'Deny' : 'Allow'"),
    (MAIN, "vault", "params.defaultAction", "privateNetwork ? 'Deny' : 'Allow'"),
    (
        MAIN,
        "vault",
        "params.publicNetworkAccess",
        "privateNetwork && empty(allowedAddresses) ? 'Disabled' : 'Enabled'",
    ),
    (MAIN, "storageEndpoint", "params.targetId", "storage.outputs.id"),
    (MAIN, "cosmosEndpoint", "params.targetId", "cosmos.outputs.id"),
    (MAIN, "vaultEndpoint", "params.targetId", "vault.outputs.id"),
    *(
        (MAIN, each, "params.subnetId", "privateNetwork ? network!.outputs.endpointSubnetId : ''")
        for each in ("storageEndpoint", "cosmosEndpoint", "vaultEndpoint")
    ),
    (NETWORK, "network", "properties.subnets.0.name", "app"),
    (
        NETWORK,
        "network",
        "properties.subnets.0.properties.delegations.0.properties.serviceName",
        "Microsoft.App/environments",
    ),
    (NETWORK, "network", "properties.subnets.0.properties.addressPrefix", "appPrefix"),
    (NETWORK, "network", "properties.subnets.1.name", "endpoints"),
    (NETWORK, "network", "properties.subnets.1.properties.addressPrefix", "endpointPrefix"),
    (NETWORK, "endpointRules", "properties.securityRules.0.properties.destinationPortRange", "443"),
    (NETWORK, "endpointRules", "properties.securityRules.1.properties.access", "Deny"),
    (NETWORK, "network", "properties.subnets.1.properties.networkSecurityGroup.id", "endpointRules.id"),
    (NETWORK, "appSubnetId", "", "network.properties.subnets[0].id"),
    (NETWORK, "endpointSubnetId", "", "network.properties.subnets[1].id"),
    (ENDPOINT, "zoneLink", "parent", "zone"),
    (ENDPOINT, "zoneGroup", "parent", "endpoint"),
    (ENDPOINT, "zoneGroup", "properties.privateDnsZoneConfigs.0.properties.privateDnsZoneId", "zone.id"),
    (MAIN, "storageEndpoint", "params.groupId", "blob"),
    (MAIN, "storageEndpoint", "params.zoneName", "'privatelink.blob.${environment().suffixes.storage}'"),
    (MAIN, "cosmosEndpoint", "params.groupId", "Sql"),
    (MAIN, "cosmosEndpoint", "params.zoneName", "privatelink.documents.azure.com"),
    (MAIN, "vaultEndpoint", "params.groupId", "vault"),
    (MAIN, "vaultEndpoint", "params.zoneName", "privatelink.vaultcore.azure.net"),
    (MAIN, "functionApp", "params.subnetId", "privateNetwork ? network!.outputs.appSubnetId : ''"),
    # what was written can be had back
    (COSMOS, "account", "properties.backupPolicy.type", "Continuous"),
    # an alert is what its row of alerts.json says
    (ALERTS, "rule", "properties.enabled", "true"),
    (ALERTS, "rule", "properties.severity", "alert.severity"),
    (ALERTS, "rule", "properties.evaluationFrequency", "alert.every"),
    (ALERTS, "rule", "properties.windowSize", "alert.over"),
    (ALERTS, "rule", "properties.autoMitigate", "alert.resolves"),
    (ALERTS, "rule", "properties.criteria.allOf.0.timeAggregation", "Count"),
    (ALERTS, "rule", "properties.criteria.allOf.0.operator", "GreaterThan"),
    (ALERTS, "rule", "properties.criteria.allOf.0.threshold", "0"),
    (ALERTS, "mail", "properties.enabled", "true"),
    (ALERTS, "mail", "properties.emailReceivers.0.emailAddress", "email"),
    # an output holds what its name says: one that was called a connection string has given a name before
    (IDENTITY, "principalId", "", "identity.properties.principalId"),
    (IDENTITY, "clientId", "", "identity.properties.clientId"),
    (MONITORING, "workspaceId", "", "workspace.id"),
    (MONITORING, "insightsId", "", "insights.id"),
    (MONITORING, "insightsConnectionString", "", "insights.properties.ConnectionString"),
    (STORAGE, "blobEndpoint", "", "storage.properties.primaryEndpoints.blob"),
    (STORAGE, "packageContainer", "", "packages.name"),
    (COSMOS, "endpoint", "", "account.properties.documentEndpoint"),
    (VAULT, "name", "", "vault.name"),
    (APP, "url", "", "'https://${app.properties.defaultHostName}'"),
    (MAIN, "AZURE_RESOURCE_GROUP", "", "group.name"),
    (MAIN, "AZURE_FUNCTION_APP_NAME", "", "functionApp.outputs.name"),
    (MAIN, "AZURE_KEY_VAULT_NAME", "", "vault.outputs.name"),
    (MAIN, "AZURE_COSMOS_NAME", "", "cosmos.outputs.name"),
    (MAIN, "MTD_URL", "", "functionApp.outputs.url"),
    (MAIN, "MTD_IDENTITY_PRINCIPAL_ID", "", "identity.outputs.principalId"),
    # azd finds again what it made
    (MAIN, "group", "name", "'rg-${environmentName}'"),
    (MAIN, "group", "location", "location"),
    (MAIN, "group", "tags", "tags"),
)
"""File, what is declared there, property (none: what an output gives), and the value it has: a literal, or
the expression as it is written."""

WIRES = {
    "location": "location",
    "tags": "tags",
    "principalId": "identity.outputs.principalId",
    "workspaceId": "monitoring.outputs.workspaceId",
    "insightsId": "monitoring.outputs.insightsId",
    "zoneRedundant": "zoneRedundant",
    "syncStaleMinutes": "syncStaleMinutes",
    "allowedAddresses": "allowedAddresses",
    "networkId": "privateNetwork ? network!.outputs.id : ''",
    "identityId": "identity.outputs.id",
    "identityClientId": "identity.outputs.clientId",
    "blobEndpoint": "storage.outputs.blobEndpoint",
    "packageContainer": "storage.outputs.packageContainer",
    "cosmosEndpoint": "cosmos.outputs.endpoint",
    "vaultName": "vault.outputs.name",
    "insightsConnectionString": "monitoring.outputs.insightsConnectionString",
    "appName": "functionApp.outputs.name",
    "clientId": "easyAuthClientId",
    "sku": "zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'",
}
"""What every module of main.bicep that takes a parameter of this name is given for it."""

SETTINGS = {
    "AzureWebJobsStorage__blobServiceUri": "blobEndpoint",
    "AzureWebJobsStorage__credential": "managedidentity",
    "AzureWebJobsStorage__clientId": "identityClientId",
    "APPLICATIONINSIGHTS_CONNECTION_STRING": "insightsConnectionString",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "'ClientId=${identityClientId};Authorization=AAD'",
    "AZURE_CLIENT_ID": "identityClientId",
    "COSMOS__accountEndpoint": "cosmosEndpoint",
    "COSMOS__credential": "managedidentity",
    "COSMOS__clientId": "identityClientId",
}
"""What the host, its triggers and the SDKs are told of the identity and of where things are."""


def promises(folder: pathlib.Path) -> list[str]:
    """Every value in PROMISES is the one that is deployed."""
    findings = []
    for file, name, path, wanted in PROMISES:
        bicep = BicepFile(folder / file)
        kinds = ("var", "output", "module", "resource")
        declared = {name: each for kind in kinds for name, each in bicep.of(kind).items()}
        value = _at(declared[name].value, path) if name in declared else None
        if _text(value) != wanted:
            findings.append(f"{file}: {path} of {name} is {_text(value)}, not {wanted}")
    return findings


def wires(folder: pathlib.Path) -> list[str]:
    """Every module stands in the resource group, and gets the identity and the addresses it is to have."""
    findings = []
    for name, module in BicepFile(folder / MAIN).of("module").items():
        if _text(module.body.get("scope")) != "group":
            findings.append(f"{MAIN}:{module.line}: {name} is not in the resource group")
        passed = module.body.get("params")
        for parameter, value in passed.items() if isinstance(passed, dict) else ():
            wanted = WIRES.get(parameter, _text(value))
            if _text(value) != wanted:
                findings.append(f"{MAIN}: {parameter} of {name} is {_text(value)}, not {wanted}")
    return findings


def platform(folder: pathlib.Path) -> list[str]:
    """The settings that are not the app's own have the values in SETTINGS."""
    rows = BicepFile(folder / APP).of("var")["platformSettings"].value
    told = (
        {_text(_at(each, "name")): _text(_at(each, "value")) for each in rows}
        if isinstance(rows, list)
        else {}
    )
    return [
        f"{name} is {told.get(name)}, not {wanted}"
        for name, wanted in SETTINGS.items()
        if told.get(name) != wanted
    ]


def keys(folder: pathlib.Path) -> list[str]:
    """No template asks for a key: what is asked for stands in the deployment's history."""
    findings = []
    for path in bicep_files(folder):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            findings += [
                f"{path.name}:{number}: {call}" for call in re.findall(r"\blist[A-Z]\w*(?=\()", line)
            ]
    return findings


def order(folder: pathlib.Path) -> list[str]:
    """The app, which starts at once, waits for every private way to what it needs."""
    modules = BicepFile(folder / MAIN).of("module")
    awaited = modules["functionApp"].body.get("dependsOn")
    names = {_text(each) for each in awaited} if isinstance(awaited, list) else set()
    ways = {name for name, each in modules.items() if each.target == "modules/private-endpoint.bicep"}
    return [f"the app does not wait for {name}" for name in sorted(ways - names)]


def variables(folder: pathlib.Path) -> list[str]:
    """Each parameter is given by the variable of its own name, and what environments set is within limits."""
    findings = []
    for name, value in parameters_given(folder).items():
        wanted = variable_of(name)
        if isinstance(value, str) and not re.fullmatch(rf"\$\{{{wanted}(=[^}}]*)?\}}", value):
            findings.append(f"{name} is given by {value}, not by {wanted}")
    given = parameters_given(folder)
    for path in sorted((folder / "environments").glob("*.env")):
        lines = path.read_text(encoding="utf-8").splitlines()
        values = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        told = limits(Deployment(values, given, lambda *_: None))
        findings += [f"{path.name}: {each.problem}" for each in told]
    return findings


def _at(value: Value, path: str) -> Value:
    for name in path.split(".") if path else ():
        if isinstance(value, list) and name.isdigit():
            value = dict(enumerate(value)).get(int(name))
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: Value) -> str:
    """As it is written, without the quotes of a text."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.text if isinstance(value, Expression) else str(value)


CHECKS: tuple[Callable[[pathlib.Path], list[str]], ...] = (promises, wires, platform, keys, order, variables)
