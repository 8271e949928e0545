"""What admins said, as it was answered: the oracle goes by that and not by what the app made of it."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TypeVar

from shared.errors import GraphUnavailable, MtdError, NotThere, Overtaken, StoreUnavailable

R = TypeVar("R")
T = TypeVar("T")


class Unsure(Enum):
    """Nobody can say whether it was done: no answer came, or another was at it at the same time."""

    UNSURE = "unsure"


UNSURE = Unsure.UNSURE
_HALF_DONE = (StoreUnavailable, GraphUnavailable, Overtaken, NotThere)
"""What an admin may be answered though something was written; any other refusal says that nothing was."""


@dataclass(frozen=True)
class OverrideWord:
    """A device is let in until then, for all that these reports say of it."""

    until: datetime
    covers: frozenset[str] = frozenset()


@dataclass
class Words:
    """The last of each kind."""

    links: dict[str, str | Unsure | None] = field(default_factory=dict)
    """By agent: the device it was put on by hand, or none."""
    overrides: dict[str, OverrideWord | Unsure] = field(default_factory=dict)
    """By device."""

    def covered(self, device: str, now: datetime) -> frozenset[str] | Unsure:
        """The reports that do not count for a device."""
        word = self.overrides.get(device)
        if isinstance(word, OverrideWord):
            return word.covers if now < word.until else frozenset()
        return word or frozenset()


async def said(said_before: dict[str, T | Unsure], about: str, word: T, work: Awaitable[R], alone: bool) -> R:
    """What `work` came to. `word` stands where it was answered, and nobody else was at it; what was said
    before where it was refused."""
    before = {about: said_before[about]} if about in said_before else {}
    said_before[about] = UNSURE
    try:
        answer = await work
    except MtdError as error:
        if alone and not isinstance(error, _HALF_DONE):
            del said_before[about]
            said_before.update(before)
        raise
    if alone:
        said_before[about] = word
    return answer
