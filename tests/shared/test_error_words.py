"""What a run ended at is shown in our words, and of what nobody foresaw in none of its own."""

import pytest
from pydantic import ValidationError

from shared.domain.model import Device
from shared.error_words import error_words, is_foreseen
from shared.errors import GraphRefused


def _unreadable() -> ValidationError:
    with pytest.raises(ValidationError) as raised:
        Device.model_validate({"id": "Anna's phone"})
    return raised.value


def _unforeseen() -> KeyError:
    with pytest.raises(KeyError) as raised:
        raise KeyError("Anna's phone")
    return raised.value


@pytest.mark.parametrize(
    ("error", "words", "foreseen"),
    [
        (GraphRefused("has no column A"), "has no column A", True),
        (_unreadable(), "a stored Device cannot be read (1 fields)", True),
        (OSError("no space left"), "OSError: no space left", False),
        (TimeoutError(), "TimeoutError: ", False),
        (_unforeseen(), "unforeseen: KeyError at test_error_words.py:", False),
    ],
)
def test_an_error_in_words(error: Exception, words: str, foreseen: bool) -> None:
    assert error_words(error).rstrip("0123456789") == words
    assert is_foreseen(error) is foreseen
    assert "Anna" not in error_words(error)
