"""Versions of mobile operating systems, compared number by number. Pure."""

import re

_VERSION = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,5}")


def is_version(text: str) -> bool:
    """Whether `text` is a version: numbers, separated by dots."""
    return _VERSION.fullmatch(text) is not None


def older(version: str, least: str) -> bool:
    """Whether `version` is older than `least`; what is no version is older than none.

    "18" and "18.0" are the same; a build after the numbers ("18.1 (22B83)") does not count.
    """
    found = _VERSION.match(version.strip())
    if found is None or not is_version(least):
        return False
    one, other = ([int(number) for number in text.split(".")] for text in (found[0], least))
    length = max(len(one), len(other))
    return one + [0] * (length - len(one)) < other + [0] * (length - len(other))
