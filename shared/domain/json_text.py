"""JSON that stands in a text, read within Python's limits and the store's. Pure.

What RFC 8259 leaves open: lone surrogates become U+FFFD, and a number that neither 64 bits nor a double hold
becomes the text it is written in, so that one odd number spoils nothing else.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import JsonValue

MAX_DEPTH = 64
"""Objects and lists inside each other."""
MAX_DIGITS = 20
"""Digits, sign included, of a whole number that is read as one: all of 64 bits."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class NotJson(ValueError):
    """Not one JSON value."""


class TooDeep(ValueError):
    """Nested deeper than MAX_DEPTH."""


@dataclass(frozen=True)
class Read:
    """The value in a text, and what strictness forbids in it."""

    value: JsonValue
    """Null stands for NaN and Infinity; of a key that stands twice in one object, the last counts."""
    not_a_number: bool = False
    key_twice: str | None = None
    """A key that stands twice in one object."""


def read_json(text: str) -> Read:
    """The one JSON value in `text`. Raises NotJson or TooDeep."""
    constants: list[str] = []
    doubled: list[str] = []

    def keyed(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        content = dict(pairs)
        if len(content) != len(pairs):
            counts = Counter(key for key, _ in pairs)
            doubled.append(next(key for key, count in counts.items() if count > 1))
        return content

    decoder = json.JSONDecoder(
        parse_int=_integer, parse_float=_fraction, parse_constant=constants.append, object_pairs_hook=keyed
    )
    try:
        value: JsonValue = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise _too_deep() from None
    return Read(
        clean(value) if _may_be_unclean(text) else value, bool(constants), doubled[0] if doubled else None
    )


def _may_be_unclean(text: str) -> bool:
    """Whether the value of `text` may hold a lone surrogate, as escapes can, or be too deep."""
    deep = text.count("[") + text.count("{") > MAX_DEPTH
    return deep or "\\u" in text or (not text.isascii() and _SURROGATE.search(text) is not None)


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits


def _fraction(digits: str) -> float | str:
    value = float(digits)
    return digits if math.isinf(value) else value


def clean(value: JsonValue) -> JsonValue:
    """`value` without lone surrogates, which no store and no log can encode. Raises TooDeep."""
    return _clean(value, 1)


def _clean(value: JsonValue, depth: int) -> JsonValue:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if not isinstance(value, dict | list):
        return value
    if depth > MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, list):
        return [_clean(each, depth + 1) for each in value]
    return apart((_SURROGATE.sub("\ufffd", key), _clean(each, depth + 1)) for key, each in value.items())


def apart(pairs: Iterable[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    """An object of `pairs` whose keys may have become alike: the second of one name is `name (2)`, and so
    on, so that none takes another's place."""
    pairs = list(pairs)
    content = dict(pairs)
    if len(content) == len(pairs):
        return content
    content.clear()
    last: dict[str, int] = {}
    for name, value in pairs:
        key = name
        while key in content:
            last[name] = last.get(name, 1) + 1
            key = f"{name} ({last[name]})"
        content[key] = value
    return content


def _too_deep() -> TooDeep:
    return TooDeep(f"nested deeper than {MAX_DEPTH}")
