"""Partners' messages: the adapters, the body they come in, and what carries it."""

import json
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from ingest_threat import partners
from ingest_threat.body import MAX_BYTES, JsonObject, items, values
from ingest_threat.encoding import unpacked
from ingest_threat.partner_words import partner_words
from ingest_threat.partners import _adapter_of as adapter
from ingest_threat.redaction import redacted
from ingest_threat.schemes import header, shared_key, webhook
from ingest_threat.shapes import masked
from shared.domain.model import Report
from shared.domain.record import IgnoredRecord, UnreadableRecord
from shared.errors import NotAuthentic, SettingsError, UnreadableReport, WrongContentType
from shared.headers import Headers
from tests.fuzz.target import Target
from tests.ingest_threat.partners.messages import samples

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
SECRET = "whsec_" + "ab12" * 8
ENCODINGS = ("gzip", "deflate", "x-gzip", "identity", "br", "gzip, gzip")
FRAMED = (
    b'{"a": 1}\n{"a": 2}\n',
    b'data: {"a": 1}\n\ndata: {"a": 2}\n\nevent: ping\nid: 1\nretry: 1\n: comment\n\n',
    b'<14>Jun  1 12:00:00 host tag[7]: {"a": 1}\n<14>1 2026-02-01T12:00:00Z h a - - - {"b": [1]}\n',
    b'\x1e{"a": 1}\n\x1e{"a": 2}\n',
    b'61 <14>1 2026-02-01T12:00:00Z h a - - - {"b": [1]} ... ... ...',
    b'{"events": [{"a": 1}, {"type": "heartbeat"}], "next": null, "page": {"size": 1}}',
    b'[{"a": "[1, 2]"}, "{\\"b\\": 1}", 7, null, {}]',
)


def targets() -> Iterator[Target]:
    """Every adapter there is, and what stands before them."""
    for partner, messages in sorted(samples().items()):
        yield Target(f"adapter {partner}", _Adapter(partner), _bodies(messages), (UnreadableReport,))
    yield Target("body", _body, FRAMED, (UnreadableReport,))
    yield Target("compression", _unpacked, _packed(), (UnreadableReport, WrongContentType))
    yield Target("redaction", _redacted, FRAMED, (UnreadableReport,))
    yield Target("signatures", _signed, _headers(), (NotAuthentic,))
    yield Target("words of a partner", _words, _vocabularies(), (SettingsError,))


class _Adapter:
    """Reads, logs and keeps a message of one partner, as a message is."""

    def __init__(self, partner: str) -> None:
        self._partner = partner

    def __call__(self, body: bytes) -> None:
        for record in partners.parse(self._partner, body, received_at=NOW):
            record.model_dump_json().encode()
            if not isinstance(record, IgnoredRecord | UnreadableRecord):
                partners.unknown_words(record)
                Report.of(record, record.partner_device_id or "", NOW).model_dump_json().encode()


def _bodies(messages: list[JsonObject]) -> list[bytes]:
    return [*(json.dumps([each]).encode() for each in messages), json.dumps(messages[:3]).encode()]


def _body(body: bytes) -> None:
    values(body)
    for item in items(body, envelopes=("alerts", "threats")):
        getattr(item, "received", b"")


def _redacted(body: bytes) -> None:
    found = redacted(values(body), frozenset({"owner"}), frozenset({"serial"}))
    json.dumps(found).encode()
    masked(body.decode("utf-8", "replace"))


def _packed() -> list[bytes]:
    """The first byte says how it is called: see ENCODINGS."""
    found = [
        b"\3not packed",
        b"\1" + _deflated(b"bare", -zlib.MAX_WBITS),
        b"\0" + _gzipped(b"a") + b"\0" + _gzipped(b"b"),
    ]
    for text in (b"", b'{"a": 1}', b"a" * 3000, bytes(MAX_BYTES * 4)):
        found += [b"\0" + _gzipped(text), b"\1" + _deflated(text, zlib.MAX_WBITS)]
    return found


def _gzipped(text: bytes) -> bytes:
    return _deflated(text, zlib.MAX_WBITS | 16)


def _deflated(text: bytes, window: int) -> bytes:
    stream = zlib.compressobj(wbits=window)
    return stream.compress(text) + stream.flush()


def _unpacked(content: bytes) -> None:
    name = ENCODINGS[content[0] % len(ENCODINGS)] if content else "gzip"
    found = unpacked(Headers({"content-encoding": name}), content[1:], at_most=MAX_BYTES)
    assert len(found) <= max(MAX_BYTES, len(content))


def _headers() -> list[bytes]:
    return [
        b"id\n1769947200\nv1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
        b"id\n1769947200\nv1,aaaa v1a,bbbb v1,cccc=",
        f"SharedKey w:{'a' * 43}=\nSun, 01 Feb 2026 12:00:00 GMT\nsecret".encode(),
    ]


def _signed(content: bytes) -> None:
    """Three lines, as three headers of each way: nobody knows the secrets."""
    first, second, third = (content.decode("utf-8", "surrogateescape").split("\n") + [""] * 3)[:3]
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    signed = Headers(dict(zip(names, (first, second, third), strict=True)))
    shared = Headers({"authorization": first, "x-ms-date": second, "x-mtd-secret": third})
    ways: tuple[Callable[[], None], ...] = (
        lambda: webhook.verify(signed, b"", [SECRET], NOW),
        lambda: shared_key.verify(shared, b"", "w", [b"key"], NOW),
        lambda: header.verify(shared, "x-mtd-secret", ["s" * 32]),
    )
    for way in ways:
        with pytest.raises(NotAuthentic):
            way()


def _vocabularies() -> list[bytes]:
    words = {slug: adapter(slug).words for slug in sorted(partners.known())}
    return [
        f"{slug}_{name}={','.join(each)}".encode() for slug in words for name, each in words[slug].items()
    ]


def _words(content: bytes) -> None:
    key, _, text = content.decode("utf-8", "replace").partition("=")
    words = partner_words({key: text})
    for slug in partners.known():
        partners.parse(slug, b"[]", received_at=NOW, words=words)
