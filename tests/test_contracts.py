"""The import contracts hold what they say they hold: nothing calls itself pure without being held to it, and
a name in a table of routes opens no door that an import would not."""

import ast
import fnmatch
import importlib
import inspect
import pathlib
import re
import tomllib
import typing
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from function_app import PARTNERS, ROUTES
from shared.resolve import resolve
from shared.route import Access, Route, argument
from tests.end_to_end.machine import ROOT

NAME = re.compile(r"[a-z_]\w*(?:\.\w+)+:[A-Za-z_]\w*")
ROOMS = ("ingest_threat", "evaluate_risk", "sync_inventory", "serve_console", "poll_partners")
CONTRACTS: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
    "importlinter"
]["contracts"]
DOORS = [each.split(" -> ") for contract in CONTRACTS for each in contract.get("ignore_imports", ())]


def _pure() -> list[str]:
    [contract] = [each for each in CONTRACTS if each["name"].startswith("what is pure")]
    return list(contract["source_modules"])


def _calling_themselves_pure() -> Iterator[str]:
    for room in (*ROOMS, "shared"):
        for path in (ROOT / room).rglob("*.py"):
            said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            if re.search(r"\bPure\b[.:]", said):
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("module", sorted(_calling_themselves_pure()))
def test_what_calls_itself_pure_is_held_to_it(module: str) -> None:
    module = module.removesuffix(".__init__")
    assert any(module == each or module.startswith(f"{each}.") for each in _pure())


def _pure_files() -> list[pathlib.Path]:
    places = [ROOT.joinpath(*each.split(".")) for each in _pure()]
    return sorted(
        file
        for place in places
        for file in (place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")])
    )


IMPURE = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "open", "input", "print"}
"""What needs no import of an SDK or of I/O, and yet asks the clock or the world."""


def _impure(text: str) -> list[str]:
    nodes = list(ast.walk(ast.parse(text)))
    called = [ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)]
    modules = [each.name for node in nodes if isinstance(node, ast.Import) for each in node.names]
    modules += [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
    return [*sorted(IMPURE.intersection(called)), *(each for each in modules if each == "urllib.request")]


@pytest.mark.parametrize("file", _pure_files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_what_is_pure_asks_neither_the_clock_nor_the_world(file: pathlib.Path) -> None:
    assert _impure(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line", ["at = datetime.now(UTC)", "open('x')", "import urllib.request", "from urllib.request import x"]
)
def test_a_clock_or_a_file_is_seen_in_what_calls_itself_pure(line: str) -> None:
    assert len(_impure(line)) == 1


def _may_enter(room: str, module: str) -> bool:
    """Whether a module of `room` may import `module`: its own room's, shared's, or a door."""
    if module.split(".")[0] in {room, "shared"}:
        return True
    return any(
        fnmatch.fnmatch(f"{room}.x", source.replace("**", "*")) and module == door for source, door in DOORS
    )


def _named(route: Route) -> list[str]:
    return [route.handler, route.answer, *([route.request] if route.takes_model else [])]


def _rows() -> list[tuple[str, Route]]:
    """Each room that has a table of routes, and its rows."""
    tables = [room for room in ROOMS if (ROOT / room / "routes.py").exists()]
    return [(room, row) for room in tables for row in importlib.import_module(f"{room}.routes").ROUTES]


def _closed(room: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if not _may_enter(room, name.partition(":")[0])]


def test_the_tables_of_the_rooms_are_all_there_is() -> None:
    assert [row for _, row in _rows()] == list(ROUTES)


@pytest.mark.parametrize(("room", "route"), _rows(), ids=lambda each: getattr(each, "name", each))
def test_a_route_names_nothing_behind_a_closed_door(room: str, route: Route) -> None:
    assert _closed(room, _named(route)) == []


@pytest.mark.parametrize("name", ["ingest_threat.agent_apps:peek", "evaluate_risk.guard:guard"])
def test_a_handler_of_another_room_is_behind_a_closed_door(name: str) -> None:
    assert _closed("serve_console", [name]) == [name]


def test_who_the_partners_are_is_asked_at_a_door() -> None:
    assert _may_enter("shared", PARTNERS.partition(":")[0]) or PARTNERS.startswith("ingest_threat.")
    assert resolve(PARTNERS)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_handler_takes_what_its_row_gives_it_and_answers_what_it_says(route: Route) -> None:
    handler = resolve(route.handler)
    taken = inspect.signature(handler).parameters
    given = [argument(name) for name in route.parameters]
    given += ["caller"] * (route.access is Access.ADMIN)
    given += ["request"] if route.takes_model else ["headers", "body"] if route.request else []
    optional = [argument(name) for name in route.query]
    assert set(taken) == {"services", *given, *optional}
    assert all(taken[name].default is inspect.Parameter.empty for name in given)
    assert all(taken[name].default is not inspect.Parameter.empty for name in optional)
    hints = typing.get_type_hints(handler)
    assert hints["return"] is resolve(route.answer)
    if route.takes_model:
        assert hints["request"] is resolve(route.request)


def _written(path: pathlib.Path) -> list[str]:
    """The names in a module's texts that are resolved when they are used."""
    texts = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    values = [each.value for each in texts if isinstance(each, ast.Constant)]
    return [each for each in values if isinstance(each, str) and NAME.fullmatch(each)]


@pytest.mark.parametrize("room", [*ROOMS, "shared"])
def test_no_name_that_is_resolved_opens_a_door_that_an_import_would_not(room: str) -> None:
    modules = (ROOT / room).rglob("*.py")
    assert [name for path in modules for name in _closed(room, _written(path))] == []


def _triggers() -> list[tuple[str, str]]:
    """Each room with triggers, and what one of them runs."""
    blueprints = [room for room in ROOMS if (ROOT / room / "blueprint.py").exists()]
    return [(room, name) for room in blueprints for name in _written(ROOT / room / "blueprint.py")]


def test_every_room_with_triggers_says_what_they_run() -> None:
    assert {room for room, _ in _triggers()} >= {"evaluate_risk", "sync_inventory", "poll_partners"}


@pytest.mark.parametrize(("room", "name"), _triggers())
def test_a_trigger_runs_a_coroutine_function_of_its_own_room(room: str, name: str) -> None:
    assert name.startswith(f"{room}.")
    assert inspect.iscoroutinefunction(resolve(name))
    assert next(iter(inspect.signature(resolve(name)).parameters)) == "services"


def test_a_door_is_no_prefix_of_another_module() -> None:
    assert not _may_enter("sync_inventory", "evaluate_risk.guard")
    assert not _may_enter("serve_console", "ingest_threat.partners")
    assert _may_enter("serve_console", "evaluate_risk.enforce")
