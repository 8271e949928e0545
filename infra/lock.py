"""What a lock file locks: each library's version, where it is needed, its hashes, and who asks for it.

The form is that of `uv pip compile --generate-hashes`, which is pip's requirements file with comments.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ENTRY = re.compile(r"^(?=[A-Za-z0-9])", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")
_VIA = re.compile(r"^ +# +(?:via +)?(-r \S+|[A-Za-z0-9]\S*)$", re.MULTILINE)
ASKED = "-r "
"""Before the name of a file that asks for a library, among those that do."""


@dataclass(frozen=True)
class Locked:
    """One library in one version."""

    name: str
    """As the package index spells it: lower case, with hyphens."""
    version: str
    marker: Marker | None
    """Where it is needed; everywhere where there is none."""
    hashes: tuple[str, ...]
    """SHA-256 of every file of that version that may be installed, in hex."""
    asked_by: tuple[str, ...]
    """Names of the libraries that need it, and `-r <file>` where a file asks for it."""

    def needed(self, environment: Mapping[str, str]) -> bool:
        """Whether it is needed where the markers have these values."""
        return self.marker is None or self.marker.evaluate(dict(environment))


def locked(text: str) -> list[Locked]:
    """Every entry of a lock, in its order."""
    return list(_entries(text))


def _entries(text: str) -> Iterator[Locked]:
    for entry in _ENTRY.split(text):
        asked = Requirement(entry.partition("\\\n")[0]) if entry[:1].isalnum() else None
        if asked is None:
            continue
        [pin] = asked.specifier
        yield Locked(
            name=canonicalize_name(asked.name),
            version=pin.version,
            marker=asked.marker,
            hashes=tuple(_HASH.findall(entry)),
            asked_by=tuple(_asking(name) for name in _VIA.findall(entry) if name != "via"),
        )


def _asking(name: str) -> str:
    return name if name.startswith(ASKED) else canonicalize_name(name)
