"""One name for one thing, where that can be held: a bound of ours is a MAX_ or a MIN_."""

import ast
import pathlib
import re
from collections.abc import Iterator

from tests.end_to_end.machine import ROOT

PRODUCT = ("ingest_threat", "evaluate_risk", "sync_inventory", "serve_console", "poll_partners", "shared")
ROOMS = (*PRODUCT, "local", "infra")
OTHERWISE = re.compile(
    r"_?(?!MAX_|MIN_)(\w+_)?(?:LONGEST|SHORTEST|LARGEST|MOST|LEAST)(_\w+)?|_?(?!MAX_|MIN_)\w+_LIMIT|LIMIT_\w+"
)
"""How else a bound could be called. `LIMIT` alone is what vendors call the size of a page."""


def _constants(module: pathlib.Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id.isupper():
            yield node.id


def test_a_bound_is_called_max_or_min() -> None:
    modules = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    named = [(str(path.relative_to(ROOT)), name) for path in modules for name in _constants(path)]
    assert ("shared/cosmos.py", "MAX_ATTEMPTS") in named
    assert [(module, name) for module, name in named if OTHERWISE.fullmatch(name)] == []
