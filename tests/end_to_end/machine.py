"""`python -m local` as a child process: start it, talk to it, end it as a person or a crash would."""

import asyncio
import os
import pathlib
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import aiohttp

from local.host.host import Host
from local.ports import free_port
from local.scenario.hands import Hands
from local.stack import PORTS, Stack

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAX_SECONDS = 300.0
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""A secret for tests only."""
READ_KEY = "0123456789abcdef" * 2


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with free ports, and `settings` over them."""
    ports = {name: str(free_port()) for name in PORTS}
    return {**os.environ, **ports, "READ_KEY_LOCAL": READ_KEY, "PYTHONDONTWRITEBYTECODE": "1", **settings}


def by_webhook(**settings: str) -> dict[str, str]:
    """The same, with Lookout and Zimperium signing by a known secret."""
    token = ("ENTRA_TENANT_ZIMPERIUM", "ENTRA_AUDIENCE_ZIMPERIUM", "ENTRA_APP_IDS_ZIMPERIUM")
    known = dict.fromkeys(("WEBHOOK_SECRETS_LOOKOUT", "WEBHOOK_SECRETS_ZIMPERIUM"), SECRET)
    return environment(**{**known, "AUTH_ZIMPERIUM": "webhook", **dict.fromkeys(token, ""), **settings})


def _vendors(env: Mapping[str, str]) -> str:
    return f"http://127.0.0.1:{env['LOCAL_VENDORS_PORT']}"


def _azure(env: Mapping[str, str]) -> str:
    return f"https://127.0.0.1:{env['LOCAL_AZURE_PORT']}"


@dataclass
class Machine:
    """One running `python -m local`."""

    process: asyncio.subprocess.Process
    url: str
    graph_url: str
    lines: list[str] = field(default_factory=list)

    async def until(self, text: str) -> str:
        """Read lines until one holds `text`; that line."""
        assert self.process.stdout is not None
        while True:
            raw = await asyncio.wait_for(self.process.stdout.readline(), MAX_SECONDS)
            assert raw, f"it ended before it said {text!r}: {self.lines}"
            self.lines.append(raw.decode().rstrip())
            if text in self.lines[-1]:
                return self.lines[-1]

    async def ended(self) -> int:
        """Read to the end; the exit status."""
        output, _ = await asyncio.wait_for(self.process.communicate(), MAX_SECONDS)
        self.lines.extend(output.decode().splitlines())
        assert self.process.returncode is not None
        return self.process.returncode

    async def killed(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()


def hands_of(one: Machine, env: Mapping[str, str], data: pathlib.Path, http: aiohttp.ClientSession) -> Hands:
    """The scenario's hands on a machine that runs as a process of its own."""
    return Hands(
        Stack(
            one.url,
            one.graph_url,
            _vendors(env),
            _azure(env),
            env,
            data,
            cast("Host", None),
            AsyncExitStack(),
        ),
        http,
    )


@asynccontextmanager
async def machine(data: pathlib.Path, *options: str, env: dict[str, str]) -> AsyncIterator[Machine]:
    """`python -m local` with its data in `data`; whatever still runs at the end is ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "local", "--data", str(data), *options),
        cwd=ROOT,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    host, graph = (f"http://127.0.0.1:{env[f'LOCAL_{name}_PORT']}" for name in ("HOST", "GRAPH"))
    try:
        yield Machine(process, host, graph)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
