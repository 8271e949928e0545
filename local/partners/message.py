"""What a sample partner says: JSON as it composes it, before it is encoded."""

import json
import uuid
from datetime import datetime
from typing import Any, Protocol

from local.sample_tenant import Phone

Message = dict[str, Any] | list[dict[str, Any]]


class Partner(Protocol):
    """A module of this package: three messages about one phone, at an aware time."""

    def check_in(self, phone: Phone, at: datetime) -> Message:
        """All is well, in whatever way this partner can say so."""

    def detection(self, phone: Phone, key: str, at: datetime) -> Message:
        """A high threat is open; `key` parts one from another."""

    def resolution(self, phone: Phone, key: str, at: datetime) -> Message:
        """That threat is gone."""


def encoded(message: Message) -> bytes:
    """A message as it goes over the wire."""
    return json.dumps(message).encode()


def invented_id(phone: Phone, what: str) -> str:
    """A UUID that is always the same for the same thing of the same phone."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{phone.agent_id}:{what}"))


def invented_number(phone: Phone, what: str) -> int:
    """The same, as a number."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{phone.agent_id}:{what}").int % 10**9


def iso(at: datetime) -> str:
    """`at` in ISO 8601, to the millisecond, with its offset."""
    return at.isoformat(timespec="milliseconds")
