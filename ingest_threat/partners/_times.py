"""The spellings of a time that partners and the tools between them write. Pure.

Epoch numbers in seconds, milli-, micro- and nanoseconds, as numbers or as text; ISO 8601, extended and basic;
RFC 2822 and what languages print by default (Go, Java, C); month first; and the objects of BSON, protobuf,
Java and .NET. Without a zone it is UTC; a zone by a name that is not UTC's is none of these, and neither is a
date alone.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

from pydantic import JsonValue

from shared.domain.late import late

_FIRST, _END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""From the first on, an epoch number is in parts of the second: in anything coarser it would be past 4000."""
_DIGITS = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_CLOCK = (
    r"(?P<h>[0-9]{1,2}):(?P<mi>[0-9]{2})(?::(?P<s>[0-9]{2})(?:[.,](?P<f>[0-9]{1,12}))?)?"
    r"(?: ?(?P<half>[AP])M)?"
)
_ZONE = (
    r"(?: ?(?:Z|UTC|GMT|UT)|(?: ?(?:UTC|GMT))?(?P<zone> ?[+-][0-9]{2}(?::?[0-9]{2})?)(?: UTC| GMT)?)?"
    r"(?: m=\S{1,30}|\[[\w/+-]{1,40}\]| \([A-Z ]{1,40}\))?"
)
_WEEKDAY = r"(?:[A-Z]{3,9},? )?"
_MONTH = r"(?P<name>[A-Z]{3,9})\.?"
_FORMS = [
    late(form, re.IGNORECASE)
    for form in (
        rf"(?P<y>[0-9]{{4}})[-/.](?P<mo>[0-9]{{1,2}})[-/.](?P<d>[0-9]{{1,2}})[T ]{_CLOCK}{_ZONE}",
        r"(?P<y>[0-9]{4})(?P<mo>[0-9]{2})(?P<d>[0-9]{2})[T ]?(?P<h>[0-9]{2})(?P<mi>[0-9]{2})"
        rf"(?:(?P<s>[0-9]{{2}})(?:[.,](?P<f>[0-9]{{1,12}}))?)?{_ZONE}",
        rf"(?P<mo>[0-9]{{1,2}})[-/ ](?P<d>[0-9]{{1,2}})[-/ ](?P<y>[0-9]{{4}}),?[T ] *{_CLOCK}{_ZONE}",
        rf"{_WEEKDAY}(?P<d>[0-9]{{1,2}})[- ]{_MONTH}[- ](?P<y>[0-9]{{4}}),? {_CLOCK}{_ZONE}",
        rf"{_WEEKDAY}{_MONTH} +(?P<d>[0-9]{{1,2}}),? (?P<y>[0-9]{{4}}),?(?: at)? {_CLOCK}{_ZONE}",
        rf"{_WEEKDAY}{_MONTH} +(?P<d>[0-9]{{1,2}}) {_CLOCK}{_ZONE} (?P<y>[0-9]{{4}})",
    )
]
_ZERO = re.compile(
    r"(?:0001|1970)-01-01(?:[T ]00:00(?::00(?:\.0+)?)?)?(?:Z|[+-]00:00)?|0?1/0?1/0001,? (?:12|00):00:00( AM)?"
)
"""The zero times of .NET, Go and Unix, as texts."""
_DOT_NET = re.compile(r"/Date\((-?[0-9]{1,17})(?:[+-][0-9]{4})?\)/")
_SECONDS = ("seconds", "_seconds", "epochSecond")
_NANOSECONDS = ("nanos", "_nanoseconds", "nano")


def read_time(value: JsonValue) -> datetime | None:
    """A time from 2000 to 2099, aware, in UTC; None for what is none."""
    if isinstance(value, dict):
        return _from_object(value)
    if isinstance(value, list):
        return _from_list(value)
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _from_epoch(value)
    text = value.strip()
    found = _from_epoch(float(text)) if _DIGITS.fullmatch(text) else None
    return found or _from_text(text)


def _from_epoch(number: float) -> datetime | None:
    per_second = next((unit for least, unit in _UNITS if abs(number) >= least), 1.0)
    try:
        return _within(_EPOCH + timedelta(seconds=number / per_second))
    except (OverflowError, ValueError):
        return None


def _from_text(text: str) -> datetime | None:
    dot_net = _DOT_NET.fullmatch(text)
    if dot_net:
        return _from_epoch(float(dot_net[1]))
    for form in _FORMS:
        found = form.fullmatch(text)
        if found:
            return _from_parts(found.groupdict())
    return None


def _from_parts(parts: Mapping[str, str | None]) -> datetime | None:
    name, half, zone = parts.get("name"), parts.get("half"), (parts.get("zone") or "").strip()
    month = int(parts.get("mo") or 0)
    if name:
        month = _MONTHS.index(name[:3].lower()) + 1 if name[:3].lower() in _MONTHS else 0
    hour = int(parts["h"] or 0)
    if half:
        hour = hour % 12 + (12 if half in "Pp" else 0)
    sign = -1 if zone.startswith("-") else 1
    digits = zone.lstrip("+-").replace(":", "").ljust(4, "0")
    microseconds = int((parts.get("f") or "0")[:6].ljust(6, "0"))
    try:
        offset = timezone(sign * timedelta(hours=int(digits[:2]), minutes=int(digits[2:])))
        found = datetime(
            int(parts["y"] or 0), month, int(parts["d"] or 0), hour, int(parts["mi"] or 0), tzinfo=offset
        )
        # A leap second is the next minute's first.
        return _within(found + timedelta(seconds=_sixtieths(parts.get("s")), microseconds=microseconds))
    except (ValueError, OverflowError):
        return None


def _sixtieths(seconds: str | None) -> int:
    found = int(seconds or 0)
    if found > 60:
        raise ValueError("no minute has so many seconds")
    return found


def _from_object(value: Mapping[str, JsonValue]) -> datetime | None:
    """BSON's `$date` (and the `$numberLong` in it), and seconds with nanoseconds."""
    for name in ("$date", "$numberLong"):
        if value.keys() == {name}:
            return read_time(value[name])
    seconds = next((value[name] for name in _SECONDS if name in value), None)
    rest = next((value[name] for name in _NANOSECONDS if name in value), 0)
    try:
        return _from_epoch(float(str(seconds)) + float(str(rest)) / 1e9)
    except ValueError:
        return None


def _from_list(value: list[JsonValue]) -> datetime | None:
    """What Jackson writes of Java's LocalDateTime: year, month, day, hour, minute, second, nanosecond."""
    if not 5 <= len(value) <= 7 or not all(type(each) is int for each in value):
        return None
    *parts, nanoseconds = map(int, map(str, [*value, *[0] * (7 - len(value))]))
    try:
        year, month, day, hour, minute, second = parts
        return _within(datetime(year, month, day, hour, minute, second, nanoseconds // 1000, tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def _within(found: datetime) -> datetime | None:
    found = found.astimezone(UTC)
    return found if _FIRST <= found < _END else None


def is_nothing(value: JsonValue) -> bool:
    """Whether `value` is a time's zero, which stands for none."""
    if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        return float(value) == 0
    if isinstance(value, str):
        return _ZERO.fullmatch(value.strip()) is not None
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and (math.isnan(value) or value == 0)
    )
