"""Versions, compared number by number."""

import pytest

from shared.domain.os_version import is_version, older


@pytest.mark.parametrize(
    ("version", "least"),
    [("17.9", "18"), ("18.1.9", "18.2"), ("9", "10"), ("16.0 (20A362)", "16.1"), ("18.2", "18.2.1")],
)
def test_an_older_version_is_older(version: str, least: str) -> None:
    assert older(version, least)


@pytest.mark.parametrize(
    ("version", "least"),
    [
        ("18", "18.0"),
        ("18.2", "18.2"),
        ("18.0", "18"),
        ("18.10", "18.9"),
        ("10", "9"),
        ("unknown", "1"),
        ("1", "newest"),
    ],
)
def test_what_is_as_new_or_is_no_version_is_not_older(version: str, least: str) -> None:
    assert not older(version, least)


@pytest.mark.parametrize(
    ("text", "expected"), [("16", True), ("16.0.1", True), ("16.", False), ("v16", False)]
)
def test_a_version_is_numbers_and_dots(text: str, expected: bool) -> None:
    assert is_version(text) is expected
