"""Histories, and the app killed under load, for a stated time; what was lost or doubled ends it with 1.

    python -m tests.soak --minutes 20 --seed 7

A quarter of the time goes to the kills, or as much as `--kills` of them take; the rest to histories. The
seed is printed: the same seed plays the same histories.
"""

import argparse
import asyncio
import pathlib
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence

from tests.histories.workers import played
from tests.soak.kills import Toll, killed_often

SAYS_EVERY = 30.0
"""Seconds between two lines about histories."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 or 1."""
    ask = argparse.ArgumentParser(description="Histories, and the app killed under load.")
    ask.add_argument("--minutes", type=float, default=20)
    ask.add_argument("--seed", type=int, default=None, help="the one of an earlier run")
    ask.add_argument("--kills", type=int, default=10_000, help="at most so many")
    given = ask.parse_args(arguments)
    seed = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    started, seconds = time.monotonic(), given.minutes * 60
    _say(f"seed {seed}: {given.minutes:g} minutes")
    with tempfile.TemporaryDirectory() as folder:
        toll = asyncio.run(killed_often(pathlib.Path(folder), seed, started + seconds / 4, _say, given.kills))
    _say(_words(toll))
    held = _histories(seed * 1_000, started + seconds)
    return 0 if held and not (toll.lost or toll.doubled or toll.wrong) else 1


def _words(toll: Toll) -> str:
    return "\n".join(
        [
            f"{toll.kills} kills: {len(toll.accepted):,} messages accepted, {toll.again} sent again,"
            f" {toll.stored:,} reports stored, {toll.lost} lost, {toll.doubled} doubled,"
            f" {toll.repaired} phones repaired, {len(toll.wrong)} not as the reports have it",
            *toll.wrong,
        ]
    )


def _histories(first_seed: int, until: float) -> bool:
    """Whether every one held."""
    histories = troubles = failed = 0
    said = time.monotonic()
    for each in played(first_seed, until, shrinks=True):
        histories, troubles = histories + each.histories, troubles + each.troubles
        if each.wrong:
            failed += 1
            _say(f"\nseed {each.seed}: {each.wrong}\nplay([\n{each.case}\n])\n")
        if time.monotonic() - said > SAYS_EVERY:
            said = time.monotonic()
            _say(f"{histories:,} histories, {troubles:,} faults met, {failed} failed")
    _say(f"{histories:,} histories, {troubles:,} faults met, {failed} failed; seeds from {first_seed}")
    return not failed


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
