"""One name for one thing, where that can be held: of bounds, and of classes that others may use."""

import ast
import pathlib
import re
from collections import Counter
from collections.abc import Iterator

from tests.end_to_end.machine import ROOT

PRODUCT = ("ingest_threat", "evaluate_risk", "sync_inventory", "serve_console", "poll_partners", "shared")
ROOMS = (*PRODUCT, "local", "infra")
OTHERWISE = re.compile(
    r"_?(?!MAX_|MIN_)(\w+_)?(?:LONGEST|SHORTEST|LARGEST|MOST|LEAST)(_\w+)?|_?(?!MAX_|MIN_)\w+_LIMIT|LIMIT(_\w+)?"
)
"""How else a bound could be called."""


def _constants(module: pathlib.Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id.isupper():
            yield node.id


def test_a_bound_is_called_max_or_min() -> None:
    modules = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    named = [(str(path.relative_to(ROOT)), name) for path in modules for name in _constants(path)]
    assert ("shared/cosmos.py", "MAX_ATTEMPTS") in named
    assert [(module, name) for module, name in named if OTHERWISE.fullmatch(name)] == []


def test_no_two_classes_share_a_name() -> None:
    modules = [path for room in PRODUCT for path in (ROOT / room).rglob("*.py")]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in modules]
    classes = Counter(node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))
    assert {name for name, times in classes.items() if times > 1 and not name.startswith("_")} == set()
