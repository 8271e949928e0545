"""The sources there are: the modules of `sources/`, by their names. Those that begin with `_` are shared;
those that begin with `any_` have one for each partner."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Any

import poll_partners.sources
from ingest_threat.intake import known_partners
from poll_partners.source import Events, Roster

ANY = "any_"


@cache
def sources() -> Mapping[str, Events[Any] | Roster]:
    """Every source by its module's name, which its cursor bears; by a partner's in the place of `any`."""
    names = [found.name for found in pkgutil.iter_modules(poll_partners.sources.__path__)]
    modules = {name: import_module(f"poll_partners.sources.{name}") for name in names if name[0] != "_"}
    found = {name: module.SOURCE for name, module in modules.items() if not name.startswith(ANY)}
    for name, module in modules.items():
        if name.startswith(ANY):
            found |= {f"{slug}_{name.removeprefix(ANY)}": module.source(slug) for slug in known_partners()}
    return dict(sorted(found.items()))
