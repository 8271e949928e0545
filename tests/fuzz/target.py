"""One reader, and what is asked of it: whatever it is fed, only our own errors come out, in linear time."""

import math
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.costs.growth import growth, seconds
from tests.fuzz.inputs import edited, pumped

LENGTHS = (1_024, 4_096, 16_384, 65_536)
FLOOR = 0.02
"""Seconds from which on a reading is compared."""


class TooSlow(AssertionError):
    """A reading that costs more than its length explains."""


@dataclass(frozen=True)
class Target:
    """A reader of what others send."""

    name: str
    read: Callable[[bytes], object]
    samples: Sequence[bytes]
    """What it reads in earnest."""
    refuses: tuple[type[Exception], ...]
    """By what it refuses what it cannot read; anything else is a finding."""
    words: Sequence[bytes] = ()
    """What means something to it."""

    def once(self, content: bytes) -> None:
        """Read `content`. Raises what a finding raises."""

        def reading(content: bytes) -> None:
            with suppress(*self.refuses):
                self.read(content)

        if seconds(reading, content) == math.inf:
            raise TooSlow(f"{len(content)} bytes take too long")

    def longer(self, parts: tuple[bytes, bytes, bytes]) -> None:
        """Read more and more of the same. Raises TooSlow."""
        before, unit, after = parts

        def reading(content: bytes) -> None:
            with suppress(*self.refuses):
                self.read(content)

        def made(length: int) -> bytes:
            return before + unit * (length // len(unit)) + after

        grown = growth(reading, made, LENGTHS, floor=FLOOR)
        if grown is not None:
            raise TooSlow(str(grown))


@dataclass(frozen=True)
class Tried:
    """What a target came to."""

    inputs: int
    finding: str | None
    """The error, with the least input that raises it; None where there is none."""


def tried(target: Target, *, inputs: int, lengths: int, start: int) -> Tried:
    """Feed a target; the same from the same `start`, as long as neither code nor libraries change."""
    fed = 0

    def once(content: bytes) -> None:
        nonlocal fed
        fed += 1
        target.once(content)

    def longer(parts: tuple[bytes, bytes, bytes]) -> None:
        nonlocal fed
        fed += 1
        target.longer(parts)

    finding = _finding(once, edited(target.samples, target.words), inputs, start, tuple(Phase))
    if finding is None:
        # Whatever is slow is slow to be made smaller, too.
        finding = _finding(longer, pumped(target.samples, target.words), lengths, start, (Phase.generate,))
    return Tried(fed, finding)


def _finding(
    feed: Callable[..., None],
    inputs: st.SearchStrategy[object],
    number: int,
    start: int,
    phases: tuple[Phase, ...],
) -> str | None:
    last: list[object] = []

    @seed(start)
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        phases=phases,
    )
    @given(inputs)
    def run(content: object) -> None:
        last[:] = [content]
        feed(content)

    try:
        run()
    except Exception as error:  # noqa: BLE001 - it is what is looked for
        frames = traceback.format_tb(error.__traceback__)[-3:]
        return f"{type(error).__name__}: {error}\n{''.join(frames)}fed: {last[0]!r:.3000}"
    return None
