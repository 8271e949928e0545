"""The sources there are: the modules of `sources/`, by their names. Those that begin with `_` are shared."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

import poll_partners.sources
from poll_partners.source import Roster, Source


@cache
def sources() -> Mapping[str, Source | Roster]:
    """Every source by its module's name, which its cursor bears."""
    names = [found.name for found in pkgutil.iter_modules(poll_partners.sources.__path__)]
    modules = {name: import_module(f"poll_partners.sources.{name}") for name in names if name[0] != "_"}
    return {name: module.SOURCE for name, module in sorted(modules.items())}
