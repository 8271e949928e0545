"""Bytecode in what is uploaded: the app's own part of the package is built, without the libraries."""

import pathlib
import tempfile

from infra import package
from infra.pythons import python_of


def without_bytecode() -> list[str] | None:
    """Modules of the package beside which there is none that is taken unchecked; None where no Python of the
    app's version is at hand to make it."""
    if python_of(package.PYTHON) is None:
        return None
    with tempfile.TemporaryDirectory(prefix="mtd-bench-") as name:
        folder = pathlib.Path(name) / "package"
        package.build(folder, install=_no_libraries)
        modules = [path for path in folder.rglob("*.py") if not _is_compiled(path)]
        return sorted(path.relative_to(folder).as_posix() for path in modules)


def _no_libraries(libraries: pathlib.Path) -> None:
    libraries.mkdir(parents=True)


def _is_compiled(module: pathlib.Path) -> bool:
    """By the source's hash, unchecked (PEP 552)."""
    tag = package.PYTHON.replace(".", "")
    cached = module.parent / "__pycache__" / f"{module.stem}.cpython-{tag}.pyc"
    return cached.is_file() and cached.read_bytes()[4:8] == b"\1\0\0\0"
