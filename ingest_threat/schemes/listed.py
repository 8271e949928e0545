"""Several values in one setting, so that secrets can be changed without a gap. Pure."""

from collections.abc import Callable

from shared.environment import words
from shared.errors import SettingsError


def listed(what: str, text: str, fault: Callable[[str], str | None]) -> tuple[str, ...]:
    """The values in `text`, separated by spaces or commas, each once; none in an empty text.

    `fault` says what is wrong with a value, without quoting it. SettingsError says which one it is.
    """
    values = words(text)
    for place, value in enumerate(values, 1):
        wrong = fault(value)
        if wrong:
            raise SettingsError(f"{what} {place} of {len(values)} {wrong}")
    return tuple(dict.fromkeys(values))
