"""The Bicep files parse, agree with themselves and with the code; every check is seen to fail on a mistake.

None of this compiles them: `az bicep build`, which runs where there is a network, has the last word.
"""

import pathlib
import shutil
from collections.abc import Callable

import pytest

from tests.infra import agreement, code, graph_extension, language, safety

INFRA = code.ROOT / "infra"
Check = Callable[[pathlib.Path], list[str]]


CHECKS: tuple[Check, ...] = (
    *(*language.CHECKS, *agreement.CHECKS, *safety.CHECKS),
    *graph_extension.CHECKS,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_shipped_files_hold(check: Check) -> None:
    assert check(INFRA) == []


def test_only_the_settings_module_looks_into_the_environment() -> None:
    assert code.environment_readers() == []


def test_what_the_code_reads_is_asked_of_the_code() -> None:
    read = code.settings_read()
    assert {"MODE", "TAG_ATTRIBUTE", "PARTNERS_IOS", "COSMOS__accountEndpoint"} <= read.names
    assert {"AUTH_", "WEBHOOK_SECRETS_", "CONNECTOR_ID_"} <= read.prefixes
    assert code.settings_of_bindings() == {"SYNC_SCHEDULE"}


def test_every_query_is_known_to_go_to_a_container() -> None:
    assert ("dead_letters", "DEAD_LETTERS_OF_PARTNER") in code.queries_by_container()
    assert code.fields_queried()["dead_letters"] == {"partner", "received_at"}


MAIN, COSMOS, APP = "main.bicep", "modules/cosmos.bicep", "modules/function-app.bicep"
PARAMETERS, GRAPH = "main.parameters.json", graph_extension.MODULE
MISTAKES = [
    (language.syntax, MAIN, "param location string\n", "param location string =\n", "not Bicep"),
    (language.syntax, COSMOS, "resource database", "resorce database", "not Bicep"),
    (language.names, MAIN, "location: location", "location: lokation", "lokation is not declared"),
    (language.names, COSMOS, "name: guid(", "name: giud(", "there is no function giud"),
    (
        language.names,
        APP,
        "param planName string",
        "param planName string\nparam spare int",
        "spare is never used",
    ),
    (language.names, COSMOS, "for entry in containers", "for row in containers", "entry is not declared"),
    (language.modules, MAIN, "'modules/storage.bicep'", "'modules/storrage.bicep'", "there is no file"),
    (
        language.modules,
        MAIN,
        "capacity: cosmosCapacity",
        "capasity: cosmosCapacity",
        "has no parameter capasity",
    ),
    (language.modules, MAIN, "    vaultName: vault.outputs.name\n", "", "parameter vaultName of"),
    (
        language.modules,
        MAIN,
        "principalId: identity.outputs.principalId\n    options",
        "options",
        "principalId",
    ),
    (
        language.modules,
        MAIN,
        "storage.outputs.blobEndpoint",
        "storage.outputs.endpoint",
        "has no output endpoint",
    ),
    (language.modules, COSMOS, "output endpoint string", "output address string", "has no output endpoint"),
    (
        language.loops,
        COSMOS,
        "entry.indexed\n",
        "[for path in entry.indexed: path]\n",
        "a loop inside a function",
    ),
    (language.versions, COSMOS, "databaseAccounts@2024-11-15", "databaseAccounts@latest", "a dated version"),
    (language.versions, APP, "sites@2024-11-01'", "sites@2024-11-01-preview'", "is a preview"),
    (
        language.described,
        MAIN,
        "param location string",
        "param location string\nparam size int",
        "size has no desc",
    ),
    (agreement.settings, MAIN, "  TAG_ALL: string(tagAll)\n", "", "TAG_ALL is read by the code and not set"),
    (agreement.settings, MAIN, "  SYNC_SCHEDULE: syncSchedule\n", "", "SYNC_SCHEDULE is read by the code"),
    (agreement.settings, MAIN, "  MODE: mode", "  MODUS: mode", "MODUS is set and nobody reads it"),
    (agreement.settings, MAIN, "  MODE: mode", "  MODE: mode\n  COSMOS: mode", "COSMOS must not be set"),
    (
        agreement.settings,
        MAIN,
        "  MODE: mode",
        "  MODE: mode\n  AUTH_LOOKOUT: mode",
        "AUTH_LOOKOUT is a partner's",
    ),
    (
        agreement.settings,
        APP,
        "name: 'COSMOS__clientId'",
        "name: 'COSMOS__client'",
        "COSMOS__clientId is read",
    ),
    (agreement.settings, APP, "name: 'AZURE_CLIENT_ID'", "name: 'CLIENT_ID'", "AZURE_CLIENT_ID is needed"),
    (agreement.settings, APP, "'AZURE_CLIENT_ID'", "'FUNCTIONS_WORKER_RUNTIME'", "must not be set"),
    (
        agreement.limits,
        MAIN,
        "guardPercent int = 10",
        "guardPercent int = 20",
        "default '20' is not the code's",
    ),
    (
        agreement.limits,
        MAIN,
        "@maxValue(3650)",
        "@maxValue(9999)",
        "main.bicep takes 9999, the code does not",
    ),
    (agreement.limits, MAIN, "@maxValue(3650)", "@maxValue(365)", "the code takes 366, main.bicep does not"),
    (agreement.limits, MAIN, "@maxValue(3650)\n", "", "PURGE_GONE_DAYS: a number without limits"),
    (
        agreement.limits,
        MAIN,
        "  'hold'\n",
        "  'keep'\n",
        "ON_SILENCE: main.bicep takes keep, the code does not",
    ),
    (agreement.app_settings_are_all_passed_on, APP, ", secretSettings,", ",", "lack secretSettings"),
    (agreement.app_settings_are_all_passed_on, APP, ", readKeySettings)", ")", "lack readKeySettings"),
    (agreement.app_settings_are_all_passed_on, APP, "@Microsoft.KeyVault(", "@Vault(", "are not references"),
    (agreement.containers, COSMOS, "name: 'links'", "name: 'link'", "container links is not declared"),
    (agreement.containers, COSMOS, "name: 'links'", "name: 'link'", "container link is not the code's"),
    (agreement.containers, COSMOS, "'/agent'", "'/id'", "partition key of reports"),
    (agreement.containers, COSMOS, "ttl: 7776000", "ttl: 86400", "time to live of reports is 86400"),
    (
        agreement.containers,
        COSMOS,
        "'/received_at/?'",
        "'/received/?'",
        "/received_at/?, which is not indexed",
    ),
    (agreement.containers, COSMOS, "'/received_at/?'", "'/received/?'", "/received/?, which no query uses"),
    (agreement.containers, COSMOS, "databaseName = 'mtd'", "databaseName = 'data'", "not called mtd"),
    (agreement.triggers, COSMOS, "name: 'leases'", "name: 'lease'", "there is no container leases"),
    (
        agreement.triggers,
        COSMOS,
        "name: 'leases'\n    partitionKey: '/id'",
        "name: 'leases'\n    partitionKey: '/pk'",
        "the leases' partition key is not /id",
    ),
    (agreement.triggers, APP, "function:evaluate_risk", "function:evaluate", "there is no function evaluate"),
    (agreement.roles, COSMOS, "000000000002'", "000000000001'", "no documented role's id"),
    (
        agreement.roles,
        "modules/storage.bicep",
        "// Storage Blob Data Owner:",
        "// The owner:",
        "does not say so",
    ),
    (
        agreement.roles,
        "modules/key-vault.bicep",
        "4633458b-17de-408a-b874-0445c86b69e6",
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets User is given to nobody",
    ),
    (agreement.parameters_file, PARAMETERS, '"mode":', '"modus":', "does not give mode"),
    (agreement.parameters_file, PARAMETERS, '"mode":', '"modus":', "has no parameter modus"),
    (
        agreement.parameters_file,
        PARAMETERS,
        "TAG_ATTRIBUTE=7",
        "TAG_ATTRIBUTE=9",
        "tagAttribute: default '9'",
    ),
    (
        agreement.parameters_file,
        PARAMETERS,
        '"partners": { "value": [] }',
        '"partners": {"value": [{"secrets": [], "settings": [{"name": "WEBHOOK_SECRETS_LOOKOUT"}]}]}',
        "WEBHOOK_SECRETS_LOOKOUT is a secret and stands in the open",
    ),
    (
        agreement.parameters_file,
        PARAMETERS,
        '"partners": { "value": [] }',
        '"partners": {"value": [{"settings": [], "secrets": ["WEBHOOK_SECRETS_NOBODY"]}]}',
        "WEBHOOK_SECRETS_NOBODY is no setting of a partner",
    ),
    (
        agreement.diagnostics,
        "modules/network.bicep",
        "scope: endpointRules",
        "scope: network",
        "endpointRules has no diagnostic settings",
    ),
    (safety.promises, COSMOS, "/dbs/${databaseName}'", "'", "properties.scope of contributor"),
    (
        safety.promises,
        APP,
        "    keyVaultReferenceIdentity: identityId\n",
        "",
        "keyVaultReferenceIdentity of app",
    ),
    (
        safety.promises,
        "modules/storage.bicep",
        "allowSharedKeyAccess: false",
        "allowSharedKeyAccess: true",
        "properties.allowSharedKeyAccess of storage is true, not false",
    ),
    (
        safety.promises,
        "modules/easy-auth.bicep",
        "requireAuthentication: false",
        "requireAuthentication: true",
        "requireAuthentication of easyAuth",
    ),
    (
        safety.promises,
        MAIN,
        "outputs.appSubnetId",
        "outputs.endpointSubnetId",
        "params.subnetId of functionApp",
    ),
    (
        safety.promises,
        MAIN,
        "privatelink.vaultcore.",
        "privatelink.vault.",
        "params.zoneName of vaultEndpoint",
    ),
    (
        safety.platform,
        APP,
        "name: 'COSMOS__credential'\n    value: 'managedidentity'",
        "name: 'COSMOS__credential'\n    value: 'managed'",
        "COSMOS__credential is managed",
    ),
    (
        safety.keys,
        COSMOS,
        "account.properties.documentEndpoint",
        "account.listKeys().primaryMasterKey",
        "listKeys",
    ),
    (safety.order, MAIN, "    vaultEndpoint\n  ]", "  ]", "the app does not wait for vaultEndpoint"),
    (safety.variables, PARAMETERS, "GUARD_PERCENT=10", "GUARD_DEVICES=10", "guardPercent is given by"),
    (
        safety.variables,
        "environments/prod.env",
        "PRIVATE_NETWORK=true",
        "PRIVATE_NETWORK=yes",
        "prod.env: PRIVATE_NETWORK is 'yes'",
    ),
    (
        agreement.sources,
        MAIN,
        "TAG_ALL: string(tagAll)",
        "TAG_ALL: string(revokeSessions)",
        "TAG_ALL comes from",
    ),
    (agreement.sources, MAIN, "  MODE: mode", "  MODE: 'enforce'", "MODE comes from enforce"),
    (agreement.containers, COSMOS, "kind: 'Hash'", "kind: 'MultiHash'", "made without kind: 'Hash'"),
    (agreement.containers, COSMOS, "defaultTtl: entry.ttl", "defaultTtl: -1", "made without defaultTtl"),
    (
        agreement.containers,
        COSMOS,
        "includedPaths: entry.indexed",
        "includedPaths: []",
        "without includedPaths",
    ),
    (
        agreement.diagnostics,
        "modules/storage.bicep",
        "category: 'StorageDelete'\n        enabled: true",
        "category: 'StorageDelete'\n        enabled: false",
        "blobs sends [], not ['StorageDelete']",
    ),
    (agreement.diagnostics, COSMOS, "'Requests'", "'AllMetrics'", "account sends ['AllMetrics', "),
    (
        agreement.diagnostics,
        "modules/monitoring.bicep",
        "workspaceId: workspace.id\n    logs",
        "workspaceId: insights.id\n    logs",
        "workspace sends [], not ['Audit']",
    ),
    (
        safety.promises,
        "modules/monitoring.bicep",
        "insights.properties.ConnectionString",
        "insights.name",
        "insightsConnectionString is insights.name",
    ),
    (
        safety.promises,
        APP,
        "name: 'python'",
        "name: 'dotnet-isolated'",
        "runtime.name of app is dotnet-isolated",
    ),
    (safety.promises, "modules/network.bicep", "subnets[0].id", "subnets[1].id", "of appSubnetId is"),
    (safety.promises, "modules/network.bicep", "Microsoft.App/", "Microsoft.Web/", "delegations.0"),
    (safety.promises, "modules/alerts.bicep", "threshold: 0", "threshold: 10", "threshold of rule is 10"),
    (safety.promises, "modules/alerts.bicep", "alert.over", "alert.every", "windowSize of rule"),
    (safety.wires, MAIN, "vaultName: vault.outputs.name", "vaultName: cosmos.outputs.name", "vaultName of"),
    (
        safety.wires,
        MAIN,
        "scope: group\n",
        "scope: resourceGroup()\n",
        "identity is not in the resource group",
    ),
    (
        safety.wires,
        MAIN,
        "principalId: identity.outputs.principalId\n    deployer",
        "principalId: deployerPrincipalId\n    deployer",
        "principalId of vault is deployerPrincipalId",
    ),
    (
        graph_extension.module,
        GRAPH,
        "row => contains(options, row.option)",
        "row => true",
        "lacks filter(table",
    ),
    (graph_extension.module, GRAPH, "extension microsoftGraphV1\n", "", "does not begin with its extension"),
    (graph_extension.module, GRAPH, "appRoleAssignedTo@v1.0", "appRoleAssignedTo@beta", "makes ["),
    (graph_extension.module, GRAPH, "principalId: principalId", "principalId: graph.id", "lacks principalId"),
    (graph_extension.module, "bicepconfig.json", "v1.0:1.0.0", "v1.0:latest", "does not pin the extension"),
    (graph_extension.options, MAIN, "  'always'\n", "  'watch'\n", "what is always needed"),
    (graph_extension.options, MAIN, "whatIf ? 'what_if' : ''", "whatIf ? 'whatif' : ''", "its options are"),
    (graph_extension.options, MAIN, "revokeSessions ? ", "tagAll ? ", "revoke_sessions follows tagAll"),
    (graph_extension.options, MAIN, "param whatIf bool = true", "param whatIf bool = false", "are on by"),
    (graph_extension.options, MAIN, " = if (grantGraphPermissions)", " =", "without being asked for"),
    (
        agreement.environments,
        "environments/dev.env",
        "ZONE_REDUNDANT",
        "ZONE_REDUNDENT",
        "takes no ZONE_REDUNDENT",
    ),
]


@pytest.mark.parametrize(("check", "file", "right", "wrong", "finding"), MISTAKES)
def test_a_seeded_mistake_is_found(
    tmp_path: pathlib.Path, check: Check, file: str, right: str, wrong: str, finding: str
) -> None:
    copy = tmp_path / "infra"
    shutil.copytree(INFRA, copy, ignore=shutil.ignore_patterns("__pycache__"))
    text = (copy / file).read_text(encoding="utf-8")
    assert right in text, "the mistake can no longer be made: seed another one"
    (copy / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    assert any(finding in found for found in check(copy)), check(copy)


def test_every_check_has_a_mistake_that_it_finds() -> None:
    assert {check for check, *_ in MISTAKES} == {*CHECKS}
