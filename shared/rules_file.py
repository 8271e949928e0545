"""The file of local rules, read from beside the app."""

import pathlib

from shared.domain.local_rules import LocalRules, parse
from shared.errors import SettingsError

APP = pathlib.Path(__file__).resolve().parent.parent


def load(name: str) -> LocalRules:
    """The rules in the file `name`, from the app's own folder where it is not absolute; none where it is not
    there.

    SettingsError where it cannot be read or makes no sense.
    """
    path = APP / name
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if name != "rules.toml":
            raise SettingsError(f"RULES_FILE is {name!r}: there is no such file") from None
        return LocalRules()
    except OSError as error:
        raise SettingsError(f"{name} cannot be read ({error.strerror})") from error
    return parse(content, name)
