"""When a vendor is asked again that does not want to be asked now. Pure: nothing is slept."""

from datetime import datetime, timedelta

from shared.dates import date_of
from shared.errors import SourceUnavailable

MAX_WAIT = timedelta(hours=6)
"""Whatever a vendor asks for, it is asked again after that."""
FIRST_WAIT = timedelta(seconds=30)
MAX_BACK_OFF = timedelta(hours=1)
REFUSED_WAIT = timedelta(minutes=10)
"""After a credential was refused: a vendor locks out, or mails its administrators, who tries too often."""

_LATER = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 508, 509, 520, 521, 522, 523, 524})


def asked_later(
    status: int, seconds: str | None, milliseconds: str | None, now: datetime
) -> SourceUnavailable | None:
    """What an answer comes to that says, by its status, that the vendor is to be asked later; else None."""
    if status not in _LATER:
        return None
    wait = retry_after(seconds, milliseconds, now)
    why = "it wants to be asked later" if status == 429 else "it cannot answer now"
    return SourceUnavailable(f"{why} ({status})", retry_after=None if wait is None else wait.total_seconds())


def retry_after(seconds: str | None, milliseconds: str | None, now: datetime) -> timedelta | None:
    """What a vendor's headers ask for: seconds or a date (RFC 9110), or, in one of its own, milliseconds.

    None where neither can be read.
    """
    digits = (milliseconds or "").strip()
    if digits.isascii() and digits.isdigit():
        return _bounded(timedelta(milliseconds=int(digits[:12])))
    text = (seconds or "").strip()
    if text.isascii() and text.isdigit():
        return _bounded(timedelta(seconds=int(text[:9])))
    at = date_of(text)
    return None if at is None else _bounded(at - now)


def back_off(failures: int, jitter: float, *, refused: bool) -> timedelta:
    """How long is waited after so many runs in a row failed without a word of the vendor's on it: twice as
    long each time, and up to a quarter less by `jitter` (0 to 1), so that instances part."""
    first = REFUSED_WAIT if refused else FIRST_WAIT
    wait = min(first * (1 << min(max(failures - 1, 0), 12)), MAX_BACK_OFF)
    return wait * (1 - jitter / 4)


def _bounded(wait: timedelta) -> timedelta:
    return min(max(wait, timedelta(0)), MAX_WAIT)
