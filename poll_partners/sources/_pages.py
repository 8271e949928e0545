"""What the pages of several vendors have in common."""

from pydantic import JsonValue

from shared.errors import SourceUnreadable


def page_of(content: JsonValue, name: str) -> tuple[dict[str, JsonValue], list[JsonValue]]:
    """An answer, and its rows under `name`. Raises SourceUnreadable where it has no such list: that is never
    an empty page."""
    rows = content.get(name) if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(rows, list):
        raise SourceUnreadable(f"an answer without a list of {name}")
    return content, rows


def number(value: JsonValue) -> int | None:
    """A whole number, also one written as text; None where it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None
