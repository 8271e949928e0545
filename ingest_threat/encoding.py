"""Content-Encoding: a body as it was before its sender compressed it, within a bound. Pure.

Azure hands the bytes on as they came, and several tools compress by default (Fluent Bit, Azure's SDKs).
"""

import zlib
from collections.abc import Mapping

from shared.errors import Unreadable, UnreadableReport, WrongContentType
from shared.headers import Headers

_WINDOWS: Mapping[str, tuple[int, ...]] = {
    "gzip": (zlib.MAX_WBITS | 16,),
    "x-gzip": (zlib.MAX_WBITS | 16,),
    # RFC 9110 means the zlib format (RFC 1950); some senders write the bare stream (RFC 1951).
    "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS),
}

PIECE = 1024
"""Bytes unpacked at a time."""


def unpacked(headers: Headers, body: bytes, *, at_most: int) -> bytes:
    """`body` without the encoding that its header names.

    WrongContentType for any but one of gzip and deflate; UnreadableReport with `malformed` where the body is
    not so encoded or is cut off, with `too_large` where it unpacks to more than `at_most` bytes.
    """
    named = [each.strip().lower() for each in headers.get("content-encoding", "").split(",")]
    encodings = [each for each in named if each not in {"", "identity"}]
    if not encodings:
        return body
    if len(encodings) > 1 or encodings[0] not in _WINDOWS:
        raise WrongContentType("expected no content-encoding but gzip or deflate, and that once")
    for window in _WINDOWS[encodings[0]]:
        content = _inflated(body, window, at_most)
        if content is not None:
            return content
    raise UnreadableReport(Unreadable.MALFORMED, f"the body is not {encodings[0]}, or is cut off")


def _inflated(body: bytes, window: int, at_most: int) -> bytes | None:
    """What `body` unpacks to, all members of a gzip file after each other; None where it does not."""
    content, at = bytearray(), 0
    while at < len(body) or at == 0:
        end = _member(body, at, window, content, at_most)
        if end is None:
            return None
        at = _without_padding(body, end)
    return bytes(content)


def _member(body: bytes, at: int, window: int, content: bytearray, at_most: int) -> int | None:
    """Where the member that begins at `at` ends, once it is added to `content`; None where it is cut off, or
    none.

    It is read in pieces: behind its end zlib copies what it was given too much, which is at most one.
    """
    stream = zlib.decompressobj(window)
    while piece := body[at : at + PIECE]:
        try:
            content += stream.decompress(piece, at_most + 1 - len(content))
        except zlib.error:
            return None
        if len(content) > at_most:
            raise UnreadableReport(Unreadable.TOO_LARGE, f"unpacks to more than {at_most} bytes")
        at += len(piece) - len(stream.unused_data)
        if stream.eof:
            return at
    return None


def _without_padding(body: bytes, at: int) -> int:
    """Where the next member begins: NULs may stand between."""
    while body[at : at + 1] == b"\0":
        at += 1
    return at
