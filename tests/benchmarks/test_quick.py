"""What is held of speed: counts, and that each is seen to fail where what it is about is taken out."""

import sys
from collections.abc import Callable

import pytest

from benchmarks import indexing, quick
from benchmarks.calls import calls_of
from benchmarks.indexing import ROOT
from benchmarks.row import Row
from evaluate_risk import bounds
from infra import package
from infra.pythons import python_of
from ingest_threat import redaction
from tests.infra import loud


@pytest.mark.parametrize("row", [quick.redactor, quick.one_report, quick.many_threats])
def test_one_report_takes_no_more_calls_than_it_is_held_to(row: Callable[[], Row]) -> None:
    measured = row()
    assert measured.holds, str(measured)


def test_indexing_loads_and_builds_no_more_than_it_is_held_to() -> None:
    rows = list(quick.rooms())
    assert all(row.holds for row in rows), "\n".join(map(str, rows))


def test_every_room_of_the_app_counts() -> None:
    assert set(indexing.ROOMS) == {"shared", *(path.parent.name for path in ROOT.glob("*/routes.py"))} | {
        path.parent.name for path in ROOT.glob("*/blueprint.py")
    }


def test_with_every_module_that_is_uploaded_goes_its_bytecode() -> None:
    row = quick.bytecode()
    if row.measured is None:
        loud.skip(row.note)
    assert row.holds, str(row)


def test_a_redactor_that_remembers_no_key_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_judged", redaction._judged.__wrapped__)
    assert not quick.redactor().holds
    assert not quick.one_report().holds


def test_an_agent_whose_every_threat_is_weighed_anew_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def ordered(opened: object, sizes: object, most: int) -> set[str]:
        return set(bounds._best(opened, bounds._gravity, bounds._bytes, most))  # type: ignore[arg-type]

    monkeypatch.setattr(bounds, "_listed", ordered)
    assert not quick.many_threats().holds


def test_a_room_that_is_imported_to_index_it_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    app = "import function_app, evaluate_risk.evaluation, sync_inventory.run, evaluate_risk.enforce"
    monkeypatch.setattr("benchmarks.indexing.APP", app)
    modules, _ = quick.rooms()
    assert not modules.holds


def test_a_package_without_bytecode_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    if python_of(package.PYTHON) is None:
        loud.skip("no Python of Azure's version is here")
    monkeypatch.setattr(package, "compile_all", lambda folder: None)
    assert not quick.bytecode().holds


def test_what_is_not_measured_is_said_and_does_not_fail() -> None:
    row = Row("modules", None, most=0, note="no Python")
    assert row.holds
    assert str(row) == "modules: not measured, at most 0 (no Python)"
    assert not Row("calls", 12, most=10).holds
    assert not Row("pace", 0.5, " times", least=0.85).holds


def test_calls_are_counted_and_nothing_else_is_changed() -> None:
    before = sys.getprofile()
    assert calls_of(lambda: len("a")) == 2
    assert sys.getprofile() is before
