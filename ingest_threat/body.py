"""A partner's message, from bytes to items, with every limit checked here and nowhere else. Pure.

Taken: one JSON object, a JSON array, an object that is an envelope around a list (or, as tools write a list
of one, around an object), each of these also as the text of it, and the same line by line or frame by frame
(`framing`). Strict JSON by RFC 8259: UTF-8, no `NaN`, no key twice, and what `shared.domain.json_text` says.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass

from pydantic import JsonValue

from ingest_threat.framing import BEATS, BLANK, KEEP_ALIVE, pieces, plain_beat, unframed
from shared.domain.json_text import NotJson, TooDeep, read_json
from shared.errors import Unreadable, UnreadableReport

MAX_BYTES = 1_048_576
"""Bytes of a message: 1 MiB."""
MAX_ITEMS = 1_000
"""Items of a message, readable or not."""
_PAGING = frozenset(
    [
        *("has", "more", "next", "prev", "previous", "first", "last", "self", "empty"),
        *("start", "end", "from", "to", "page", "pages", "paging", "pageable", "pagination"),
        *("cursor", "token", "offset", "limit", "size", "max", "count", "total", "number", "of"),
        *("elements", "items", "objects", "records", "results", "sort", "key"),
        *("meta", "metadata", "link", "links", "url", "uri", "href", "odata", "context", "info"),
    ]
)
"""Words of the keys that stand beside a page's list."""
_IN_PAGING = _PAGING | {
    *("sorted", "unsorted", "paged", "unpaged", "direction", "property", "ascending", "descending"),
    *("ignore", "case", "null", "handling", "current", "rel", "method"),
    *("request", "id", "version", "time", "timestamp", "status", "code", "duration", "ms"),
}
"""Words of the keys in what stands there: in Spring's pages, in JSON:API's, and of the request."""
_KEY_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_BEAT_KEYS = ("type", "event", "eventType", "event_type", "message", "msg", "kind")
_MAX_BEAT = 5
"""Keys of a heartbeat: its name, a time, who sends it."""
ENVELOPE = "events"
"""The key under which an object holds a list of items at every partner."""

JsonObject = dict[str, JsonValue]


@dataclass(frozen=True)
class ReadableItem:
    """One JSON object of a message; `index` is its place in the body."""

    index: int
    content: JsonObject

    @property
    def received(self) -> bytes:
        """The item as canonical JSON: in a larger text, nobody can say which bytes were its own."""
        return _canonical(self.content)


@dataclass(frozen=True)
class BrokenItem:
    """A bad line, or JSON that is no object, among the items of a message."""

    index: int
    reason: str
    content: JsonValue = None
    """What stood there; None where it was not JSON."""
    line: str | None = None
    """The line itself, where it was not JSON: never kept but as size and hash."""

    @property
    def received(self) -> bytes:
        """The line as received, without the space around it; canonical JSON where it is JSON."""
        return _canonical(self.content) if self.line is None else self.line.encode("utf-8", "replace")


@dataclass(frozen=True)
class KeepAliveItem:
    """An empty object, a comment, a heartbeat or what a stream says of itself: of the connection alone."""

    index: int


Item = ReadableItem | BrokenItem | KeepAliveItem


class _Refused(ValueError):
    """Text that is not taken as JSON."""

    def __init__(self, reason: str, kind: Unreadable = Unreadable.MALFORMED) -> None:
        self.reason = reason
        self.kind = kind


class _NotJson(_Refused):
    """Not one JSON value: perhaps one a line."""


def items(body: bytes, *, envelopes: Collection[str] = ()) -> list[Item]:
    """The items of `body`, in order.

    `envelopes` names keys, beside ENVELOPE, under which an object holds a list of items. UnreadableReport is
    raised with `too_large` (bytes, items, depth) or `malformed`; an empty list is valid and has no items.
    """
    text = _text(body)
    names = tuple(dict.fromkeys((ENVELOPE, *envelopes)))
    try:
        members = _members(_strict(unframed(text)), names)
    except _NotJson as error:
        found = _by_pieces(text, names, error)
    except _Refused as error:
        raise UnreadableReport(error.kind, error.reason) from None
    else:
        found = _numbered(members)
    return found


def values(body: bytes) -> JsonValue:
    """What of `body` is JSON: its one value, else the list of those that its lines are.

    UnreadableReport as `items` raises it.
    """
    try:
        return _strict(unframed(_text(body)))
    except _NotJson as error:
        found = _by_pieces(_text(body), (), error)
        return [each.content for each in found if isinstance(each, ReadableItem)]
    except _Refused as error:
        raise UnreadableReport(error.kind, error.reason) from None


def _text(body: bytes) -> str:
    if len(body) > MAX_BYTES:
        raise UnreadableReport(Unreadable.TOO_LARGE, f"more than {MAX_BYTES} bytes")
    try:
        text = body.decode().strip(BLANK)
    except UnicodeDecodeError:
        raise UnreadableReport(Unreadable.MALFORMED, "not UTF-8") from None
    if not text:
        raise UnreadableReport(Unreadable.MALFORMED, "an empty body")
    return text


def _by_pieces(text: str, envelopes: Collection[str], whole: _NotJson) -> list[Item]:
    # A first line that ends so opens a pretty-printed document: its other lines are no items.
    first = text.partition("\n")[0].rstrip(BLANK)
    if first.endswith(("[", "{", ",")) and not first.startswith("data:"):
        raise UnreadableReport(whole.kind, whole.reason)
    found: list[Item] = []
    good = False
    for piece in pieces(text):
        if piece == "":
            continue
        if piece is KEEP_ALIVE:
            found.append(KeepAliveItem(len(found)))
            good = True
            continue
        try:
            value = _strict(piece)
        except _Refused as error:
            found.append(BrokenItem(len(found), error.reason, line=piece))
        else:
            good = good or isinstance(value, dict | list)
            found += _numbered(_members(value, envelopes), len(found))
        _check_count(len(found))
    if not good:
        raise UnreadableReport(whole.kind, whole.reason)
    return found


def _members(value: JsonValue, envelopes: Collection[str]) -> list[JsonValue]:
    value = as_json(value)
    if isinstance(value, list):
        return [member for each in value for member in _opened(as_json(each), envelopes)]
    return _opened(value, envelopes)


def _opened(value: JsonValue, envelopes: Collection[str]) -> list[JsonValue]:
    """The members of all envelopes of an object; tools write a list of one as an object, and one of none as
    null. Where all are empty and something else is data, the object itself."""
    if not isinstance(value, dict):
        return [value]
    inner = [as_json(value.get(name)) for name in envelopes]
    members = [member for each in inner for member in _listed(each)]
    return members if members or _is_empty_page(value, envelopes) else [value]


def _listed(inner: JsonValue) -> list[JsonValue]:
    if isinstance(inner, dict) and inner:
        return [inner]
    return inner if isinstance(inner, list) else []


def _is_empty_page(value: JsonObject, envelopes: Collection[str]) -> bool:
    """Whether an envelope is empty and nothing beside it is data; beside null stands nothing but what pages
    have."""
    lists = [as_json(value[name]) for name in envelopes if name in value]
    others = [(key, each) for key, each in value.items() if key not in envelopes]
    if any(isinstance(each, list | dict) for each in lists):
        return not any(_is_data(key, each) for key, each in others)
    return (
        bool(lists)
        and all(each is None for each in lists)
        and all(_is_of_page(key, _PAGING) and not _is_data(key, each) for key, each in others)
    )


def _is_data(key: str, value: JsonValue) -> bool:
    """Whether something stands in a list or an object that pages do not have."""
    value = as_json(value)
    if not isinstance(value, list | dict) or not value:
        return False
    return not (_is_of_page(key, _PAGING) and _says_only_of_page(value))


def _says_only_of_page(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return all(_is_of_page(key, _IN_PAGING) and _says_only_of_page(each) for key, each in value.items())
    return not isinstance(value, list) or all(map(_says_only_of_page, value))


def _is_of_page(key: str, known: Collection[str]) -> bool:
    words = _KEY_WORD.findall(key)
    return bool(words) and all(word.lower() in known for word in words)


def as_json(value: JsonValue) -> JsonValue:
    """`value`; where it is the text of an object or a list, as tools hand one on unread, that.

    Such a text is held to what holds for the message; where it is not JSON, it stays a text.
    """
    if not isinstance(value, str) or value.lstrip(BLANK)[:1] not in {"{", "["}:
        return value
    try:
        return _strict(value.strip(BLANK))
    except _Refused:
        return value


def _numbered(members: list[JsonValue], start: int = 0) -> list[Item]:
    _check_count(start + len(members))
    return [_item(index, member) for index, member in enumerate(members, start)]


def _item(index: int, member: JsonValue) -> Item:
    member = as_json(member)
    if not isinstance(member, dict):
        return BrokenItem(index, "not a JSON object", member)
    return ReadableItem(index, member) if member and not _is_beat(member) else KeepAliveItem(index)


def _is_beat(member: JsonObject) -> bool:
    """Whether a short, flat object calls itself a heartbeat."""
    if len(member) > _MAX_BEAT or any(isinstance(each, dict | list) for each in member.values()):
        return False
    names = (member.get(key) for key in _BEAT_KEYS)
    return any(isinstance(name, str) and plain_beat(name) in BEATS for name in names)


def _canonical(value: JsonValue) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _check_count(count: int) -> None:
    if count > MAX_ITEMS:
        raise UnreadableReport(Unreadable.TOO_LARGE, f"more than {MAX_ITEMS} items")


def _strict(text: str) -> JsonValue:
    """The one JSON value in `text`; what only strictness forbids is raised after what syntax does."""
    try:
        read = read_json(text)
    except NotJson as error:
        raise _NotJson(str(error)) from None
    except TooDeep as error:
        raise _Refused(str(error), Unreadable.TOO_LARGE) from None
    if read.not_a_number:
        raise _Refused("NaN or Infinity, which is not JSON")
    if read.key_twice is not None:
        raise _Refused("a key twice in one object")
    return read.value
