"""The sources there are: the modules of `sources/`, by their names. Those that begin with `_` are shared."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

import poll_partners.sources
from poll_partners.source import Roster, Source
from shared.errors import SettingsError
from shared.settings import Settings


@cache
def sources() -> Mapping[str, Source | Roster]:
    """Every source by its module's name, which its cursor bears."""
    names = [found.name for found in pkgutil.iter_modules(poll_partners.sources.__path__)]
    modules = {name: import_module(f"poll_partners.sources.{name}") for name in names if name[0] != "_"}
    return {name: module.SOURCE for name, module in sorted(modules.items())}


def check(settings: Settings) -> None:
    """Refuse, at start, settings of a vendor that nothing here polls. Raises SettingsError."""
    polled = {source.partner for source in sources().values()}
    for slug in settings.polling:
        if slug not in polled:
            expected = ", ".join(sorted(polled))
            raise SettingsError(f"POLL_…_{slug.upper()}: {slug} is not polled; expected one of {expected}")
