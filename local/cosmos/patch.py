"""Partial document update: the operations and the condition a patch may carry.

Written from "Partial document update in Azure Cosmos DB". A condition is understood in the one form
`FROM c WHERE c.path = literal`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from local.cosmos.protocol import CosmosError, canonical, decode
from local.cosmos.store import Container, Document

MAX_OPERATIONS = 10
SYSTEM_FIELDS = frozenset({"_rid", "_self", "_etag", "_ts", "_attachments", "_lsn"})
"""What the service writes itself. `_lsn` is the feed's; what becomes of one that is written back is not
documented."""

_CONDITION = re.compile(
    r"""\s*FROM\s+(\w+)\s+WHERE\s+\1((?:\.\w+)+)\s*=\s*
        (?:'(?P<text>[^'\\]*)'|(?P<literal>"[^"]*"|true|false|null|-?\d[\d.eE+-]*))\s*""",
    re.IGNORECASE | re.VERBOSE,
)
_MISSING = object()


def patched(container: Container, document: Document, body: object) -> Document:
    """The document, changed in place by all operations; 412 where the condition does not hold."""
    operations = body.get("operations") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(operations, list):
        raise CosmosError(400, "a patch is an object with a list of operations")
    if not 1 <= len(operations) <= MAX_OPERATIONS:
        raise CosmosError(400, f"a patch has 1 to {MAX_OPERATIONS} operations")
    if "condition" in body and not _holds(str(body["condition"]), document):
        raise CosmosError(412, "the condition of the patch does not hold")
    for operation in operations:
        if not isinstance(operation, dict):
            raise CosmosError(400, "a patch operation is an object")
        _apply(container, document, operation)
    return document


@dataclass(frozen=True)
class _Target:
    """One place in a document: a member of an object, or a position in an array."""

    holder: Document | list[object]
    name: str

    def current(self) -> object:
        if isinstance(self.holder, dict):
            return self.holder.get(self.name, _MISSING)
        return self.holder[self._index()] if self._index() < len(self.holder) else _MISSING

    def add(self, value: object) -> None:
        if isinstance(self.holder, dict):
            self.holder[self.name] = value
        elif self._index() > len(self.holder):
            raise CosmosError(400, "the array is shorter than the path of the patch says")
        else:
            self.holder.insert(self._index(), value)

    def set(self, value: object) -> None:
        if isinstance(self.holder, list) and self._index() < len(self.holder):
            self.holder[self._index()] = value
        else:
            self.add(value)

    def replace(self, value: object) -> None:
        self._require()
        self.set(value)

    def remove(self, _value: object = None) -> object:
        value = self._require()
        if isinstance(self.holder, dict):
            del self.holder[self.name]
        else:
            del self.holder[self._index()]
        return value

    def incr(self, step: object) -> None:
        number = 0 if self.current() is _MISSING else self.current()
        if not _is_number(number) or not _is_number(step):
            raise CosmosError(400, "only a number can be incremented, and by a number")
        self.set(number + step)  # type: ignore[operator]

    def _require(self) -> object:
        if (value := self.current()) is _MISSING:
            raise CosmosError(400, "the path of the patch does not exist")
        return value

    def _index(self) -> int:
        if self.name == "-":
            return len(self.holder)
        if not re.fullmatch(r"[0-9]{1,9}", self.name):
            raise CosmosError(400, "an array index is expected in the path of the patch")
        return int(self.name)


_OPERATIONS: dict[str, Callable[[_Target, object], object]] = {
    "add": _Target.add,
    "set": _Target.set,
    "replace": _Target.replace,
    "remove": _Target.remove,
    "incr": _Target.incr,
}


def _apply(container: Container, document: Document, operation: Document) -> None:
    kind, path = operation.get("op"), operation.get("path")
    if kind == "move":
        source = operation.get("from")
        if str(path).startswith(f"{source}/"):
            raise CosmosError(400, "nothing can be moved into itself")
        value = _target(container, document, source).remove()
        _target(container, document, path).set(value)
    elif kind not in _OPERATIONS:
        raise CosmosError(400, f"unknown patch operation {kind}")
    elif kind != "remove" and "value" not in operation:
        raise CosmosError(400, "the patch operation lacks its value")
    else:
        _OPERATIONS[str(kind)](_target(container, document, path), operation.get("value"))


def _target(container: Container, document: Document, path: object) -> _Target:
    if not isinstance(path, str) or not path.startswith("/"):
        raise CosmosError(400, "the path of a patch begins with /")
    names = tuple(name.replace("~1", "/").replace("~0", "~") for name in path[1:].split("/"))
    if names[0] in SYSTEM_FIELDS or names == ("id",) or names == container.key_path[: len(names)]:
        raise CosmosError(400, f"{path} cannot be patched")
    holder: object = document
    for name in names[:-1]:
        holder = _Target(holder, name).current() if isinstance(holder, dict | list) else _MISSING
    if not isinstance(holder, dict | list):
        raise CosmosError(400, f"there is nothing at the parent of {path}")
    return _Target(holder, names[-1])


def _holds(condition: str, document: Document) -> bool:
    match = _CONDITION.fullmatch(condition)
    if match is None:
        raise CosmosError(400, f"this stand-in understands no such condition: {condition}")
    wanted = match["text"] if match["text"] is not None else decode(match["literal"])
    found: object = document
    for name in match[2].split(".")[1:]:
        found = found.get(name, _MISSING) if isinstance(found, dict) else _MISSING
    return found is not _MISSING and canonical(found) == canonical(wanted)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
