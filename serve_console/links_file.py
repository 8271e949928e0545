"""The file an admin imports links from: `partner,partner_device_id,device,reason`, one agent a line. Pure.

Each line is read for itself, so a quotation mark that is never closed spoils its own line and no other; a
text within quotes may hold commas, but no line break.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, TypeAdapter, ValidationError

from serve_console.request import Reason
from shared.domain.model import agent_id
from shared.domain.record import MAX_TEXT
from shared.errors import BadRequest, Unreadable, UnreadableReport

MAX_BYTES = 1_048_576
MAX_LINES = 10_000
HEADER = ("partner", "partner_device_id", "device", "reason")
_REASON: TypeAdapter[str] = TypeAdapter(Reason)


@dataclass(frozen=True)
class Line:
    """One readable line."""

    number: int
    """Counted from 1, the header; empty lines count too."""
    partner: str
    partner_device_id: str
    device: str
    reason: str

    @property
    def agent(self) -> str:
        """Id of the agent the line is about."""
        return agent_id(self.partner, self.partner_device_id)


class BadLine(BaseModel):
    """A line that cannot be read, and why."""

    number: int
    why: str


def lines(body: bytes) -> list[Line | BadLine]:
    """The lines of `body`, without the header and empty ones.

    Raises UnreadableReport where it is too large or no UTF-8, and BadRequest where the header is another.
    """
    if len(body) > MAX_BYTES:
        raise UnreadableReport(Unreadable.TOO_LARGE, f"{len(body)} bytes: at most {MAX_BYTES} are taken")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableReport(Unreadable.MALFORMED, "the file is not UTF-8") from None
    header, *rest = re.split(r"\r\n|\n|\r", text)
    filled = [(number, line) for number, line in enumerate(rest, start=2) if line.strip()]
    if len(filled) > MAX_LINES:
        raise UnreadableReport(Unreadable.TOO_LARGE, f"{len(filled)} lines: at most {MAX_LINES} are taken")
    if tuple(name.strip().lower() for name in _cells(header) or ()) != HEADER:
        raise BadRequest(f"the first line: expected {','.join(HEADER)}")
    return list(_lines(filled))


def _lines(filled: list[tuple[int, str]]) -> Iterator[Line | BadLine]:
    for number, text in filled:
        cells = _cells(text)
        if cells is None:
            yield BadLine(number=number, why="a quotation mark is out of place or never closed")
        elif len(cells) != len(HEADER):
            yield BadLine(number=number, why=f"{len(cells)} values: expected {len(HEADER)}")
        else:
            yield _line(number, *(cell.strip() for cell in cells))


def _line(number: int, partner: str, partner_device_id: str, device: str, reason: str) -> Line | BadLine:
    if not partner_device_id or not device:
        return BadLine(number=number, why="the partner's device id or the device is missing")
    if max(len(partner_device_id), len(device)) > MAX_TEXT:
        return BadLine(number=number, why=f"an id has at most {MAX_TEXT} characters")
    if not (partner_device_id + device + reason).isprintable():
        return BadLine(number=number, why="it holds control characters")
    try:
        _REASON.validate_python(reason)
    except ValidationError:
        return BadLine(number=number, why="the reason must have 3 to 500 characters")
    return Line(number, partner.lower(), partner_device_id, device, reason)


def _cells(text: str) -> list[str] | None:
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        return None
