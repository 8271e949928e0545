"""Each thing acts by the one identity and asks the right other thing. Each check returns its findings."""

from collections.abc import Iterator

from tests.infra.snapshots import Environment, Snapshots

IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
WORKSPACE, COMPONENT = "Microsoft.OperationalInsights/workspaces", "Microsoft.Insights/components"
STORAGE, ACCOUNT = "Microsoft.Storage/storageAccounts", "Microsoft.DocumentDB/databaseAccounts"
VAULT, PLAN, APP = "Microsoft.KeyVault/vaults", "Microsoft.Web/serverfarms", "Microsoft.Web/sites"
WORKBOOK = "Microsoft.Insights/workbooks"
_PACKAGE = "properties.functionAppConfig.deployment.storage"

IDS = (
    (APP, "properties.serverFarmId", PLAN),
    (APP, "properties.keyVaultReferenceIdentity", IDENTITY),
    (APP, f"{_PACKAGE}.authentication.userAssignedIdentityResourceId", IDENTITY),
    (COMPONENT, "properties.WorkspaceResourceId", WORKSPACE),
    (WORKBOOK, "properties.sourceId", COMPONENT),
)
"""Type and path, and the type whose id stands there."""

SETTINGS = {
    "AzureWebJobsStorage__blobServiceUri": (STORAGE, "primaryEndpoints.blob", "{}"),
    "AzureWebJobsStorage__clientId": (IDENTITY, "clientId", "{}"),
    "AZURE_CLIENT_ID": (IDENTITY, "clientId", "{}"),
    "COSMOS__clientId": (IDENTITY, "clientId", "{}"),
    "COSMOS__accountEndpoint": (ACCOUNT, "documentEndpoint", "{}"),
    "APPLICATIONINSIGHTS_CONNECTION_STRING": (COMPONENT, "ConnectionString", "{}"),
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": (
        IDENTITY,
        "clientId",
        "format('ClientId={{0}};Authorization=AAD', {})",
    ),
}
"""Settings of the host, its triggers and the SDKs: whose word they are, and how it is put."""

BY_IDENTITY = ("AzureWebJobsStorage__credential", "COSMOS__credential")
"""Connections that are opened by the identity."""

OUTPUTS = {
    "AZURE_FUNCTION_APP_NAME": APP,
    "AZURE_KEY_VAULT_NAME": VAULT,
    "AZURE_COSMOS_NAME": ACCOUNT,
    "AZURE_STORAGE_NAME": STORAGE,
    "AZURE_RESOURCE_GROUP": "Microsoft.Resources/resourceGroups",
}
"""Outputs that are a name, and whose."""


def ids(snapshots: Snapshots) -> Iterator[str]:
    """What names another resource names the right one, and the app has one identity."""
    for environment in snapshots:
        for type_, path, wanted in IDS:
            value, right = environment.one(type_).at(path), environment.one(wanted).id
            if value != right:
                yield f"{environment.name}: {path} of {type_} is {value}, not {right}"
        identities = environment.one(APP).at("identity.userAssignedIdentities")
        if list(identities) != [environment.one(IDENTITY).id]:
            yield f"{environment.name}: the app acts by {list(identities)}"


def settings(snapshots: Snapshots) -> Iterator[str]:
    """Host, triggers and SDKs are given the identity and the addresses of what this deployment makes."""
    for environment in snapshots:
        given = environment.settings
        for name, (type_, path, put) in SETTINGS.items():
            right = f"[{put.format(environment.one(type_).runtime(path))}]"
            if given.get(name) != right:
                yield f"{environment.name}: {name} is {given.get(name)}, not {right}"
        for name in BY_IDENTITY:
            if given.get(name) != "managedidentity":
                yield f"{environment.name}: {name} is {given.get(name)}"


def package(snapshots: Snapshots) -> Iterator[str]:
    """The package is taken from the container that is made for it."""
    for environment in snapshots:
        container = environment.one(f"{STORAGE}/blobServices/containers").name
        blobs = environment.one(STORAGE).runtime("primaryEndpoints.blob")
        value = environment.one(APP).at(f"{_PACKAGE}.value")
        if value != f"[format('{{0}}{{1}}', {blobs}, '{container}')]":
            yield f"{environment.name}: the package is taken from {value}"


def outputs(snapshots: Snapshots) -> Iterator[str]:
    """An output holds what its name says: one that was called a connection string has given a name before."""
    for environment in snapshots:
        for name, right in _outputs(environment).items():
            if environment.outputs.get(name) != right:
                yield f"{environment.name}: {name} is {environment.outputs.get(name)}, not {right}"
        tags = environment.one("Microsoft.Resources/resourceGroups").at("tags.azd-env-name")
        if (tags, environment.one(APP).at("tags.azd-service-name")) != (environment.name, "connector"):
            yield f"{environment.name}: azd does not find its group or its app again"


def _outputs(environment: Environment) -> dict[str, str]:
    host = environment.one(APP).runtime("defaultHostName")
    return {
        **{name: environment.one(type_).name for name, type_ in OUTPUTS.items()},
        "MTD_URL": f"[format('https://{{0}}', {host})]",
        "MTD_IDENTITY_PRINCIPAL_ID": f"[{environment.one(IDENTITY).runtime('principalId')}]",
        "MTD_WORKBOOK_ID": environment.one(WORKBOOK).id,
    }


CHECKS = (ids, settings, package, outputs)
