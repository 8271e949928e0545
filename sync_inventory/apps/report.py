"""The file of Intune's report AppInvRawData, read row by row: a zip with one CSV in it. Bounded, whatever it
claims.

What the zip's headers say of its size is not believed: bytes are counted as they come out of it. Only
deflate is unpacked, or what is not packed at all: of the library's other methods one small piece may unpack
to gigabytes at once. The name of the file inside is looked at, and never used as a path.
"""

import csv
import io
import itertools
import operator
import pathlib
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

from shared.errors import GraphRefused

COLUMNS = ("DeviceId", "Platform", "ApplicationName", "ApplicationVersion", "ApplicationShortVersion")
"""The columns that are asked for, by Intune's names."""
MAX_BYTES = 8 * 1024**3
"""The most CSV that is read: ten times what 100,000 devices with 60 apps each make."""
MAX_LINE = 65_536
"""Characters."""
MAX_CELL_LINES = 10
"""Lines a quoted cell may go on for."""
PIECE = 65_536
"""Bytes taken out of the zip at a time, and characters cut into lines."""
MAX_READ = 1_048_576
"""Bytes of the zip itself read at once. The library reads its list of files whole, and keeps some hundred
bytes of memory for each of fifty."""
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

_NO_ROW = "?"
"""A line with too few cells, whatever the columns."""
_NO_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""What reading a zip raises that is none; the last where its content is to begin before the file does."""


class ReportRow(NamedTuple):
    """One app on one device, as reported. In the order of COLUMNS."""

    intune_id: str
    platform: str
    name: str
    version: str
    short_version: str


def report_rows(path: pathlib.Path) -> Iterator[ReportRow | None]:
    """The rows of a report; None for one with more or fewer cells than columns. To be run in a thread.

    Raises GraphRefused for a file that is no such report, is longer than it says or than MAX_BYTES, or whose
    content is not what its checksum says. Rows may have come before that.
    """
    try:
        with _Modest(path) as file, zipfile.ZipFile(file) as archive:
            entry = _only_csv(archive)
            with archive.open(entry) as stream:
                counted = _Counted(stream)
                yield from _rows(counted)
            if counted.bytes != entry.file_size:
                raise GraphRefused(f"claims {entry.file_size} bytes and holds {counted.bytes}")
    except _NO_ZIP as error:
        raise GraphRefused(f"is no zip that is what it claims to be ({error})") from error
    except csv.Error as error:
        raise GraphRefused(f"is no CSV ({error})") from error


def _only_csv(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = archive.infolist()
    if len(entries) != 1 or not entries[0].filename.lower().endswith(".csv"):
        raise GraphRefused(f"is a zip of {len(entries)} files: expected one, a CSV")
    if entries[0].compress_type not in METHODS:
        raise GraphRefused("is a zip packed by another method than deflate")
    return entries[0]


def _rows(stream: io.RawIOBase) -> Iterator[ReportRow | None]:
    text = io.TextIOWrapper(io.BufferedReader(stream, PIECE), "utf-8-sig", "replace", "")
    lines = csv.reader(_whole(_pieces(text)))
    header = next(lines, [])
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise GraphRefused(f"has no column {missing[0]}")
    width, chosen = len(header), operator.itemgetter(*map(header.index, COLUMNS))
    for cells in filter(None, lines):
        yield ReportRow._make(chosen(cells)) if len(cells) == width else None


def _whole(pieces: Iterator[list[str]]) -> Iterator[str]:
    """Lines of which each is a row: those a cell goes over are joined, and one whose quote nobody closes
    becomes a row of too few cells, which swallows no other."""
    waiting: deque[str] = deque()
    for lines in pieces:
        if not waiting and not _leaves_open(lines):
            yield from lines
            continue
        waiting += lines
        while len(waiting) > MAX_CELL_LINES:
            yield _next_row(waiting)
        if not _leaves_open(waiting):
            yield from waiting
            waiting.clear()
    while waiting:
        yield _next_row(waiting)


def _leaves_open(lines: Iterable[str]) -> bool:
    """Whether a quote of one of the lines is not closed in it."""
    return any(line.count('"') % 2 for line in lines)


def _next_row(waiting: deque[str]) -> str:
    """The row that the first of the lines begins, taken out of them."""
    row = waiting.popleft()
    if row.count('"') % 2 == 0:
        return row
    ahead = list(itertools.islice(waiting, MAX_CELL_LINES))
    following = next((n for n, line in enumerate(ahead, 1) if line.count('"') % 2), 0)
    joined = row + "".join(ahead[:following])
    if not following or len(joined) > MAX_LINE or not _is_one_row(joined):
        return _NO_ROW
    for _ in range(following):
        waiting.popleft()
    return joined


def _is_one_row(text: str) -> bool:
    """Whether a quoted cell goes over lines in `text`, rather than two lines each having a stray quote."""
    try:
        return len(list(csv.reader([text], strict=True))) == 1
    except csv.Error:
        return False


def _pieces(text: io.TextIOWrapper) -> Iterator[list[str]]:
    """The lines of a text, some at a time."""
    rest = ""
    while piece := text.read(PIECE):
        lines = io.StringIO(rest + piece, newline="").readlines()
        rest = "" if lines[-1].endswith("\n") else lines.pop()
        if max(map(len, (rest, *lines))) > MAX_LINE:
            raise GraphRefused(f"has a line of more than {MAX_LINE} characters")
        yield lines
    if rest:
        yield [rest]


class _Modest(io.FileIO):
    """A file of which nobody reads too much at once."""

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes, or those that are left. Raises GraphRefused for more than MAX_READ."""
        asked = MAX_READ + 1 if size is None or size < 0 else size
        found = super().read(asked) if asked <= MAX_READ + 1 else None
        if found is None or len(found) > MAX_READ:
            raise GraphRefused(f"is a zip whose list of files is longer than {MAX_READ} bytes")
        return found


class _Counted(io.RawIOBase):
    """Counts what is read, and refuses to read for ever."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        piece = self._stream.read(len(view))
        self.bytes += len(piece)
        if self.bytes > MAX_BYTES:
            raise GraphRefused(f"unpacks to more than {MAX_BYTES} bytes")
        view[: len(piece)] = piece
        return len(piece)
