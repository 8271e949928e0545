"""What the workflows run of others' is named by its hash, and they may do little."""

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from infra.package import PYTHON
from tests.infra.code import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS}
PINNED = re.compile(r"uses: ([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)")


def _read(name: str) -> Any:
    return YAML(typ="safe").load(TEXTS[name])


def test_the_workflows_are_found() -> None:
    assert TEXTS.keys() == {"audit.yml", "ci.yml", "deploy.yml"}


@pytest.mark.parametrize("name", TEXTS)
def test_every_action_is_pinned_by_its_hash_and_says_which_release_that_is(name: str) -> None:
    used = re.findall(r"\buses:.*", TEXTS[name])
    assert used
    assert [each for each in used if not PINNED.fullmatch(each)] == []


def test_an_action_has_one_hash_everywhere() -> None:
    pins: dict[str, set[tuple[str, str]]] = {}
    for text in TEXTS.values():
        for action, commit, release in PINNED.findall(text):
            pins.setdefault(action.lower(), set()).add((commit, release))
    assert {action for action, found in pins.items() if len(found) > 1} == set()


@pytest.mark.parametrize("name", TEXTS)
def test_a_workflow_reads_the_repository_and_no_more(name: str) -> None:
    workflow = _read(name)
    assert workflow["permissions"] == {"contents": "read"}
    more = {job: at["permissions"] for job, at in workflow["jobs"].items() if "permissions" in at}
    assert more == ({"deploy": {"contents": "read", "id-token": "write"}} if name == "deploy.yml" else {})
    assert "pull_request_target" not in TEXTS[name]
    assert "secrets." not in TEXTS[name]
    assert TEXTS[name].count("actions/checkout@") == TEXTS[name].count("persist-credentials: false")


def test_the_audit_is_made_by_the_python_the_app_runs_on_and_fails_where_nothing_was_audited() -> None:
    steps = _read("audit.yml")["jobs"]["audit"]["steps"]
    assert [each["with"]["python-version"] for each in steps if "python-version" in each.get("with", {})] == [
        PYTHON
    ]
    assert steps[-1]["run"] == "make audit"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "pip-audit --strict --disable-pip --require-hashes -r requirements-dev.txt" in makefile
