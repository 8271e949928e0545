"""What is measured, and what it may be: a row of the table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. Without `most` and `least` it is only shown."""

    what: str
    measured: float | None
    """None where it cannot be measured here; `note` says why."""
    unit: str = ""
    most: float | None = None
    least: float | None = None
    note: str = ""
    """Against what it was measured, and what that came to."""

    @property
    def holds(self) -> bool:
        """Whether it is within its bound, as what is not measured or only shown is."""
        if self.measured is None:
            return True
        return (self.most is None or self.measured <= self.most) and (
            self.least is None or self.measured >= self.least
        )

    @property
    def goal(self) -> str:
        """The bound in words; empty where it is only shown."""
        bounds = [("at most", self.most), ("at least", self.least)]
        return ", ".join(f"{word} {bound:,g}{self.unit}" for word, bound in bounds if bound is not None)

    @property
    def figure(self) -> str:
        """What was measured, in words."""
        return "not measured" if self.measured is None else f"{figures(self.measured)}{self.unit}"

    def marked(self) -> str:
        """The row as a line, with whether its bound holds."""
        if self.measured is None:
            return f"---- {self}"
        return f"{('ok  ' if self.holds else 'MISS') if self.goal else '    '} {self}"

    def __str__(self) -> str:
        goal = f", {self.goal}" if self.goal else ""
        note = f" ({self.note})" if self.note else ""
        return f"{self.what}: {self.figure}{goal}{note}"


def figures(number: float) -> str:
    """A number by its first three figures, and whole where it has more of them."""
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
