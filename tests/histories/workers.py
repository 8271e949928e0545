"""Histories of many seeds, side by side in processes of their own."""

import logging
import os
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context

from tests.histories.shrinking import shrunk
from tests.histories.stories import Batch

SIZE = 20
"""Histories of one seed."""
CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Played:
    """What came of one seed's histories."""

    seed: int
    histories: int
    troubles: int
    """How many of their calls met one."""
    wrong: str = ""
    """The first line of what was wrong with one; empty where all held."""
    case: str = ""
    """The history that shows it, in Python."""


def played(first_seed: int, until: float, *, shrinks: bool) -> Iterator[Played]:
    """Histories from a seed on, on every core, until `until` (of the monotonic clock).

    A worker begins with what its parent has in memory, a mistake put into the app too.
    """
    seeds = count(first_seed)
    with ProcessPoolExecutor(CORES, mp_context=get_context("fork")) as pool:
        under_way: set[Future[Played]] = set()
        try:
            while True:
                while time.monotonic() < until and len(under_way) < CORES:
                    under_way.add(pool.submit(_one, next(seeds), until, shrinks))
                if not under_way:
                    return
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)
        finally:
            pool.shutdown(cancel_futures=True)


def _one(seed: int, until: float, shrinks: bool) -> Played:
    logging.disable(logging.CRITICAL)
    batch = Batch(seed, size=SIZE, until=until)
    wrong = batch.run()
    if wrong is None:
        return Played(seed, batch.played, batch.troubles)
    words = f"{type(wrong).__name__} {wrong}".splitlines()[0]
    case = "\n".join(f"    {step}," for step in shrunk(batch.failed)) if shrinks else ""
    return Played(seed, batch.played + 1, batch.troubles, words, case)
