"""Microsoft's own language service for Kusto queries, by Node, in a folder of its own."""

import fcntl
import hashlib
import json
import pathlib
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from tests.infra import loud
from tests.infra.code import ROOT
from tests.infra.telemetry import Query

HERE = pathlib.Path(__file__).parent
HOME = ROOT / ".local" / "kql"
"""Where the package named in package-lock.json is installed, once."""


@dataclass(frozen=True)
class Answer:
    """What the service finds in some queries, and the names it reserves."""

    findings: list[str]
    reserved: list[str]


def ask(queries: Iterable[Query]) -> Answer:
    """The service's answer; a loud skip where Node, or the service's package, is not to be had."""
    home = _installed()
    asked = json.dumps([{"name": query.name, "text": query.text} for query in queries])
    command = ["node", str(HERE / "service.js"), str(home)]
    ended = subprocess.run(command, input=asked, capture_output=True, text=True, check=True)
    return Answer(**json.loads(ended.stdout))


def _installed() -> pathlib.Path:
    if not shutil.which("node") or not shutil.which("npm"):
        _skip("there is no Node")
    lock = HERE / "package-lock.json"
    home = HOME / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # tests run side by side: one of them installs
        if not (home / ".ready").exists():
            _install(home)
    return home


def _install(home: pathlib.Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, home)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    ended = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    if ended.returncode:
        _skip(f"npm ci failed ({ended.stderr.strip()[-200:]})")
    (home / ".ready").touch()


def _skip(why: str) -> NoReturn:
    loud.skip(f"no query was asked of Microsoft's language service: {why}")
