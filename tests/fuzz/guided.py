"""Every reader, fed by what makes it go where it has not been: Atheris (libFuzzer), where it is installed.

    python -m tests.fuzz.guided --seconds 150 --seed 7 --only adapter

Begins with the samples of each reader and its words. A reader is fed in a process of its own, which ends with
the first finding. How time grows with length is not seen here, only a reading that takes SLOW_SECONDS.
"""

import argparse
import logging
import os
import pathlib
import re
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stderr, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from typing import Any, NoReturn

from tests.fuzz.target import Target

ROOMS = ["evaluate_risk", "ingest_threat", "poll_partners", "serve_console", "shared", "sync_inventory"]
SLOW_SECONDS = 10
_RUNS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_ERROR = "=== Uncaught Python exception: ==="
_KEPT = 3000
"""Characters of an error, and of what raises it."""


@dataclass(frozen=True)
class Guided:
    """What a reader came to."""

    inputs: int
    finding: str | None


def is_installed() -> bool:
    """Whether Atheris is: its wheels are for Linux on x86-64 alone."""
    return find_spec("atheris") is not None


def guided(target: Target, *, limits: Sequence[str], start: int) -> Guided:
    """Feed a reader in a process of its own, as far as `limits` (options of libFuzzer) go."""
    with tempfile.TemporaryDirectory(prefix="mtd-fuzz-") as name:
        folder = pathlib.Path(name)
        (folder / "samples").mkdir()
        for number, sample in enumerate(target.samples):
            (folder / "samples" / str(number)).write_bytes(sample)
        (folder / "words").write_text("".join(f'"{_escaped(word)}"\n' for word in target.words if word))
        limits = [*limits, f"-dict={folder / 'words'}"] if any(target.words) else limits
        child = os.fork()
        if child == 0:
            _feed(target, folder, limits, start)
        _, status = os.waitpid(child, 0)
        said = (folder / "said").read_text(errors="replace") if (folder / "said").exists() else ""
        runs = _RUNS.search(said)
        finding = _finding(said, folder) if status else None
        return Guided(int(runs[1]) if runs else 0, finding)


def _feed(target: Target, folder: pathlib.Path, limits: Sequence[str], start: int) -> NoReturn:
    """In the child: libFuzzer ends the process itself."""
    try:
        out = os.open(folder / "said", os.O_WRONLY | os.O_CREAT)
        os.dup2(out, 1)
        os.dup2(out, 2)
        atheris: Any = import_module("atheris")

        def once(content: bytes) -> None:
            try:
                with suppress(*target.refuses):
                    target.read(content)
            except BaseException:
                (folder / "found-error").write_bytes(content)
                raise

        options = [f"-seed={start + 1}", f"-timeout={SLOW_SECONDS}", "-print_final_stats=1"]
        places = [f"-artifact_prefix={folder}/found-", str(folder / "samples")]
        atheris.Setup(["fuzz", *limits, *options, *places], once)
        atheris.Fuzz()
    finally:
        os._exit(1)


def _finding(said: str, folder: pathlib.Path) -> str:
    fed = next(iter(sorted(folder.glob("found-*"))), None)
    _, marked, error = said.partition(_ERROR)
    words = error.partition("\n==")[0].strip() if marked else said[-_KEPT:].strip()
    return f"{words[-_KEPT:]}\nfed: {(fed.read_bytes() if fed else b'')!r:.{_KEPT}}"


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 or 1."""
    ask = argparse.ArgumentParser(description="Feed every reader by what makes it go elsewhere.")
    ask.add_argument("--seconds", type=float, default=150)
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--only", default="", help="readers whose name holds this")
    given = ask.parse_args(arguments)
    atheris: Any = import_module("atheris")
    with redirect_stderr(StringIO()), atheris.instrument_imports(include=ROOMS):  # it names each module
        targets = import_module("tests.fuzz.targets").TARGETS
    chosen = [target for target in targets if given.only in target.name]
    logging.disable()
    each = max(1, round(given.seconds / max(1, len(chosen))))
    inputs = findings = 0
    for target in chosen:
        one = guided(target, limits=[f"-max_total_time={each}"], start=given.seed)
        inputs += one.inputs
        if one.finding:
            findings += 1
            sys.stdout.write(f"\n{target.name} (guided, seed {given.seed})\n{one.finding}\n")
            sys.stdout.flush()
    sys.stdout.write(f"guided: {inputs:,} inputs, {each} s for each of {len(chosen)}, {findings} findings\n")
    sys.stdout.flush()
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
