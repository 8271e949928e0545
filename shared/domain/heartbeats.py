"""Heartbeats: the last authentic message of each partner, and what silence means for a decision. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from pydantic import Field

from shared.domain.model import Document
from shared.domain.moment import Moment
from shared.domain.on_silence import OnSilence


class Heartbeat(Document):
    """When a partner's last authentic message came, to the minute."""

    container: ClassVar[str] = "settings"
    partner: str
    last_at: Moment


class UnresponsivePartners(Document):
    """The partners that have been silent for longer than allowed, as the last sync found them, and since
    when: what Intune calls unresponsive."""

    container: ClassVar[str] = "settings"
    id: str = "unresponsive"
    partners: dict[str, Moment] = Field(default_factory=dict)


def heartbeat_id(partner: str) -> str:
    """Id of a partner's heartbeat."""
    return f"heartbeat:{partner}"


@dataclass(frozen=True)
class Heartbeats:
    """What a decision has to know of silence."""

    on_silence: OnSilence = OnSilence.HOLD
    unresponsive: Mapping[str, datetime] = field(default_factory=dict)
    """Silent partners, and since when."""
    agent_limit: timedelta | None = None
    """How long a single agent may be silent; None where that is not looked at."""

    def agent_due(self, last_reported_at: datetime | None) -> datetime | None:
        """When an agent that reported last at `last_reported_at` will have been silent for too long; None
        where it never will."""
        if self.agent_limit is None or last_reported_at is None or self.on_silence is OnSilence.HOLD:
            return None
        return last_reported_at + self.agent_limit

    def is_silent(self, last_reported_at: datetime | None, now: datetime) -> bool:
        """Whether an agent that reported last at `last_reported_at` has been silent for too long, where that
        matters."""
        due = self.agent_due(last_reported_at)
        return due is not None and due <= now

    def state(self) -> list[object]:
        """Everything a decision reads from here, in a fixed order, for a version."""
        if self.on_silence is OnSilence.HOLD:
            return [self.on_silence.value]
        limit = self.agent_limit.total_seconds() if self.agent_limit else None
        return [self.on_silence.value, sorted(self.unresponsive), limit]
