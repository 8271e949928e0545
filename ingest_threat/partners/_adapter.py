"""What a partner's module is: an `ADAPTER`, which the package finds by its being there."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

from pydantic import JsonValue

from ingest_threat.body import JsonObject
from shared.domain.record import IgnoredRecord, Platform, Record, UnreadableRecord


@dataclass(frozen=True)
class Item:
    """One JSON object of a partner's message, and what its records keep of it."""

    partner: str
    index: int
    content: JsonObject
    raw: JsonValue
    """`content`, redacted: what a record keeps."""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The adapter's vocabularies, as set or by default, each word as `fields.word` returns it."""

    def ignored(self, reason: str) -> list[Record]:
        """The one record of an item that is the vendor's and reports nothing that counts: it is counted, and
        nothing of it is kept."""
        return [IgnoredRecord(partner=self.partner, index=self.index, reason=reason)]

    def unreadable(self, reason: str, raw: JsonValue) -> Record:
        """The record of a part of an item that cannot be read where other parts can; `raw` is redacted."""
        content = json.dumps(raw, sort_keys=True).encode()
        return UnreadableRecord.of(content, partner=self.partner, index=self.index, reason=reason, raw=raw)


class Common(TypedDict):
    """What every record of an item has, by the names of its fields."""

    partner: str
    index: int
    raw: JsonValue
    partner_device_id: str | None
    mdm_device_id: NotRequired[str | None]
    serial: NotRequired[str | None]
    udid: NotRequired[str | None]
    platform: Platform | None
    os_version: NotRequired[str | None]


class Reported(Common):
    """The same under the id of a report."""

    report_id: str


class Foreign(ValueError):
    """Raised by `read` for an item that is not in this partner's format at all."""

    def __init__(self) -> None:
        super().__init__("not this partner's format")


@dataclass(frozen=True)
class Adapter:
    """How one partner's messages are read. Pure: no clock, no I/O, not even the time of receipt."""

    read: Callable[[Item], Sequence[Record]]
    """Returns the records of one item. Raises Foreign for an item of another format, FieldError where a field
    is missing or makes no sense."""
    envelopes: tuple[str, ...] = ()
    """Keys, beside `events`, under which an object holds the list of items."""
    redact: frozenset[str] = frozenset()
    """Keys, at any depth, that hold personal or secret values, beyond those `redaction` knows by itself."""
    needed: frozenset[str] = frozenset()
    """Keys that look personal and that its records cannot do without, when what is kept is read again."""
    severity_words: frozenset[str] = frozenset()
    """The words for severity, of a threat or a device, that the tables know, as `fields.word` returns them:
    any other is logged. Empty: none is."""
    complete: Callable[[Sequence[Record]], list[Record]] = list
    """Returns a message's records with what one item of it gives for the record of another."""
    device_id: Callable[[str], str] = str
    """Returns the partner's device id as its records have it, however the vendor or a person writes it."""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Vocabularies the evidence leaves open, with safe defaults: `WORDS_<SLUG>_<NAME>` replaces one."""
    says_clean: bool = True
    """Whether what the vendor pushes, or the shipped relay reads, ever says of a healthy device that it is.
    Else a device without threats is never reported on."""
    lists_clean: tuple[str, ...] = ()
    """Where it does not and the vendor's list of devices does: the fields of PollSettings with which that is
    polled. None: no list says so."""
    never_resolves: Mapping[str, str] = field(default_factory=dict)
    """Kinds of threats that nothing the vendor sends resolves by name: the vendor's word for the kind, and
    what ends such a threat then."""
