"""Typed readers of a partner's fields: each returns a value, None where there is none, or raises FieldError.

Partners write one thing in many ways: numbers as text and text as numbers, "null" and "No data" for nothing,
times in seconds, milliseconds, four ISO dialects and the American order. Most readers take several names and
return the value of the first that has one. No error quotes a value.
"""

import hashlib
import math
import re
from collections.abc import Container, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from ingest_threat.body import JsonObject
from shared.domain.record import ID_LIMIT, TEXT_LIMIT, Platform

_NOTHING = frozenset({"", "null", "no data"})
_NO_TEXT = _NOTHING | {"unknown"}
_NO_IDENTIFIER = re.compile(r"\d{15}|[{(]?0{8}(?:-?0{4}){3}-?0{12}[)}]?")
_PERSONAL = re.compile(r"(?<!\d)\d{15}(?!\d)|[\w.+-]@[\w-]{1,63}\.[\w-]")
"""An IMEI, and an e-mail address: never part of an id as it stands."""
_YEARS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MIN_MILLISECONDS = 1e11
"""An epoch number from here on is in milliseconds: as seconds it would be the year 5138."""
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:[.,]([0-9]{1,12}))?"
    r" ?([Zz]|UTC|[+-][0-9]{2}:?[0-9]{2})?"
)
_AMERICAN = re.compile(
    r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}),?[ T]+([0-9]{1,2})(:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,12})?)?)"
    r"(?: ([AaPp])[Mm])?"
)
"""Month, day, year: Check Point writes it, and the portal of Log Analytics exports it. Never with a zone."""
_URL = re.compile(r"https?://[^\s/@]+(?:[/?#]\S*)?", re.IGNORECASE)
_PLATFORMS: Mapping[str, Platform] = {
    "ios": Platform.IOS,
    "ipados": Platform.IOS,
    "iphone": Platform.IOS,
    "ipad": Platform.IOS,
    "android": Platform.ANDROID,
}


class FieldError(ValueError):
    """A field is missing or makes no sense. The message names it and never quotes its value."""


def text(of: JsonObject, *names: str) -> str | None:
    """A text; numbers and booleans as JSON writes them; "unknown" is none. FieldError for a list or an
    object."""
    return _first(of, names, _NO_TEXT)


def written(of: JsonObject, *names: str) -> str | None:
    """An enumeration's value as it stands; "unknown" is a word like any other. FieldError as `text`."""
    return _first(of, names, _NOTHING)


def required_identifier(of: JsonObject, *names: str) -> str:
    """An `identifier` that the item makes no sense without: FieldError where there is none."""
    value = identifier(of, *names)
    if value is None:
        raise FieldError(f"no {names[0]}")
    return value


def identifier(of: JsonObject, *names: str) -> str | None:
    """An id; a long one becomes its SHA-256. The zero UUID, however written, is none; nor are an IMEI, 15
    digits, and what holds an e-mail address, which are not kept. FieldError as `text`."""
    for name in names:
        value = text(of, name)
        if value and not _NO_IDENTIFIER.fullmatch(value) and not _PERSONAL.search(value):
            return _short(value)
    return None


def joined(*parts: str | None) -> str:
    """An id made of `parts`, with `:` between them; a long one becomes its SHA-256, so that clipping cannot
    make two alike.

    So does a part that holds what is not kept, such as a URL with an e-mail address in it: a resolution
    still finds its detection, and nobody reads the address.
    """
    filled = [part or "" for part in parts]
    whole = ":".join(_hashed(part) if _PERSONAL.search(part) else _short(part) for part in filled)
    return whole if len(whole) <= TEXT_LIMIT else _hashed(whole)


def word(of: JsonObject, *names: str) -> str | None:
    """An enumeration's value in capitals, with one `_` for whatever stands between its words. FieldError as
    `text`."""
    value = written(of, *names)
    return None if value is None else plain_word(value)


def plain_word(value: str) -> str:
    """`value` as `word` returns it."""
    return re.sub(r"[\W_]+", "_", value).strip("_").upper() or value


def moment(of: JsonObject, *names: str) -> datetime | None:
    """A time, aware, in UTC. Zero is none; without a zone it is UTC. FieldError for what is no time, or none
    from 2000 to 2099."""
    for name in names:
        value = of.get(name)
        if value is None or (isinstance(value, str) and value.strip().lower() in _NO_TEXT):
            continue
        found = _moment(name, value)
        if found is not None:
            return found
    return None


def number(of: JsonObject, *names: str) -> float | None:
    """A finite number, or one written as text; None for whatever else stands there. Raises nothing."""
    for name in names:
        value = of.get(name)
        if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
            return float(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    return None


def boolean(of: JsonObject, *names: str) -> bool:
    """Whether a field says true, 1 or yes; a missing one does not. FieldError as `text`."""
    return word(of, *names) in {"TRUE", "1", "YES"}


def inner(of: JsonObject, name: str) -> JsonObject:
    """The object under `name`, an empty one where there is none; FieldError for anything else."""
    value = of.get(name)
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise FieldError(f"{name} is not an object")
    return value


def inner_list(of: JsonObject, name: str, *, at_most: int) -> list[JsonValue]:
    """The list under `name`, an empty one where there is none; FieldError for anything else, and for one of
    more than `at_most` entries."""
    value = of.get(name)
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise FieldError(f"{name} is not a list")
    if len(value) > at_most:
        raise FieldError(f"{name} has more than {at_most} entries")
    return value


def url(of: JsonObject, *names: str) -> str | None:
    """An absolute http(s) address without credentials; None for another text. FieldError as `text`."""
    value = text(of, *names)
    return value if value and len(value) <= TEXT_LIMIT and _URL.fullmatch(value) else None


def platform(value: str | None) -> Platform | None:
    """The platform of an operating system's name, `other` for an unknown one; None only without a name."""
    if value is None:
        return None
    found = re.findall(r"[a-z]+", value.lower())
    return next((_PLATFORMS[each] for each in found if each in _PLATFORMS), Platform.OTHER)


def _first(of: JsonObject, names: Iterable[str], nothing: Container[str]) -> str | None:
    for name in names:
        value = _as_text(name, of.get(name)).strip()
        if value.lower() not in nothing:
            return value
    return None


def _as_text(name: str, value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise FieldError(f"{name} is not a text")


def _short(value: str) -> str:
    return value if len(value) <= ID_LIMIT else _hashed(value)


def _hashed(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _moment(name: str, value: JsonValue) -> datetime | None:
    seconds = number({name: value}, name)
    if seconds == 0:
        return None
    if seconds is not None:
        found = _from_epoch(seconds / 1000 if abs(seconds) >= _MIN_MILLISECONDS else seconds)
    elif isinstance(value, str):
        found = _from_iso(_in_iso_order(value.strip()))
    else:
        found = None
    if found is None or not _YEARS[0] <= found < _YEARS[1]:
        raise FieldError(f"{name} is not a time from 2000 to 2099")
    return found


def _from_epoch(seconds: float) -> datetime | None:
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _in_iso_order(value: str) -> str:
    """`9/30/2020, 1:41:19 PM` as `2020-09-30 13:41:19`; any other text as it is."""
    form = _AMERICAN.fullmatch(value)
    if form is None:
        return value
    month, day, year, hour, rest, half = form.groups()
    hours = int(hour) % 12 + (12 if half in "Pp" else 0) if half else int(hour)
    return f"{year}-{month:0>2}-{day:0>2} {hours:02}{rest}"


def _from_iso(value: str) -> datetime | None:
    form = _ISO.fullmatch(value)
    if form is None:
        return None
    date, clock, fraction, zone = form.groups()
    offset = "+00:00" if zone is None or zone in {"Z", "z", "UTC"} else zone
    try:
        return datetime.fromisoformat(f"{date}T{clock}.{(fraction or '0')[:6]:0<6}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
