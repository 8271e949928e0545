"""Whether what is deployed is as closed as it is said to be, and rightly wired. Checks return their findings.

A compiler would take a database open to keys as well as a closed one, and a secret's reference asked by the
wrong identity as well as by the right one. checkov knows some of it; this is what this deployment promises.
"""

import pathlib
import re
from collections.abc import Callable

from infra.preflight.deployment import Deployment
from infra.preflight.limits import limits
from tests.infra.agreement import parameters_given
from tests.infra.bicep import BicepFile, Expression, Value, bicep_files

MAIN, APP, COSMOS = "main.bicep", "modules/function-app.bicep", "modules/cosmos.bicep"
STORAGE, VAULT, MONITORING = "modules/storage.bicep", "modules/key-vault.bicep", "modules/monitoring.bicep"
EASY_AUTH = "modules/easy-auth.bicep"
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
    (APP, "noPublishingPassword", "properties.allow", "false"),
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
    (COSMOS, "contributor", "properties.scope", "'${account.id}/dbs/${databaseName}'"),
    (COSMOS, "contributor", "properties.principalId", "principalId"),
    (STORAGE, "owner", "scope", "storage"),
    (STORAGE, "owner", "properties.roleDefinitionId", _ROLE.format("blobDataOwner")),
    (VAULT, "user", "scope", "vault"),
    (VAULT, "user", "properties.roleDefinitionId", _ROLE.format("secretsUser")),
    (VAULT, "user", "properties.principalId", "principalId"),
    (VAULT, "officer", "properties.roleDefinitionId", _ROLE.format("secretsOfficer")),
    (VAULT, "officer", "properties.principalId", "deployerPrincipalId"),
    (MONITORING, "publisher", "scope", "insights"),
    *(
        (MAIN, module, "params.principalId", "identity.outputs.principalId")
        for module in ("storage", "cosmos")
    ),
    *(
        (MAIN, module, "params.principalId", "identity.outputs.principalId")
        for module in ("vault", "monitoring")
    ),
    (MAIN, "graphPermissions", "params.principalId", "identity.outputs.principalId"),
    # partners prove themselves in the app: the platform lets them through to it
    (EASY_AUTH, "easyAuth", "properties.globalValidation.requireAuthentication", "false"),
    (EASY_AUTH, "easyAuth", "properties.globalValidation.unauthenticatedClientAction", "AllowAnonymous"),
    # with a private network there is no other way to what is stored, and that way leads there
    (STORAGE, "storage", "properties.publicNetworkAccess", "publicNetworkAccess"),
    (COSMOS, "account", "properties.publicNetworkAccess", "publicNetworkAccess"),
    (VAULT, "vault", "properties.publicNetworkAccess", "publicNetworkAccess"),
    (MAIN, "storage", "params.publicNetworkAccess", "privateNetwork ? 'Disabled' : 'Enabled'"),
    (MAIN, "cosmos", "params.publicNetworkAccess", "privateNetwork ? 'Disabled' : 'Enabled'"),
    (MAIN, "vault", "params.defaultAction", "privateNetwork ? 'Deny' : 'Allow'"),
    (MAIN, "storageEndpoint", "params.groupId", "blob"),
    (MAIN, "storageEndpoint", "params.zoneName", "'privatelink.blob.${environment().suffixes.storage}'"),
    (MAIN, "cosmosEndpoint", "params.groupId", "Sql"),
    (MAIN, "cosmosEndpoint", "params.zoneName", "privatelink.documents.azure.com"),
    (MAIN, "vaultEndpoint", "params.groupId", "vault"),
    (MAIN, "vaultEndpoint", "params.zoneName", "privatelink.vaultcore.azure.net"),
    (MAIN, "functionApp", "params.subnetId", "privateNetwork ? network!.outputs.appSubnetId : ''"),
    # what was written can be had back
    (COSMOS, "account", "properties.backupPolicy.type", "Continuous"),
)
"""File, resource or module, property, and the value it has: a literal, or the expression as it is written."""

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

VARIABLES = {
    "environmentName": "AZURE_ENV_NAME",
    "location": "AZURE_LOCATION",
    "deployerPrincipalId": "AZURE_PRINCIPAL_ID",
    "feedPollDelay": "FEED_POLL_DELAY_MS",
}
"""Parameters whose variable has another name than their own, in capitals."""


def promises(folder: pathlib.Path) -> list[str]:
    """Every value in PROMISES is the one that is deployed."""
    findings = []
    for file, name, path, wanted in PROMISES:
        bicep = BicepFile(folder / file)
        declared = {**bicep.of("module"), **bicep.of("resource")}
        value = _at(declared[name].body, path) if name in declared else None
        if _text(value) != wanted:
            findings.append(f"{file}: {path} of {name} is {_text(value)}, not {wanted}")
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
        wanted = VARIABLES.get(name, re.sub(r"([A-Z])", r"_\1", name).upper())
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
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(value: Value) -> str:
    """As it is written, without the quotes of a text."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.text if isinstance(value, Expression) else str(value)


CHECKS: tuple[Callable[[pathlib.Path], list[str]], ...] = (promises, platform, keys, order, variables)
