"""Typed readers of settings: the value, None where none is set, else SettingsError in one line. Pure.

Defaults stand where the settings are declared.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeVar

from shared.errors import SettingsError

E = TypeVar("E", bound=StrEnum)
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""An id of Entra's."""


def choice(environment: Mapping[str, str], name: str, kind: type[E]) -> E | None:
    """One of the words of `kind`."""
    given = text(environment, name)
    if given is None:
        return None
    try:
        return kind(given.lower())
    except ValueError:
        *some, last = kind
        expected = f"{', '.join(some)} or {last}"
        raise SettingsError(f"{name} is {given.lower()!r}: expected {expected}") from None


def integer(environment: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    """A whole number from `least` to `most`."""
    given = text(environment, name)
    if given is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", given) or not least <= int(given) <= most:
        raise SettingsError(f"{name} is {given!r}: expected a whole number from {least} to {most}")
    return int(given)


def boolean(environment: Mapping[str, str], name: str) -> bool | None:
    """On or off."""
    given = text(environment, name)
    if given is None:
        return None
    if given.lower() not in {"true", "false", "1", "0"}:
        raise SettingsError(f"{name} is {given.lower()!r}: expected true or false")
    return given.lower() in {"true", "1"}


def url(environment: Mapping[str, str], name: str) -> str | None:
    """An address without a slash at its end; plain http for this machine only."""
    given = text(environment, name)
    if given is None:
        return None
    address = given.rstrip("/")
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", address):
        raise SettingsError(f"{name} is {address!r}: expected an address such as https://host")
    if address.startswith("http://") and not re.match(r"http://(127\.0\.0\.1|localhost)([:/]|$)", address):
        raise SettingsError(f"{name} is {address!r}: plain http is for loopback only")
    return address


def moment(environment: Mapping[str, str], name: str) -> datetime | None:
    """A time; in UTC where it names no zone. A date is its first moment."""
    given = text(environment, name)
    if given is None:
        return None
    try:
        at = datetime.fromisoformat(given)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise SettingsError(f"{name} is {given!r}: expected a time such as 2026-01-31T00:00:00Z") from None


def day(environment: Mapping[str, str], name: str) -> date | None:
    """A date."""
    given = text(environment, name)
    if given is None:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise SettingsError(f"{name} is {given!r}: expected a date such as 2026-01-31") from None


def words(given: str) -> tuple[str, ...]:
    """The words of a list, which spaces or commas part."""
    return tuple(filter(None, re.split(r"[\s,]+", given)))


def text(environment: Mapping[str, str], name: str) -> str | None:
    """A text without the space around it."""
    return environment.get(name, "").strip() or None
