"""What a step of the sync did: numbers for the run record, and what went wrong without stopping it."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Filled while a step runs, so that a step cut off in the middle still says how far it came."""

    counts: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    tried_again: list[str] = field(default_factory=list)
    """Why the step was begun anew, each time."""

    def add(self, name: str, number: int = 1) -> None:
        """Count `number` more of `name`."""
        self.counts[name] += number

    def trouble(self, text: str) -> None:
        """Something is left for the next run; the step is not counted as gone through."""
        self.troubles.append(text)

    def begin_again(self, why: str) -> None:
        """Nothing is counted yet: the step is done from its start."""
        self.counts.clear()
        self.troubles.clear()
        self.tried_again.append(why)

    @property
    def error(self) -> str | None:
        """The first trouble and how many more there were; None where all went well."""
        if not self.troubles:
            return None
        more = len(self.troubles) - 1
        return self.troubles[0] + (f" (and {more} more)" if more else "")
