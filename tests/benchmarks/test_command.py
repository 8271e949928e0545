"""`make bench`: rows are printed once known, the page holds them, and whatever ends it leaves nothing."""

import os
import pathlib
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from benchmarks import __main__ as command
from benchmarks.one_by_one import STOPPED
from benchmarks.page import PAGE, with_table
from benchmarks.row import Row
from benchmarks.rows import evaluation

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROWS = [Row("pace", 1_234, " a second", least=1_000), Row("CPU", 2.345, " times", most=2, note="of a loop")]


def _rows_of(monkeypatch: pytest.MonkeyPatch, *rows: Row) -> None:
    async def given() -> AsyncIterator[Row]:
        for row in rows:
            yield row

    monkeypatch.setattr(evaluation, "rows", given)


def test_a_row_says_what_was_measured_and_whether_its_goal_is_met(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _rows_of(monkeypatch, *ROWS)
    assert command.main(["--only", "evaluation"]) == 0
    printed = capsys.readouterr().out
    assert "ok   pace: 1,234 a second, at least 1,000 a second" in printed
    assert "MISS CPU: 2.35 times, at most 2 times (of a loop)" in printed
    assert "is written" not in printed


def test_what_takes_longer_than_its_bound_is_said_not_to_be_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def slow() -> AsyncIterator[Row]:
        import asyncio

        yield ROWS[0]
        await asyncio.sleep(60)

    monkeypatch.setattr(evaluation, "rows", slow)
    monkeypatch.setattr(evaluation, "BOUND", 0.01)
    assert command.main(["--only", "evaluation"]) == 1
    printed = capsys.readouterr().out
    assert "ok   pace" in printed
    assert "---- evaluation: not measured (this machine is too slow for it)" in printed


def test_the_page_holds_the_rows_and_keeps_its_words() -> None:
    page = "before\n<!-- measured -->\nold\n<!-- end of what is measured -->\nafter\n"
    made = with_table(page, ROWS)
    assert "| pace | 1,234 a second | at least 1,000 a second | met |  |" in made
    assert "| CPU | 2.35 times | at most 2 times | **missed** | of a loop |" in made
    assert (made.startswith("before\n"), made.endswith("after\n"), "old" in made) == (True, True, False)
    assert with_table(made, ROWS) == made


def test_every_row_there_is_is_measured() -> None:
    assert set(command.ROWS) == {path.stem for path in (ROOT / "benchmarks" / "rows").glob("[!_]*.py")}


def test_the_page_was_measured_with_the_rows_there_are() -> None:
    table = re.findall(r"^\| ([^|]+) \| [^|]+ \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    for what in ("indexing, CPU", "reports evaluated without a store, by a core", "from POST to tag, p95"):
        assert what in table


def test_a_signal_takes_processes_and_files_along(tmp_path: pathlib.Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    asked = [sys.executable, "-m", "benchmarks", "--only", "operations", "sync"]
    with subprocess.Popen(asked, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        while "operations to evaluate a repeat" not in running.stdout.readline():
            assert running.poll() is None
        running.send_signal(signal.SIGTERM)
        assert "stopped: nothing is written" in running.stdout.read()
    assert running.returncode == STOPPED
    assert list(tmp_path.iterdir()) == []
