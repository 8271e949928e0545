"""When an agent was last in contact, as a row about its device says. Pure.

A contact that nobody can read, as `Never` or `---`, is none: it proves no scan and clears nothing. Nor is it
the time of a report, whose item would be read again without it.
"""

from typing import NamedTuple

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from shared.domain.level import Level
from shared.domain.moment import Moment


class Contact(NamedTuple):
    """An agent's last contact."""

    at: Moment | None
    stated: bool
    """Whether there is a field for it, whatever stands there."""
    unreadable: str | None = None
    """What stands there where it is neither a time nor nothing."""

    @property
    def never(self) -> bool:
        """Whether there is a field for it that gives no time."""
        return self.stated and self.at is None

    def proves(self, severity: Level) -> bool:
        """Whether the vendor's level of the device counts: of an agent that never was in contact it does not.
        A risk does beside a text, which may be a time in words of its own; that proves no scan all the same.
        """
        return not self.never or (self.unreadable is not None and severity is not Level.SECURED)


def contact(of: JsonObject, *names: str) -> Contact:
    """The contact under the first of `names` that has something."""
    stated = any(name in of for name in names)
    try:
        return Contact(fields.moment(of, *names), stated)
    except fields.UnreadableTime as error:
        return Contact(None, stated, str(error.value))
