"""A partner's tables, wherever they stand: in its adapter, or in the private modules beside it."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import ingest_threat.partners

PACKAGE = Path(ingest_threat.partners.__file__).parent


def modules(slug: str) -> Iterator[ModuleType]:
    """The adapter, and the modules that begin with `_` and its slug."""
    for path in (PACKAGE / f"{slug}.py", *sorted(PACKAGE.glob(f"_{slug}_*.py"))):
        yield import_module(f"ingest_threat.partners.{path.stem}")


def tables(slug: str) -> dict[str, object]:
    """All that has a name in capitals; one name is one thing."""
    found: dict[str, object] = {}
    for module in modules(slug):
        for name, value in vars(module).items():
            if name.isupper() and not name.startswith("_"):
                assert found.setdefault(name, value) is value, f"{module.__name__} has another {name}"
    return found
