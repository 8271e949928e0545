"""Inputs of a snapshot that make no sense are refused before a compiler is asked; a text is made readable."""

import json
import pathlib
import shutil

import pytest

from infra.compiler import SUBSCRIPTION, Compiler
from infra.snapshot import EVERYTHING_ON, InputError, environment, inputs, readable
from tests.infra.code import ROOT

NOWHERE = "there is no such compiler"


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """What a snapshot is made of, to be changed."""
    shutil.copytree(ROOT / "infra", tmp_path / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "infra"


def test_anenvironment_file_with_an_unknown_name_is_refused(folder: pathlib.Path) -> None:
    with (folder / "environments" / "prod.env").open("a") as file:
        file.write("ZONE_REDUNDENT=true\n")
    with pytest.raises(InputError, match=r"prod: main\.parameters\.json takes no ZONE_REDUNDENT"):
        inputs(folder, "prod")


@pytest.mark.parametrize(
    ("right", "wrong", "finding"),
    [
        ("AUTH_ZIMPERIUM", "AUTH_ZIMPERIUMM", "AUTH_ZIMPERIUMM in main.parameters.json is no setting"),
        ('"secrets": ["WEBHOOK', '"secret": ["WEBHOOK', "partner 1 in main.parameters.json lacks a list"),
        ('["siem", "soc_desk"]', '["siem", "SIEM"]', "names a key twice"),
        ("10.20.1.0/24", "10.20.0.0/16", "overlap"),
        ("0 */20 * * * *", "*/20 * * * *", "expected six fields"),
        ("security-operations@example.com", "security", "ALERT_EMAIL is 'security'"),
    ],
)
def test_what_the_preflight_would_refuse_is_refused(
    folder: pathlib.Path, right: str, wrong: str, finding: str
) -> None:
    path = folder / "snapshots" / f"{EVERYTHING_ON}.inputs.json"
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong, 1))
    with pytest.raises(InputError, match=finding):
        environment(Compiler(NOWHERE, folder), EVERYTHING_ON, {})


def test_everything_on_leaves_nothing_off_and_nothing_at_its_default(folder: pathlib.Path) -> None:
    """A parameter that is new is given a value of its own there, or what it changes is seen by nobody."""
    given, environment = inputs(folder, EVERYTHING_ON)
    declared = json.loads((folder / "snapshots" / "parameters.json").read_text())
    assert given.keys() == declared.keys()
    for name, each in declared.items():
        variable = str(given[name]).removeprefix("${").partition("=")[0].rstrip("}")
        value = environment.get(variable) if isinstance(given[name], str) else given[name]
        on = value == "true" if each["type"] == "bool" else str(value) != str(each.get("defaultValue"))
        assert on, f"{name} is {value!r}"


def test_a_resource_is_shown_by_what_it_is_its_ids_short_its_lines_and_items_apart() -> None:
    inside = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-dev/providers/Microsoft.Web/sites/one"
    above = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/2"
    given = {"a": "x\ny", "b": above, "id": inside, "name": "one", "serializedData": '{"items": [1]}'}
    shown = readable([given])
    assert shown == [
        {
            "name": "one",
            "id": "group:Microsoft.Web/sites/one",
            "a": ["x", "y"],
            "b": "subscription:providers/Microsoft.Authorization/roleDefinitions/2",
            "serializedData": {"items": [1]},
        }
    ]
    assert list(shown[0]) == ["name", "id", "a", "b", "serializedData"]
