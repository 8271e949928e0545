"""When a vendor is asked again that does not want to be asked now. Pure: nothing is slept."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(hours=6)
"""Whatever a vendor asks for, it is asked again after that."""
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WITHOUT_WORD = timedelta(hours=1)
REFUSED_WAIT = timedelta(minutes=10)
"""After a credential was refused: a vendor locks out, or mails its administrators, who tries too often."""


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
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return _bounded((at if at.tzinfo else at.replace(tzinfo=UTC)) - now)


def back_off(failures: int, jitter: float, *, refused: bool) -> timedelta:
    """How long is waited after so many runs in a row failed without a word of the vendor's on it: twice as
    long each time, and up to a quarter less by `jitter` (0 to 1), so that instances part."""
    first = REFUSED_WAIT if refused else FIRST_WAIT
    wait = min(first * (1 << min(max(failures - 1, 0), 12)), LONGEST_WITHOUT_WORD)
    return wait * (1 - jitter / 4)


def _bounded(wait: timedelta) -> timedelta:
    return min(max(wait, timedelta(0)), LONGEST)
