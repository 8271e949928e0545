"""checkov finds nothing insecure in the Bicep files, and reads every one of them.

It runs in an environment of its own, made once from a lock of its own. A file that it cannot read is no
failure to checkov: hence the unread ones are looked at too.
"""

import fcntl
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.infra.bicep import bicep_files
from tests.infra.code import ROOT

LOCK = pathlib.Path(__file__).with_name("checkov-requirements.txt")
SCANNER = pathlib.Path(__file__).with_name("checkov_scan.py")
HOME = ROOT / ".venv" / "checkov"
INFRA = ROOT / "infra"


@dataclass(frozen=True)
class Scan:
    """What checkov said."""

    failed: list[str]
    skipped: list[tuple[str, str]]
    """Check and the reason given in the file."""
    unread: list[str]
    passed: int


@pytest.fixture(scope="module")
def checkov() -> pathlib.Path:
    """Its Python; a loud skip where its environment cannot be made (no package index within reach)."""
    try:
        with HOME.with_name(".checkov.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side: one of them makes it
            _make_environment()
    except subprocess.CalledProcessError as error:
        said = f"checkov cannot be installed: the Bicep files were NOT scanned ({error.stderr[-300:]})"
        print(f"\n{said}", file=sys.__stderr__)
        pytest.skip(said)
    return HOME / "bin" / "python"


def _make_environment() -> None:
    mark = HOME / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    if mark.exists():
        return
    shutil.rmtree(HOME, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(HOME)])
    install = ("-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK))
    _run([str(HOME / "bin" / "python"), *install])
    mark.touch()


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True)


def scan(checkov: pathlib.Path, folder: pathlib.Path) -> Scan:
    """Scan the Bicep files of `folder` that checkov is meant to read. Nothing is asked of any server."""
    command = [str(checkov), str(SCANNER), *map(str, bicep_files(folder))]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return Scan(**json.loads(ended.stdout.splitlines()[-1]))


def test_nothing_insecure_is_found_and_every_file_is_read(checkov: pathlib.Path) -> None:
    found = scan(checkov, INFRA)
    assert found.failed == []
    assert found.unread == []
    assert found.passed >= 30
    assert all(len(reason) > 20 for _, reason in found.skipped), "a skip without a reason"


SEEDED = {
    "CKV_AZURE_140": ("modules/cosmos.bicep", "disableLocalAuth: true", "disableLocalAuth: false"),
    "CKV_AZURE_110": (
        "modules/key-vault.bicep",
        "enablePurgeProtection: true",
        "enablePurgeProtection: false",
    ),
    "CKV_AZURE_44": ("modules/storage.bicep", "minimumTlsVersion: 'TLS1_2'", "minimumTlsVersion: 'TLS1_0'"),
}
"""Weaknesses that copies of our files are given, and what finds them."""


@pytest.fixture(scope="module")
def seeded(checkov: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Scan:
    """One scan of all weakened copies, and of a file checkov cannot read."""
    folder = tmp_path_factory.mktemp("seeded")
    for file, right, wrong in SEEDED.values():
        text = (INFRA / file).read_text(encoding="utf-8")
        assert right in text
        (folder / pathlib.Path(file).name).write_text(text.replace(right, wrong), encoding="utf-8")
    (folder / "newer.bicep").write_text("func twice(n int) int => n * 2\n", encoding="utf-8")
    return scan(checkov, folder)


@pytest.mark.parametrize("check", SEEDED)
def test_a_seeded_weakness_is_found(seeded: Scan, check: str) -> None:
    assert [found.split(" ")[0] for found in seeded.failed].count(check) == 1


def test_a_file_checkov_cannot_read_is_noticed(seeded: Scan) -> None:
    assert len(seeded.unread) == 1
