"""The rules of Conditional Access' filter for devices: parsed and evaluated, nothing else.

Source: Entra "Filter for devices as a condition" (properties, operators, null for unregistered devices) and
"Rules for dynamic membership groups" (syntax, precedence, backtick before a quote in a string). Left out of
that syntax: -match, null, unquoted values, single quotes, operators without the hyphen. Left out of the
properties: that some take only some of the operators.
"""

import operator
import re
from collections.abc import Callable, Mapping

Device = Mapping[str, object]
"""Properties as in Graph's `deviceInfo`; null and missing are the same."""

Rule = Callable[[Device], bool]

MAX_RULE_LENGTH = 3072
MAX_DEPTH = 50


class FilterError(ValueError):
    """The rule cannot be read; says what was expected where."""


_NEGATIVES = {
    "-ne": "-eq",
    "-notstartswith": "-startswith",
    "-notendswith": "-endswith",
    "-notcontains": "-contains",
    "-notin": "-in",
}
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "-eq": operator.eq,
    "-in": operator.eq,
    "-startswith": str.startswith,
    "-endswith": str.endswith,
    "-contains": operator.contains,
}
_COLLECTIONS = {"physicalids", "systemlabels"}
_MANAGEMENT = {"deviceid", "deviceownership", "enrollmentprofilename", "iscompliant", "mdmappid", "trusttype"}
_MAKE = {"displayname", "manufacturer", "model", "operatingsystem", "operatingsystemversion", "profiletype"}
_ATTRIBUTES = {f"extensionattribute{number}" for number in range(1, 16)}
_PROPERTIES = _COLLECTIONS | _MANAGEMENT | _MAKE | _ATTRIBUTES
_DEVICE_INFO_NAMES = {"deviceownership": "ownership"}
_TOKEN = re.compile(r'\s*("(?:[^"`]|`.)*"|-[a-z]+|device\.[a-z0-9]+|[()\[\],])', re.IGNORECASE | re.DOTALL)


def parse(rule: str) -> Rule:
    """The rule as a function of a device, or FilterError."""
    if len(rule) > MAX_RULE_LENGTH:
        raise FilterError(f"longer than {MAX_RULE_LENGTH} characters")
    parser = _Parser(_tokens(rule.rstrip()))
    parsed = parser.disjunction()
    if parser.left:
        raise FilterError(f"nothing expected at {parser.left[-1]}")
    return parsed


def _tokens(rule: str) -> list[str]:
    tokens, at = [], 0
    while at < len(rule):
        found = _TOKEN.match(rule, at)
        if found is None:
            raise FilterError(f"cannot read the rule at character {at}")
        tokens.append(found[1])
        at = found.end()
    return tokens


class _Parser:
    """Recursive descent; -not binds tighter than -and, -and tighter than -or."""

    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens[::-1]
        self._depth = 0

    def disjunction(self) -> Rule:
        terms = [self._conjunction()]
        while self._accept("-or"):
            terms.append(self._conjunction())
        return lambda device: any(term(device) for term in terms)

    def _conjunction(self) -> Rule:
        terms = [self._negation()]
        while self._accept("-and"):
            terms.append(self._negation())
        return lambda device: all(term(device) for term in terms)

    def _negation(self) -> Rule:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterError("nested too deeply")
        if self._accept("-not"):
            denied = self._negation()
            term: Rule = lambda device: not denied(device)  # noqa: E731
        elif self._accept("("):
            term = self.disjunction()
            self._expect(")")
        else:
            term = self._comparison()
        self._depth -= 1
        return term

    def _comparison(self) -> Rule:
        name = self._take("a property").removeprefix("device.")
        if name not in _PROPERTIES:
            raise FilterError(f"no property {name}")
        word = self._take("an operator")
        positive = _NEGATIVES.get(word, word)
        if positive not in _TESTS:
            raise FilterError(f"no operator {word}")
        wanted = self._list() if positive == "-in" else [self._string()]
        # A collection contains whole strings, a text contains parts.
        test = operator.eq if name in _COLLECTIONS else _TESTS[positive]
        negative = word != positive
        return lambda device: any(test(v, w) for v in _values(device, name) for w in wanted) != negative

    def _list(self) -> list[str]:
        self._expect("[")
        strings = [self._string()]
        while self._accept(","):
            strings.append(self._string())
        self._expect("]")
        return strings

    def _string(self) -> str:
        token = self._take("a string")
        if not token.startswith('"'):
            raise FilterError(f"a string in double quotes expected at {token}")
        return re.sub("`(.)", r"\1", token[1:-1], flags=re.DOTALL)

    def _take(self, what: str) -> str:
        if not self.left:
            raise FilterError(f"{what} expected at the end")
        return self.left.pop().casefold()

    def _accept(self, token: str) -> bool:
        if self.left and self.left[-1].casefold() == token:
            self.left.pop()
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise FilterError(f"{token} expected")


def _values(device: Device, name: str) -> list[str]:
    wanted = {name, _DEVICE_INFO_NAMES.get(name, name)}
    value = next((value for key, value in device.items() if key.casefold() in wanted), None)
    if value is None:
        return []
    return [str(one).casefold() for one in (value if isinstance(value, list) else [value])]
