"""The file of local rules, read from beside the app."""

import pathlib
from typing import TYPE_CHECKING

from shared.errors import SettingsError
from shared.resolve import resolve

if TYPE_CHECKING:
    from shared.domain.local_rules import LocalRules

_PARSE, _NONE = "shared.domain.local_rules:parse", "shared.domain.local_rules:LocalRules"
APP = pathlib.Path(__file__).resolve().parent.parent


def load(name: str) -> "LocalRules":
    """The rules in the file `name`, from the app's own folder where it is not absolute; none where it is not
    there.

    SettingsError where it cannot be read or makes no sense.
    """
    content = _content(name)
    rules: LocalRules = resolve(_NONE)() if content is None else resolve(_PARSE)(content, name)
    return rules


def check(name: str) -> None:
    """SettingsError where the rules in the file `name` cannot be read or make no sense; without a file, what
    reads rules is not loaded."""
    if _content(name) is not None:
        load(name)


def _content(name: str) -> bytes | None:
    try:
        return (APP / name).read_bytes()
    except FileNotFoundError:
        if name != "rules.toml":
            raise SettingsError(f"RULES_FILE is {name!r}: there is no such file") from None
        return None
    except OSError as error:
        raise SettingsError(f"{name} cannot be read ({error.strerror})") from error
