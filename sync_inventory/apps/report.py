"""The file of Intune's report AppInvRawData, read row by row: a zip with one CSV in it. Bounded, whatever it
claims.

What the zip's headers say of its size is not believed: bytes are counted as they come out of it. Only
deflate is unpacked, or what is not packed at all: of the library's other methods one small piece may unpack
to gigabytes at once. The name of the file inside is looked at, and never used as a path.
"""

import csv
import io
import itertools
import pathlib
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from typing import IO, NamedTuple

from shared.domain.record import MAX_TEXT
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
"""Bytes taken out of the zip at a time."""
MAX_READ = 1_048_576
"""Bytes of the zip itself read at once. The library reads its list of files whole, and keeps some hundred
bytes of memory for each of fifty."""
METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})

_NO_ROW = "?"
"""A line with too few cells, whatever the columns."""
_NO_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
"""What reading a zip raises that is none; the last where its content is to begin before the file does."""


class ReportRow(NamedTuple):
    """One app on one device, as reported; None where a cell is empty. In the order of COLUMNS."""

    intune_id: str
    platform: str
    name: str | None
    version: str | None
    short_version: str | None


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
    lines = csv.reader(_whole(_lines(text)))
    header = next(lines, [])
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise GraphRefused(f"has no column {missing[0]}")
    device, platform, name, version, short = (header.index(column) for column in COLUMNS)
    for cells in filter(None, lines):
        if len(cells) != len(header):
            yield None
            continue
        yield ReportRow(
            cells[device], cells[platform], _text(cells[name]), _text(cells[version]), _text(cells[short])
        )


def _whole(lines: Iterator[str]) -> Iterator[str]:
    """Lines of which each is a row: those a cell goes over are joined, and one whose quote nobody closes
    becomes a row of too few cells, which swallows no other."""
    waiting: deque[str] = deque()
    while waiting or (waiting := deque(itertools.islice(lines, 1))):
        row = waiting.popleft()
        if row.count('"') % 2 == 0:
            yield row
            continue
        waiting += itertools.islice(lines, max(0, MAX_CELL_LINES - len(waiting)))
        following = next((n for n, line in enumerate(waiting, 1) if line.count('"') % 2), 0)
        joined = row + "".join(itertools.islice(waiting, following))
        if following and len(joined) <= MAX_LINE and _is_one_row(joined):
            for _ in range(following):
                waiting.popleft()
            yield joined
        else:
            yield _NO_ROW


def _is_one_row(text: str) -> bool:
    """Whether a quoted cell goes over lines in `text`, rather than two lines each having a stray quote."""
    try:
        return len(list(csv.reader([text], strict=True))) == 1
    except csv.Error:
        return False


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith("\n"):
            raise GraphRefused(f"has a line of more than {MAX_LINE} characters")
        yield line


def _text(cell: str) -> str | None:
    return cell.strip()[:MAX_TEXT] or None


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
