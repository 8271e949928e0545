"""When a vendor's list does not prove any more that an agent has scanned. Pure."""

from datetime import date, timedelta

DORMANT = timedelta(days=7)
"""After so long without a contact an agent may have been gone for as long: what Jamf's console sets, unless
somebody changes it, before it calls an app inactive."""


def is_dormant(seen_on: date | None, as_of: date) -> bool:
    """Whether the last contact, by its day, was too long before the day of the list; both in UTC. Of an agent
    without one, that is another question."""
    return seen_on is not None and as_of - seen_on > DORMANT
