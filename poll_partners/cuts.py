"""A file that was dropped, from its bytes to its items: each a line that the partner's door takes. Pure.

Read piece by piece, so that a file of any size takes no more memory than its largest item. Taken: JSON texts
one a line (also as a syslog daemon writes them), one array, one object; each also packed by gzip. An object
is handed on whole, since the door knows the partner's envelopes, unless it holds more than the door takes.
"""

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import JsonValue

from shared.domain.json_text import NotJson, TooDeep, read_json

MAX_ITEM = 16 * 1024 * 1024
"""Bytes of one item, or of an object that is a whole file."""
MAX_UNPACKED = 1024 * 1024 * 1024
"""Bytes that a packed file may come to."""
MAX_WHOLE, MAX_INNER = 1_000_000, 1_000
"""Bytes of an object, and entries of a list in it, up to which it is handed on whole."""
_PIECE = 1024 * 1024
_SIP = 4096
"""Bytes that are unpacked at a time: behind each of many small members, what is left of them is copied."""
_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_BEGINNING = re.compile(rb"(?:[ \t\r\n]|\xef\xbb\xbf)*+")
"""Of a file: byte order marks, as where several were put together, and blanks."""
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_BETWEEN = re.compile(rb'(?:[^"\[\]{},]++|' + _STRING + rb")*+", re.DOTALL)
_WITHIN = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+", re.DOTALL)
"""Of an array: up to the next border of a member, and within one up to the next bracket."""
_UNFINISHED = (b"[", b"{", b",")


class Unfit(ValueError):
    """A file, or an item of it, that cannot be read. The message says why, and quotes nothing."""


@dataclass
class Unpacked:
    """Gzip in, what was packed out."""

    _size: int = 0
    _stream: "zlib._Decompress" = field(default_factory=lambda: zlib.decompressobj(zlib.MAX_WBITS | 16))

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """What these bytes unpack to, in large pieces. Raises Unfit."""
        piece = bytearray()
        for begin in range(0, len(packed), _SIP):
            for part in self._sip(packed[begin : begin + _SIP]):
                piece += part
                if len(piece) >= _PIECE:
                    yield bytes(piece)
                    piece.clear()
        if piece:
            yield bytes(piece)

    def _sip(self, packed: bytes) -> Iterator[bytes]:
        if self._stream.eof:
            packed = self._begun(packed)
        while packed:
            try:
                part = self._stream.decompress(packed, _PIECE)
            except zlib.error:
                raise Unfit("it is not gzip, or damaged") from None
            self._size += len(part)
            if self._size > MAX_UNPACKED:
                raise Unfit(f"it unpacks to more than {MAX_UNPACKED} bytes")
            yield part
            eof = self._stream.eof
            packed = self._begun(self._stream.unused_data) if eof else self._stream.unconsumed_tail

    def _begun(self, behind: bytes) -> bytes:
        """What is left of the bytes behind a member: the next one, if there is any."""
        behind = behind.lstrip(b"\0")
        if behind:
            self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        return behind

    def end(self) -> None:
        """Raise Unfit where what was fed was cut off."""
        if not self._stream.eof:
            raise Unfit("its gzip is cut off")


@dataclass
class Cuts:
    """Bytes in, whole items out. What is no item of itself stands among them as Unfit."""

    by_line: bool
    """Whether each line is an item, whatever the first one looks like."""
    _rest: bytes = b""
    _shape: str = ""
    """`lines`, `array`, `done` (behind an array) or `whole`; empty before that is known."""
    _at: int = 0
    """In an array: how far the rest has been looked through, and how deep that is."""
    _depth: int = 0

    def feed(self, piece: bytes) -> Iterator[str | Unfit]:
        """The items that these bytes complete. Raises Unfit where nobody knows what follows."""
        self._rest += piece
        if not self._shape:
            self._settle()
        if self._shape == "lines":
            *lines, self._rest = self._rest.split(b"\n")
            yield from (_line(each) for each in lines if each.strip(_BLANK))
        elif self._shape == "array":
            yield from self._members()
        if self._shape == "done" and self._rest.strip(_BLANK):
            raise Unfit("something stands behind its array")
        if len(self._rest) > MAX_ITEM:
            raise Unfit(f"an item of more than {MAX_ITEM} bytes")

    def end(self) -> Iterator[str | Unfit]:
        """The last items. Raises Unfit where the file is cut off."""
        if not self._shape:
            self._settle(at_end=True)
        if self._shape == "array":
            raise Unfit("its array is cut off")
        if self._shape == "lines" and self._rest.strip(_BLANK):
            yield _line(self._rest)
        elif self._shape == "whole":
            yield from _whole(_text(self._rest))

    def _settle(self, *, at_end: bool = False) -> None:
        """See how the file is made, once enough of it is there."""
        self._rest = _BEGINNING.sub(b"", self._rest, count=1)
        if not self._rest or (_BOM.startswith(self._rest) and not at_end):
            return
        first, _, others = self._rest.partition(b"\n")
        if self.by_line:
            self._shape = "lines"
        elif self._rest.startswith(b"["):
            self._shape, self._rest = "array", self._rest[1:]
        elif others.strip(_BLANK):
            self._shape = "lines" if _is_json(first) else "whole"
        elif at_end:
            self._shape = "whole"

    def _members(self) -> Iterator[str | Unfit]:
        """The members of an array that have come wholly, each up to the comma or bracket behind it."""
        begin, at = 0, self._at
        while found := (_WITHIN if self._depth else _BETWEEN).match(self._rest, at):
            at = found.end()
            mark = self._rest[at : at + 1]
            if mark in {b"", b'"'}:
                # All that came is looked through, or the end of a string is yet to come.
                break
            at += 1
            if mark in {b"[", b"{"}:
                self._depth += 1
            elif self._depth:
                self._depth -= mark != b","
            else:
                item, begin = self._rest[begin : at - 1], at
                if item.strip(_BLANK):
                    yield _line(item)
                if mark != b",":
                    self._shape = "done"
                    break
        self._rest, self._at = self._rest[begin:], at - begin


def _is_json(line: bytes) -> bool:
    try:
        read_json(line.decode().strip())
    except (UnicodeDecodeError, NotJson, TooDeep):
        return False
    return True


def _text(item: bytes) -> str:
    try:
        return item.decode().strip()
    except UnicodeDecodeError:
        raise Unfit("it is not UTF-8") from None


def _line(item: bytes) -> str | Unfit:
    """An item in one line: where JSON goes over several, what parts them is white space."""
    if item.rstrip(_BLANK).endswith(_UNFINISHED):
        # The door would take it for the first line of something that goes over all the lines behind it.
        return Unfit("an item is cut off")
    try:
        return re.sub(r"[\r\n\0\x1e]+", " ", _text(item))
    except Unfit as unfit:
        return unfit


def _whole(text: str) -> Iterator[str]:
    """The one value of a file: as it is, or the members of its longest list where the door takes no such."""
    try:
        value = read_json(text).value
    except (NotJson, TooDeep):
        raise Unfit("it is no JSON, in its lines or as a whole") from None
    lists = [each for each in value.values() if isinstance(each, list)] if isinstance(value, dict) else []
    longest = max(lists, key=len, default=[])
    if len(text.encode()) <= MAX_WHOLE and len(longest) <= MAX_INNER:
        yield _compact(value)
    elif longest:
        yield from map(_compact, longest)
    else:
        raise Unfit(f"an object of more than {MAX_WHOLE} bytes without a list in it")


def _compact(value: JsonValue) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
