"""Every regular expression of the product, found by itself: in the modules' values, however deep, and in the
source, where `re` is called with one. With each the methods by which the code uses it."""

import ast
import builtins
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import Any

from shared.domain.late import LatePattern
from tests.end_to_end.machine import ROOT

STAND_INS = frozenset({"local", "benchmarks"})
METHODS = frozenset({"search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"})
_FLAGS_AT = {"compile": 1, "search": 2, "match": 2, "fullmatch": 2, "findall": 2, "finditer": 2, "split": 3}
"""Where a function of `re` takes its flags; 4 in the others."""
_OF_TEXTS = frozenset({"split"})
"""Methods that a text has, too: they count where it is known that a pattern is asked."""
GOING_ON = frozenset({"sub", "subn", "split", "findall", "finditer"})
"""Methods that read on behind a match."""
SAMPLE = "ab"
"""Stands in a pattern that is made at run time for what is only known then."""


@dataclass(frozen=True)
class Found:
    """One regular expression, where it stands, and how it is used."""

    where: str
    pattern: re.Pattern[str]
    methods: frozenset[str]


@dataclass
class _Source:
    """What a module's source says of patterns."""

    called: dict[str, set[str]] = field(default_factory=dict)
    """Methods called on a name, be it of a variable or of an attribute."""
    handed_on: set[str] = field(default_factory=set)
    """Names that stand somewhere else than before a method of theirs."""
    literal: list[tuple[int, str, ast.expr, ast.expr | None]] = field(default_factory=list)
    """Line, method, pattern and flags of each call of `re`, and of each `pattern=` of a field."""


def modules() -> Iterator[tuple[ModuleType, ast.Module]]:
    """The product's modules, each with its source."""
    rooms = [each.parent for each in sorted(ROOT.glob("*/__init__.py")) if each.parent.name not in STAND_INS]
    for path in [ROOT / "function_app.py", *(each for room in rooms for each in sorted(room.rglob("*.py")))]:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield importlib.import_module(name), ast.parse(path.read_text(encoding="utf-8"))


def found(of: Iterable[tuple[ModuleType, ast.Module]]) -> list[Found]:
    """The patterns of modules, each once; one that nobody is seen to use is searched for."""
    listed = [(module, _source(tree)) for module, tree in of]
    product = frozenset(module.__name__.partition(".")[0] for module, _ in listed)
    uses: dict[tuple[str, int], tuple[str, re.Pattern[str], set[str]]] = {}

    def add(where: str, pattern: re.Pattern[str], methods: set[str]) -> None:
        key = pattern.pattern, pattern.flags
        uses.setdefault(key, (where, pattern, set()))[2].update(methods)

    for module, source in listed:
        for name, value in vars(module).items():
            for pattern, method in _within(value, product, set()) if not name.startswith("__") else ():
                add(
                    f"{module.__name__}:{name}",
                    pattern,
                    {method} if method else _methods(name, module, source),
                )
        for line, method, expression, flags in source.literal:
            text = str(_evaluated(expression, module))
            pattern = re.compile(text, _evaluated(flags, module) if flags else 0)
            add(f"{module.__name__}:{line}", pattern, {method} & METHODS)
    return [Found(where, pattern, _most(methods)) for where, pattern, methods in uses.values()]


def _most(methods: set[str]) -> frozenset[str]:
    """Without searching for one where all are searched for."""
    return frozenset(methods - {"search"} if methods & GOING_ON else methods or {"search"})


def _methods(name: str, module: ModuleType, source: _Source) -> set[str]:
    """How the pattern under a name of a module is used there; as any that has no name, where it is handed on
    or lies within something."""
    own = source.called.get(name, set())
    if own and name not in source.handed_on:
        return own
    nameless = (methods for each, methods in source.called.items() if each not in vars(module))
    return own | {each for methods in nameless for each in methods} - _OF_TEXTS


def _within(
    value: Any, product: frozenset[str], seen: set[int]
) -> Iterator[tuple[re.Pattern[str], str | None]]:
    """Patterns in a value of a module, and which method of one it is that is kept."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, LatePattern):
        value = value.compiled
    owner = getattr(value, "__self__", None)
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value, None
    elif isinstance(owner, re.Pattern):
        yield owner, value.__name__
    else:
        for each in _inside(value, product):
            yield from _within(each, product, seen)


def _inside(value: Any, product: frozenset[str]) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        return list(value)
    if isinstance(value, FunctionType):
        return [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    kind = value if isinstance(value, type) else type(value)
    if kind.__module__.partition(".")[0] not in product:
        return []
    return [each for name, each in getattr(value, "__dict__", {}).items() if not name.startswith("__")]


def _source(tree: ast.Module) -> _Source:
    source = _Source()
    before_a_method = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            source.literal += _literals(node)
        if isinstance(node, ast.Attribute) and node.attr in METHODS:
            before_a_method.add(id(node.value))
            source.called.setdefault(_name(node.value), set()).add(node.attr)
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    source.handed_on = {node.id for node in names if id(node) not in before_a_method}
    return source


def _literals(call: ast.Call) -> Iterator[tuple[int, str, ast.expr, ast.expr | None]]:
    for each in call.keywords:
        if each.arg == "pattern":
            yield call.lineno, "search", each.value, None
    called = call.func
    if (
        isinstance(called, ast.Attribute)
        and called.attr in METHODS | {"compile"}
        and _name(called.value) == "re"
    ):
        yield call.lineno, called.attr, call.args[0], _flags(call, called.attr)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _flags(call: ast.Call, method: str) -> ast.expr | None:
    named = next((each.value for each in call.keywords if each.arg == "flags"), None)
    at = _FLAGS_AT.get(method, 4)
    return named or (call.args[at] if len(call.args) > at else None)


def _evaluated(expression: ast.expr, module: ModuleType) -> Any:
    """What an expression is in its module; SAMPLE for each name that is known only at run time."""
    names = {node.id for node in ast.walk(expression) if isinstance(node, ast.Name)}
    unknown = {name: SAMPLE for name in names if name not in vars(module) and not hasattr(builtins, name)}
    code = compile(ast.Expression(expression), module.__name__, "eval")
    return eval(code, dict(vars(module)), unknown)
