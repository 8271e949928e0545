"""What the app itself says it needs: settings, queries, triggers. Asked of the code, never listed by hand."""

import ast
import functools
import importlib
import pathlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from infra.functions import Function as Function
from infra.functions import functions as functions
from shared import containers, cosmos, log, settings

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("ingest_threat", "evaluate_risk", "sync_inventory", "serve_console", "poll_partners", "shared")
_QUERIES = {
    name: text
    for name, text in vars(cosmos).items()
    if name.isupper() and isinstance(text, str) and text.startswith("SELECT ")
}
_FIELD = re.compile(r"\bc\.([a-z_]+(?:\.[a-z_]+)*)")
_INDEXED_ANYWAY = frozenset({"id", "_ts"})


class _Watched(Mapping[str, str]):
    """An empty environment that remembers which names, and which beginnings of names, were asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.prefixes: set[str] = set()

    def __getitem__(self, key: str) -> str:
        if isinstance(key, _WatchedName):
            return ""
        self.names.add(key)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        yield _WatchedName(self)

    def __len__(self) -> int:
        return 1


class _WatchedName(str):
    """A name that remembers what it was asked to begin with."""

    __slots__ = ("_watched",)
    _watched: _Watched

    def __new__(cls, watched: _Watched) -> "_WatchedName":
        name = super().__new__(cls, "")
        name._watched = watched
        return name

    def startswith(self, prefix: str | tuple[str, ...], *_: object) -> bool:
        self._watched.prefixes |= {prefix} if isinstance(prefix, str) else set(prefix)
        return False


@dataclass(frozen=True)
class Settings:
    """The names of settings the app reads; those in `prefixes` end in a partner's slug, or begin with it."""

    names: frozenset[str]
    prefixes: frozenset[str]


@functools.cache
def settings_read() -> Settings:
    """What shared/settings.py asks of the environment."""
    watched = _Watched()
    settings.read(watched)
    return Settings(frozenset(watched.names), frozenset(watched.prefixes))


def environment_readers() -> list[str]:
    """Modules of the app that look into the environment themselves, other than shared/settings.py."""
    found = []
    for path, module in _sources().items():
        for node in ast.walk(module):
            named = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
            if named in {"environ", "getenv"} and path.name != "settings.py":
                found.append(f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")
    return found


@functools.cache
def fields_queried() -> dict[str, set[str]]:
    """Per container, the fields its queries filter or order by, but for those that are always indexed."""
    fields: dict[str, set[str]] = {name: set() for name in containers.CONTAINERS}
    for container, query in queries_by_container():
        behind = re.split(r"\bWHERE\b|\bORDER BY\b", _QUERIES[query], maxsplit=1)[1:]
        found = {name for text in behind for name in _FIELD.findall(text)}
        fields[container] |= found - _INDEXED_ANYWAY
    return fields


@functools.cache
def queries_by_container() -> frozenset[tuple[str, str]]:
    """Every container and the names of the query texts that are sent to it, by the functions that do it."""
    pairs: set[tuple[str, str]] = set()
    for module in _sources().values():
        for function in ast.walk(module):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                pairs |= set(_pairs(function))
    missing = _QUERIES.keys() - {query for _, query in pairs} - _building_blocks()
    if missing:
        raise AssertionError(f"nothing says which container these are for: {sorted(missing)}")
    return frozenset(pairs)


def _pairs(function: ast.AST) -> Iterator[tuple[str, str]]:
    """By the calls that name container and query; else by the only container the function names."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    by_call = {(c, q) for call in calls for c in _containers(call) for q in _queries(*call.args)}
    yield from by_call
    left = _queries(function) - {query for _, query in by_call}
    if left:
        containers = {container for call in calls for container in _containers(call)}
        if len(containers) != 1:
            raise AssertionError(f"{sorted(left)} in one function with {sorted(containers)}: not clear which")
        yield from ((container, query) for container in containers for query in left)


def _queries(*nodes: ast.AST) -> set[str]:
    names = {each.id for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name)}
    return names & _QUERIES.keys()


def _containers(call: ast.Call) -> Iterator[str]:
    """The containers among the arguments of a call: by name, or as that of a kind of document."""
    for argument in call.args:
        match argument:
            case ast.Constant(value=str(name)) if name in containers.CONTAINERS:
                yield name
            case ast.Attribute(value=ast.Name(id=kind), attr="container") if kind in _documents():
                yield _documents()[kind]


@functools.cache
def _documents() -> dict[str, str]:
    """The container of every kind of document the code declares, by the name of its class."""
    declared: dict[str, str] = {}
    for module in _sources().values():
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef):
                for container in _container_declared(node):
                    declared[node.name] = container
    return declared


def _container_declared(kind: ast.ClassDef) -> Iterator[str]:
    for line in kind.body:
        match line:
            case ast.AnnAssign(target=ast.Name(id="container"), value=ast.Constant(value=str(name))):
                yield name


def _building_blocks() -> set[str]:
    """Texts that are sent only as the beginning of longer ones."""
    texts = _QUERIES.items()
    return {name for name, text in texts if any(o != name and longer.startswith(text) for o, longer in texts)}


@functools.cache
def settings_of_bindings() -> frozenset[str]:
    """Settings that bindings name as %NAME%, also those of a function that is there on demand alone."""
    texts = (path.read_text(encoding="utf-8") for path in ROOT.glob("*/blueprint.py"))
    named = frozenset(name for text in texts for name in re.findall(r'"%(\w+)%"', text))
    values = [str(value) for each in functions().values() for value in each.trigger.values()]
    assert named >= {name for text in values for name in re.findall(r"%(\w+)%", text)}
    return named


@dataclass(frozen=True)
class Logged:
    """The words of the log: event → the keys of its details, wherever it is logged."""

    keys: dict[str, set[str]] = field(default_factory=dict)


@functools.cache
def logged() -> Logged:
    """Every event of shared/log.py with the keys it is logged with."""
    keys: dict[str, set[str]] = {event.value: set() for event in log.LogEvent}
    for module in _sources().values():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "log_event":
                first = node.args[0]
                if isinstance(first, ast.Attribute):
                    keys[log.LogEvent[first.attr].value] |= {k.arg for k in node.keywords if k.arg}
    return Logged(keys)


def partners() -> tuple[str, ...]:
    """Slugs of the partners there are adapters for."""
    return tuple(importlib.import_module("ingest_threat.partners").known())


@functools.cache
def _sources() -> dict[pathlib.Path, ast.Module]:
    """The app's modules, parsed: that takes longer than all that is asked of them."""
    paths = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}
