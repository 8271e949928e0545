"""Mistakes made in a copy of the snapshots, to see that a check finds them."""

from dataclasses import dataclass
from typing import Any

from tests.infra.snapshots import Snapshots

GONE = object()
"""In place of a value: there is none."""


@dataclass(frozen=True)
class Mistake:
    """At a path of a resource in a file (its type, and its name where there are several), or of the file."""

    file: str
    resource: str
    path: str
    value: object

    def made_in(self, snapshots: Snapshots) -> Snapshots:
        """A copy with it."""
        seeded = snapshots.copy()
        where = seeded.files[self.file]
        if self.resource:
            where = _named(where["resources"], self.resource)
        *way, last = self.path.split("/") if self.path else [""]
        for name in way:
            where = _step(where, name)
        _put(where, last, self.value)
        return seeded


def _named(rows: list[Any], resource: str) -> Any:
    type_, _, name = resource.partition(" ")
    found = (
        row for row in rows if row["type"].partition("@")[0] == type_ and name in str(row.get("name", ""))
    )
    return next(found)


def _step(where: Any, name: str) -> Any:
    if isinstance(where, list):
        return where[_place(where, name)]
    return where[name]


def _place(rows: list[Any], name: str) -> int:
    """Of a row by its number, or by its name."""
    return int(name) if name.isdigit() else next(n for n, row in enumerate(rows) if row["name"] == name)


def _put(where: Any, name: str, value: object) -> None:
    key = _place(where, name) if isinstance(where, list) and name != "+" else name
    if name == "+":
        where.append(value)
    elif value is GONE:
        del where[key]
    else:
        assert where[key] != value, "the mistake can no longer be made: seed another one"
        where[key] = value
