"""Ports on loopback for servers that are about to be started on this machine."""

import atexit
import itertools
import os
import socket
from collections.abc import Iterator
from functools import cache

BLOCKS = range(20_000, 30_000, 100)
"""Where blocks begin: all below the ports a system gives to connections that go out, and to servers that ask
for any (from 32,768 on Linux, from 49,152 elsewhere), so that none of those comes in between."""


def free_port() -> int:
    """A port that is free, and given to nobody else before this process has gone through its whole block.

    Raises OSError where every block is taken, or every port of this process's own.
    """
    _, ports = _block(os.getpid())
    for port in itertools.islice(ports, BLOCKS.step):
        if one := _bound(port):
            one.close()
            return port
    raise OSError("no port of this process's block is free")


@cache
def _block(_process: int) -> tuple[socket.socket, Iterator[int]]:
    """The block of a process, forks apart: who holds its first port, where nothing is served, has it."""
    for first in BLOCKS:
        if held := _bound(first):
            atexit.register(held.close)
            return held, itertools.cycle(range(first + 1, first + BLOCKS.step))
    raise OSError("no block of ports is free")


def _bound(port: int) -> socket.socket | None:
    one = socket.socket()
    try:
        one.bind(("127.0.0.1", port))
    except OSError:
        one.close()
        return None
    return one
