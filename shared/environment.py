"""Typed readers of settings: the value, its default where none is set, else SettingsError in one line.
Pure."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from shared.errors import SettingsError

E = TypeVar("E", bound=StrEnum)


def choice(environment: Mapping[str, str], name: str, default: E) -> E:
    """One of the words of `default`'s kind."""
    text = environment.get(name, "").strip().lower()
    if not text:
        return default
    try:
        return type(default)(text)
    except ValueError:
        *some, last = type(default)
        expected = f"{', '.join(some)} or {last}"
        raise SettingsError(f"{name} is {text!r}: expected {expected}") from None


def integer(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    text = environment.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise SettingsError(f"{name} is {text!r}: expected a whole number from {least} to {most}")
    return int(text)


def boolean(environment: Mapping[str, str], name: str) -> bool:
    """On or off; off where nothing is set."""
    text = environment.get(name, "").strip().lower()
    if text not in {"", "true", "false", "1", "0"}:
        raise SettingsError(f"{name} is {text!r}: expected true or false")
    return text in {"true", "1"}


def url(environment: Mapping[str, str], name: str, default: str) -> str:
    """An address without a slash at its end; plain http for this machine only."""
    text = environment.get(name, "").strip().rstrip("/") or default
    if text and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        raise SettingsError(f"{name} is {text!r}: expected an address such as https://host")
    if text.startswith("http://") and not re.match(r"http://(127\.0\.0\.1|localhost)([:/]|$)", text):
        raise SettingsError(f"{name} is {text!r}: plain http is for loopback only")
    return text
