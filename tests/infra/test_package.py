"""What is uploaded: small, for Azure's Python, and still the whole app."""

import asyncio
import json
import os
import pathlib
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata

import pytest
from packaging.utils import canonicalize_name

from infra import package
from infra.recorded import app
from local.cosmos.account import EMULATOR_KEY
from local.database import connection_string
from shared import rules_file
from tests.end_to_end.machine import ROOT
from tests.end_to_end.python_313 import environment, python_313
from tests.infra import loud
from tests.infra.code import functions
from tests.infra.once import Once
from tests.sync_inventory.tenant import put_connector, put_phone, put_policy
from tests.world import ENTRA_ID, world

RUNTIME_WORKER = ROOT / "tests" / "end_to_end" / "runtime_worker.py"
PROBE = pathlib.Path(__file__).with_name("package_probe.py")
MEGABYTE = 1_000_000


@pytest.fixture(scope="session")
def built(once: Once) -> tuple[pathlib.Path, package.Size, package.Size]:
    """The package, and its size before and after pruning; a loud skip without a package index."""
    made = once("package", lambda: _build(once.folder / "package"))
    if isinstance(made, str):
        loud.skip(f"the package was not built: {made}")
    whole, pruned = (package.Size(**size) for size in made)
    return once.folder / "package", whole, pruned


def _build(folder: pathlib.Path) -> list[dict[str, int]] | str:
    """The sizes, or why there is no package."""
    try:
        sizes = package.build(folder)
    except package.PackagingError as error:
        return str(error)
    return [asdict(sizes.whole), asdict(sizes.pruned)]


@pytest.fixture(scope="module")
def python() -> str:
    base = python_313()
    if base is None:
        loud.skip("no Python 3.13 found: the package was not run")
    return base


Built = tuple[pathlib.Path, package.Size, package.Size]


def test_the_app_is_in_it_and_nothing_of_the_workshop(built: Built) -> None:
    tops = {path.name for path in built[0].iterdir()}
    assert {"function_app.py", "host.json", "requirements.txt", "shared", "ingest_threat"} <= tops
    workshop = {"tests", "infra", "local", "benchmarks", "docs", "Makefile", ".git"}
    workshop |= {"local.settings.json.example"}
    assert not tops & workshop


def test_with_every_module_goes_its_bytecode_for_azures_python_whenever_it_is_unpacked(
    built: Built, python: str
) -> None:
    modules = list(built[0].rglob("*.py"))
    compiled = [cached(module) for module in modules]
    assert [each for each in compiled if not each.exists()] == []
    assert sorted(built[0].rglob("*.pyc")) == sorted(compiled)
    # PEP 552: by the source's hash, and not compared with it.
    assert {int.from_bytes(each.read_bytes()[4:8], "little") for each in compiled} == {0b01}
    assert not any(str(built[0]).encode() in each.read_bytes() for each in compiled)
    assert package.Size.of(built[0]).bytes < 1.6 * built[2].bytes


def cached(module: pathlib.Path) -> pathlib.Path:
    return module.parent / "__pycache__" / f"{module.stem}.cpython-{package.PYTHON.replace('.', '')}.pyc"


def test_without_azures_python_there_is_no_bytecode(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of another version it would be read by nobody."""
    (tmp_path / "a.py").write_text("A = 1\n")
    monkeypatch.setattr(package, "python_of", lambda version: None)
    assert package.compile_all(tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


def test_what_cannot_be_compiled_is_not_uploaded(tmp_path: pathlib.Path, python: str) -> None:
    (tmp_path / "a.py").write_text("def\n")
    with pytest.raises(package.PackagingError, match=r"a\.py"):
        package.compile_all(tmp_path)


RULE = '[[rule]]\nname = "iPhones: no threats"\nallowed = "secured"\nplatform = "ios"\n'


@pytest.fixture
def project(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A project with a file of local rules, and what stays behind as it is here."""
    (tmp_path / "docs").mkdir()
    for name in ("rules.toml", "docs/rules.toml"):
        (tmp_path / name).write_text(RULE)
    shutil.copyfile(ROOT / ".funcignore", tmp_path / ".funcignore")
    monkeypatch.setattr(package, "ROOT", tmp_path)
    monkeypatch.setattr(rules_file, "APP", tmp_path)
    return tmp_path


def test_local_rules_go_with_the_app(project: pathlib.Path) -> None:
    assert [rule.name for rule in package.local_rules("rules.toml").rules] == ["iPhones: no threats"]
    assert project / "rules.toml" in package.app_files()


@pytest.mark.parametrize(
    ("shell", "azd", "file"),
    [
        ("", "echo rules/prod.toml", "rules/prod.toml"),
        ("rules/dev.toml", "echo rules/prod.toml", "rules/dev.toml"),
        ("", "echo 'ERROR: key not found'; exit 1", "rules.toml"),
        ("", None, "rules.toml"),
    ],
)
def test_a_package_made_by_hand_has_the_rules_of_the_environment(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, shell: str, azd: str | None, file: str
) -> None:
    if azd is not None:
        (tmp_path / "azd").write_text(f"#!/bin/sh\n{azd}\n")
        (tmp_path / "azd").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("RULES_FILE", shell)
    assert package.rules_file() == file


def test_rules_in_a_folder_of_their_own_go_with_the_app(project: pathlib.Path) -> None:
    (project / "rules").mkdir()
    (project / "rules" / "prod.toml").write_text(RULE)
    assert package.local_rules("rules/prod.toml").rules
    assert package.app_files("rules/prod.toml") == [project / "rules" / "prod.toml"]


def test_what_lies_about_in_the_project_is_not_uploaded(project: pathlib.Path) -> None:
    """Above all no secret that somebody wrote there to put it into the vault."""
    for name in ("secret", "function_app.py", "shared/__init__.py", "old/venv/key.pem"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("")
    uploaded = [path.relative_to(project).as_posix() for path in package.app_files()]
    assert uploaded == ["function_app.py", "rules.toml", "shared/__init__.py"]


def test_rules_the_app_would_not_start_with_are_refused_before_they_are_uploaded(
    project: pathlib.Path,
) -> None:
    (project / "rules.toml").write_text(RULE.replace("secured", "safe"))
    with pytest.raises(package.PackagingError, match=r"rules\.toml:3: rule\.allowed"):
        package.local_rules("rules.toml")
    with pytest.raises(package.PackagingError, match="there is no such file"):
        package.local_rules("other.toml")
    with pytest.raises(package.PackagingError, match=r"docs/rules\.toml does not go with the app"):
        package.local_rules("docs/rules.toml")


def test_without_a_file_there_are_no_local_rules(project: pathlib.Path) -> None:
    (project / "rules.toml").unlink()
    assert package.local_rules("rules.toml").rules == ()


def test_nothing_that_is_uploaded_is_ignored_by_the_uploader(built: Built) -> None:
    lines = (ROOT / ".funcignore").read_text().split()
    assert all(line.startswith("/") for line in lines), "a pattern without a slash reaches into the libraries"
    assert not {path.name for path in built[0].iterdir()} & set(package.ignored_names())


def test_azd_uploads_what_is_built_here_to_the_app_that_is_made_and_builds_nothing_itself() -> None:
    azd = (ROOT / "azure.yaml").read_text()
    service = re.search(r"^services:\n  (\w+):\n((?:    .*\n?)+)", azd, re.MULTILINE)
    assert service is not None
    assert app()["tags"]["azd-service-name"] == service[1]
    assert f"dist: {package.BUILT.relative_to(ROOT)}" in service[2]
    assert "remoteBuild: false" in service[2]
    hook = service[2].partition("    hooks:")[2]
    assert "prepackage:" in hook, "a hook of the project is not run by azd deploy"
    assert "run: make package" in hook
    assert "python3 -m infra.preflight" in azd


def test_pruned_it_is_less_than_half_of_what_would_be_installed(built: Built) -> None:
    _, whole, pruned = built
    assert whole.bytes > 150 * MEGABYTE
    assert pruned.bytes < min(whole.bytes / 2, 90 * MEGABYTE)
    assert pruned.files < whole.files / 3


def test_its_bill_of_materials_names_what_is_installed_and_nothing_else(built: Built) -> None:
    bill = json.loads(package.bill_of_materials())
    installed = {
        (canonicalize_name(each.metadata["Name"]), each.version)
        for each in metadata.distributions(path=[str(built[0] / package.LIBRARIES)])
    }
    assert {(each["name"], each["version"]) for each in bill["components"]} == installed


def test_its_compiled_libraries_are_for_azures_python(built: Built) -> None:
    config = app()["properties"]["functionAppConfig"]
    assert config["runtime"] == {"name": "python", "version": package.PYTHON}
    compiled = [path.name for path in built[0].rglob("*.so")]
    assert compiled
    tag = f"cpython-{package.PYTHON.replace('.', '')}-x86_64-linux-gnu"
    assert all(tag in name or "abi3" in name for name in compiled), compiled


def test_the_same_content_gives_the_same_archive(tmp_path: pathlib.Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "a.py").write_text("A = 1\n")
    first = package.archive(tmp_path / "app", tmp_path / "first.zip")
    os.utime(tmp_path / "app" / "a.py", (1, 1))
    assert package.archive(tmp_path / "app", tmp_path / "second.zip") == first


def test_a_builder_the_code_names_is_kept(tmp_path: pathlib.Path) -> None:
    generated = tmp_path / "msgraph" / "generated"
    for name in ("groups", "drives"):
        (generated / name).mkdir(parents=True)
    (generated / "kiota-dom-export.txt").write_text("")
    app = tmp_path / "app"
    app.mkdir()
    (app / "graph.py").write_text("request = client.groups.by_group_id(id_).to_get_request_information()\n")
    package.prune(tmp_path, package.names_used(app))
    assert [path.name for path in generated.iterdir()] == ["groups"]


def test_pruned_it_is_indexed_on_microsofts_runtime(built: Built, python: str) -> None:
    ended = subprocess.run(
        [environment(python), str(RUNTIME_WORKER), str(built[0])],
        cwd=built[0],
        env={**_environment(built[0]), "SYNC_SCHEDULE": "0 */15 * * * *"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1]).keys() == functions().keys()


async def test_pruned_it_syncs_with_graph_and_serves(built: Built, python: str) -> None:
    async with world() as tenant:
        put_phone(tenant)
        put_policy(tenant)
        put_connector(tenant)
        settings = {
            "MODE": "enforce",
            "COSMOS": connection_string(tenant.cosmos_endpoint, EMULATOR_KEY),
            "GRAPH_BASE_URL": f"{tenant.graph_endpoint}/v1.0",
            "READ_KEY_PROBE": "0123456789abcdef" * 2,
        }
        found = await _probe(python, built[0], settings)
    assert found["functions"] == sorted(functions())
    assert isinstance(found["steps"], dict)
    assert not any(found["steps"].values()), found["steps"]
    assert found["status"] == 200
    assert isinstance(found["devices"], list)
    assert [device["id"] for device in found["devices"]] == [ENTRA_ID]
    assert isinstance(found["from"], list)
    assert all(file.startswith(str(built[0])) for file in found["from"])
    assert found["compiled here"] == [], "what is mounted read-only is compiled at every cold start"


async def _probe(python: str, folder: pathlib.Path, settings: Mapping[str, str]) -> dict[str, object]:
    process = await asyncio.create_subprocess_exec(
        *(python, str(PROBE)),
        cwd=folder,
        env={**_environment(folder), **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    answer: dict[str, object] = json.loads(output.splitlines()[-1])
    return answer


def _environment(folder: pathlib.Path) -> dict[str, str]:
    """This process's, in which a Python runs the package and leaves nothing in it."""
    path = os.pathsep.join([str(folder), str(folder / package.LIBRARIES)])
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def test_a_library_asked_for_with_an_extra_is_locked_with_it() -> None:
    """Else pip looks for the newest of it, whose hash the lock does not have: any release breaks set-up."""
    lock = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([\w.-]+\[\w+\])==", lock, re.MULTILINE))
    names = set(re.findall(r"^([\w.-]+?)(?:\[\w+\])?==", lock, re.MULTILINE))
    asked = {
        f"{form[1].lower()}[{form[2]}]"
        for name in names & {each.metadata["Name"].lower() for each in metadata.distributions()}
        for each in metadata.requires(name) or []
        if "extra ==" not in each and (form := re.match(r"([\w.-]+)\[(\w+)\]", each))
    }
    assert "pyjwt[crypto]" in asked
    assert asked <= locked
