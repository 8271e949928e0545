"""CPU of one thing against that of another, in the same run: what the machine does besides concerns both."""

import statistics
import time
from collections.abc import Callable


def cpu_of(work: Callable[[], object], times: int = 1) -> float:
    """Seconds of CPU that this process takes for `work`, on the average of so many `times`."""
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) / times


def ratio(ours: Callable[[], float], floor: Callable[[], float], rounds: int = 5) -> float:
    """How many times what `floor` measures `ours` does: the median of several rounds, each of one after the
    other."""
    return statistics.median(ours() / floor() for _ in range(rounds))
