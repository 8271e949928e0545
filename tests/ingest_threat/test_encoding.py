"""Compressed bodies: what is taken, and what a small one may become."""

import gzip
import zlib

import pytest

from ingest_threat.encoding import unpacked
from shared.errors import Unreadable, UnreadableReport, WrongContentType
from shared.headers import Headers

BODY = b'{"a": 1}'
LIMIT = 1000


def packed(body: bytes) -> bytes:
    """As gzip writes it; the time of writing apart, by which two processes' cases would differ."""
    return gzip.compress(body, mtime=0)


def bare(body: bytes) -> bytes:
    """The stream of RFC 1951, as some senders mean "deflate"."""
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(body) + stream.flush()


def read(encoding: str, body: bytes) -> bytes:
    return unpacked(Headers({"Content-Encoding": encoding}), body, at_most=LIMIT)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", packed(BODY)),
        ("x-gzip", packed(BODY)),
        (" GZip ", packed(BODY)),
        ("identity, gzip", packed(BODY)),
        ("gzip", packed(BODY[:3]) + packed(BODY[3:])),
        ("gzip", packed(BODY) + b"\0\0\0"),
        ("gzip", packed(b"") + packed(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", bare(BODY)),
        ("identity", BODY),
        ("", BODY),
    ],
)
def test_a_body_is_read_as_it_was_before_it_was_compressed(encoding: str, body: bytes) -> None:
    assert read(encoding, body) == BODY


def test_an_empty_body_stays_empty() -> None:
    assert read("gzip", packed(b"")) == b""
    assert unpacked(Headers({}), b"", at_most=LIMIT) == b""


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "gzip, br", "*", "gzip;q=1"])
def test_any_other_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(WrongContentType, match="gzip or deflate"):
        read(encoding, packed(BODY))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", BODY),
        ("gzip", b""),
        ("gzip", packed(BODY)[:-1]),
        ("gzip", packed(BODY)[:-6] + b"\0\0\0\0\0\0"),
        ("gzip", packed(BODY) + b"more"),
        ("deflate", BODY),
        ("deflate", zlib.compress(BODY)[:-1]),
    ],
)
def test_what_is_not_so_encoded_is_malformed(encoding: str, body: bytes) -> None:
    with pytest.raises(UnreadableReport) as refused:
        read(encoding, body)
    assert refused.value.kind is Unreadable.MALFORMED


@pytest.mark.parametrize("pack", [packed, zlib.compress, bare])
def test_a_small_body_that_unpacks_to_too_much_is_refused(pack: object) -> None:
    encoding = "gzip" if pack is packed else "deflate"
    assert callable(pack)
    assert read(encoding, pack(b"x" * LIMIT)) == b"x" * LIMIT
    for size in (LIMIT + 1, 50_000_000):
        with pytest.raises(UnreadableReport) as refused:
            read(encoding, pack(b"x" * size))
        assert refused.value.kind is Unreadable.TOO_LARGE


def test_many_members_together_are_within_the_same_limit() -> None:
    with pytest.raises(UnreadableReport) as refused:
        read("gzip", packed(b"x" * 600) * 2)
    assert refused.value.kind is Unreadable.TOO_LARGE
