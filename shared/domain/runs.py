"""The record of sync runs: what each step did, and what went wrong. Pure."""

from typing import ClassVar

from pydantic import Field

from shared.domain.model import Document, Part
from shared.domain.moment import Moment

RUNS_ID = "run:sync"


class StepRun(Part):
    """What one step of a sync run did."""

    step: str
    ok: bool
    seconds: float
    counts: dict[str, int] = Field(default_factory=dict)
    error: str | None = None
    tried_again: tuple[str, ...] = ()
    """Why it was begun anew: what Graph answered, with the id of the request."""


class Run(Part):
    """One sync run."""

    started_at: Moment
    seconds: float
    steps: tuple[StepRun, ...]
    overtook: bool = False
    """Whether the lease of another run had run out: that one may have gone on writing beside this one."""

    @property
    def ok(self) -> bool:
        """Whether every step went through."""
        return all(step.ok for step in self.steps)


class Lease(Part):
    """Who runs the sync, and until when: no other run begins before that, unless it is released."""

    owner: str
    until: Moment


class Runs(Document):
    """The latest sync runs, newest first, and the one that is under way."""

    container: ClassVar[str] = "settings"
    id: str = RUNS_ID
    runs: tuple[Run, ...] = ()
    lease: Lease | None = None

    def went_through(self, step: str) -> bool:
        """Whether the latest run did: its step named `step` left nothing undone. One that was cut off, whose
        lease is there still, did not; nor did one nobody knows of. One that overtook another did not for
        sure: what that one wrote may have come after it."""
        if not self.runs or self.lease is not None or self.runs[0].overtook:
            return False
        return any(each.ok for each in self.runs[0].steps if each.step == step)
