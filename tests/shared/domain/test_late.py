"""Patterns that are compiled when they are first asked."""

import re

import pytest

from shared.domain.late import late


def test_a_late_pattern_is_compiled_once_it_is_asked_and_then_is_the_pattern_itself() -> None:
    pattern = late("a(B)", re.IGNORECASE)
    assert "compiled" not in vars(pattern)
    found = pattern.search("xAb")
    assert found is not None
    assert found[1] == "b"
    assert pattern.sub("-", "ab ab") == "- -"
    assert pattern.search is pattern.search
    assert getattr(pattern.search, "__self__", None) == re.compile("a(B)", re.IGNORECASE)


def test_a_mistake_in_a_late_pattern_shows_when_it_is_asked() -> None:
    pattern = late("(")
    with pytest.raises(re.error):
        pattern.search("a")
