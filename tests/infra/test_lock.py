"""What is installed anywhere is locked by hash, and a lock is read as pip reads it."""

import pathlib
import re

import pytest

from infra.lock import Locked, locked
from infra.package import MARKERS
from tests.infra.code import ROOT

LOCKS = sorted([*ROOT.glob("*requirements*.txt"), *ROOT.glob("tests/**/*requirements*.txt")])
SOME = """\
# This file was made by a tool
httpx[http2]==0.28.1 \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
    # via
    #   -r requirements.in
    #   Msgraph_Core
win-only==1.0 ; sys_platform == 'win32' \\
    --hash=sha256:{a}
    # via httpx
""".format(a="a" * 64, b="b" * 64)


def test_an_entry_has_its_version_its_hashes_and_who_asks_for_it() -> None:
    httpx, other = locked(SOME)
    asked_by = ("-r requirements.in", "msgraph-core")
    assert httpx == Locked("httpx", "0.28.1", None, ("a" * 64, "b" * 64), asked_by)
    assert (other.name, other.asked_by) == ("win-only", ("httpx",))


def test_a_marker_says_where_a_library_is_needed() -> None:
    httpx, other = locked(SOME)
    assert httpx.needed(MARKERS)
    assert not other.needed(MARKERS)
    assert other.needed({**MARKERS, "sys_platform": "win32"})


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_library_is_locked_to_one_version_and_its_hashes(lock: pathlib.Path) -> None:
    text = lock.read_text(encoding="utf-8")
    found = locked(text)
    assert len(found) == len(re.findall(r"^[^\s#]", text, re.MULTILINE)) > 0
    assert [each.name for each in found if not each.hashes] == []
    assert sum(len(each.hashes) for each in found) == text.count("--hash=")
    assert [each.name for each in found if not each.asked_by] == []


def test_the_three_locks_are_all_there_is() -> None:
    names = {"requirements.txt", "requirements-dev.txt", "runtime-requirements.txt"}
    assert {path.name for path in LOCKS} == names


INSTALLS = re.compile(r'^(?!\s*raise).*(?:pip install|"pip", "install"|pip-audit ).*--?\w.*$', re.M)


@pytest.mark.parametrize("file", ["Makefile", "infra/package.py", "tests/end_to_end/python_313.py"])
def test_what_installs_from_a_lock_wants_the_hashes(file: str) -> None:
    commands = INSTALLS.findall((ROOT / file).read_text(encoding="utf-8"))
    assert commands
    assert [line for line in commands if "--require-hashes" not in line] == []
