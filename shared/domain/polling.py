"""Vendors that are polled: how far each has been read, and what its runs came to. Pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from pydantic import Field

from shared.domain.model import Document, Part
from shared.domain.moment import Moment

KEPT_RUNS = 20
KEPT_GAPS = 20
PARTS = 64
"""Documents that a vendor's list of devices is kept in: of 100,000, some 1,600 in each."""


@dataclass(frozen=True)
class PolledToken:
    """An access token a vendor gave, kept by one process and stored nowhere."""

    value: str = field(repr=False)
    given_at: datetime
    renew_at: datetime
    at: str | None = None
    """The address at which it is good; None: that of the source."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What goes with it."""


class Gap(Part):
    """What of a vendor's events was not read and will not be: both ends, and why."""

    begin: Moment
    end: Moment
    why: str
    noted_at: Moment


class Passed(Part):
    """A page in another format that was passed over."""

    sha256: str
    until: Moment
    """The end of the gap that was recorded for it."""


class Place(Part):
    """Where in a window reading goes on: its first run had no time for all of it."""

    begin: Moment
    """Of the window, as the vendor was asked for it."""
    end: Moment
    """Up to here everything is stored once the window is read to its end."""
    page: str
    """The vendor's next page, as the source writes it."""
    mark: str | None = None
    at: Moment
    """When that page was learnt of: some vendors forget it."""


class Again(Part):
    """How far one of a source's longer readings is: what came late is found by them."""

    at: Moment
    """When one was begun last."""
    place: Place | None = None


class PollRun(Part):
    """What one run of a source came to."""

    started_at: Moment
    seconds: float
    begin: Moment | None = None
    """What was read, from here on; None where nothing was."""
    end: Moment | None = None
    """Up to where everything is stored."""
    pages: int = 0
    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    ignored: int = 0
    rejected: int = 0
    """Items that lie among the dead letters."""
    looked_up: int = 0
    """Of a list of devices, threats that are open here and that no row of it named any more."""
    put_off: int = 0
    """Of a list of devices, rows that are news and wait for the next reading."""
    vanished: int = 0
    """Of a list of devices, those that were in it before and are not any more."""
    incomplete: int = 0
    """Of a list of devices, those of which what is asked device by device is still to be asked."""
    late: int = 0
    """Of the accepted, those that only a longer reading found."""
    whole: bool = False
    """Whether everything there was has been read; else the next run goes on."""
    gaps: tuple[Gap, ...] = ()
    clock_seconds: int | None = None
    """How far the vendor's clock is ahead of ours; None where it gave no time."""
    error: str | None = None
    remedy: str | None = None
    """What to do about the error."""


class Cursor(Document):
    """How far a source has been read. Written only by replace with If-Match, after what it says is stored."""

    container: ClassVar[str] = "settings"
    partner: str
    begun: Moment
    """From when on it is read at all."""
    chosen: Moment | None = None
    """The setting that chose it: another one begins anew from there."""
    until: Moment
    """Everything the vendor had shown of the time before is stored, or lies in a gap."""
    mark: str | None = None
    """What else the source has to remember, as it writes it."""
    place: Place | None = None
    again: dict[str, Again] = Field(default_factory=dict)
    not_before: Moment | None = None
    """The vendor is not asked before."""
    failures: int = 0
    """Runs in a row that failed."""
    odd_runs: int = 0
    """Runs in a row that ended at a page in another format."""
    passed: tuple[Passed, ...] = ()
    """The latest such pages that were passed over."""
    gaps: tuple[Gap, ...] = ()
    """The latest, newest first."""
    last_row_at: Moment | None = None
    """When the last item came."""
    last_success_at: Moment | None = None
    """When everything there was had been read last."""
    runs: tuple[PollRun, ...] = ()
    """The latest, newest first."""

    def with_run(self, run: PollRun) -> "Cursor":
        """With one more run, and its gaps; one that goes on where the latest ends, for the same reason, makes
        that one longer."""
        gaps = self.gaps
        for gap in reversed(run.gaps):
            latest = gaps[0] if gaps else gap
            if gaps and gap.why == latest.why and latest.begin <= gap.begin <= latest.end:
                gaps = (latest.model_copy(update={"end": max(gap.end, latest.end)}), *gaps[1:])
            else:
                gaps = (gap, *gaps)
        return self.model_copy(update={"runs": (run, *self.runs)[:KEPT_RUNS], "gaps": gaps[:KEPT_GAPS]})


class Listed(Part):
    """What is kept of one row of a vendor's list of devices."""

    said: str
    """A hash of what matters in it."""
    seen_on: str | None = None
    """The day of the agent's last contact."""
    changed: str | None = None
    """When the vendor last changed the row, as it writes it; kept while its agent bears threats."""
    group: str | None = None
    """The vendor's group that the device is in, where a key may see some groups alone."""
    is_complete: bool = False
    """Whether what the list does not give was asked for."""
    missed: int = 0
    """How many lists in a row that were read to their end have not held it."""
    gone_on: str | None = None
    """The day since which it counts as gone: enough lists have not held it."""


class RosterPart(Document):
    """Some of the devices of a vendor's list."""

    container: ClassVar[str] = "settings"
    devices: dict[str, Listed] = Field(default_factory=dict)


def roster_of(partner: str) -> str:
    """The source of a partner's list of devices, where it has one."""
    return f"{partner}_devices"


def roster_part_of(device: str) -> int:
    """Which part of a list a device is kept in, by the partner's id of it."""
    return hashlib.sha256(device.encode()).digest()[0] % PARTS


def roster_part_id(source: str, part: int) -> str:
    """Id of one part of a source's list."""
    return f"roster:{source}:{part}"


def cursor_id(source: str) -> str:
    """Id of a source's cursor."""
    return f"cursor:{source}"
