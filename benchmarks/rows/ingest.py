"""One process takes messages of one report each in, as fast as it can: what they cost above what is stored,
and what they ask of the store."""

import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from statistics import median

from benchmarks.processes import answer_of, server, settings
from benchmarks.row import Row, figures

BOUND = 150.0
MESSAGES = 1_000
ROUNDS = 3
LEAST_PACE, MOST_CPU = 0.85, 1.3
AGAINST = {"bare": "a loop that creates documents", "naive": "a naive function that upserts"}

Took = dict[str, float]


async def rows() -> AsyncIterator[Row]:
    took: dict[str, list[Took]] = {"app": [], "bare": [], "naive": []}
    async with AsyncExitStack() as exits:
        folder = exits.enter_context(tempfile.TemporaryDirectory(prefix="mtd-bench-"))
        for number in range(ROUNDS):  # each on an empty store: the stand-in slows down as it fills
            for who in took:
                async with server("cosmos", f"{folder}/{who}{number}") as (cosmos, _):
                    command = (sys.executable, "-m", "benchmarks.ingesting", who, str(MESSAGES))
                    took[who].append(await answer_of(*command, environment=settings(cosmos)))
    for row in _rows(took):
        yield row


def _rows(took: dict[str, list[Took]]) -> Iterator[Row]:
    best = MESSAGES / min(each["seconds"] for each in took["app"])
    yield Row("messages of one report taken in, by one process and a stand-in", best, " a second")
    for peer, words in AGAINST.items():
        is_bare = peer == "bare"
        for what, name, bounds in (
            ("pace of taking in", "seconds", {"least": LEAST_PACE}),
            ("CPU of taking in", "cpu", {"most": MOST_CPU}),
        ):
            pairs = zip(took["app"], took[peer], strict=True)
            times = [ours[name] / theirs[name] for ours, theirs in pairs]
            value = 1 / median(times) if name == "seconds" else median(times)
            theirs = MESSAGES / min(each[name] for each in took[peer])
            note = f"against {words}, {figures(theirs)} a second" + (" of CPU" if name == "cpu" else "")
            yield Row(what, value, " times", **(bounds if is_bare else {}), note=note)
