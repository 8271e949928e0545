"""The app on Microsoft's own Python runtime for Functions, wherever a Python 3.13 can be found.

Without a 3.13 the tests are skipped, and say so.
"""

import json
import os
import pathlib
import subprocess

import pytest

from tests.end_to_end.machine import ROOT
from tests.end_to_end.python_313 import environment, python_313
from tests.infra import loud
from tests.infra.code import functions

WORKER = pathlib.Path(__file__).with_name("runtime_worker.py")


@pytest.fixture(scope="module")
def indexed() -> dict[str, dict[str, object]]:
    base = python_313()
    if base is None:
        loud.skip("no Python 3.13 found: the app was not indexed on Microsoft's runtime")
    settings = {"SYNC_SCHEDULE": "0 */15 * * * *"}
    ended = subprocess.run(
        [environment(base), str(WORKER), str(ROOT)],
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
    assert indexed.keys() == functions().keys()
    assert {"ingest_threat", "evaluate_risk", "sync_inventory", "health"} <= indexed.keys()


def test_the_change_feed_is_read_as_the_design_says(indexed: dict[str, dict[str, object]]) -> None:
    function = indexed["evaluate_risk"]
    binding = function["trigger"]
    assert isinstance(binding, dict)
    assert binding["type"] == "cosmosDBTrigger"
    assert binding["startFromBeginning"] is True
    assert binding["createLeaseContainerIfNotExists"] is False
    assert (binding["containerName"], binding["leaseContainerName"]) == ("reports", "leases")
    assert function["retry"] == {"strategy": "exponential_backoff", "count": -1}
