"""The partners' formats: bytes in, records out. Pure, and the only way into the adapters.

A partner is a module of this package that holds an `ADAPTER`; its name is the partner's slug. Modules whose
name begins with `_` are what adapters share.
"""

import pkgutil
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import import_module

from pydantic import JsonValue, ValidationError

from ingest_threat.body import BrokenItem, KeepAliveItem, ReadableItem, items
from ingest_threat.partners._adapter import Adapter, Foreign, Item
from ingest_threat.partners._carried import carried
from ingest_threat.partners._fields import FieldError, joined, kept_id, plain_word
from ingest_threat.partners._oddities import Oddities, collected
from ingest_threat.partners._taxonomy import UNKNOWN
from ingest_threat.partners._words import DEFAULT, PartnerWords, in_force
from ingest_threat.redaction import redacted
from ingest_threat.shapes import masked
from shared.domain.poll_settings import PollSettings
from shared.domain.record import (
    MAX_TEXT,
    AppInventoryRecord,
    Counted,
    DeviceIdentityRecord,
    DeviceStateRecord,
    IgnoredRecord,
    Record,
    ThreatRecord,
    UnreadableRecord,
)
from shared.errors import UnknownPartner, Unreadable, UnreadableReport

__all__ = [
    "DEFAULT",
    "PartnerWords",
    "check_known",
    "device_id",
    "known",
    "parse",
    "says_clean",
    "vocabulary",
]

FREE_TEXTS = (
    *("threat_name", "reason", "vendor_category", "severity_raw", "details_url", "name", "emm"),
    *("os_version", "version", "short_version", "unknown_type", "unknown_status", "unreadable_time"),
)
"""Texts of records that are masked: those of the partner's that are no key and no id."""
VERSIONS = frozenset({"os_version", "version", "short_version"})
"""Those of them in which four numbers are no network address."""


@cache
def known() -> frozenset[str]:
    """The slugs of all partners there is an adapter for."""
    return frozenset(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))


def check_known(partner: str) -> None:
    """Raise UnknownPartner where there is no adapter of that name."""
    if partner not in known():
        raise UnknownPartner("no partner of that name")


def device_id(partner: str, written: str) -> str:
    """The id by which the partner's records name a device that somebody writes as `written`.

    Raises UnknownPartner where there is no adapter of that name.
    """
    return _adapter_of(partner).device_id(kept_id(written))


def says_clean(partner: str, polled: PollSettings | None = None) -> bool:
    """Whether the partner ever reports that a healthy device is one, by what it pushes or, where it is
    polled by settings that are whole, by its list of devices.

    Raises UnknownPartner where there is no adapter of that name.
    """
    adapter = _adapter_of(partner)
    needed = adapter.lists_clean
    lists = polled is not None and bool(needed) and all(getattr(polled, name) for name in needed)
    return adapter.says_clean or lists


def vocabulary(key: str) -> tuple[str, str] | None:
    """The slug and the name of the vocabulary `<slug>_<name>`; None where no adapter declares it."""
    for slug in known():
        name = key.removeprefix(f"{slug}_")
        if name != key and name in _adapter_of(slug).words:
            return slug, name
    return None


def parse(
    partner: str, body: bytes, *, received_at: datetime, words: PartnerWords = DEFAULT, delivery: str = ""
) -> list[Record]:
    """The records in `body`, in the order of its items; `words` are vocabularies set instead of defaults.

    An item that cannot be read becomes an UnreadableRecord and harms no other. Raises only UnknownPartner,
    and UnreadableReport where the body as a whole is too large, malformed, or holds nothing of the
    partner's format. A record with a time is the same however often it is sent. One without is of its
    delivery: of the message's own id (`delivery`), which a repeat keeps, else of the minute of `received_at`
    (aware).
    """
    adapter = _adapter_of(partner)
    vocabularies = in_force(partner, adapter.words, words)
    found = items(body, envelopes=adapter.envelopes)
    records: list[Record] = []
    recognised = not found
    for item in found:
        if isinstance(item, KeepAliveItem):
            records.append(
                IgnoredRecord(partner=partner, index=item.index, reason="keeps a connection alive")
            )
            recognised = True
            continue
        if isinstance(item, BrokenItem):
            records.append(_unreadable(partner, adapter, item, item.reason, foreign=True))
            continue
        try:
            records += _read_carried(partner, adapter, item, vocabularies)
            recognised = True
        except Foreign as error:
            records.append(_unreadable(partner, adapter, item, str(error), foreign=True))
        except ValueError as error:
            records.append(_unreadable(partner, adapter, item, _reason(error)))
            recognised = True
    if not recognised:
        raise UnreadableReport(Unreadable.NOT_THIS_FORMAT, f"nothing in it is in the format of {partner}")
    mark = delivery or received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    return [_delivered(record, mark) for record in adapter.complete(records)]


def _delivered(record: Record, mark: str) -> Record:
    """A state without a time, reported again later, is another report: green, red, green are three."""
    if isinstance(record, UnreadableRecord) and record.threat is not None:
        return record.model_copy(update={"threat": _delivered(record.threat, mark)})
    if isinstance(record, IgnoredRecord | UnreadableRecord | AppInventoryRecord):
        return record
    if record.event_at is not None:
        return record
    return record.model_copy(update={"report_id": joined(record.report_id, mark)})


def redacted_body(partner: str, content: JsonValue) -> JsonValue:
    """`content` without what is secret or personal in the partner's messages."""
    adapter = _adapter_of(partner)
    return redacted(content, adapter.redact, adapter.needed)


def unknown_words(record: Counted) -> list[tuple[str, str]]:
    """What the partner's adapter cannot read: (`severity`, `type`, `status` or `time`, the word, masked), and
    (`field`, the names of fields that hold what cannot stand there)."""
    known_words = _adapter_of(record.partner).severity_words
    written = record.severity_raw if isinstance(record, ThreatRecord | DeviceStateRecord) else None
    found = []
    if known_words and written and _severity_word(written) not in known_words:
        found.append(("severity", masked(written)))
    if isinstance(record, ThreatRecord) and record.threat_type == UNKNOWN:
        word = record.unknown_type or record.threat_name or record.vendor_category
        found.append(("type", masked(word or "")))
    if record.unreadable_time:
        found.append(("time", masked(record.unreadable_time)))
    if isinstance(record, ThreatRecord | DeviceIdentityRecord) and record.unknown_status:
        found.append(("status", masked(record.unknown_status)))
    if record.odd_fields:
        found.append(("field", record.odd_fields))
    return found


def _severity_word(written: str) -> str:
    """`written` as the tables have it, in which a number stands without needless zeros: 2.0 is `2`."""
    return f"{float(written):g}" if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", written) else plain_word(written)


@cache
def _adapter_of(partner: str) -> Adapter:
    check_known(partner)
    adapter = getattr(import_module(f"{__name__}.{partner}"), "ADAPTER", None)
    if not isinstance(adapter, Adapter):
        raise UnknownPartner("a module of that name, but no adapter in it")
    return adapter


def _read_carried(
    partner: str, adapter: Adapter, item: ReadableItem, words: Mapping[str, tuple[str, ...]]
) -> Sequence[Record]:
    """The records of an item, or of what it carries where it is in no format of the partner's itself."""
    try:
        return _records(partner, adapter, item, words)
    except Foreign:
        inner = carried(item.content)
        if inner is None:
            raise
        return _records(partner, adapter, ReadableItem(item.index, inner), words)


def _records(
    partner: str, adapter: Adapter, item: ReadableItem, words: Mapping[str, tuple[str, ...]]
) -> Sequence[Record]:
    records = _masked_records(partner, adapter, item, words)
    homeless = [each for each in records if _lacks_device(each)]
    if not homeless:
        return records
    named = [each for each in records if not _lacks_device(each)]
    unreadable = _unreadable(partner, adapter, item, "no device")
    threats = [each for each in homeless if isinstance(each, ThreatRecord)]
    waiting = [unreadable.model_copy(update={"threat": each, "raw": each.raw}) for each in threats]
    return [*named, *(waiting or [unreadable])]


def _masked_records(
    partner: str, adapter: Adapter, item: ReadableItem, words: Mapping[str, tuple[str, ...]]
) -> list[Record]:
    """The adapter's records of an item, and beside them what of it cannot be read."""
    raw = redacted(item.content, adapter.redact, adapter.needed)
    with collected() as odd:
        records = adapter.read(Item(partner, item.index, item.content, raw, words))
    if odd.fields and all(isinstance(each, IgnoredRecord) for each in records):
        # It may be ignored for the very want of what nobody can read.
        raise FieldError(f"{', '.join(odd.fields)} cannot be read")
    return [_masked(_with_oddities(each, odd)) for each in records]


def _with_oddities(record: Record, odd: Oddities) -> Record:
    if isinstance(record, IgnoredRecord | UnreadableRecord):
        return record
    update = {}
    if odd.fields:
        update["odd_fields"] = ", ".join(odd.fields)[:MAX_TEXT]
    if odd.times and record.event_at is None and not isinstance(record, AppInventoryRecord):
        update["unreadable_time"] = ", ".join(odd.times)[:MAX_TEXT]
    return record.model_copy(update=update) if update else record


def _lacks_device(record: Record) -> bool:
    return not isinstance(record, IgnoredRecord | UnreadableRecord) and record.partner_device_id is None


def _masked(record: Record) -> Record:
    """`record` with its free texts masked; what is a key or an id stays as the partner gave it."""
    texts = {name: getattr(record, name) for name in _free_texts(type(record))}
    hidden = {name: masked(text, is_version=name in VERSIONS) for name, text in texts.items() if text}
    changed = {name: text for name, text in hidden.items() if text != texts[name]}
    return record.model_copy(update=changed) if changed else record


@cache
def _free_texts(kind: type[Record]) -> tuple[str, ...]:
    return tuple(name for name in FREE_TEXTS if name in kind.model_fields)


def _unreadable(
    partner: str, adapter: Adapter, item: ReadableItem | BrokenItem, reason: str, *, foreign: bool = False
) -> UnreadableRecord:
    raw = redacted(item.content, adapter.redact, adapter.needed)
    return UnreadableRecord.of(
        item.received, partner=partner, index=item.index, reason=reason, raw=raw, foreign=foreign
    )


def _reason(error: ValueError) -> str:
    """What is wrong, without the value that is: pydantic's own text would quote it."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['type']}"
    return str(error)
