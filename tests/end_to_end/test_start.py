"""What is in the way at start is reported in one line, and Ctrl-C leaves nothing behind."""

import pathlib
import signal
import socket
import subprocess
import sys

import pytest

from tests.end_to_end.machine import ROOT, by_webhook, environment, machine


async def _said(data: pathlib.Path, env: dict[str, str]) -> list[str]:
    async with machine(data, env=env) as one:
        assert await one.ended() == 2, one.lines
    return [line for line in one.lines if line.startswith("cannot start")]


async def test_a_taken_port_is_named_with_its_setting(tmp_path: pathlib.Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        said = await _said(tmp_path, environment(LOCAL_GRAPH_PORT=str(number)))
    assert said == [f"cannot start: port {number} is taken: free it, or set LOCAL_GRAPH_PORT to another"]


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("MODE", "perhaps", "MODE is 'perhaps': expected off, report or enforce"),
        ("TAG_ATTRIBUTE", "16", "TAG_ATTRIBUTE is '16': expected a whole number from 1 to 15"),
        ("LOCAL_HOST_PORT", "none", "LOCAL_HOST_PORT is 'none': expected a port from 1 to 65535"),
        ("PARTNERS_IOS", "norton", "'norton' is no partner"),
        ("WEBHOOK_SECRETS_LOOKOUT", "short", "WEBHOOK_SECRETS_LOOKOUT"),
        ("AUTH_LOOKOUT", "header", "WEBHOOK_SECRETS_LOOKOUT is set, but AUTH_LOOKOUT is header"),
        ("HEADER_SECRETS_SOPHOS", "short", "HEADER_SECRETS_SOPHOS is set, but AUTH_SOPHOS is webhook"),
        ("SYNC_SCHEDULE", "sometimes", "sometimes"),
    ],
)
async def test_a_senseless_setting_is_named(
    tmp_path: pathlib.Path, setting: str, value: str, expected: str
) -> None:
    said = await _said(tmp_path, by_webhook(**{setting: value}))
    assert len(said) == 1
    assert expected in said[0]


async def test_a_missing_binding_setting_is_named(tmp_path: pathlib.Path) -> None:
    said = await _said(tmp_path, environment(SYNC_SCHEDULE=""))
    assert len(said) == 1
    assert "SYNC_SCHEDULE" in said[0]


async def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").touch()
    said = await _said(tmp_path / "file" / "data", environment())
    assert len(said) == 1
    assert "the data folder cannot be written" in said[0]


def test_a_python_too_old_is_reported_in_one_line() -> None:
    pretend = (
        "import sys, runpy; sys.version_info = (3, 10, 2); runpy.run_module('local', run_name='__main__')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", pretend], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.strip() == "Python 3.10 is too old: 3.11 or newer is needed"


async def test_ctrl_c_stops_cleanly(tmp_path: pathlib.Path) -> None:
    env = environment()
    async with machine(tmp_path / "data", env=env) as one:
        await one.until("serving until Ctrl-C")
        one.process.send_signal(signal.SIGINT)
        assert await one.ended() == 0, one.lines
    assert one.lines[-1] == "stopping"
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(env["LOCAL_HOST_PORT"]))) != 0


@pytest.mark.parametrize("name", ["secrets.json", "cosmos.sqlite", "graph.sqlite"])
async def test_data_that_cannot_be_read_is_reported_in_one_line(tmp_path: pathlib.Path, name: str) -> None:
    (tmp_path / name).write_text("no such thing, and long enough to be taken for a damaged database file")
    env = {key: value for key, value in environment().items() if not key.startswith("WEBHOOK_SECRETS_")}
    said = await _said(tmp_path, env)
    assert len(said) == 1
    assert "--fresh" in said[0]
