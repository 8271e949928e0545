"""What stands in the way of a deployment is reported beforehand, in a sentence with its remedy.

The Azure CLI and azd are stood in for by a script that answers from a table: neither can be had here, and
what they really answer was taken from their documentation.
"""

import io
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from infra.preflight import __main__ as command
from infra.preflight import app_settings, outside, partners, starts
from tests.infra import code
from tests.infra.code import ROOT

GROUP = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
TAGGED = {
    "groupTypes": ["DynamicMembership"],
    "membershipRule": '(device.extensionAttribute7 -eq "mtd-block-high")',
    "membershipRuleProcessingState": "On",
}
NAMESPACES = [
    "App",
    "DocumentDB",
    "Insights",
    "KeyVault",
    "ManagedIdentity",
    "Network",
    "OperationalInsights",
]
OWNER = {"actions": ["*"], "notActions": []}
CONTRIBUTOR = {
    "actions": ["*"],
    "notActions": ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"],
}
ROLE_ADMINISTRATOR = {
    "actions": ["Microsoft.Authorization/roleAssignments/write", "*/read"],
    "notActions": [],
}
PERMISSIONS = "rest --url /subscriptions/sub-1/providers/Microsoft.Authorization/permissions"
WELL: dict[str, object] = {
    "account show": {
        "id": "sub-1",
        "tenantId": "7e0a1f64-3c58-4b9d-8f21-6d5c4b3a2910",
        "name": "Example",
        "user": {"name": "deployer@example.com", "type": "user"},
    },
    "functionapp list-flexconsumption-locations": [{"name": "westeurope"}, {"name": "eastus"}],
    "functionapp list-flexconsumption-runtimes": [{"version": "3.12"}, {"version": "3.13"}],
    "provider list": [f"Microsoft.{name}" for name in [*NAMESPACES, "Storage", "Web"]],
    PERMISSIONS: {"value": [OWNER]},
    "keyvault list-deleted": [],
    "group exists": False,
    "resource list": [],
    "rest --method post": {"nameAvailable": True},
    "storage account check-name": {"nameAvailable": True},
    "cosmosdb check-name-exists": False,
    "cosmosdb show": {
        "capabilities": [{"name": "EnableServerless"}],
        "locations": [{"locationName": "West Europe", "isZoneRedundant": False}],
    },
    "group show": {"location": "westeurope"},
    "ad group member list": ["member-1"],
    "ad group show": TAGGED,
    "keyvault secret list": [],
    "rest --url https://graph": {"value": [{"displayName": "Global Administrator"}]},
}
VALUES = {"AZURE_ENV_NAME": "dev", "AZURE_LOCATION": "westeurope"}


@dataclass
class Machine:
    """A machine with the stand-ins on its path; `answers` override those of a subscription that is ready."""

    folder: pathlib.Path
    answers: dict[str, object] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=lambda: dict(VALUES))
    shell: dict[str, str] = field(default_factory=dict)

    def preflight(self, *, tools: tuple[str, ...] = ("az", "azd"), project: pathlib.Path = ROOT) -> str:
        """What it prints; begins with `0` or `1`, its exit status."""
        return _in_process(self._environment(tools), project)

    def command(self, project: pathlib.Path) -> str:
        """The same of the command itself, in a project of its own."""
        ended = subprocess.run(
            [sys.executable, "-m", "infra.preflight"],
            cwd=project,
            env=self._environment(("az", "azd")),
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return f"{ended.returncode} {ended.stdout}{ended.stderr}"

    def _environment(self, tools: tuple[str, ...]) -> dict[str, str]:
        """Of a shell that finds these tools and no other, made to answer."""
        values = "\n".join(f'{name}="{value}"' for name, value in self.values.items())
        known = {**WELL, **self.answers, "env get-values": values or "ERROR: no environment"}
        for tool in tools:
            path = self.folder / tool
            path.write_text(_stand_in(known))
            path.chmod(0o755)
        return {"PATH": str(self.folder), **self.shell}


def _in_process(environment: dict[str, str], project: pathlib.Path) -> str:
    """The same without a Python of its own, nor one for the app's word: a hundred of them take minutes."""
    said = io.StringIO()
    with (
        patch.dict(os.environ, environment, clear=True),
        patch.object(outside, "INFRA", project / "infra"),
        patch.object(starts, "run", _apps_word),
        redirect_stdout(said),
        redirect_stderr(said),
    ):
        code = command.main()
    return f"{code} {said.getvalue()}"


def _apps_word(_command: list[str], environment: dict[str, str]) -> SimpleNamespace:
    said = io.StringIO()
    with patch.dict(os.environ, environment, clear=True), redirect_stdout(said):
        code = app_settings.main()
    return SimpleNamespace(returncode=code, stdout=said.getvalue())


def _stand_in(known: dict[str, object]) -> str:
    """A script that answers by how it is asked to begin; the shell itself does it all, and starts at once."""
    lines = ["#!/bin/sh", 'case "$*" in']
    for asked, answer in sorted(known.items(), key=lambda row: -len(row[0])):
        text = shlex.quote(answer if isinstance(answer, str) else json.dumps(answer))
        ends = " >&2; exit 1" if isinstance(answer, str) and answer.startswith("ERROR") else ""
        lines.append(f"{shlex.quote(asked)}*) printf '%s\\n' {text}{ends};;")
    unknown = "*) printf '%s\\n' \"ERROR: the stand-in does not know: $*\" >&2; exit 1;;"
    return "\n".join([*lines, unknown, "esac", ""])


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    folder = tmp_path / "bin"
    folder.mkdir()
    return Machine(folder)


def test_where_all_is_well_nothing_stands_in_the_way(machine: Machine) -> None:
    machine.values["RESOURCE_TOKEN"] = "abc123"
    machine.values["BREAK_GLASS_GROUP"] = GROUP
    machine.values["CONSEQUENCES_GROUP"] = GROUP
    assert machine.preflight() == "0 preflight: nothing stands in the way\n"


def test_missing_tools_are_named_with_where_to_get_them(machine: Machine) -> None:
    output = machine.preflight(tools=())
    assert output.startswith("1 ")
    assert "az is missing" in output
    assert "azd is missing" in output
    assert "https://" in output


def test_make_deploy_without_azure_at_hand_says_what_is_missing(tmp_path: pathlib.Path) -> None:
    make = shutil.which("make")
    assert make is not None
    ended = subprocess.run(
        [make, "deploy", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert "az is missing" in ended.stderr


FINDINGS: list[tuple[dict[str, object], dict[str, str], str]] = [
    ({"account show": "ERROR: Please run 'az login'"}, {}, "nobody is signed in to Azure"),
    ({}, {"AZURE_ENV_NAME": ""}, "there is no environment"),
    ({}, {"AZURE_ENV_NAME": "x" * 65}, "cannot be part of a resource group's name"),
    ({}, {"AZURE_LOCATION": ""}, "there is no region"),
    ({}, {"RESOURCE_TOKEN": "much-too-long-a-token"}, "expected 5 to 13 lower-case letters and digits"),
    ({}, {"TAG_ATTRIBUTE": "16"}, "TAG_ATTRIBUTE is '16'\n    expected a whole number from 1 to 15"),
    ({}, {"TAG_ATTRIBUTE": "seven"}, "expected a whole number from 1 to 15"),
    ({}, {"MODE": "block"}, "MODE is 'block'\n    expected one of off, report, enforce"),
    ({}, {"TAG_ALL": "maybe"}, "TAG_ALL is 'maybe'\n    expected true or false"),
    ({}, {"SYNC_SCHEDULE": "hourly"}, "SYNC_SCHEDULE is 'hourly'"),
    ({}, {"AZURE_LOCATION": "atlantis"}, "region atlantis does not offer Flex Consumption"),
    ({}, {"AZURE_LOCATION": "atlantis"}, "one of: eastus, westeurope"),
    (
        {"functionapp list-flexconsumption-locations --zone-redundant=true": [{"name": "eastus"}]},
        {"ZONE_REDUNDANT": "true"},
        "does not offer Flex Consumption over availability zones",
    ),
    ({}, {"TAG_ATRIBUTE": "9"}, "azd env set TAG_ATTRIBUTE <value>, and take TAG_ATRIBUTE out"),
    ({}, {"COMPLETELY_ELSE": "9"}, "COMPLETELY_ELSE in the azd environment is a name nothing takes"),
    ({"functionapp list-flexconsumption-runtimes": [{"version": "3.11"}]}, {}, "does not offer Python 3.13"),
    ({"provider list": ["Microsoft.Web"]}, {}, "az provider register --namespace Microsoft.App --wait"),
    (
        {PERMISSIONS: {"value": [CONTRIBUTOR]}},
        {},
        "may not deploy to subscription Example: it lacks Microsoft.Authorization/roleAssignments/write\n",
    ),
    ({PERMISSIONS: {"value": []}}, {}, "it lacks Microsoft.Resources/subscriptions/resourceGroups/write, "),
    (
        {"rest --url https://graph": {"value": [{"displayName": "Directory Readers"}]}},
        {"GRANT_GRAPH_PERMISSIONS": "true"},
        "may not grant Microsoft Graph permissions",
    ),
    (
        {"storage account check-name": {"nameAvailable": False}},
        {"RESOURCE_TOKEN": "abc123"},
        "stmtdabc123 is taken",
    ),
    (
        {"rest --method post": {"nameAvailable": False}},
        {"RESOURCE_TOKEN": "abc123"},
        "func-mtd-abc123 is taken",
    ),
    ({"cosmosdb check-name-exists": True}, {"RESOURCE_TOKEN": "abc123"}, "cosmos-mtd-abc123 is taken"),
    (
        {"keyvault list-deleted": [{"name": "kv-mtd-old", "properties": {"tags": {"azd-env-name": "dev"}}}]},
        {},
        "the deleted vault kv-mtd-old still holds its name",
    ),
    (
        {"group exists": True, "cosmosdb show": {"capabilities": []}},
        {"AZURE_COSMOS_NAME": "cosmos-mtd-abc123"},
        "was made with COSMOS_CAPACITY autoscale and cannot become serverless",
    ),
    (
        {
            "functionapp list-flexconsumption-locations --zone-redundant=true": [{"name": "westeurope"}],
            "group exists": True,
        },
        {"AZURE_COSMOS_NAME": "cosmos-mtd-abc123", "ZONE_REDUNDANT": "true"},
        "was made with ZONE_REDUNDANT false and cannot become true",
    ),
    (
        {"group exists": True, "group show": {"location": "eastus"}},
        {},
        "rg-dev stands in eastus and cannot move to westeurope",
    ),
    (
        {},
        {"PARTNERS_IOS": "lookout, lookoutt"},
        "would not start: PARTNERS_IOS: 'lookoutt' is no partner",
    ),
    ({}, {"PREFERRED_PARTNER_ANDROID": "nobody"}, "PREFERRED_PARTNER_ANDROID is 'nobody'"),
    (
        {},
        {"PARTNERS_IOS": "lookout", "PREFERRED_PARTNER_IOS": "pradeo"},
        "the app would not start: PREFERRED_PARTNER_IOS is 'pradeo', which is not enabled on ios",
    ),
    ({}, {"ADMIN_AUDIENCE": "api://one api://two"}, "the app would not start: ADMIN_AUDIENCE is"),
    ({}, {"RULES_FILE": "rules/nowhere.toml"}, "the app would not start: RULES_FILE"),
    ({}, {"GRAPH_BASE_URL": "graph.microsoft.com"}, "the app would not start: GRAPH_BASE_URL"),
    ({}, {"ALERT_EMAIL": "ada@example.com,bob@example.com"}, "ALERT_EMAIL is 'ada@example.com,bob@"),
    ({}, {"PRIVATE_NETWORK": "true", "APP_SUBNET_PREFIX": "10.60.0.0"}, "APP_SUBNET_PREFIX is '10.60.0.0'"),
    ({}, {"PRIVATE_NETWORK": "true", "APP_SUBNET_PREFIX": "10.60.0.7/24"}, "a network of /27 or more"),
    ({}, {"PRIVATE_NETWORK": "true", "ENDPOINT_SUBNET_PREFIX": "10.9.0.0/28"}, "ENDPOINT_SUBNET_PREFIX is"),
    ({}, {"PRIVATE_NETWORK": "true", "ENDPOINT_SUBNET_PREFIX": "10.60.0.0/16"}, "PREFIX overlap"),
    ({}, {"EASY_AUTH_CLIENT_ID": "mtd-connector"}, "EASY_AUTH_CLIENT_ID is 'mtd-connector'"),
    ({}, {"SYNC_SCHEDULE": "*/15 * * * *"}, "expected six fields, seconds first"),
    ({}, {"POLL_SCHEDULE": "*/5 * * * *"}, 'azd env set POLL_SCHEDULE "0 */5 * * * *"'),
    ({}, {"SYNC_SCHEDULE": "0 99 * * 13 *"}, "minute '99' (from 0 to 59), month '13' (from 1 to 12)"),
    ({}, {"SYNC_SCHEDULE": "0 30-10 * * * *"}, "minute '30-10'"),
    ({}, {"SYNC_SCHEDULE": "0 */0 * * * *"}, "minute '*/0'"),
    ({}, {"SYNC_STALE_MINUTES": "2881"}, "expected a whole number from 1 to 2880"),
    ({}, {"ALWAYS_READY_INSTANCES": "6", "MAXIMUM_INSTANCES": "11"}, "more than MAXIMUM_INSTANCES, 11"),
    ({}, {"COSMOS_MAXIMUM_THROUGHPUT": "4500"}, "expected a multiple of 1000"),
    ({"keyvault list-deleted": "WARNING: hello"}, {}, "az keyvault answered something that is no JSON"),
    ({}, {"BREAK_GLASS_GROUP": "admins"}, "which is no object id"),
    (
        {"ad group member list": f"ERROR: Resource '{GROUP}' does not exist"},
        {"BREAK_GLASS_GROUP": GROUP},
        f"the break-glass group {GROUP} is not there",
    ),
    (
        {"ad group member list": "ERROR: Insufficient privileges"},
        {"BREAK_GLASS_GROUP": GROUP},
        "could not be looked up: ERROR: Insufficient privileges",
    ),
    ({"ad group member list": []}, {"BREAK_GLASS_GROUP": GROUP}, "has no members"),
    ({}, {"CONSEQUENCES_GROUP": "phones"}, "which is no object id"),
    (
        {"ad group show": f"ERROR: Resource '{GROUP}' does not exist"},
        {"CONSEQUENCES_GROUP": GROUP},
        f"the group of tagged devices {GROUP} is not there",
    ),
    ({"ad group show": TAGGED}, {"CONSEQUENCES_GROUP": GROUP, "TAG_ATTRIBUTE": "9"}, "its rule is (device."),
    (
        {"ad group show": {**TAGGED, "membershipRuleProcessingState": "Paused"}},
        {"CONSEQUENCES_GROUP": GROUP},
        "its processing is paused",
    ),
    (
        {"ad group show": {**TAGGED, "groupTypes": []}},
        {"CONSEQUENCES_GROUP": GROUP},
        "it is no dynamic group",
    ),
    ({"provider list": "ERROR: the connection was reset"}, {}, "providers could not be checked"),
]


@pytest.mark.parametrize(("answers", "values", "finding"), FINDINGS)
def test_what_stands_in_the_way_is_reported(
    machine: Machine, answers: dict[str, object], values: dict[str, str], finding: str
) -> None:
    machine.answers.update(answers)
    machine.values.update(values)
    output = machine.preflight()
    assert output.startswith("1 preflight: not deployed yet")
    assert finding in output


@pytest.mark.parametrize(
    "schedule",
    ["0 */15 * * * *", "0,30 5-55/10 8-18 1 jan-Mar MON-FRI", "0 0 0 * * 6", "15 5/20 * * * sunday"],
)
def test_a_schedule_the_host_understands_is_taken(machine: Machine, schedule: str) -> None:
    machine.values["SYNC_SCHEDULE"] = schedule
    assert machine.preflight().startswith("0 ")


def test_everything_is_reported_at_once(machine: Machine) -> None:
    machine.values.update({"TAG_ATTRIBUTE": "16", "AZURE_LOCATION": "atlantis"})
    machine.answers[PERMISSIONS] = {"value": []}
    output = machine.preflight()
    assert all(f"  {number}. " in output for number in (1, 2, 3))


@pytest.mark.parametrize("roles", [[OWNER], [CONTRIBUTOR, ROLE_ADMINISTRATOR]])
def test_either_way_of_having_the_rights_will_do(machine: Machine, roles: list[object]) -> None:
    machine.answers[PERMISSIONS] = {"value": roles}
    assert machine.preflight().startswith("0 ")


def test_what_was_taken_down_by_hand_can_be_deployed_again(machine: Machine) -> None:
    machine.values["AZURE_COSMOS_NAME"] = "cosmos-mtd-abc123"
    machine.answers["cosmosdb show"] = "ERROR: (ResourceGroupNotFound)"
    assert machine.preflight().startswith("0 ")


def test_a_pipelines_identity_needs_no_right_to_read_the_directory(machine: Machine) -> None:
    """Neither its own roles nor its directory roles are asked of Graph, which would not say."""
    user = {"name": "1d0f6c1e-0000-4000-8000-000000000001", "type": "servicePrincipal"}
    machine.answers["account show"] = {"id": "sub-1", "name": "Example", "user": user}
    machine.answers["rest --url https://graph"] = "ERROR: Insufficient privileges"
    machine.values["GRANT_GRAPH_PERMISSIONS"] = "true"
    assert machine.preflight().startswith("0 ")


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({"RESOURCE_TOKEN": "abc123"}, {"tags": {"azd-env-name": "dev"}}),
        ({}, {"tags": {"azd-env-name": "dev"}, "location": "eastus"}),
        ({}, {"tags": {"azd-env-name": "prod"}}),
    ],
)
def test_a_deleted_vault_whose_name_is_not_wanted_again_is_in_nobodys_way(
    machine: Machine, values: dict[str, str], kept: dict[str, object]
) -> None:
    machine.values.update(values)
    machine.answers["keyvault list-deleted"] = [{"name": "kv-mtd-old", "properties": kept}]
    assert machine.preflight().startswith("0 ")


def test_what_the_shell_holds_does_not_hide_what_will_be_deployed(machine: Machine) -> None:
    machine.shell = {"AZURE_ENV_NAME": "dev", "TAG_ATTRIBUTE": "7"}
    machine.values["TAG_ATTRIBUTE"] = "16"
    assert "TAG_ATTRIBUTE is '16'" in machine.preflight()


def test_a_second_deployment_finds_its_own_names_taken_by_itself(machine: Machine) -> None:
    machine.values["RESOURCE_TOKEN"] = "abc123"
    machine.answers |= {
        "group exists": True,
        "resource list": ["func-mtd-abc123", "stmtdabc123", "cosmos-mtd-abc123"],
        "storage account check-name": {"nameAvailable": False},
        "rest --method post": {"nameAvailable": False},
        "cosmosdb check-name-exists": True,
    }
    assert machine.preflight().startswith("0 ")


def with_parameters(tmp_path: pathlib.Path, text: str) -> pathlib.Path:
    """A project with other parameters: all else is asked of this one."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.parameters.json").write_text(text)
    return tmp_path


def with_partner(tmp_path: pathlib.Path, *partners: object) -> pathlib.Path:
    """A project whose parameters name these partners."""
    document = json.loads((ROOT / "infra" / "main.parameters.json").read_text())
    document["parameters"]["partners"]["value"] = partners
    return with_parameters(tmp_path, json.dumps(document))


def test_the_command_reads_its_own_projects_parameters_and_asks_the_app_itself(
    machine: Machine, tmp_path: pathlib.Path
) -> None:
    for name in ("infra", "ingest_threat", "poll_partners", "shared"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    assert machine.command(tmp_path) == "0 preflight: nothing stands in the way\n"
    parameters = tmp_path / "infra" / "main.parameters.json"
    document = json.loads(parameters.read_text())
    wrong = {"settings": [{"name": "AUTH_LOOKOUT", "value": "password"}], "secrets": []}
    document["parameters"]["partners"]["value"] = [wrong]
    parameters.write_text(json.dumps(document))
    said = machine.command(tmp_path)
    assert said.startswith("1 preflight: not deployed yet")
    assert "the app would not start: AUTH_LOOKOUT: expected one of" in said
    parameters.write_text("{")
    assert "infra/main.parameters.json cannot be read" in machine.command(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"parameters": {"mode": "off"}}', '{"parameters": {"mode": {}}}']
)
def test_parameters_that_cannot_be_read_are_reported(
    machine: Machine, tmp_path: pathlib.Path, text: str
) -> None:
    output = machine.preflight(project=with_parameters(tmp_path, text))
    assert "infra/main.parameters.json cannot be read" in output


@pytest.mark.parametrize(
    ("partner", "finding"),
    [
        ({"secrets": []}, "partner 1 in main.parameters.json lacks a list"),
        ("lookout", "partner 1 in main.parameters.json lacks a list"),
        ({"settings": [], "secrets": "WEBHOOK_SECRETS_LOOKOUT"}, "lacks a list"),
        ({"settings": ["CONNECTOR_ID_LOOKOUT"], "secrets": []}, "lacks a list"),
        ({"settings": [{"name": "AUTH_LOOKOUT"}], "secrets": []}, "lacks a list"),
        (
            {"settings": [{"name": "AUTH_LOOKOUT", "value": "password"}], "secrets": []},
            "the app would not start: AUTH_LOOKOUT: expected one of",
        ),
        (
            {"settings": [{"name": "ENTRA_TENANT_LOOKOUT", "value": "contoso"}], "secrets": []},
            "the app would not start: ENTRA_TENANT_LOOKOUT",
        ),
        (
            {"settings": [], "secrets": ["WEBHOOK_SECRETS_LOOKOUTT"]},
            "WEBHOOK_SECRETS_LOOKOUTT in main.parameters.json is no setting of a partner",
        ),
        (
            {"settings": [], "secrets": ["WEBHOK_SECRETS_LOOKOUT"]},
            "perhaps WEBHOOK_SECRETS_LOOKOUT",
        ),
        (
            {"settings": [{"name": "CONECTOR_ID_LOOKOUT", "value": "c1"}], "secrets": []},
            "perhaps CONNECTOR_ID_LOOKOUT",
        ),
        (
            {"settings": [{"name": "WEBHOOK_SECRET_LOOKOUT", "value": "whsec_"}], "secrets": []},
            "WEBHOOK_SECRET_LOOKOUT in main.parameters.json is no setting of a partner",
        ),
        (
            {"settings": [], "secrets": ["CONNECTOR_ID_LOOKOUT"]},
            "CONNECTOR_ID_LOOKOUT is no secret",
        ),
        (
            {"settings": [], "secrets": ["WEBHOOK_SECRETS_LOOKOUT", "WEBHOOK_SECRETS_LOOKOUT"]},
            "WEBHOOK_SECRETS_LOOKOUT stands 2 times",
        ),
        (
            {"secrets": [], "settings": [{"name": "HEADER_SECRETS_LOOKOUT", "value": "x"}]},
            "HEADER_SECRETS_LOOKOUT stands in the open",
        ),
        (
            {"secrets": [], "settings": [{"name": "POLL_SECRET_LOOKOUT", "value": "x"}]},
            "POLL_SECRET_LOOKOUT stands in the open",
        ),
        (
            {"secrets": [], "settings": [{"name": "POLL_EXPIRES_LOOKOUT", "value": "in spring"}]},
            "the app would not start: POLL_EXPIRES_LOOKOUT",
        ),
        (
            {"secrets": [], "settings": [{"name": "POLL_URL_BETTER_MOBILE", "value": "https://example.com"}]},
            "better_mobile is not polled",
        ),
    ],
)
def test_a_partner_written_wrongly_is_reported(
    machine: Machine, tmp_path: pathlib.Path, partner: object, finding: str
) -> None:
    assert finding in machine.preflight(project=with_partner(tmp_path, partner))


@pytest.mark.parametrize(
    ("names", "present", "finding"),
    [
        (["siem"], ["read-key-siem"], "nothing stands in the way"),
        (["SOC_desk"], ["read-key-soc-desk"], "nothing stands in the way"),
        (["siem"], [], "the vault kv-mtd-abc123 has no secret read-key-siem"),
        (["siem", "SIEM"], ["read-key-siem"], "readKeys in main.parameters.json names a key twice"),
        (["soc desk"], [], "'soc desk' in readKeys of main.parameters.json is no name"),
        (7, [], "7 in readKeys of main.parameters.json is no name"),
    ],
)
def test_a_read_key_is_a_name_whose_secret_is_in_the_vault(
    machine: Machine, tmp_path: pathlib.Path, names: object, present: list[str], finding: str
) -> None:
    document = json.loads((ROOT / "infra" / "main.parameters.json").read_text())
    document["parameters"]["readKeys"]["value"] = names
    machine.values["AZURE_KEY_VAULT_NAME"] = "kv-mtd-abc123"
    machine.answers["keyvault secret list"] = present
    assert finding in machine.preflight(project=with_parameters(tmp_path, json.dumps(document)))


@pytest.mark.parametrize(
    ("parameter", "value", "finding"),
    [
        (
            "tagAttribute",
            99,
            "tagAttribute in main.parameters.json is '99'\n    expected a whole number from 1 to 15",
        ),
        ("tagAll", "ja", "tagAll in main.parameters.json is 'ja'"),
        ("partnersIos", "lookoutt", "PARTNERS_IOS: 'lookoutt' is no partner"),
        ("alertEmail", "nobody", "ALERT_EMAIL is 'nobody'"),
        ("endpointSubnetPrefix", "10.9.0.0/29", "ENDPOINT_SUBNET_PREFIX is '10.9.0.0/29'"),
        ("maximumInstances", 3, "more than MAXIMUM_INSTANCES, 3"),
        ("allowedAddresses", ["203.0.113.7", "my house"], "'my house' in allowedAddresses"),
    ],
)
def test_values_in_the_parameters_file_itself_have_the_same_limits(
    machine: Machine, tmp_path: pathlib.Path, parameter: str, value: object, finding: str
) -> None:
    machine.values |= {"PRIVATE_NETWORK": "true", "ALWAYS_READY_INSTANCES": "2"}
    document = json.loads((ROOT / "infra" / "main.parameters.json").read_text())
    document["parameters"][parameter]["value"] = value
    output = machine.preflight(project=with_parameters(tmp_path, json.dumps(document)))
    assert finding in output
    assert "  2. " not in output


@pytest.mark.parametrize(
    ("tenant", "is_reported"),
    [("7e0a1f64-3c58-4b9d-8f21-6d5c4b3a2910", False), ("aaaaaaaa-3c58-4b9d-8f21-6d5c4b3a2910", True)],
)
def test_the_platforms_check_would_keep_out_a_partner_of_another_tenant(
    machine: Machine, tmp_path: pathlib.Path, tenant: str, is_reported: bool
) -> None:
    machine.values["EASY_AUTH_CLIENT_ID"] = GROUP
    partner = {"settings": [{"name": "ENTRA_TENANT_ZIMPERIUM", "value": tenant}], "secrets": []}
    output = machine.preflight(project=with_partner(tmp_path, partner))
    assert ("ENTRA_TENANT_ZIMPERIUM is another tenant" in output) is is_reported


@pytest.mark.parametrize(
    ("vault", "present", "finding"),
    [
        ("", [], "there is no vault yet to hold them"),
        ("kv-mtd-abc123", [], "the vault kv-mtd-abc123 has no secret webhook-secrets-lookout"),
        ("kv-mtd-abc123", ["webhook-secrets-lookout"], "nothing stands in the way"),
        (
            "kv-mtd-abc123",
            "ERROR: Forbidden",
            "does not list its secrets: ERROR: Forbidden\n    from outside a",
        ),
    ],
)
def test_a_partners_secret_must_be_in_the_vault_before_it_is_named(
    machine: Machine, tmp_path: pathlib.Path, vault: str, present: object, finding: str
) -> None:
    project = with_partner(tmp_path, {"settings": [], "secrets": ["WEBHOOK_SECRETS_LOOKOUT"]})
    machine.values["AZURE_KEY_VAULT_NAME"] = vault
    machine.answers["keyvault secret list"] = present
    assert finding in machine.preflight(project=project)


def test_the_families_of_a_partners_settings_are_those_the_app_reads() -> None:
    read = {prefix.rstrip("_") for prefix in code.settings_read().prefixes}
    assert read == {*partners.SECRETS, *partners.PLAIN, "WORDS", "READ_KEY"}
