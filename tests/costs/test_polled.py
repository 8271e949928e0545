"""What a polled vendor, or who drops files, sends in pieces takes no longer than it is long."""

import gzip
from contextlib import suppress

import pytest

from poll_partners.cuts import Cuts, Unfit, Unpacked
from poll_partners.frames import Frames
from tests.costs.growth import growth

UNITS = (
    *(b"a", b"\n", b"\r", b"\r\n", b"data: a\n", b"id: a\n\n"),
    *(b"[", b"{},", b'"', b'"",', b"\\", b",", b"[],"),
)
PIECE = 1024


@pytest.mark.parametrize("unit", UNITS)
def test_a_stream_takes_no_longer_than_it_is_long_however_small_its_pieces(unit: bytes) -> None:
    def read(body: bytes) -> None:
        frames = Frames()
        for begin in range(0, len(body), PIECE):
            list(frames.feed(body[begin : begin + PIECE]))

    assert growth(read, lambda length: unit * (length // len(unit)), [262_144, 1_048_576]) is None


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("before", [b"", b"[", b'{"a":['])
def test_a_file_takes_no_longer_than_it_is_long(unit: bytes, before: bytes) -> None:
    def read(body: bytes) -> None:
        cuts = Cuts(by_line=False)
        with suppress(Unfit):
            list(cuts.feed(body))
            list(cuts.end())

    assert growth(read, lambda length: before + unit * (length // len(unit)), [65_536, 262_144]) is None


@pytest.mark.parametrize("unit", [b"", b"a", b"\n"])
@pytest.mark.parametrize("between", [b"", b"\0"])
def test_a_packed_file_takes_no_longer_than_its_members_are_many(unit: bytes, between: bytes) -> None:
    member = gzip.compress(unit, mtime=0) + between

    def read(packed: bytes) -> None:
        unpacked, cuts = Unpacked(), Cuts(by_line=True)
        for part in unpacked.feed(packed):
            list(cuts.feed(part))

    assert growth(read, lambda length: member * (length // len(member)), [262_144, 1_048_576]) is None
