"""The record of a canary's run: a signed report sent through the public door, and what came of it. Pure."""

from typing import ClassVar

from shared.domain.model import Document, Part
from shared.domain.moment import Moment

CANARY = "canary"
AGENT = "mtd-canary"
"""The partner's device id of the agent that a canary's reports invent."""
DELIVERY = "canary_"
"""How the `webhook-id` of a canary's message begins."""


class CanaryStep(Part):
    """One thing that was to happen, in how many seconds it did; why, where it did not."""

    step: str
    seconds: float
    missed: str | None = None


class CanaryRun(Document):
    """One run, kept 400 days."""

    container: ClassVar[str] = "history"
    device: str
    what: str = CANARY
    partner: str
    started_at: Moment
    steps: tuple[CanaryStep, ...]

    @property
    def partition(self) -> str:
        """The canary's device."""
        return self.device

    @property
    def missed(self) -> CanaryStep | None:
        """The first step that did not happen; None where all did."""
        return next((step for step in self.steps if step.missed), None)

    def seconds(self, step: str) -> float | None:
        """How long a step took; None where it was not come to, or missed."""
        return next((each.seconds for each in self.steps if each.step == step and not each.missed), None)
