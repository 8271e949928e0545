"""A device that would be decided otherwise by other rules or other partners. Pure."""

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel

from shared.domain.model import Decision, Device, Verdict
from shared.domain.moment import Moment


class Change(BaseModel):
    """A device that would be decided otherwise."""

    device: str
    name: str | None
    verdict: Verdict
    would_be: Verdict
    at: Moment | None
    """When, where grace is granted before; null where at once."""
    rule: str | None
    why: list[str]
    tag: str | None
    """The tag that would be wanted."""


class Outlook(NamedTuple):
    """What a device is decided to be at once, and once every grace is over."""

    at_once: Decision
    in_the_end: Decision


def change(device: Device, before: Outlook, after: Outlook, now: datetime) -> Change | None:
    """What would change about `device`, at once or else in the end; None where nothing would."""
    for old, new in zip(before, after, strict=True):
        if old.verdict is not new.verdict or old.tag != new.tag:
            return Change(
                device=device.id,
                name=device.facts.name,
                verdict=old.verdict,
                would_be=new.verdict,
                at=new.decided_at if new.decided_at > now else None,
                rule=new.rule_name,
                why=list(new.reasons),
                tag=new.tag,
            )
    return None
