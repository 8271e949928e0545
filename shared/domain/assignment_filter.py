"""Intune's assignment filters: the rule of one, read once, and asked of a device's facts. Pure.

Source: memdocs "Assignment filter properties and operators reference" (2026-02-24): properties, operators
(with or without the hyphen), nested parentheses, `$null`; case does not matter; at most 3,072 characters.
Inferred: that `and` binds tighter than `or`, as in Entra's rules for dynamic groups, which the page calls
similar; that a property the device does not have meets the negative operators and no other, as in Conditional
Access' filter for devices. What a device's facts do not say (rooted or not, processor, join type) leaves the
answer open where it could change it.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from shared.domain.model import DeviceFacts, EnrollmentType, Ownership
from shared.domain.os_version import is_version, older

MAX_LENGTH = 3072
MAX_DEPTH = 50

Answer = bool | None
"""Whether a device meets it; None where the facts do not say."""
Filter = Callable[[DeviceFacts], Answer]
Test = Callable[[DeviceFacts], Answer]


class FilterError(ValueError):
    """The rule cannot be read; says what was expected where."""


_OWNERSHIP: Mapping[Ownership, str] = {
    Ownership.COMPANY: "corporate",
    Ownership.PERSONAL: "personal",
    Ownership.UNKNOWN: "unknown",
}
_TEXTS: Mapping[str, Callable[[DeviceFacts], str | None]] = {
    "devicename": lambda facts: facts.name,
    "manufacturer": lambda facts: facts.manufacturer,
    "model": lambda facts: facts.model,
    "devicecategory": lambda facts: facts.category,
    "enrollmentprofilename": lambda facts: facts.enrollment_profile,
    "osversion": lambda facts: facts.os_version,
    "deviceownership": lambda facts: _OWNERSHIP[facts.ownership],
}
_VERSION = "operatingsystemversion"
_MANAGEMENT = "devicemanagementtype"
_UNANSWERED = frozenset({"isrooted", "cpuarchitecture", "devicetrusttype", "operatingsystemsku"})
"""Properties that the mirrored facts do not hold."""
_TYPES = {
    "personally-owned work profile": EnrollmentType.WORK_PROFILE,
    "corporate-owned with work profile": EnrollmentType.DEVICE_OWNER,
    "corporate-owned fully managed": EnrollmentType.DEVICE_OWNER,
    "corporate-owned dedicated devices with entra id shared mode": EnrollmentType.DEVICE_OWNER,
    "corporate-owned dedicated devices without entra id shared mode": EnrollmentType.DEVICE_OWNER,
    "aosp user-associated devices": None,
    "aosp userless devices": None,
}
"""Values of deviceManagementType, and what is known of them: the facts do not hold which kind of device
owner it is, and no device here is of AOSP."""
_NEGATIVES = {"ne": "eq", "notin": "in", "notcontains": "contains"}
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "in": lambda value, wanted: value == wanted,
    "startswith": str.startswith,
    "contains": lambda value, wanted: wanted in value,
}
_ORDERED: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda version, other: not older(version, other) and not older(other, version),
    "gt": lambda version, other: older(other, version),
    "ge": lambda version, other: not older(version, other),
    "lt": lambda version, other: older(version, other),
    "le": lambda version, other: not older(other, version),
}
_TOKEN = re.compile(r'"[^"]*"|[()\[\],]|[$.\w-]+')


@lru_cache(maxsize=512)
def read_filter(rule: str) -> Filter:
    """The rule as a question to a device's facts, or FilterError."""
    if len(rule) > MAX_LENGTH:
        raise FilterError(f"longer than {MAX_LENGTH} characters")
    reader = _Reader(_tokens(rule))
    found = reader.either()
    if reader.left:
        raise FilterError(f"nothing expected at {reader.left[-1]}")
    return found


def unanswered(rule: str) -> tuple[str, ...]:
    """The properties a rule asks for that no device's facts hold, in lower case; in order."""
    asked = {token.casefold().removeprefix("device.") for token in _tokens(rule)}
    return tuple(sorted(asked & _UNANSWERED))


def _tokens(rule: str) -> list[str]:
    tokens, at = [], 0
    while at < len(rule):
        if rule[at].isspace():
            at += 1
            continue
        found = _TOKEN.match(rule, at)
        if found is None:
            raise FilterError(f"cannot be read at character {at}")
        tokens.append(found[0])
        at = found.end()
    return tokens


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


class _Reader:
    """Recursive descent."""

    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens[::-1]
        self._depth = 0

    def either(self) -> Test:
        terms = [self._both()]
        while self._accept("or"):
            terms.append(self._both())
        return lambda facts: any_of(*(term(facts) for term in terms))

    def _both(self) -> Test:
        terms = [self._term()]
        while self._accept("and"):
            terms.append(self._term())
        return lambda facts: all_of(*(term(facts) for term in terms))

    def _term(self) -> Test:
        if not self._accept("("):
            return self._comparison()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise FilterError("nested too deeply")
        term = self.either()
        self._depth -= 1
        self._expect(")")
        return term

    def _comparison(self) -> Test:
        entity, _, name = self._take("a property").casefold().partition(".")
        if entity != "device":
            raise FilterError(f"{entity!r} is no property of a managed device")
        word = self._take("an operator").casefold().removeprefix("-")
        if name == _VERSION:
            return _versions(word, self._value())
        positive = _NEGATIVES.get(word, word)
        if positive not in _TESTS:
            raise FilterError(f"no operator {word!r}")
        values = self._values() if positive == "in" else [self._value()]
        test = _question(name, positive, values)
        return test if word == positive else lambda facts: opposite(test(facts))

    def _values(self) -> list[str | None]:
        self._expect("[")
        values = [self._value()]
        while self._accept(","):
            values.append(self._value())
        self._expect("]")
        return values

    def _value(self) -> str | None:
        """A text in lower case, without its quotes; None for null."""
        token = self._take("a value").casefold()
        if token in {"null", "$null"}:
            return None
        if not token.startswith('"') and not is_version(token):
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


def _question(name: str, operator: str, values: list[str | None]) -> Test:
    """Whether a property meets a positive operator with one of the values."""
    if name in _UNANSWERED:
        return lambda facts: None
    if name == _MANAGEMENT:
        return lambda facts: any_of(*(_managed_as(facts, value) for value in values))
    read = _TEXTS.get(name)
    if read is None:
        raise FilterError(f"no property {name!r}")
    test = _TESTS[operator]

    def asked(facts: DeviceFacts) -> Answer:
        value = (read(facts) or "").casefold()
        return any(not value if wanted is None else bool(value) and test(value, wanted) for wanted in values)

    return asked


def _managed_as(facts: DeviceFacts, value: str | None) -> Answer:
    if value not in _TYPES:
        return None
    wanted = _TYPES[value]
    if wanted is None or facts.enrollment_type is EnrollmentType.ADMINISTRATOR:
        return False
    if facts.enrollment_type is EnrollmentType.UNKNOWN:
        return None
    if facts.enrollment_type is not wanted:
        return False
    return True if wanted is EnrollmentType.WORK_PROFILE else None


def _versions(word: str, value: str | None) -> Test:
    positive = _NEGATIVES.get(word, word)
    if positive not in _ORDERED or value is None or not is_version(value):
        raise FilterError(f"operatingSystemVersion {word} {value}: expected a comparison with a version")
    test = _ORDERED[positive]

    def asked(facts: DeviceFacts) -> Answer:
        version = (facts.os_version or "").partition(" ")[0]
        return test(version, value) is (word == positive) if is_version(version) else None

    return asked
