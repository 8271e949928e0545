"""A date as mail, and so HTTP's headers, write it. Pure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def date_of(text: str) -> datetime | None:
    """The time, aware; None where it cannot be read, or is none that there is."""
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # `-0000`, or no zone at all, makes a naive one.
    return at if at.tzinfo else at.replace(tzinfo=UTC)
