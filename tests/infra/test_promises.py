"""What is promised of a deployment holds in every snapshot, and each promise is seen to fail on a mistake."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.infra.promises import (
    alert_rules,
    app_settings,
    closed,
    containers,
    diagnostics,
    files,
    graph_grants,
    identity,
    order,
    parameters,
    private_network,
    wired,
)
from tests.infra.promises.alert_rules import GROUPS, RULES
from tests.infra.promises.containers import DATABASES
from tests.infra.promises.graph_grants import GRANT
from tests.infra.promises.private_network import ENDPOINTS, NETWORK, ZONES
from tests.infra.promises.wired import ACCOUNT, APP, COMPONENT, PLAN, STORAGE, VAULT, WORKBOOK
from tests.infra.seeds import GONE, Mistake
from tests.infra.snapshots import Snapshots

Check = Callable[[Snapshots], Iterator[str]]
MODULES = (
    *(alert_rules, app_settings, closed, containers, diagnostics, files, graph_grants, identity),
    *(order, parameters, private_network, wired),
)
CHECKS: tuple[Check, ...] = tuple(check for module in MODULES for check in module.CHECKS)
ALL, DEV, PROD = "everything-on", "dev", "prod"
P = "properties"
SETTINGS = f"{P}/siteConfig/appSettings"
CONTAINER = f"{DATABASES}/containers"
ROLE = "Microsoft.Authorization/roleAssignments"
COSMOS_ROLE = f"{ACCOUNT}/sqlRoleAssignments"
SETTING = "Microsoft.Insights/diagnosticSettings"
LINK, REGISTERED = f"{ZONES}/virtualNetworkLinks", f"{ENDPOINTS}/privateDnsZoneGroups"
PASSWORD = f"{APP}/basicPublishingCredentialsPolicies"
EASY_AUTH = f"{APP}/config"


def test_there_is_something_to_hold(snapshots: Snapshots) -> None:
    made = {environment.name: len(environment.resources) for environment in snapshots}
    assert made[DEV] > 45
    assert made[PROD] > made[DEV] + 10
    assert made[ALL] > made[PROD] + 10


@pytest.fixture(scope="module")
def snapshots() -> Snapshots:
    """As they are committed."""
    return Snapshots.committed()


@pytest.mark.parametrize(
    "check", CHECKS, ids=lambda check: f"{check.__module__.split('.')[-1]}.{check.__name__}"
)
def test_the_snapshots_hold(check: Check, snapshots: Snapshots) -> None:
    assert list(check(snapshots)) == []


def setting(name: str) -> str:
    """The path of the value of an app setting."""
    return f"{SETTINGS}/{name}/value"


_OTHER_ROLE = (
    "subscription:providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
)
_RESOURCE = f"{P}/resource"
_CONDITION = f"{P}/criteria/allOf/0"
_CONNECTION = f"{P}/privateLinkServiceConnections/0/properties"
_TARGET = f"{_CONNECTION}/privateLinkServiceId"
_PREFIX = f"{P}/policy/rules/0/definition/filters/prefixMatch/0"
_SUBNETS = f"{P}/subnets"
_SCALE = f"{P}/functionAppConfig/scaleAndConcurrency/alwaysReady"
_STORED = f"{P}/functionAppConfig/deployment/storage"
_SOMEWHERE = "group:Microsoft.Web/serverfarms/another"

_FILES = f"{STORAGE} stdrop"

MISTAKES: list[tuple[Check, Mistake, str]] = [
    (files.account, Mistake(ALL, _FILES, f"{P}/networkAcls/defaultAction", "Allow"), "names meets Allow"),
    (files.account, Mistake(ALL, f"{ENDPOINTS} pe-files", _TARGET, _SOMEWHERE), "no private way leads there"),
    (files.account, Mistake(ALL, _FILES, "id", "group:Microsoft.Storage/x"), "0 accounts for files"),
    (files.life, Mistake(ALL, files.POLICIES, _PREFIX, "drop/"), "deletes [['drop/']"),
    (closed.values, Mistake(DEV, STORAGE, f"{P}/allowSharedKeyAccess", True), "allowSharedKeyAccess is True"),
    (
        closed.values,
        Mistake(PROD, ACCOUNT, f"{P}/disableLocalAuth", False),
        "disableLocalAuth is False, not True",
    ),
    (closed.values, Mistake(ALL, VAULT, f"{P}/enablePurgeProtection", GONE), "enablePurgeProtection is None"),
    (closed.values, Mistake(DEV, COMPONENT, f"{P}/DisableLocalAuth", False), "DisableLocalAuth is False"),
    (closed.values, Mistake(DEV, APP, f"{P}/siteConfig/minTlsVersion", "1.0"), "minTlsVersion is 1.0"),
    (closed.values, Mistake(DEV, APP, f"{P}/httpsOnly", False), "httpsOnly is False"),
    (closed.values, Mistake(DEV, APP, f"{P}/functionAppConfig/runtime/name", "node"), "runtime.name is node"),
    (closed.values, Mistake(DEV, PLAN, "sku/name", "Y1"), "sku.name is Y1"),
    (
        closed.values,
        Mistake(ALL, EASY_AUTH, f"{P}/globalValidation/requireAuthentication", True),
        "not False",
    ),
    (closed.values, Mistake(ALL, EASY_AUTH, "name", "func-mtd-x/web"), "name is func-mtd-x/web"),
    (
        closed.values,
        Mistake(DEV, VAULT, "type", "Microsoft.KeyVault/managedHSMs"),
        "dev makes no Microsoft.KeyV",
    ),
    (closed.passwords, Mistake(PROD, f"{PASSWORD} scm", "name", "func/ftp"), "prod: scm takes a password"),
    (
        closed.keys,
        Mistake(DEV, APP, setting("COSMOS__accountEndpoint"), "[listKeys('x', '1').a]"),
        "asks for a key",
    ),
    (identity.roles, Mistake(PROD, ROLE, f"{P}/roleDefinitionId", _OTHER_ROLE), "deployer has 8e3af657-a8ff"),
    (
        identity.roles,
        Mistake(PROD, ROLE, f"{P}/roleDefinitionId", _OTHER_ROLE),
        "not the deployer has Key Vault Secr",
    ),
    (
        identity.roles,
        Mistake(DEV, f"{ROLE} storage", f"{P}/principalId", "somebody"),
        "dev: somebody has Storage Blob",
    ),
    (
        identity.roles,
        Mistake(
            DEV, f"{ROLE} storage", "id", "subscription:providers/Microsoft.Authorization/roleAssignments/1"
        ),
        "Storage Blob Data Owner over subscription:",
    ),
    (
        identity.roles,
        Mistake(
            ALL,
            COSMOS_ROLE,
            f"{P}/scope",
            "group:Microsoft.DocumentDB/databaseAccounts/cosmos-mtd-everything1",
        ),
        "Data Contributor over Microsoft.DocumentDB/databaseAccounts",
    ),
    (
        wired.ids,
        Mistake(DEV, APP, f"{P}/keyVaultReferenceIdentity", _SOMEWHERE),
        "keyVaultReferenceIdentity of",
    ),
    (
        wired.ids,
        Mistake(DEV, APP, "identity/userAssignedIdentities", {_SOMEWHERE: {}}),
        "the app acts by ['group:M",
    ),
    (
        wired.ids,
        Mistake(PROD, WORKBOOK, f"{P}/sourceId", _SOMEWHERE),
        "properties.sourceId of Microsoft.Insights/w",
    ),
    (
        wired.settings,
        Mistake(DEV, APP, setting("COSMOS__credential"), "managed"),
        "COSMOS__credential is managed",
    ),
    (
        wired.settings,
        Mistake(DEV, APP, setting("APPLICATIONINSIGHTS_CONNECTION_STRING"), "appi-mtd"),
        "APPLICATIONINSIGHTS_CONNECTION_STRING is appi-mtd, not [reference(",
    ),
    (wired.settings, Mistake(DEV, APP, f"{SETTINGS}/AZURE_CLIENT_ID", GONE), "AZURE_CLIENT_ID is None"),
    (
        wired.package,
        Mistake(DEV, APP, f"{_STORED}/value", "https://blobs/code"),
        "is taken from https://blobs/code",
    ),
    (
        wired.outputs,
        Mistake(DEV, "", "outputs/MTD_URL", "https://example.com"),
        "MTD_URL is https://example.com",
    ),
    (wired.outputs, Mistake(DEV, "", "outputs/AZURE_COSMOS_NAME", GONE), "AZURE_COSMOS_NAME is None"),
    (
        wired.outputs,
        Mistake(DEV, APP, "tags/azd-service-name", GONE),
        "azd does not find its group or its app",
    ),
    (
        app_settings.names,
        Mistake(DEV, APP, f"{SETTINGS}/TAG_ALL", GONE),
        "dev: TAG_ALL is needed and not set",
    ),
    (
        app_settings.names,
        Mistake(DEV, APP, f"{SETTINGS}/SYNC_SCHEDULE", GONE),
        "SYNC_SCHEDULE is needed and not",
    ),
    (
        app_settings.names,
        Mistake(DEV, APP, f"{SETTINGS}/COSMOS__clientId", GONE),
        "COSMOS__clientId is needed",
    ),
    (
        app_settings.names,
        Mistake(PROD, APP, f"{SETTINGS}/+", {"name": "COSMOS", "value": "AccountKey=x"}),
        "prod: COSMOS is set and nobody reads it",
    ),
    (
        app_settings.names,
        Mistake(PROD, APP, f"{SETTINGS}/+", {"name": "FUNCTIONS_WORKER_RUNTIME", "value": "python"}),
        "FUNCTIONS_WORKER_RUNTIME is set and nobody reads it",
    ),
    (
        app_settings.body_limit,
        Mistake(DEV, APP, f"{SETTINGS}/FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", GONE),
        "dev: a body of 0 bytes reaches the app",
    ),
    (app_settings.values, Mistake(ALL, APP, setting("MODE"), "report"), "MODE is report, not enforce"),
    (app_settings.values, Mistake(ALL, APP, setting("GUARD_PERCENT"), "25"), "GUARD_PERCENT is 25, not 5"),
    (app_settings.values, Mistake(ALL, APP, setting("ADMIN_TENANT"), ""), "ADMIN_TENANT is , not 7e0a1f64"),
    (app_settings.values, Mistake(ALL, APP, setting("AUTH_ZIMPERIUM"), "entra"), "AUTH_ZIMPERIUM is entra"),
    (
        app_settings.values,
        Mistake(ALL, APP, setting("READ_KEY_SIEM"), "a key"),
        "READ_KEY_SIEM is a key, not @Micros",
    ),
    (
        app_settings.values,
        Mistake(ALL, APP, f"{SETTINGS}/WEBHOOK_SECRETS_LOOKOUT", GONE),
        "WEBHOOK_SECRETS_LOOKOUT is None, not @Microsoft.KeyVault(",
    ),
    (
        app_settings.switches,
        Mistake("options", "", "tagAll=true/becomes", {"app": {f"{SETTINGS}/x".replace("/", "."): "True"}}),
        "tagAll=true changes the settings ['x'], not ['TAG_ALL']",
    ),
    (
        app_settings.switches,
        Mistake("options", "", "revokeSessions=true/becomes", {}),
        "the settings [], not ['REVOKE",
    ),
    (
        app_settings.limits,
        Mistake("parameters", "", "guardPercent/defaultValue", 20),
        "default '20' is not the code's",
    ),
    (
        app_settings.limits,
        Mistake("parameters", "", "purgeGoneDays/maxValue", 9999),
        "takes 9999, the code does not",
    ),
    (
        app_settings.limits,
        Mistake("parameters", "", "purgeGoneDays/maxValue", 365),
        "code takes 366, main.bicep does",
    ),
    (
        app_settings.limits,
        Mistake("parameters", "", "purgeGoneDays/maxValue", GONE),
        "a number without limits",
    ),
    (
        app_settings.limits,
        Mistake("parameters", "", "onSilence/allowedValues/0", "keep"),
        "main.bicep takes keep, the",
    ),
    (
        containers.containers,
        Mistake(DEV, f"{CONTAINER} links", f"{_RESOURCE}/id", "link"),
        "dev: no container links",
    ),
    (
        containers.containers,
        Mistake(DEV, f"{CONTAINER} links", f"{_RESOURCE}/id", "link"),
        "link is not the code's",
    ),
    (
        containers.containers,
        Mistake(DEV, f"{CONTAINER} reports", f"{_RESOURCE}/partitionKey/paths/0", "/id"),
        "reports is partitioned by",
    ),
    (
        containers.containers,
        Mistake(PROD, f"{CONTAINER} reports", f"{_RESOURCE}/partitionKey/kind", "MultiHash"),
        "prod: reports is partitioned by",
    ),
    (
        containers.containers,
        Mistake(DEV, f"{CONTAINER} reports", f"{_RESOURCE}/defaultTtl", 86400),
        "reports lives for 86400",
    ),
    (
        containers.containers,
        Mistake(DEV, f"{CONTAINER} inventory", f"{_RESOURCE}/defaultTtl", GONE),
        "inventory lives for None",
    ),
    (
        containers.containers,
        Mistake(
            DEV,
            f"{CONTAINER} dead_letters",
            f"{_RESOURCE}/indexingPolicy/includedPaths/2/path",
            "/received/?",
        ),
        "dead_letters is queried by /received_at/?, which is not indexed",
    ),
    (
        containers.containers,
        Mistake(
            DEV,
            f"{CONTAINER} dead_letters",
            f"{_RESOURCE}/indexingPolicy/includedPaths/2/path",
            "/received/?",
        ),
        "dead_letters indexes /received/?, which no query uses",
    ),
    (
        containers.containers,
        Mistake(DEV, f"{CONTAINER} agents", f"{_RESOURCE}/indexingPolicy/indexingMode", "none"),
        "agents is indexed by",
    ),
    (
        containers.containers,
        Mistake(DEV, DATABASES, f"{_RESOURCE}/id", "data"),
        "the database is not called mtd",
    ),
    (
        containers.triggers,
        Mistake(DEV, f"{CONTAINER} leases", f"{_RESOURCE}/id", "x"),
        "finds no container leases",
    ),
    (
        containers.triggers,
        Mistake(DEV, f"{CONTAINER} leases", f"{_RESOURCE}/partitionKey/paths/0", "/pk"),
        "the leases' partition key is not /id",
    ),
    (
        containers.kept_ready,
        Mistake(PROD, APP, f"{_SCALE}/1/name", "function:evaluate"),
        "no group function:evaluate",
    ),
    (containers.kept_ready, Mistake(PROD, APP, f"{_SCALE}/1", GONE), "prod: kept ready are ['http']"),
    (diagnostics.diagnostics, Mistake(DEV, SETTING, "id", "group:x"), "not ['"),
    (
        diagnostics.diagnostics,
        Mistake(PROD, SETTING, f"{P}/workspaceId", _SOMEWHERE),
        "sends [], not ['",
    ),
    (
        diagnostics.diagnostics,
        Mistake(DEV, SETTING, f"{P}/metrics/0/category", "AllMetrics"),
        "sends ['AllMetrics', ",
    ),
    (
        alert_rules.rules,
        Mistake(DEV, f"{RULES} tag-drift", "name", "mtd-drift"),
        "dev: no rule mtd-tag-drift",
    ),
    (alert_rules.rules, Mistake(DEV, f"{RULES} tag-drift", "name", "mtd-drift"), "dev: mtd-drift has no row"),
    (
        alert_rules.rules,
        Mistake(PROD, f"{RULES} feed-lag", f"{P}/windowSize", "PT5M"),
        "properties.windowSize is PT5M",
    ),
    (alert_rules.rules, Mistake(DEV, f"{RULES} feed-lag", f"{_CONDITION}/threshold", 10), "threshold is 10"),
    (
        alert_rules.rules,
        Mistake(DEV, f"{RULES} feed-lag", f"{P}/scopes", [_SOMEWHERE]),
        "properties.scopes is ['group",
    ),
    (
        alert_rules.rules,
        Mistake(
            ALL,
            f"{RULES} sync-late",
            f"{_CONDITION}/query/2",
            "| where timestamp > ago({SYNC_STALE_MINUTES}m)",
        ),
        "query is [",
    ),
    (
        alert_rules.mail,
        Mistake(ALL, GROUPS, f"{P}/emailReceivers/0/emailAddress", "x@example.com"),
        "['x@example.com']",
    ),
    (alert_rules.mail, Mistake(ALL, f"{RULES} feed-lag", f"{P}/actions", {}), "mtd-feed-lag does not mail"),
    (graph_grants.granted, Mistake(ALL, GRANT, f"{P}/principalId", "somebody"), "is granted to another"),
    (
        graph_grants.granted,
        Mistake(ALL, GRANT, f"{P}/appRoleId", "[x['Mail.Read']]"),
        "everything-on: granted are",
    ),
    (graph_grants.granted, Mistake(ALL, GRANT, f"{P}/resourceId", "another"), "granted are rights of {"),
    (
        graph_grants.granted,
        Mistake(
            DEV, "", "resources/+", {"type": f"{GRANT}@v1.0", "properties": {"appRoleId": "[x['Mail.Read']]"}}
        ),
        "dev: granted are [['Mail.Read']], not []",
    ),
    (
        graph_grants.switched,
        Mistake("options", "", "groupPolicies=false/goes", []),
        "groupPolicies=false grants [] and takes []",
    ),
    (
        graph_grants.switched,
        Mistake("options", "", "revokeSessions=true/comes/0", f"{GRANT}@v1.0 DeviceManagementApps.Read.All"),
        "revokeSessions=true grants ['DeviceManagementApps.Read.All']",
    ),
    (graph_grants.switched, Mistake("options", "", "mode='enforce'/comes", []), "mode='enforce' grants []"),
    (
        graph_grants.chosen,
        Mistake("parameters", "", "groupPolicies/defaultValue", False),
        "[] are on by themselves",
    ),
    (
        private_network.doors,
        Mistake(PROD, STORAGE, f"{P}/publicNetworkAccess", "Enabled"),
        "access is not Disabled",
    ),
    (
        private_network.doors,
        Mistake(DEV, ACCOUNT, f"{P}/publicNetworkAccess", "Disabled"),
        "access is not Enabled",
    ),
    (
        private_network.doors,
        Mistake(ALL, VAULT, f"{P}/networkAcls/defaultAction", "Allow"),
        "no rule names meets Allow",
    ),
    (
        private_network.ways,
        Mistake(PROD, f"{ENDPOINTS} pe-cosmos", f"{_CONNECTION}/privateLinkServiceId", _SOMEWHERE),
        "prod: 0 private endpoints lead to Microsoft.DocumentDB/databaseAccounts",
    ),
    (
        private_network.ways,
        Mistake(PROD, f"{ENDPOINTS} pe-key", f"{_CONNECTION}/groupIds/0", "Sql"),
        "the endpoint of Microsoft.KeyVault/vaults is not for vault",
    ),
    (
        private_network.ways,
        Mistake(ALL, f"{ENDPOINTS} pe-storage", f"{P}/subnet/id", _SOMEWHERE),
        "Microsoft.Storage/storageAccounts is not in the endpoints' subnet",
    ),
    (
        private_network.ways,
        Mistake(
            PROD,
            f"{REGISTERED} pe-key",
            f"{P}/privateDnsZoneConfigs/0/properties/privateDnsZoneId",
            _SOMEWHERE,
        ),
        "is not registered in privatelink.vaultcore.azure.net",
    ),
    (
        private_network.ways,
        Mistake(PROD, f"{LINK} documents", f"{P}/virtualNetwork/id", _SOMEWHERE),
        "the network does not ask privatelink.documents.azure.com",
    ),
    (
        private_network.network,
        Mistake(PROD, APP, f"{P}/virtualNetworkSubnetId", _SOMEWHERE),
        "prod: the app does not run in its subnet",
    ),
    (
        private_network.network,
        Mistake(DEV, APP, f"{P}/virtualNetworkSubnetId", _SOMEWHERE),
        "dev has a network",
    ),
    (
        private_network.network,
        Mistake(
            PROD, NETWORK, f"{_SUBNETS}/app/properties/delegations/0/properties/serviceName", "Microsoft.Web"
        ),
        "the app's subnet is delegated to ['Microsoft.Web']",
    ),
    (
        private_network.network,
        Mistake(PROD, NETWORK, f"{_SUBNETS}/endpoints/properties/networkSecurityGroup", GONE),
        "the endpoints' subnet has no rules",
    ),
    (
        private_network.network,
        Mistake(PROD, private_network.RULES, f"{P}/securityRules/nothing-else/properties/access", "Allow"),
        "the rules of the endpoints' subnet are",
    ),
    (
        order.modules,
        Mistake("order", "", "function-app/after", ["cosmos"]),
        "function-app does not wait for private-endpoint-cosmos",
    ),
    (
        order.modules,
        Mistake("order", "", "alerts/after", ["monitoring"]),
        "alerts does not wait for function-app",
    ),
    (
        order.modules,
        Mistake("order", "", "graph-permissions/after", ["identity"]),
        "graph-permissions does not wait for function-app",
    ),
    (
        order.database,
        Mistake("order", "", "cosmos/resources/1/at once", "all"),
        "all containers are made at once",
    ),
    (
        order.database,
        Mistake("order", "", "cosmos/resources/2/after", []),
        "role does not wait for the containers",
    ),
    (parameters.given, Mistake("given", "", "mode", GONE), "main.parameters.json does not give mode"),
    (parameters.given, Mistake("parameters", "", "mode", GONE), "main.bicep has no parameter mode"),
    (
        parameters.given,
        Mistake("given", "", "tagAttribute", "${TAG_ATTRIBUTE=9}"),
        "tagAttribute: the default is '9'",
    ),
    (
        parameters.given,
        Mistake("given", "", "guardPercent", "${GUARD_DEVICES=10}"),
        "guardPercent is given by",
    ),
    (
        parameters.described,
        Mistake("parameters", "", "location/description", ""),
        "location has no description",
    ),
    (
        parameters.partners,
        Mistake("given", "", "partners", [{"settings": [], "secrets": ["WEBHOOK_SECRETS_NOBODY"]}]),
        "WEBHOOK_SECRETS_NOBODY is no setting of a partner",
    ),
    (
        parameters.partners,
        Mistake(
            "given", "", "partners", [{"settings": [{"name": "WEBHOOK_SECRETS_LOOKOUT"}], "secrets": []}]
        ),
        "WEBHOOK_SECRETS_LOOKOUT is a secret and stands in the open",
    ),
    (
        parameters.environments,
        Mistake("environments", "", "dev", {"ZONE_REDUNDENT": "true"}),
        "dev.env: nothing takes ZONE_REDUNDENT",
    ),
    (
        parameters.environments,
        Mistake("environments", "", "prod", {"PRIVATE_NETWORK": "yes"}),
        "prod.env: PRIVATE_NETWORK is 'yes'",
    ),
    (
        parameters.versions,
        Mistake(DEV, APP, "apiVersion", "2024-11-01-preview"),
        "API version 2024-11-01-preview",
    ),
    (parameters.versions, Mistake(ALL, GRANT, "type", f"{GRANT}@beta"), "is made by API version beta"),
]


@pytest.mark.parametrize(("check", "mistake", "finding"), MISTAKES)
def test_a_seeded_mistake_is_found(
    check: Check, mistake: Mistake, finding: str, snapshots: Snapshots
) -> None:
    found: list[Any] = list(check(mistake.made_in(snapshots)))
    assert any(finding in each for each in found), found


def test_every_check_has_a_mistake_that_it_finds() -> None:
    assert {check for check, *_ in MISTAKES} == {*CHECKS}
