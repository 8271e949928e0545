"""The table in docs/performance.md, as it was last measured, and on what; the words around it stay."""

import os
import pathlib
import platform
import re
from collections.abc import Sequence

from benchmarks.row import Row

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- measured -->", "<!-- end of what is measured -->"


def with_table(page: str, rows: Sequence[Row]) -> str:
    """The page with another table."""
    found = re.compile(f"{BEGIN}.*{END}", re.DOTALL)
    return found.sub(lambda _: f"{BEGIN}\n{_machine()}\n\n{_table(rows)}\n{END}", page)


def _table(rows: Sequence[Row]) -> str:
    lines = ["| What | Measured | Goal | | Note |", "|---|--:|---|---|---|"]
    lines += [f"| {row.what} | {row.figure} | {row.goal} | {_verdict(row)} | {row.note} |" for row in rows]
    return "\n".join(lines)


def _machine() -> str:
    return f"On {os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}:"


def _verdict(row: Row) -> str:
    if not row.goal or row.measured is None:
        return ""
    return "met" if row.holds else "**missed**"
