"""Several values in one setting."""

import pytest

from ingest_threat.schemes.listed import listed
from shared.errors import SettingsError


def _short(value: str) -> str | None:
    return "is too short" if len(value) < 3 else None


def test_values_are_separated_by_spaces_and_commas_and_taken_once() -> None:
    assert listed("word", " one,\ntwo  one ", _short) == ("one", "two")
    assert listed("word", " ,\n", _short) == ()


def test_the_wrong_one_is_named_by_its_place_and_not_quoted() -> None:
    with pytest.raises(SettingsError) as error:
        listed("word", "one xy", _short)
    assert str(error.value) == "word 2 of 2 is too short"
