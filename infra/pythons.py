"""The Pythons of this machine: which of them is of a given version."""

import os
import pathlib
import shutil
import subprocess
import sys


def python_of(version: str) -> str | None:
    """A Python of `version` (`3.13`): this one, on the path, or among pyenv's; None where there is none."""
    home = pathlib.Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    pyenv = sorted(map(str, home.glob(f"versions/{version}*/bin/python{version}")))
    candidates = (sys.executable, shutil.which(f"python{version}"), *pyenv)
    return next((each for each in candidates if each and version_of(each) == version), None)


def version_of(python: str) -> str:
    """Major and minor version of an interpreter; empty where it does not run."""
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    ended = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False)  # noqa: S603 - found here
    return ended.stdout.strip()
