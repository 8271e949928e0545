"""One list of a device's apps out of two: Intune's, and what the partner that asks reported itself. Pure.

An app of Intune's keeps what Intune says of it; only what Intune does not say is filled from the partner's
own, and each value that was is named with its source. They are one app where the bundle ids are the same, or,
where Intune knows none, where each side has one app of that name.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pydantic import Field

from shared.domain.inventory import AppFacts, IntuneApp, SeenApp

INTUNE = "intune"


class InventoryApp(AppFacts):
    """An app as a partner gets it; null where neither Intune nor the partner itself says."""

    source: str
    """Whose record it is: `intune`, or `partner:` and the slug."""
    filled: dict[str, str] = Field(default_factory=dict)
    """Fields that another source gave, with that source."""


FIELDS = set(AppFacts.model_fields)


def merged(intunes: Sequence[IntuneApp], own: Iterable[SeenApp], partner: str) -> list[InventoryApp]:
    """Intune's apps in their order, then those that the partner alone knows."""
    reported = {app.app_id.casefold(): app for app in own}
    named = _named(intunes, reported)
    source, apps = f"partner:{partner}", []
    for app in intunes:
        key = app.app_id.casefold() if app.app_id else named.get(_key(app.name), "")
        apps.append(_filled(app, reported.pop(key, None), source))
    return [*apps, *(InventoryApp(**_values(app), source=source) for app in reported.values())]


def _named(intunes: Sequence[IntuneApp], reported: Mapping[str, SeenApp]) -> dict[str, str]:
    """By name, the partner's app that an app of Intune's without a bundle id is."""
    known = {app.app_id.casefold() for app in intunes if app.app_id}
    ours = Counter(_key(app.name) for app in intunes)
    theirs = Counter(_key(app.name) for app in reported.values())
    return {
        name: key
        for key, app in reported.items()
        if (name := _key(app.name)) and ours[name] == theirs[name] == 1 and key not in known
    }


def _filled(app: IntuneApp, reported: SeenApp | None, source: str) -> InventoryApp:
    values = _values(app)
    more = (
        {name: value for name, value in _values(reported).items() if values.get(name) is None}
        if reported
        else {}
    )
    return InventoryApp(**values | more, source=INTUNE, filled=dict.fromkeys(more, source))


def _values(app: IntuneApp | SeenApp) -> dict[str, str | int | None]:
    """What is said of an app."""
    return app.model_dump(include=FIELDS, exclude_none=True)


def _key(name: str | None) -> str:
    return (name or "").strip().casefold()
