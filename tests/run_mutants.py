"""Run the tests of each mutant in a fork of one session that has collected them all.

    python -m tests.run_mutants ['evaluate_risk.*' …]

mutmut makes the mutants, chooses their tests, ends what runs for ever and keeps what came of it. By itself
it lets pytest collect the tests anew for each mutant, which takes longer than to run them.
"""

import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path
from unittest.mock import patch

import pytest
from mutmut.__main__ import cli
from mutmut.runners.harness import PytestRunner
from mutmut.utils.file_utils import change_cwd
from mutmut.workers import isolation

ROOT = Path.cwd()
MUTATED = ROOT / "mutants"
"""The copy of the tree that has the mutants in it: mutmut runs beside it, and tests in it."""
A_FEW = "shared.domain.level.*"
"""Mutants that are tried first, for what mutmut does before: it makes every mutant, copies the tests as they
are now, and notes which of them run which function."""


class CollectedTests(PytestRunner):
    """mutmut's way to run tests, but for a mutant's: they are items of the session that runs."""

    def __init__(self, session: pytest.Session) -> None:
        super().__init__()
        self.session = session
        self.items = {item.nodeid: item for item in session.items}

    def run_tests(self, *, mutant_name: str | None, tests: Iterable[str]) -> int:
        """1 at the first test that fails, 0 where none does; mutmut calls it in a process of its own."""
        if mutant_name is None:
            return super().run_tests(mutant_name=None, tests=tests)
        chosen = [self.items[name] for name in tests]
        with change_cwd(MUTATED):
            for item, following in zip_longest(chosen, chosen[1:]):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self.session.testsfailed:
                    return 1
        return 0


class Mutants:
    """What a session does in place of running its tests."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        with change_cwd(ROOT), patch.object(isolation, "PytestRunner", partial(CollectedTests, session)):
            cli.main(["run", *self.names], standalone_mode=False)
        return True


def main(names: Sequence[str]) -> int:
    """Collect the tests where the mutants are, and run the mutants of these names, or all."""
    subprocess.run([Path(sys.executable).with_name("mutmut"), "run", A_FEW], check=True)
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    arguments = [*settings["pytest_add_cli_args_test_selection"], *settings["pytest_add_cli_args"]]
    sys.path.insert(0, str(MUTATED))
    with change_cwd(MUTATED):
        return int(pytest.main(["--rootdir=.", "--capture=no", *arguments], plugins=[Mutants(names)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
