"""What stands in the way of a deployment is told beforehand, in a sentence with its remedy.

The Azure CLI and azd are stood in for by a script that answers from a table: neither can be had here, and
what they really answer was taken from their documentation.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from tests.infra.code import ROOT

STAND_IN = """#!{python}
import json, pathlib, re, sys
asked = " ".join(sys.argv[1:])
for pattern, answer in json.loads(pathlib.Path({table!r}).read_text()):
    if re.match(pattern, asked):
        if isinstance(answer, str) and answer.startswith("ERROR"):
            sys.exit(answer)
        print(answer if isinstance(answer, str) else json.dumps(answer))
        sys.exit(0)
sys.exit("ERROR: the stand-in does not know: " + asked)
"""
GROUP = "0d9a7c52-1f3e-4b86-8a7d-5e2b9c64f310"
NAMESPACES = [
    "App",
    "DocumentDB",
    "Insights",
    "KeyVault",
    "ManagedIdentity",
    "Network",
    "OperationalInsights",
]
WELL: dict[str, object] = {
    "account show": {"id": "sub-1", "name": "Example", "user": {"name": "deployer@example.com"}},
    "functionapp list-flexconsumption-locations": [{"name": "westeurope"}, {"name": "eastus"}],
    "functionapp list-flexconsumption-runtimes": [{"version": "3.12"}, {"version": "3.13"}],
    "provider list": [f"Microsoft.{name}" for name in [*NAMESPACES, "Storage", "Web"]],
    "role assignment list": [{"roleDefinitionName": "Owner"}],
    "keyvault list-deleted": [],
    "group exists": False,
    "resource list": [],
    "rest --method post": {"nameAvailable": True},
    "storage account check-name": {"nameAvailable": True},
    "cosmosdb check-name-exists": False,
    "cosmosdb show": {"capabilities": [{"name": "EnableServerless"}]},
    "ad group member list": ["member-1"],
    "keyvault secret list": [],
    "rest --url": {"value": [{"displayName": "Global Administrator"}]},
}
VALUES = {"AZURE_ENV_NAME": "dev", "AZURE_LOCATION": "westeurope"}


@dataclass
class Machine:
    """A machine with the stand-ins on its path; `answers` override those of a subscription that is ready."""

    folder: pathlib.Path
    answers: dict[str, object] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=lambda: dict(VALUES))

    def preflight(self, *, tools: tuple[str, ...] = ("az", "azd"), script: pathlib.Path | None = None) -> str:
        """What it tells; begins with `0` or `1`, its exit status."""
        table = self.folder / "table.json"
        values = "\n".join(f'{name}="{value}"' for name, value in self.values.items())
        known = {**WELL, **self.answers, "env get-values": values or "ERROR: no environment"}
        table.write_text(json.dumps(sorted(known.items(), key=lambda row: -len(row[0]))))
        for tool in tools:
            path = self.folder / tool
            path.write_text(STAND_IN.format(python=sys.executable, table=str(table)))
            path.chmod(0o755)
        ended = subprocess.run(
            [sys.executable, str(script or ROOT / "infra" / "preflight.py")],
            env={"PATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        return f"{ended.returncode} {ended.stdout}{ended.stderr}"


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    folder = tmp_path / "bin"
    folder.mkdir()
    return Machine(folder)


def test_where_all_is_well_nothing_stands_in_the_way(machine: Machine) -> None:
    machine.values["RESOURCE_TOKEN"] = "abc123"
    machine.values["BREAK_GLASS_GROUP"] = GROUP
    assert machine.preflight() == "0 preflight: nothing stands in the way\n"


def test_missing_tools_are_named_with_where_to_get_them(machine: Machine) -> None:
    told = machine.preflight(tools=())
    assert told.startswith("1 ")
    assert "az is missing" in told
    assert "azd is missing" in told
    assert "https://" in told


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
    (
        {"functionapp list-flexconsumption-locations --zone-redundant=true": [{"name": "westeurope"}]},
        {"ZONE_REDUNDANT": "true", "ALWAYS_READY_INSTANCES": "1"},
        "one always-ready instance cannot stand in several zones",
    ),
    ({"functionapp list-flexconsumption-runtimes": [{"version": "3.11"}]}, {}, "does not offer Python 3.13"),
    ({"provider list": ["Microsoft.Web"]}, {}, "az provider register --namespace Microsoft.App --wait"),
    (
        {"role assignment list": [{"roleDefinitionName": "Contributor"}]},
        {},
        "may not deploy: it has Contributor",
    ),
    ({"role assignment list": []}, {}, "may not deploy: it has no role"),
    (
        {"rest --url": {"value": [{"displayName": "Directory Readers"}]}},
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
        {"cosmosdb show": {"capabilities": []}},
        {"AZURE_COSMOS_NAME": "cosmos-mtd-abc123"},
        "is autoscale and cannot become serverless",
    ),
    ({}, {"BREAK_GLASS_GROUP": "admins"}, "which is no object id"),
    (
        {"ad group member list": "ERROR: not found"},
        {"BREAK_GLASS_GROUP": GROUP},
        "there is no break-glass group",
    ),
    ({"ad group member list": []}, {"BREAK_GLASS_GROUP": GROUP}, "has no members"),
    ({"provider list": "ERROR: the connection was reset"}, {}, "providers could not be checked"),
]


@pytest.mark.parametrize(("answers", "values", "finding"), FINDINGS)
def test_what_stands_in_the_way_is_told(
    machine: Machine, answers: dict[str, object], values: dict[str, str], finding: str
) -> None:
    machine.answers.update(answers)
    machine.values.update(values)
    told = machine.preflight()
    assert told.startswith("1 preflight: not deployed yet")
    assert finding in told


def test_everything_is_told_at_once(machine: Machine) -> None:
    machine.values.update({"TAG_ATTRIBUTE": "16", "AZURE_LOCATION": "atlantis"})
    machine.answers["role assignment list"] = []
    told = machine.preflight()
    assert all(f"  {number}. " in told for number in (1, 2, 3))


@pytest.mark.parametrize("roles", [["Owner"], ["Contributor", "Role Based Access Control Administrator"]])
def test_either_way_of_having_the_rights_will_do(machine: Machine, roles: list[str]) -> None:
    machine.answers["role assignment list"] = [{"roleDefinitionName": role} for role in roles]
    assert machine.preflight().startswith("0 ")


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


def with_partner(tmp_path: pathlib.Path, partner: dict[str, object]) -> pathlib.Path:
    """A copy of infra/ whose parameters name one partner; its preflight."""
    infra = tmp_path / "infra"
    shutil.copytree(ROOT / "infra", infra, ignore=shutil.ignore_patterns("__pycache__"))
    parameters = infra / "main.parameters.json"
    document = json.loads(parameters.read_text())
    document["parameters"]["partners"]["value"] = [partner]
    parameters.write_text(json.dumps(document))
    return infra / "preflight.py"


@pytest.mark.parametrize(
    ("partner", "finding"),
    [
        ({"secrets": []}, "partner 1 in main.parameters.json lacks a list"),
        (
            {"secrets": [], "settings": [{"name": "HEADER_SECRETS_LOOKOUT", "value": "x"}]},
            "HEADER_SECRETS_LOOKOUT stands in the open",
        ),
    ],
)
def test_a_partner_written_wrongly_is_told(
    machine: Machine, tmp_path: pathlib.Path, partner: dict[str, object], finding: str
) -> None:
    assert finding in machine.preflight(script=with_partner(tmp_path, partner))


@pytest.mark.parametrize(
    ("vault", "present", "finding"),
    [
        ("", [], "there is no vault yet to hold them"),
        ("kv-mtd-abc123", [], "the vault kv-mtd-abc123 has no secret webhook-secrets-lookout"),
        ("kv-mtd-abc123", ["webhook-secrets-lookout"], "nothing stands in the way"),
    ],
)
def test_a_partners_secret_must_be_in_the_vault_before_it_is_named(
    machine: Machine, tmp_path: pathlib.Path, vault: str, present: list[str], finding: str
) -> None:
    script = with_partner(tmp_path, {"settings": [], "secrets": ["WEBHOOK_SECRETS_LOOKOUT"]})
    machine.values["AZURE_KEY_VAULT_NAME"] = vault
    machine.answers["keyvault secret list"] = present
    assert finding in machine.preflight(script=script)
