"""Intune's assignment filters: the rule of one, read once, and asked of a device's facts. Pure.

Source: memdocs "Assignment filter properties and operators reference" (2026-02-24): properties and operators.
Inferred: that a property the device does not have meets the negative operators and no other, as in
Conditional Access' filter for devices. What a device's facts do not say (rooted or not, processor, join type)
leaves the answer open where it could change it.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from shared.domain.device_rule import (
    NEGATIVES,
    Answer,
    FilterError,
    Test,
    any_of,
    compared,
    opposite,
    read_rule,
    tokens,
)
from shared.domain.model import DeviceFacts, EnrollmentType, Ownership
from shared.domain.os_version import is_version, older

Filter = Test[DeviceFacts]


_OWNERSHIP: Mapping[Ownership, str] = {
    Ownership.COMPANY: "corporate",
    Ownership.PERSONAL: "personal",
}
"""Where it is unknown, Graph may have said a word that nobody knows: the answer stays open."""
_TEXTS: Mapping[str, Callable[[DeviceFacts], str | None]] = {
    "devicename": lambda facts: facts.name,
    "manufacturer": lambda facts: facts.manufacturer,
    "model": lambda facts: facts.model,
    "devicecategory": lambda facts: facts.category,
    "enrollmentprofilename": lambda facts: facts.enrollment_profile,
    "osversion": lambda facts: facts.os_version,
}
_OWNER = "deviceownership"
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
_ORDERED: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda version, other: not older(version, other) and not older(other, version),
    "gt": lambda version, other: older(other, version),
    "ge": lambda version, other: not older(version, other),
    "lt": lambda version, other: older(version, other),
    "le": lambda version, other: not older(other, version),
}


@lru_cache(maxsize=512)
def read_filter(rule: str) -> Filter:
    """The rule as a question to a device's facts, or FilterError."""
    return read_rule(rule, _question)


def unanswered(rule: str) -> tuple[str, ...]:
    """The properties a rule asks for that no device's facts hold, in lower case; in order."""
    asked = {token.casefold().removeprefix("device.") for token in tokens(rule)}
    return tuple(sorted(asked & _UNANSWERED))


def _question(name: str, operator: str, values: list[str | None]) -> Filter:
    if name == _VERSION:
        return _versions(operator, values)
    read = _TEXTS.get(name)
    if read is not None:
        return compared(read, operator, values)
    if name == _OWNER:
        return _owner(operator, values)
    if name == _MANAGEMENT:
        return _management(operator, values)
    if name in _UNANSWERED:
        return lambda facts: None
    raise FilterError(f"no property {name!r}")


def _owner(operator: str, values: list[str | None]) -> Filter:
    test: Filter = compared(lambda facts: _OWNERSHIP[facts.ownership], operator, values)
    return lambda facts: test(facts) if facts.ownership in _OWNERSHIP else None


def _management(operator: str, values: list[str | None]) -> Filter:
    if NEGATIVES.get(operator, operator) not in {"eq", "in"}:
        raise FilterError(f"deviceManagementType {operator}: expected whether it is one of some values")

    def asked(facts: DeviceFacts) -> Answer:
        answer = any_of(*(_managed_as(facts, value) for value in values))
        return opposite(answer) if operator in NEGATIVES else answer

    return asked


def _managed_as(facts: DeviceFacts, value: str | None) -> Answer:
    if value not in _TYPES:
        return None
    wanted = _TYPES[value]
    if wanted is None:
        return False
    if facts.enrollment_type is EnrollmentType.UNKNOWN:
        return None
    if facts.enrollment_type is not wanted:
        return False
    return True if wanted is EnrollmentType.WORK_PROFILE else None


def _versions(operator: str, values: list[str | None]) -> Filter:
    positive, [value, *_] = NEGATIVES.get(operator, operator), values
    if positive not in _ORDERED or value is None or not is_version(value):
        raise FilterError(f"operatingSystemVersion {operator} {value}: expected a comparison with a version")
    test = _ORDERED[positive]

    def asked(facts: DeviceFacts) -> Answer:
        version = (facts.os_version or "").partition(" ")[0]
        return test(version, value) is (operator not in NEGATIVES) if is_version(version) else None

    return asked
