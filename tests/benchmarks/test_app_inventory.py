"""The benchmark, run small: it measures what it says, and leaves nothing behind."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import pytest

from benchmarks.__main__ import MIB, main
from benchmarks.app_inventory import measure
from benchmarks.tenant import least_calls, rest

DEVICES, APPS = 60, 5
ROOT = pathlib.Path(__file__).resolve().parents[2]


async def test_a_small_tenant_is_synced_twice_and_the_second_run_writes_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    first, second = await measure(DEVICES, APPS, lambda _: None)
    assert first.run.ok
    assert second.run.ok
    assert (first.count("written"), first.count("rows"), first.refused) == (DEVICES, DEVICES * APPS, 0)
    assert first.writes == DEVICES * (1 + 3 + 1)  # the device, its three links, its inventory
    assert (second.writes, second.count("unchanged"), second.count("rows")) == (0, DEVICES, DEVICES * APPS)
    assert least_calls(DEVICES) < second.calls < least_calls(DEVICES) + 20
    assert MIB < second.peak_bytes < 1000 * MIB
    assert _left(tmp_path) == []


def _left(folder: pathlib.Path) -> list[pathlib.Path]:
    return list(folder.iterdir())


def test_the_fewest_calls_are_the_pages_the_order_and_one_poll() -> None:
    assert [least_calls(count) for count in (1, 999, 1000, 1001, 100_000)] == [4, 4, 5, 6, 203]


def test_the_tenant_is_opted_in_to_everything() -> None:
    [connector] = [document for what, document in rest(APPS) if what == "connectors"]
    assert isinstance(connector, dict)
    assert connector["allowPartnerToCollectIOSPersonalApplicationMetadata"] is True


def test_what_takes_too_long_is_stopped_and_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", "--devices", "60", "--minutes", "0.002"])
    assert main() == 1
    assert "not done in 0.002 minutes" in capsys.readouterr().out


def test_a_signal_takes_processes_and_files_along(tmp_path: pathlib.Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "benchmarks", "--devices", "5000"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        while "the first run" not in running.stdout.readline():
            assert running.poll() is None
        running.send_signal(signal.SIGTERM)
        assert running.stdout.read() == "stopped\n"
    assert running.returncode == 130
    assert _left(tmp_path) == []
