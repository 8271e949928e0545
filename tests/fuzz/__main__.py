"""Feed every reader for a stated time, and print what comes out that should not; then it ends with 1.

    python -m tests.fuzz --minutes 5 --seed 7 --only adapter

Rounds go over all readers alike, each from a seed of its own that the first one gives: the same seed feeds
the same, as far as the time goes. A reader that has a finding is fed no more. Where Atheris is installed, the
second half of the time goes to inputs that it is led to by what code they reach.
"""

import argparse
import logging
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence

from tests.fuzz.guided import is_installed
from tests.fuzz.target import Target, tried
from tests.fuzz.targets import TARGETS

INPUTS, LENGTHS = 150, 3
"""Of one reader in one round: inputs, and texts that grow."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 or 1."""
    ask = argparse.ArgumentParser(description="Feed every reader for a stated time.")
    ask.add_argument("--minutes", type=float, default=5)
    ask.add_argument("--seed", type=int, default=None, help="the one of an earlier run")
    ask.add_argument("--only", default="", help="readers whose name holds this")
    given = ask.parse_args(arguments)
    start = secrets.randbelow(1_000_000) if given.seed is None else given.seed
    chosen = [target for target in TARGETS if given.only in target.name]
    if not chosen:
        ask.error(f"no reader's name holds {given.only!r}")
    logging.disable()
    sys.stdout.write(f"seed {start}: {len(chosen)} readers, {given.minutes:g} minutes\n")
    seconds = given.minutes * 60 / (2 if is_installed() else 1)
    failed = _fed(chosen, start, time.monotonic() + seconds)
    if is_installed():
        return _guided(seconds, start, given.only) or failed
    sys.stdout.write("Atheris is not installed: nothing was led by what code it reaches\n")
    return failed


def _guided(seconds: float, start: int, only: str) -> int:
    """In a process of its own, which has every room instrumented."""
    options = ("--seconds", str(seconds), "--seed", str(start), "--only", only)
    done = subprocess.run((sys.executable, "-m", "tests.fuzz.guided", *options), check=False)
    return 1 if done.returncode else 0


def _fed(targets: Sequence[Target], start: int, until: float) -> int:
    left, inputs, findings, rounds = list(targets), 0, 0, 0
    while left and time.monotonic() < until:
        for target in tuple(left):
            if time.monotonic() >= until:
                break
            one = tried(target, inputs=INPUTS, lengths=LENGTHS, start=start + rounds)
            inputs += one.inputs
            if one.finding:
                left.remove(target)
                findings += 1
                sys.stdout.write(
                    f"\n{target.name} (--seed {start + rounds} --only {target.name!r})\n{one.finding}\n"
                )
        rounds += 1
        sys.stdout.write(f"round {rounds}: {inputs:,} inputs, {findings} findings\n")
        sys.stdout.flush()
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
