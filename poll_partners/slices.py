"""A vendor's page as messages that the partner's door takes: as many as its limits ask for. Pure."""

import json
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

MAX_BYTES = 1_000_000
MAX_ITEMS = 1_000
"""A little within what the door takes of a message: 1 MiB, 1,000 items."""


def slices(envelope: str, rows: Sequence[JsonValue]) -> Iterator[bytes]:
    """Messages that hold every row, in order, as lists under `envelope`, or, where that is empty, texts as
    lines. A row that is too large by itself is a message of its own: the door says so."""
    kept: list[str] = []
    size = 0
    for row in map(_text if envelope else str, rows):
        length = len(row.encode())
        if kept and (size + length > MAX_BYTES or len(kept) == MAX_ITEMS):
            yield _message(envelope, kept)
            kept, size = [], 0
        kept.append(row)
        size += length + 1
    if kept:
        yield _message(envelope, kept)


def _message(envelope: str, rows: Sequence[str]) -> bytes:
    if not envelope:
        return "\n".join(rows).encode()
    return f'{{"{envelope}":[{",".join(rows)}]}}'.encode()


def _text(row: JsonValue) -> str:
    return json.dumps(row, separators=(",", ":"), ensure_ascii=False)
