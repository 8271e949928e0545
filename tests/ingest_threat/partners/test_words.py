"""Vocabularies an adapter declares and a setting replaces."""

import pytest

from ingest_threat.partners import DEFAULT, known, vocabulary
from ingest_threat.partners._words import in_force

DECLARED = {"gone": ("Away", "Shut down"), "here": ("present",)}


def test_an_adapters_own_words_are_the_default_in_the_form_of_a_field() -> None:
    assert in_force("a", DECLARED, DEFAULT) == {"gone": ("AWAY", "SHUT_DOWN"), "here": ("PRESENT",)}


def test_a_setting_replaces_one_vocabulary_of_one_partner() -> None:
    words = {("a", "gone"): ("Left",), ("b", "here"): ("Nowhere",), ("a", "undeclared"): ("x",)}
    assert in_force("a", DECLARED, words) == {"gone": ("LEFT",), "here": ("PRESENT",)}


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("better_mobile_resolved", ("better_mobile", "resolved")),
        ("pradeo_active", ("pradeo", "active")),
        ("better_mobile_open", None),
        ("better_mobile", None),
        ("better_mobile_", None),
        ("lookout_resolved", None),
        ("nobody_resolved", None),
        ("_words_resolved", None),
    ],
)
def test_a_key_names_a_vocabulary_that_an_adapter_declares(key: str, found: tuple[str, str] | None) -> None:
    assert vocabulary(key) == found


def test_no_key_can_mean_two_vocabularies() -> None:
    assert not [(one, two) for one in known() for two in known() if two.startswith(f"{one}_")]
