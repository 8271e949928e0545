"""What is measured of docs/performance.md, as it last was, and on what; the words around it stay."""

import os
import pathlib
import platform
import re
from collections.abc import Sequence

from benchmarks.row import Row

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs" / "performance.md"
TABLE, GROWTH = "measured", "measured of growth"
"""The parts of the page, each written by a command of its own."""


def with_table(page: str, rows: Sequence[Row]) -> str:
    """The page with another table."""
    return with_part(page, TABLE, f"{machine()}\n\n{table(rows)}")


def with_part(page: str, name: str, text: str) -> str:
    """The page with another text between the marks of that part."""
    begin, end = _marks(name)
    return _part(name).sub(lambda _: f"{begin}\n{text}\n{end}", page)


def part_of(page: str, name: str) -> str:
    """What stands between them."""
    found = _part(name).search(page)
    assert found is not None
    return found[1]


def table(rows: Sequence[Row]) -> str:
    """The rows, with their goals."""
    lines = ["| What | Measured | Goal | | Note |", "|---|--:|---|---|---|"]
    lines += [f"| {row.what} | {row.figure} | {row.goal} | {_verdict(row)} | {row.note} |" for row in rows]
    return "\n".join(lines)


def machine() -> str:
    """What it was measured on."""
    return f"On {os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}:"


def _part(name: str) -> re.Pattern[str]:
    begin, end = _marks(name)
    return re.compile(f"{begin}\n(.*?)\n?{end}", re.DOTALL)


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name} -->", f"<!-- end of what is {name} -->"


def _verdict(row: Row) -> str:
    if not row.goal or row.measured is None:
        return ""
    return "met" if row.holds else "**missed**"
