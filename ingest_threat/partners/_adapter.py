"""What a partner's module is: an `ADAPTER`, which the package finds by its being there."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from ingest_threat.body import JsonObject
from shared.domain.record import IgnoredRecord, Record, UnreadableRecord


@dataclass(frozen=True)
class Item:
    """One JSON object of a partner's message, and what its records say of where they come from."""

    partner: str
    index: int
    content: JsonObject
    raw: JsonValue
    """`content`, redacted: what a record keeps."""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The adapter's vocabularies as set, else by default, in the form `_fields.word` gives."""

    def ignored(self, reason: str) -> list[Record]:
        """The record of an item that is read and is no business of ours."""
        return [IgnoredRecord(partner=self.partner, index=self.index, raw=self.raw, reason=reason)]

    def unreadable(self, reason: str, raw: JsonValue) -> Record:
        """The record of a part of an item, redacted, that cannot be read where the others can."""
        content = json.dumps(raw, sort_keys=True).encode()
        return UnreadableRecord(
            partner=self.partner,
            index=self.index,
            reason=reason,
            raw=raw,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )


class Foreign(ValueError):
    """An item that is not in this partner's format at all."""

    def __init__(self) -> None:
        super().__init__("not this partner's format")


@dataclass(frozen=True)
class Adapter:
    """How one partner's messages are read. Pure: no clock, no I/O, not even the time of receipt."""

    read: Callable[[Item], Sequence[Record]]
    """The records of one item; Foreign where it is another's, FieldError where a field makes no sense."""
    envelopes: tuple[str, ...] = ()
    """Keys, beside `events`, under which an object holds the list of items."""
    redact: frozenset[str] = frozenset()
    """Keys, at any depth, that hold personal or secret values beyond those `redaction` knows by itself."""
    grades: frozenset[str] = frozenset()
    """The words of severity, of a threat or a device, that its tables know, as `word` gives them."""
    complete: Callable[[Sequence[Record]], list[Record]] = list
    """Fills in, once all items are read, what a message tells in one of them for another."""
    device_id: Callable[[str], str] = str
    """The partner's device id as its records have it, from however the vendor or a person writes it."""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Vocabularies the evidence leaves open, with safe defaults: `WORDS_<SLUG>_<NAME>` replaces one."""
