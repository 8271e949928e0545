"""The messages of all partners, each in a module `messages_<slug>` beside this one.

They are invented, in the partner's shapes: real field names, no real value. `MESSAGES` of such a module are
items that its adapter reads as threats and device states, each with its time and its device; `ODD` names the
fields that may be odd in them.
"""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

from ingest_threat.body import JsonObject
from tests.ingest_threat.partners.odd import Odd


def samples() -> dict[str, list[JsonObject]]:
    """By partner, the items of its `MESSAGES`, of those that have some: the contract tests run over all of
    them, and say what a partner without any lacks."""
    return {slug: module.MESSAGES for slug, module in _modules() if getattr(module, "MESSAGES", None)}


def oddities() -> dict[str, Odd]:
    """By partner, its `ODD`, of those that have one."""
    return {slug: module.ODD for slug, module in _modules() if hasattr(module, "ODD")}


def _modules() -> Iterator[tuple[str, ModuleType]]:
    for name in sorted(each.stem for each in Path(__file__).parent.glob("messages_*.py")):
        yield name.removeprefix("messages_"), import_module(f"{__package__}.{name}")
