"""The app on Microsoft's own Python runtime for Functions, wherever a Python 3.13 can be found.

The runtime (azure-functions-runtime, PyPI) needs 3.13. An environment of its own is made inside ours,
with only what indexing needs, from a lock of its own. Without a 3.13 the test is skipped, and says so.
"""

import functools
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.end_to_end.machine import ROOT

LOCK = pathlib.Path(__file__).with_name("runtime-requirements.txt")
WORKER = pathlib.Path(__file__).with_name("runtime_worker.py")
HOME = ROOT / ".venv" / "runtime-3.13"


@functools.cache
def _python() -> str | None:
    """A Python 3.13, as this one, on the path, or among pyenv's."""
    pyenv = sorted(
        pathlib.Path(os.environ.get("PYENV_ROOT", "~/.pyenv"))
        .expanduser()
        .glob("versions/3.13*/bin/python3.13")
    )
    for candidate in (sys.executable, shutil.which("python3.13"), *map(str, pyenv)):
        if candidate and _version(candidate) == "3.13":
            return candidate
    return None


def _version(python: str) -> str:
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    ended = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False)
    return ended.stdout.strip()


def _environment(base: str) -> str:
    """The Python of the runtime's environment, made anew when its lock has changed."""
    mark = HOME / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    python = HOME / "bin" / "python"
    if not mark.exists():
        shutil.rmtree(HOME, ignore_errors=True)
        subprocess.run([base, "-m", "venv", str(HOME)], check=True, capture_output=True)
        install = ["-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
        subprocess.run([str(python), *install], check=True, capture_output=True)
        mark.touch()
    return str(python)


@pytest.fixture(scope="module")
def indexed() -> dict[str, dict[str, object]]:
    base = _python()
    if base is None:
        pytest.skip("no Python 3.13 found: the app was not indexed on Microsoft's runtime")
    settings = {"SYNC_SCHEDULE": "0 */15 * * * *"}
    ended = subprocess.run(
        [_environment(base), str(WORKER), str(ROOT)],
        cwd=ROOT,
        env={**os.environ, **settings, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    answer: dict[str, dict[str, object]] = json.loads(ended.stdout.splitlines()[-1])
    return answer


def test_every_function_is_indexed_on_microsofts_runtime(indexed: dict[str, dict[str, object]]) -> None:
    assert sorted(indexed) == [
        "approve_stop",
        "end_override",
        "evaluate_risk",
        "explain_device",
        "fetch_inventory",
        "health",
        "import_links",
        "ingest_threat",
        "link_agent",
        "list_agents",
        "list_approvals",
        "list_connectors",
        "list_dead_letters",
        "list_devices",
        "override_device",
        "preview_rules",
        "prove_device",
        "redrive_dead_letter",
        "release_tags",
        "retry_pending_tags",
        "sync_inventory",
        "unlink_agent",
    ]


def test_the_change_feed_is_read_as_the_design_says(indexed: dict[str, dict[str, object]]) -> None:
    function = indexed["evaluate_risk"]
    binding = function["trigger"]
    assert isinstance(binding, dict)
    assert binding["type"] == "cosmosDBTrigger"
    assert binding["startFromBeginning"] is True
    assert binding["createLeaseContainerIfNotExists"] is False
    assert (binding["containerName"], binding["leaseContainerName"]) == ("reports", "leases")
    assert function["retry"] == {"strategy": "exponential_backoff", "count": -1}
