"""When an agent was last in contact, as a row about its device says. Pure.

A contact that nobody can read, as `Never` or `---`, is none: it proves no scan and clears nothing. It is no time
of the report either, so it is read here and not as one.
"""

from typing import NamedTuple

from pydantic import JsonValue

from ingest_threat.body import JsonObject
from ingest_threat.partners import _fields as fields
from ingest_threat.partners._no_verdict import is_no_verdict
from shared.domain.moment import Moment


class Contact(NamedTuple):
    """An agent's last contact."""

    at: Moment | None
    stated: bool
    """Whether there is a field for it, whatever stands there."""
    unreadable: str | None = None
    """What stands there where it is neither a time nor a word for none: it is logged."""

    @property
    def never(self) -> bool:
        """Whether the field is there, and names no time."""
        return self.stated and self.at is None

    @property
    def illegible(self) -> bool:
        """Whether something stands there that is no time; an empty field may merely be left out."""
        return self.never and self.unreadable is not None


def contact(of: JsonObject, *names: str) -> Contact:
    """The contact under the first of `names` that has something."""
    stated = any(name in of for name in names)
    try:
        return Contact(fields.moment(of, *names), stated)
    except fields.UnreadableTime as error:
        return Contact(None, stated, _text(error.value))


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else str(value)
