"""Settings of a vendor that nothing here polls are refused when the app starts. No source is loaded for it: a
source's name is its partner's slug, or begins with it, and ends in `_logs` where it reads tables of a
workspace; files are taken of any partner."""

import pkgutil

import poll_partners.sources
from shared.errors import SettingsError
from shared.settings import Settings

LOGS = "_logs"


def check(settings: Settings) -> None:
    """Refuse settings of a partner that has no source for them. Raises SettingsError."""
    found = [each.name for each in pkgutil.iter_modules(poll_partners.sources.__path__)]
    names = [name for name in found if not name.startswith(("_", "any_"))]
    tables = [name.removesuffix(LOGS) for name in names if name.endswith(LOGS)]
    vendors = [name.removesuffix("_devices") for name in names if not name.endswith(LOGS)]
    for slug, its in settings.polling.items():
        if its.workspace and slug not in tables:
            raise SettingsError(f"POLL_WORKSPACE_{slug.upper()}: expected one of {', '.join(tables)}")
        is_asked = any(name == slug or name.startswith(f"{slug}_") for name in vendors)
        if not is_asked and (its.secret or not its.is_on):
            slugs = {name for name in vendors if not any(name.startswith(f"{each}_") for each in vendors)}
            expected = ", ".join(sorted(slugs))
            raise SettingsError(f"POLL_…_{slug.upper()}: {slug} is not polled; expected one of {expected}")
