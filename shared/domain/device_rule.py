"""Microsoft's rules on devices, such as `device.model -in ["a", "b"] -and (…)`: the grammar, and answers that
may stay open. Pure.

Intune's assignment filters and Conditional Access' filter for devices share it: nested parentheses, operators
with or without the hyphen, `$null`; case does not matter; at most 3,072 characters. Inferred: that `and`
binds tighter than `or`, as in Entra's rules for dynamic groups.
"""

import re
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from shared.domain.os_version import is_version

MAX_LENGTH = 3072
MAX_DEPTH = 50

Subject = TypeVar("Subject")
Answer = bool | None
"""Whether a device meets it; None where that is not known."""
Test = Callable[[Subject], Answer]
Question = Callable[[str, str, list[str | None]], Test[Subject]]
"""Makes a test of a property (in lower case, without `device.`), an operator (in lower case, without its
hyphen) and its values (in lower case; None for null). FilterError where there is no such question."""


class FilterError(ValueError):
    """The rule cannot be read; says what was expected where."""


NEGATIVES: Mapping[str, str] = {
    "ne": "eq",
    "notin": "in",
    "notcontains": "contains",
    "notstartswith": "startswith",
    "notendswith": "endswith",
}
TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "in": lambda value, wanted: value == wanted,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": lambda value, wanted: wanted in value,
}
"""The positive operators on texts in lower case."""
_LISTS = frozenset({"in", "notin"})
_TOKEN = re.compile(r'"[^"]*"|[()\[\],]|[$.\w-]+')


def read_rule(rule: str, question: Question[Subject]) -> Test[Subject]:
    """The rule as a test of a subject, or FilterError."""
    if len(rule) > MAX_LENGTH:
        raise FilterError(f"longer than {MAX_LENGTH} characters")
    reader = _Reader(tokens(rule), question)
    found = reader.either()
    if reader.left:
        raise FilterError(f"nothing expected at {reader.left[-1]}")
    return found


def compared(read: Callable[[Subject], str | None], operator: str, values: list[str | None]) -> Test[Subject]:
    """Whether what `read` gives meets an operator of the table above with one of the values.

    A property the device does not have meets the negative operators and no other (Conditional Access' page).
    """
    test = TESTS.get(NEGATIVES.get(operator, operator))
    if test is None:
        raise FilterError(f"no operator {operator!r}")

    def asked(subject: Subject) -> Answer:
        value = (read(subject) or "").casefold()
        meets = any(not value if wanted is None else bool(value) and test(value, wanted) for wanted in values)
        return meets is (operator not in NEGATIVES)

    return asked


def tokens(rule: str) -> list[str]:
    """The words of a rule in their order, or FilterError."""
    found, at = [], 0
    while at < len(rule):
        if rule[at].isspace():
            at += 1
            continue
        token = _TOKEN.match(rule, at)
        if token is None:
            raise FilterError(f"cannot be read at character {at}")
        found.append(token[0])
        at = token.end()
    return found


def all_of(*answers: Answer) -> Answer:
    """No where one is no; else open where one is open."""
    if any(answer is False for answer in answers):
        return False
    return None if None in answers else True


def any_of(*answers: Answer) -> Answer:
    """Yes where one is yes; else open where one is open."""
    return opposite(all_of(*(opposite(answer) for answer in answers)))


def opposite(answer: Answer) -> Answer:
    """Yes for no, and no for yes; what is open stays so."""
    return None if answer is None else not answer


class _Reader(Generic[Subject]):
    """Recursive descent."""

    def __init__(self, words: list[str], question: Question[Subject]) -> None:
        self.left = words[::-1]
        self._question = question
        self._depth = 0

    def either(self) -> Test[Subject]:
        terms = [self._both()]
        while self._accept("or"):
            terms.append(self._both())
        return lambda subject: any_of(*(term(subject) for term in terms))

    def _both(self) -> Test[Subject]:
        terms = [self._term()]
        while self._accept("and"):
            terms.append(self._term())
        return lambda subject: all_of(*(term(subject) for term in terms))

    def _term(self) -> Test[Subject]:
        if not self._accept("("):
            return self._comparison()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterError("nested too deeply")
        term = self.either()
        self._depth -= 1
        self._expect(")")
        return term

    def _comparison(self) -> Test[Subject]:
        entity, _, name = self._take("a property").casefold().partition(".")
        if entity != "device":
            raise FilterError(f"{entity!r} is no property of a managed device")
        operator = self._take("an operator").casefold().removeprefix("-")
        return self._question(name, operator, self._values() if operator in _LISTS else [self._value()])

    def _values(self) -> list[str | None]:
        self._expect("[")
        values = [self._value()]
        while self._accept(","):
            values.append(self._value())
        self._expect("]")
        return values

    def _value(self) -> str | None:
        token = self._take("a value").casefold()
        if token in {"null", "$null"}:
            return None
        if not token.startswith('"') and token not in {"true", "false"} and not is_version(token):
            raise FilterError(f"a text in double quotes expected at {token}")
        return token.strip('"')

    def _take(self, what: str) -> str:
        if not self.left:
            raise FilterError(f"{what} expected at the end")
        return self.left.pop()

    def _accept(self, token: str) -> bool:
        if self.left and self.left[-1].casefold().removeprefix("-") == token:
            self.left.pop()
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise FilterError(f"{token} expected")
