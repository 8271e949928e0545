"""What `make` passes on to all that it starts."""

import os
import subprocess

from tests.end_to_end.machine import ROOT


def test_bytecode_is_kept_whatever_the_shell_says() -> None:
    """Without it each process of a run compiles every module anew."""
    asked = 'include Makefile\nshown:\n\t@echo "[$$PYTHONDONTWRITEBYTECODE]"\n'
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    ended = subprocess.run(
        ["make", "-s", "-f", "-", "shown"],
        input=asked,
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == "[]"
