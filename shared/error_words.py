"""What a run or a step ended at, in words that may be kept and shown: they quote no document."""

from pydantic import ValidationError

from shared.domain.model import unreadable
from shared.errors import MtdError
from shared.log import place


def is_foreseen(error: Exception) -> bool:
    """Whether the words of an error are ours."""
    return isinstance(error, MtdError | ValidationError)


def error_words(error: Exception) -> str:
    """An error's own words where they are ours or those of a disk or a socket; else its kind and place."""
    if isinstance(error, ValidationError):
        return unreadable(error)
    if isinstance(error, MtdError):
        return str(error)
    return f"{type(error).__name__}: {error}" if isinstance(error, OSError) else f"unforeseen: {place(error)}"
