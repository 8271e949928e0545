"""Files that are dropped into a container: what is cut into items, and what is unpacked before."""

import gzip
from collections.abc import Iterator

from poll_partners.cuts import Cuts, Unfit, Unpacked
from tests.fuzz.target import Target

FILES = (
    b'{"id": 1, "type": "Malware"}\n\n<14>1 - host mtd - - - {"id": 2}\r\n',
    b'\xef\xbb\xbf [\n {"a": "x,]}\\"[", "b": [1, {"c": []}]},\n {"d": null}\n]\n',
    b'{\n "events": [{"id": 1}],\n "next": null\n}',
)
EDGES = (b"[", b"]", b"{", b"}", b'"', b"\\", b",", b"\n", b"\xef\xbb\xbf")


def targets() -> Iterator[Target]:
    """A file by its lines, as it shows itself, and packed."""
    yield Target("dropped lines", lambda content: _cut(content, by_line=True), FILES, (), EDGES)
    yield Target("dropped file", lambda content: _cut(content, by_line=False), FILES, (), EDGES)
    yield Target(
        "dropped gzip", _unpacked, [gzip.compress(each) for each in FILES], (), (b"\x1f\x8b\x08", b"\0")
    )


def _cut(content: bytes, *, by_line: bool) -> None:
    whole, parted = (
        _items(content, by_line=by_line, size=size) for size in (len(content) + 1, _piece(content))
    )
    assert whole == parted, "what is in it depends on the pieces it comes in"
    assert all("\n" not in item for item in whole)


def _piece(content: bytes) -> int:
    """A storage gives pieces of 4 MiB: of a long file, these are some fifty, too."""
    return max(7, len(content) // 50)


def _items(content: bytes, *, by_line: bool, size: int) -> list[str]:
    cuts, found = Cuts(by_line), list[str]()
    try:
        for begin in range(0, len(content), size):
            for item in cuts.feed(content[begin : begin + size]):
                found.append(str(item))
        for item in cuts.end():
            found.append(str(item))
    except Unfit as unfit:
        found.append(str(unfit))
    return found


def _unpacked(content: bytes) -> None:
    stream = Unpacked()
    try:
        for begin in range(0, len(content), _piece(content)):
            for _ in stream.feed(content[begin : begin + _piece(content)]):
                pass
        stream.end()
    except Unfit:
        return
