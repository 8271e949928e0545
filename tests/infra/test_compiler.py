"""What Microsoft's compiler says of the templates, where there is one: the snapshots are its own."""

import difflib
import fcntl
import json
from collections.abc import Callable
from typing import Any

import pytest

from infra import compiler
from infra.compiler import Compiler
from infra.recorded import SNAPSHOTS
from infra.snapshot import snapshots, text
from tests.infra import loud


@pytest.fixture(scope="session")
def bicep() -> Compiler:
    """The compiler; a loud skip where there is none."""
    found = compiler.find()
    if found is None:
        loud.skip("the templates were NOT compiled, their snapshots NOT compared: there is no Bicep compiler")
    return found


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[str, Callable[[], Any]], Any]:
    """Something that takes long, made once in a session, however many processes run tests."""
    base = tmp_path_factory.getbasetemp()
    folder = base if worker_id == "master" else base.parent

    def made(name: str, make: Callable[[], Any]) -> Any:
        path = folder / f"{name}.json"
        with (folder / f"{name}.lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            if not path.exists():
                path.write_text(json.dumps(make()), encoding="utf-8")
        return json.loads(path.read_text(encoding="utf-8"))

    return made


def test_the_committed_snapshots_are_what_the_templates_make(
    bicep: Compiler, once: Callable[[str, Callable[[], Any]], Any]
) -> None:
    made = once("snapshots", lambda: snapshots(bicep))
    assert {path.stem for path in SNAPSHOTS.glob("*.json") if "." not in path.stem} == made.keys()
    differences = [line for name in sorted(made) for line in _difference(name, text(made[name]))]
    how = f"`make snapshot` writes them anew (here by Bicep {bicep.version()}, last by {compiler.VERSION})"
    assert not differences, "\n".join([how, *differences])


def _difference(name: str, made: str) -> list[str]:
    committed = (SNAPSHOTS / f"{name}.json").read_text(encoding="utf-8")
    lines = committed.splitlines(), made.splitlines()
    return list(
        difflib.unified_diff(*lines, f"{name}.json, committed", f"{name}.json, made now", lineterm="")
    )
