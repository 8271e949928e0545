"""Histories of many seeds, side by side in processes of their own."""

import logging
import os
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context

from tests.histories.stories import Batch

BATCH = 20
"""Histories of one seed."""


@dataclass(frozen=True)
class Played:
    """What came of one seed's histories."""

    seed: int
    histories: int
    wrong: str | None
    """The first line of what was wrong with one."""
    case: str
    """The history that shows it, and what happened in it."""


def played(first_seed: int, until: float, *, shrinks: bool, at_most: int | None = None) -> Iterator[Played]:
    """Histories from a seed on, on every core, until `until` (of the monotonic clock), or `at_most` so many.

    What a worker holds in memory, a mistake put into the app too, is what its parent held.
    """
    seeds = (
        count(first_seed) if at_most is None else iter(range(first_seed, first_seed + -(-at_most // BATCH)))
    )
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as pool:
        under_way: set[Future[Played]] = set()
        try:
            while True:
                while time.monotonic() < until and len(under_way) < (os.cpu_count() or 1):
                    seed = next(seeds, None)
                    if seed is None:
                        break
                    under_way.add(pool.submit(_one, seed, until, shrinks))
                if not under_way:
                    return
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)
        finally:
            pool.shutdown(cancel_futures=True)


def _one(seed: int, until: float, shrinks: bool) -> Played:
    logging.disable(logging.CRITICAL)
    batch = Batch(seed, size=BATCH, until=until, shrinks=shrinks)
    wrong = batch.run()
    if wrong is None:
        return Played(seed, batch.played, None, "")
    words = f"{type(wrong).__name__} {wrong}".splitlines()[0]
    return Played(seed, batch.played + 1, words, "\n".join(getattr(wrong, "__notes__", [])))
