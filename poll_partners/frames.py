"""The frames of a stream of server-sent events, as the HTML standard parts them. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_LINE = re.compile(rb"\r\n|\n|\r(?!\n|\Z)")
_BREAK = re.compile(rb"[\r\n]")


@dataclass(frozen=True)
class Frame:
    """One frame: its number, its name, and its data; a comment alone is none."""

    id: str | None
    event: str | None
    data: str


@dataclass
class Frames:
    """Bytes in, whole frames out; what is cut off is never one."""

    _rest: bytearray = field(default_factory=bytearray)
    _fields: dict[str, list[str]] = field(default_factory=dict)

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """The frames that these bytes complete."""
        if not self._rest.endswith(b"\r") and not _BREAK.search(chunk):
            # A line that never ends would be looked through once for each piece of it.
            self._rest += chunk
            return
        *lines, rest = _LINE.split(bytes(self._rest + chunk))
        self._rest = bytearray(rest)
        for line in lines:
            yield from self._line(line.decode("utf-8", "replace"))

    def _line(self, line: str) -> Iterator[Frame]:
        if line:
            name, _, value = line.partition(":")
            self._fields.setdefault(name, []).append(value.removeprefix(" "))
            return
        fields, self._fields = self._fields, {}
        if fields.keys() & {"id", "event", "data"}:
            id_, event = fields.get("id", [None])[-1], fields.get("event", [None])[-1]
            yield Frame(id_, event, "\n".join(fields.get("data", [])))
