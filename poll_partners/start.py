"""Settings of a vendor that nothing here polls are refused when the app starts. No source is loaded for it: a
source's name is its partner's slug, or begins with it."""

import pkgutil

import poll_partners.sources
from shared.errors import SettingsError
from shared.settings import Settings


def check(settings: Settings) -> None:
    """Refuse settings of a partner that has no source. Raises SettingsError."""
    found = [each.name for each in pkgutil.iter_modules(poll_partners.sources.__path__)]
    names = [name.removesuffix("_devices") for name in found if not name.startswith("_")]
    for slug in settings.polling:
        if not any(name == slug or name.startswith(f"{slug}_") for name in names):
            slugs = {name for name in names if not any(name.startswith(f"{each}_") for each in names)}
            expected = ", ".join(sorted(slugs))
            raise SettingsError(f"POLL_…_{slug.upper()}: {slug} is not polled; expected one of {expected}")
