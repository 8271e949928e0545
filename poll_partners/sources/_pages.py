"""What the pages of several vendors have in common."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from pydantic import JsonValue

from shared.domain.dormant import is_dormant
from shared.domain.json_text import MAX_DIGITS
from shared.domain.model import digest
from shared.errors import SourceUnreadable

NO_TIME = 32_503_680_000_000
"""The year 3000: a number from here on is no time in milliseconds."""


def page_of(content: JsonValue, name: str) -> tuple[dict[str, JsonValue], list[JsonValue]]:
    """An answer, and its rows under `name`. Raises SourceUnreadable where it has no such list: that is never
    an empty page."""
    rows = content.get(name) if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(rows, list):
        raise SourceUnreadable(f"an answer without a list of {name}")
    return content, rows


def print_of(rows: Sequence[JsonValue], before: int | None) -> int | None:
    """What stands for the rows of a page, a number; None of none. Raises SourceUnreadable where it stood for
    those of the page before, too: whatever the next position is called, it leads nowhere."""
    found = int(digest(rows)[:12], 16) if rows else None
    if found is not None and found == before:
        raise SourceUnreadable("it gives the same page again and again")
    return found


def number(value: JsonValue) -> int | None:
    """A whole number, also one written as text; None where it is none, or longer than any id or time."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or len(value) > MAX_DIGITS:
        return None
    return int(value) if value.isascii() and value.isdigit() else None


def day_of(value: JsonValue) -> str | None:
    """The day, as `2026-01-31`, of a time in ISO 8601 or in milliseconds since 1970; None where it is no
    time."""
    at = number(value)
    if at is not None:
        return datetime.fromtimestamp(at // 1000, UTC).date().isoformat() if 0 < at < NO_TIME else None
    moment = moment_of(value) if isinstance(value, str) else None
    return moment.date().isoformat() if moment else None


def is_dormant_by(seen_on: str | None, as_of: datetime) -> bool:
    """Whether an agent that was in contact on that day proves no scan any more: its return is news."""
    return is_dormant(date.fromisoformat(seen_on) if seen_on else None, as_of.date())


def moment_of(text: str) -> datetime | None:
    """A time in ISO 8601; None where it cannot be read, or lies beyond the calendar in UTC."""
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
