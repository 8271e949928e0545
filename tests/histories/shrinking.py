"""A history that fails, as short as it can be made in some time: the case that becomes a test."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tests.histories.history import Step
from tests.histories.stories import play

SECONDS = 90.0


def shrunk(story: Sequence[Step], seconds: float = SECONDS) -> list[Step]:
    """`story` without the steps, the second instances and the trouble that it fails without as well."""
    until, shortest = time.monotonic() + seconds, list(story)
    size = len(shortest)
    while size:
        shorter = next((each for each in _shorter(shortest, size) if _fails(each, until)), None)
        if shorter is None:
            size //= 2
        else:
            shortest = shorter
            size = min(size, len(shortest))
    for at in range(len(shortest)):
        for simpler in _simpler(shortest[at]):
            changed = [*shortest[:at], simpler, *shortest[at + 1 :]]
            if _fails(changed, until):
                shortest = changed
                break
    return shortest


def _shorter(story: list[Step], size: int) -> Iterator[list[Step]]:
    """It without so many steps, from its end on: what comes late is more often in vain."""
    for at in reversed(range(0, len(story), size)):
        yield story[:at] + story[at + size :]


def _simpler(step: Step) -> Iterator[Step]:
    if len(step.lanes) > 1:
        for lane in step.lanes:
            yield Step((lane,))
    if step.trouble:
        yield replace(step, trouble=None, at=0)


def _fails(story: Sequence[Step], until: float) -> bool:
    if time.monotonic() >= until:
        return False
    try:
        play(story)
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        return True
    return False
