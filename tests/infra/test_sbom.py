"""The bill of materials: what CycloneDX takes, and just what is in the package."""

import json
import pathlib
import shutil
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from infra import package, sbom
from infra.lock import locked
from tests.infra.code import ROOT

SCHEMA = JsonStrictValidator(SchemaVersion.from_version(sbom.SPECIFICATION))
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def bill() -> Any:
    return json.loads(package.bill_of_materials())


def test_it_is_what_the_schema_takes(bill: Any) -> None:
    assert SCHEMA.validate_str(json.dumps(bill)) is None


def test_the_schema_would_refuse_another(bill: Any) -> None:
    assert SCHEMA.validate_str(json.dumps({**bill, "serialNumber": "1"})) is not None


def test_the_same_lock_gives_the_same_bill_and_another_lock_another() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    once, again = (sbom.bill(project, LOCK, package.MARKERS) for _ in range(2))
    assert once == again
    other = json.loads(sbom.bill(project, LOCK.replace("aiohttp==3", "aiohttp==4"), package.MARKERS))
    assert other["serialNumber"] != json.loads(once)["serialNumber"]


def test_a_library_comes_with_its_address_and_every_hash_the_lock_takes(bill: Any) -> None:
    components = {each["name"]: each for each in bill["components"]}
    for each in locked(LOCK):
        if each.needed(package.MARKERS):
            found = components.pop(each.name)
            assert found["purl"] == f"pkg:pypi/{each.name}@{each.version}"
            [place] = found["externalReferences"]
            assert tuple(one["content"] for one in place["hashes"]) == each.hashes != ()
    assert components == {}


def test_only_what_azures_python_needs_is_in_it(bill: Any) -> None:
    versions = [each["version"] for each in bill["components"] if each["name"] == "azure-functions"]
    assert [version.split(".")[0] for version in versions] == ["2"]


def test_it_says_what_needs_what_and_all_of_it_is_needed(bill: Any) -> None:
    needs = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    app = bill["metadata"]["component"]["bom-ref"]
    names = {each["bom-ref"]: each["name"] for each in bill["components"]}
    assert {"msgraph-sdk", "azure-cosmos", "pyjwt"} <= {names[each] for each in needs[app]}
    reached, new = {app}, {app}
    while new:
        new = {each for ref in new for each in needs[ref]} - reached
        reached |= new
    assert reached - {app} == names.keys()


def test_make_package_writes_it_beside_the_package(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("pyproject.toml", "requirements.txt", ".funcignore"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    here = package.bill_of_materials()
    monkeypatch.setattr(package, "ROOT", tmp_path)
    monkeypatch.setattr(package, "BUILT", tmp_path / "package")
    monkeypatch.setattr(package, "build", lambda *_: (package.Size(1, 1),) * 3)
    assert package.main([]) == 0
    assert (tmp_path / "package.cdx.json").read_text(encoding="utf-8") == here
    assert "package.cdx.json: its bill of materials (CycloneDX 1.6)" in capsys.readouterr().out
