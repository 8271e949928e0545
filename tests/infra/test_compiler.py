"""What Microsoft's compiler says of the templates, where there is one: nothing; the snapshots are its own."""

import difflib
import json
import pathlib
import shutil
import subprocess
import sys

import pytest

from infra import compiler
from infra.compiler import BicepError, Compiler
from infra.preflight.deployment import INFRA
from infra.recorded import SNAPSHOTS, recorded
from infra.snapshot import EVERYTHING_ON, environment, snapshots, text
from tests.infra import loud
from tests.infra.code import ROOT
from tests.infra.once import Once
from tests.infra.promises import app_settings, closed, containers, graph_grants, identity, private_network
from tests.infra.snapshots import Snapshots

KINDS = {name: each["type"] for name, each in recorded("parameters").items()}


@pytest.fixture(scope="session")
def bicep() -> Compiler:
    """The compiler; a loud skip where there is none."""
    found = compiler.find()
    if found is None:
        loud.skip("the templates were not compiled, nor their snapshots compared: there is no Bicep compiler")
    return found


@pytest.fixture
def altered(bicep: Compiler, tmp_path: pathlib.Path) -> Compiler:
    """The compiler over a copy of the templates, to make mistakes in."""
    shutil.copytree(INFRA, tmp_path / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    return Compiler(bicep.program, tmp_path / "infra")


def alter(folder: pathlib.Path, file: str, right: str, wrong: str) -> None:
    """Make a mistake in a file of infra/."""
    written = (folder / file).read_text(encoding="utf-8")
    assert right in written, "the mistake can no longer be made: seed another one"
    (folder / file).write_text(written.replace(right, wrong, 1), encoding="utf-8")


def test_the_graph_extension_is_of_a_pinned_version() -> None:
    named = json.loads((INFRA / "bicepconfig.json").read_text(encoding="utf-8"))["extensions"]
    assert named == {"microsoftGraphV1": "br:mcr.microsoft.com/bicep/extensions/microsoftgraph/v1.0:1.0.0"}


def test_build_and_lint_print_nothing(bicep: Compiler, once: Once) -> None:
    _, warned = once("build", bicep.build)
    assert warned == ""
    assert bicep.run("lint", str(INFRA / "main.bicep")) == ("", "")


def test_the_formatter_changes_nothing(bicep: Compiler, tmp_path: pathlib.Path) -> None:
    templates = [path.relative_to(INFRA) for path in INFRA.rglob("*.bicep")]
    for path in templates:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(INFRA / path, tmp_path / path)
    alter(tmp_path, "modules/identity.bicep", "  location: location\n", "  location:location\n")
    bicep.run("format", "--pattern", str(tmp_path / "**" / "*.bicep"))
    assert [
        str(path) for path in templates if (tmp_path / path).read_text() != (INFRA / path).read_text()
    ] == []


def test_the_committed_snapshots_are_what_the_templates_make(bicep: Compiler, once: Once) -> None:
    template, _ = once("build", bicep.build)
    made = once("snapshots", lambda: snapshots(bicep, template))
    assert {path.stem for path in SNAPSHOTS.glob("*.json") if "." not in path.stem} == made.keys()
    differences = [line for name in sorted(made) for line in _difference(name, made[name])]
    how = f"`make snapshot` writes them anew (here by Bicep {bicep.version()}, last by {compiler.VERSION})"
    assert not differences, "\n".join([how, *differences])


def _difference(name: str, made: object) -> list[str]:
    committed = (SNAPSHOTS / f"{name}.json").read_text(encoding="utf-8")
    lines = committed.splitlines(), text(made).splitlines()
    return list(
        difflib.unified_diff(*lines, f"{name}.json, committed", f"{name}.json, made now", lineterm="")
    )


SEEDED = {
    (
        "modules/key-vault.bicep",
        "4633458b-17de-408a-b874-0445c86b69e6",
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    ): (
        identity.roles,
        "not the identity has Key Vault Secrets User over Microsoft.KeyVault/vaults",
    ),
    ("modules/cosmos.bicep", "disableLocalAuth: true", "disableLocalAuth: false"): (
        closed.values,
        "properties.disableLocalAuth is False",
    ),
    ("modules/cosmos.bicep", "ttl: 7776000", "ttl: 86400"): (
        containers.containers,
        "reports lives for 86400",
    ),
    ("modules/network.bicep", "/subnets/app'", "/subnets/endpoints'"): (
        private_network.network,
        "the app does not run in its subnet",
    ),
    ("main.bicep", "vaultName: vault.outputs.name", "vaultName: cosmos.outputs.name"): (
        app_settings.values,
        "WEBHOOK_SECRETS_LOOKOUT is @Microsoft.KeyVault(VaultName=cosmos-mtd",
    ),
    ("main.bicep", "  ON_SILENCE: onSilence", "  ON_SILENCE: empty(onSilence) ? '' : mode"): (
        app_settings.values,
        "ON_SILENCE is enforce, not block",
    ),
    ("modules/graph-permissions.bicep", "row.option)", "row.option) || row.option == 'watch'"): (
        graph_grants.granted,
        "['Device.Read.All']",
    ),
}
"""Mistakes in the templates that compile, and what is found in what they make."""


def test_a_mistake_in_a_template_is_found_in_what_it_makes(altered: Compiler) -> None:
    for file, right, wrong in SEEDED:
        alter(altered.folder, file, right, wrong)
    made = environment(altered, EVERYTHING_ON, KINDS)
    seeded = Snapshots({**Snapshots.committed().files, EVERYTHING_ON: made})
    for check, finding in SEEDED.values():
        assert any(finding in found for found in check(seeded)), finding
    role = '        "roleDefinitionId": "subscription:providers/Microsoft.Authorization/roleDefinitions/'
    difference = _difference(EVERYTHING_ON, made)
    assert f'-{role}4633458b-17de-408a-b874-0445c86b69e6"' in difference
    assert f'+{role}b86a8fe4-44ce-4948-aee5-eccb2c155cd7"' in difference


REFUSED = {
    ("main.bicep", "'modules/storage.bicep'", "'modules/storrage.bicep'"): "storrage.bicep'",
    (
        "main.bicep",
        "allowedAddresses: allowed",
        "allowdAddresses: allowed",
    ): '"allowdAddresses" is not allowed',
    ("main.bicep", "outputs.insightsId", "outputs.insightId"): 'not contain property "insightId"',
    ("main.bicep", "location: location", "location: lokation"): 'The name "lokation" does not exist',
    ("modules/cosmos.bicep", "name: guid(", "name: giud("): 'The name "giud" does not exist',
    ("modules/function-app.bicep", "param planName string", "param planName int"): 'value is of type "int"',
}
"""Mistakes that the compiler finds, and what it says of each."""


def test_the_compiler_finds_each_seeded_mistake(altered: Compiler) -> None:
    for file, right, wrong in REFUSED:
        alter(altered.folder, file, right, wrong)
    with pytest.raises(BicepError) as refused:
        altered.build()
    assert [each for each in REFUSED.values() if each not in str(refused.value)] == []


def test_an_unused_parameter_is_an_error_to_the_linter(altered: Compiler) -> None:
    alter(
        altered.folder,
        "modules/identity.bicep",
        "param name string\n",
        "param name string\nparam spare int = 1\n",
    )
    with pytest.raises(BicepError, match="no-unused-params"):
        altered.run("lint", str(altered.folder / "modules" / "identity.bicep"))


def test_a_value_out_of_its_range_and_a_misspelt_list_are_refused(altered: Compiler) -> None:
    inputs = f"snapshots/{EVERYTHING_ON}.inputs.json"
    alter(altered.folder, inputs, '"TAG_ATTRIBUTE": "9"', '"TAG_ATTRIBUTE": "16"')
    alter(altered.folder, inputs, '"MODE": "enforce"', '"MODE": "enforced"')
    with pytest.raises(BicepError) as refused:
        environment(altered, EVERYTHING_ON, KINDS)
    assert "the maximum allowable value is 15" in str(refused.value)
    assert "'enforce' | 'off' | 'report'" in str(refused.value)
    partners = [{"settings": [], "secret": ["WEBHOOK_SECRETS_LOOKOUT"]}]
    given = {"environmentName": "dev", "location": "westeurope", "partners": partners}
    with pytest.raises(BicepError, match="secrets"):
        altered.snapshot(altered.folder / "main.bicep", given)


def test_without_a_compiler_the_skip_is_loud(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("BICEP", raising=False)
    assert compiler.find() is None
    one = f"{__file__}::test_build_and_lint_print_nothing"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "1", one]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert "NOT CHECKED: the templates were not compiled" in ended.stdout


def test_a_compiler_that_is_named_and_not_there_is_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BICEP", "/nowhere/bicep")
    with pytest.raises(BicepError, match="BICEP names /nowhere/bicep, and there is no such program"):
        compiler.find()
