"""When an agent was last in contact, as a row about its device says. Pure.

A contact that nobody can read is none, as is one that says so (`Never`, `---`): it proves no scan and clears
nothing.
"""

from typing import NamedTuple

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from shared.domain.dormant import is_dormant
from shared.domain.moment import Moment


class Contact(NamedTuple):
    """An agent's last contact."""

    at: Moment | None
    stated: bool
    """Whether there is a field for it, whatever stands there."""
    denied: bool = False
    """Whether something stands there that is no time."""
    unreadable: bool = False
    """Whether that may be a time in words of its own, which is logged."""

    @property
    def never(self) -> bool:
        """Whether there is a field for it that gives no time."""
        return self.stated and self.at is None

    @property
    def possible(self) -> bool:
        """Whether there may have been one, so that the vendor's level counts: of an agent that never was in
        contact it does not. One that is merely unreadable proves no scan all the same."""
        return not self.never or self.unreadable


def proves_scan(last: Moment | None, as_of: Moment | None) -> bool:
    """Whether a row that says that an agent is at work proves that it has scanned: not where the last contact
    lies too long before the list. Of a row that came without the time of its list, nobody can say that."""
    return last is None or as_of is None or not is_dormant(last.date(), as_of.date())


def contact(of: JsonObject, *names: str) -> Contact:
    """The contact under the first of `names` that has one."""
    at = fields.moment(of, *names)
    stated = any(name in of for name in names)
    denied = at is None and any(of.get(name) not in (None, "", 0) for name in names)
    unreadable = at is None and any(fields.is_unreadable_time(of, name) for name in names)
    return Contact(at, stated, denied, unreadable)
