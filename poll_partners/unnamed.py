"""Threats that are open here, and that their device's row in a vendor's list does not name any more.

Some vendors report a threat's end nowhere but in its own row, which is read again for a month at most; their
lists of devices name what is open. A row's silence ends nothing: the threat is looked up, and what is found
goes on its way like any other report.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import BaseModel

from poll_partners.source import Row, Unnamed
from shared.domain.level import Level
from shared.domain.model import Detection, Snapshot, Threat, digest

MAX_CHOSEN = 20
"""Threats of one reading that are looked up; which of more, each reading chooses anew."""
NAMED = (Level.MEDIUM, Level.HIGH)
"""Grades of the threats that lists name."""


class Threatened(BaseModel):
    """An agent that bears threats, open or not, or whose device its partner calls anything but secured."""

    partner_device_id: str
    threats: dict[str, Threat]
    snapshot: Snapshot | None = None

    @property
    def open(self) -> dict[str, Detection]:
        """The detections of those that are open, by their keys: of an ended one none is kept."""
        return {key: threat.detection for key, threat in self.threats.items() if threat.detection}

    @property
    def counts(self) -> bool:
        """Whether anything of it stands against the device now."""
        return bool(self.open) or (self.snapshot is not None and self.snapshot.is_raised)


def unnamed(
    rows: Iterable[Row], threatened: Mapping[str, Threatened], as_of: datetime
) -> tuple[Unnamed, ...]:
    """Threats to look up, of a list that was computed after `as_of`."""
    found = [
        Unnamed(key, opened.at)
        for row in rows
        if row.named is not None and row.device in threatened
        for key, opened in threatened[row.device].open.items()
        if key not in row.named and opened.severity in NAMED and opened.at < as_of
    ]
    return tuple(sorted(found, key=lambda each: digest([each.key, as_of.isoformat()]))[:MAX_CHOSEN])
