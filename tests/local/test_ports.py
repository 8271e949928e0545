"""Ports that nobody else comes to have between being named and being served at."""

import pathlib
import socket
import subprocess
import sys

from local.ports import BLOCKS, free_port
from tests.infra.loud import skip

ROOT = pathlib.Path(__file__).parents[2]
RANGE = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
"""What Linux gives to connections that go out, and to servers that ask for any."""


def test_no_connection_that_goes_out_comes_to_have_one() -> None:
    system = int(RANGE.read_text().split()[0]) if RANGE.exists() else 49_152
    if system < 32_768:
        skip(f"ports of tests, of which this machine gives connections those from {system} on")
    assert free_port() < BLOCKS.stop <= system


def test_none_is_given_twice_in_a_row_nor_while_something_listens_there() -> None:
    taken = free_port()
    with socket.socket() as one:
        one.bind(("127.0.0.1", taken))
        one.listen()
        given = [free_port() for _ in range(BLOCKS.step)]
    assert taken not in given
    assert len({*given[:20]}) == 20


def test_each_process_has_its_own_and_each_fork() -> None:
    program = """
import os
from local.ports import free_port
free_port()
if child := os.fork():
    os.waitpid(child, 0)
print(free_port())
"""
    other = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True)
    child, parent = map(int, other.stdout.split())
    assert len({port // BLOCKS.step for port in (free_port(), child, parent)}) == 3
