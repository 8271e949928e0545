"""Build what is uploaded: the app, its locked libraries for Azure's Python, and of msgraph only what is used.

    make package    # into .local/package; with --zip also .local/package.zip

Beside it stands its bill of materials, .local/package.cdx.json (infra/sbom.py); it is not uploaded.

The libraries are those of requirements.txt, by hash, as wheels for Linux and the Python version the function
app runs (infra/modules/function-app.bicep), whatever machine this runs on. msgraph-sdk is 200 MB on disk,
nearly all of it generated request builders, loaded when they are asked for: those that no attribute of the
app's code names are left out. Needs uv, which the project's environment has.

With every module goes its bytecode, made by a Python of that version. What is uploaded is mounted read-only:
without it, every cold start compiles whatever it loads once more. It is taken without a look at the source's
time, which no archive keeps (PEP 552, unchecked).

The local rules go with it: rules.toml, or the file RULES_FILE names. They are read as the app will read them,
because it does not start with rules that make no sense.
"""

import argparse
import fnmatch
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from infra import sbom
from infra.pythons import python_of
from shared.domain.local_rules import LocalRules
from shared.errors import SettingsError
from shared.rules_file import load

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILT = ROOT / ".local" / "package"
LIBRARIES = pathlib.PurePath(".python_packages/lib/site-packages")
HOST_FILES = ("function_app.py", "host.json", "requirements.txt")
RULES = "rules.toml"
PYTHON = "3.13"
PLATFORM = "x86_64-manylinux_2_28"
MARKERS = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "python_version": PYTHON,
    "python_full_version": f"{PYTHON}.0",
    "implementation_version": f"{PYTHON}.0",
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "platform_release": "",
    "platform_version": "",
}
"""The same in the words of the lock's markers."""
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the archive: the same content gives the same archive."""


class PackagingError(Exception):
    """What went wrong, in a sentence for the terminal."""


@dataclass(frozen=True)
class Size:
    """Of a folder, in files and bytes."""

    files: int
    bytes: int

    @classmethod
    def of(cls, folder: pathlib.Path) -> "Size":
        """Everything below `folder`."""
        sizes = [path.stat().st_size for path in _files(folder)]
        return cls(len(sizes), sum(sizes))

    def __str__(self) -> str:
        return f"{self.bytes / 1e6:.0f} MB in {self.files} files"


class Sizes(NamedTuple):
    """Of the package, as it was built."""

    whole: Size
    """Before pruning."""
    pruned: Size
    """After it, without bytecode."""
    compiled: Size | None
    """With bytecode; None where there is none."""


def build(
    folder: pathlib.Path, rules: str = RULES, install: Callable[[pathlib.Path], None] | None = None
) -> Sizes:
    """Build the package in `folder`, which is made anew; `install` puts other libraries in than the locked
    ones."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in app_files(rules):
        target = folder / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    (install or _install)(folder / LIBRARIES)
    whole = Size.of(folder)
    prune(folder / LIBRARIES, names_used(folder))
    return Sizes(whole, Size.of(folder), compile_all(folder))


def compile_all(folder: pathlib.Path) -> Size | None:
    """Put the bytecode of every module below `folder` beside it; the folder's size then.

    None where no Python of the app's version is at hand: what another one makes would not be read.
    PackagingError where a module cannot be compiled.
    """
    python = python_of(PYTHON)
    if python is None:
        return None
    # Without the folder's name the same content gives the same bytecode, wherever it is built.
    command = [python, "-m", "compileall", "-q", "-f", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder.resolve()), str(folder.resolve())]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if ended.returncode:
        raise PackagingError(f"bytecode cannot be made: {ended.stdout.strip()[:500]}")
    return Size.of(folder)


def bill_of_materials() -> str:
    """What the lock has put into the package, as JSON of CycloneDX."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return sbom.bill(project, lock, MARKERS)


def app_files(rules: str = RULES) -> list[pathlib.Path]:
    """The app's own files: its rooms, what the host reads, the local rules. Nothing else that lies about."""
    rooms = [init.parent for init in ROOT.glob("*/__init__.py")]
    named = [ROOT / name for name in (*HOST_FILES, rules) if (ROOT / name).is_file()]
    files = {*named, *(path for room in rooms for path in _files(room))}
    return sorted(path for path in files if not _stays_behind(path.relative_to(ROOT)))


def _stays_behind(path: pathlib.PurePath) -> bool:
    """What .funcignore names at the top level, and bytecode."""
    ignored = any(fnmatch.fnmatch(path.parts[0], each) for each in (".*", *ignored_names()))
    return ignored or "__pycache__" in path.parts or path.suffix == ".pyc"


def rules_file() -> str:
    """The file of local rules: RULES_FILE of the shell, given to hooks by azd, or of azd's environment."""
    given = os.environ.get("RULES_FILE", "").strip()
    azd = shutil.which("azd")
    if not given and azd:
        command = [azd, "env", "get-value", "RULES_FILE"]
        asked = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603 - our own words
        given = "" if asked.returncode else asked.stdout.strip()
    return given or RULES


def local_rules(name: str) -> LocalRules:
    """The local rules that go with the app. PackagingError where it would not start with them."""
    try:
        rules = load(name)
    except SettingsError as error:
        raise PackagingError(str(error)) from error
    if (ROOT / name).exists() and ROOT / name not in app_files(name):
        raise PackagingError(f"{name} does not go with the app: see .funcignore for what stays behind")
    return rules


def ignored_names() -> list[str]:
    """The patterns of .funcignore; all of them are for the top level, and begin with a slash to say so."""
    lines = (ROOT / ".funcignore").read_text(encoding="utf-8").split()
    return [line.strip("/") for line in lines]


def names_used(folder: pathlib.Path) -> set[str]:
    """Every attribute the app's own code names: a request builder is reached by no other way."""
    sources = [path for path in folder.rglob("*.py") if LIBRARIES.parts[0] not in path.parts]
    return {name for path in sources for name in re.findall(r"\.(\w+)", path.read_text(encoding="utf-8"))}


def prune(libraries: pathlib.Path, used: set[str]) -> None:
    """Leave out msgraph's builders that are not used, its description for the generator, and commands."""
    generated = libraries / "msgraph" / "generated"
    for builder in [path for path in generated.glob("*") if path.is_dir() and path.name not in used]:
        shutil.rmtree(builder)
    (generated / "kiota-dom-export.txt").unlink(missing_ok=True)
    shutil.rmtree(libraries / "bin", ignore_errors=True)


def archive(folder: pathlib.Path, target: pathlib.Path) -> str:
    """Put `folder` into a zip file that depends on its content alone; its SHA-256."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as zipped:
        for path in _files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), LONG_AGO)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, path.read_bytes())
    return hashlib.sha256(target.read_bytes()).hexdigest()


def _install(libraries: pathlib.Path) -> None:
    beside = str(pathlib.Path(sys.executable).parent)
    uv = shutil.which("uv", path=beside) or shutil.which("uv")
    if uv is None:
        raise PackagingError("uv is missing: use `make package`, or `pip install uv`")
    command = [uv, "pip", "install", "--quiet", "--target", str(libraries), "--require-hashes"]
    command += ["--python-version", PYTHON, "--python-platform", PLATFORM, "--only-binary", ":all:"]
    command += ["--link-mode", "copy", "--requirement", str(ROOT / "requirements.txt")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if ended.returncode:
        raise PackagingError(f"the libraries cannot be installed: {ended.stderr.strip()}")


def _files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 or 1."""
    ask = argparse.ArgumentParser(description="Build the package that is uploaded.")
    ask.add_argument("--zip", action="store_true", help="also put it into a zip file beside it")
    given = ask.parse_args(arguments)
    name = rules_file()
    try:
        rules = local_rules(name)
        whole, pruned, compiled = build(BUILT, name)
        bill = BUILT.with_suffix(".cdx.json")
        bill.write_text(bill_of_materials(), encoding="utf-8")
    except PackagingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(
        f"{name}: {len(rules.rules)} local rules, {len(rules.dry)} more that decide nothing yet\n"
    )
    bytecode = f"without bytecode: {pruned}, " if compiled else ""
    sys.stdout.write(f"{BUILT.relative_to(ROOT)}: {compiled or pruned} ({bytecode}before pruning: {whole})\n")
    if compiled is None:
        sys.stdout.write(f"no Python {PYTHON} found: no bytecode in it, so cold starts are slower\n")
    sys.stdout.write(f"{bill.relative_to(ROOT)}: its bill of materials (CycloneDX {sbom.SPECIFICATION})\n")
    if given.zip:
        target = BUILT.with_suffix(".zip")
        digest = archive(BUILT, target)
        size = target.stat().st_size / 1e6
        sys.stdout.write(f"{target.relative_to(ROOT)}: {size:.1f} MB, SHA-256 {digest}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
