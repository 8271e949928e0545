"""The record of sync runs: what each step did, and what went wrong. Pure."""

from typing import ClassVar

from pydantic import Field

from shared.model import Document, Part
from shared.record import Moment


class StepRun(Part):
    """What one step of a sync run did."""

    step: str
    ok: bool
    seconds: float
    counts: dict[str, int] = Field(default_factory=dict)
    error: str | None = None


class Run(Part):
    """One sync run."""

    started_at: Moment
    seconds: float
    steps: tuple[StepRun, ...]

    @property
    def ok(self) -> bool:
        """Whether every step went through."""
        return all(step.ok for step in self.steps)


class Turn(Part):
    """The run that is under way: no other begins beside it until then, unless it ends before."""

    owner: str
    until: Moment


class Runs(Document):
    """The latest sync runs, newest first, and the one that is under way."""

    container: ClassVar[str] = "settings"
    id: str = "run:sync"
    runs: tuple[Run, ...] = ()
    turn: Turn | None = None
