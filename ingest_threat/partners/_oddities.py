"""What the readers of `_fields` come upon in one item and cannot read: it is kept beside the item's records.

So an odd field costs that field alone, and an adapter needs to know nothing of it. Nothing is collected
outside of `collected`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class Oddities:
    """Of one item, each once, in the order in which they were read."""

    fields: dict[str, None] = field(default_factory=dict)
    """Names of fields that hold a list or an object where a text is due, or the reverse."""
    times: dict[str, None] = field(default_factory=dict)
    """What is written where a time is due, and is none."""


_CURRENT: ContextVar[Oddities | None] = ContextVar("oddities", default=None)


@contextmanager
def collected() -> Iterator[Oddities]:
    """The oddities that the readers come upon within."""
    found = Oddities()
    token = _CURRENT.set(found)
    try:
        yield found
    finally:
        _CURRENT.reset(token)


def note_field(name: str) -> None:
    """Note that what stands under `name` cannot be read."""
    found = _CURRENT.get()
    if found is not None:
        found.fields[name] = None


def note_time(written: str) -> None:
    """Note a time that cannot be read, as it is written."""
    found = _CURRENT.get()
    if found is not None:
        found.times[written] = None
