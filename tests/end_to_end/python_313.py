"""A Python 3.13 on this machine, and the environment in which Microsoft's runtime for Functions runs on it.

The runtime (azure-functions-runtime, PyPI) needs 3.13. An environment of its own is made inside ours,
with only what indexing needs, from a lock of its own.
"""

import fcntl
import functools
import hashlib
import pathlib
import shutil
import subprocess

from infra.pythons import python_of
from tests.end_to_end.machine import ROOT

LOCK = pathlib.Path(__file__).with_name("runtime-requirements.txt")
HOME = ROOT / ".venv" / "runtime-3.13"


@functools.cache
def python_313() -> str | None:
    """A Python 3.13, as this one, on the path, or among pyenv's."""
    return python_of("3.13")


def environment(base: str) -> str:
    """The Python of the runtime's environment, made anew when its lock has changed."""
    with HOME.with_name(".runtime.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side: one of them makes it
        return _made(base)


def _made(base: str) -> str:
    mark = HOME / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    python = HOME / "bin" / "python"
    if not mark.exists():
        shutil.rmtree(HOME, ignore_errors=True)
        subprocess.run([base, "-m", "venv", str(HOME)], check=True, capture_output=True)
        install = ["-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
        subprocess.run([str(python), *install], check=True, capture_output=True)
        mark.touch()
    return str(python)
