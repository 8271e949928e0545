"""Texts that a pattern may take long over, made from its own shape: what it has repeated, begun again and
again, and cut off before its end."""

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

_parser: Any = importlib.import_module("re._parser")
_compiler: Any = importlib.import_module("re._compiler")

ANYWHERE = (
    *(" \t\n09azAZ.@%-_:;,/\\'\"()[]{}<>=+*?&#|$^!~\0é\u2028"),
    "aA",
    "a ",
    "a.",
    "1 ",
    "a@",
    "%40",
    "\r\n",
)
"""What is repeated against every pattern."""
NOT_TAKEN = "\0"
"""What stands behind it: mostly what nothing takes."""
_MEMBERS = 3
"""Letters tried of each class of letters."""
_WORDS = 2
"""Branches tried of those that are but words."""
_VARIANTS = 2


def texts(pattern: re.Pattern[str]) -> dict[str, Callable[[int], str]]:
    """Makers of hostile texts of a length or so, by what they are made of."""
    pumps = dict.fromkeys(pump for pump in _pumps(pattern) if pump[1])
    return {repr(pump): _maker(*pump) for pump in pumps}


def _maker(before: str, unit: str, end: str) -> Callable[[int], str]:
    return lambda length: before + unit * max(1, (length - len(before)) // len(unit)) + end


def _pumps(pattern: re.Pattern[str]) -> Iterator[tuple[str, str, str]]:
    """What comes first, what is repeated behind it, and what comes last."""
    yield from (("", each, NOT_TAKEN) for each in ANYWHERE)
    shape = _Shape(pattern)
    for variant in range(_VARIANTS):
        yield "", shape.sample(shape.whole, variant), NOT_TAKEN
        for before, unit, after in shape.parts(shape.whole, "", variant):
            yield "", unit, NOT_TAKEN
            yield "", before + unit, NOT_TAKEN
            yield before, unit, NOT_TAKEN
            yield before, unit, after


class _Shape:
    """A pattern taken apart, as the library itself does."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.whole = _parser.parse(pattern.pattern, pattern.flags)
        self._flags = pattern.flags
        self._letters = "".join(dict.fromkeys("a1 Z_-.@\n\0,/:'\"é" + pattern.pattern))

    def members(self, node: tuple[Any, Any]) -> list[str]:
        """Some letters that one place of the pattern takes."""
        one = _parser.SubPattern(self.whole.state, [node])
        place = _compiler.compile(one, self._flags)
        return [each for each in self._letters if place.fullmatch(each)][:_MEMBERS] or ["a"]

    def sample(self, sequence: Sequence[tuple[Any, Any]], variant: int) -> str:
        """A text that a part of the pattern takes, or nearly: what only looks around takes none."""
        return "".join(self._of(node, variant) for node in sequence)

    def _of(self, node: tuple[Any, Any], variant: int) -> str:
        kind, content = str(node[0]), node[1]
        if kind == "LITERAL":
            return chr(content)
        if kind in _LETTERS:
            members = self.members(node)
            return members[variant % len(members)]
        if kind == "BRANCH":
            branches = content[1]
            return self.sample(branches[variant % len(branches)], variant)
        if kind in _REPEATS:
            least: int = content[0]
            return self.sample(content[2], variant) * max(1, least)
        inner = _inner(kind, content)
        return "" if inner is None or kind.startswith("ASSERT") else self.sample(inner, variant)

    def parts(
        self, sequence: Sequence[tuple[Any, Any]], before: str, variant: int
    ) -> Iterator[tuple[str, str, str]]:
        """What comes before a place of the pattern, what stands there, and what comes next: words, letters of
        each class, what is repeated."""
        begun, word = before, ""
        for place, node in enumerate(sequence):
            kind, content = str(node[0]), node[1]
            own, after = self._of(node, variant), self.sample(sequence[place + 1 : place + 2], variant)
            if kind == "LITERAL":
                word += own
                continue
            if word:
                yield begun, word, own
                begun, word = begun + word, ""
            if own:
                yield begun, own, after
            if kind in _LETTERS:
                yield from ((begun, each, after) for each in self.members(node))
            for inner in self._inside(kind, content):
                yield from self.parts(inner, begun, variant)
            begun += own
        if word:
            yield begun, word, ""

    def _inside(self, kind: str, content: Any) -> list[Any]:
        """The parts inside one; of those that are but words a few will do for all."""
        if kind == "BRANCH":
            branches = sorted(content[1], key=lambda each: all(str(node[0]) == "LITERAL" for node in each))
            rich = sum(not all(str(node[0]) == "LITERAL" for node in each) for each in branches)
            return branches[: rich + _WORDS]
        inner = content[2] if kind in _REPEATS else _inner(kind, content)
        return [] if inner is None else [inner]


_LETTERS = frozenset({"IN", "NOT_LITERAL", "ANY"})
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})


def _inner(kind: str, content: Any) -> Any:
    """The part inside a group or a look-around."""
    if kind == "SUBPATTERN":
        return content[-1]
    if kind in {"ASSERT", "ASSERT_NOT"}:
        return content[1]
    return content if kind == "ATOMIC_GROUP" else None
