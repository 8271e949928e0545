"""Typed readers of a partner's fields: each returns a value, or None where there is none that can be read.

Partners, and the tools between, write one thing in many ways: numbers as text and text as numbers, "null" and
"No data" for nothing, a list of one as what is in it. Most readers take several names and return the value of
the first that has one. A list where a text is due, or a time nobody can read, is absent, and is noted
(`_oddities`); only what an item makes no sense without raises FieldError. No error quotes a value.
"""

import hashlib
import json
import math
import re
from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from functools import lru_cache

from pydantic import JsonValue

from ingest_threat.body import JsonObject, as_json
from ingest_threat.partners._no_verdict import is_no_verdict
from ingest_threat.partners._oddities import note_field, note_time
from ingest_threat.partners._times import is_nothing, read_time
from ingest_threat.redaction import redacted
from ingest_threat.shapes import holds_secret, is_personal
from shared.domain.nobody import is_placeholder, names_nobody
from shared.domain.record import MAX_ID, MAX_TEXT, Platform

_NOTHING = frozenset({"", "null", "no data"})
_NO_TEXT = _NOTHING | {"unknown"}
_ZERO_UUID = re.compile(r"[{(]?0{8}(?:-?0{4}){3}-?0{12}[)}]?")
_WRAPPED_UUID = re.compile(
    r"(?:urn:uuid:|[{(])([0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})[)}]?", re.IGNORECASE
)
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_URL = re.compile(r"https?://[^\s/@]+(?:[/?#]\S*)?", re.IGNORECASE)
_GRADE = re.compile(
    r"severity|risk|posture|(?:threat_?|^)level$"
    r"|(?:health|security|activation|protection|app|agent)_?status|managed_?state",
    re.IGNORECASE,
)
"""In the names of fields that grade a threat or a device, or say how an agent stands."""
_MAX_WORD = 50
"""Characters of a text that may be a word of a vendor's: those are few, and come again in every message."""
_WORDS_REMEMBERED = 4000
ODD_GRADE = "not a text"
"""The word such a field is read as that holds none: no table knows it, so it is high, and logged, and says of
no agent that it is at work."""
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
    """A text; numbers and booleans as JSON writes them; "unknown" is none, and so is an odd one: a list or an
    object, which is noted."""
    return _first(of, names, _NO_TEXT)


def written(of: JsonObject, *names: str) -> str | None:
    """An enumeration's value as it stands; "unknown" is a word like any other. An odd one is none, and noted;
    where it is to grade something it is ODD_GRADE."""
    value = _first(of, names, _NOTHING)
    odd_grades = (name for name in names if isinstance(of.get(name), list | dict) and _GRADE.search(name))
    return value or (ODD_GRADE if any(odd_grades) else None)


def required_identifier(of: JsonObject, *names: str) -> str:
    """An `identifier` that the item makes no sense without: FieldError where there is none."""
    value = identifier(of, *names)
    if value is None:
        raise FieldError(f"no {names[0]}")
    return value


def identifier(of: JsonObject, *names: str) -> str | None:
    """An id of anything, as `kept_id` keeps it: one under a later name goes before one that holds an IMEI or
    an e-mail address. The zero UUID, however written, is none."""
    return _kept(_ids(of, names))


def kept_id(written: str) -> str:
    """An id as records have it: of a long one, and of one that holds something personal or a secret, the
    SHA-256, so that the reports of one thing still meet and nobody reads what is in it."""
    value = written.strip()
    return _hashed(value) if len(value) > MAX_ID or holds_secret(value) else value


def device_id(of: JsonObject, *names: str) -> str | None:
    """The vendor's id of a device: an `identifier`, and no placeholder."""
    return _kept([each for each in _ids(of, names) if not is_placeholder(each)])


def linking_id(of: JsonObject, *names: str) -> str | None:
    """An id by which Intune's device is found, of the MDM or of the hardware: an `identifier`, and nothing
    that names nobody. What holds an IMEI or an e-mail address is none: no device is found by a hash."""
    given = (_bare(each) for each in _ids(of, names))
    ids = (each for each in given if not _is_personal(each) and not names_nobody(each))
    return next(map(kept_id, ids), None)


def _ids(of: JsonObject, names: Iterable[str]) -> list[str]:
    found = (text(of, name) for name in names)
    return [each for each in found if each and not _ZERO_UUID.fullmatch(each)]


def _bare(id_: str) -> str:
    """A UUID without the braces or the `urn:uuid:` that some tools write around it; any other id as it is."""
    found = _WRAPPED_UUID.fullmatch(id_)
    return found[1] if found else id_


def _kept(ids: list[str]) -> str | None:
    best = next((each for each in ids if not _is_personal(each)), ids[0] if ids else None)
    return kept_id(best) if best else None


def _is_personal(value: str) -> bool:
    return len(value) <= MAX_TEXT and is_personal(value)


def joined(*parts: str | None) -> str:
    """An id made of `parts`, with `:` between them; a long one becomes its SHA-256, so that clipping cannot
    make two alike.

    So does a part that holds what is not kept, such as a URL with a token or an e-mail address in it: a
    resolution still finds its detection, and nobody reads the address.
    """
    filled = [part or "" for part in parts]
    whole = ":".join(map(_part, filled))
    return whole if len(whole) <= MAX_TEXT else _hashed(whole)


def _part(part: str) -> str:
    return _hashed(part) if len(part) > MAX_ID or holds_secret(part) else part


def word(of: JsonObject, *names: str) -> str | None:
    """An enumeration's value in capitals, with one `_` for whatever stands between its words; the SHA-256 of
    one of more than MAX_TEXT characters, which no table knows."""
    value = written(of, *names)
    if value is None:
        return None
    return plain_word(value) if len(value) <= MAX_TEXT else _hashed(value).upper()


def plain_word(value: str) -> str:
    """`value` as `word` returns it; one that holds a secret is none that a table knows, and becomes its
    SHA-256."""
    return _remembered_word(value) if len(value) <= _MAX_WORD else _made_plain(value)


@lru_cache(_WORDS_REMEMBERED)
def _remembered_word(value: str) -> str:
    return _made_plain(value)


def _made_plain(value: str) -> str:
    if holds_secret(value):
        return _hashed(value).upper()
    return re.sub(r"[\W_]+", "_", value).strip("_").upper() or value


def moment(of: JsonObject, *names: str) -> datetime | None:
    """A time, aware, in UTC, from 2000 to 2099. Zero and what says "never" are none; without a zone it is
    UTC. What cannot be read is none either, and noted."""
    for name in names:
        value = of.get(name)
        if not happened(of, name):
            continue
        found = read_time(value)
        if found is not None:
            return found
        note_time(json.dumps(redacted(value)) if isinstance(value, dict | list) else str(value))
    return None


def happened(of: JsonObject, name: str) -> bool:
    """Whether a time is written under `name`, be it readable or not: null, zero and `Never` are none."""
    value = of.get(name)
    if isinstance(value, str):
        return not (is_nothing(value) or _is_no_time(value.strip()))
    return value is not None and not is_nothing(value)


def is_unreadable_time(of: JsonObject, name: str) -> bool:
    """Whether a time is written under `name` that nobody can read: of any day, or none at all."""
    return happened(of, name) and read_time(of.get(name)) is None


def _is_no_time(value: str) -> bool:
    return len(value) <= MAX_TEXT and (value.lower() in _NO_TEXT or is_no_verdict(plain_word(value)))


def time_written(of: JsonObject, *names: str) -> str | None:
    """A time as it is written, an object too, as part of an id; None where there is none."""
    for name in names:
        value = of.get(name)
        written_so = json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else text(of, name)
        if written_so:
            return written_so
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
    """Whether a field says true, 1 or yes; a missing one does not."""
    return word(of, *names) in {"TRUE", "1", "YES"}


def code(of: JsonObject, name: str) -> str | None:
    """A word of a table, or the number that stands for one: 2, "2" and 2.0 are `2`."""
    value = number(of, name)
    return word(of, name) if value is None else f"{value:g}"


def decided(of: JsonObject, name: str) -> bool | None:
    """Whether a field on which an all-clear depends says yes or no; None where there is none. FieldError for
    anything else: it is not for us to guess."""
    value, said = number(of, name), word(of, name)
    if value in {0, 1}:
        return value == 1
    if said in {"TRUE", "YES"}:
        return True
    if said in {"FALSE", "NO"} or (said is None and not isinstance(of.get(name), dict | list)):
        return None if said is None else False
    raise FieldError(f"{name} is neither yes nor no")


def inner(of: JsonObject, name: str) -> JsonObject:
    """The object under `name`, or the one of a list of one; an empty one where there is none; the same for
    anything else, which is noted."""
    value = only(of.get(name))
    if isinstance(value, dict):
        return value
    if value is not None and value != "" and value != []:
        note_field(name)
    return {}


def only(value: JsonValue) -> JsonValue:
    """What is in a list of one, as tools write an object; any other value as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def inner_list(of: JsonObject, name: str, *, at_most: int) -> list[JsonValue]:
    """The list under `name`; of one entry where there is an object, as tools write such a list; the same
    where the JSON of it is a text; an empty one where there is none, and for anything else, which is noted;
    FieldError for one of more than `at_most` entries."""
    value = as_json(of.get(name))
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        if value is not None and value != "":
            note_field(name)
        return []
    if len(value) > at_most:
        raise FieldError(f"{name} has more than {at_most} entries")
    return value


def url(of: JsonObject, *names: str) -> str | None:
    """An absolute http(s) address without credentials; None for another text."""
    value = text(of, *names)
    return value if value and len(value) <= MAX_TEXT and _URL.fullmatch(value) else None


def platform(value: str | None) -> Platform | None:
    """The platform of an operating system's name, by its first MAX_TEXT characters, `other` for an unknown
    one; None only without a name."""
    if value is None:
        return None
    found = re.findall(r"[a-z]+", value[:MAX_TEXT].lower())
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
    note_field(name)
    return ""


def _hashed(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
