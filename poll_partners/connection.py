"""What a run holds of a vendor while it asks: what whose clock shows. How it asks is its kind's."""

from datetime import datetime, timedelta

from poll_partners.windows import Now
from shared.dates import date_of
from shared.services import Services

NO_CLOCK = timedelta(days=3650)
"""A time that is so far from ours is no clock's."""


class Connection:
    """To one interface, within one run of one source."""

    def __init__(self, services: Services) -> None:
        self.clock_ahead: timedelta | None = None
        """How far the vendor's clock is ahead of ours; None before it gave a time."""
        self._services = services

    def theirs(self, at: datetime | None = None) -> datetime:
        """What the vendor's clock shows at `at` of ours (this moment)."""
        return (at or self._services.now()) + (self.clock_ahead or timedelta(0))

    def now(self, at: datetime | None = None) -> Now:
        """`at` of our clock (this moment), and by the vendor's."""
        ours = at or self._services.now()
        theirs = self.theirs(ours)
        return Now(min(ours, theirs), max(ours, theirs))

    def look_at_clock(self, date: str | None) -> None:
        """Note the vendor's time, as an answer's `Date` has it; one that cannot be read says nothing."""
        given, ours = date_of(date or ""), self._services.now()
        if given is not None and abs(given - ours) < NO_CLOCK:
            self.clock_ahead = given - ours
